import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from app.core import config as configuration
from app.core import jobs
from app.core.runs import Run
from app.core.tables import ConfigVersion
from tests.browser.conftest import AsRole
from tests.browser.looking import accessible, screenshot
from tests.browser.site import Site
from tests.browser.test_records import narrow

FLOW = "stripe_customer_to_netsuite"
TITLE = "Stripe Customer to NetSuite Customer Add/Update"


@pytest.fixture
def as_it_was(site: Site) -> Iterator[None]:
    """Takes the versions away again that a test made."""
    with site.parts.database.session_scope() as session:
        before = configuration.current(session).version
    yield
    with site.parts.database.session_scope() as session:
        session.execute(delete(ConfigVersion).where(ConfigVersion.id > before))


def newest(site: Site) -> ConfigVersion:
    with site.parts.database.session_scope() as session:
        return session.scalars(select(ConfigVersion).order_by(ConfigVersion.id.desc()).limit(1)).one()


def test_the_catalogue_reads_well(page: Page) -> None:
    page.goto("/flows")
    expect(page.locator("tr[data-row]")).to_have_count(23)
    accessible(page)
    screenshot(page, "flows")
    page.set_viewport_size({"width": 390, "height": 844})
    assert narrow(page) <= 0


def test_a_flow_reads_well(page: Page) -> None:
    page.goto(f"/flows/{FLOW}")
    expect(page.locator(".chart canvas")).to_be_visible()
    accessible(page)
    screenshot(page, "flow")
    page.set_viewport_size({"width": 390, "height": 844})
    assert narrow(page) <= 0


@pytest.mark.usefixtures("as_it_was")
def test_a_flow_is_switched_off_and_on(page: Page, site: Site) -> None:
    page.goto("/flows")
    page.get_by_role("switch", name=TITLE).click()
    dialog = page.get_by_role("dialog", name="Switch it off?")
    dialog.get_by_label("Reason").fill("Cut-over on Monday.")
    screenshot(page, "flow-off")
    page.set_viewport_size({"width": 1280, "height": 800})
    dialog.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("status")).to_contain_text("The flow is off")
    assert newest(site).document["flows"][FLOW] == {"enabled": False}
    expect(page.get_by_role("switch", name=TITLE)).to_have_attribute("aria-checked", "false")
    page.get_by_role("switch", name=TITLE).click()
    dialog = page.get_by_role("dialog", name="Switch it on?")
    dialog.get_by_label("Reason").fill("Done.")
    dialog.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("status")).to_contain_text("The flow is on.")


@pytest.mark.usefixtures("as_it_was")
def test_a_flow_is_paused_and_goes_on(as_role: AsRole, site: Site) -> None:
    page = as_role("operator")
    page.goto(f"/flows/{FLOW}")
    page.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog", name="Pause this flow?")
    dialog.get_by_label("Reason").fill("Month end.")
    dialog.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Nothing is dropped; they begin")).to_be_visible()
    accessible(page)
    assert (newest(site).note, newest(site).author) == ("Month end.", "operator@example.com")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_contain_text("The flow goes on")


@pytest.mark.usefixtures("as_it_was")
def test_options_are_changed_compared_and_saved(page: Page, site: Site) -> None:
    page.goto(f"/flows/{FLOW}/options")
    accessible(page)
    screenshot(page, "options")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_label("Mark Stripe").uncheck()
    page.get_by_label("Number", exact=True).select_option("name")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("would come out differently.")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("region", name="What differs for")).to_contain_text("entityId")
    accessible(page)
    screenshot(page, "plan")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_label("Why: a note").fill("Shared mailboxes are different customers.")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_role("status")).to_contain_text("is in force from the next run on")
    saved = newest(site)
    assert saved.document["flows"][FLOW] == {"options": {"mark_stripe": False, "number": "name"}}
    assert saved.note == "Shared mailboxes are different customers."
    expect(page.locator(".option.differs")).to_have_count(2)


def test_what_is_wrong_is_told_beside_the_field(page: Page) -> None:
    page.goto(f"/flows/{FLOW}/options")
    page.get_by_label("Name delimiter").fill("")
    page.get_by_role("button", name="Show what would change").click()
    field = page.get_by_label("Name delimiter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("It should have at least 1 character$"))
    accessible(page)
    screenshot(page, "options-wrong")
    page.watch.forgive()  # type: ignore[attr-defined]  # a browser logs every 422


def test_ids_are_run(page: Page, site: Site) -> None:
    page.goto(f"/flows/{FLOW}/ids")
    page.get_by_label("Ids, as many").fill(f"in_1, {site.seeded.customer}")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("in_1")
    accessible(page)
    screenshot(page, "ids")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_label("Ids, as many").fill(site.seeded.customer)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("1 record is queued.")
    page.watch.forgive()  # type: ignore[attr-defined]  # a browser logs every 422
    run_id = int(page.url.rsplit("/", 1)[1])
    # it is there already, so nothing is made twice
    assert site.parts.executor.run(run_id) in ("succeeded", "skipped")


def test_a_look_by_hand_is_a_job(as_role: AsRole, site: Site) -> None:
    page = as_role("operator")
    page.goto(f"/flows/{FLOW}")
    page.get_by_role("button", name="Look now").click()
    expect(page.get_by_role("status")).to_contain_text("It looks for what was missed.")
    with site.parts.database.session_scope() as session:
        before = session.scalars(select(Run.id)).all()
    assert jobs.carry_out(site.parts, int(page.url.rsplit("/", 1)[1])) == "done"
    with site.parts.database.session_scope() as session:
        session.execute(delete(Run).where(Run.id.not_in(before)))


def test_the_schedule_is_set(page: Page, site: Site, as_it_was: None) -> None:
    page.goto(f"/flows/{FLOW}")
    page.get_by_role("button", name="Change how often").click()
    dialog = page.get_by_role("dialog", name="How often is it to look?")
    dialog.get_by_label("Every so many minutes").fill("20")
    dialog.get_by_label("Reason").fill("Month end.")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("every 20 min (set here)")).to_be_visible()
    assert newest(site).document["flows"][FLOW] == {"every_minutes": 20}


def test_a_viewer_reads_only(as_role: AsRole) -> None:
    page = as_role("viewer")
    page.goto(f"/flows/{FLOW}")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    for name in ("Pause", "Look now", "Change how often"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("switch")).to_have_count(0)


def test_the_help_of_a_flow_is_at_hand(page: Page) -> None:
    page.goto(f"/flows/{FLOW}")
    page.get_by_role("navigation", name="Parts of this page").get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    accessible(page)
    screenshot(page, "help-flow")
    page.set_viewport_size({"width": 390, "height": 844})
    assert narrow(page) <= 0


def test_rows_are_walked_with_the_keyboard(page: Page) -> None:
    page.goto("/flows")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/flows/{FLOW}")
