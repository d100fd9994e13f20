from datetime import UTC, datetime, timedelta

import pytest

from app.admin import records
from app.admin.queries import Slice
from app.core.run_filter import RunFilter
from app.core.runs import Run
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation, held

FLOW = "stripe_customer_to_netsuite"
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def many(parts: Installation) -> None:
    """Thirty, an hour apart: every third held, every tenth asked for by a person."""
    with parts.database.session_scope() as session:
        for number in range(30):
            at = START + timedelta(hours=number)
            state = "held" if number % 3 == 0 else "dead" if number % 3 == 1 else "succeeded"
            cause = "demand" if number % 10 == 0 else "event"
            born = {"created_at": at, "updated_at": at + timedelta(minutes=1)}
            session.add(Run(flow=FLOW, account="main", subject=f"cus_{number:02}", cause=cause, state=state, **born))
            session.flush()


def subjects(parts: Installation, wanted: RunFilter, limit: int = 50, before: int | None = None) -> list[str]:
    with parts.database.session_scope() as session:
        return [row.subject for row in records.find(session, wanted, Slice(limit, before)).rows]


@pytest.mark.usefixtures("many")
def test_several_states_are_merged_in_order(parts: Installation) -> None:
    assert subjects(parts, RunFilter(states=("held", "dead")), 4) == ["cus_28", "cus_27", "cus_25", "cus_24"]


@pytest.mark.usefixtures("many")
def test_a_time_in_the_past_is_found(parts: Installation) -> None:
    wanted = RunFilter(since=START + timedelta(hours=3), until=START + timedelta(hours=5))
    assert subjects(parts, wanted) == ["cus_04", "cus_03"]


@pytest.mark.usefixtures("many")
def test_what_no_index_leads_to_is_looked_for_step_by_step(
    parts: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "REACH", 10)
    found: list[str] = []
    before: int | None = None
    with parts.database.session_scope() as session:
        for _ in range(5):
            page = records.find(session, RunFilter(causes=("demand",)), Slice(50, before))
            found += [row.subject for row in page.rows]
            assert page.next == page.looked_back_to
            before = page.next
            if before is None:
                break
    assert (found, before) == (["cus_20", "cus_10", "cus_00"], None)


@pytest.mark.usefixtures("many")
def test_numbers_are_known_without_counting(parts: Installation) -> None:
    with parts.database.session_scope() as session:
        now = START + timedelta(hours=30)
        assert str(records.number(session, RunFilter(states=("held",)), now)) == "10"
        assert str(records.number(session, RunFilter(since=START + timedelta(hours=20)), now)) == "about 10"
        assert records.number(session, RunFilter(causes=("demand",)), now) is None


def test_text_in_payloads_is_found_over_the_api(client: Client, parts: Installation) -> None:
    parts.systems.objects["cus_held"] = held()
    parts.carried_out(FLOW, ["cus_held", "cus_one"])
    items = client("read").get("/runs", params={"payload": "/v1/customers/cus_one"}).json()["items"]
    assert [one["subject"] for one in items] == ["cus_one"]


def test_a_search_over_the_api(client: Client, parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_one", "cus_two"])
    items = client("read").get("/runs", params={"search": "cus_tw"}).json()["items"]
    assert [one["subject"] for one in items] == ["cus_two"]
