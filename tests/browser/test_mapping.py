"""The mapping studio in a browser: choosing, completing, the record beside it, and a draft through to its effect."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.core import config as configuration
from app.core import plan
from app.core.config import Config
from sandbox.netsuite import ids
from tests.browser.conftest import AsRole
from tests.browser.looking import accessible, screenshot
from tests.browser.site import Site

INVOICES = "stripe_invoice_to_netsuite_realtime"


def in_force(site: Site) -> Config:
    with site.parts.database.session_scope() as session:
        return configuration.current(session)


@pytest.fixture(autouse=True)
def as_before(site: Site) -> Iterator[None]:
    """Other tests find the configuration that was there."""
    before = in_force(site)
    yield
    with site.parts.database.session_scope() as session:
        flows = site.parts.catalogue
        plan.change(session, lambda _: before, actor="test", note="As before the test.", flows=flows)


def fits(page: Page, width: int = 390) -> bool:
    page.set_viewport_size({"width": width, "height": 844})
    fitting: bool = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return fitting


def record(site: Site) -> str:
    return f"{INVOICES}/main/{site.seeded.invoice}"


def test_an_account_is_chosen_by_the_keyboard_and_put_in_force(page: Page, site: Site) -> None:
    page.goto(f"/mapping?record={record(site)}")
    expect(page.locator("#sample table").first).to_be_visible()
    page.get_by_label("Stripe's fees: currency").fill("USD")
    fees = page.get_by_label("Stripe's fees: NetSuite account")
    fees.fill("stripe fees")
    expect(page.get_by_role("option", name="6100 Stripe Fees")).to_be_visible()
    fees.press("ArrowDown")
    accessible(page)
    fees.press("Enter")
    expect(page.locator("#fees-1-said")).to_contain_text("Expense")
    screenshot(page, "mapping-accounts")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.get_by_text("books.main.accounts.fees.USD")).to_be_visible()
    expect(page.locator("#compared")).to_contain_text("unchanged.")
    accessible(page)
    page.get_by_label("Why, for the list").fill("Fees from January.")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_text("is in force from the next run on.")).to_be_visible()
    assert in_force(site).for_account("main").accounts.fees == {"USD": ids.STRIPE_FEES}


def test_an_account_of_the_wrong_type_is_warned_of(page: Page, site: Site) -> None:
    page.goto("/mapping")
    fees = page.get_by_label("Stripe's fees: NetSuite account")
    fees.fill("Bank USD")
    page.get_by_role("option", name="Bank USD").click()
    expect(page.locator("#fees-1-said")).to_contain_text("one of type Cost of goods sold or Expense")


def test_an_item_is_mapped_anew_as_one_types(page: Page, site: Site) -> None:
    page.goto(f"/mapping/items?record={record(site)}")
    expect(page.locator("#sample")).to_contain_text("As now")
    other = page.get_by_label("Any other line")
    other.fill("Consulting")
    page.get_by_role("option", name="Consulting").click()
    expect(page.locator("#sample ins").first).to_have_text(ids.ITEM_CONSULTING)
    accessible(page)
    screenshot(page, "mapping-items")
    assert fits(page)


def test_a_field_rule_is_completed_tried_and_its_effect_seen(page: Page, site: Site) -> None:
    page.goto(f"/mapping/fields/new?record={record(site)}")
    page.get_by_label("What it is called").fill("Number in the memo")
    field = page.get_by_role("combobox", name="Its field")
    field.fill("total")
    expect(page.get_by_role("option", name="total").first).to_contain_text("amounts are Stripe's")
    field.fill("memo")
    expression = page.get_by_role("combobox", name="Expression", exact=True)
    expression.fill("source.customer_na")
    expect(page.get_by_role("option", name="source.customer_name")).to_be_visible()
    expression.press("ArrowDown")
    expression.press("Enter")
    expression.press_sequentially(" | uppr")
    expect(page.locator("#sample mark")).to_have_text("uppr")
    expect(page.locator("#sample")).to_contain_text("at character 24")
    screenshot(page, "mapping-rule-wrong")
    page.set_viewport_size({"width": 1280, "height": 860})
    expression.fill("source.customer_name | upper")
    expect(page.locator("#sample")).to_contain_text("which the flow fills itself")
    page.get_by_label("If the flow fills it, too").select_option("override")
    expect(page.locator("#sample ins").first).to_have_text("ADA WORKS")
    page.keyboard.press("Escape")
    accessible(page)
    screenshot(page, "mapping-rule")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.locator("#compared")).to_contain_text("ADA WORKS")
    accessible(page)
    screenshot(page, "mapping-plan")
    page.get_by_label("Why, for the list").fill("Memo from now on.")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_role("link", name="Number in the memo")).to_be_visible()
    screenshot(page, "mapping-rules")
    assert in_force(site).field_rules[0].expression == "source.customer_name | upper"


def test_match_rules_are_ordered_and_tested_on_a_record(page: Page, site: Site) -> None:
    page.goto(f"/mapping/match?record=stripe_customer_to_netsuite/main/{site.seeded.held}")
    expect(page.locator("#sample .map-considered")).to_contain_text("Ada Works")
    first = page.locator("section.map-rules").first
    first.get_by_role("button", name="Move “The same e-mail” up").click()
    expect(first.locator("li strong").first).to_have_text("The same e-mail")
    first.get_by_role("button", name="Take “The same e-mail” out").click()
    expect(page.locator("#sample .map-considered")).to_have_count(0)
    accessible(page)
    screenshot(page, "mapping-match")
    assert fits(page)


def test_a_version_is_rolled_back(page: Page, site: Site) -> None:
    before = in_force(site)
    with site.parts.database.session_scope() as session:
        later = before.model_copy(update={"older": "post"})
        plan.change(session, lambda _: later, actor="ada", note="By mistake.", flows=site.parts.catalogue)
    page.goto("/mapping/versions")
    accessible(page)
    screenshot(page, "mapping-versions")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Roll back to it").click()
    page.get_by_label("Reason, for the audit log").fill("It was a mistake.")
    page.get_by_role("button", name="Put in force").click()
    expect(page.get_by_text("is in force again")).to_be_visible()
    assert in_force(site).older == before.older


@pytest.mark.parametrize("path", ["types", "presets", "yaml", "compare"])
def test_every_tab_can_be_used_by_all(page: Page, path: str) -> None:
    page.goto(f"/mapping/{path}")
    expect(page.get_by_role("heading", name="Mapping")).to_be_visible()
    accessible(page)
    screenshot(page, f"mapping-{path}")
    assert fits(page)


def test_a_viewer_reads_and_is_offered_no_change(as_role: AsRole) -> None:
    page = as_role("viewer")
    page.goto("/mapping")
    expect(page.get_by_label("Undeposited Funds", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Show what it changes")).to_have_count(0)
