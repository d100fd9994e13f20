"""The small tables that have no module of their own: cursors, tokens, users and sessions, jobs, issues, alerts."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Identity, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.inbox import NOW
from app.db import Base


class Cursor(Base):
    """How far a sweep has seen; `at` is the point from which the next one looks (it overlaps on purpose)."""

    __tablename__ = "cursors"

    name: Mapped[str] = mapped_column(Text, primary_key=True)  # `<flow>/<account>` or `inbox/<account>`
    at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    last_run_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    found: Mapped[int] = mapped_column(Integer, server_default="0")
    error: Mapped[str | None] = mapped_column(Text)


class ApiToken(Base):
    """`digest` is SHA-256 of the token; the token itself is shown once."""

    __tablename__ = "api_tokens"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    expires_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


class User(Base):
    """Somebody who may sign in. `email` is in lower case; `subject` is who the identity provider says it is."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("email"), UniqueConstraint("subject"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text, server_default="viewer")  # viewer operator admin
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    signed_in_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


class Invitation(Base):
    """A link that lets its bearer set a password, once. Without a user it makes the first administrator."""

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class UserSession(Base):
    """A browser that is signed in; `digest` is SHA-256 of what its cookie holds. Ending it deletes the row."""

    __tablename__ = "user_sessions"
    __table_args__ = (UniqueConstraint("digest"), Index("ix_user_sessions_user_id", "user_id"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(Text)
    browser: Mapped[str] = mapped_column(Text, server_default="")
    address: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class SignInTries(Base):
    """How often somebody tried to sign in to an account, or from an address, since a moment; `key` is a digest."""

    __tablename__ = "sign_in_tries"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    tries: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class Job(Base):
    """A bulk action over a whole filter: its progress, and whether somebody asked it to pause or stop.

    `canary`: after so many it pauses and asks. `found`: what a rehearsal or a back-fill found, by name.
    """

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="queued")  # queued running paused done aborted failed
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    total: Mapped[int] = mapped_column(Integer, server_default="0")
    done: Mapped[int] = mapped_column(Integer, server_default="0")
    abort_asked: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    pause_asked: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    dry_run: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    canary: Mapped[int | None] = mapped_column(Integer)
    found: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    message: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    finished_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))


class SavedView(Base):
    """A search of records that somebody gave a name. `owner`: a user's e-mail, or a token's name."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    owner: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)


class ConfigVersion(Base):
    """One append-only document of everything finance chose; the newest is in force."""

    __tablename__ = "config_versions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    author: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)


class NetSuiteSlots(Base):
    """How many NetSuite calls may be in flight at once, over all processes; fewer after a 429, more after calm."""

    __tablename__ = "netsuite_slots"

    account: Mapped[str] = mapped_column(Text, primary_key=True)
    size: Mapped[int] = mapped_column(Integer)
    ceiling: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    calm_since: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)


class Issue(Base):
    """Errors with one cause. `field`: the setting or field it is about, empty where there is none.

    Its runs carry its id. `opened_at` and `times_opened` are of the last time it came up or came back.
    """

    __tablename__ = "issues"
    __table_args__ = (UniqueConstraint("flow", "error_code", "field"), Index("ix_issues_state_id", "state", "id"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    flow: Mapped[str] = mapped_column(Text)
    error_code: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text, server_default="")
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")  # open acknowledged ignored snoozed resolved
    snoozed_until: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    assignee: Mapped[str] = mapped_column(Text, server_default="")
    times_opened: Mapped[int] = mapped_column(Integer, server_default="1")
    opened_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    first_seen: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    last_seen: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class IssueNote(Base):
    """Append-only: what people wrote and decided, and what the core did by itself."""

    __tablename__ = "issue_notes"
    __table_args__ = (Index("ix_issue_notes_issue_id", "issue_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    issue_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("issues.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    author: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)


class Alert(Base):
    """One alert to one receiver: what it says, and how sending it went. `period` tells repeats of a subject apart."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "period", "receiver"),
        Index("ix_alerts_due_at", "due_at", postgresql_where=text("state = 'queued'")),
        Index("ix_alerts_subject_created_at", "subject", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    receiver: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(Text, server_default="queued")  # queued sent failed
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    answer: Mapped[str | None] = mapped_column(Text)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
