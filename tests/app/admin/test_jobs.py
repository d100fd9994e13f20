import pytest
from sqlalchemy import select

from app.core import jobs
from app.core.runs import Run
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation, held

FLOW = "stripe_customer_to_netsuite"


@pytest.fixture(autouse=True)
def some_runs(parts: Installation) -> None:
    parts.systems.objects["cus_held"] = held()
    parts.carried_out(FLOW, ["cus_done", "cus_held"])
    parts.broker.runs.clear()


def states(parts: Installation) -> list[str]:
    with parts.database.session_scope() as session:
        return list(session.scalars(select(Run.state).order_by(Run.id)))


def test_counts_before_anything_is_done(client: Client) -> None:
    answer = client("read").post("/records/count", json={"kind": "run", "filter": {"flow": FLOW}})
    assert answer.json() == {"count": 2}


def test_dismisses_what_a_search_finds(client: Client, parts: Installation) -> None:
    wanted = {"kind": "dismiss", "filter": {"search": "cus_held"}, "reason": "Entered by hand."}
    job = client("operate").post("/jobs", json=wanted).json()
    assert (job["state"], job["total"], parts.broker.jobs) == ("queued", 1, [job["id"]])
    assert jobs.carry_out(parts, job["id"]) == "done"
    assert states(parts) == ["succeeded", "dismissed"]


def test_a_job_needs_a_reason(client: Client) -> None:
    assert client("operate").post("/jobs", json={"kind": "replay", "reason": ""}).status_code == 422


def test_reading_starts_nothing(client: Client) -> None:
    assert client("read").post("/jobs", json={"kind": "replay", "reason": "x"}).status_code == 403


def test_what_fits_none_is_refused(client: Client) -> None:
    wanted = {"kind": "hold", "filter": {"states": ["succeeded"]}, "reason": "x"}
    answer = client("operate").post("/jobs", json=wanted)
    assert (answer.status_code, "queued, retrying" in answer.json()["error"]["message"]) == (409, True)


def test_one_job_tells_how_its_runs_stand(client: Client, parts: Installation) -> None:
    operator = client("operate")
    job = operator.post("/jobs", json={"kind": "replay", "reason": "Fixed."}).json()
    jobs.carry_out(parts, job["id"])
    assert operator.get(f"/jobs/{job['id']}").json()["runs"] == {"queued": 1}
    assert [one["subject"] for one in operator.get(f"/runs?job={job['id']}").json()["items"]] == ["cus_held"]


def test_pause_and_resume(client: Client, parts: Installation) -> None:
    operator = client("operate")
    job = operator.post("/jobs", json={"kind": "replay", "reason": "Fixed."}).json()["id"]
    assert operator.post(f"/jobs/{job}/pause").json()["state"] == "paused"
    assert jobs.carry_out(parts, job) is None
    assert operator.post(f"/jobs/{job}/resume", json={"reason": "Go on."}).json()["state"] == "queued"
    assert parts.broker.jobs == [job, job]


def test_back_fill(client: Client, parts: Installation) -> None:
    wanted = {"since": "2026-02-01T00:00:00Z", "reason": "February.", "dry_run": True}
    job = client("operate").post(f"/flows/{FLOW}/backfill", json=wanted).json()
    assert jobs.carry_out(parts, job["id"]) == "done"
    found = client("read").get(f"/jobs/{job['id']}").json()
    assert (found["found"], len(states(parts))) == ({"found": 2, "new": 2}, 2)


def test_back_fill_of_a_flow_that_is_not_there(client: Client) -> None:
    wanted = {"since": "2026-02-01T00:00:00Z", "reason": "x"}
    assert client("operate").post("/flows/nonsense/backfill", json=wanted).status_code == 404
