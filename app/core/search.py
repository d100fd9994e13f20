"""Finding a record by anything one knows of it: an id of either system, a document's number, an e-mail, an amount.

When an attempt ends, the words its record can be known by are kept as terms, one row each. A search reads them by
their beginning in the order of the index, so it costs the same however many records there are.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, Text, and_, or_, select, text
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.core.exchanges import Exchange
from app.core.runs import Run
from app.db import Base
from app.money import from_minor

MOST_TERMS = 60
LONGEST = 120
SHORTEST_BEGINNING = 3
"""Fewer letters are looked for as a whole word only."""
ALIKE = 50
"""Of terms that begin alike, so many are looked at."""
FEWEST = 60
_AMOUNT = re.compile(r"[-−]?[^\w\s.,+-]?\d{1,3}(?:[,' ]?\d{3})*(?:\.\d{1,4})?")
_LAST = "\U0010ffff"
SUBJECTS = aliased(Run)
_NAMES = (
    "id external_id number tran_id entity_id other_ref_num receipt_number trace_id email customer_email receipt_email "
    "name company_name customer_name business_name individual_name customer entity invoice charge payment_intent "
    "original_payout created_from"
).split()
_SAID = ("number", "tranid", "email", "receipt_number", "entityid", "externalid", "companyname")
_TITLES = ("number", "tran_id", "name", "company_name", "entity_id", "email", "receipt_number")
_DEEP, _WIDE = 3, 12


class RunTerm(Base):
    """`term` in lower case and compared byte by byte, so that what begins alike lies together."""

    __tablename__ = "run_terms"
    __table_args__ = (Index("ix_run_terms_run_id", "run_id"),)

    term: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


@dataclass(frozen=True)
class About:
    """What a source object is called and worth."""

    title: str = ""
    amount: Decimal | None = None
    currency: str | None = None


# what is kept ----------------------------------------------------------------------------------------------------


def about(source: object) -> About:
    """Of the outermost part that has it."""
    parts = list(_parts(source))
    title = next((str(part[name]) for part in parts for name in _TITLES if part.get(name)), "")
    for part in parts:
        found = _worth(part)
        if found is not None:
            return About(title[:LONGEST], *found)
    return About(title[:LONGEST])


def _worth(part: Mapping[str, Any]) -> tuple[Decimal, str | None] | None:
    """Stripe counts in minor units of a currency it names; NetSuite's amounts are decimals, its currency an id."""
    value = next((part[name] for name in ("total", "amount") if part.get(name) is not None), None)
    currency = part.get("currency")
    named = currency.lower() if isinstance(currency, str) and re.fullmatch("[A-Za-z]{3}", currency) else None
    if isinstance(value, Decimal):
        return value, named
    if isinstance(value, int) and not isinstance(value, bool) and named:
        return from_minor(value, named), named
    return None


def terms(
    subject: str, source: object, told: About, records: Sequence[Mapping[str, str]], exchanges: Sequence[Exchange]
) -> list[str]:
    """The words by which a run can be found, most telling first."""
    found = dict.fromkeys(_kept(_words(subject, source, told, records, exchanges)))
    return list(found)[:MOST_TERMS]


def _words(
    subject: str, source: object, told: About, records: Sequence[Mapping[str, str]], exchanges: Sequence[Exchange]
) -> Iterator[str]:
    yield subject
    if told.amount is not None:
        yield amount_term(told.amount)
    for record in records:
        yield from (record[name] for name in ("id", "external_id", "stripe_id") if record.get(name))
    for part in _parts(source):
        yield from (part[name] for name in _NAMES if isinstance(part.get(name), str))
        metadata = part.get("metadata")
        if isinstance(metadata, Mapping):
            yield from (str(value) for value in list(metadata.values())[:_WIDE])
    for exchange in exchanges:
        for body in (exchange.request, exchange.response):
            if isinstance(body, Mapping):
                yield from (v for name, v in body.items() if str(name).lower() in _SAID and isinstance(v, str))


def _kept(words: Iterable[str]) -> Iterator[str]:
    """Also each word of a name, so that it is found by any of them."""
    for word in words:
        whole = " ".join(word.lower().split())[:LONGEST]
        if len(whole) > 1 and "\x00" not in whole:
            yield whole
            if " " in whole:
                yield from (part for part in whole.split()[:6] if len(part) >= SHORTEST_BEGINNING)


def _parts(source: object, deep: int = _DEEP) -> Iterator[Mapping[str, Any]]:
    """The object's own fields, then those of the objects within, level by level."""
    level = [source]
    while level and deep:
        inner: list[object] = []
        for each in level[:_WIDE]:
            if is_dataclass(each) and not isinstance(each, type):
                own = {item.name: getattr(each, item.name) for item in fields(each)}
                yield own
                inner += own.values()
            elif isinstance(each, tuple | list):
                inner += each
        level = [each for each in inner if is_dataclass(each) or (isinstance(each, tuple | list) and each)]
        deep -= 1


def amount_term(amount: Decimal) -> str:
    """The same for 120, 120.0 and -120.00: who searches an amount seldom knows which side it stands on."""
    return f"amount:{abs(amount).normalize():f}"


_KEEP = text(
    "INSERT INTO run_terms (term, run_id) SELECT term, :run FROM unnest(:terms ::text[]) AS term ON CONFLICT DO NOTHING"
)


def keep(session: Session, run_id: int, words: Sequence[str]) -> None:
    if words:
        session.execute(_KEEP, {"run": run_id, "terms": sorted(words)})


# what is looked for ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sought:
    """One word of a search: it, what begins with it, or the amount that it may be."""

    word: str
    raw: str
    amount: str | None = None

    @property
    def beginning(self) -> bool:
        return len(self.word) >= SHORTEST_BEGINNING

    def fits(self) -> ColumnElement[bool]:
        own = RunTerm.term == self.word
        if self.beginning:
            own = and_(RunTerm.term >= self.word, RunTerm.term < self.word + _LAST)
        return or_(own, RunTerm.term == self.amount) if self.amount else own


def sought(search: str) -> list[Sought]:
    """Its words, all of which have to fit; at most six."""
    plain = " ".join(search.replace("\x00", "").split())[:LONGEST]
    amount = _amount(plain)
    return [Sought(plain.lower(), plain, amount)] if amount else [_one(word) for word in plain.split()[:6]]


def _one(word: str) -> Sought:
    return Sought(word.lower(), word, _amount(word))


def _amount(word: str) -> str | None:
    if not _AMOUNT.fullmatch(word):
        return None
    try:
        return amount_term(Decimal(re.sub(r"[^\d.]", "", word)))
    except InvalidOperation:
        return None


def conditions(search: str) -> list[ColumnElement[bool]]:
    """For a statement about runs: each word is one of the run's terms, or begins one, or is its subject."""
    return [_has(each) for each in sought(search)]


def of_others(search: str) -> list[ColumnElement[bool]]:
    """The same without the word that `hits` goes by."""
    words = sought(search)
    return [_has(each) for each in words if each is not _first(words)]


def _has(each: Sought) -> ColumnElement[bool]:
    """One list of ids: with an `or` each run would be looked at."""
    by_term = select(RunTerm.run_id).where(each.fits())
    return Run.id.in_(by_term.union_all(select(SUBJECTS.id).where(SUBJECTS.subject == each.raw)))


def _first(words: Sequence[Sought]) -> Sought:
    """The most telling one: no amount, and long."""
    return max(words, key=lambda each: (each.amount is None, len(each.word)))


# One step through the index for each different term, however many runs have it.
_ALIKE = text(
    """
    WITH RECURSIVE alike AS (
        (SELECT term FROM run_terms WHERE term >= :word AND term < :last ORDER BY term LIMIT 1)
        UNION ALL
        SELECT (SELECT t.term FROM run_terms t WHERE t.term > alike.term AND t.term < :last ORDER BY t.term LIMIT 1)
        FROM alike WHERE alike.term IS NOT NULL
    )
    SELECT term FROM alike WHERE term IS NOT NULL LIMIT :most
    """
)
_HITS = text(
    """
    SELECT hit.run_id, t.at FROM unnest(:terms ::text[]) WITH ORDINALITY AS t (term, at)
    CROSS JOIN LATERAL (
        SELECT run_id FROM run_terms WHERE term = t.term COLLATE "C" AND run_id < :before
        ORDER BY run_id DESC LIMIT :reach) hit
    UNION ALL
    (SELECT id, 0 FROM runs WHERE subject = :subject AND id < :before ORDER BY id DESC LIMIT :reach)
    """
)


@dataclass(frozen=True)
class Hits:
    """Runs that have the first word of a search, newest first. Down to `complete_to` none is missing; None: at all."""

    ids: list[int]
    complete_to: int | None
    more_alike: bool


def hits(session: Session, search: str, *, before: int, reach: int) -> Hits:
    """At most about `reach` runs; a search of several words needs `of_others` besides."""
    first = _first(sought(search))
    alike = _alike(session, first)
    looked_at = alike[:ALIKE] + ([first.amount] if first.amount else [])
    each = max(reach // len(looked_at), FEWEST)
    asked = {"terms": looked_at, "subject": first.raw, "before": before, "reach": each}
    by_term: dict[int, list[int]] = {}
    for run_id, at in session.execute(_HITS, asked):
        by_term.setdefault(at, []).append(run_id)
    floor = max((min(ids) for ids in by_term.values() if len(ids) >= each), default=None)
    ids = {run_id for found in by_term.values() for run_id in found if floor is None or run_id >= floor}
    return Hits(sorted(ids, reverse=True), floor, len(alike) > ALIKE)


def _alike(session: Session, first: Sought) -> list[str]:
    if not first.beginning:
        return [first.word]
    asked = {"word": first.word, "last": first.word + _LAST, "most": ALIKE + 1}
    return list(session.scalars(_ALIKE, asked)) or [first.word]
