"""API tokens: `tieout_<id>_<random>`, shown once; only a digest of the random part is kept."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.tables import ApiToken

SCOPES = ("read", "operate", "admin")
"""Each includes those before it."""
TOUCH_EVERY = timedelta(minutes=1)

_FORM = re.compile(r"tieout_([0-9]{1,18})_([A-Za-z0-9_-]{43})")
_NOBODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Caller:
    """Who asks, and how much they may."""

    name: str
    scope: str

    def may(self, scope: str) -> bool:
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


def create(
    session: Session, name: str, scope: str, *, actor: str, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The stored row and the token itself. Raises ValueError for an unknown scope or a name that is in use."""
    if scope not in SCOPES:
        raise ValueError(f"there is no scope {scope!r}: choose one of {', '.join(SCOPES)}")
    taken = select(ApiToken.id).where(ApiToken.name == name, ApiToken.revoked_at.is_(None))
    if session.scalar(taken) is not None:
        raise ValueError(f"a token called {name!r} exists: choose another name, or revoke that one first")
    secret = secrets.token_urlsafe(32)
    row = ApiToken(name=name, digest=_digest(secret), scopes=[scope], expires_at=expires_at)
    session.add(row)
    session.flush()
    audit.note(session, actor, "token.created", f"token:{row.id}", name=name, scope=scope)
    return row, f"tieout_{row.id}_{secret}"


def revoke(session: Session, token_id: int, *, actor: str, now: datetime) -> ApiToken:
    """Raises LookupError when there is no such token. Revoking again changes nothing."""
    row = session.get(ApiToken, token_id)
    if row is None:
        raise LookupError(f"there is no token {token_id}; `tieout tokens list` shows them")
    if row.revoked_at is None:
        row.revoked_at = now
        audit.note(session, actor, "token.revoked", f"token:{row.id}", name=row.name)
    return row


def listed(session: Session) -> Sequence[ApiToken]:
    return session.scalars(select(ApiToken).order_by(ApiToken.id)).all()


def authenticate(session: Session, presented: str, now: datetime) -> Caller | None:
    """Who this token belongs to; None when it is unknown, revoked or expired. Compares in constant time."""
    parts = _FORM.fullmatch(presented)
    row = session.get(ApiToken, int(parts[1])) if parts else None
    known = row.digest if row else _NOBODY
    same = hmac.compare_digest(_digest(parts[2] if parts else ""), known)
    if row is None or not same or not _in_force(row, now):
        return None
    if row.last_used_at is None or row.last_used_at + TOUCH_EVERY <= now:
        row.last_used_at = now
    return Caller(row.name, max(row.scopes, key=SCOPES.index))


def _in_force(row: ApiToken, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
