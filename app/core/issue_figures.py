"""Issues in figures: how many there are, how much money waits in one, and when errors came up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from app.core.issues import MOST
from app.core.runs import OPEN
from app.core.tables import Issue

Unit = Literal["hour", "day"]
LOOKED_AT = 5_000
"""Failed attempts that are counted at most, the newest first."""


def by_state(session: Session, conditions: Sequence[ColumnElement[bool]] = ()) -> dict[str, int]:
    counted = select(Issue.state, func.count()).where(*conditions).group_by(Issue.state)
    return {row[0]: row[1] for row in session.execute(counted)}


def assignees(session: Session) -> list[str]:
    found = select(Issue.assignee).where(Issue.assignee != "").distinct().order_by(Issue.assignee).limit(100)
    return list(session.scalars(found))


# money -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """Money of runs that are not finished: so much, of so many runs."""

    amount: Decimal
    currency: str
    runs: int


# ordered as ix_runs_issue_id_state_id is: it is read no further than the limit
_WAITING = text(
    """
    SELECT sum(amount) AS amount, currency, count(*) AS runs
    FROM (SELECT found.amount, found.currency
          FROM unnest(CAST(:open AS text[])) AS one_state, LATERAL (
              SELECT amount, currency FROM runs WHERE issue_id = :issue AND state = one_state
              ORDER BY issue_id DESC, state DESC, id DESC LIMIT :most) AS found
          LIMIT :most) AS open_runs
    WHERE amount IS NOT NULL AND currency IS NOT NULL
    GROUP BY currency ORDER BY sum(amount) DESC
    """
)


def waiting(session: Session, issue_id: int) -> list[Waiting]:
    """By currency, of at most `MOST` runs."""
    rows = session.execute(_WAITING, {"issue": issue_id, "open": list(OPEN), "most": MOST})
    return [Waiting(row.amount, row.currency, row.runs) for row in rows]


# when errors came up -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    flow: str
    at: datetime
    errors: int


@dataclass(frozen=True)
class Heat:
    """Failed attempts by flow and hour or day (UTC). `cut`: there are more, before the earliest that was counted."""

    cells: tuple[Cell, ...]
    cut: bool = False


# Waiting for another object is no error, however often it is looked for.
_HEAT = text(
    """
    WITH failed AS (
        SELECT started_at, flow, error_class FROM attempts
        WHERE outcome IN ('retrying', 'held', 'dead') AND started_at >= :since
        ORDER BY started_at DESC LIMIT :most
    )
    SELECT flow, date_trunc(:unit, started_at, 'UTC') AS at, count(*) AS errors,
           (SELECT count(*) FROM failed) AS looked_at
    FROM failed
    WHERE error_class IS DISTINCT FROM 'link_missing' AND error_class IS DISTINCT FROM 'not_ready'
    GROUP BY flow, at ORDER BY at, flow
    """
)


def begin(now: datetime, unit: Unit) -> datetime:
    """The last 24 hours, or the last 14 days, the present one included."""
    if unit == "hour":
        return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=13)


def heat(session: Session, since: datetime, unit: Unit) -> Heat:
    rows = session.execute(_HEAT, {"since": since, "unit": unit, "most": LOOKED_AT}).all()
    cells = tuple(Cell(row.flow, row.at, row.errors) for row in rows)
    return Heat(cells, bool(rows) and rows[0].looked_at == LOOKED_AT)
