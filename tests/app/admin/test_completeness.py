"""Completeness over the API: what was counted, and counting anew as a job."""

from datetime import UTC, date, datetime

import pytest

from app.admin.completeness import count_now
from app.core.completeness import Day
from app.core.completeness_rows import keep
from app.core.job_work import carry_out
from app.core.tables import Job
from tests.app.admin.conftest import Client
from tests.app.admin.installation import NOW, Installation

TODAY = NOW.date()


def counted(parts: Installation, *, held: int = 0, missing: tuple[str, ...] = ()) -> None:
    """Today: four events at Stripe, of which some are held or missing and the others done."""
    stored = 4 - len(missing)
    day = Day("main", TODAY, 4, stored, stored - held, 0, held, 0, 0, 0, missing)
    keep(parts.database, [day], datetime(2026, 3, 1, 11, tzinfo=UTC), NOW)


def test_the_month_is_what_is_shown_when_nothing_is_asked(client: Client, parts: Installation) -> None:
    counted(parts, held=1)
    answer = client("read").get("/completeness").json()
    assert [(one["day"], one["adds_up"]) for one in answer["days"]] == [("2026-03-01", True)]
    assert (answer["total"]["share"], answer["total"]["held"], answer["total"]["adds_up"]) == (75.0, 1, True)


def test_a_day_with_something_missing_does_not_add_up(client: Client, parts: Installation) -> None:
    counted(parts, missing=("evt_1",))
    answer = client("read").get(f"/completeness/main/{TODAY}").json()
    assert (answer["adds_up"], answer["missing"], answer["flows"]) == (False, ["evt_1"], [])


@pytest.mark.parametrize("path", ["/completeness/main/2026-02-01", "/completeness/other/2026-03-01"])
def test_a_day_that_was_not_counted_is_not_found(client: Client, parts: Installation, path: str) -> None:
    counted(parts)
    assert client("read").get(path).status_code == 404


def test_the_range_has_an_end(client: Client) -> None:
    since = {"since": str(date(2020, 1, 1)), "until": str(TODAY)}
    assert client("read").get("/completeness", params=since).status_code == 422


def test_counting_is_a_job_that_operators_start(client: Client, parts: Installation) -> None:
    assert client("read").post("/completeness", json={}).status_code == 403
    operator = client("operate")
    first = operator.post("/completeness", json={"reason": "month end"}).json()
    again = operator.post("/completeness", json={}).json()
    assert (first["kind"], first["id"]) == ("completeness", again["id"])


def test_the_job_tells_what_does_not_add_up(parts: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    job = count_now(parts, actor="test")
    short = Day("main", TODAY, 2, 1, 1, 0, 0, 0, 0, 0, ("evt_2",))
    monkeypatch.setattr(parts.sweeper, "completeness", lambda: [short])
    assert carry_out(parts, job.id) == "done"
    with parts.database.session_scope() as session:
        assert session.get_one(Job, job.id).message == "Does not add up: main, 2026-03-01."
