"""How many NetSuite slots there are and how many are taken, over all processes: read, not taken."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.systems.netsuite.slots import QUEUE, key_of


@dataclass(frozen=True)
class SlotsInUse:
    """`ceiling`: as configured; `size`: as many as are allowed at present; `seeking`: processes that wait for one."""

    account: str
    ceiling: int
    size: int
    in_use: int
    seeking: int
    changed_at: datetime | None


# a lock of two numbers is shown as (classid, objid) with objsubid 2 (PostgreSQL, 54.12: pg_locks)
_READ = text(
    """
    SELECT least(coalesce(kept.size, :ceiling), :ceiling) AS size, kept.changed_at,
           count(*) FILTER (WHERE locks.objid <> :queue AND locks.granted) AS in_use,
           count(*) FILTER (WHERE locks.objid = :queue) AS seeking
    FROM (SELECT 1) one
    LEFT JOIN netsuite_slots kept ON kept.account = :account
    LEFT JOIN pg_locks locks ON locks.locktype = 'advisory' AND locks.objsubid = 2 AND locks.classid = :key
         AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    GROUP BY kept.size, kept.changed_at
    """
)


def read(session: Session, account: str, ceiling: int) -> SlotsInUse:
    asked = {"account": account, "ceiling": ceiling, "key": key_of(account), "queue": QUEUE}
    row = session.execute(_READ, asked).one()
    return SlotsInUse(account, ceiling, row.size, row.in_use, row.seeking, row.changed_at)
