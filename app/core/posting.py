"""Debits and credits as far as the body of a record for NetSuite says them: its accounts, its lines, its amounts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from app.origin import Origin

Body = Mapping[str, Any]
_ASKED = "currency "
"""How the origin of a currency that NetSuite was asked for begins: `currency USD`."""


@dataclass(frozen=True)
class Side:
    """One line of the entry. `account`: internal id, None where NetSuite chooses it, which `by_netsuite` explains.

    Of `debit` and `credit` one is given, or neither where only NetSuite knows the amount; `side` says then which.
    """

    words: str
    debit: Decimal | None = None
    credit: Decimal | None = None
    account: str | None = None
    by_netsuite: str = ""
    setting: str = ""
    side: str = ""


@dataclass(frozen=True)
class Effect:
    """`sentence`: what the lines do not say, or why there are none."""

    target: str
    lines: tuple[Side, ...] = ()
    currency: str = ""
    sentence: str = ""

    @property
    def balanced(self) -> bool:
        return total(self.lines, "debit") == total(self.lines, "credit")


@dataclass(frozen=True)
class Books:
    """The body of one record, read for its accounts and amounts."""

    target: str
    body: Body
    origins: Mapping[str, Origin]

    def account(self, name: str, words: str, otherwise: str) -> Side:
        """The account that the body names, else NetSuite's choice."""
        given = id_of(self.body.get(name))
        if given is None:
            return Side(words, by_netsuite=otherwise)
        return Side(words, account=given, setting=self.setting(name))

    def setting(self, path: str) -> str:
        origin = self.origins.get(path)
        return origin.words if origin else ""

    def lines(self, name: str) -> list[tuple[int, Body]]:
        sublist = self.body.get(name)
        return list(enumerate(sublist["items"])) if isinstance(sublist, Mapping) else []

    def money(self, words: str) -> Side:
        """Where money goes into or comes out of."""
        undeposited = self.body.get("undepFunds")
        if undeposited not in (None, False) and id_of(undeposited) != "F":
            return Side(words, by_netsuite="Undeposited Funds")
        return self.account("account", words, "the account that NetSuite's preferences name")

    def receivable(self, name: str) -> Side:
        return self.account(name, "Receivable", "the customer's receivable account")

    def effect(self, lines: Iterable[Side], sentence: str = "") -> Effect:
        return Effect(self.target, tuple(lines), self.currency(), sentence)

    def currency(self) -> str:
        """ISO code, as far as it is known by which one the body's internal id was asked for."""
        words = self.setting("currency")
        return words.removeprefix(_ASKED) if words.startswith(_ASKED) else ""

    def items(self) -> list[tuple[Side, Decimal]]:
        found = []
        for number, line in self.lines("item"):
            words = str(line.get("description") or f"Line {number + 1}")
            item = id_of(line.get("item"))
            setting = self.setting(f"item.{number}.item")
            side = Side(words, by_netsuite=f"the income account of item {item}", setting=setting)
            found.append((side, line_amount(line)))
        taxes = sum((amount_of(tax.get("taxAmount")) for _, tax in self.lines("taxDetails")), Decimal(0))
        if taxes:
            found.append((Side("Tax", by_netsuite="the tax code's liability account"), taxes))
        return found


# amounts -----------------------------------------------------------------------------------------------------------


def total(lines: Sequence[Side], side: str) -> Decimal:
    return sum((getattr(line, side) or Decimal(0) for line in lines), Decimal(0))


def line_amount(line: Body) -> Decimal:
    """As NetSuite works it out: the amount that is said, else quantity times rate."""
    if line.get("amount") is not None:
        return amount_of(line["amount"])
    quantity = line.get("quantity")
    return amount_of(line.get("rate")) * (amount_of(quantity) if quantity is not None else Decimal(1))


def on(side: Side, amount: Decimal) -> Side:
    """Positive amounts are debits."""
    return replace(side, debit=amount) if amount >= 0 else replace(side, credit=-amount)


def signed(side: Side) -> Decimal:
    return (side.debit or Decimal(0)) - (side.credit or Decimal(0))


def named(books: Books, name: str, number: int, line: Body) -> Side:
    words = str(line.get("memo") or f"Line {number + 1}")
    return Side(words, account=id_of(line.get("account")), setting=books.setting(f"{name}.{number}.account"))


def applied(books: Books, name: str) -> Decimal:
    return sum((amount_of(line.get("amount")) for _, line in books.lines(name)), Decimal(0))


def amount_of(value: object) -> Decimal:
    try:
        return Decimal(str(value)) if value is not None else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


def id_of(value: object) -> str | None:
    if isinstance(value, Mapping):
        return str(value["id"]) if value.get("id") is not None else None
    return None if value is None else str(value)
