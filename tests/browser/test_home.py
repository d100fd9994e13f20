"""Home, completeness, connections and alerts: the answer at one glance, and from each number to its records."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from playwright.sync_api import Page, expect

from app.core import completeness, tie_out
from app.core.job_work import carry_out
from tests.browser.conftest import AsRole
from tests.browser.looking import accessible, screenshot
from tests.browser.site import Site


@pytest.fixture(scope="module")
def counted(site: Site) -> Site:
    """Counted and compared, as a worker does every hour. Nothing is on its way, so the last hour counts, too."""
    with patch.object(completeness, "SETTLED_AFTER", timedelta(0)):
        site.parts.sweeper.completeness()
    tie_out.measure(site.parts)
    return site


def test_home_answers_the_question(page: Page, counted: Site) -> None:
    page.goto("/")
    answer = page.get_by_role("region", name="Is everything in?")
    expect(answer).to_contain_text("for you.")
    expect(page.get_by_role("region", name="This month")).to_contain_text("adds up")
    expect(page.locator("#activity canvas").first).to_be_visible()
    accessible(page)
    screenshot(page, "home")


def test_from_the_answer_to_the_record(page: Page, counted: Site) -> None:
    page.goto("/")
    page.get_by_role("link", name="See what waits").click()
    expect(page.get_by_role("cell", name=counted.seeded.held).first).to_be_visible()


def test_from_a_number_to_its_records(page: Page, counted: Site) -> None:
    page.goto("/completeness")
    accessible(page)
    screenshot(page, "completeness")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/completeness/main/*")
    accessible(page)
    screenshot(page, "completeness-day")
    page.get_by_role("navigation", name="What became of them").get_by_role("link", name="Held").click()
    row = page.get_by_role("region", name="Events", exact=True).get_by_role("row", name=counted.seeded.held)
    row.get_by_role("link", name=counted.seeded.held).click()
    page.wait_for_url("**/records/*")
    expect(page.get_by_role("main")).to_contain_text(counted.seeded.held)


def test_it_is_counted_by_a_key(page: Page, counted: Site) -> None:
    page.goto("/completeness")
    page.keyboard.press("c")
    expect(page.get_by_role("status").first).to_contain_text("Stripe's events are being counted.")
    jobs = counted.parts.broker.jobs  # type: ignore[attr-defined]
    assert carry_out(counted.parts, jobs.pop()) == "done"


def test_the_doctor_looks_and_tells(page: Page, counted: Site) -> None:
    page.goto("/settings/connections")
    expect(page.get_by_role("region", name="NetSuite")).to_contain_text("/webhooks/netsuite/")
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Look again")).to_be_enabled(timeout=30_000)
    expect(page.get_by_role("region", name="Health")).to_contain_text("calls to Stripe")
    accessible(page)
    screenshot(page, "connections")


def test_alerts_tell_who_is_told(page: Page, counted: Site) -> None:
    page.goto("/settings/alerts")
    expect(page.get_by_role("region", name="Receivers").first).to_contain_text("not set up")
    accessible(page)
    screenshot(page, "alerts")
    page.goto("/settings/about")
    accessible(page)
    screenshot(page, "about")


def test_they_fit_a_phone(page: Page, counted: Site) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    day = f"/completeness/main/{counted.parts.clock.now():%Y-%m-%d}"
    for path in (
        "/",
        "/activity",
        "/completeness",
        day,
        "/settings/connections",
        "/settings/alerts",
        "/settings/about",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_a_viewer_reads_and_starts_nothing(as_role: AsRole, counted: Site) -> None:
    page = as_role("viewer")
    for path in ("/", "/completeness", "/settings/connections", "/settings/alerts"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("button", name="now")).to_have_count(0)
