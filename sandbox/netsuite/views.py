"""Records, ledger and metadata as they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.netsuite.definitions import Definition, Posting, Record
from sandbox.netsuite.errors import NetSuiteError, nonexistent
from sandbox.netsuite.fields import Field, Fields, Kind, Look, Sublist, find_field, render, stamp

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


def look(world: NetSuiteWorld, root: str, *, simple_enums: bool = False) -> Look:
    def href(to: str, id: str) -> str:
        found = world.find(to, id)
        return f"{root}/record/v1/{found.type if found else to}/{id}"

    return Look(world.name_of, href, simple_enums)


def values_of(world: NetSuiteWorld, definition: Definition, record: Record) -> Fields:
    """Stored and computed values together."""
    times: dict[str, Any] = {"createdDate": record.created, "dateCreated": record.created}
    times["lastModifiedDate"] = record.modified
    status = definition.behaviour.status(world, record) or None
    return Fields({**record.fields, **times, "status": status, **definition.behaviour.computed(world, record)})


def shown(
    world: NetSuiteWorld, record: Record, how: Look, *, expand: bool = False, only: Iterable[str] = ()
) -> dict[str, Any]:
    """One record as a GET gives it: empty properties left out, sublists as links unless they are expanded."""
    definition = world.definition(record.type)
    address = how.href(record.type, record.id)
    values = values_of(world, definition, record)
    wanted = _wanted(world, definition, list(only))
    body: dict[str, Any] = {"links": [{"rel": "self", "href": address}], "id": record.id}
    if record.external_id and (not only or "externalid" in {one.lower() for one in only}):
        body["externalId"] = record.external_id
    for field in wanted:
        if values.get(field.name) is not None:
            body[field.name] = _rendered(definition, field, values, how)
    for sublist in definition.sublists if not only else ():
        body[sublist.name] = lines_shown(world, record, sublist, how) if expand else _links(address, sublist.name)
    return body


def _rendered(definition: Definition, field: Field, values: Fields, how: Look) -> Any:
    if field.name == "status" and field.kind is Kind.ENUM:
        field = Field("status", Kind.ENUM, choices=definition.statuses)
    return render(field, values[field.name], how)


def _wanted(world: NetSuiteWorld, definition: Definition, only: list[str]) -> list[Field]:
    known = world.fields_of(definition)
    if not only:
        return list(known)
    found = [find_field(known, name) for name in only if name.lower() not in ("id", "externalid")]
    if any(one is None for one in found):
        raise NetSuiteError(f"Invalid value for the query parameter fields: {','.join(only)}.", "INVALID_PARAMETER")
    return [one for one in found if one is not None]


def _links(address: str, name: str) -> dict[str, Any]:
    return {"links": [{"rel": "self", "href": f"{address}/{name}"}]}


def lines_shown(world: NetSuiteWorld, record: Record, sublist: Sublist, how: Look) -> dict[str, Any]:
    definition = world.definition(record.type)
    address = f"{how.href(record.type, record.id)}/{sublist.name}"
    lines = definition.behaviour.listed(world, record, sublist.name)
    fields = world.line_fields_of(definition, sublist.name)
    items = [
        {
            "links": [{"rel": "self", "href": f"{address}/{line_key(sublist, line, index)}"}],
            **line_shown(fields, line, how),
        }
        for index, line in enumerate(lines)
    ]
    found = {"links": [{"rel": "self", "href": address}], "items": items, "totalResults": len(items)}
    return {**found, "count": len(items), "hasMore": False, "offset": 0}


def line_key(sublist: Sublist, line: Fields, index: int) -> str:
    parts = [str(line[name]) for name in sublist.key if line.get(name) is not None]
    return (
        ",".join(f"{name}={part}" for name, part in zip(sublist.key, parts, strict=False))
        if len(parts) > 1
        else (parts[0] if parts else str(index + 1))
    )


def line_shown(fields: Iterable[Field], line: Fields, how: Look) -> dict[str, Any]:
    return {field.name: render(field, line[field.name], how) for field in fields if line.get(field.name) is not None}


def sub_resource(world: NetSuiteWorld, record: Record, name: str, key: str | None, how: Look) -> dict[str, Any]:
    """A sublist, or one of its lines, under an address of its own; raises 404."""
    definition = world.definition(record.type)
    sublist = definition.sublist(name)
    if sublist is None:
        raise nonexistent(f"The sub-resource {name} does not exist.")
    found = lines_shown(world, record, sublist, how)
    if key is None:
        return found
    for item in found["items"]:
        if item["links"][0]["href"].rsplit("/", 1)[-1] == key:
            return dict(item)
    raise nonexistent(f"The line {key} does not exist.")


# Books


def ledger_of(world: NetSuiteWorld, record: Record) -> list[dict[str, Any]]:
    return [_ledger_line(world, record, line) for line in world.books.ledger.get(record.id, [])]


def _ledger_line(world: NetSuiteWorld, record: Record, line: Posting) -> dict[str, Any]:
    return {
        "record": record.id,
        "type": record.type,
        "date": stamp(record.fields.get("tranDate")),
        "account": line.account,
        "account_name": world.name_of("account", line.account),
        "currency": symbol(world, record.fields.ref("currency")),
        "amount": str(line.amount),
        "base": str(line.base),
        "entity": line.entity or None,
        "memo": line.memo,
    }


def symbol(world: NetSuiteWorld, currency: str) -> str:
    found = world.find("currency", currency)
    return found.fields.text("symbol") if found else currency


def trial_balance(world: NetSuiteWorld) -> dict[str, Any]:
    """Every account's balance by currency, debits positive; the totals of balanced books are zero."""
    balances: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    for record in world.space("transaction").values():
        currency = symbol(world, record.fields.ref("currency"))
        base = symbol(world, world.base_currency(record.fields.ref("subsidiary")))
        for line in world.books.ledger.get(record.id, []):
            key = (line.account, currency, base)
            amount, in_base = balances.get(key, (Decimal(0), Decimal(0)))
            balances[key] = (amount + line.amount, in_base + line.base)
    lines = [
        {
            "account": account,
            "name": world.name_of("account", account),
            "currency": currency,
            "balance": str(amount),
            "base_currency": base,
            "base": str(in_base),
        }
        for (account, currency, base), (amount, in_base) in sorted(balances.items())
    ]
    return {"lines": lines, "totals": _totals(balances)}


def _totals(balances: dict[tuple[str, str, str], tuple[Decimal, Decimal]]) -> dict[str, Any]:
    amounts: dict[str, Decimal] = {}
    bases: dict[str, Decimal] = {}
    for (_, currency, base), (amount, in_base) in balances.items():
        amounts[currency] = amounts.get(currency, Decimal(0)) + amount
        bases[base] = bases.get(base, Decimal(0)) + in_base
    return {
        "by_currency": {name: str(total) for name, total in sorted(amounts.items())},
        "by_base_currency": {name: str(total) for name, total in sorted(bases.items())},
    }


# Metadata


JSON_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.BOOL: {"type": "boolean"},
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number", "format": "double"},
    Kind.MONEY: {"type": "number", "format": "double"},
    Kind.PERCENT: {"type": "string"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.DATETIME: {"type": "string", "format": "date-time"},
    Kind.MULTI: {"type": "object"},
}


def schema(world: NetSuiteWorld, definition: Definition, root: str) -> dict[str, Any]:
    """The record type as JSON schema, custom fields among its properties."""
    own = {field.name: _property(field, root) for field in world.fields_of(definition)}
    for sublist in definition.sublists:
        inside = {field.name: _property(field, root) for field in world.line_fields_of(definition, sublist.name)}
        items = {"type": "array", "items": {"type": "object", "properties": inside}}
        own[sublist.name] = {"type": "object", "properties": {"items": items}}
    standard = {"id": {"type": "string"}, "externalId": {"type": "string"}, "links": {"type": "array"}}
    required = [field.name for field in definition.fields if field.required]
    return {
        "$schema": "http://json-schema.org/draft-06/hyper-schema#",
        "$id": f"{root}/record/v1/metadata-catalog/{definition.name}",
        "type": "object",
        "properties": {**standard, **own},
        "required": required,
        "x-ns-filterable": sorted(own),
    }


def _property(field: Field, root: str) -> dict[str, Any]:
    shape: dict[str, Any]
    if field.kind is Kind.REF:
        shape = {"type": "object", "properties": {"id": {"type": "string"}, "refName": {"type": "string"}}}
        shape["x-ns-record"] = field.to
    elif field.kind is Kind.ENUM:
        values = {"type": "string", **({"enum": sorted(field.choices)} if field.choices else {})}
        shape = {"type": "object", "properties": {"id": values, "refName": {"type": "string"}}}
    elif field.kind is Kind.SUBRECORD:
        shape = {"type": "object", "properties": {one.name: _property(one, root) for one in field.of}}
    else:
        shape = dict(JSON_TYPES[field.kind])
    named = {"title": field.shown, "nullable": not field.required, "readOnly": field.readonly}
    if field.name.startswith("cust"):
        named["x-ns-custom-field"] = True
    return {**shape, **named}


def catalogue(world: NetSuiteWorld, names: Iterable[str], root: str) -> dict[str, Any]:
    chosen = [world.definition(name) for name in names] or list(world.definitions.values())
    items = [
        {
            "name": one.name,
            "links": [
                {"rel": "canonical", "href": f"{root}/record/v1/metadata-catalog/{one.name}"},
                {"rel": "describes", "href": f"{root}/record/v1/{one.name}"},
            ],
        }
        for one in chosen
    ]
    return {"links": [{"rel": "self", "href": f"{root}/record/v1/metadata-catalog"}], "items": items}


def open_api(world: NetSuiteWorld, names: Iterable[str], root: str) -> dict[str, Any]:
    chosen = [world.definition(name) for name in names] or list(world.definitions.values())
    schemas = {one.name: schema(world, one, root) for one in chosen}
    paths: dict[str, Any] = {}
    for one in chosen:
        paths[f"/{one.name}"] = {verb: {"tags": [one.name]} for verb in ("get", "post")}
        paths[f"/{one.name}/{{id}}"] = {verb: {"tags": [one.name]} for verb in ("get", "patch", "put", "delete")}
        for target in one.transforms:
            paths[f"/{one.name}/{{id}}/!transform/{target}"] = {"post": {"tags": [one.name]}}
    info = {"title": "NetSuite REST Record Service", "version": "v1"}
    return {"openapi": "3.0.1", "info": info, "paths": paths, "components": {"schemas": schemas}}
