"""Payouts: one that does not tie out is found, understood and mended, by mouse and by keyboard."""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from app.core import tie_out
from app.core.job_work import carry_out
from app.core.payout_tables import Payout
from sandbox.netsuite import ids
from tests.browser.conftest import AsRole
from tests.browser.looking import accessible, screenshot
from tests.browser.site import Site
from tests.workers.house_rules import payout_scenes as scenes


@dataclass
class Paid:
    """`fine` ties out. `site` can spoil another one."""

    site: Site
    fine: str
    off: str
    deposit: str

    def spoil(self) -> None:
        """Somebody changes the fee on the deposit in NetSuite."""
        fee = {"account": {"id": ids.STRIPE_FEES}, "amount": 1.00, "memo": "corrected"}
        self.site.stage.saves("deposit", {"cashBack": {"items": [fee]}}, self.deposit)
        tie_out.measure(self.site.stage.parts)

    def work(self) -> None:
        """What a worker does: runs, and the comparison that was asked for."""
        stage = self.site.stage
        stage.work()
        jobs = stage.parts.broker.jobs  # type: ignore[attr-defined]
        while jobs:
            carry_out(stage.parts, jobs.pop(0))

    def deposited(self, payout: str) -> tuple[int, int]:
        with self.site.parts.database.session_scope() as session:
            row = session.get_one(Payout, payout)
            return row.deposited or 0, row.amount


@pytest.fixture(scope="module")
def paid(site: Site) -> Paid:
    stage = site.stage
    stage.keep_books(accounts=scenes.ACCOUNTS)
    stage.work()
    who = stage.stripe.v1.customers.create({"name": "Grace Mills", "email": "grace@mills.example"}).id
    first = scenes.booked(stage, amount=5000, customer=who)
    stage.run(scenes.REFUND, stage.stripe.v1.refunds.create({"charge": first, "amount": 1500}).id)
    fine = scenes.pay_out(stage)
    posted = stage.run(scenes.PAYOUT, fine)
    assert posted.state == "succeeded", posted
    scenes.booked(stage, amount=12_000, customer=who)
    off = scenes.pay_out(stage)
    posted = stage.run(scenes.PAYOUT, off)
    assert posted.state == "succeeded", posted
    scenes.booked(stage, amount=7000, customer=who)
    stage.stripe_does("payouts")
    tie_out.measure(stage.parts)
    deposit = stage.links()[f"stripe-dep-{off}"].netsuite_id
    return Paid(site, fine, off, deposit)


@dataclass
class Steps:
    """What a person does, one after the other."""

    page: Page
    done: list[str] = field(default_factory=list)

    def click(self, name: str, role: str = "button", within: str = "body") -> None:
        self.page.locator(within).get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        self.done.append(f"click {name}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.done.append(" ".join(keys))

    def say(self, words: str) -> None:
        self.page.keyboard.type(words)
        self.done.append("type")


def test_the_list(page: Page, paid: Paid) -> None:
    page.goto("/payouts")
    expect(page.get_by_role("row", name=paid.fine)).to_contain_text("posted")
    expect(page.get_by_role("region", name="main USD").first).to_contain_text("ties out")
    accessible(page)
    screenshot(page, "payouts")


def test_it_fits_a_phone(page: Page, paid: Paid) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/payouts", f"/payouts/{paid.fine}", "/payouts/tie-out"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_one_payout(page: Page, paid: Paid) -> None:
    page.goto(f"/payouts/{paid.fine}")
    expect(page.get_by_text("They add up to the payout of")).to_be_visible()
    expect(page.get_by_role("region", name="Transactions").get_by_role("row")).to_have_count(3)
    accessible(page)
    screenshot(page, "payout")


def test_the_tie_out(page: Page, paid: Paid) -> None:
    page.goto("/payouts/tie-out")
    page.get_by_text("Which").first.click()
    accessible(page)
    screenshot(page, "tie-out")


def test_a_viewer_changes_nothing(as_role: AsRole, paid: Paid) -> None:
    page = as_role("viewer")
    page.goto(f"/payouts/{paid.fine}")
    expect(page.get_by_role("button", name="Post again")).to_have_count(0)
    expect(page.get_by_role("button", name="Compare now")).to_have_count(0)


def test_from_home_to_mended_by_mouse(page: Page, paid: Paid) -> None:
    paid.spoil()
    page.goto("/")
    steps = Steps(page)
    steps.click("Payouts", "link", "nav[aria-label=Pages]")
    expect(page.get_by_role("row", name=paid.off)).to_contain_text("differs")
    screenshot(page, "payouts-off")
    steps.click(paid.off, "link")
    expect(page.get_by_text("Post the payout again.")).to_be_visible()
    screenshot(page, "payout-off")
    steps.click("Post again")
    steps.say("the fee was changed by hand")
    steps.click("Post again", within="dialog[open]")
    page.wait_for_url(f"**/payouts/{paid.off}")
    paid.work()
    steps.click("Compare now")
    paid.work()
    page.goto("/payouts")
    expect(page.get_by_role("row", name=paid.off)).to_contain_text("posted")
    assert len(set(paid.deposited(paid.off))) == 1
    assert len(steps.done) == 6, steps.done


def test_from_home_to_mended_by_keyboard(page: Page, paid: Paid) -> None:
    paid.spoil()
    page.goto("/")
    steps = Steps(page)
    steps.press("g", "p")
    page.wait_for_url("**/payouts")
    steps.press("d")
    page.wait_for_url("**/payouts?differs=true")
    steps.press("j")
    steps.press("Enter")
    page.wait_for_url(f"**/payouts/{paid.off}")
    steps.press("r")
    steps.say("the fee was changed by hand")
    steps.press("Tab", "Tab", "Enter")
    expect(page.get_by_text("The payout is being posted again")).to_be_visible()
    paid.work()
    steps.press("c")
    expect(page.get_by_text("The two ledgers are being compared.")).to_be_visible()
    paid.work()
    assert len(set(paid.deposited(paid.off))) == 1
    assert len(steps.done) == 8, steps.done
