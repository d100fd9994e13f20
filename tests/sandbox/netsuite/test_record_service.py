"""The record service over any record type: verbs, addresses, external ids, names and values."""

from __future__ import annotations

import threading

import pytest

from sandbox.netsuite import NetSuiteWorld, ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, detail, invoice, made, payment


def test_a_create_answers_204_and_where_it_is(client: Client) -> None:
    answer = client.post(f"{RECORDS}/customer", json={"companyName": "A", "subsidiary": {"id": "1"}})
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(answer.headers["Location"]).json()["companyName"] == "A"


def test_a_put_by_external_id_creates_then_updates(client: Client) -> None:
    first = client.put_eid("customer", "stripe-cus-1", {"companyName": "A", "subsidiary": {"id": "1"}})
    second = client.put_eid("customer", "stripe-cus-1", {"companyName": "B"})
    assert (first, client.record(f"customer/{first}")["companyName"]) == (second, "B")


def test_put_takes_external_ids_only(client: Client) -> None:
    customer = client.customer()
    assert client.put(f"{RECORDS}/customer/{customer}", json={}).status_code == 400


@pytest.mark.parametrize("external_id", ["a|b", "a b", "a.b"])
def test_an_external_id_of_other_characters_is_refused(client: Client, external_id: str) -> None:
    assert client.put(f"{RECORDS}/customer/eid:{external_id}", json={}).status_code == 400


def test_a_second_post_with_an_external_id_is_a_duplicate(client: Client) -> None:
    client.customer(externalId="stripe-cus-1")
    body = {"companyName": "B", "subsidiary": {"id": "1"}, "externalId": "stripe-cus-1"}
    assert "This record already exists" in detail(client.post(f"{RECORDS}/customer", json=body))


def test_all_transactions_share_one_namespace_of_external_ids(client: Client) -> None:
    customer = client.customer()
    client.invoice(customer, externalId="stripe-1")
    body = payment(customer, None, 10, externalId="stripe-1")
    assert "already exists" in detail(client.post(f"{RECORDS}/customerPayment", json=body))


def test_a_put_onto_another_types_external_id_is_a_duplicate(client: Client) -> None:
    customer = client.customer()
    client.invoice(customer, externalId="stripe-1")
    answer = client.put(f"{RECORDS}/customerPayment/eid:stripe-1", json=payment(customer, None, 10))
    assert "already exists" in detail(answer)


def test_entities_and_transactions_do_not_share_external_ids(client: Client) -> None:
    customer = client.customer(externalId="stripe-1")
    assert client.invoice(customer, externalId="stripe-1")


def test_an_unknown_property_is_dropped_in_silence_by_default(client: Client) -> None:
    del client.headers["X-NetSuite-PropertyNameValidation"]
    customer = client.customer(custentity_strip_id="cus_1")
    assert "custentity_strip_id" not in client.record(f"customer/{customer}")


def test_an_unknown_property_can_be_refused(client: Client) -> None:
    body = invoice(client.customer(), custbody_strip_id="in_1")
    answer = client.post(f"{RECORDS}/invoice", json=body)
    fault = answer.json()["o:errorDetails"][0]
    assert (answer.status_code, fault["o:errorCode"], fault["o:errorPath"]) == (
        400,
        "INVALID_CONTENT",
        "custbody_strip_id",
    )


def test_an_unknown_property_of_a_line_names_its_path(client: Client) -> None:
    body = invoice(client.customer())
    body["item"]["items"][0]["custcol_nope"] = "x"
    fault = client.post(f"{RECORDS}/invoice", json=body).json()["o:errorDetails"][0]
    assert fault["o:errorPath"] == "item.items[0].custcol_nope"


def test_an_unknown_reference_names_its_field(client: Client) -> None:
    answer = client.post(f"{RECORDS}/invoice", json=invoice("999"))
    assert detail(answer).endswith("You have entered an Invalid Field Value 999 for the following field: entity")
    assert answer.json()["o:errorDetails"][0]["o:errorPath"] == "entity"


def test_a_reference_may_be_an_external_id(client: Client) -> None:
    customer = client.customer(externalId="stripe-cus-1")
    body = {**invoice(customer), "entity": {"externalId": "stripe-cus-1"}}
    assert client.record(f"invoice/{client.made('invoice', body)}")["entity"]["id"] == customer


def test_a_missing_mandatory_field_is_named(client: Client) -> None:
    answer = client.post(f"{RECORDS}/customer", json={"companyName": "A"})
    assert "Please enter value(s) for: Primary Subsidiary." in detail(answer)


def test_omitted_fields_stay_and_null_clears(client: Client) -> None:
    customer = client.customer(phone="1", comments="c")
    client.patched(f"customer/{customer}", {"phone": None})
    record = client.record(f"customer/{customer}")
    assert ("phone" in record, record["comments"]) == (False, "c")


def test_replace_selected_fields_clears_only_those(client: Client) -> None:
    customer = client.customer(phone="1", comments="c")
    body = {"phone": None, "comments": None}
    client.patched(f"customer/{customer}", body, replaceSelectedFields="true", replace="phone")
    record = client.record(f"customer/{customer}")
    assert ("phone" in record, record.get("comments")) == (False, "c")


def test_a_plain_get_shows_sublists_as_links(client: Client) -> None:
    found = client.invoice(client.customer())
    record = client.get(f"{RECORDS}/invoice/{found}").json()
    assert list(record["item"]) == ["links"]


def test_fields_limits_a_get(client: Client) -> None:
    found = client.invoice(client.customer(), memo="m")
    record = client.get(f"{RECORDS}/invoice/{found}", params={"fields": "memo,total"}).json()
    assert {name: record[name] for name in record if name != "links"} == {"id": found, "memo": "m", "total": 100}


def test_simple_enums_are_bare_ids(client: Client) -> None:
    found = client.invoice(client.customer())
    assert client.record(f"invoice/{found}", simpleEnumFormat="true")["status"] == "A"


def test_an_enumeration_has_its_name(client: Client) -> None:
    found = client.invoice(client.customer())
    assert client.record(f"invoice/{found}")["status"] == {"id": "A", "refName": "Open"}


def test_a_sublist_has_an_address_of_its_own(client: Client) -> None:
    found = client.invoice(client.customer())
    lines = client.get(f"{RECORDS}/invoice/{found}/item").json()
    assert client.get(lines["items"][0]["links"][0]["href"]).json()["amount"] == 100


def test_what_is_not_there_is_a_404(client: Client) -> None:
    for path in ("invoice/999", "invoice/eid:nope", f"invoice/{client.customer()}"):
        answer = client.get(f"{RECORDS}/{path}")
        assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (404, "NONEXISTENT_ID"), path


def test_a_delete_is_remembered(client: Client) -> None:
    found = client.invoice(client.customer())
    assert client.delete(f"{RECORDS}/invoice/{found}").status_code == 204
    assert client.get(f"{RECORDS}/invoice/{found}").status_code == 404
    rows = client.suiteql("SELECT recordid, type FROM deletedrecord")
    assert rows == [{"recordid": found, "type": "CustInvc"}]


def test_a_deleted_records_external_id_is_free_again(client: Client) -> None:
    customer = client.customer()
    client.invoice(customer, externalId="stripe-1")
    client.delete(f"{RECORDS}/invoice/eid:stripe-1")
    assert client.invoice(customer, externalId="stripe-1")


def test_a_list_filters_by_q_and_gives_ids_only(client: Client) -> None:
    wanted = client.customer(companyName="Wanted", entityId="W1")
    client.customer(companyName="Other")
    answer = client.get(f"{RECORDS}/customer", params={"q": 'companyName START_WITH "want" AND isInactive IS false'})
    assert [set(item) for item in answer.json()["items"]] == [{"links", "id"}]
    assert answer.json()["items"][0]["id"] == wanted


def test_a_lists_dates_are_in_the_accounts_format(client: Client) -> None:
    client.invoice(client.customer(), tranDate="2026-11-02")
    found = client.get(f"{RECORDS}/invoice", params={"q": 'tranDate ON_OR_AFTER "11/2/2026"'}).json()
    assert found["totalResults"] == 1
    assert client.get(f"{RECORDS}/invoice", params={"q": 'tranDate AFTER "2026-11-02"'}).status_code == 400


def test_money_is_a_number_with_the_currencys_decimals(client: Client) -> None:
    found = client.invoice(client.customer(), 19.999)
    assert '"total":20.00' in client.get(f"{RECORDS}/invoice/{found}").text


def test_a_money_of_the_wrong_type_is_refused(client: Client) -> None:
    body = invoice(client.customer())
    body["item"]["items"][0]["amount"] = {"value": 1}
    assert client.post(f"{RECORDS}/invoice", json=body).json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_CONTENT"


def test_the_idempotency_key_is_ignored_on_a_synchronous_call(client: Client) -> None:
    customer = client.customer()
    headers = {"X-NetSuite-Idempotency-Key": "same"}
    answers = [client.post(f"{RECORDS}/invoice", json=invoice(customer), headers=headers) for _ in range(2)]
    assert made(answers[0]) != made(answers[1])


def test_a_save_after_another_ones_save_is_a_conflict(client: Client, world: NetSuiteWorld) -> None:
    customer = client.customer()
    world.governance.latency_ms = 300
    statuses: list[int] = []

    def rename(name: str) -> None:
        statuses.append(client.patch(f"{RECORDS}/customer/{customer}", json={"companyName": name}).status_code)

    threads = [threading.Thread(target=rename, args=(name,)) for name in ("A", "B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [204, 400]


def test_a_conflict_can_be_asked_for(client: Client) -> None:
    customer = client.customer()
    client.post("/_sandbox/conflicts", json={"type": "customer", "times": 1})
    answers = [client.patch(f"{RECORDS}/customer/{customer}", json={"phone": "1"}) for _ in range(2)]
    assert "Record has been changed" in detail(answers[0])
    assert answers[1].status_code == 204


def test_a_form_can_be_asked_for_without_a_save(client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer, 70)
    accept = {"Accept": "application/vnd.oracle.resource+json; type=create-form"}
    form = client.post(f"{RECORDS}/invoice/{found}/!transform/customerPayment", json={}, headers=accept).json()
    assert [(line["doc"]["id"], line["line"], line["amount"]) for line in form["apply"]["items"]] == [(found, 0, 70)]
    assert client.suiteql("SELECT id FROM transaction WHERE type = 'CustPymt'") == []


def test_the_metadata_has_the_custom_fields(client: Client) -> None:
    accept = {"Accept": "application/schema+json"}
    schema = client.get(f"{RECORDS}/metadata-catalog", params={"select": "invoice"}, headers=accept).json()
    assert schema["properties"]["custbody_tieout_stripe_id"]["x-ns-custom-field"] is True
    assert schema["properties"]["item"]["properties"]["items"]["items"]["properties"]["rate"]["type"] == "number"


def test_the_metadata_as_open_api(client: Client) -> None:
    accept = {"Accept": "application/swagger+json"}
    found = client.get(f"{RECORDS}/metadata-catalog?select=invoice,customer", headers=accept).json()
    assert "/invoice/{id}/!transform/creditMemo" in found["paths"]


def test_an_unknown_record_type_is_a_404(client: Client) -> None:
    assert client.get(f"{RECORDS}/unicorn").status_code == 404


def test_a_transform_that_is_no_pair_is_refused(client: Client) -> None:
    found = client.invoice(client.customer())
    assert "not supported" in detail(client.post(f"{RECORDS}/invoice/{found}/!transform/customer", json={}))


def test_internal_ids_of_the_data_set_stand(client: Client) -> None:
    assert client.record(f"currency/{ids.JPY}")["currencyPrecision"] == 0
    assert client.record(f"account/{ids.STRIPE_CLEARING['EUR']}")["acctName"] == "Stripe Clearing EUR"
    assert client.record(f"serviceSaleItem/{ids.ITEM_STRIPE}")["itemId"] == "Stripe item"
