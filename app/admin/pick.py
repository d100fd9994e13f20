"""What of NetSuite's lists may be set for a setting: accounts of a fitting type, items, subsidiaries, currencies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from app.admin import netsuite_lists
from app.admin.doctor.accounts import KINDS, WITH_ENTITY
from app.admin.netsuite_lists import Entry, Kind, entries
from app.admin.parts import Parts
from app.core.setting import Setting
from app.errors import TieoutError

MOST = 500
_ENTRIES: Mapping[str, Kind] = {"account": "accounts", "item": "items"}
_SMALL = {
    "subsidiary": "SELECT id AS value, name AS label FROM subsidiary WHERE isinactive = 'F' ORDER BY name, id",
    "currency": "SELECT symbol AS value, name AS label FROM currency ORDER BY symbol",
}


@dataclass(frozen=True)
class Pick:
    """`value`: what is stored; `label`: what a person reads."""

    value: str
    label: str


@dataclass(frozen=True)
class Picks:
    """`whole`: it is all there is, so a value that is not listed is wrong. `unread`: why there is none."""

    listed: tuple[Pick, ...] = ()
    whole: bool = False
    unread: str = ""


def picks(parts: Parts, setting: Setting) -> Picks:
    """Asks NetSuite; what cannot be asked is given as an id by hand."""
    if setting.takes == "choice":
        return Picks(tuple(Pick(one, one.replace("_", " ")) for one in setting.options), whole=True)
    if setting.takes in _ENTRIES:
        found = entries(parts, _ENTRIES[setting.takes], anew=True)  # it may have been made in NetSuite just now
        fitting = (_entry(one) for one in found.by_id.values() if not one.inactive and _fits(one, setting))
        return _up_to_most(fitting, found.problem, cut=len(found.by_id) >= netsuite_lists.MOST)
    if setting.takes not in _SMALL:
        return Picks()
    try:
        rows = list(islice(parts.systems.netsuite(lambda _: None).query(_SMALL[setting.takes]), MOST + 1))
    except TieoutError as error:
        return Picks(unread=error.sentence)
    return _up_to_most(_row(row, setting.takes) for row in rows)


def _up_to_most(fitting: Iterable[Pick], unread: str = "", *, cut: bool = False) -> Picks:
    listed = tuple(islice(fitting, MOST + 1))
    return Picks(listed[:MOST], whole=len(listed) <= MOST and not unread and not cut, unread=unread)


def _fits(one: Entry, setting: Setting) -> bool:
    if setting.takes != "account":
        return True
    return one.type in KINDS[setting.part] if setting.part in KINDS else one.type not in WITH_ENTITY


def _entry(one: Entry) -> Pick:
    return Pick(one.id, f"{one.label} ({one.kind})")


def _row(row: Mapping[str, str | None], takes: str) -> Pick:
    value, label = str(row["value"]), row["label"] or ""
    return Pick(value, f"{value} {label}".strip() if takes == "currency" else label)
