"""The customer: names, currencies, e-mail, subsidiary and balance."""

from __future__ import annotations

from sandbox.netsuite import ids
from tests.sandbox.netsuite.conftest import RECORDS, Client, detail, invoice


def test_customers_are_numbered_automatically(client: Client) -> None:
    first, second = (client.record(f"customer/{client.customer()}") for _ in range(2))
    assert first["entityId"] != second["entityId"]


def test_without_automatic_numbers_equal_names_clash(client: Client) -> None:
    client.patch("/_sandbox/settings", json={"auto_number_entities": False})
    client.customer()
    answer = client.post(f"{RECORDS}/customer", json={"companyName": "acme", "subsidiary": {"id": "1"}})
    assert "A customer record with this ID already exists. You must enter a unique customer ID" in detail(answer)


def test_an_entity_id_is_unique(client: Client) -> None:
    client.customer(entityId="C-1")
    answer = client.post(f"{RECORDS}/customer", json={"companyName": "B", "subsidiary": {"id": "1"}, "entityId": "c-1"})
    assert "already exists" in detail(answer)


def test_email_addresses_are_not_unique(client: Client) -> None:
    found = [client.customer(email="same@x.example") for _ in range(2)]
    rows = client.suiteql("SELECT id FROM customer WHERE LOWER(email) = LOWER(?) ORDER BY id", "Same@x.example")
    assert [row["id"] for row in rows] == found


def test_a_broken_email_address_is_refused(client: Client) -> None:
    answer = client.post(f"{RECORDS}/customer", json={"companyName": "B", "subsidiary": {"id": "1"}, "email": "b@"})
    assert answer.status_code == 400


def test_a_person_needs_both_names(client: Client) -> None:
    body = {"isPerson": True, "lastName": "Doe", "subsidiary": {"id": "1"}}
    assert "First Name, Last Name" in detail(client.post(f"{RECORDS}/customer", json=body))


def test_a_person_goes_by_the_persons_name(client: Client) -> None:
    found = client.customer(isPerson=True, firstName="Jo", lastName="Doe", companyName="Acme")
    assert client.record(f"customer/{found}")["altName"] == "Jo Doe"


def test_a_company_needs_its_name(client: Client) -> None:
    assert "Company Name" in detail(client.post(f"{RECORDS}/customer", json={"subsidiary": {"id": "1"}}))


def test_the_currency_is_the_subsidiarys_own(client: Client) -> None:
    found = client.customer(subsidiary={"id": ids.SUBSIDIARY_EU})
    assert client.record(f"customer/{found}")["currency"]["id"] == ids.EUR


def test_a_currency_the_customer_lacks_is_refused(client: Client) -> None:
    body = invoice(client.customer(), currency={"id": ids.JPY})
    assert detail(client.post(f"{RECORDS}/invoice", json=body)).endswith("following field: currency")


def test_a_currency_on_the_customers_list_posts(client: Client) -> None:
    customer = client.customer(currencyList={"items": [{"currency": {"id": ids.JPY}}]})
    found = client.invoice(customer, 1200, currency={"id": ids.JPY})
    assert client.record(f"invoice/{found}")["currency"]["id"] == ids.JPY


def test_a_currency_in_use_is_not_removed(client: Client) -> None:
    customer = client.customer(currencyList={"items": [{"currency": {"id": ids.EUR}}]})
    client.invoice(customer, currency={"id": ids.EUR})
    body = {"currencyList": {"items": [{"currency": {"id": ids.USD}}]}}
    answer = client.patch(f"{RECORDS}/customer/{customer}?replace=currencyList", json=body)
    assert "currency cannot be removed" in detail(answer)


def test_another_subsidiary_than_the_customers_is_refused(client: Client) -> None:
    body = invoice(client.customer(), subsidiary={"id": ids.SUBSIDIARY_EU})
    assert detail(client.post(f"{RECORDS}/invoice", json=body)).endswith("following field: subsidiary")


def test_an_inactive_customer_gets_no_invoice(client: Client) -> None:
    customer = client.customer(isInactive=True)
    assert client.post(f"{RECORDS}/invoice", json=invoice(customer)).status_code == 400


def test_a_customer_with_transactions_is_not_deleted(client: Client) -> None:
    customer = client.customer()
    client.invoice(customer)
    assert "transactions" in detail(client.delete(f"{RECORDS}/customer/{customer}"))


def test_the_balance_is_what_is_owed(client: Client) -> None:
    customer = client.customer()
    client.payment(customer, client.invoice(customer, 100), 30)
    assert client.record(f"customer/{customer}")["balance"] == 70


def test_the_balance_is_kept_by_currency(client: Client) -> None:
    customer = client.customer(currencyList={"items": [{"currency": {"id": ids.EUR}}]})
    client.invoice(customer, 100)
    client.invoice(customer, 40, currency={"id": ids.EUR})
    rows = client.suiteql("SELECT currency, balance FROM customercurrencybalance WHERE customer = ?", customer)
    assert {row["currency"]: row["balance"] for row in rows} == {ids.USD: "100", ids.EUR: "40"}


def test_one_address_is_the_default(client: Client) -> None:
    address = {"addressBookAddress": {"addr1": "S", "country": {"id": "US"}}, "defaultBilling": True}
    customer = client.customer(addressBook={"items": [address, address]})
    lines = client.record(f"customer/{customer}")["addressBook"]["items"]
    assert [line["defaultBilling"] for line in lines] == [False, True]
