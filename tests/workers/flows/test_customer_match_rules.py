"""Finance's match rules for customers, both ways: what each finds, what it says, and when it asks a person."""

from typing import Any

import pytest

from app.admin import actions, choices
from sandbox.netsuite import ids
from tests.workers.flows.stage import Result, Stage

INTO_NETSUITE = "stripe_customer_to_netsuite"
INTO_STRIPE = "netsuite_customer_to_stripe"
ACCOUNT_NO = {"by": "fields", "stripe": "metadata.account_no", "netsuite": "custentity_account_no"}
US = {"line1": "1 Main St", "city": "Boston", "country": "US"}


def rules(stage: Stage, way: str, *rules: Any) -> None:
    given = [rule if isinstance(rule, dict) else {"by": rule} for rule in rules]
    stage.decide(match={"customers": {way: given}})


def in_stripe(stage: Stage, **given: Any) -> str:
    made: str = stage.stripe.v1.customers.create({"name": "Ada Works", "email": "ada@example.com", **given}).id
    return made


def in_netsuite(stage: Stage, **given: Any) -> str:
    body = {"companyName": "Ada Works", "isPerson": False, "subsidiary": {"id": ids.SUBSIDIARY_US}, **given}
    made: str = stage.saves("customer", body)["id"]
    return made


def address(country: str) -> dict[str, Any]:
    inner = {"addr1": "1 Main St", "city": "Boston", "country": {"id": country}}
    return {"addressBook": {"items": [{"defaultBilling": True, "addressBookAddress": inner}]}}


# Stripe -> NetSuite ----------------------------------------------------------------------------------------------


def ties(stage: Stage, *, because: str, **given: Any) -> None:
    """The Stripe customer is tied to the one that is there, and the run says why."""
    result = stage.run(INTO_NETSUITE, in_stripe(stage, **given))
    assert (result.state, len(stage.records("customer"))) == ("succeeded", 1)
    assert [note for note in result.notes if because in note] != []


def test_by_the_stripe_id_that_netsuite_holds(stage: Stage) -> None:
    rules(stage, "into_netsuite", "stripe_id_field")
    subject = in_stripe(stage)
    there = in_netsuite(stage, custentity_tieout_stripe_id=subject)
    result = stage.run(INTO_NETSUITE, subject)
    assert result.notes[0] == (
        f"Tied to NetSuite customer {there}: the only active one with Stripe id {subject} in "
        "custentity_tieout_stripe_id."
    )


def test_by_phone_whatever_its_form(stage: Stage) -> None:
    rules(stage, "into_netsuite", "phone")
    in_netsuite(stage, phone="(617) 555-0100")
    ties(stage, phone="+16175550100", because="the only active one with phone +16175550100.")


def test_another_phone_with_the_same_ending_is_another_customer(stage: Stage) -> None:
    rules(stage, "into_netsuite", "phone")
    in_netsuite(stage, phone="(617) 444-0100")
    stage.run(INTO_NETSUITE, in_stripe(stage, phone="+16175550100"))
    assert len(stage.records("customer")) == 2


def test_by_name_and_country(stage: Stage) -> None:
    rules(stage, "into_netsuite", "name_country")
    in_netsuite(stage, companyName="ADA WORKS", **address("US"))
    ties(stage, address=US, because="the only active one with name Ada Works and country US.")


def test_the_same_name_in_another_country_is_another_customer(stage: Stage) -> None:
    rules(stage, "into_netsuite", "name_country")
    in_netsuite(stage, **address("CA"))
    stage.run(INTO_NETSUITE, in_stripe(stage, address=US))
    assert len(stage.records("customer")) == 2


def test_the_country_decides_between_two_of_one_name(stage: Stage) -> None:
    rules(stage, "into_netsuite", "name_country")
    in_netsuite(stage, **address("CA"))
    meant = in_netsuite(stage, **address("US"))
    subject = in_stripe(stage, address=US)
    stage.run(INTO_NETSUITE, subject)
    tied = [one["id"] for one in stage.records("customer") if one.get("custentity_tieout_stripe_id") == subject]
    assert tied == [meant]


def test_by_a_pair_of_fields(stage: Stage) -> None:
    rules(stage, "into_netsuite", {**ACCOUNT_NO, "netsuite": "custentity_tieout_portal_url"})
    in_netsuite(stage, custentity_tieout_portal_url="A-17")
    ties(stage, metadata={"account_no": "A-17"}, because="the only active one with custentity_tieout_portal_url A-17.")


def test_by_the_external_id_of_an_earlier_integration(stage: Stage) -> None:
    rules(stage, "into_netsuite", {"by": "fields", "stripe": "id", "netsuite": "externalid"})
    subject = in_stripe(stage)
    in_netsuite(stage, externalId=subject)
    stage.run(INTO_NETSUITE, subject)
    assert len(stage.records("customer")) == 1


def test_a_field_that_netsuite_has_not_is_held(stage: Stage) -> None:
    rules(stage, "into_netsuite", ACCOUNT_NO)
    result = stage.run(INTO_NETSUITE, in_stripe(stage, metadata={"account_no": "A-17"}))
    assert (result.state, result.code) == ("held", "match_rule")


def two(stage: Stage, **given: Any) -> Result:
    first, second = in_netsuite(stage, **given), in_netsuite(stage, **given)
    result = stage.run(INTO_NETSUITE, in_stripe(stage, phone="+16175550100", address=US, metadata={"no": "A-17"}))
    assert [one["id"] for one in result.candidates] == [first, second]
    return result


@pytest.mark.parametrize(
    ("rule", "given", "words"),
    [
        ("email", {"email": "ada@example.com"}, "have the e-mail ada@example.com"),
        ("phone", {"phone": "+1 617 555 0100"}, "have the phone +16175550100"),
        ("name_country", address("US"), "have the name Ada Works and country US"),
        (
            {"by": "fields", "stripe": "metadata.no", "netsuite": "custentity_tieout_portal_url"},
            {"custentity_tieout_portal_url": "A-17"},
            "have the custentity_tieout_portal_url A-17",
        ),
    ],
)
def test_a_tie_is_held_with_its_candidates(stage: Stage, rule: Any, given: dict[str, Any], words: str) -> None:
    rules(stage, "into_netsuite", rule)
    result = two(stage, **given)
    assert (result.state, result.code, words in result.summary) == ("held", "ambiguous", True)


def test_the_first_rule_that_finds_one_decides(stage: Stage) -> None:
    rules(stage, "into_netsuite", "phone", "email")
    in_netsuite(stage, email="ada@example.com")
    by_phone = in_netsuite(stage, phone="+16175550100")
    subject = in_stripe(stage, phone="+16175550100")
    stage.run(INTO_NETSUITE, subject)
    assert stage.links()[f"stripe-cust-{subject}"].netsuite_id == by_phone


def test_a_rule_that_finds_nobody_leaves_it_to_the_next(stage: Stage) -> None:
    rules(stage, "into_netsuite", "phone", "email")
    in_netsuite(stage, email="ada@example.com")
    ties(stage, phone="+16175550100", because="the only active one with e-mail ada@example.com.")


def test_without_rules_every_customer_is_new(stage: Stage) -> None:
    rules(stage, "into_netsuite")
    in_netsuite(stage, email="ada@example.com")
    stage.run(INTO_NETSUITE, in_stripe(stage))
    assert len(stage.records("customer")) == 2


def test_what_a_person_has_decided_is_a_link_and_comes_first(stage: Stage) -> None:
    in_netsuite(stage, email="ada@example.com")
    meant = in_netsuite(stage, email="ada@example.com")
    subject = in_stripe(stage)
    assert stage.run(INTO_NETSUITE, subject).state == "held"
    actions.link(stage.parts, "cust", subject, meant, account="main", origin="netsuite", note="", actor="ann")
    stage.replay()
    tied = [one["id"] for one in stage.records("customer") if one.get("custentity_tieout_stripe_id") == subject]
    assert (stage.states(INTO_NETSUITE), tied) == ({"succeeded"}, [meant])


def test_a_candidate_that_a_person_chooses_is_kept_as_a_link(stage: Stage) -> None:
    in_netsuite(stage, email="ada@example.com")
    meant = in_netsuite(stage, email="ada@example.com")
    subject = in_stripe(stage)
    run_id = stage.parts.sweeper.on_demand(INTO_NETSUITE, "main", [subject])[0]
    stage.work()
    choices.choose(stage.parts, run_id, meant, actor="ann")
    stage.work()
    link = stage.links()[f"stripe-cust-{subject}"]
    assert (stage.result(run_id).state, link.netsuite_id, link.note) == (
        "succeeded",
        meant,
        f"Chosen among 2 candidate(s) of run {run_id}.",
    )


def test_a_candidate_in_stripe_that_a_person_chooses_is_kept_as_a_link(stage: Stage) -> None:
    in_stripe(stage)
    meant = in_stripe(stage)
    subject = in_netsuite(stage, email="ada@example.com")
    run_id = stage.parts.sweeper.on_demand(INTO_STRIPE, "main", [subject])[0]
    stage.work()
    choices.choose(stage.parts, run_id, meant, actor="ann")
    stage.work()
    assert (stage.result(run_id).state, stage.links()[f"stripe-cust-{meant}"].netsuite_id) == ("succeeded", subject)


def test_why_a_customer_was_taken_is_kept_with_the_run(stage: Stage) -> None:
    there = in_netsuite(stage, email="ada@example.com")
    [told] = stage.run(INTO_NETSUITE, in_stripe(stage)).candidates
    assert (told["id"], told["verdict"], told["rule"]) == (there, "chosen", "e-mail ada@example.com")


def test_a_stripe_customer_of_somebody_else_is_rejected(stage: Stage) -> None:
    theirs = in_stripe(stage, metadata={"netsuite_customer_id": "999"})
    told = stage.run(INTO_STRIPE, in_netsuite(stage, email="ada@example.com")).candidates
    assert (theirs, "rejected", "it belongs to NetSuite customer 999") in {
        (one["id"], one["verdict"], one["why"]) for one in told
    }


def test_what_is_no_candidate_cannot_be_chosen(stage: Stage) -> None:
    first, second = in_netsuite(stage, email="ada@example.com"), in_netsuite(stage, email="ada@example.com")
    run_id = stage.parts.sweeper.on_demand(INTO_NETSUITE, "main", [in_stripe(stage)])[0]
    stage.work()
    with pytest.raises(actions.Impossible, match=f"its candidates are {first}, {second}"):
        choices.choose(stage.parts, run_id, "99", actor="ann")


def test_a_person_s_link_does_not_empty_what_stripe_has(stage: Stage) -> None:
    subject, there = in_stripe(stage, phone="+16175550100"), in_netsuite(stage)
    actions.link(stage.parts, "cust", subject, there, account="main", origin="netsuite", note="", actor="ann")
    stage.run(INTO_STRIPE, there)
    assert stage.stripe.v1.customers.retrieve(subject).phone == "+16175550100"


# NetSuite -> Stripe ----------------------------------------------------------------------------------------------


def customers(stage: Stage) -> list[str]:
    return [one["id"] for one in stage.stripe_state("customer") if not one.get("deleted")]


@pytest.mark.parametrize(
    ("rule", "theirs", "ours", "words"),
    [
        ("phone", {"phone": "+16175550100"}, {"phone": "+16175550100"}, "with phone +16175550100."),
        ("name_country", {"address": US}, address("US"), "with name Ada Works and country US."),
        (
            {**ACCOUNT_NO, "netsuite": "custentity_tieout_portal_url"},
            {"metadata": {"account_no": "A-17"}},
            {"custentity_tieout_portal_url": "A-17"},
            "with account_no A-17.",
        ),
        ({"by": "fields", "stripe": "name", "netsuite": "companyname"}, {}, {}, "with name Ada Works."),
        (
            {"by": "fields", "stripe": "email", "netsuite": "entityid"},
            {"email": "x@example.com"},
            {"entityId": "x@example.com"},
            "with email x@example.com.",
        ),
    ],
)
def test_a_rule_into_stripe(stage: Stage, rule: Any, theirs: dict[str, Any], ours: dict[str, Any], words: str) -> None:
    rules(stage, "into_stripe", rule)
    there = in_stripe(stage, **theirs)
    result = stage.run(INTO_STRIPE, in_netsuite(stage, **ours))
    assert (result.state, customers(stage)) == ("succeeded", [there])
    assert [note for note in result.notes if note.endswith(words)] != []


def test_by_a_field_that_holds_the_stripe_id(stage: Stage) -> None:
    rules(stage, "into_stripe", {"by": "fields", "stripe": "id", "netsuite": "externalid"})
    there = in_stripe(stage)
    stage.run(INTO_STRIPE, in_netsuite(stage, externalId=there))
    assert customers(stage) == [there]


def test_a_field_that_holds_something_else_names_nobody(stage: Stage) -> None:
    rules(stage, "into_stripe", {"by": "fields", "stripe": "id", "netsuite": "externalid"})
    in_stripe(stage)
    stage.run(INTO_STRIPE, in_netsuite(stage, externalId="C-1"))
    assert len(customers(stage)) == 2


def test_a_tie_in_stripe_is_held_with_its_candidates(stage: Stage) -> None:
    rules(stage, "into_stripe", "phone")
    two = [in_stripe(stage, phone="+16175550100"), in_stripe(stage, phone="+16175550100")]
    result = stage.run(INTO_STRIPE, in_netsuite(stage, phone="+16175550100"))
    assert (result.code, sorted(one["id"] for one in result.candidates)) == ("ambiguous", sorted(two))


def test_a_customer_of_another_is_no_candidate(stage: Stage) -> None:
    rules(stage, "into_stripe", "phone")
    in_stripe(stage, phone="+16175550100", metadata={"netsuite_customer_id": "99"})
    stage.run(INTO_STRIPE, in_netsuite(stage, phone="+16175550100"))
    assert len(customers(stage)) == 2
