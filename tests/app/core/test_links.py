import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.links import ROLES, StoredLinks, external_id
from app.db import Database
from app.errors import LinkMissing
from app.systems.netsuite.records import Ref

INVOICE = Ref("invoice", "77")


def test_an_external_id_names_role_and_stripe_id() -> None:
    assert external_id("pay", "ch_1A-b_2") == "stripe-pay-ch_1A-b_2"


@pytest.mark.parametrize("stripe_id", ["", "in 1", "in|1", "in/1", "in:1"])
def test_characters_netsuite_does_not_take_are_refused(stripe_id: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        external_id("inv", stripe_id)


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown role"):
        external_id("foo", "in_1")


def test_no_two_record_types_share_a_role() -> None:
    assert len(set(ROLES.values())) == len(ROLES)


@given(st.sampled_from(sorted(ROLES)), st.from_regex(r"[A-Za-z0-9_]{1,40}", fullmatch=True))
def test_external_ids_of_different_things_differ(role: str, stripe_id: str) -> None:
    others = {external_id(other, stripe_id) for other in ROLES if other != role}
    assert external_id(role, stripe_id) not in others


def test_a_missing_link_names_what_must_run_first(database: Database) -> None:
    with pytest.raises(LinkMissing) as missing:
        StoredLinks(database, "main").require("cus_1", "cust")
    assert (missing.value.source, missing.value.role, missing.value.subject) == ("stripe", "cust", "cus_1")


def test_saving_twice_keeps_the_origin_and_merges_the_facts(database: Database) -> None:
    links = StoredLinks(database, "main")
    links.save("inv", "in_1", INVOICE, origin="stripe", facts={"total": 5})
    link = links.save("inv", "in_1", INVOICE, origin="netsuite", facts={"currency": "USD"})
    assert (link.origin, link.facts) == ("stripe", {"total": 5, "currency": "USD"})


def test_a_fingerprint_that_is_not_given_stays(database: Database) -> None:
    links = StoredLinks(database, "main")
    links.save("inv", "in_1", INVOICE, origin="stripe", stripe_fingerprint="a")
    assert links.save("inv", "in_1", INVOICE, origin="stripe", netsuite_fingerprint="b").stripe_fingerprint == "a"


def test_the_newest_current_link_of_a_record_is_found(database: Database) -> None:
    links = StoredLinks(database, "main")
    first = links.save("inv", "in_1", INVOICE, origin="netsuite")
    links.save("inv", "in_2", INVOICE, origin="netsuite")
    links.retire(first, note="revised")
    found = links.of_netsuite("invoice", "77", "inv")
    assert found is not None
    assert found.stripe_id == "in_2"


def test_a_retired_link_is_kept_as_history(database: Database) -> None:
    links = StoredLinks(database, "main")
    links.retire(links.save("inv", "in_1", INVOICE, origin="netsuite"), note="void")
    kept = links.of_stripe("in_1", "inv")
    assert links.of_netsuite("invoice", "77", "inv") is None
    assert kept is not None
    assert (kept.current, kept.note) == (False, "void")


def test_facts_alone_tell_of_no_write(database: Database) -> None:
    StoredLinks(database, "main").save("inv", "in_1", INVOICE, origin="stripe")
    later = StoredLinks(database, "main")
    later.save("inv", "in_1", INVOICE, origin="stripe", facts={"total": 1})
    assert later.written == []


def test_each_current_link_of_a_role_is_listed_page_by_page(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.links.PAGE", 2)
    links = StoredLinks(database, "main")
    made = [links.save("inv", f"in_{number}", INVOICE, origin="stripe") for number in range(5)]
    links.retire(made[1], note="void")
    links.save("cust", "cus_1", Ref("customer", "1"), origin="stripe")
    StoredLinks(database, "other").save("inv", "in_other", INVOICE, origin="stripe")
    assert [link.stripe_id for link in links.each("inv")] == ["in_0", "in_2", "in_3", "in_4"]


def test_links_are_listed_by_a_fact_that_they_have(database: Database) -> None:
    links = StoredLinks(database, "main")
    links.save("inv", "in_1", INVOICE, origin="stripe", facts={"url_expires": "2026-01-01"})
    links.save("inv", "in_2", INVOICE, origin="stripe", facts={"url_expires": None})
    links.save("inv", "in_3", INVOICE, origin="stripe")
    assert [link.stripe_id for link in links.each("inv", knowing="url_expires")] == ["in_1"]


def test_facts_are_added_to_a_retired_link_without_reviving_it(database: Database) -> None:
    links = StoredLinks(database, "main")
    link = links.save("inv", "in_1", INVOICE, origin="stripe", facts={"total": 5})
    links.retire(link, note="void")
    links.add_facts(link, {"status": "void"})
    found = links.of_stripe("in_1", "inv")
    assert found is not None
    assert (found.current, found.facts, links.written[1:]) == (False, {"total": 5, "status": "void"}, [])
