"""What is on every page: navigation, palette, keys, appearance, live counts."""

from playwright.sync_api import Page, expect

from app.core.tables import Issue
from tests.browser.looking import accessible, screenshot
from tests.browser.site import Site


def test_the_palette_goes_to_a_page(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Go to")
    palette.get_by_role("searchbox").fill("api tok")
    expect(palette.get_by_role("link").first).to_contain_text("API tokens")
    screenshot(page, "palette")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/tokens")


def test_the_palette_opens_with_all_pages(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-hits").get_by_role("link", name="Settings")).to_be_visible()
    accessible(page)


def test_slash_goes_to_the_search(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search records")).to_be_focused()


def test_question_mark_lists_the_keys(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    accessible(page)
    screenshot(page, "keys")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()


def test_j_and_k_walk_over_rows(page: Page) -> None:
    page.goto("/records")
    rows = page.locator("tr[data-row]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_contain_class("chosen")
    page.keyboard.press("k")
    expect(rows.nth(0)).to_contain_class("chosen")


def test_g_and_a_letter_goes_to_a_page(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/settings/profile")


def test_the_first_tab_stop_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


def test_dark_is_chosen_and_kept(page: Page) -> None:
    page.goto("/")
    page.locator(".menu summary").click()
    screenshot(page, "menu")
    page.get_by_role("button", name="Dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_auto_follows_the_system(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_t_shows_dates(page: Page) -> None:
    page.goto("/")
    date = page.locator("time .at").first
    expect(date).to_be_hidden()
    page.keyboard.press("t")
    expect(date).to_be_visible()


def test_what_has_changed_is_fetched_anew(page: Page, site: Site) -> None:
    with page.expect_response("**/live"):
        page.goto("/")
    with (
        page.expect_response(f"{site.url}/", timeout=30_000) as fetched,
        site.parts.database.session_scope() as session,
    ):
        now = site.parts.clock.now()
        seen = {"opened_at": now, "first_seen": now, "last_seen": now}
        session.add(Issue(flow="x", error_code="y", title="One more", **seen))
    assert fetched.value.request.headers["x-live"] == "1"


def test_a_phone_shows_where_one_is(page: Page) -> None:
    """The bars are longer than the screen there; the entries of this page are in view."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/mapping/versions")
    for bar in (".side", ".tabs"):
        expect(page.locator(f"{bar} [aria-current=page]")).to_be_in_viewport(ratio=0.9)
    page.goto("/")
    expect(page.locator(".side [aria-current=page]")).to_be_in_viewport(ratio=0.9)
