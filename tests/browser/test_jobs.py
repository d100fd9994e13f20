import re

import pytest
from playwright.sync_api import Page, expect

from app.core import jobs
from app.core.run_filter import RunFilter
from tests.browser.looking import accessible, screenshot
from tests.browser.site import Site
from tests.browser.test_records import narrow

FLOW = "stripe_customer_to_netsuite"


@pytest.fixture
def asking(site: Site) -> tuple[int, int]:
    """A job over all that is done: it has done the first and asks. And over how many it is."""
    with site.parts.database.session_scope() as session:
        made = jobs.start(
            session, "run", RunFilter(states=("succeeded",)), actor="ada", reason="The name rule is new.", canary=1
        )
    assert jobs.carry_out(site.parts, made.id) == "paused"
    return made.id, made.total


def test_a_job_asks_goes_on_and_is_done(page: Page, site: Site, asking: tuple[int, int]) -> None:
    job_id, total = asking
    page.goto(f"/jobs/{job_id}")
    expect(page.get_by_text("The first one is on the way.")).to_be_visible()
    accessible(page)
    screenshot(page, "job")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_contain_text("goes on")
    assert jobs.carry_out(site.parts, job_id) == "done"
    expect(page.get_by_text(f"Started {total} of {total} runs.")).to_be_visible(timeout=30_000)
    assert narrow(page) <= 0


def test_a_job_is_aborted(page: Page, site: Site, asking: tuple[int, int]) -> None:
    job_id, total = asking
    page.goto(f"/jobs/{job_id}")
    page.get_by_role("button", name="Abort").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Abort").click()
    expect(page.get_by_text(f"Aborted after 1 of {total} runs.")).to_be_visible()


def test_a_back_fill_is_rehearsed(page: Page, site: Site) -> None:
    page.goto("/jobs/backfill")
    accessible(page)
    today = site.parts.clock.now().date().isoformat()
    form = page.locator("form[action='/jobs/backfill']")
    form.get_by_label("Flow").select_option(FLOW)
    form.get_by_label("From (UTC)").fill(today)
    form.get_by_label("Reason").fill("Before the close.")
    form.get_by_label("Count only").check()
    screenshot(page, "backfill")
    form.get_by_role("button", name="Start the back-fill").click()
    expect(page.get_by_role("status")).to_contain_text("looks at 1 day(s)")
    job_id = int(page.url.rsplit("/", 1)[1])
    assert jobs.carry_out(site.parts, job_id) == "done"
    page.reload()
    expect(page.get_by_text(re.compile(r"[1-9]\d* found, 0 of which no run has seen yet."))).to_be_visible()


def test_the_list_of_jobs(page: Page, asking: tuple[int, int]) -> None:
    page.goto("/jobs")
    expect(page.locator(f"tr[data-row='{asking[0]}']")).to_contain_text(f"1 of {asking[1]}")
    accessible(page)
    screenshot(page, "jobs")
    assert narrow(page) <= 0
