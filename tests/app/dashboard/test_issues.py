from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.tables import Issue, Job
from app.errors import Unmapped
from tests.app.admin.installation import NOW, Installation, held, throttled
from tests.app.dashboard.conftest import SignIn, Statements

FLOW = "stripe_customer_to_netsuite"
MISSING = Unmapped("No NetSuite item is set.", setting="books.main.items.default")


@pytest.fixture(autouse=True)
def two_issues(parts: Installation) -> None:
    """Two held customers make the first issue; one without an item the second."""
    parts.systems.objects.update(cus_1=held(), cus_2=held(), cus_3=MISSING)
    parts.carried_out(FLOW, ["cus_1", "cus_2", "cus_3"])
    parts.broker.runs.clear()


def states(parts: Installation) -> list[str]:
    with parts.database.session_scope() as session:
        return list(session.scalars(select(Issue.state).order_by(Issue.id)))


def audited(parts: Installation) -> list[tuple[str, str, str, dict[str, Any]]]:
    with parts.database.session_scope() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.actor.contains("@")).order_by(AuditEntry.id))
        return [(row.actor, row.action, row.target, row.details) for row in rows]


def test_lists_what_is_to_do_in_sentences(sign_in: SignIn) -> None:
    text = sign_in("viewer").see("/issues").text
    assert "A person has to decide." in text
    assert "A setting is missing: books.main.items.default." in text
    assert "To do 2" in text
    assert "Choose it once; every record that waits" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("state=resolved", 0),
        ("state=all", 2),
        ("flow=other", 0),
        ("q=items.DEFAULT", 1),
        ("q=100%25", 0),
        ("assignee=-", 2),
        ("assignee=ada@example.com", 0),
        ("before=2", 1),
        ("state=nonsense", 2),
    ],
)
def test_a_filter_narrows_the_list(sign_in: SignIn, query: str, found: int) -> None:
    page = sign_in("viewer").see(f"/issues?{query}").answer.text
    assert page.count('<tr data-row="') == found


def test_asks_the_database_little(sign_in: SignIn, statements: Statements) -> None:
    visitor = sign_in("operator")
    visitor.see("/issues")
    with statements() as counted:
        visitor.see("/issues")
    assert counted.number <= 9
    with statements() as counted:
        visitor.see("/issues/1")
    assert counted.number <= 13


def test_hostile_text_is_shown_as_text(parts: Installation, sign_in: SignIn) -> None:
    parts.systems.objects["cus_x"] = Unmapped("<script>alert(1)</script>", setting="books.<img src=x>")
    parts.carried_out(FLOW, ["cus_x"])
    visitor = sign_in("operator")
    for path in ("/issues", "/issues/3", "/issues?q=<img"):
        page = visitor.see(path).answer.text
        assert ("<img src" in page, "<script>alert" in page, "&lt;img" in page) == (False, False, True)


def test_errors_are_counted_by_flow_and_hour(parts: Installation, sign_in: SignIn) -> None:
    with parts.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attempts SET started_at = %s", (NOW - timedelta(hours=2),))
    text = sign_in("viewer").see("/issues").text
    assert "Customer Add/Update 3 ·" in text
    assert "10:00" in text


def test_waiting_for_another_object_is_no_error(parts: Installation, sign_in: SignIn) -> None:
    with parts.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attempts SET started_at = %s, error_class = 'link_missing'", (NOW,))
    assert "No attempt has failed in the last 24 hours." in sign_in("viewer").see("/issues").text


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"do": "acknowledge"}, "acknowledged"),
        ({"do": "ignore"}, "ignored"),
        ({"do": "resolve"}, "resolved"),
        ({"do": "snooze", "days": "3"}, "snoozed"),
    ],
)
def test_several_are_decided_at_once(parts: Installation, sign_in: SignIn, fields: dict[str, str], state: str) -> None:
    visitor = sign_in("operator")
    after = visitor.after(visitor.post("/issues/bulk", {**fields, "ids": ["1", "2"], "reason": "Month end."}))
    assert after.toast.startswith("2 issues are")
    assert states(parts) == [state, state]
    actor, action, target, details = audited(parts)[0]
    assert (actor, action, target) == ("operator@example.com", f"issue.{state}", "issue:1")
    assert (details["reason"], details["state"]) == ("Month end.", ["open", state])


def test_all_or_none(parts: Installation, sign_in: SignIn) -> None:
    answer = sign_in("operator").post("/issues/bulk", {"do": "resolve", "ids": ["1", "77"]})
    assert (answer.status_code, states(parts)) == (404, ["open", "open"])


def test_several_are_given_to_somebody(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    visitor.post("/issues/bulk", {"do": "assign", "ids": ["1", "2"], "assignee": "ada@example.com"})
    assert visitor.see("/issues?assignee=ada@example.com").answer.text.count('<tr data-row="') == 2


def test_several_are_replayed_as_jobs(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    after = visitor.after(visitor.post("/issues/bulk", {"do": "replay", "ids": ["1", "2"], "reason": "Mended."}))
    assert after.toast == "3 record(s) are replayed, see Jobs."
    with parts.database.session_scope() as session:
        rows = session.execute(select(Job.total, Job.reason).order_by(Job.id)).all()
    assert ([tuple(row) for row in rows], parts.broker.jobs) == ([(2, "Mended."), (1, "Mended.")], [1, 2])


def test_nothing_ticked_is_told(sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    assert visitor.after(visitor.post("/issues/bulk", {"do": "resolve"})).toast.startswith("Tick the issues")


@pytest.mark.parametrize("do", ["acknowledge", "assign", "replay"])
def test_a_viewer_decides_nothing(parts: Installation, sign_in: SignIn, do: str) -> None:
    assert sign_in("viewer").post("/issues/bulk", {"do": do, "ids": ["1"]}).status_code == 403
    assert (states(parts), parts.broker.jobs) == (["open", "open"], [])


def test_nothing_waits(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    visitor.post("/issues/bulk", {"do": "resolve", "ids": ["1", "2"]})
    assert "Nothing waits for you." in visitor.see("/issues").text


def test_retries_join_once_they_last(parts: Installation, sign_in: SignIn) -> None:
    parts.systems.objects["cus_9"] = throttled()
    parts.carried_out(FLOW, ["cus_9"])
    assert "slow down" not in sign_in("viewer").see("/issues").text
