from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core import search
from app.core.exchanges import Exchange
from app.core.runs import Run
from app.core.search import About, RunTerm
from app.db import Database


@dataclass(frozen=True)
class Billing:
    email: str | None = None


@dataclass(frozen=True)
class Source:
    id: str = "in_1"
    number: str | None = "INV-0042"
    total: object = 125050
    currency: str | None = "usd"
    billing: Billing = Billing("Ada@Example.com")
    metadata: dict[str, str] = field(default_factory=lambda: {"order": "SO-77"})


def runs_with(database: Database, *words: list[str]) -> list[int]:
    with database.session_scope() as session:
        rows = [Run(flow="things", account="main", subject=f"t_{n}", cause="event") for n in range(len(words))]
        session.add_all(rows)
        session.flush()
        for row, each in zip(rows, words, strict=True):
            search.keep(session, row.id, each)
        return [row.id for row in rows]


def found(database: Database, words: str) -> list[int]:
    with database.session_scope() as session:
        return list(session.scalars(select(Run.id).where(*search.conditions(words)).order_by(Run.id)))


def hits(database: Database, words: str, *, before: int = 10**9, reach: int = 1000) -> search.Hits:
    with database.session_scope() as session:
        return search.hits(session, words, before=before, reach=reach)


def test_what_an_object_is_called_and_worth() -> None:
    assert search.about(Source()) == About("INV-0042", Decimal("1250.50"), "usd")


def test_a_currency_without_decimals() -> None:
    assert search.about(Source(currency="jpy", total=1050)).amount == Decimal(1050)


def test_netsuite_counts_in_decimals_of_a_currency_it_numbers() -> None:
    assert search.about(Source(currency="1", total=Decimal("12.30"))) == About("INV-0042", Decimal("12.30"), None)


def test_no_amount_without_a_currency_to_count_in() -> None:
    assert search.about(Source(currency=None)).amount is None


def test_the_words_a_run_is_known_by() -> None:
    told = search.about(Source())
    records = [{"id": "501", "external_id": "stripe-inv-in_1", "stripe_id": "in_1", "type": "invoice"}]
    exchange = Exchange("netsuite", "PUT", "/x", 200, 3, {"tranId": "NS-9", "memo": "not a name"})
    assert search.terms("in_1", Source(), told, records, [exchange]) == [
        "in_1",
        "amount:1250.5",
        "501",
        "stripe-inv-in_1",
        "inv-0042",
        "so-77",
        "ada@example.com",
        "ns-9",
    ]


def test_a_name_is_found_by_each_of_its_words(database: Database) -> None:
    [run] = runs_with(database, list(search._kept(["Ada Works"])))
    assert (found(database, "works"), found(database, "ada works"), found(database, "ada wor")) == ([run],) * 3


@pytest.mark.parametrize("typed", ["1250.50", "1,250.5", "$1,250.50", "-1250.50"])
def test_an_amount_is_found_however_it_is_written(database: Database, typed: str) -> None:
    [run] = runs_with(database, [search.amount_term(Decimal("1250.50"))])
    assert (found(database, typed), hits(database, typed).ids) == ([run], [run])


def test_an_amount_is_not_found_by_its_beginning(database: Database) -> None:
    runs_with(database, [search.amount_term(Decimal("1250.50"))])
    assert found(database, "1250") == []


def test_a_number_is_an_id_or_an_amount(database: Database) -> None:
    ids = runs_with(database, ["4711"], ["amount:4711"])
    assert hits(database, "4711").ids == ids[::-1]


def test_all_words_have_to_fit(database: Database) -> None:
    both, _ = runs_with(database, ["ada", "inv-7"], ["ada", "inv-8"])
    assert found(database, "ada inv-7") == [both]


def test_the_beginning_is_enough_from_three_letters_on(database: Database) -> None:
    [run] = runs_with(database, ["in_1abcdef"])
    assert (found(database, "in_1ab"), found(database, "in")) == ([run], [])


def test_percent_signs_are_letters(database: Database) -> None:
    runs_with(database, ["in_1abcdef"])
    assert found(database, "in%") == []


def test_a_run_that_was_never_tried_is_found_by_its_subject(database: Database) -> None:
    [run] = runs_with(database, [])
    assert (found(database, "t_0"), hits(database, "t_0").ids) == ([run], [run])


def test_hits_are_the_newest_first_and_say_how_far_they_reach(database: Database) -> None:
    ids = runs_with(database, *[["ada"]] * 70)
    first = hits(database, "ada", reach=60)
    assert (first.ids, first.complete_to) == (ids[:9:-1], ids[10])
    rest = hits(database, "ada", before=ids[10], reach=60)
    assert (rest.ids, rest.complete_to) == (ids[9::-1], None)


def test_more_beginnings_than_are_looked_at_is_told(database: Database) -> None:
    runs_with(database, [f"cus_{n:03}" for n in range(60)])
    assert (hits(database, "cus_").more_alike, hits(database, "cus_00").more_alike) == (True, False)


def test_terms_go_with_their_run(database: Database) -> None:
    [run] = runs_with(database, ["ada"])
    with database.session_scope() as session:
        session.delete(session.get_one(Run, run))
        session.flush()
        assert session.scalars(select(RunTerm)).all() == []


def test_keeping_twice_keeps_once(database: Database) -> None:
    [run] = runs_with(database, ["ada"])
    with database.session_scope() as session:
        search.keep(session, run, ["ada", "b"])
        assert sorted(session.scalars(select(RunTerm.term))) == ["ada", "b"]
