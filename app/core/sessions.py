"""Browsers that are signed in. The cookie holds a random token; the table its digest."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.core.tables import User, UserSession

TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Lifetime:
    """`idle`: without a request; `whole`: from sign-in on, whatever happens."""

    idle: timedelta
    whole: timedelta


@dataclass(frozen=True)
class SignedIn:
    """Whose session a token is."""

    session_id: int
    user_id: int
    email: str
    role: str


def start(
    session: Session, user: User, lifetime: Lifetime, now: datetime, *, browser: str = "", address: str = ""
) -> str:
    """A new session; its token, for the cookie."""
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            user_id=user.id,
            digest=_digest(token),
            browser=browser[:200],
            address=address[:100],
            created_at=now,
            seen_at=now,
            expires_at=now + lifetime.whole,
        )
    )
    user.signed_in_at = now
    return token


def find(session: Session, token: str, lifetime: Lifetime, now: datetime, *, touch: bool = True) -> SignedIn | None:
    """Who has this session; None when it is unknown or over, or its user is not active any more."""
    statement = select(UserSession, User).join(User, User.id == UserSession.user_id)
    found = session.execute(statement.where(UserSession.digest == _digest(token))).first()
    if found is None:
        return None
    row, user = found
    if not user.active or row.expires_at <= now or row.seen_at + lifetime.idle <= now:
        return None
    if touch and row.seen_at + TOUCH_EVERY <= now:
        row.seen_at = now
    return SignedIn(row.id, user.id, user.email, user.role)


def of_user(session: Session, user_id: int, lifetime: Lifetime, now: datetime) -> Sequence[UserSession]:
    """Those still good, the one used last first."""
    alive = (UserSession.expires_at > now, UserSession.seen_at > now - lifetime.idle)
    mine = select(UserSession).where(UserSession.user_id == user_id, *alive)
    return session.scalars(mine.order_by(UserSession.seen_at.desc(), UserSession.id.desc())).all()


def end(session: Session, user_id: int, session_id: int) -> None:
    session.execute(delete(UserSession).where(UserSession.user_id == user_id, UserSession.id == session_id))


def end_all(session: Session, user_id: int, *, but: int | None = None) -> None:
    """Every session of a user; `but`: the one to keep."""
    others = [] if but is None else [UserSession.id != but]
    session.execute(delete(UserSession).where(UserSession.user_id == user_id, *others))


def prune(session: Session, lifetime: Lifetime, now: datetime) -> None:
    over = or_(UserSession.expires_at <= now, UserSession.seen_at <= now - lifetime.idle)
    session.execute(delete(UserSession).where(over))


def form_token(token: str) -> str:
    """What the forms of this session carry: told by its cookie, which another site can send but not read."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
