"""How much waits, in one cheap statement, and whether anything has changed."""

import json
from dataclasses import asdict, dataclass

from sqlalchemy import text

from app.db import Database

# Bounded by an index and a limit each, so a million runs cost no more than a thousand.
_COUNTS = text(
    """
    SELECT
        (SELECT count(*) FROM (SELECT 1 FROM issues WHERE state = 'open' LIMIT 100) AS counted) AS issues,
        (SELECT count(*) FROM (SELECT 1 FROM runs WHERE state = 'queued' LIMIT 1000) AS counted) AS queued,
        (SELECT count(*) FROM (SELECT 1 FROM runs WHERE state = 'running' LIMIT 1000) AS counted) AS running,
        (SELECT count(*) FROM (SELECT 1 FROM runs WHERE state = 'retrying' LIMIT 1000) AS counted) AS retrying,
        (SELECT count(*) FROM (SELECT 1 FROM runs WHERE state = 'held' LIMIT 1000) AS counted) AS held,
        (SELECT count(*) FROM (SELECT 1 FROM runs WHERE state = 'dead' LIMIT 1000) AS counted) AS dead,
        concat_ws('/', (SELECT max(updated_at) FROM runs), (SELECT max(id) FROM events),
                  (SELECT max(updated_at) FROM jobs), (SELECT max(id) FROM issue_notes),
                  (SELECT max(id) FROM audit_log)) AS mark
    """
)


@dataclass(frozen=True)
class Counts:
    """`mark` differs whenever anything on a page may have changed. Counts end at 100 issues and 1000 runs."""

    issues: int
    queued: int
    running: int
    retrying: int
    held: int
    dead: int
    mark: str

    def told(self) -> str:
        """As pages are told it; the same text means that nothing has changed."""
        return json.dumps(asdict(self))


def read(database: Database) -> Counts:
    with database.session_scope() as session:
        return Counts(**session.execute(_COUNTS).mappings().one())
