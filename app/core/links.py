"""Links: Stripe id <-> NetSuite record, with its role; and the external ids by which NetSuite knows our writes."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Identity, Index, Text, UniqueConstraint, cast, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core.inbox import NOW
from app.db import Base, Database
from app.errors import LinkMissing

if TYPE_CHECKING:
    from sqlalchemy.sql.dml import ReturningInsert

    from app.systems.netsuite.records import Ref

ROLES = {
    "cust": "customer",
    "inv": "invoice",
    "pay": "customerPayment",
    "cm": "creditMemo",
    "crf": "customerRefund",
    "cs": "cashSale",
    "cr": "cashRefund",
    "cdep": "customerDeposit",
    "depa": "depositApplication",
    "dep": "deposit",
    "je": "journalEntry",
    "url": "customrecord_tieout_invoice_link",
}
"""Role -> NetSuite record type. Never shared between record types: NetSuite has one namespace for all transactions."""

PAGE = 1000
_ALLOWED = re.compile(r"[A-Za-z0-9_-]+")


def external_id(role: str, stripe_id: str) -> str:
    """`pay`, `ch_1` -> `stripe-pay-ch_1`. Raises ValueError on characters NetSuite's `eid:` does not take."""
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r}")
    if not _ALLOWED.fullmatch(stripe_id):
        raise ValueError(f"{stripe_id!r} has characters that an external id cannot have")
    return f"stripe-{role}-{stripe_id}"


class Link(Base):
    """`current` is false for history: superseded, voided or deleted on one side."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("external_id"),
        Index("ix_links_netsuite", "netsuite_type", "netsuite_id", "role"),
        Index("ix_links_stripe_id", "stripe_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    external_id: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    stripe_id: Mapped[str] = mapped_column(Text)
    netsuite_type: Mapped[str] = mapped_column(Text)
    netsuite_id: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    current: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    stripe_fingerprint: Mapped[str | None] = mapped_column(Text)
    netsuite_fingerprint: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), server_default=NOW)


class StoredLinks:
    """The Links of one run. `written` lists what was saved, for the run's own record."""

    def __init__(self, database: Database, account: str) -> None:
        self._database = database
        self._account = account
        self.written: list[dict[str, str]] = []

    def of_stripe(self, stripe_id: str, role: str, /) -> Link | None:
        with self._database.session_scope() as session:
            return session.scalars(select(Link).where(Link.external_id == external_id(role, stripe_id))).first()

    def of_netsuite(self, netsuite_type: str, internal_id: str, role: str, /) -> Link | None:
        wanted = (Link.netsuite_type == netsuite_type, Link.netsuite_id == internal_id, Link.role == role)
        mine = (Link.account == self._account, Link.current)
        with self._database.session_scope() as session:
            return session.scalars(select(Link).where(*wanted, *mine).order_by(Link.id.desc())).first()

    def require(self, stripe_id: str, role: str, /) -> Link:
        found = self.of_stripe(stripe_id, role)
        if found is None:
            raise LinkMissing(role, stripe_id, source="stripe")
        return found

    def require_netsuite(self, netsuite_type: str, internal_id: str, role: str, /) -> Link:
        found = self.of_netsuite(netsuite_type, internal_id, role)
        if found is None:
            raise LinkMissing(role, internal_id, source="netsuite")
        return found

    def save(
        self,
        role: str,
        stripe_id: str,
        ref: "Ref",
        /,
        *,
        origin: str,
        stripe_fingerprint: str | None = None,
        netsuite_fingerprint: str | None = None,
        note: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> Link:
        values = {
            "external_id": external_id(role, stripe_id),
            "role": role,
            "account": self._account,
            "stripe_id": stripe_id,
            "netsuite_type": ref.type,
            "netsuite_id": ref.id,
            "origin": origin,
            "stripe_fingerprint": stripe_fingerprint,
            "netsuite_fingerprint": netsuite_fingerprint,
            "note": note,
            "facts": dict(facts or {}),
        }
        with self._database.session_scope() as session:
            link: Link = session.scalars(_upsert(values)).one()
        if link.created_at == link.updated_at or stripe_fingerprint or netsuite_fingerprint:
            self._tell(link)
        return link

    def _tell(self, link: Link) -> None:
        """A link whose facts alone changed tells of no write."""
        told = {
            "external_id": link.external_id,
            "type": link.netsuite_type,
            "id": link.netsuite_id,
            "stripe_id": link.stripe_id,
        }
        if told not in self.written:
            self.written.append(told)

    def each(self, role: str, /, *, knowing: str | None = None) -> Iterator[Link]:
        """Page by page, so that a long sweep neither holds a transaction nor fills the memory."""
        wanted = [Link.account == self._account, Link.role == role, Link.current]
        if knowing is not None:
            wanted.append(Link.facts[knowing].astext.is_not(None))
        last = 0
        while True:
            with self._database.session_scope() as session:
                page = select(Link).where(*wanted, Link.id > last).order_by(Link.id).limit(PAGE)
                found = list(session.scalars(page))
            yield from found
            if len(found) < PAGE:
                return
            last = found[-1].id

    def add_facts(self, link: Link, facts: Mapping[str, Any], /) -> None:
        merged = Link.facts.op("||")(cast(dict(facts), JSONB))
        with self._database.session_scope() as session:
            session.execute(update(Link).where(Link.id == link.id).values(facts=merged, updated_at=func.now()))

    def retire(self, link: Link, /, *, note: str) -> None:
        with self._database.session_scope() as session:
            session.execute(
                update(Link).where(Link.id == link.id).values(current=False, note=note, updated_at=func.now())
            )


def _upsert(values: Mapping[str, Any]) -> "ReturningInsert[Any]":
    new = insert(Link).values(**values)
    kept = new.on_conflict_do_update(
        index_elements=[Link.external_id],
        set_={
            "netsuite_type": new.excluded.netsuite_type,
            "netsuite_id": new.excluded.netsuite_id,
            "current": True,
            "stripe_fingerprint": func.coalesce(new.excluded.stripe_fingerprint, Link.stripe_fingerprint),
            "netsuite_fingerprint": func.coalesce(new.excluded.netsuite_fingerprint, Link.netsuite_fingerprint),
            "note": func.coalesce(new.excluded.note, Link.note),
            "facts": Link.facts.op("||")(new.excluded.facts),
            "updated_at": func.now(),
        },
    )
    return kept.returning(Link)
