"""Forms of the mapping studio and the configuration document: where each part stands in it, and what was sent for it.

A form is shown from the document and not from the checked configuration, so that a wrong draft can be shown again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from starlette.datastructures import FormData

Document = dict[str, Any]
ACCOUNT_ROWS = (
    ("receivable", "Accounts receivable", "Invoices are posted here. Empty: NetSuite's own default."),
    ("clearing", "Clearing", "Stripe's balance, where payments wait for their payout when money comes in by clearing."),
    ("bank", "Bank", "Where payouts arrive, by the currency of the payout."),
    ("fees", "Stripe's fees", "The expense of what Stripe keeps."),
    ("dispute_fees", "Dispute fees", "Empty: as Stripe's fees."),
    ("reserves", "Reserves", "Money that Stripe holds back for a while."),
    ("unreconciled", "Not in NetSuite", "Money of a payout whose payment or refund is not kept in NetSuite."),
    ("exchange", "Exchange differences", "Differences of exchange rates, and roundings."),
)
"""Setting of `accounts`, what it is called, what it is for: each by currency."""
ITEM_ROWS = (
    ("default", "Any other line", "For a line that no price, product or metadata names."),
    ("discount", "Discounts", "A Discount item, for what Stripe takes off a whole invoice."),
    ("tax", "Tax", "Posts to the tax liability, where Stripe's tax is a line of its own."),
    ("shipping", "Shipping", "Stripe's shipping cost."),
    ("balance", "Customer balance", "The part of an invoice that the customer's balance paid."),
    ("charge", "Charges without an invoice", "Empty: the item for any other line."),
    ("refund", "Refunds", "Of what has no Stripe invoice. Empty: the lines of the NetSuite invoice itself."),
    ("partial_refund", "Partial refunds", "Where they are posted as one line."),
    ("credit_note", "Credit notes", "For a note's own lines. Empty: the item for any other line."),
    ("dispute", "Disputes", "Money that disputes withdraw and give back."),
    ("bad_debt", "Bad debt", "Invoices that are given up as uncollectible."),
)
MATCHES = (
    ("into_netsuite", "customers", "into_netsuite"),
    ("into_stripe", "customers", "into_stripe"),
    ("invoices", "invoices", "rules"),
)
"""List of rules -> where it stands below `match`."""


class Wrong(ValueError):
    """What cannot even be read: path of the setting -> why."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


# where a part stands -----------------------------------------------------------------------------------------------


def places(document: Document, accounts: Iterable[str]) -> list[str]:
    """The books that there are: of accounts, for all others (`*`), and of subsidiaries below them."""
    books = document.get("books", {})
    own = [name for name in accounts if name in books or "*" not in books]
    found = list(dict.fromkeys([*own, *books]))
    return [place for name in found for place in (name, *_below(name, books.get(name, {})))]


def _below(name: str, books: Mapping[str, Any]) -> list[str]:
    return [f"{name}.by_subsidiary.{each}" for each in books.get("by_subsidiary", {})]


def at(document: Document, place: str) -> Document:
    """The books at this place; empty where there are none."""
    found: Any = document.get("books", {})
    for name in place.split("."):
        found = found.get(name, {})
    return dict(found)


def _with_books(document: Document, place: str, change: Callable[[Document], None]) -> Document:
    made = deepcopy(document)
    found = made.setdefault("books", {})
    for name in place.split("."):
        found = found.setdefault(name, {})
    change(found)
    return made


# what was sent -----------------------------------------------------------------------------------------------------


def text(sent: FormData, name: str) -> str:
    given = sent.get(name, "")
    return given.strip() if isinstance(given, str) else ""


def texts(sent: FormData, name: str) -> list[str]:
    return [each.strip() for each in sent.getlist(name) if isinstance(each, str)]


def pairs(sent: FormData, name: str, *, upper: bool = False) -> dict[str, str]:
    """The rows of a table of two columns; empty rows are left out. Raises Wrong for half a row, or one twice."""
    found: dict[str, str] = {}
    for raw, value in zip(texts(sent, f"{name}.key"), texts(sent, f"{name}.value"), strict=False):
        key = raw.upper() if upper else raw
        if bool(key) != bool(value):
            raise Wrong({name: f"Say what {value} is for, or empty it." if value else f"Choose what {key} stands for."})
        if key in found:
            raise Wrong({name: f"{key} stands here twice: keep one of them."})
        if key:
            found[key] = value
    return found


def _set(part: Document, name: str, value: Any) -> None:
    """An empty value is the default: it is taken out."""
    if value in (None, "", {}, []):
        part.pop(name, None)
    else:
        part[name] = value


# the parts ---------------------------------------------------------------------------------------------------------


def accounts(document: Document, place: str, sent: FormData) -> Document:
    def change(books: Document) -> None:
        part = books.setdefault("accounts", {})
        money_in = text(sent, "money_in")
        _set(part, "money_in", money_in if money_in != "undeposited_funds" else "")
        _set(part, "undeposited", text(sent, "undeposited"))
        for name, _, _ in ACCOUNT_ROWS:
            _set(part, name, pairs(sent, name, upper=True))
        _set(part, "bank_by_destination", pairs(sent, "bank_by_destination"))
        _set(books, "accounts", part)

    return _with_books(document, place, change)


def items(document: Document, place: str, sent: FormData) -> Document:
    def change(books: Document) -> None:
        part = books.setdefault("items", {})
        for name, _, _ in ITEM_ROWS:
            _set(part, name, text(sent, name))
        for name in ("by_price", "by_product"):
            _set(part, name, pairs(sent, name))
        key = text(sent, "metadata_key")
        _set(part, "metadata_key", key if key != "netsuite_item_id" else "")
        _set(part, "product_metadata_key", text(sent, "product_metadata_key"))
        _set(books, "items", part)

    return _with_books(document, place, change)


def types(document: Document, place: str, sent: FormData) -> Document:
    """Taxes, payment methods and the types of a payout's movements."""

    def change(books: Document) -> None:
        mode = text(sent, "tax_mode")
        _set(books, "tax_mode", mode if mode != "line" or "by_subsidiary" in place else "")
        taxes = books.setdefault("taxes", {})
        for name in ("code", "type"):
            _set(taxes, name, text(sent, f"taxes.{name}"))
        for name in ("code_by_rate", "type_by_rate"):
            _set(taxes, name, pairs(sent, name))
        _set(books, "taxes", taxes)
        _set(books, "payment_options", pairs(sent, "payment_options"))
        part = books.setdefault("accounts", {})
        _set(part, "payout_types", pairs(sent, "payout_types"))
        _set(books, "accounts", part)

    return _with_books(document, place, change)


def match(document: Document, _: str, sent: FormData) -> Document:
    """The lists of match rules, each with what was done to it by a button: `up:into_stripe:1`, `add:invoices`."""
    made = deepcopy(document)
    chosen = made.setdefault("match", {})
    for name, part, key in MATCHES:
        rules = invoice_rules(sent) if name == "invoices" else customer_rules(sent, name)
        chosen.setdefault(part, {})[key] = moved(rules, name, text(sent, "do"), text(sent, f"add.{name}"))
    return made


def customer_rules(sent: FormData, name: str) -> list[Document]:
    columns = (texts(sent, f"{name}.{column}") for column in ("by", "stripe", "netsuite"))
    found = []
    for by, ours, theirs in zip(*columns, strict=False):
        fields = {"stripe": ours, "netsuite": theirs} if by == "fields" else {}
        found.append({"by": by} | {key: value for key, value in fields.items() if value})
    return found


def invoice_rules(sent: FormData) -> list[Document]:
    columns = (texts(sent, f"invoices.{column}") for column in ("by", "key", "pattern", "days"))
    wants = {"number_in_metadata": "key", "number_in_description": "pattern", "customer_amount_currency": "days"}
    found = []
    for by, key, pattern, days in zip(*columns, strict=False):
        given = {"key": key, "pattern": pattern, "days": days}
        own = wants.get(by)
        found.append({"by": by} | ({own: given[own]} if own and given[own] else {}))
    return found


def moved(rules: Sequence[Document], name: str, deed: str, added: str) -> list[Document]:
    what, _, where = deed.partition(":")
    listed, _, number = where.partition(":")
    found = list(rules)
    if listed != name:
        return found
    if what == "add" and added:
        return [*found, {"by": added}]
    place = int(number) if number.isdigit() else -1
    if not 0 <= place < len(found):
        return found
    if what == "remove":
        return found[:place] + found[place + 1 :]
    other = place + {"up": -1, "down": 1}.get(what, 0)
    if 0 <= other < len(found):
        found[place], found[other] = found[other], found[place]
    return found


# field rules -------------------------------------------------------------------------------------------------------


def rule(document: Document, number: str, sent: FormData) -> Document:
    """The rule of this number replaced by what was sent; `new` comes last."""
    made = deepcopy(document)
    rules = list(made.get("field_rules", []))
    place = int(number) if number.isdigit() else len(rules)
    made["field_rules"] = [*rules[:place], rule_sent(sent), *rules[place + 1 :]]
    return made


def rules_moved(document: Document, deed: str) -> Document:
    made = deepcopy(document)
    _set(made, "field_rules", moved(made.get("field_rules", []), "rules", deed, ""))
    return made


def rule_sent(sent: FormData) -> Document:
    found: Document = {}
    for name in ("name", "record_type", "field", "flow", "account", "subsidiary", "when", "lines", "type"):
        _set(found, name, text(sent, name))
    for name, usual in (("do", "set"), ("if_empty", "skip")):
        _set(found, name, chosen if (chosen := text(sent, name)) != usual else "")
    _set(found, "updates", True if sent.get("updates") else None)
    return found | _value(sent)


def _value(sent: FormData) -> Document:
    match text(sent, "from"):
        case "constant":
            given = text(sent, "value")
            truth = {"yes": True, "true": True, "no": False, "false": False}
            return {"value": truth.get(given.lower(), given) if text(sent, "type") == "boolean" else given}
        case "table":
            default = text(sent, "table.default")
            table: Document = {"of": text(sent, "table.of"), "values": pairs(sent, "table")}
            return {"table": table | ({"default": default} if default else {})}
        case "lookup":
            return {"lookup": {name: text(sent, f"lookup.{name}") for name in ("record_type", "field", "equals")}}
    return {"expression": text(sent, "expression")}


PARTS: Mapping[str, Callable[[Document, str, FormData], Document]] = {
    "accounts": accounts,
    "items": items,
    "types": types,
    "match": match,
    "rule": rule,
}
"""Part of the studio -> (document, which one, what was sent) -> document."""
