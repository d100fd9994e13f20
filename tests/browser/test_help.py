from playwright.sync_api import Page, expect

from tests.browser.looking import accessible, screenshot
from tests.browser.test_records import narrow


def test_the_contents_read_well(page: Page) -> None:
    page.goto("/help")
    expect(page.get_by_role("link", name="Configuration", exact=True)).to_be_visible()
    accessible(page)
    screenshot(page, "help")


def test_a_long_page_reads_well(page: Page) -> None:
    page.goto("/help/configuration")
    accessible(page)
    screenshot(page, "help-configuration")
    page.set_viewport_size({"width": 390, "height": 844})
    assert narrow(page) <= 0


def test_links_lead_on_inside_the_dashboard(page: Page) -> None:
    page.goto("/help/configuration")
    page.locator(".prose").get_by_role("link", name="API", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The admin API")
