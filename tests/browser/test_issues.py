from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.core import config, jobs, plan
from app.core.config import Config
from app.core.links import Link
from app.core.runs import Run
from app.core.tables import Issue
from tests.browser.conftest import AsRole
from tests.browser.looking import accessible, screenshot
from tests.browser.site import Site
from tests.browser.test_records import narrow

FLOW = "stripe_customer_to_netsuite"
NUMBERS = count(1)


def with_subsidiary(site: Site, value: str | None) -> None:
    def make(chosen: Config) -> Config:
        books = chosen.books["main"].model_copy(update={"subsidiary": value})
        return chosen.model_copy(update={"books": {**chosen.books, "main": books}})

    with site.parts.database.session_scope() as session:
        plan.change(session, make, actor="ada", note="The subsidiaries are moved.", flows=site.parts.catalogue)


@pytest.fixture
def waiting(site: Site) -> Iterator[tuple[int, str]]:
    """An issue, and a Stripe customer who waits for it: whose subsidiary is not set."""
    with site.parts.database.session_scope() as session:
        before = config.current(session).books["main"].subsidiary
    with_subsidiary(site, None)
    gateway = site.parts.systems.stripe("main", lambda _: None)
    name = f"Northern Light {next(NUMBERS)}"
    customer = gateway.create_customer({"name": name, "email": "", "metadata": {}}, of=name).id
    [run_id] = site.parts.sweeper.on_demand(FLOW, "main", [customer])
    site.parts.executor.run(run_id)
    with site.parts.database.session_scope() as session:
        issue = session.get_one(Run, run_id).issue_id
        assert issue is not None
        session.get_one(Issue, issue).state = "open"
    yield issue, customer
    with_subsidiary(site, before)


def test_the_list_says_what_is_wrong_and_what_to_do(page: Page, waiting: tuple[int, str]) -> None:
    page.goto("/issues")
    row = page.locator(f"tr[data-row='{waiting[0]}']")
    expect(row).to_contain_text("A setting is missing: books.main.subsidiary.")
    expect(page.locator(".chart canvas").first).to_be_visible()
    accessible(page)
    screenshot(page, "issues")
    assert narrow(page) <= 0


def test_an_issue_is_mended_and_its_records_go_through(page: Page, site: Site, waiting: tuple[int, str]) -> None:
    """By the keyboard alone: the row, the field, the account, saved; and the customer is in NetSuite."""
    issue, customer = waiting
    page.goto("/issues?q=subsidiary")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    field = page.get_by_label("Subsidiary in NetSuite")
    expect(field.locator("option")).not_to_have_count(1)
    accessible(page)
    screenshot(page, "issue")
    assert narrow(page) <= 0
    page.keyboard.press("m")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Try it on one record first").press("Enter")
    expect(page.locator("#mend").get_by_role("status")).to_contain_text("without writing anything")
    page.get_by_label("Note, for the version (why)").fill("Moved.")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Its records are replayed.")
    assert jobs.carry_out(site.parts, int(page.url.rpartition("/")[2])) == "done"
    with site.parts.database.session_scope() as session:
        again = session.scalars(select(Run.id).where(Run.issue_id == issue, Run.state == "queued")).all()
    for run_id in again:
        site.parts.executor.run(run_id)
    with site.parts.database.session_scope() as session:
        assert session.get_one(Issue, issue).state == "resolved"
        assert session.scalars(select(Link.netsuite_type).where(Link.stripe_id == customer)).all() == ["customer"]
    page.goto(f"/issues/{issue}")
    expect(page.locator(".issue-state")).to_contain_text("Resolved by itself")


def test_people_decide_and_say_why(page: Page, site: Site, waiting: tuple[int, str]) -> None:
    issue, _ = waiting
    page.goto(f"/issues/{issue}")
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("is taken up")
    page.get_by_role("button", name="Snooze").first.click()
    page.get_by_role("dialog").get_by_label("How long").select_option("7")
    page.get_by_role("dialog").get_by_role("button", name="Snooze").click()
    expect(page.get_by_role("status")).to_contain_text("is put off")
    page.get_by_label("Assigned to").select_option("admin@example.com")
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status")).to_contain_text("is admin@example.com's now.")
    page.keyboard.press("n")
    page.keyboard.type("Asked the auditors.")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".notes")).to_contain_text("Asked the auditors.")
    expect(page.locator(".notes")).to_contain_text("Assigned to admin@example.com.")
    with site.parts.database.session_scope() as session:
        row = session.get_one(Issue, issue)
        assert (row.state, row.assignee) == ("snoozed", "admin@example.com")
        row.snoozed_until = None


def test_several_are_ticked_and_taken_up_by_the_keyboard(page: Page, site: Site, waiting: tuple[int, str]) -> None:
    page.goto("/issues?q=subsidiary")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Acknowledge").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1 issue is taken up.")
    with site.parts.database.session_scope() as session:
        assert session.get_one(Issue, waiting[0]).state == "acknowledged"


def test_candidates_are_shown_where_one_is_to_be_chosen(page: Page, site: Site) -> None:
    with site.parts.database.session_scope() as session:
        issue = session.get_one(Run, site.seeded.held_run).issue_id
    page.goto(f"/issues/{issue}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    accessible(page)
    screenshot(page, "issue-choose")
    assert narrow(page) <= 0


def test_a_viewer_sees_but_does_nothing(as_role: AsRole, waiting: tuple[int, str]) -> None:
    page = as_role("viewer")
    page.goto(f"/issues/{waiting[0]}")
    expect(page.get_by_text("Setting it needs the role admin.")).to_be_visible()
    expect(page.locator("main form")).to_have_count(0)
    accessible(page)


def test_the_audit_log_shows_what_was_changed(page: Page, waiting: tuple[int, str]) -> None:
    page.goto("/audit?action=config")
    expect(page.locator(".diff").first).to_contain_text("books.main.subsidiary")
    accessible(page)
    screenshot(page, "audit")
    assert narrow(page) <= 0
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    assert "config.changed" in saved.value.path().read_text()
