from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from app.core import jobs
from app.core.audit import AuditEntry
from app.core.runs import Run
from app.core.tables import Job, SavedView
from tests.app.admin.installation import Installation, held
from tests.app.dashboard.conftest import SignIn, Statements

FLOW = "stripe_customer_to_netsuite"
HELD, ONE, TWO = 1, 2, 3


@pytest.fixture
def some(parts: Installation) -> None:
    """One that is held and two that are done, one of them with a name and an amount."""
    parts.systems.objects["cus_held"] = held()
    parts.carried_out(FLOW, ["cus_held", "cus_one", "cus_two"])
    with parts.database.session_scope() as session:
        named = update(Run).where(Run.subject == "cus_one")
        session.execute(named.values(title="Ada Works", amount=Decimal("1250.5"), currency="usd"))


def the_state(parts: Installation, run_id: int) -> str:
    with parts.database.session_scope() as session:
        return session.get_one(Run, run_id).state


@pytest.mark.usefixtures("some")
def test_shows_the_newest_first_with_what_each_is_worth(sign_in: SignIn) -> None:
    text = sign_in("viewer").see("/records").text
    assert text.index("cus_two") < text.index("Ada Works") < text.index("cus_held")
    assert "1,250.50 USD" in text


@pytest.mark.usefixtures("some")
def test_asks_the_database_little(sign_in: SignIn, statements: Statements) -> None:
    visitor = sign_in("viewer")
    visitor.see("/records")
    with statements() as counted:
        visitor.see("/records?q=cus&state=attention&within=7d")
    assert counted.number <= 12


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("q=cus_tw", ["cus_two"]),
        ("q=CUS_TWO", ["cus_two"]),
        ("q=nothing", []),
        ("state=attention", ["cus_held"]),
        ("state=succeeded", ["cus_one", "cus_two"]),
        ("flow=stripe_invoice_to_netsuite", []),
        ("currency=USD", ["cus_one"]),
        ("cause=event", []),
        ("payload=two+customers+have", ["cus_held"]),
        ("until=2020-01-01", []),
        ("q=cus&state=skipped", []),
    ],
)
def test_every_filter_stands_in_the_address(sign_in: SignIn, query: str, shown: list[str]) -> None:
    page = sign_in("viewer").see(f"/records?{query}").answer.text
    assert [
        one for one in ("cus_held", "cus_one", "cus_two") if f'value="{one}"' in page or f">{one}<" in page
    ] == sorted(shown)


def test_an_empty_list_says_what_to_do(sign_in: SignIn) -> None:
    assert "start a back-fill" in sign_in("viewer").see("/records").text


def test_a_hostile_search_is_shown_as_text(sign_in: SignIn) -> None:
    page = sign_in("viewer").see("/records?q=%3Cscript%3Ealert(1)%3C/script%3E").answer.text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.usefixtures("some")
def test_a_hostile_name_is_shown_as_text(parts: Installation, sign_in: SignIn) -> None:
    with parts.database.session_scope() as session:
        session.execute(update(Run).values(title="<img src=x onerror=alert(1)>", summary="<b>bold</b>"))
    page = sign_in("viewer").see("/records").answer.text
    assert "<img src=x" not in page
    assert "<b>bold" not in page


def test_the_next_page_goes_on_after_the_last(parts: Installation, sign_in: SignIn) -> None:
    with parts.database.session_scope() as session:
        rows = [
            Run(flow=FLOW, account="main", subject=f"cus_{n:03}", cause="event", state="succeeded") for n in range(60)
        ]
        session.add_all(rows)
    visitor = sign_in("viewer")
    first = visitor.see("/records")
    assert ("cus_010" in first.text, "cus_009" in first.text) == (True, False)
    assert "cus_009" in visitor.see("/records?before=11").text


# deeds -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("some")
def test_a_row_is_replayed(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    answer = visitor.post("/records/replay", {"run": HELD, "back": "/records?state=attention"})
    assert visitor.after(answer).toast == f"Record {HELD} is queued: it is tried again now."
    assert the_state(parts, HELD) == "queued"


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize("path", ["/records/replay", "/records/bulk?kind=replay"])
def test_a_viewer_may_not_act(parts: Installation, sign_in: SignIn, path: str) -> None:
    answer = sign_in("viewer").post(path, {"run": HELD, "reason": "x"})
    assert (answer.status_code, the_state(parts, HELD)) == (403, "held")


@pytest.mark.usefixtures("some")
def test_a_viewer_is_offered_nothing_to_do(sign_in: SignIn) -> None:
    text = sign_in("viewer").see("/records").text
    assert "Replay…" not in text


@pytest.mark.usefixtures("some")
def test_a_bulk_action_is_shown_before_it_is_one(parts: Installation, sign_in: SignIn) -> None:
    text = sign_in("operator").see("/records/bulk?kind=run&flow=" + FLOW).text
    assert "Run again 3 records" in text
    with parts.database.session_scope() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


@pytest.mark.usefixtures("some")
def test_a_bulk_action_becomes_a_job_with_its_reason(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    answer = visitor.post("/records/bulk?kind=dismiss&q=cus_held", {"reason": "Entered by hand."})
    assert visitor.after(answer).toast.startswith("Job 1 has begun: 1 record")
    jobs.carry_out(parts, 1)
    with parts.database.session_scope() as session:
        run, noted = (
            session.get_one(Run, HELD),
            session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first(),
        )
        assert (run.state, run.summary) == ("dismissed", "Dismissed: Entered by hand.")
        assert noted is not None
        assert (noted.actor, noted.action, noted.details["reason"]) == (
            "operator@example.com",
            "job.created",
            "Entered by hand.",
        )


@pytest.mark.usefixtures("some")
def test_ticked_rows_alone_are_meant(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    visitor.post(f"/records/bulk?kind=run&flow={FLOW}&ids={ONE}", {"reason": "Once more."})
    jobs.carry_out(parts, 1)
    with parts.database.session_scope() as session:
        again = session.scalars(select(Run.subject).where(Run.id > TWO)).all()
    assert again == ["cus_one"]


@pytest.mark.usefixtures("some")
def test_a_bulk_action_wants_a_reason(parts: Installation, sign_in: SignIn) -> None:
    answer = sign_in("operator").post("/records/bulk?kind=replay", {"reason": " "})
    assert (answer.status_code, the_state(parts, HELD)) == (422, "held")


@pytest.mark.usefixtures("some")
def test_text_in_payloads_is_nothing_for_a_bulk_action(sign_in: SignIn) -> None:
    assert "choose the records" in sign_in("operator").see("/records/bulk?kind=replay&payload=x", 409).text


@pytest.mark.usefixtures("some")
def test_an_action_that_fits_none_says_so(sign_in: SignIn) -> None:
    text = sign_in("operator").see("/records/bulk?kind=replay&state=succeeded", 409).text
    assert "only runs that are retrying, held, dead can be replayed" in text.lower()


# views -------------------------------------------------------------------------------------------------------------


def test_a_view_is_saved_and_shown(sign_in: SignIn, parts: Installation) -> None:
    visitor = sign_in("operator")
    back = "/records?state=held&flow=" + FLOW
    page = visitor.after(visitor.post("/records/views", {"name": "My month end", "back": back}))
    assert "My month end" in page.text
    with parts.database.session_scope() as session:
        assert session.scalars(select(SavedView.wanted)).one() == {"state": ["held"], "flow": FLOW}


def test_anothers_view_is_seen_only_when_shared(sign_in: SignIn) -> None:
    operator, viewer = sign_in("operator"), sign_in("viewer")
    operator.post("/records/views", {"name": "Ours", "shared": "1", "back": "/records?state=held"})
    operator.post("/records/views", {"name": "Mine", "back": "/records?state=dead"})
    text = viewer.see("/records").text
    assert ("Ours" in text, "Mine" in text) == (True, False)


def test_a_view_is_forgotten_by_its_owner_only(sign_in: SignIn) -> None:
    operator, viewer = sign_in("operator"), sign_in("viewer")
    operator.post("/records/views", {"name": "Ours", "shared": "1", "back": "/records?state=held"})
    assert viewer.post("/records/views/1/forget").status_code == 404
    assert operator.post("/records/views/1/forget").status_code == 303
    assert "Ours" not in viewer.see("/records").text


def test_a_viewer_saves_for_himself_only(sign_in: SignIn, parts: Installation) -> None:
    visitor = sign_in("viewer")
    assert (
        "needs the role operator"
        in visitor.after(
            visitor.post("/records/views", {"name": "All", "shared": "1", "back": "/records?state=held"})
        ).toast
    )
    with parts.database.session_scope() as session:
        assert session.scalar(select(func.count()).select_from(SavedView)) == 0
