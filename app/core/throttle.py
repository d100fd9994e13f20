"""Sign-in is throttled per account and per address, over all processes. A try is counted before it is made."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from app.core.tables import SignInTries

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 10, 60

_COUNT = text(
    """
    INSERT INTO sign_in_tries (key, tries, since) VALUES (:key, 1, :now)
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN sign_in_tries.since <= :over THEN 1 ELSE sign_in_tries.tries + 1 END,
        since = CASE WHEN sign_in_tries.since <= :over THEN excluded.since ELSE sign_in_tries.since END
    RETURNING tries, since
    """
)


def take(session: Session, email: str, address: str, now: datetime) -> timedelta | None:
    """Count a try; how long to wait when there were too many of them. Commit it before the password is looked at."""
    waits = [
        _taken(session, _key("account", email), PER_ACCOUNT, now),
        _taken(session, _key("address", address), PER_ADDRESS, now),
    ]
    return max((wait for wait in waits if wait), default=None)


def forget(session: Session, email: str) -> None:
    """After a sign-in that succeeded. The address's tries stand: it may be at other accounts as well."""
    session.execute(delete(SignInTries).where(SignInTries.key == _key("account", email)))


def prune(session: Session, now: datetime) -> None:
    session.execute(delete(SignInTries).where(SignInTries.since <= now - WINDOW))


def _taken(session: Session, key: str, limit: int, now: datetime) -> timedelta | None:
    tries, since = session.execute(_COUNT, {"key": key, "now": now, "over": now - WINDOW}).one()
    return since + WINDOW - now if tries > limit else None


def _key(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind} {value.casefold()}".encode()).hexdigest()
