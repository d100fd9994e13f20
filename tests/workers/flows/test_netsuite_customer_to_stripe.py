from typing import Any

import pytest

from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked

FLOW = "netsuite_customer_to_stripe"
BILLING = {
    "defaultBilling": True,
    "defaultShipping": False,
    "addressBookAddress": {
        "addressee": "Grace Works",
        "addr1": "1 Main St",
        "city": "Boston",
        "state": "MA",
        "zip": "02110",
        "country": {"id": "US"},
    },
}
SHIPPING = {
    "defaultBilling": False,
    "defaultShipping": True,
    "addressBookAddress": {"addressee": "Dock", "addr1": "9 Dock Rd", "city": "Boston", "country": {"id": "US"}},
}


def customer(stage: Stage, **given: Any) -> str:
    body = {
        "companyName": "Grace Works",
        "isPerson": False,
        "email": "grace@example.com",
        "subsidiary": {"id": ids.SUBSIDIARY_US},
        **given,
    }
    made: str = stage.saves("customer", body)["id"]
    return made


def only(stage: Stage) -> dict[str, Any]:
    [found] = stage.stripe_state("customer")
    return found


def test_a_customer_that_stripe_has_not_is_made_whole(stage: Stage) -> None:
    subject = customer(stage, phone="+1 555 0100", addressBook={"items": [BILLING, SHIPPING]})
    assert stage.deliver(f"{FLOW}/customer.create__in_the_ui", subject).state == "succeeded"
    kept = picked(
        only(stage), "name", "business_name", "individual_name", "email", "phone", "address", "shipping", "metadata"
    )
    assert kept == {
        "name": "Grace Works",
        "business_name": "Grace Works",
        "individual_name": None,
        "email": "grace@example.com",
        "phone": "+1 555 0100",
        "address": {
            "line1": "1 Main St",
            "line2": None,
            "city": "Boston",
            "state": "MA",
            "postal_code": "02110",
            "country": "US",
        },
        "shipping": {
            "name": "Dock",
            "phone": None,
            "address": {
                "line1": "9 Dock Rd",
                "line2": None,
                "city": "Boston",
                "state": None,
                "postal_code": None,
                "country": "US",
            },
        },
        "metadata": {"netsuite_customer_id": subject},
    }


def test_the_stripe_id_is_written_back(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    assert stage.records("customer")[0]["custentity_tieout_stripe_id"] == only(stage)["id"]


def test_the_stripe_id_is_not_written_back_by_option(stage: Stage) -> None:
    stage.choose(FLOW, write_back=False)
    stage.run(FLOW, customer(stage))
    assert "custentity_tieout_stripe_id" not in stage.records("customer")[0]


def test_a_person_has_an_individual_name(stage: Stage) -> None:
    stage.run(FLOW, customer(stage, isPerson=True, firstName="Grace", lastName="Hopper", companyName=""))
    assert picked(only(stage), "name", "individual_name", "business_name") == {
        "name": "Grace Hopper",
        "individual_name": "Grace Hopper",
        "business_name": None,
    }


def test_no_email_is_allowed(stage: Stage) -> None:
    assert (stage.run(FLOW, customer(stage, email="")).state, only(stage)["email"]) == ("succeeded", None)


def test_our_own_write_back_comes_back_as_an_echo(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    again = stage.deliver(f"{FLOW}/customer.edit__new_phone", subject)
    assert (again.state, again.code, again.stripe_calls) == ("skipped", "echo", 0)


def test_the_stripe_event_of_our_write_is_an_echo(stage: Stage) -> None:
    stage.run(FLOW, customer(stage))
    echo = stage.deliver("stripe_customer_to_netsuite/customer.created__company", only(stage)["id"])
    assert (echo.state, echo.code, echo.netsuite_calls) == ("skipped", "echo", 0)


def test_a_changed_phone_is_sent_alone(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.update(only(stage)["id"], {"name": "Known as Grace"})
    stage.saves("customer", {"phone": "+1 555 0100"}, subject)
    stage.deliver(f"{FLOW}/customer.edit__new_phone", subject)
    assert picked(only(stage), "name", "phone") == {"name": "Known as Grace", "phone": "+1 555 0100"}


def test_what_a_person_changed_in_stripe_meanwhile_still_reaches_netsuite(stage: Stage) -> None:
    stage.choose("stripe_customer_to_netsuite", netsuite_born="as_fields")
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.update(only(stage)["id"], {"email": "hopper@example.com"})
    stage.saves("customer", {"phone": "+1 555 0100"}, subject)
    stage.run(FLOW, subject)
    stage.run("stripe_customer_to_netsuite", only(stage)["id"])
    assert stage.records("customer")[0]["email"] == "hopper@example.com"


def test_a_field_emptied_in_netsuite_is_emptied_in_stripe(stage: Stage) -> None:
    subject = customer(stage, phone="+1 555 0100")
    stage.run(FLOW, subject)
    stage.saves("customer", {"phone": None}, subject)
    stage.run(FLOW, subject)
    assert only(stage)["phone"] is None


def test_a_field_emptied_in_netsuite_stays_in_stripe_by_option(stage: Stage) -> None:
    stage.choose(FLOW, clear_emptied=False)
    subject = customer(stage, phone="+1 555 0100")
    stage.run(FLOW, subject)
    stage.saves("customer", {"phone": None}, subject)
    stage.run(FLOW, subject)
    assert only(stage)["phone"] == "+1 555 0100"


def test_an_inactive_customer_is_flagged_and_not_deleted(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.saves("customer", {"isInactive": True}, subject)
    stage.deliver(f"{FLOW}/customer.xedit__inline", subject)
    assert only(stage)["metadata"] == {"netsuite_customer_id": subject, "netsuite_inactive": "true"}


def test_the_flag_goes_when_the_customer_is_active_again(stage: Stage) -> None:
    subject = customer(stage, isInactive=True)
    stage.run(FLOW, subject)
    stage.saves("customer", {"isInactive": False}, subject)
    stage.run(FLOW, subject)
    assert only(stage)["metadata"] == {"netsuite_customer_id": subject}


def test_a_deleted_customer_retires_its_link_and_deletes_nothing(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.removes("customer", subject)
    result = stage.deliver(f"{FLOW}/customer.delete__by_a_person", subject)
    [link] = stage.links().values()
    assert (result.state, result.code, link.current) == ("skipped", "gone", False)
    assert only(stage)["id"] == link.stripe_id


def test_not_taxable_is_tax_exempt(stage: Stage) -> None:
    stage.run(FLOW, customer(stage, taxable=False))
    assert only(stage)["tax_exempt"] == "exempt"


def test_taxable_is_not_looked_at_by_option(stage: Stage) -> None:
    stage.choose(FLOW, tax_exempt=False)
    stage.run(FLOW, customer(stage, taxable=False))
    assert only(stage)["tax_exempt"] == "none"


def test_the_locale_comes_from_a_custom_field(stage: Stage) -> None:
    stage.netsuite_does("custom-fields", on="entity", name="custentity_locale", kind="text")
    stage.choose(FLOW, locale_field="custentity_locale")
    stage.run(FLOW, customer(stage, custentity_locale="fr-CA"))
    assert only(stage)["preferred_locales"] == ["fr-CA"]


def in_stripe(stage: Stage, **given: Any) -> str:
    made: str = stage.stripe.v1.customers.create({"name": "G. Works", **given}).id
    return made


def test_the_field_in_netsuite_names_the_stripe_customer(stage: Stage) -> None:
    there = in_stripe(stage)
    result = stage.run(FLOW, customer(stage, custentity_tieout_stripe_id=there))
    assert (only(stage)["name"], result.notes) == (
        "Grace Works",
        [f"Tied to {there}, which NetSuite's field custentity_tieout_stripe_id names."],
    )


def test_a_field_that_names_nobody_is_held(stage: Stage) -> None:
    result = stage.run(FLOW, customer(stage, custentity_tieout_stripe_id="cus_nobody"))
    assert (result.state, result.code, stage.stripe_state("customer")) == ("held", "unknown_stripe_id", [])


def test_a_copy_of_a_customer_gets_a_stripe_customer_of_its_own(stage: Stage) -> None:
    stage.run(FLOW, customer(stage))
    original = only(stage)["id"]
    stage.run(FLOW, customer(stage, email="copy@example.com", custentity_tieout_stripe_id=original))
    [first, second] = stage.records("customer")
    assert (first["custentity_tieout_stripe_id"], len(stage.stripe_state("customer"))) == (original, 2)
    assert second["custentity_tieout_stripe_id"] != original


def test_the_metadata_names_the_stripe_customer(stage: Stage) -> None:
    subject = customer(stage)
    in_stripe(stage, metadata={"netsuite_customer_id": subject})
    stage.run(FLOW, subject)
    assert only(stage)["name"] == "Grace Works"


def test_a_unique_email_ties_to_the_customer_that_is_there(stage: Stage) -> None:
    in_stripe(stage, email="grace@example.com")
    subject = customer(stage)
    stage.run(FLOW, subject)
    assert picked(only(stage), "name", "metadata") == {
        "name": "Grace Works",
        "metadata": {"netsuite_customer_id": subject},
    }


def test_the_email_ties_nothing_by_option(stage: Stage) -> None:
    stage.choose(FLOW, match_email=False)
    in_stripe(stage, email="grace@example.com")
    stage.run(FLOW, customer(stage))
    assert len(stage.stripe_state("customer")) == 2


def test_several_stripe_customers_with_the_email_are_shown_and_held(stage: Stage) -> None:
    there = {in_stripe(stage, email="grace@example.com"), in_stripe(stage, email="grace@example.com")}
    result = stage.run(FLOW, customer(stage))
    assert (result.state, result.code, {one["id"] for one in result.candidates}) == ("held", "ambiguous", there)


def test_one_that_belongs_to_another_netsuite_customer_is_no_candidate(stage: Stage) -> None:
    stage.run(FLOW, customer(stage))
    stage.run(FLOW, customer(stage))
    assert len(stage.stripe_state("customer")) == 2


def test_a_customer_deleted_in_stripe_is_made_again(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.delete(only(stage)["id"])
    stage.saves("customer", {"phone": "+1 555 0100"}, subject)
    stage.run(FLOW, subject)
    living = [one for one in stage.stripe_state("customer") if not one.get("deleted")]
    assert [picked(one, "name", "phone") for one in living] == [{"name": "Grace Works", "phone": "+1 555 0100"}]


def test_a_customer_deleted_in_stripe_is_held_by_option(stage: Stage) -> None:
    stage.choose(FLOW, when_deleted_in_stripe="hold")
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.delete(only(stage)["id"])
    stage.saves("customer", {"phone": "+1 555 0100"}, subject)
    assert stage.run(FLOW, subject).state == "held"


ADDRESS = {"addr1": "9 Dock Rd", "city": "Boston", "country": {"id": "US"}}
CHANGES: dict[str, tuple[dict[str, Any], str, Any]] = {
    "name": ({"companyName": "Grace Ltd"}, "name", "Grace Ltd"),
    "email": ({"email": "new@example.com"}, "email", "new@example.com"),
    "phone": ({"phone": "+1 555 0199"}, "phone", "+1 555 0199"),
    "billing_address": (
        {"addressBook": {"items": [{"defaultBilling": True, "addressBookAddress": ADDRESS}]}},
        "address",
        "9 Dock Rd",
    ),
    "shipping_address": (
        {"addressBook": {"items": [{"defaultShipping": True, "addressBookAddress": ADDRESS}]}},
        "shipping",
        "9 Dock Rd",
    ),
}
THEIRS = {
    "name": "Theirs",
    "email": "theirs@example.com",
    "phone": "+1 555 0111",
    "address": {"line1": "Theirs"},
    "shipping": {"name": "Theirs", "address": {"line1": "Theirs"}},
}


def after_a_change(stage: Stage, option: str, policy: str) -> Any:
    """What Stripe says of the field after both sides have changed it, under this policy."""
    changed, field, _ = CHANGES[option]
    stage.choose(FLOW, **{option: policy})
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.update(only(stage)["id"], {field: THEIRS[field]})
    stage.saves("customer", changed, subject)
    stage.run(FLOW, subject)
    found = only(stage)[field]
    found = found.get("address", found) if isinstance(found, dict) else found
    return found["line1"] if isinstance(found, dict) else found


@pytest.mark.parametrize("option", CHANGES)
def test_a_change_overwrites_by_default(stage: Stage, option: str) -> None:
    assert after_a_change(stage, option, "overwrite") == CHANGES[option][2]


@pytest.mark.parametrize("policy", ["fill_only", "leave"])
@pytest.mark.parametrize("option", CHANGES)
def test_a_change_leaves_what_stripe_has_by_option(stage: Stage, option: str, policy: str) -> None:
    assert after_a_change(stage, option, policy) in ("Theirs", "theirs@example.com", "+1 555 0111")


def test_what_is_empty_in_stripe_is_filled_by_option(stage: Stage) -> None:
    stage.choose(FLOW, phone="fill_only")
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.saves("customer", {"phone": "+1 555 0199"}, subject)
    stage.run(FLOW, subject)
    assert only(stage)["phone"] == "+1 555 0199"


def test_a_customer_of_another_subsidiary_is_skipped(stage: Stage) -> None:
    stage.keep_books(also_subsidiaries=[])
    result = stage.run(FLOW, customer(stage, subsidiary={"id": ids.SUBSIDIARY_EU}))
    assert (result.code, stage.stripe_state("customer")) == ("other_subsidiary", [])


@pytest.mark.parametrize(("ticked", "state"), [(True, "succeeded"), (False, "skipped")])
def test_only_ticked_customers_by_option(stage: Stage, ticked: bool, state: str) -> None:
    stage.netsuite_does("custom-fields", on="entity", name="custentity_bill_by_stripe", kind="bool")
    stage.choose(FLOW, only_if_checked="custentity_bill_by_stripe")
    assert stage.run(FLOW, customer(stage, custentity_bill_by_stripe=ticked)).state == state


def test_the_sweep_finds_what_no_callback_told(stage: Stage) -> None:
    customer(stage)
    stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert only(stage)["name"] == "Grace Works"
