from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage

FLOW = "portal_url_to_netsuite_customer"
CUSTOMER_FLOW = "stripe_customer_to_netsuite"
FIELD = "custentity_tieout_portal_url"


def stripe_customer(stage: Stage, **given: Any) -> str:
    made: str = stage.stripe.v1.customers.create({"name": "Ada Works", "email": "ada@example.com", **given}).id
    return made


def customer(stage: Stage, **given: Any) -> str:
    """One that is in NetSuite."""
    made = stripe_customer(stage, **given)
    assert stage.run(CUSTOMER_FLOW, made).state == "succeeded"
    return made


def urls(stage: Stage) -> list[Any]:
    return [one.get(FIELD) for one in stage.records("customer")]


def ours(stage: Stage, who: str) -> str:
    return stage.parts.executor.public.portal("main", who)


def login_page(stage: Stage, enabled: bool = True) -> str:
    portal = stage.stripe.v1.billing_portal.configurations
    default = portal.list({"is_default": True}).data[0].id
    return str(portal.update(default, {"login_page": {"enabled": enabled}}).login_page.url)


def sweep(stage: Stage) -> int:
    found = stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    return found


@pytest.fixture(autouse=True)
def _public_url(stage: Stage) -> Iterator[None]:
    public = stage.parts.executor.public
    yield
    stage.parts.executor.public = public


def test_our_own_link_is_written_to_the_customer(stage: Stage) -> None:
    who = customer(stage)
    assert stage.deliver(f"{FLOW}/customer.created__company", who).state == "succeeded"
    assert urls(stage) == [ours(stage, who)]


def test_nothing_else_of_the_customer_changes(stage: Stage) -> None:
    who = customer(stage)
    [before] = stage.records("customer")
    stage.run(FLOW, who)
    [after] = stage.records("customer")
    assert after == before | {FIELD: ours(stage, who)}


def test_a_customer_that_is_not_in_netsuite_is_brought_over_first(stage: Stage) -> None:
    who = stripe_customer(stage)
    assert stage.run(FLOW, who).state == "succeeded"
    assert urls(stage) == [ours(stage, who)]


def test_a_customer_is_not_brought_over_for_the_link_alone(stage: Stage) -> None:
    stage.decide(flows={CUSTOMER_FLOW: {"enabled": False}})
    result = stage.run(FLOW, stripe_customer(stage))
    assert (result.state, result.code, stage.records("customer")) == ("skipped", "not_in_netsuite", [])


def test_a_customer_born_in_netsuite_gets_it_too(stage: Stage) -> None:
    body = {"companyName": "Grace Works", "email": "g@example.com", "subsidiary": {"id": ids.SUBSIDIARY_US}}
    stage.run("netsuite_customer_to_stripe", stage.saves("customer", body)["id"])
    [who] = [one["id"] for one in stage.stripe_state("customer")]
    stage.run(FLOW, who)
    assert urls(stage) == [ours(stage, who)]


def test_it_costs_one_call_to_netsuite(stage: Stage) -> None:
    assert stage.run(FLOW, customer(stage)).netsuite_calls == 1


def test_the_second_time_costs_none(stage: Stage) -> None:
    who = customer(stage)
    stage.run(FLOW, who)
    again = stage.deliver(f"{FLOW}/customer.updated__new_email", who)
    assert (again.state, again.code, again.netsuite_calls) == ("skipped", "echo", 0)


def test_stripes_login_page_is_written_by_option(stage: Stage) -> None:
    page = login_page(stage)
    stage.choose(FLOW, link="login_page")
    stage.run(FLOW, customer(stage, email="ada+1@example.com"))
    assert urls(stage) == [f"{page}?prefilled_email=ada%2B1%40example.com"]


def test_a_login_page_that_is_switched_off_is_held(stage: Stage) -> None:
    stage.choose(FLOW, link="login_page")
    result = stage.run(FLOW, customer(stage))
    assert (result.state, result.code, "Settings, Billing, Customer portal" in str(result.action)) == (
        "held",
        "no_login_page",
        True,
    )


def test_without_an_email_there_is_no_login_page(stage: Stage) -> None:
    login_page(stage)
    stage.choose(FLOW, link="login_page")
    result = stage.run(FLOW, customer(stage, email=""))
    assert (result.state, result.code) == ("skipped", "nothing_to_clear")


def test_a_new_email_changes_the_login_page(stage: Stage) -> None:
    page = login_page(stage)
    stage.choose(FLOW, link="login_page")
    who = customer(stage)
    stage.run(FLOW, who)
    stage.stripe.v1.customers.update(who, {"email": "new@example.com"})
    stage.run(FLOW, who)
    assert urls(stage) == [f"{page}?prefilled_email=new%40example.com"]


def test_a_shared_email_is_told_of(stage: Stage) -> None:
    login_page(stage)
    stage.choose(FLOW, link="login_page")
    who = customer(stage)
    stripe_customer(stage)
    assert stage.run(FLOW, who).notes[0] == (
        "Several Stripe customers have the e-mail ada@example.com: Stripe chooses whose portal opens."
    )


def test_another_option_rewrites_it(stage: Stage) -> None:
    who = customer(stage)
    stage.run(FLOW, who)
    page = login_page(stage)
    stage.choose(FLOW, link="login_page")
    sweep(stage)
    assert urls(stage) == [f"{page}?prefilled_email=ada%40example.com"]


def test_another_public_address_rewrites_it(stage: Stage) -> None:
    who = customer(stage)
    stage.run(FLOW, who)
    stage.parts.executor.public = Elsewhere()
    assert sweep(stage) == 1
    assert urls(stage) == [f"https://elsewhere.test/{who}"]


class Elsewhere:
    def portal(self, account: str, stripe_customer: str, /) -> str:
        return f"https://elsewhere.test/{stripe_customer}"

    def pay(self, account: str, netsuite_invoice: str, /) -> str:
        return ""


def test_what_a_person_wrote_is_kept_by_option(stage: Stage) -> None:
    stage.choose(FLOW, overwrite="empty")
    who = customer(stage)
    stage.saves("customer", {FIELD: "https://mine.example"}, stage.records("customer")[0]["id"])
    assert (stage.run(FLOW, who).code, urls(stage)) == ("filled", ["https://mine.example"])


def test_what_is_kept_is_not_asked_for_again(stage: Stage) -> None:
    stage.choose(FLOW, overwrite="empty")
    who = customer(stage)
    stage.saves("customer", {FIELD: "https://mine.example"}, stage.records("customer")[0]["id"])
    stage.run(FLOW, who)
    assert (sweep(stage), stage.run(FLOW, who).netsuite_calls) == (0, 0)


def test_what_was_kept_is_written_over_when_that_is_chosen(stage: Stage) -> None:
    stage.choose(FLOW, overwrite="empty")
    who = customer(stage)
    stage.saves("customer", {FIELD: "https://mine.example"}, stage.records("customer")[0]["id"])
    stage.run(FLOW, who)
    stage.choose(FLOW, overwrite="always")
    sweep(stage)
    assert urls(stage) == [ours(stage, who)]


def test_an_empty_field_is_filled(stage: Stage) -> None:
    stage.choose(FLOW, overwrite="empty")
    who = customer(stage)
    stage.run(FLOW, who)
    assert urls(stage) == [ours(stage, who)]


def test_a_deleted_customer_loses_it(stage: Stage) -> None:
    who = customer(stage)
    stage.run(FLOW, who)
    stage.stripe.v1.customers.delete(who)
    stage.deliver(f"{FLOW}/customer.deleted__in_the_dashboard", who)
    assert urls(stage) == [None]


def test_clearing_leaves_the_link_retired(stage: Stage) -> None:
    who = customer(stage)
    stage.run(FLOW, who)
    stage.stripe.v1.customers.delete(who)
    stage.run(CUSTOMER_FLOW, who)
    stage.run(FLOW, who)
    assert (stage.links()[f"stripe-cust-{who}"].current, urls(stage)) == (False, [None])


def test_a_deleted_customer_that_never_had_one_is_skipped(stage: Stage) -> None:
    who = stripe_customer(stage)
    stage.stripe.v1.customers.delete(who)
    assert stage.run(FLOW, who).code == "nothing_to_clear"


def test_the_sweep_finds_customers_without_one(stage: Stage) -> None:
    first, second = customer(stage), customer(stage, email="bea@example.com", name="Bea Works")
    stage.run(FLOW, first)
    assert sweep(stage) == 1
    assert urls(stage) == [ours(stage, first), ours(stage, second)]


def test_the_link_that_is_written_opens_the_portal(stage: Stage) -> None:
    who = customer(stage)
    stage.run(FLOW, who)
    opened = stage.parts.systems.stripe("main", lambda _: None).portal_url(who)
    assert "Billing of Ada Works" in httpx.get(opened, trust_env=False).text
