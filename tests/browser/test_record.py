"""One record, in a browser: what it shows, the keys, and each deed through to what becomes of it."""

from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.core.runs import Run
from app.systems.netsuite.records import Customer, Ref
from sandbox.netsuite import ids
from tests.browser.conftest import AsRole
from tests.browser.looking import accessible, screenshot
from tests.browser.site import Site

CUSTOMERS = "stripe_customer_to_netsuite"
INVOICES = "stripe_invoice_to_netsuite_realtime"


@dataclass(frozen=True)
class Torn:
    """A Stripe customer that two NetSuite customers fit; `run` waits for the choice."""

    stripe_id: str
    netsuite_ids: tuple[str, ...]
    run: int


def born_in_stripe(site: Site, **given: str) -> str:
    account = site.parts.settings.stripe["main"]
    key = {"Authorization": f"Bearer {account.api_key.get_secret_value()}"}
    answer = httpx.post(f"{account.api_base}/v1/customers", data=given, headers=key, trust_env=False)
    made: str = answer.raise_for_status().json()["id"]
    return made


def carried_out(site: Site, flow: str, subject: str) -> int:
    [run_id] = site.parts.sweeper.on_demand(flow, "main", [subject])
    site.parts.executor.run(run_id)
    return run_id


def torn(site: Site, name: str) -> Torn:
    netsuite = site.parts.systems.netsuite(lambda _: None)
    email = f"{name}@example.com"
    named = [
        Customer(external_id=f"t-{name}-{n}", company_name=f"{name} {n}", email=email, subsidiary=ids.SUBSIDIARY_US)
        for n in ("one", "two")
    ]
    found = tuple(netsuite.upsert(one).id for one in named)
    stripe_id = born_in_stripe(site, name=name, email=email)
    return Torn(stripe_id, found, carried_out(site, CUSTOMERS, stripe_id))


def row(site: Site, run_id: int) -> Run:
    with site.parts.database.session_scope() as session:
        return session.get_one(Run, run_id)


def run_of(site: Site, subject: str, flow: str = INVOICES) -> int:
    with site.parts.database.session_scope() as session:
        made = (Run.flow == flow, Run.subject == subject, Run.state == "succeeded")
        return session.scalars(select(Run.id).where(*made).order_by(Run.id)).first() or 0


@pytest.fixture(scope="session")
def choice(site: Site) -> Torn:
    return torn(site, "grace")


def fits(page: Page, width: int = 390) -> bool:
    """Whether nothing has to be pushed sideways on a phone."""
    page.set_viewport_size({"width": width, "height": 844})
    fitting: bool = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return fitting


def test_a_record_tells_all_of_it(page: Page, site: Site) -> None:
    page.goto(f"/records/{run_of(site, site.seeded.invoice)}")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    page.locator("summary", has_text="Write").first.click()
    expect(page.locator("details.call[open]")).to_contain_text("What was sent")
    accessible(page)
    screenshot(page, "record")
    assert fits(page)


def test_the_preview_says_where_fields_come_from_and_what_is_posted(page: Page, site: Site) -> None:
    page.goto(f"/records/{run_of(site, site.seeded.invoice)}")
    page.keyboard.press("p")
    expect(page.get_by_role("region", name="Debits and credits").first).to_contain_text("1,250.50")
    expect(page.get_by_text("books.main.items.default").first).to_be_visible()
    accessible(page)
    screenshot(page, "record-preview")
    assert fits(page)


def test_what_was_changed_in_netsuite_is_seen(page: Page, site: Site) -> None:
    run_id = run_of(site, site.seeded.invoice)
    [record] = row(site, run_id).records
    netsuite = site.parts.systems.netsuite(lambda _: None)
    netsuite.patch(Ref(record["type"], record["id"]), {"memo": "Changed by a clerk"})
    page.goto(f"/records/{run_id}/compare")
    expect(page.get_by_role("region", name="Fields that differ")).to_contain_text("Changed by a clerk")
    accessible(page)
    screenshot(page, "record-compare")
    assert fits(page)


def test_a_candidate_is_chosen_and_the_record_goes_on(page: Page, site: Site, choice: Torn) -> None:
    page.goto(f"/records/{choice.run}")
    accessible(page)
    screenshot(page, "record-held")
    assert fits(page)
    page.set_viewport_size({"width": 1280, "height": 860})
    page.get_by_role("listitem").filter(has_text="grace two").get_by_role("button", name="Choose").click()
    page.get_by_role("dialog").get_by_role("button", name="Choose").click()
    expect(page.get_by_role("status")).to_contain_text("is chosen")
    site.parts.executor.run(choice.run)
    netsuite = site.parts.systems.netsuite(lambda _: None)
    said = netsuite.customer(choice.netsuite_ids[1]).custom["custentity_tieout_stripe_id"]
    assert (row(site, choice.run).state, said) == ("succeeded", choice.stripe_id)


def test_r_replays(page: Page, site: Site) -> None:
    waits = torn(site, "hedy")
    page.goto(f"/records/{waits.run}")
    page.keyboard.press("r")
    expect(page.get_by_role("status")).to_contain_text("tried again now")
    assert row(site, waits.run).state == "queued"


def test_hold_and_dismiss_ask_why(page: Page, site: Site) -> None:
    stripe_id = born_in_stripe(site, name="Emmy", email="emmy@example.com")
    [run_id] = site.parts.sweeper.on_demand(CUSTOMERS, "main", [stripe_id])
    page.goto(f"/records/{run_id}")
    page.get_by_role("button", name="Hold").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("The books are being closed.")
    page.get_by_role("dialog").get_by_role("button", name="Hold it back").click()
    expect(page.get_by_role("status")).to_contain_text("held back")
    assert site.parts.executor.run(run_id) is None
    page.get_by_role("button", name="Dismiss").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Entered by hand.")
    page.get_by_role("dialog").get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("Dismissed: Entered by hand.").first).to_be_visible()


def test_run_again_does_the_work_once_more(page: Page, site: Site) -> None:
    stripe_id = born_in_stripe(site, name="Lise", email="lise@example.com")
    done = carried_out(site, CUSTOMERS, stripe_id)
    page.goto(f"/records/{done}")
    page.keyboard.press("r")
    page.get_by_role("dialog").get_by_role("button", name="Run again").click()
    expect(page.get_by_role("status")).to_contain_text("it is queued for")
    again = int(page.url.rpartition("/")[2])
    assert (again > done, site.parts.executor.run(again)) == (True, "skipped")


def test_another_flow_is_run_for_the_same_object(page: Page, site: Site) -> None:
    page.goto(f"/records/{run_of(site, site.seeded.invoice)}")
    page.get_by_role("button", name="Run another flow").click()
    page.get_by_role("dialog").get_by_label("Flow").select_option("stripe_invoice_to_netsuite")
    page.get_by_role("dialog").get_by_role("button", name="Run it").click()
    expect(page.get_by_role("status")).to_contain_text("it is queued for")
    made = row(site, int(page.url.rpartition("/")[2]))
    assert (made.flow, made.subject) == ("stripe_invoice_to_netsuite", site.seeded.invoice)


def test_j_and_k_walk_along_the_list(page: Page, site: Site) -> None:
    page.goto("/records?state=succeeded")
    first, second = (each.get_attribute("data-row") for each in page.locator("tr[data-row]").all()[:2])
    page.locator("tr[data-row] a.row-link").first.click()
    page.wait_for_url(f"**/records/{first}**")
    page.keyboard.press("j")
    page.wait_for_url(f"**/records/{second}?of=state%3Dsucceeded")
    page.keyboard.press("k")
    page.wait_for_url(f"**/records/{first}?of=state%3Dsucceeded")


def test_a_viewer_reads_and_changes_nothing(as_role: AsRole, site: Site) -> None:
    page = as_role("viewer")
    page.goto(f"/records/{site.seeded.held_run}")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    assert page.locator("main form").count() == 0
