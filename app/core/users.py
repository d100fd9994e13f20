"""Who may sign in, and how much they may: roles are the scopes of API tokens under people's names."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.orm import Session

from app.core import audit, passwords, sessions
from app.core.tables import Invitation, User

ROLES = {"viewer": "read", "operator": "operate", "admin": "admin"}
"""Role -> scope."""
FIRST_LINK_LIFE = timedelta(hours=24)
INVITATION_LIFE = timedelta(days=7)
_LOCK = 7133005
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


class CannotBe(Exception):
    """The sentence says why not, and what to do."""


def normal(email: str) -> str:
    """As it is stored. Raises CannotBe."""
    plain = email.strip().lower()
    if not _EMAIL.fullmatch(plain) or not plain.isprintable():
        raise CannotBe(f"{email.strip()[:100]!r} is no e-mail address.")
    return plain


def listed(session: Session) -> Sequence[User]:
    return session.scalars(select(User).order_by(User.active.desc(), User.email)).all()


def called(session: Session, email: str) -> User | None:
    return session.scalars(select(User).where(User.email == email.strip().lower())).first()


def get(session: Session, user_id: int) -> User:
    """Raises LookupError."""
    row = session.get(User, user_id)
    if row is None:
        raise LookupError(f"There is no user {user_id}.")
    return row


def has_admin(session: Session) -> bool:
    return session.scalar(_admins().limit(1)) is not None


# coming in ---------------------------------------------------------------------------------------------------------


def invite(session: Session, email: str, role: str, *, actor: str, now: datetime) -> tuple[User, str]:
    """A new user without a password, and the token of the link that sets one. Raises CannotBe."""
    row = add(session, email, role, actor=actor)
    return row, _link(session, row.id, now + INVITATION_LIFE)


def add(session: Session, email: str, role: str, *, actor: str, subject: str | None = None) -> User:
    plain = normal(email)
    _known(role)
    if called(session, plain) is not None:
        raise CannotBe(f"{plain} is a user already.")
    row = User(email=plain, role=role, subject=subject)
    session.add(row)
    session.flush()
    audit.note(session, actor, "user.added", f"user:{row.id}", email=plain, role=role)
    return row


def link(session: Session, user: User, *, actor: str, now: datetime) -> str:
    """A new link to set a password, for who forgot theirs; links made earlier end."""
    if not user.active:
        raise CannotBe(f"{user.email} is switched off: switch the user on first.")
    session.execute(delete(Invitation).where(Invitation.user_id == user.id))
    audit.note(session, actor, "user.linked", f"user:{user.id}", email=user.email)
    return _link(session, user.id, now + INVITATION_LIFE)


def first_link(session: Session, now: datetime) -> str | None:
    """The token of the link that makes the first administrator; None when there is one. Earlier ones end."""
    if has_admin(session):
        return None
    session.execute(delete(Invitation).where(Invitation.user_id.is_(None)))
    return _link(session, None, now + FIRST_LINK_LIFE)


def invited(session: Session, token: str, now: datetime) -> tuple[Invitation, User | None] | None:
    """The invitation and whose it is; None when it is unknown, used or over, or not to be used any more."""
    row = session.scalars(select(Invitation).where(Invitation.digest == _digest(token))).first()
    if row is None or row.expires_at <= now:
        return None
    if row.user_id is None:
        return None if has_admin(session) else (row, None)
    user = session.get_one(User, row.user_id)
    return (row, user) if user.active else None


def accept(session: Session, token: str, password: str, *, email: str = "", now: datetime) -> User:
    """Sets the password; the link is used up. `email`: of the first administrator. Raises CannotBe, Unfit."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    found = invited(session, token, now)
    if found is None:
        raise CannotBe("This link was used already or is too old. An administrator can make another.")
    invitation, user = found
    user = user or called(session, normal(email)) or add(session, email, "admin", actor="first link")
    if invitation.user_id is None:
        user.role, user.active = "admin", True
    set_password(session, user, password, actor=user.email)
    session.delete(invitation)
    return user


def set_password(session: Session, user: User, password: str, *, actor: str, keep: int | None = None) -> None:
    """Ends the user's sessions, but for `keep`. Raises Unfit."""
    user.password_hash = passwords.hashed(password, email=user.email)
    sessions.end_all(session, user.id, but=keep)
    audit.note(session, actor, "user.password_set", f"user:{user.id}", email=user.email)


def with_password(session: Session, email: str, password: str) -> User | None:
    """The active user who has this password. Throttle before asking."""
    user = called(session, email)
    if not passwords.matches(user.password_hash if user else None, password) or user is None or not user.active:
        return None
    if user.password_hash and passwords.outdated(user.password_hash):
        user.password_hash = passwords.hasher.hash(password)
    return user


# what becomes of them ----------------------------------------------------------------------------------------------


def change(session: Session, user_id: int, *, actor: str, role: str | None = None, active: bool | None = None) -> User:
    """Raises LookupError; CannotBe for the last administrator, who stays one."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    row = get(session, user_id)
    was = {"role": row.role, "active": row.active}
    wanted = {"role": _known(role) if role else row.role, "active": row.active if active is None else active}
    if wanted == was:
        return row
    if _is_admin(row) and (wanted["role"] != "admin" or not wanted["active"]) and _only_admin(session):
        raise CannotBe(f"{row.email} is the only administrator: make somebody else one first.")
    row.role, row.active = str(wanted["role"]), bool(wanted["active"])
    if not row.active:
        sessions.end_all(session, row.id)
        session.execute(delete(Invitation).where(Invitation.user_id == row.id))
    audit.note(session, actor, "user.changed", f"user:{row.id}", email=row.email, was=was, now=wanted)
    return row


def _known(role: str) -> str:
    if role not in ROLES:
        raise CannotBe(f"There is no role {role!r}: choose one of {', '.join(ROLES)}.")
    return role


def _admins() -> Select[int]:
    entered = User.password_hash.is_not(None) | User.subject.is_not(None)
    return select(User.id).where(User.role == "admin", User.active, entered)


def _is_admin(row: User) -> bool:
    return row.role == "admin" and row.active and bool(row.password_hash or row.subject)


def _only_admin(session: Session) -> bool:
    return session.scalar(select(func.count()).select_from(_admins().subquery())) == 1


def _link(session: Session, user_id: int | None, expires_at: datetime) -> str:
    token = secrets.token_urlsafe(32)
    session.add(Invitation(user_id=user_id, digest=_digest(token), expires_at=expires_at))
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
