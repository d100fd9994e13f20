from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage, picked

FLOW = "stripe_customer_to_netsuite"
ADDRESS = {"line1": "1 Main St", "city": "Boston", "state": "MA", "postal_code": "02110", "country": "US"}
KEPT = ("isPerson", "companyName", "firstName", "lastName", "email", "phone", "custentity_tieout_stripe_id")


def customer(stage: Stage, **given: Any) -> str:
    made: str = stage.stripe.v1.customers.create({"name": "Ada Works", "email": "ada@example.com", **given}).id
    return made


def names(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in picked(record, *KEPT).items() if value is not None}


def test_a_customer_that_netsuite_has_not_is_made_whole(stage: Stage) -> None:
    stage.switch("portal_url_to_netsuite_customer", False)
    subject = customer(stage, phone="+1 555 0100", address=ADDRESS)
    assert stage.deliver(f"{FLOW}/customer.created__company", subject).state == "succeeded"
    [record] = stage.records("customer")
    assert record == {
        "id": record["id"],
        "externalId": f"stripe-cust-{subject}",
        "entityId": "CUS1001",
        "altName": "Ada Works",
        "autoName": True,
        "isPerson": False,
        "companyName": "Ada Works",
        "email": "ada@example.com",
        "phone": "+1 555 0100",
        "subsidiary": ids.SUBSIDIARY_US,
        "currency": ids.USD,
        "isInactive": False,
        "balance": "0.00",
        "dateCreated": "2026-08-20T14:30:00Z",
        "lastModifiedDate": "2026-08-20T14:30:00Z",
        "custentity_tieout_stripe_id": subject,
        "currencyList": [{"currency": ids.USD, "balance": "0"}],
        "addressBook": [
            {
                "internalId": 1,
                "defaultBilling": True,
                "defaultShipping": False,
                "addressBookAddress": {
                    "addressee": "Ada Works",
                    "addr1": "1 Main St",
                    "city": "Boston",
                    "state": "MA",
                    "zip": "02110",
                    "country": "US",
                },
            }
        ],
        "taxRegistration": [],
    }


def test_the_stripe_customer_is_marked_with_the_netsuite_id(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    [record] = stage.records("customer")
    assert stage.stripe.v1.customers.retrieve(subject).metadata["netsuite_customer_id"] == record["id"]


def test_the_mark_is_left_out_by_option(stage: Stage) -> None:
    stage.choose(FLOW, mark_stripe=False)
    subject = customer(stage)
    stage.run(FLOW, subject)
    assert stage.stripe.v1.customers.retrieve(subject).metadata.to_dict() == {}


def test_our_own_mark_comes_back_as_an_echo(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    again = stage.deliver(f"{FLOW}/customer.updated__new_email", subject)
    assert (again.state, again.code, again.netsuite_calls) == ("skipped", "echo", 0)


def test_a_new_customer_costs_the_look_by_email_and_the_write(stage: Stage) -> None:
    stage.run(FLOW, customer(stage))
    second = stage.run(FLOW, customer(stage, email="other@example.com"))
    assert second.netsuite_calls == 2


def test_without_match_by_email_it_costs_the_write_alone(stage: Stage) -> None:
    stage.choose(FLOW, match_email=False)
    stage.run(FLOW, customer(stage))
    assert stage.run(FLOW, customer(stage)).netsuite_calls == 1


def test_a_changed_email_is_one_patch(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.update(subject, {"email": "billing@example.com"})
    changed = stage.deliver(f"{FLOW}/customer.updated__new_email", subject)
    [record] = stage.records("customer")
    assert (changed.state, changed.netsuite_calls, record["email"]) == ("succeeded", 1, "billing@example.com")


def test_a_change_of_what_is_not_kept_in_step_is_skipped(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.update(subject, {"description": "A note"})
    assert stage.run(FLOW, subject).code == "echo"


def test_a_field_emptied_in_stripe_stays_in_netsuite(stage: Stage) -> None:
    subject = customer(stage, phone="+1 555 0100")
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.update(subject, {"phone": ""})
    result = stage.run(FLOW, subject)
    assert (result.code, stage.records("customer")[0]["phone"]) == ("nothing_to_write", "+1 555 0100")


def test_a_field_emptied_in_stripe_is_emptied_by_option(stage: Stage) -> None:
    stage.choose(FLOW, clear_emptied=True)
    subject = customer(stage, phone="+1 555 0100")
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.update(subject, {"phone": ""})
    stage.run(FLOW, subject)
    assert "phone" not in stage.records("customer")[0]


def test_a_field_whose_policy_is_leave_is_left(stage: Stage) -> None:
    stage.choose(FLOW, email="leave")
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.update(subject, {"email": "billing@example.com"})
    result = stage.run(FLOW, subject)
    assert (result.code, stage.records("customer")[0]["email"]) == ("nothing_to_write", "ada@example.com")


def test_a_field_whose_policy_is_fill_only_is_filled_when_empty(stage: Stage) -> None:
    stage.choose(FLOW, phone="fill_only")
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.update(subject, {"phone": "+1 555 0100"})
    stage.run(FLOW, subject)
    assert stage.records("customer")[0]["phone"] == "+1 555 0100"


def test_a_field_whose_policy_is_fill_only_is_not_overwritten(stage: Stage) -> None:
    stage.choose(FLOW, phone="fill_only")
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.saves("customer", {"phone": "+1 555 0199"}, stage.records("customer")[0]["id"])
    stage.stripe.v1.customers.update(subject, {"phone": "+1 555 0100"})
    stage.run(FLOW, subject)
    assert stage.records("customer")[0]["phone"] == "+1 555 0199"


def test_a_new_address_leaves_the_rest_of_the_address_book(stage: Stage) -> None:
    subject = customer(stage, address=ADDRESS)
    stage.run(FLOW, subject)
    [record] = stage.records("customer")
    other = {"label": "Warehouse", "addressBookAddress": {"addr1": "9 Dock Rd", "country": {"id": "US"}}}
    stage.saves("customer", {"addressBook": {"items": [other]}}, record["id"])
    stage.stripe.v1.customers.update(subject, {"address": {**ADDRESS, "line1": "2 Main St"}})
    stage.run(FLOW, subject)
    book = [line["addressBookAddress"]["addr1"] for line in stage.records("customer")[0]["addressBook"]]
    assert sorted(book) == ["2 Main St", "9 Dock Rd"]


def test_a_shipping_address_is_an_entry_of_its_own(stage: Stage) -> None:
    shipping = {"name": "Ada Works Dock", "address": {**ADDRESS, "line1": "9 Dock Rd"}}
    stage.run(FLOW, customer(stage, address=ADDRESS, shipping=shipping))
    book = [
        (line["defaultBilling"], line["defaultShipping"], line["addressBookAddress"]["addr1"])
        for line in stage.records("customer")[0]["addressBook"]
    ]
    assert book == [(True, False, "1 Main St"), (False, True, "9 Dock Rd")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"individual_name": "Ada King"}, {"isPerson": True, "firstName": "Ada", "lastName": "King"}),
        ({"business_name": "Ada Ltd"}, {"isPerson": False, "companyName": "Ada King"}),
        ({}, {"isPerson": False, "companyName": "Ada King"}),
    ],
)
def test_person_or_company_is_told_by_the_kind_of_name(
    stage: Stage, given: dict[str, str], expected: dict[str, Any]
) -> None:
    subject = customer(stage, name="Ada King", email="", **given)
    stage.run(FLOW, subject)
    assert names(stage.records("customer")[0]) == {**expected, "custentity_tieout_stripe_id": subject}


def test_a_missing_name_gets_the_default_and_says_so(stage: Stage) -> None:
    subject = customer(stage, name="")
    result = stage.run(FLOW, subject)
    [record] = stage.records("customer")
    assert picked(record, "companyName", "comments") == {
        "companyName": "NO-NAME-ENTERED",
        "comments": f"The name is a default: {subject} has none in Stripe.",
    }
    assert result.notes == ["Defaulted: the Stripe customer has no name, so it is called NO-NAME-ENTERED."]


def test_the_name_delimiter_is_finances_choice(stage: Stage) -> None:
    stage.choose(FLOW, name_delimiter="/", is_person="person")
    stage.run(FLOW, customer(stage, name="Ada Augusta/King Noel"))
    assert picked(stage.records("customer")[0], "firstName", "lastName") == {
        "firstName": "Ada Augusta",
        "lastName": "King Noel",
    }


def test_without_a_subsidiary_it_is_held_and_names_the_setting(stage: Stage) -> None:
    stage.keep_books(subsidiary=None)
    result = stage.run(FLOW, customer(stage))
    assert (result.state, result.code, result.action) == (
        "held",
        "unmapped",
        "Set `books.main.subsidiary` in the configuration, then replay.",
    )


def test_each_configured_currency_is_given(stage: Stage) -> None:
    stage.keep_books(currencies=["USD", "EUR", "JPY"])
    stage.run(FLOW, customer(stage))
    given = [line["currency"] for line in stage.records("customer")[0]["currencyList"]]
    assert given == [ids.USD, ids.EUR, ids.JPY]


def in_netsuite(stage: Stage, **given: Any) -> str:
    body = {"companyName": "Ada Works Inc", "isPerson": False, "subsidiary": {"id": ids.SUBSIDIARY_US}, **given}
    made: str = stage.saves("customer", body)["id"]
    return made


def test_a_unique_email_ties_to_the_customer_that_is_there(stage: Stage) -> None:
    there = in_netsuite(stage, email="Ada@Example.com")
    subject = customer(stage, phone="+1 555 0100")
    result = stage.run(FLOW, subject)
    [record] = stage.records("customer")
    assert names(record) == {
        "isPerson": False,
        "companyName": "Ada Works Inc",
        "email": "Ada@Example.com",
        "phone": "+1 555 0100",
        "custentity_tieout_stripe_id": subject,
    }
    assert result.notes == [f"Tied to NetSuite customer {there}: the only active one with e-mail ada@example.com."]


def test_several_customers_with_the_email_are_shown_and_held(stage: Stage) -> None:
    first, second = in_netsuite(stage, email="ada@example.com"), in_netsuite(stage, email="ada@example.com")
    result = stage.run(FLOW, customer(stage))
    assert (result.state, result.code, [one["id"] for one in result.candidates]) == (
        "held",
        "ambiguous",
        [first, second],
    )


def test_an_inactive_customer_with_the_email_is_no_candidate(stage: Stage) -> None:
    in_netsuite(stage, email="ada@example.com", isInactive=True)
    stage.run(FLOW, customer(stage))
    assert len(stage.records("customer")) == 2


def test_the_metadata_decides_between_several(stage: Stage) -> None:
    in_netsuite(stage, email="ada@example.com")
    meant = in_netsuite(stage, email="ada@example.com")
    subject = customer(stage, metadata={"netsuite_customer_id": meant})
    stage.run(FLOW, subject)
    assert [one.get("custentity_tieout_stripe_id") for one in stage.records("customer")] == [None, subject]


def test_metadata_that_names_nobody_is_held(stage: Stage) -> None:
    result = stage.run(FLOW, customer(stage, metadata={"netsuite_customer_id": "99999"}))
    assert (result.state, result.code) == ("held", "unknown_netsuite_id")


def test_a_second_stripe_customer_with_the_same_email_is_held(stage: Stage) -> None:
    stage.run(FLOW, customer(stage))
    result = stage.run(FLOW, customer(stage))
    assert (result.state, result.code, len(stage.records("customer"))) == ("held", "ambiguous", 1)


def test_two_with_the_same_email_at_the_same_moment_make_one_record(stage: Stage) -> None:
    first, second = customer(stage), customer(stage, email="ADA@example.com")
    runs = stage.parts.sweeper.on_demand(FLOW, "main", [first, second])
    with ThreadPoolExecutor(2) as workers:
        states = sorted(str(state) for state in workers.map(stage.parts.executor.run, runs))
    assert (states, len(stage.records("customer"))) == (["held", "succeeded"], 1)


def test_a_second_stripe_customer_shares_the_record_by_option(stage: Stage) -> None:
    stage.choose(FLOW, shared_email="share")
    stage.run(FLOW, customer(stage))
    assert (stage.run(FLOW, customer(stage)).state, len(stage.records("customer"))) == ("succeeded", 1)


def test_a_second_stripe_customer_gets_its_own_record_by_option(stage: Stage) -> None:
    stage.choose(FLOW, shared_email="create")
    stage.run(FLOW, customer(stage))
    assert (stage.run(FLOW, customer(stage)).state, len(stage.records("customer"))) == ("succeeded", 2)


def test_a_customer_born_in_netsuite_is_overwritten_by_option(stage: Stage) -> None:
    stage.choose(FLOW, netsuite_born="as_fields")
    in_netsuite(stage, email="ada@example.com")
    stage.run(FLOW, customer(stage))
    assert stage.records("customer")[0]["companyName"] == "Ada Works"


def test_a_deleted_customer_retires_its_link_and_deletes_nothing(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    stage.stripe.v1.customers.delete(subject)
    result = stage.deliver(f"{FLOW}/customer.deleted__in_the_dashboard", subject)
    link = stage.links()[f"stripe-cust-{subject}"]
    assert (result.state, link.current, link.note) == ("succeeded", False, "The customer was deleted in Stripe.")
    assert len(stage.records("customer")) == 1


def test_a_customer_deleted_before_it_arrived_is_skipped(stage: Stage) -> None:
    subject = customer(stage)
    stage.stripe.v1.customers.delete(subject)
    assert stage.run(FLOW, subject).code == "deleted"


def test_a_name_too_long_for_netsuite_is_not_sent_back_cut(stage: Stage) -> None:
    subject = customer(stage, name="Ada " * 30)
    stage.run(FLOW, subject)
    [record] = stage.records("customer")
    stage.saves("customer", {"phone": "+1 555 0100"}, record["id"])
    stage.run("netsuite_customer_to_stripe", record["id"])
    kept = stage.stripe.v1.customers.retrieve(subject)
    assert (kept.name, kept.phone) == ("Ada " * 30, "+1 555 0100")


def test_a_change_made_in_netsuite_meanwhile_is_still_seen(stage: Stage) -> None:
    subject = customer(stage)
    stage.run(FLOW, subject)
    [record] = stage.records("customer")
    stage.saves("customer", {"phone": "+1 555 0100"}, record["id"])
    stage.stripe.v1.customers.update(subject, {"email": "billing@example.com"})
    stage.run(FLOW, subject)
    stage.run("netsuite_customer_to_stripe", record["id"])
    kept = stage.stripe.v1.customers.retrieve(subject)
    assert (kept.email, kept.phone) == ("billing@example.com", "+1 555 0100")


def test_the_sweep_finds_what_no_event_told(stage: Stage) -> None:
    customer(stage)
    found = stage.parts.sweeper.sweep(FLOW, "main")
    stage.work()
    assert (found, len(stage.records("customer"))) == (1, 1)
