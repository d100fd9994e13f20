from playwright.sync_api import Page, expect

from tests.browser.conftest import AsRole
from tests.browser.looking import accessible, screenshot


def test_the_door_reads_well(as_role: AsRole) -> None:
    page = as_role("")
    page.goto("/sign-in")
    accessible(page)
    screenshot(page, "sign-in")


def test_somebody_is_invited_and_comes_in(page: Page, as_role: AsRole) -> None:
    page.goto("/settings/users")
    page.get_by_label("E-mail address").fill("new@example.com")
    page.get_by_role("button", name="Invite").click()
    link = page.locator(".secret code").inner_text()
    accessible(page)
    screenshot(page, "users")
    guest = as_role("")
    guest.goto("/join/" + link.rpartition("/")[2])
    accessible(guest)
    guest.get_by_label("Password", exact=True).fill("four quiet green ledgers")
    guest.get_by_label("Once more").fill("four quiet green ledgers")
    guest.get_by_role("button", name="Come in").click()
    expect(guest.get_by_role("heading", level=1)).to_have_text("Home")


def test_switching_off_asks_first(page: Page, as_role: AsRole) -> None:
    operator = as_role("operator")
    operator.goto("/")
    operator.close()  # left open, it would complain of being signed out
    page.goto("/settings/users")
    row = page.get_by_role("row", name="operator@example.com")
    row.get_by_role("button", name="Switch off").click()
    dialog = page.get_by_role("dialog", name="Switch operator@example.com off?")
    expect(dialog).to_be_visible()
    accessible(page)
    screenshot(page, "confirm")
    dialog.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("status")).to_contain_text("operator@example.com is switched off and signed out.")
    page.get_by_role("row", name="operator@example.com").get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("status")).to_contain_text("operator@example.com is on, as operator.")


def test_a_token_is_made_and_copied(page: Page) -> None:
    page.goto("/settings/tokens")
    page.get_by_label("Name: who or what uses it").fill("month-end script")
    page.get_by_role("button", name="Make").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.locator(".toasts")).to_contain_text("Copied.")
    page.goto("/settings/tokens")
    accessible(page)
    screenshot(page, "tokens")


def test_the_profile_reads_well(as_role: AsRole) -> None:
    page = as_role("viewer")
    page.goto("/settings/profile")
    accessible(page)
    screenshot(page, "profile")


def test_pages_read_without_scripts(page: Page) -> None:
    page.route("**/*.js", lambda route: route.abort())
    page.goto("/settings/users")
    expect(page.get_by_role("heading", name="Users", exact=True)).to_be_visible()
    expect(page.locator("time .ago").first).to_be_visible()
    page.watch.forgive()  # type: ignore[attr-defined]
