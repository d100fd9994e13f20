import pytest
from sqlalchemy import select

from app.core import jobs
from app.core.audit import AuditEntry
from app.core.retries import Retry
from app.core.runs import Run
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation, ambiguous, held, throttled

FLOW = "stripe_customer_to_netsuite"
DONE, HELD, SLOW = 1, 2, 3


@pytest.fixture(autouse=True)
def some_runs(parts: Installation) -> None:
    parts.systems.objects.update(cus_held=held(), cus_slow=throttled())
    parts.carried_out(FLOW, ["cus_done", "cus_held", "cus_slow"])
    parts.broker.runs.clear()


def state(parts: Installation, run_id: int) -> str:
    with parts.database.session_scope() as session:
        return session.get_one(Run, run_id).state


def audited(parts: Installation) -> list[tuple[str, str, str]]:
    with parts.database.session_scope() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.actor != "cli"))
        return [(row.actor, row.action, row.target) for row in rows]


def test_lists_what_is_not_finished(client: Client) -> None:
    items = client("read").get("/retries").json()["items"]
    assert [(run["id"], run["state"], run["due_at"] is not None) for run in items] == [
        (SLOW, "retrying", True),
        (HELD, "held", False),
    ]


def test_replay_makes_it_due_now(client: Client, parts: Installation) -> None:
    answer = client("operate").post(f"/retries/{HELD}/replay").json()
    assert (answer["state"], answer["cause"], answer["tries"], parts.broker.runs) == (
        "queued",
        "replay",
        0,
        [(HELD, FLOW)],
    )


def test_replayed_run_is_carried_out(client: Client, parts: Installation) -> None:
    client("operate").post(f"/retries/{HELD}/replay")
    del parts.systems.objects["cus_held"]
    assert parts.executor.run(HELD) == "succeeded"


def test_replay_is_audited(client: Client, parts: Installation) -> None:
    client("operate").post(f"/retries/{HELD}/replay")
    assert audited(parts) == [("a operate script", "retry.replayed", "run:2")]


def test_finished_run_is_not_replayed(client: Client) -> None:
    answer = client("operate").post(f"/retries/{DONE}/replay")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        409,
        "Run 1 is succeeded, so it cannot be replayed. To do its work again: "
        "`tieout run stripe_customer_to_netsuite cus_done`.",
    )


def test_refused_replay_is_not_audited(client: Client, parts: Installation) -> None:
    client("operate").post(f"/retries/{DONE}/replay")
    assert audited(parts) == []


def test_replay_of_nothing(client: Client) -> None:
    assert client("operate").post("/retries/99/replay").status_code == 404


def test_replay_while_the_broker_is_away_is_booked(client: Client, parts: Installation) -> None:
    parts.broker.away = True
    answer = client("operate").post(f"/retries/{HELD}/replay")
    with parts.database.session_scope() as session:
        assert (answer.status_code, session.get_one(Retry, HELD).reason) == (200, "queued")


def test_dismissal_keeps_the_reason(client: Client) -> None:
    answer = client("operate").post(f"/retries/{HELD}/dismiss", json={"reason": "Entered by hand."}).json()
    assert (answer["state"], answer["summary"]) == ("dismissed", "Dismissed: Entered by hand.")


def test_dismissed_run_is_not_tried_again(client: Client, parts: Installation) -> None:
    client("operate").post(f"/retries/{SLOW}/dismiss", json={"reason": "Entered by hand."})
    with parts.database.session_scope() as session:
        assert session.get(Retry, SLOW) is None


def test_dismissal_wants_a_reason(client: Client, parts: Installation) -> None:
    client("operate").post(f"/retries/{HELD}/dismiss", json={"reason": ""})
    assert state(parts, HELD) == "held"


def test_dry_run_counts_only(client: Client, parts: Installation) -> None:
    answer = client("operate").post("/retries/replay", json={"filter": {"flow": FLOW}, "dry_run": True})
    assert (answer.status_code, answer.json(), parts.broker.jobs) == (200, {"count": 2}, [])


def test_replay_by_filter_is_a_job(client: Client, parts: Installation) -> None:
    answer = client("operate").post("/retries/replay", json={"filter": {"states": ["held"]}, "reason": "fixed"})
    job = answer.json()
    assert (answer.status_code, job["state"], job["total"], job["reason"], parts.broker.jobs) == (
        202,
        "queued",
        1,
        "fixed",
        [job["id"]],
    )


def test_job_replays_what_the_filter_found(client: Client, parts: Installation) -> None:
    job = client("operate").post("/retries/replay", json={"filter": {"states": ["held"]}}).json()
    jobs.carry_out(parts, job["id"])
    assert (state(parts, HELD), state(parts, SLOW)) == ("queued", "retrying")


def test_progress_of_a_job_is_shown(client: Client, parts: Installation) -> None:
    operator = client("operate")
    job = operator.post("/retries/replay", json={}).json()
    jobs.carry_out(parts, job["id"])
    found = operator.get(f"/jobs/{job['id']}").json()
    assert (found["state"], found["done"], found["total"]) == ("done", 2, 2)


def test_job_is_aborted(client: Client, parts: Installation) -> None:
    operator = client("operate")
    job = operator.post("/retries/replay", json={}).json()
    assert operator.post(f"/jobs/{job['id']}/abort").json()["state"] == "aborted"
    assert jobs.carry_out(parts, job["id"]) is None


def test_finished_job_is_not_aborted(client: Client, parts: Installation) -> None:
    operator = client("operate")
    job = operator.post("/retries/replay", json={}).json()
    jobs.carry_out(parts, job["id"])
    assert operator.post(f"/jobs/{job['id']}/abort").status_code == 409


def test_choose_links_the_candidate_and_replays(client: Client, parts: Installation) -> None:
    parts.systems.objects["cus_two"] = ambiguous()
    [run_id] = parts.carried_out("stripe_customer_to_netsuite", ["cus_two"])
    made = client("operate").post(f"/retries/{run_id}/choose", json={"id": "8"}).json()
    assert (made["stripe_id"], made["netsuite_id"], made["note"]) == (
        "cus_two",
        "8",
        f"Chosen among 2 candidate(s) of run {run_id}.",
    )
    assert client("read").get(f"/runs/{run_id}").json()["state"] == "queued"


def test_choose_what_is_no_candidate(client: Client, parts: Installation) -> None:
    parts.systems.objects["cus_two"] = ambiguous()
    [run_id] = parts.carried_out("stripe_customer_to_netsuite", ["cus_two"])
    assert client("operate").post(f"/retries/{run_id}/choose", json={"id": "9"}).status_code == 409


def test_choose_of_a_run_that_does_not_exist(client: Client) -> None:
    assert client("operate").post("/retries/99/choose", json={"id": "9"}).status_code == 404


def test_hold_keeps_it_back_until_a_replay(client: Client, parts: Installation) -> None:
    answer = client("operate").post(f"/retries/{SLOW}/hold", json={"reason": "NetSuite is being upgraded."}).json()
    assert (answer["state"], answer["due_at"], parts.executor.run(SLOW)) == ("held", None, None)
    assert audited(parts) == [("a operate script", "run.held", f"run:{SLOW}")]


def test_what_is_done_is_not_held(client: Client, parts: Installation) -> None:
    answer = client("operate").post(f"/retries/{DONE}/hold", json={"reason": "Wait."})
    assert (answer.status_code, audited(parts)) == (409, [])
