import pytest

from tests.app.admin import payout_rows as rows
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn, Statements

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture(autouse=True)
def _kept(parts: Installation) -> None:
    back = rows.payout(2, status="failed", deposited=0, failure_message=HOSTILE)
    rows.keep(parts.database, [rows.payout(1), back, rows.payout(3, deposited=9_500)])
    rows.keep(parts.database, [rows.movement(1, "po_3", description=HOSTILE), rows.movement(2, "po_3")])
    differences = [rows.wrong(payout="po_3", sentence=f"It differs {HOSTILE}.")]
    rows.keep(parts.database, [rows.compared(agrees=False, differences=differences)])


def test_the_list_tells_what_to_do(sign_in: SignIn) -> None:
    text = sign_in("viewer").see("/payouts").text
    assert "differs po_3 100.00 USD 95.00 USD -5.00 USD NetSuite's bank account has another amount" in text
    assert "does not tie out" in text


def test_filters(sign_in: SignIn) -> None:
    text = sign_in("viewer").see("/payouts?differs=true&month=&state=").text
    assert ("po_3" in text, "po_1" in text) == (True, False)


def test_nothing_fits(sign_in: SignIn) -> None:
    assert "No payout fits these filters. Show all payouts" in sign_in("viewer").see("/payouts?month=2020-01").text


def test_one(sign_in: SignIn) -> None:
    text = sign_in("viewer").see("/payouts/po_3").text
    assert "What does not tie out" in text
    assert "Together, in USD 2 206.40 -6.40 200.00 -100.00 USD of the payout are in none of these." in text


@pytest.mark.parametrize("path", ["/payouts", "/payouts/po_3", "/payouts/po_2", "/payouts/tie-out"])
def test_texts_of_others_stay_texts(sign_in: SignIn, path: str) -> None:
    assert HOSTILE not in sign_in("viewer").see(path).answer.text


def test_a_payout_that_is_not_known(sign_in: SignIn) -> None:
    assert "There is no payout po_9 here." in sign_in("viewer").see("/payouts/po_9", 404).text


@pytest.mark.parametrize(("path", "most"), [("/payouts", 9), ("/payouts/po_3", 14), ("/payouts/tie-out", 8)])
def test_few_questions_to_the_database(sign_in: SignIn, statements: Statements, path: str, most: int) -> None:
    visitor = sign_in("viewer")
    with statements() as counted:
        visitor.see(path)
    assert counted.number <= most


@pytest.mark.parametrize("path", ["/payouts/tie-out", "/payouts/po_3/post", "/payouts/po_3/lines/txn_1/bring"])
def test_a_viewer_changes_nothing(sign_in: SignIn, path: str) -> None:
    assert sign_in("viewer").post(path, {"reason": "x"}).status_code == 403


def test_comparing_is_asked_for(parts: Installation, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    page = operator.after(operator.post("/payouts/tie-out", {"back": "/payouts"}))
    assert page.toast == "The two ledgers are being compared. This page shows the result when it is there."
    assert len(parts.broker.jobs) == 1


def test_the_file_is_of_what_is_shown(sign_in: SignIn) -> None:
    written = sign_in("viewer").get("/payouts/export.csv?differs=true").text
    assert [line.split(",")[0] for line in written.splitlines()] == ["payout", "po_3"]


def test_before_anything_is_known(parts: Installation, sign_in: SignIn) -> None:
    with parts.database.session_scope() as session:
        for kind in (rows.Payout, rows.TieOutRow):
            session.query(kind).delete()
    visitor = sign_in("operator")
    assert "No payout is known yet." in visitor.see("/payouts").text
    assert "The two ledgers were not compared yet." in visitor.see("/payouts/tie-out").text
