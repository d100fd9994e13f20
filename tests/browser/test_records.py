from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.runs import Run
from tests.browser.conftest import AsRole
from tests.browser.looking import accessible, screenshot
from tests.browser.site import Site


def narrow(page: Page) -> int:
    """By how many pixels the page is wider than a phone."""
    page.set_viewport_size({"width": 390, "height": 844})
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wide


def test_the_list_can_be_read_by_everybody(page: Page, site: Site) -> None:
    page.goto("/records")
    expect(page.get_by_role("heading", name="Records")).to_be_visible()
    expect(page.locator("tr[data-row]").first).to_be_visible()
    accessible(page)
    assert narrow(page) <= 0
    screenshot(page, "records")


def test_a_record_is_found_by_an_amount_and_by_an_e_mail(page: Page, site: Site) -> None:
    page.goto("/records")
    page.keyboard.press("/")
    page.keyboard.type("1,250.50")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-row]").first).to_contain_text("1,250.50 USD")
    page.goto("/records?q=ada%40example&flow=stripe_customer_to_netsuite&state=succeeded")
    expect(page.locator("tr[data-row]").first).to_contain_text(site.seeded.customer)


def test_nothing_found_says_what_to_do(page: Page) -> None:
    page.goto("/records?q=nowhere-to-be-found")
    expect(page.get_by_text("Nothing like that was found.")).to_be_visible()
    page.get_by_role("link", name="Look for “nowhere-to-be-found”").click()
    expect(page).to_have_url("/records?payload=nowhere-to-be-found")
    accessible(page)


def test_a_chosen_row_is_replayed_by_the_keyboard(page: Page, site: Site) -> None:
    page.goto(f"/records?q={site.seeded.held}&flow=stripe_customer_to_netsuite")
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(page.get_by_role("status")).to_contain_text(f"Record {site.seeded.held_run} is queued")
    with site.parts.database.session_scope() as session:
        assert session.get_one(Run, site.seeded.held_run).state == "queued"
    site.parts.executor.run(site.seeded.held_run)


def test_ticked_records_become_a_job(page: Page, site: Site) -> None:
    page.goto(f"/records?q={site.seeded.held}&flow=stripe_customer_to_netsuite")
    row = page.locator(f"tr[data-row='{site.seeded.held_run}']")
    row.locator("[data-picks]").check()
    page.get_by_role("button", name="Hold…").click()
    expect(page.get_by_text("There is nothing to do this to.")).to_be_visible()
    page.go_back()
    row.locator("[data-picks]").check()
    page.get_by_role("button", name="Replay…").click()
    expect(page.get_by_role("heading", name="Replay 1 record")).to_be_visible()
    accessible(page)
    assert narrow(page) <= 0
    screenshot(page, "records-bulk")
    page.get_by_label("Reason").fill("The other Ada is gone.")
    page.get_by_role("button", name="Replay 1 record").click()
    expect(page.get_by_role("status")).to_contain_text("has begun: 1 record")
    with site.parts.database.session_scope() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "job.created")).all()
    assert [(one.actor, one.details["reason"]) for one in noted][-1] == ("admin@example.com", "The other Ada is gone.")


def test_a_view_is_kept_and_forgotten(page: Page) -> None:
    page.goto("/records?state=held")
    page.get_by_role("button", name="Save this view").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Month end")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    chip = page.get_by_role("navigation", name="Views").get_by_role("link", name="Month end")
    expect(chip).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Forget the view Month end").click()
    expect(chip).to_have_count(0)


def test_a_viewer_reads_only(as_role: AsRole) -> None:
    page = as_role("viewer")
    page.goto("/records")
    expect(page.locator("tr[data-row]").first).to_be_visible()
    expect(page.get_by_role("button", name="Replay")).to_have_count(0)
    expect(page.locator("[data-picks]")).to_have_count(0)
