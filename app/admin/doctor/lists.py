"""Items, subsidiaries, currencies, customers and tax codes of the books: there, active, and of a fitting kind."""

from collections.abc import Iterator, Sequence

from app.admin.doctor.accounts import Named, named_accounts
from app.admin.doctor.lookup import absent, by_id
from app.core.config import Books, Items
from app.errors import NotFound
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.suiteql import Row

Kept = Sequence[tuple[str, Books]]

ITEMS = ("SELECT id, itemid, itemtype, isinactive FROM item WHERE id IN ({marks})",)
SUBSIDIARIES = (
    "SELECT id, name, isinactive, iselimination FROM subsidiary WHERE id IN ({marks})",
    "SELECT id, name, isinactive FROM subsidiary WHERE id IN ({marks})",
)
CUSTOMERS = ("SELECT id, entityid, isinactive FROM customer WHERE id IN ({marks})",)


def items(gateway: NetSuiteGateway, books: Kept) -> Iterator[str]:
    named = [one for place, book in books for one in _named_items(place, book.items)]
    rows = by_id(gateway, ITEMS, [one.id for one in named])
    for one in named:
        fault = absent(rows.get(one.id), "item", one.id)
        kind = (rows.get(one.id) or {}).get("itemtype") or ""
        if not fault and one.setting == "discount" and kind != "Discount":
            fault = f"item {one.id} is of type {kind}; it should be a Discount item."
        if fault:
            yield f"{one.path}: {fault}"


def _named_items(place: str, items: Items) -> Iterator[Named]:
    for setting, value in items:
        if isinstance(value, dict):
            yield from (Named(f"{place}.items.{setting}.{key}", one, setting) for key, one in value.items())
        elif value and not setting.endswith("_key"):
            yield Named(f"{place}.items.{setting}", value, setting)


def subsidiaries(gateway: NetSuiteGateway, books: Kept) -> Iterator[str]:
    named = [
        (f"{place}.{name}", one)
        for place, book in books
        for name, ids in (
            ("subsidiary", [book.subsidiary] if book.subsidiary else []),
            ("also_subsidiaries", book.also_subsidiaries),
            ("by_subsidiary", book.by_subsidiary),
        )
        for one in ids
    ]
    if not named:
        return
    rows = by_id(gateway, SUBSIDIARIES, [one for _, one in named])
    for path, one in named:
        row = rows.get(one)
        fault = absent(row, "subsidiary", one)
        if not fault and row and row.get("iselimination") == "T":
            fault = f"subsidiary {one} is for eliminations; nothing is posted there by hand."
        if fault:
            yield f"{path}: {fault}"


def currencies(books: Kept, known: Sequence[Row] | None) -> Iterator[str]:
    rows = {(row.get("symbol") or "").upper(): row for row in known or ()}
    for place, book in books:
        for path, iso in _isos(place, book):
            row = rows.get(iso.upper())
            if row is None:
                yield f"{path}: NetSuite has no currency {iso}, or the role may not see it."
            elif row.get("isinactive") == "T":
                yield f"{path}: the currency {iso} is inactive in NetSuite."


def _isos(place: str, book: Books) -> Iterator[tuple[str, str]]:
    yield from ((f"{place}.currencies", iso) for iso in book.currencies)
    for one in named_accounts(place, book.accounts):
        if one.iso:
            yield one.path, one.iso


def customers(gateway: NetSuiteGateway, books: Kept) -> Iterator[str]:
    named = [(f"{place}.catch_all_customer", book.catch_all_customer) for place, book in books]
    rows = by_id(gateway, CUSTOMERS, [one for _, one in named if one])
    for path, one in named:
        fault = absent(rows.get(one), "customer", one) if one else ""
        if fault:
            yield f"{path}: {fault}"


def taxes(gateway: NetSuiteGateway, books: Kept) -> Iterator[str]:
    """One by one over REST, since SuiteQL's name for them differs between the two tax engines."""
    named: dict[tuple[str, str], str] = {}
    for place, book in books:
        if book.tax_mode != "suitetax":
            continue
        codes = {"code": book.taxes.code} | {f"code_by_rate.{k}": v for k, v in book.taxes.code_by_rate.items()}
        types = {"type": book.taxes.type} | {f"type_by_rate.{k}": v for k, v in book.taxes.type_by_rate.items()}
        for kind, values in (("salesTaxItem", codes), ("taxType", types)):
            named |= {(kind, one): f"{place}.taxes.{name}" for name, one in values.items() if one}
    for (kind, one), path in named.items():
        try:
            row = gateway.get(kind, one)
        except NotFound:
            yield f"{path}: NetSuite has no {kind} {one}, or the role may not see it."
        else:
            if row.get("isInactive"):
                yield f"{path}: {kind} {one} is inactive in NetSuite."
