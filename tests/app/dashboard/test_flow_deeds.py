from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import config as configuration
from app.core import jobs
from app.core.audit import AuditEntry
from app.core.config import Config
from app.core.runs import Run
from app.core.tables import ConfigVersion
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn

FLOW = "stripe_customer_to_netsuite"
INVOICES = "stripe_invoice_to_netsuite"


def chosen(parts: Installation) -> Config:
    with parts.database.session_scope() as session:
        return configuration.current(session)


def notes(parts: Installation) -> list[tuple[str, str]]:
    with parts.database.session_scope() as session:
        return [(row.author, row.note) for row in session.scalars(select(ConfigVersion).order_by(ConfigVersion.id))]


# switches ----------------------------------------------------------------------------------------------------------


def test_is_switched_off_with_a_reason(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("admin")
    page = visitor.after(visitor.post(f"/flows/{FLOW}/switch", {"enabled": "false", "reason": "Cut-over."}))
    assert "takes nothing new" in page.toast
    assert not chosen(parts).is_enabled(parts.catalogue[FLOW])
    assert notes(parts) == [("admin@example.com", "Cut-over.")]
    with parts.database.session_scope() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "config.changed")).one()
    assert (entry.actor, entry.details["note"]) == ("admin@example.com", "Cut-over.")


def test_off_finishes_what_is_queued(parts: Installation, sign_in: SignIn) -> None:
    (run,) = parts.sweeper.on_demand(FLOW, "main", ["cus_a"], cause="event")
    visitor = sign_in("admin")
    visitor.post(f"/flows/{FLOW}/switch", {"enabled": "false", "reason": "x"})
    assert "1 on the way are finished first" in visitor.see(f"/flows/{FLOW}").text
    assert parts.executor.run(run) == "succeeded"


def test_pausing_holds_work_and_resuming_lets_it_go(parts: Installation, sign_in: SignIn) -> None:
    (run,) = parts.sweeper.on_demand(FLOW, "main", ["cus_a"], cause="event")
    visitor = sign_in("operator")
    visitor.post(f"/flows/{FLOW}/pause", {"reason": "Month end."})
    parts.executor.run(run)
    assert "Paused: 1 waits, the oldest since" in visitor.see(f"/flows/{FLOW}").text
    visitor.post(f"/flows/{FLOW}/resume")
    assert parts.executor.run(run) == "succeeded"
    assert [note for _, note in notes(parts)] == ["Month end.", f"{FLOW}: resumed"]


def test_the_schedule_is_set_and_taken_back(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("admin")
    visitor.post(f"/flows/{FLOW}/schedule", {"minutes": "5", "reason": "Faster."})
    assert chosen(parts).interval_of(parts.catalogue[FLOW]) == timedelta(minutes=5)
    visitor.post(f"/flows/{FLOW}/schedule", {"minutes": "", "reason": "As it was."})
    assert chosen(parts).interval_of(parts.catalogue[FLOW]) == timedelta(hours=1)


@pytest.mark.parametrize("minutes", ["0", "-5", "soon", "99999999"])
def test_an_interval_that_cannot_be_is_refused(parts: Installation, sign_in: SignIn, minutes: str) -> None:
    visitor = sign_in("admin")
    answer = visitor.post(f"/flows/{FLOW}/schedule", {"minutes": minutes, "reason": "x"})
    assert "Give whole minutes" in visitor.after(answer).toast
    assert notes(parts) == []


FORBIDDEN = {
    "viewer": ("pause", "resume", "sweep", "ids", "options/compare"),
    "operator": ("switch", "schedule", "options", "options/save"),
}


@pytest.mark.parametrize(("role", "deed"), [(role, deed) for role, deeds in FORBIDDEN.items() for deed in deeds])
def test_roles_are_kept_to(parts: Installation, sign_in: SignIn, role: str, deed: str) -> None:
    fields = {"enabled": "false", "ids": "cus_1", "draft": "{}", "based_on": "0", "minutes": "5"}
    assert sign_in(role).post(f"/flows/{FLOW}/{deed}", fields).status_code == 403
    assert notes(parts) == []


# running it --------------------------------------------------------------------------------------------------------


def test_a_look_is_a_job(parts: Installation, sign_in: SignIn) -> None:
    answer = sign_in("operator").post(f"/flows/{FLOW}/sweep")
    assert (answer.headers["location"], parts.broker.jobs) == ("/jobs/1", [1])
    assert jobs.carry_out(parts, 1) == "done"


def test_ids_are_taken_in_any_layout(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    pasted = 'cus_1, cus_2;"cus_3"\r\ncus_2\tcus_4'
    page = visitor.after(visitor.post(f"/flows/{FLOW}/ids", {"ids": pasted, "reason": "Asked by sales."}))
    assert page.toast == "4 records are queued."
    with parts.database.session_scope() as session:
        assert set(session.scalars(select(Run.subject))) == {"cus_1", "cus_2", "cus_3", "cus_4"}
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "flow.demanded")).one()
    assert entry.details["reason"] == "Asked by sales."


def test_one_id_leads_to_its_record(sign_in: SignIn) -> None:
    answer = sign_in("operator").post(f"/flows/{FLOW}/ids", {"ids": "cus_1"})
    assert answer.headers["location"].startswith("/records/")


def test_ids_of_another_kind_are_named_and_none_is_started(parts: Installation, sign_in: SignIn) -> None:
    answer = sign_in("operator").post(f"/flows/{INVOICES}/ids", {"ids": "in_1 cus_9 <b>x</b>"})
    assert answer.status_code == 422
    assert "2 ids are not of this flow, so none was started. It takes ids such as in_." in answer.text
    assert "<code>cus_9</code>" in answer.text
    assert "<code>&lt;b&gt;x&lt;/b&gt;</code>" in answer.text
    with parts.database.session_scope() as session:
        assert session.scalars(select(Run.id)).all() == []


@pytest.mark.parametrize(("ids", "said"), [(" ,\n", "Paste at least one id."), ("cus_1 " * 1, "")])
def test_nothing_pasted_is_told(sign_in: SignIn, ids: str, said: str) -> None:
    answer = sign_in("operator").post(f"/flows/{FLOW}/ids", {"ids": ids})
    assert (answer.status_code == 422, said in answer.text) == (bool(said), True)


def test_too_many_ids_are_told(sign_in: SignIn) -> None:
    ids = " ".join(f"cus_{number}" for number in range(1001))
    answer = sign_in("operator").post(f"/flows/{FLOW}/ids", {"ids": ids})
    assert "at most 1,000 go at once" in answer.text


def test_the_page_for_ids_says_what_it_takes(sign_in: SignIn) -> None:
    assert "ids such as in_…" in sign_in("viewer").see(f"/flows/{INVOICES}/ids").text
