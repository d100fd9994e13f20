import pytest
from sqlalchemy import select

from app.core import jobs
from app.core.run_filter import RunFilter
from app.core.runs import Run
from app.core.tables import Job
from tests.app.admin.installation import Installation, held
from tests.app.dashboard.conftest import SignIn, Statements

FLOW = "stripe_customer_to_netsuite"


@pytest.fixture
def job(parts: Installation) -> int:
    """A replay of three held records that asks after the first."""
    subjects = ["cus_a", "cus_b", "cus_c"]
    parts.systems.objects.update({one: held() for one in subjects})
    parts.carried_out(FLOW, subjects)
    with parts.database.session_scope() as session:
        made = jobs.start(session, "replay", RunFilter(), actor="ada", reason="<b>Fixed</b>", canary=1)
    return made.id


def state(parts: Installation, job_id: int) -> str:
    with parts.database.session_scope() as session:
        return session.get_one(Job, job_id).state


def test_lists_jobs_with_their_progress(sign_in: SignIn, job: int) -> None:
    text = sign_in("viewer").see("/jobs").text
    assert "Replay" in text
    assert "0 of 3" in text


def test_a_reason_is_shown_as_text(sign_in: SignIn, job: int) -> None:
    page = sign_in("viewer").see(f"/jobs/{job}").answer.text
    assert ("<b>Fixed" in page, "&lt;b&gt;Fixed" in page) == (False, True)


def test_asks_the_database_little(sign_in: SignIn, job: int, statements: Statements) -> None:
    visitor = sign_in("viewer")
    visitor.see("/jobs")
    with statements() as counted:
        visitor.see("/jobs")
    assert counted.number <= 6
    with statements() as counted:
        visitor.see(f"/jobs/{job}")
    assert counted.number <= 9


def test_says_when_it_asks_and_goes_on_when_resumed(parts: Installation, sign_in: SignIn, job: int) -> None:
    assert jobs.carry_out(parts, job) == "paused"
    visitor = sign_in("operator")
    assert "The first one is on the way" in visitor.see(f"/jobs/{job}").text
    visitor.post(f"/jobs/{job}/resume")
    assert parts.broker.jobs == [job]
    assert jobs.carry_out(parts, job) == "done"


def test_pauses_and_aborts(parts: Installation, sign_in: SignIn, job: int) -> None:
    visitor = sign_in("operator")
    visitor.post(f"/jobs/{job}/pause")
    assert state(parts, job) == "paused"
    assert visitor.after(visitor.post(f"/jobs/{job}/abort")).toast == f"Job {job} stops after the records it is at."
    assert state(parts, job) == "aborted"


def test_what_cannot_be_done_is_told(sign_in: SignIn, job: int) -> None:
    assert sign_in("operator").post(f"/jobs/{job}/resume").status_code == 409


def test_no_such_job(sign_in: SignIn) -> None:
    sign_in("viewer").see("/jobs/77", 404)


@pytest.mark.parametrize("deed", ["pause", "resume", "abort"])
def test_a_viewer_may_not_steer(parts: Installation, sign_in: SignIn, job: int, deed: str) -> None:
    assert sign_in("viewer").post(f"/jobs/{job}/{deed}").status_code == 403
    assert state(parts, job) == "queued"


def test_failures_lead_to_their_records(parts: Installation, sign_in: SignIn, job: int) -> None:
    jobs.carry_out(parts, job)
    parts.executor.run(1)
    page = sign_in("viewer").see(f"/jobs/{job}").answer.text
    assert 'href="/records/1"' in page
    assert f'href="/records?job={job}&amp;state=held"' in page


def test_a_rehearsal_tells_what_would_come_of_it(parts: Installation, sign_in: SignIn, job: int) -> None:
    del parts.systems.objects["cus_a"]
    with parts.database.session_scope() as session:
        made = jobs.start(session, "replay", RunFilter(), actor="ada", reason="Try.", dry_run=True).id
    assert jobs.carry_out(parts, made) == "done"
    text = sign_in("viewer").see(f"/jobs/{made}").text
    assert "1 succeeded" in text
    assert "2 held" in text
    with parts.database.session_scope() as session:
        assert set(session.scalars(select(Run.state))) == {"held"}


def test_a_back_fill_is_started(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    fields = {"flow": FLOW, "since": "2026-02-27", "until": "2026-02-28", "reason": "February."}
    assert "looks at 1 day(s)" in visitor.after(visitor.post("/jobs/backfill", fields)).toast
    assert jobs.carry_out(parts, 1) == "done"
    with parts.database.session_scope() as session:
        rows = session.execute(select(Run.subject, Run.cause, Run.job_id).order_by(Run.id)).all()
    assert [tuple(row) for row in rows] == [("cus_swept1", "sweep", 1), ("cus_swept2", "sweep", 1)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"since": "yesterday"}, "From: choose a day."),
        ({"reason": ""}, "Say why"),
        ({"since": "2026-02-28", "until": "2026-02-01"}, "lies after its beginning"),
        ({"flow": "nonsense"}, "There is no flow"),
        ({"flow": "stripe_invoice_to_netsuite"}, "has no sweep"),
    ],
)
def test_a_back_fill_that_cannot_be_says_why(sign_in: SignIn, changed: dict[str, str], said: str) -> None:
    fields = {"flow": FLOW, "since": "2026-02-01", "until": "", "reason": "x"}
    answer = sign_in("operator").post("/jobs/backfill", fields | changed)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_a_sweep_is_started(parts: Installation, sign_in: SignIn) -> None:
    sign_in("operator").post("/jobs/sweep", {"flow": FLOW})
    assert jobs.carry_out(parts, 1) == "done"
