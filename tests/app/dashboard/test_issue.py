import re
from typing import Any

import pytest
from sqlalchemy import select, update

from app.core import config, jobs
from app.core.links import Link
from app.core.plan import change
from app.core.runs import Run
from app.core.tables import ConfigVersion, Issue
from app.errors import Held, PeriodClosed, Unmapped
from tests.app.admin.installation import Installation, ambiguous, held
from tests.app.dashboard.conftest import SignIn

FLOW = "stripe_customer_to_netsuite"
FIRST = 1
PATH = "books.main.accounts.clearing.EUR"
ACCOUNTS = {
    "account": [
        {"id": "11", "acctnumber": "1100", "name": "Stripe clearing", "type": "Bank"},
        {"id": "40", "acctnumber": "4000", "name": "Sales", "type": "Income"},
    ]
}


def issue_of(parts: Installation, error: Exception, subjects: tuple[str, ...] = ("cus_1",)) -> None:
    """The first issue, of these customers."""
    parts.systems.objects.update(dict.fromkeys(subjects, error))
    parts.carried_out(FLOW, list(subjects))
    parts.broker.runs.clear()


def missing(setting: str = PATH) -> Unmapped:
    return Unmapped("No NetSuite clearing account is set for EUR.", setting=setting)


def in_force(parts: Installation) -> dict[str, Any]:
    with parts.database.session_scope() as session:
        return config.document(config.current(session))


def state(parts: Installation) -> str:
    with parts.database.session_scope() as session:
        return session.get_one(Issue, 1).state


def test_says_what_it_is_why_and_what_to_do(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, missing(), ("cus_1", "cus_2"))
    with parts.database.session_scope() as session:
        session.execute(update(Run).values(amount="10.50", currency="eur"))
    text = sign_in("viewer").see("/issues/1").text
    assert "A setting is missing: books.main.accounts.clearing.EUR." in text
    assert "has not been chosen yet" in text
    assert "2 records waiting" in text
    assert "21.00 EUR" in text
    assert "/v1/customers/cus_2" in text
    assert "Setting it needs the role admin." in text


def test_offers_accounts_of_a_fitting_type(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, missing())
    parts.systems.rows = ACCOUNTS
    page = sign_in("admin").see("/issues/1?choose=1").answer.text
    assert ("1100 Stripe clearing (Bank)" in page, "4000 Sales" in page) == (True, False)


def test_asks_for_the_id_when_netsuite_is_away(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, missing())
    text = sign_in("admin").see("/issues/1?choose=1").text
    assert "NetSuite's list could not be read: NetSuite cannot be reached." in text


def test_a_setting_mends_it_and_what_waited_goes_through(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, missing(), ("cus_1", "cus_2"))
    parts.systems.rows = ACCOUNTS
    visitor = sign_in("admin")
    fields = {"setting": PATH, "value": "11", "note": "The new account.", "replay": "1"}
    after = visitor.after(visitor.post("/issues/1/mend", fields))
    assert after.toast == "Version 1 of the configuration is in force. Its records are replayed."
    assert in_force(parts)["books"]["main"]["accounts"] == {"clearing": {"EUR": "11"}}
    with parts.database.session_scope() as session:
        version = session.get_one(ConfigVersion, 1)
        assert (version.author, version.note) == ("admin@example.com", "The new account.")
    parts.systems.objects.clear()
    assert jobs.carry_out(parts, 1) == "done"
    for run_id, _ in list(parts.broker.runs):
        parts.executor.run(run_id)
    assert state(parts) == "resolved"
    text = visitor.see("/issues/1").text
    assert "Resolved by itself: none of its runs is open any more." in text
    assert f"Set {PATH} to 11 (version 1 of the configuration)." in text


@pytest.mark.parametrize("value", ["40", "12", " "])
def test_an_account_that_does_not_fit_is_refused(parts: Installation, sign_in: SignIn, value: str) -> None:
    issue_of(parts, missing())
    parts.systems.rows = ACCOUNTS
    answer = sign_in("admin").post("/issues/1/mend", {"setting": PATH, "value": value})
    assert (answer.status_code, in_force(parts)) == (422, {})


def test_only_its_own_settings_are_set(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, missing())
    answer = sign_in("admin").post("/issues/1/mend", {"setting": "books.main.subsidiary", "value": "1"})
    assert (answer.status_code, in_force(parts)) == (422, {})


def test_an_account_without_books_of_its_own_keeps_those_of_all(parts: Installation, sign_in: SignIn) -> None:
    with parts.database.session_scope() as session:
        first = config.Config(books={"*": config.Books(subsidiary="1")})
        change(session, lambda _: first, actor="ada", note="", flows=parts.catalogue)
    issue_of(parts, missing())
    parts.systems.rows = ACCOUNTS
    sign_in("admin").post("/issues/1/mend", {"setting": "books.*.accounts.clearing.EUR", "value": "11"})
    assert in_force(parts)["books"] == {"*": {"subsidiary": "1", "accounts": {"clearing": {"EUR": "11"}}}}


def test_a_setting_is_tried_without_being_kept(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, missing())
    parts.systems.rows = ACCOUNTS
    parts.systems.objects.clear()
    visitor = sign_in("admin")
    token = visitor.see("/issues/1").form_token
    fields = {"form_token": token, "setting": PATH, "value": "11", "attempt": "1"}
    answer = visitor.http.post("/issues/1/mend", data=fields, headers={"origin": visitor.origin})
    assert (answer.status_code, "without writing anything" in answer.text) == (200, True)
    assert (in_force(parts), parts.systems.books) == ({}, [])
    fetched = set(re.findall(r'hx-get="([^"]+)"', answer.text)) - {"/palette"}
    assert {visitor.get(each).status_code for each in fetched} == {200}
    assert fetched == {"/issues/1"}


def test_a_closed_period_offers_the_policy_of_the_record(parts: Installation, sign_in: SignIn) -> None:
    action = "Open the period, or set `period_policy.creditMemo` to first_open_period; then replay."
    issue_of(parts, PeriodClosed("The accounting period of 2026-01-31 is closed.", action=action))
    visitor = sign_in("admin")
    assert "period_policy.creditMemo" in visitor.see("/issues/1").text
    visitor.post("/issues/1/mend", {"setting": "period_policy.creditMemo", "value": "current_date"})
    assert in_force(parts)["period_policy"] == {"creditMemo": "current_date"}


def test_a_catch_all_customer_is_set_for_the_account(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, Held("Charge ch_1 has no customer.", code="no_customer"))
    sign_in("admin").post("/issues/1/mend", {"setting": "books.main.catch_all_customer", "value": "77"})
    assert in_force(parts)["books"] == {"main": {"catch_all_customer": "77"}}


def test_a_currency_is_added_to_those_there(parts: Installation, sign_in: SignIn) -> None:
    with parts.database.session_scope() as session:
        first = config.Config(books={"main": config.Books(currencies=("USD",))})
        change(session, lambda _: first, actor="ada", note="", flows=parts.catalogue)
    issue_of(parts, missing("customers.currencies"))
    sign_in("admin").post("/issues/1/mend", {"setting": "books.main.currencies", "value": "eur"})
    assert in_force(parts)["books"]["main"] == {"currencies": ["USD", "EUR"]}


def test_a_candidate_is_chosen(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, ambiguous())
    visitor = sign_in("operator")
    assert "Ada Works" in visitor.see("/issues/1").text
    after = visitor.after(visitor.post("/issues/1/choose", {"run": "1", "candidate": "7"}))
    assert after.toast == "7 is chosen, and record 1 is tried again now."
    with parts.database.session_scope() as session:
        assert session.scalars(select(Link.netsuite_id)).all() == ["7"]


def test_two_records_are_linked_by_hand(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, held())
    fields = {"role": "cust", "stripe_id": "cus_1", "netsuite_id": "4711", "note": "By phone."}
    visitor = sign_in("operator")
    after = visitor.after(visitor.post("/issues/1/link", fields))
    assert after.toast == "cus_1 is linked to customer 4711. Replay what waits for it."
    assert visitor.post("/issues/1/link", fields | {"netsuite_id": "4711 or so"}).status_code == 409


def test_what_a_person_decides_is_kept_with_its_reason(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, held())
    visitor = sign_in("operator")
    visitor.post("/issues/1/decide", {"do": "snooze", "days": "7", "reason": "After the audit."})
    assert "Was open, is snoozed now until 2026-03-08 12:00 UTC. After the audit." in visitor.see("/issues/1").text
    visitor.post("/issues/1/decide", {"do": "open"})
    assert state(parts) == "open"
    visitor.post("/issues/1/assign", {"assignee": "operator@example.com"})
    visitor.post("/issues/1/note", {"text": "Asked <b>Ada</b>."})
    page = visitor.see("/issues/1")
    assert "Assigned to operator@example.com." in page.text
    assert "Asked &lt;b&gt;Ada" in page.answer.text


def test_all_its_records_are_replayed(parts: Installation, sign_in: SignIn) -> None:
    issue_of(parts, held(), ("cus_1", "cus_2"))
    visitor = sign_in("operator")
    after = visitor.after(visitor.post("/issues/1/replay", {"reason": "Linked."}))
    assert after.toast == f"Job 1 replays the records of issue {FIRST}."
    assert parts.broker.jobs == [1]


@pytest.mark.parametrize(
    ("role", "deed", "fields"),
    [
        ("viewer", "decide", {"do": "resolve"}),
        ("viewer", "assign", {}),
        ("viewer", "note", {"text": "x"}),
        ("viewer", "replay", {}),
        ("viewer", "choose", {"run": "1", "candidate": "7"}),
        ("viewer", "link", {"role": "cust", "stripe_id": "cus_1", "netsuite_id": "1"}),
        ("operator", "mend", {"setting": PATH, "value": "11"}),
    ],
)
def test_each_deed_needs_its_role(
    parts: Installation, sign_in: SignIn, role: str, deed: str, fields: dict[str, str]
) -> None:
    issue_of(parts, missing())
    assert sign_in(role).post(f"/issues/1/{deed}", fields).status_code == 403
    assert (state(parts), in_force(parts), parts.broker.jobs) == ("open", {}, [])


def test_there_is_no_such_issue(sign_in: SignIn) -> None:
    sign_in("viewer").see("/issues/9", 404)
