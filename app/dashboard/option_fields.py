"""The fields of a form made from an option model's JSON schema, with their values in words.

`json_schema_extra` of a field may say more: `{"ordered": True}` for a list whose order matters, `{"names": "flows"}`
for texts that are keys of flows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

Kind = Literal["switch", "choice", "ticks", "order", "number", "decimal", "text", "lines", "pairs", "group", "document"]
LIMITS = {"minimum": "min", "maximum": "max", "maxLength": "maxlength", "minLength": "minlength"}
"""Limit of the schema -> attribute of an input; an exclusive one is left to the model."""


@dataclass(frozen=True)
class Field:
    """One option. `path`: where it stands in the options, dotted. `parts`: the fields of a nested model."""

    path: str
    label: str
    kind: Kind
    help: str
    value: Any
    default: Any
    optional: bool
    choices: tuple[tuple[str, str], ...] = ()
    limits: tuple[tuple[str, Any], ...] = ()
    parts: tuple["Field", ...] = ()
    wrong: str = ""

    @property
    def differs(self) -> bool:
        return bool(self.value != self.default)

    @property
    def id(self) -> str:
        return "option-" + self.path.replace(".", "-")


Schema = Mapping[str, Any]
Names = Mapping[str, Sequence[tuple[str, str]]]
"""What texts of a kind there are, with their labels: `flows` -> (key, title)."""


# fields from a model -----------------------------------------------------------------------------------------------


def fields(model: type[BaseModel], values: BaseModel, names: Names) -> list[Field]:
    schema = model.model_json_schema()
    return _fields(schema, schema.get("$defs", {}), values.model_dump(mode="json"), _defaults(model), names, "")


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    """Of the options that have one; all do but what a nested model insists on."""
    found = {name: each.get_default(call_default_factory=True) for name, each in model.model_fields.items()}
    known: dict[str, Any] = model.model_construct(**found).model_dump(mode="json", warnings=False)
    return known


def _fields(schema: Schema, defs: Schema, values: Any, defaults: Any, names: Names, prefix: str) -> list[Field]:
    known, usual = values or {}, defaults or {}
    return [
        _field(prefix + name, name, each, defs, known.get(name), usual.get(name), names)
        for name, each in schema.get("properties", {}).items()
    ]


def _field(path: str, name: str, schema: Schema, defs: Schema, value: Any, default: Any, names: Names) -> Field:
    inner, optional = _resolved(schema, defs)
    kind, choices = _kind(inner, schema, defs, names)
    parts = tuple(_fields(inner, defs, value, default, names, path + ".")) if kind == "group" else ()
    limits = tuple((LIMITS[key], inner[key]) for key in LIMITS if key in inner and kind in ("number", "text"))
    help_ = str(schema.get("description", inner.get("description", "") if kind != "group" else ""))
    return Field(path, label(name), kind, help_, value, default, optional, choices, limits, parts)


_SPELLED = {
    "netsuite": "NetSuite",
    "stripe": "Stripe",
    "email": "e-mail",
    "url": "URL",
    "pdf": "PDF",
    "id": "ID",
    "po": "PO",
    "ach": "ACH",
    "usd": "USD",
}


def label(name: str) -> str:
    said = " ".join(_SPELLED.get(word, word) for word in name.strip("_").split("_"))
    return said[:1].upper() + said[1:]


def _resolved(schema: Schema, defs: Schema) -> tuple[Schema, bool]:
    """Without its reference and without null; whether null is allowed."""
    if "$ref" in schema:
        return defs[schema["$ref"].rpartition("/")[2]], False
    branches = schema.get("anyOf", [])
    others = [each for each in branches if each.get("type") != "null"]
    if branches and len(others) == 1:
        return _resolved(others[0], defs)[0], len(branches) > 1
    return schema, len(others) < len(branches)


def _kind(inner: Schema, outer: Schema, defs: Schema, names: Names) -> tuple[Kind, tuple[tuple[str, str], ...]]:
    if "enum" in inner or "const" in inner:
        return "choice", _choices(inner)
    match inner.get("type"):
        case "boolean":
            return "switch", ()
        case "integer" | "number":
            return "number", ()
        case "string":
            return "text", ()
        case "array":
            return _list_kind(_resolved(inner.get("items", {}), defs)[0], outer, names)
        case "object" if "properties" in inner:
            return "group", ()
        case "object" if _resolved(inner.get("additionalProperties", {}), defs)[0].get("type") == "string":
            return "pairs", ()
    amount = {each.get("type") for each in inner.get("anyOf", [])} == {"number", "string", *_null(inner)}
    return ("decimal", ()) if amount else ("document", ())


def _null(schema: Schema) -> set[str]:
    return {"null"} & {each.get("type") for each in schema.get("anyOf", [])}


def _list_kind(items: Schema, outer: Schema, names: Names) -> tuple[Kind, tuple[tuple[str, str], ...]]:
    if "enum" in items or "const" in items:
        return ("order" if outer.get("ordered") else "ticks"), _choices(items)
    if outer.get("names") in names:
        return "ticks", tuple(names[outer["names"]])
    return ("lines" if items.get("type") == "string" else "document"), ()


def _choices(schema: Schema) -> tuple[tuple[str, str], ...]:
    values = schema["enum"] if "enum" in schema else [schema["const"]]
    return tuple((str(each), label(str(each))) for each in values)


# values in words ---------------------------------------------------------------------------------------------------


def in_words(value: Any, choices: Sequence[tuple[str, str]] = ()) -> str:
    labels = dict(choices)
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case "":
            return "empty"
        case " ":
            return "a blank"
        case str():
            return labels.get(value, value)
        case list() if all(isinstance(each, str) for each in value):
            return ", ".join(labels.get(str(each), str(each)) for each in value) or "none"
        case list() | dict():
            return json.dumps(value, ensure_ascii=False) if value else "none"
    return str(value)
