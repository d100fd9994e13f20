"""Looking internal ids up in NetSuite, a list at a time."""

from collections.abc import Iterable, Sequence

from app.errors import Rejected
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.suiteql import Row

AT_ONCE = 500


def absent(row: Row | None, what: str, internal_id: str) -> str:
    if row is None:
        return f"NetSuite has no {what} {internal_id}, or the role may not see it."
    return f"{what} {internal_id} is inactive in NetSuite." if row.get("isinactive") == "T" else ""


def by_id(gateway: NetSuiteGateway, variants: Sequence[str], ids: Iterable[str]) -> dict[str, Row]:
    """The rows of the first variant that this account's view takes."""
    wanted = sorted({one for one in ids if one.lstrip("-").isdigit()})
    found: dict[str, Row] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        found |= {row["id"] or "": row for row in _widest(gateway, variants, some)}
    return found


def _widest(gateway: NetSuiteGateway, variants: Sequence[str], ids: Sequence[str]) -> list[Row]:
    *wider, last = [one.format(marks=", ".join("?" for _ in ids)) for one in variants]
    for sql in wider:
        try:
            return list(gateway.query(sql, ids))
        except Rejected:
            continue
    return list(gateway.query(last, ids))
