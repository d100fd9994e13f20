"""What the books name in NetSuite by internal id: all has to be there, active, and fit what it is used for."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from app.admin.doctor import accounts, lists
from app.admin.doctor.findings import Finding, fail, ok, said, unchecked
from app.core.config import Books, Config
from app.errors import TieoutError
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.suiteql import Row

CHANGE = "`tieout config export -o tieout.yaml`, correct it, `tieout config apply tieout.yaml`."


def every(chosen: Config, names: Iterable[str]) -> list[tuple[str, Books]]:
    """Where they are set, and the books: of each Stripe account, and of each subsidiary that keeps its own."""
    found: dict[str, Books] = {}
    for account in names:
        place = f"books.{account if account in chosen.books else '*'}"
        found[place] = books = chosen.for_account(account)
        for subsidiary in books.by_subsidiary:
            found[f"{place}.by_subsidiary.{subsidiary}"] = chosen.for_account(account, subsidiary)
    return list(found.items())


def findings(
    gateway: NetSuiteGateway, chosen: Config, names: Sequence[str], currencies: Sequence[Row] | None
) -> Iterator[Finding]:
    books = every(chosen, names)
    symbols = {row["id"] or "": row.get("symbol") or "" for row in currencies or ()}
    looks: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
        ("accounts", lambda: accounts.accounts(gateway, books, symbols)),
        ("items", lambda: lists.items(gateway, books)),
        ("subsidiaries", lambda: lists.subsidiaries(gateway, books)),
        ("currencies", lambda: lists.currencies(books, currencies)),
        ("customers", lambda: lists.customers(gateway, books)),
        ("tax codes", lambda: lists.taxes(gateway, books)),
    )
    for what, look in looks:
        yield from _told(what, look)


def _told(what: str, look: Callable[[], Iterator[str]]) -> Iterator[Finding]:
    check = f"netsuite: {what}"
    try:
        faults = list(dict.fromkeys(look()))
    except TieoutError as error:
        yield unchecked(check, said(error), "Give the role the right to see them.")
        return
    for fault in faults:
        yield fail(check, fault, CHANGE)
    if not faults:
        yield ok(check, "All that the configuration names are there and active.")
