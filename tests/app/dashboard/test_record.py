import pytest
from sqlalchemy import select

from app.core import config as configuration
from app.core.attempts import Attempt
from app.core.audit import AuditEntry
from app.core.config import Config
from app.core.inbox import Event
from app.core.links import Link
from app.core.runs import Run
from app.errors import Held
from tests.app.admin.installation import NOW, Installation, ambiguous, held, throttled
from tests.app.dashboard.conftest import SignIn, Statements

CUSTOMERS = "stripe_customer_to_netsuite"
DONE, HELD, SLOW, TORN = 1, 2, 3, 4
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(autouse=True)
def some_runs(parts: Installation) -> None:
    parts.systems.objects.update(cus_held=held(), cus_slow=throttled(), cus_torn=ambiguous())
    parts.carried_out(CUSTOMERS, ["cus_done", "cus_held", "cus_slow", "cus_torn"])
    parts.broker.runs.clear()


def state(parts: Installation, run_id: int) -> str:
    with parts.database.session_scope() as session:
        return session.get_one(Run, run_id).state


def audited(parts: Installation) -> tuple[str, str, str, str]:
    with parts.database.session_scope() as session:
        row = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert row is not None
        return row.actor, row.action, row.target, row.details.get("reason", "")


# looking -----------------------------------------------------------------------------------------------------------


def test_it_says_what_happened_and_what_to_do(sign_in: SignIn) -> None:
    said = sign_in("viewer").see(f"/records/{HELD}").text
    assert "Two customers have this e-mail address." in said
    assert "What to do: Link one of them by hand, then replay." in said


def test_the_timeline_tells_each_call(sign_in: SignIn) -> None:
    said = sign_in("viewer").see(f"/records/{DONE}").text
    assert "Attempt 1 succeeded" in said
    assert "Fetch Stripe GET /v1/customers/cus_done 200 3 ms" in said


def test_a_configuration_that_changed_in_between_is_told(sign_in: SignIn, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        configuration.save(session, Config(), author="ada@example.com", note="New clearing account")
    said = sign_in("viewer").see(f"/records/{HELD}").text
    assert "Configuration version 1 put in force by ada@example.com" in said


def test_the_number_of_statements_is_bounded(sign_in: SignIn, parts: Installation, statements: Statements) -> None:
    parts.carried_out(CUSTOMERS, ["cus_held"] * 3)
    with parts.database.session_scope() as session:
        for number in range(2, 9):
            session.add(Attempt(run_id=HELD, flow="things", number=number, outcome="held", summary="Again."))
    visitor = sign_in("operator")
    with statements() as counted:
        assert visitor.get(f"/records/{HELD}?of=state=held").status_code == 200
    assert counted.number <= 18


def test_there_is_no_such_record(sign_in: SignIn) -> None:
    assert "There is no record 99." in sign_in("viewer").see("/records/99", 404).text


def test_hostile_text_is_shown_as_text(sign_in: SignIn, parts: Installation) -> None:
    parts.systems.objects["cus_bad"] = Held(HOSTILE, action=HOSTILE)
    [run_id] = parts.carried_out(CUSTOMERS, ["cus_bad"])
    with parts.database.session_scope() as session:
        row = session.get_one(Run, run_id)
        row.title, row.notes = HOSTILE, [HOSTILE]
        row.candidates = [
            {"system": "netsuite", "type": "customer", "id": "7", "label": HOSTILE, "why": HOSTILE},
            {"system": "netsuite", "type": "customer", "id": "8", "label": HOSTILE, "why": HOSTILE}
            | {"verdict": "rejected", "rule": HOSTILE},
        ]
    page = sign_in("admin").see(f"/records/{run_id}").answer.text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 8


def test_the_preview_shows_what_would_be_written(sign_in: SignIn) -> None:
    said = sign_in("operator").see(f"/records/{DONE}/preview").text
    assert "Would make 1 write." in said
    assert "companyName CUS_DONE The flow" in said


def test_a_preview_that_is_held_says_why(sign_in: SignIn) -> None:
    said = sign_in("operator").see(f"/records/{TORN}/preview").text
    assert "would be held 2 customers have this e-mail." in said


@pytest.mark.parametrize("part", ["preview", "compare"])
def test_a_viewer_asks_no_other_system(sign_in: SignIn, part: str) -> None:
    visitor = sign_in("viewer")
    assert visitor.get(f"/records/{DONE}/{part}").status_code == 403
    assert f"/records/{DONE}/{part}" not in visitor.see(f"/records/{DONE}").answer.text


def test_o_opens_it_in_the_other_system(sign_in: SignIn, parts: Installation) -> None:
    account = parts.settings.stripe["main"]
    parts.settings.stripe["main"] = account.model_copy(update={"api_base": "https://api.stripe.com"})
    page = sign_in("viewer").see(f"/records/{DONE}").answer.text
    url = "https://dashboard.stripe.com/test/customers/cus_done"
    assert f'href="{url}" target="_blank" rel="noopener noreferrer" data-shortcut="o"' in page


def test_why_it_matched_is_told_with_what_was_rejected(sign_in: SignIn, parts: Installation) -> None:
    one = {"system": "netsuite", "type": "customer", "id": "7", "label": "Ada", "why": "the only one", "rule": "e-mail"}
    with parts.database.session_scope() as session:
        row = session.get_one(Run, DONE)
        row.candidates = [one | {"verdict": "chosen"}, one | {"id": "8", "why": "it is void", "verdict": "rejected"}]
    said = sign_in("viewer").see(f"/records/{DONE}").text
    assert "Ada customer 7 chosen the only one e-mail Ada customer 8 rejected it is void e-mail" in said


def test_a_later_record_points_to_the_one_that_was_matched(sign_in: SignIn, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        told = {"system": "netsuite", "type": "customer", "id": "7", "label": "Ada", "why": "x", "rule": "e-mail"}
        session.get_one(Run, DONE).candidates = [told | {"verdict": "chosen"}]
    [later] = parts.carried_out(CUSTOMERS, ["cus_done"])
    assert f"Decided by record {DONE} ; since then the link says it." in sign_in("viewer").see(f"/records/{later}").text


# walking along the list --------------------------------------------------------------------------------------------


def test_the_next_of_the_list_it_came_from(sign_in: SignIn) -> None:
    page = sign_in("viewer").see(f"/records/{SLOW}?of=q%3Dcus_slow").answer.text
    assert 'rel="next"' not in page
    page = sign_in("viewer").see(f"/records/{TORN}?of=state%3Dattention").answer.text
    assert f'rel="next" data-shortcut="j" href="/records/{HELD}?of=state%3Dattention"' in page


def test_the_previous_of_the_list_it_came_from(sign_in: SignIn) -> None:
    page = sign_in("viewer").see(f"/records/{HELD}?of=state%3Dattention").answer.text
    assert f'rel="prev" data-shortcut="k" href="/records/{TORN}?of=state%3Dattention"' in page


def test_the_list_is_known_by_the_page_that_led_here(sign_in: SignIn, base_url: str) -> None:
    page = sign_in("viewer").get(f"/records/{TORN}", referer=f"{base_url}/records?state=held").text
    assert f'href="/records/{HELD}?of=state%3Dheld"' in page


# by an id of either system -----------------------------------------------------------------------------------------


def test_by_a_stripe_id_one_comes_to_its_record(sign_in: SignIn) -> None:
    assert sign_in("viewer").get("/records/stripe/cus_held").headers["location"] == f"/records/{HELD}"


def test_by_a_netsuite_id_one_comes_to_the_record_it_is_linked_to(sign_in: SignIn, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        names = {"account": "main", "netsuite_type": "customer", "netsuite_id": "501", "origin": "stripe"}
        session.add(Link(external_id="stripe-cust-cus_done", role="cust", stripe_id="cus_done", **names))
    visitor = sign_in("viewer")
    assert visitor.get("/records/netsuite/customer/501").headers["location"] == f"/records/{DONE}"
    assert "Nothing is known of invoice 501." in visitor.see("/records/netsuite/invoice/501").text


def test_several_records_of_one_object_are_listed(sign_in: SignIn, parts: Installation) -> None:
    parts.carried_out(CUSTOMERS, ["cus_done"])
    said = sign_in("viewer").see("/records/stripe/cus_done").text
    assert said.count("Stripe Customer to NetSuite Customer Add/Update") == 2


# deeds -------------------------------------------------------------------------------------------------------------


def test_replay(sign_in: SignIn, parts: Installation) -> None:
    visitor = sign_in("operator")
    answer = visitor.post(f"/records/{HELD}/replay", {"reason": "The e-mail is unique now.", "of": "state=held"})
    assert answer.headers["location"] == f"/records/{HELD}?of=state%3Dheld"
    assert visitor.after(answer).toast == "It is queued: it is tried again now."
    assert (state(parts, HELD), parts.broker.runs) == ("queued", [(HELD, CUSTOMERS)])
    assert audited(parts)[1:] == ("retry.replayed", f"run:{HELD}", "The e-mail is unique now.")


def test_run_again_makes_a_run_of_its_own(sign_in: SignIn, parts: Installation) -> None:
    answer = sign_in("operator").post(f"/records/{DONE}/run", {"flow": CUSTOMERS, "reason": "The name changed."})
    assert answer.headers["location"] == "/records/5"
    assert audited(parts)[1:] == ("flow.demanded", f"flow:{CUSTOMERS}", "The name changed.")


def test_a_flow_that_does_not_take_the_object_is_refused(sign_in: SignIn) -> None:
    answer = sign_in("operator").post(f"/records/{DONE}/run", {"flow": "stripe_invoice_to_netsuite"})
    assert (answer.status_code, "takes ids such as in_" in answer.text) == (422, True)


def test_hold_keeps_it_back(sign_in: SignIn, parts: Installation) -> None:
    visitor = sign_in("operator")
    answer = visitor.post(f"/records/{SLOW}/hold", {"reason": "NetSuite is being upgraded."})
    assert visitor.after(answer).toast == "It is held back until somebody replays it."
    assert parts.executor.run(SLOW) is None
    assert audited(parts)[1:] == ("run.held", f"run:{SLOW}", "NetSuite is being upgraded.")


def test_what_is_held_back_is_an_issue(sign_in: SignIn, parts: Installation) -> None:
    sign_in("operator").post(f"/records/{SLOW}/hold", {"reason": "NetSuite is being upgraded."})
    with parts.database.session_scope() as session:
        assert session.get_one(Run, SLOW).issue_id is not None


def test_a_finished_record_is_not_held(sign_in: SignIn) -> None:
    answer = sign_in("operator").post(f"/records/{DONE}/hold", {"reason": "Wait."})
    assert (answer.status_code, "it cannot be held" in answer.text) == (409, True)


def test_dismiss(sign_in: SignIn, parts: Installation) -> None:
    sign_in("operator").post(f"/records/{HELD}/dismiss", {"reason": "Entered by hand."})
    assert state(parts, HELD) == "dismissed"
    assert audited(parts)[1:] == ("retry.dismissed", f"run:{HELD}", "Entered by hand.")


@pytest.mark.parametrize("deed", ["hold", "dismiss"])
def test_a_reason_is_wanted(sign_in: SignIn, parts: Installation, deed: str) -> None:
    assert sign_in("operator").post(f"/records/{SLOW}/{deed}", {"reason": " "}).status_code == 409
    assert state(parts, SLOW) == "retrying"


def test_choose(sign_in: SignIn, parts: Installation) -> None:
    visitor = sign_in("operator")
    answer = visitor.post(f"/records/{TORN}/choose", {"candidate": "8", "reason": "She moved."})
    assert visitor.after(answer).toast == "8 is chosen, and the record is tried again now."
    with parts.database.session_scope() as session:
        link = session.scalars(select(Link)).one()
    assert (link.external_id, link.netsuite_id, state(parts, TORN)) == ("stripe-cust-cus_torn", "8", "queued")
    assert link.note == f"Chosen among 2 candidate(s) of run {TORN}. She moved."


@pytest.mark.parametrize("deed", ["replay", "run", "hold", "dismiss", "choose"])
def test_a_viewer_changes_nothing(sign_in: SignIn, parts: Installation, deed: str) -> None:
    fields = {"flow": CUSTOMERS, "reason": "x", "candidate": "8"}
    assert sign_in("viewer").post(f"/records/{TORN}/{deed}", fields).status_code == 403
    assert state(parts, TORN) == "held"


def test_a_viewer_is_offered_nothing(sign_in: SignIn) -> None:
    page = sign_in("viewer").see(f"/records/{TORN}").answer.text
    assert 'action="/records/' not in page


def test_the_events_of_its_object_are_told(sign_in: SignIn, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        born = session.get_one(Run, HELD).created_at
        names = {"source": "stripe", "account": "main", "type": "customer.updated", "object_id": "cus_held"}
        session.add(Event(external_id="evt_1", body=b"{}", headers={}, received_at=born, occurred_at=NOW, **names))
    assert "Stripe says customer.updated" in sign_in("viewer").see(f"/records/{HELD}").text
