"""What of NetSuite's lists may be set for a setting: accounts of a fitting type, items, subsidiaries, currencies."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from app.admin.checks import Parts
from app.admin.doctor.accounts import KINDS, WITH_ENTITY
from app.core.setting import Setting
from app.errors import TieoutError

MOST = 500
Row = Mapping[str, str | None]
_LISTS = {
    "account": "SELECT id, acctnumber, fullname, accttype FROM account WHERE isinactive = 'F' ORDER BY acctnumber, id",
    "item": "SELECT id, itemid, itemtype FROM item WHERE isinactive = 'F' ORDER BY itemid, id",
    "subsidiary": "SELECT id, name FROM subsidiary WHERE isinactive = 'F' ORDER BY name, id",
    "currency": "SELECT symbol, name FROM currency ORDER BY symbol",
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
    if setting.takes not in _LISTS:
        return Picks()
    try:
        query = parts.systems.netsuite(lambda _: None).query(_LISTS[setting.takes])
        rows = list(islice(query, MOST * 4))
    except TieoutError as error:
        return Picks(unread=error.sentence)
    fitting = [_pick(row, setting.takes) for row in rows if _fits(row, setting)]
    return Picks(tuple(fitting[:MOST]), whole=len(rows) < MOST * 4 and len(fitting) <= MOST)


def _fits(row: Row, setting: Setting) -> bool:
    if setting.takes != "account":
        return True
    kind = row.get("accttype") or ""
    return kind in KINDS[setting.part] if setting.part in KINDS else kind not in WITH_ENTITY


def _pick(row: Row, takes: str) -> Pick:
    match takes:
        case "account":
            named = " ".join(filter(None, (row.get("acctnumber"), row.get("fullname"))))
            return Pick(str(row["id"]), f"{named} ({row.get('accttype')})")
        case "item":
            return Pick(str(row["id"]), f"{row.get('itemid')} ({row.get('itemtype')})")
        case "currency":
            return Pick(str(row.get("symbol")), f"{row.get('symbol')} {row.get('name') or ''}".strip())
    return Pick(str(row["id"]), str(row.get("name")))
