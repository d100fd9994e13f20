"""Completeness over HTTP: by day, by bucket, with every filter in the address."""

from app.core.completeness import Day
from app.core.completeness_rows import keep
from app.core.inbox import Event
from tests.app.admin.installation import NOW, Installation, held
from tests.app.admin.test_completeness import TODAY, counted
from tests.app.dashboard.conftest import SignIn, Statements


def happened(parts: Installation, number: int) -> None:
    """An event about cus_<number>, stored, dispatched and tried."""
    event = Event(source="stripe", account="main", type="customer.created", occurred_at=NOW.replace(hour=9), body=b"{}")
    event.external_id, event.object_id = f"evt_{number}", f"cus_{number}"
    with parts.database.session_scope() as session:
        session.add(event)
        session.flush()
        event_id = event.id
    parts.dispatcher.dispatch([event_id])
    while parts.broker.runs:
        parts.executor.run(parts.broker.runs.pop()[0])


def test_a_month_without_counts_says_what_to_do(sign_in: SignIn) -> None:
    assert "Nothing was counted of this month." in sign_in("viewer").see("/completeness").text


def test_days_are_filtered_by_what_is_open(parts: Installation, sign_in: SignIn) -> None:
    counted(parts)
    fine = Day("main", TODAY.replace(month=2), 1, 1, 1, 0, 0, 0, 0, 0, ())
    keep(parts.database, [fine], NOW, NOW)
    visitor = sign_in("viewer")
    assert "Sun 01 Mar" in visitor.see("/completeness").text
    assert "No day of this month has anything open." in visitor.see("/completeness?off=true").text
    assert "February 2026: every day adds up." in visitor.see("/completeness?month=2026-02").text


def test_missing_events_are_named_with_what_to_do(parts: Installation, sign_in: SignIn) -> None:
    counted(parts, missing=("evt_9",))
    text = sign_in("viewer").see(f"/completeness/main/{TODAY}").text
    assert "Stripe lists 1 event that did not arrive." in text
    assert "evt_9" in text


def test_a_bucket_shows_its_events_only(parts: Installation, sign_in: SignIn) -> None:
    counted(parts, held=1)
    parts.systems.objects["cus_2"] = held()
    happened(parts, 1)
    happened(parts, 2)
    visitor = sign_in("viewer")
    both = visitor.see(f"/completeness/main/{TODAY}").text
    assert ("evt_1" in both, "evt_2" in both) == (True, True)
    some = visitor.see(f"/completeness/main/{TODAY}?bucket=held&flow=stripe_customer_to_netsuite").text
    assert ("evt_1" in some, "evt_2" in some) == (False, True)


def test_a_day_takes_few_statements(parts: Installation, sign_in: SignIn, statements: Statements) -> None:
    counted(parts)
    for number in range(5):
        happened(parts, number)
    visitor = sign_in("viewer")
    with statements() as seen:
        visitor.see(f"/completeness/main/{TODAY}")
    assert seen.number <= 6, seen.statements


def test_a_month_that_is_none_is_refused(sign_in: SignIn) -> None:
    assert sign_in("viewer").http.get("/completeness?month=2026-13").status_code == 422
