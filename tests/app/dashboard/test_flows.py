from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.runs import Run
from app.core.tables import Cursor
from tests.app.admin.installation import NOW, Installation, held
from tests.app.dashboard.conftest import SignIn, Statements

FLOW = "stripe_customer_to_netsuite"
INVOICES = "stripe_invoice_to_netsuite"
TITLE = "Stripe Customer to NetSuite Customer Add/Update"


@pytest.fixture
def busy(parts: Installation) -> None:
    """Two records done, one held, all of this hour."""
    parts.systems.objects["cus_c"] = held()
    ids = parts.carried_out(FLOW, ["cus_a", "cus_b", "cus_c"])
    with parts.database.session_scope() as session:
        for run in session.scalars(select(Run).where(Run.id.in_(ids))):
            run.updated_at = NOW


def test_lists_flows_with_what_they_did(sign_in: SignIn, busy: None) -> None:
    page = sign_in("viewer").see("/flows")
    assert TITLE in page.text
    assert "runs in the last 24 hours" in page.answer.text
    assert f'href="/records?flow={FLOW}&amp;state=attention">1<' in page.answer.text


def test_asks_the_database_little(sign_in: SignIn, busy: None, statements: Statements) -> None:
    visitor = sign_in("viewer")
    visitor.see("/flows")
    for path, most in (("/flows", 6), (f"/flows/{FLOW}", 11), (f"/flows/{FLOW}/options", 4), ("/help", 2)):
        with statements() as counted:
            visitor.see(path)
        assert counted.number <= most, (path, counted.statements)


@pytest.mark.parametrize(("show", "shown"), [("on", True), ("off", False), ("paused", False), ("attention", True)])
def test_is_narrowed_by_how_they_stand(sign_in: SignIn, busy: None, show: str, shown: bool) -> None:
    page = sign_in("viewer").see(f"/flows?show={show}").answer.text
    assert (f'data-row="{FLOW}"' in page) is shown


def test_counts_of_thirty_days_by_the_day(sign_in: SignIn, busy: None) -> None:
    page = sign_in("viewer").see(f"/flows/{FLOW}?span=30d").text
    assert "2 done in 30 days" in page
    assert "By the day of the last change" in page
    assert "01 Mar 2 0 0 1" in page


def test_tells_when_it_looked_and_looks_next(parts: Installation, sign_in: SignIn) -> None:
    with parts.database.session_scope() as session:
        session.add(Cursor(name=f"{FLOW}/main", last_run_at=NOW - timedelta(minutes=10), found=7, error=None))
    page = sign_in("viewer").see(f"/flows/{FLOW}").text
    assert "10 min ago" in page
    assert "found 7" in page
    assert "next in 50 min" in page


def test_no_such_flow(sign_in: SignIn) -> None:
    sign_in("viewer").see("/flows/nonsense", 404)
