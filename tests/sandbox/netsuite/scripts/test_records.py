"""N/record in standard mode, over the same engine as REST."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteWorld, ids
from tests.sandbox.netsuite.conftest import Client
from tests.sandbox.netsuite.scripts.conftest import Script

LINES = """
const ticked = (one) => {
  const lines = [];
  for (let line = 0; line < one.getLineCount({ sublistId: 'apply' }); line += 1) {
    lines.push(['doc', 'line', 'apply', 'amount', 'due', 'refnum', 'trantype'].map((fieldId) =>
      one.getSublistValue({ sublistId: 'apply', fieldId, line })));
  }
  return lines;
};
"""
INVOICE = """
const one = N.record.create({ type: N.record.Type.INVOICE });
one.setValue({ fieldId: 'entity', value: args.customer });
one.setValue({ fieldId: 'trandate', value: new Date(2026, 10, 2) });
one.setValue({ fieldId: 'tobeemailed', value: false });
[40, 60].forEach((amount, line) => {
  one.insertLine({ sublistId: 'item', line });
  one.setSublistValue({ sublistId: 'item', fieldId: 'item', line, value: args.item });
  one.setSublistValue({ sublistId: 'item', fieldId: 'amount', line, value: amount });
});
"""


def test_a_record_is_made_and_saved(script: Script, client: Client) -> None:
    made = script(INVOICE + "return one.save();", customer=client.customer(), item=ids.ITEM_STRIPE)
    record = client.record(f"invoice/{made}")
    lines = [(line["line"], line["amount"]) for line in record["item"]["items"]]
    assert (record["total"], record["tranDate"], lines) == (100, "2026-11-02", [(1, 40), (2, 60)])


def test_values_have_the_types_of_suitescript(script: Script, client: Client) -> None:
    code = """
    const one = N.record.load({ type: 'invoice', id: args.id });
    const value = (fieldId) => one.getValue({ fieldId });
    return [value('entity'), value('total'), value('trandate') instanceof Date, value('trandate').getMonth(),
      value('tobeemailed'), value('memo'), one.getText({ fieldId: 'currency' }), value('nonsense') === undefined];
    """
    customer = client.customer()
    found = client.invoice(customer, tranDate="2026-11-02")
    assert script(code, id=found) == [customer, 100, True, 10, False, "", "US Dollar", True]


@pytest.mark.parametrize(
    ("field", "value"),
    [("trandate", "'2026-11-02'"), ("tobeemailed", "'F'"), ("entity", "{ id: '1' }"), ("exchangerate", "'much'")],
)
def test_a_value_of_another_type_is_refused_where_it_is_set(script: Script, field: str, value: str) -> None:
    code = f"N.record.create({{ type: 'invoice' }}).setValue({{ fieldId: '{field}', value: {value} }});"
    assert script.thrown(code)[0] == "INVALID_FLD_VALUE"


def test_a_field_that_is_not_there(script: Script) -> None:
    code = """
    const one = N.record.create({ type: 'invoice' });
    one.setValue({ fieldId: 'nonsense', value: 'x' });
    return [one.getField({ fieldId: 'nonsense' }), one.getField({ fieldId: 'duedate' }).type,
      one.getSublistFields({ sublistId: 'nonsense' }), one.getSublistFields({ sublistId: 'item' }).includes('rate')];
    """
    assert script(code) == [None, "date", None, True]


def test_custom_fields_and_tax_fields_are_those_of_the_account(script: Script, client: Client) -> None:
    code = "return N.record.create({ type: 'invoice' }).getFields().filter((id) => args.ids.includes(id));"
    asked = ["custbody_new", "custbody_tieout_stripe_id", "taxdetailsoverride", "taxitem", "voided"]
    before = script(code, ids=asked)
    client.post("/_sandbox/custom-fields", json={"name": "custbody_new"})
    client.patch("/_sandbox/settings", json={"tax_mode": "legacy"})
    after = script(code, ids=asked)
    assert (sorted(before), sorted(after)) == (
        ["custbody_tieout_stripe_id", "taxdetailsoverride", "voided"],
        ["custbody_new", "custbody_tieout_stripe_id", "taxitem", "voided"],
    )


def test_lines_are_kept_changed_removed_and_added(script: Script, client: Client) -> None:
    customer = client.customer()
    made = script(INVOICE + "return one.save();", customer=customer, item=ids.ITEM_STRIPE)
    code = """
    const one = N.record.load({ type: 'invoice', id: args.id });
    const sublistId = 'item';
    one.removeLine({ sublistId, line: 0 });
    one.setSublistValue({ sublistId, fieldId: 'description', line: 0, value: 'kept' });
    one.setSublistValue({ sublistId, fieldId: 'item', line: 1, value: args.item });
    one.setSublistValue({ sublistId, fieldId: 'amount', line: 1, value: 5 });
    return one.save();
    """
    script(code, id=made, item=ids.ITEM_USAGE)
    lines = client.record(f"invoice/{made}")["item"]["items"]
    seen = [(line["line"], line["item"]["id"], line["amount"], line.get("description")) for line in lines]
    assert seen == [(2, ids.ITEM_STRIPE, 60, "kept"), (3, ids.ITEM_USAGE, 5, None)]


def test_an_invoices_payment_starts_with_it_ticked(script: Script, client: Client) -> None:
    customer = client.customer()
    first, other = client.invoice(customer, 100), client.invoice(customer, 30)
    code = (
        LINES
        + """
    const one = N.record.transform({ fromType: 'invoice', fromId: args.id, toType: 'customerpayment' });
    const before = ticked(one);
    const line = one.findSublistLineWithValue({ sublistId: 'apply', fieldId: 'doc', value: args.other });
    one.setSublistValue({ sublistId: 'apply', fieldId: 'apply', line, value: true });
    one.setSublistValue({ sublistId: 'apply', fieldId: 'amount', line, value: 10 });
    return [before, one.save()];
    """
    )
    before, made = script(code, id=first, other=other)
    assert before == [
        [first, 0, True, 100, 100, "INV1001", "CustInvc"],
        [other, 0, False, "", 30, "INV1002", "CustInvc"],
    ]
    record = client.record(f"customerPayment/{made}")
    assert (record["payment"], record["applied"], record["unapplied"]) == (110, 110, 0)


def test_a_new_payment_lists_what_its_customer_owes(script: Script, client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer)
    client.invoice(client.customer(companyName="Other"))
    code = (
        LINES
        + """
    const empty = N.record.create({ type: 'customerpayment' });
    const one = N.record.create({ type: 'customerpayment', defaultValues: { entity: args.customer } });
    return [ticked(empty), ticked(one).map((line) => line[0])];
    """
    )
    assert script(code, customer=customer) == [[], [found]]


def test_unticking_unapplies(script: Script, client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer)
    paid = client.payment(customer, found, 60)
    code = """
    const one = N.record.load({ type: 'customerpayment', id: args.id });
    const line = one.findSublistLineWithValue({ sublistId: 'apply', fieldId: 'internalid', value: args.doc });
    one.setSublistValue({ sublistId: 'apply', fieldId: 'apply', line, value: false });
    one.save();
    """
    script(code, id=paid, doc=found)
    assert client.record(f"customerPayment/{paid}")["unapplied"] == 60


def test_lines_of_a_list_to_choose_from_are_not_added(script: Script, client: Client) -> None:
    code = """
    const one = N.record.create({ type: 'customerpayment', defaultValues: { entity: args.customer } });
    one.insertLine({ sublistId: 'apply', line: 0 });
    """
    assert script.thrown(code, customer=client.customer())[0] == "SSS_INVALID_SUBLIST_OPERATION"


def test_a_deposit_chooses_among_undeposited_payments(script: Script, client: Client) -> None:
    customer = client.customer()
    first, other = client.payment(customer, None, 20), client.payment(customer, None, 30)
    code = """
    const one = N.record.create({ type: 'deposit', defaultValues: { disablepaymentfilters: true } });
    one.setValue({ fieldId: 'account', value: args.bank });
    const line = one.findSublistLineWithValue({ sublistId: 'payment', fieldId: 'id', value: args.id });
    one.setSublistValue({ sublistId: 'payment', fieldId: 'deposit', line, value: true });
    return [one.getLineCount({ sublistId: 'payment' }), one.save()];
    """
    count, made = script(code, bank=ids.BANK["USD"], id=other)
    assert (count, client.record(f"deposit/{made}")["total"]) == (2, 30)
    assert client.record(f"customerPayment/{first}")["status"]["id"] == "B"


def test_an_address_is_a_subrecord(script: Script, client: Client) -> None:
    code = """
    const one = N.record.create({ type: 'customer' });
    one.setValue({ fieldId: 'companyname', value: 'Acme' }).setValue({ fieldId: 'subsidiary', value: '1' });
    one.setValue({ fieldId: 'isperson', value: 'F' });
    one.insertLine({ sublistId: 'addressbook', line: 0 });
    const address = one.getSublistSubrecord({ sublistId: 'addressbook', fieldId: 'addressbookaddress', line: 0 });
    address.setValue({ fieldId: 'country', value: 'US' });
    address.setValue({ fieldId: 'city', value: 'Boston' });
    one.setSublistValue({ sublistId: 'currency', fieldId: 'currency', line: 0, value: '4' });
    return one.save();
    """
    made = script(code)
    record = client.record(f"customer/{made}")
    [line] = record["addressBook"]["items"]
    assert (line["addressBookAddress"]["city"], line["addressBookAddress"]["country"]["id"]) == ("Boston", "US")
    assert {one["currency"]["id"] for one in record["currencyList"]["items"]} == {"1", "4"}


def test_fields_are_submitted_deleted_and_copied(script: Script, client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer)
    code = """
    const id = N.record.submitFields({ type: 'invoice', id: args.id, values: { memo: 'm', nonsense: 'x' } });
    const copy = N.record.copy({ type: 'invoice', id: args.id }).save();
    N.record.delete({ type: 'invoice', id: args.id });
    return [id, copy];
    """
    id, copy = script(code, id=found)
    assert (str(id), client.record(f"invoice/{copy}")["memo"], copy != id) == (found, "m", True)
    assert client.get(f"/services/rest/record/v1/invoice/{found}").status_code == 404


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("N.record.load({ type: 'invoice', id: 999 });", "RCRD_DSNT_EXIST"),
        ("N.record.load({ type: 'unicorn', id: 1 });", "INVALID_RCRD_TYPE"),
        ("N.record.load({ type: N.record.Type.UNICORN, id: 1 });", "SSS_MISSING_REQD_ARGUMENT"),
        ("N.record.load({ type: 'invoice' });", "SSS_MISSING_REQD_ARGUMENT"),
        ("N.record.create({ type: 'invoice', isDynamic: true });", "NOT_IN_THE_SANDBOX"),
        ("N.record.create({ type: 'invoice' }).save();", "USER_ERROR"),
        ("N.record.create({ type: 'customer' }).selectNewLine({ sublistId: 'item' });", "TypeError"),
        ("N.record.transform({ fromType: 'invoice', fromId: args.id, toType: 'deposit' });", "INVALID_RCRD_TRANSFRM"),
        ("N.transaction.void({ type: 'customer', id: args.customer });", "INVALID_RCRD_TYPE"),
    ],
)
def test_what_is_wrong_is_thrown_by_its_code(script: Script, client: Client, code: str, name: str) -> None:
    customer = client.customer()
    assert script.thrown(code, id=client.invoice(customer), customer=customer)[0] == name


def test_the_engines_sentence_is_the_message(script: Script, client: Client) -> None:
    customer = client.customer(externalId="stripe-cus-1")
    code = """
    const one = N.record.load({ type: 'customer', id: args.id });
    one.setValue({ fieldId: 'externalid', value: 'stripe-cus-1' });
    one.save();
    """
    other = client.customer(companyName="Other")
    assert script.thrown(code, id=other) == ("DUP_RCRD", "This record already exists")
    assert client.record(f"customer/{customer}")["externalId"] == "stripe-cus-1"


def test_a_record_that_changed_meanwhile_is_not_saved(script: Script, client: Client) -> None:
    code = """
    const [one, other] = [0, 1].map(() => N.record.load({ type: 'customer', id: args.id }));
    one.setValue({ fieldId: 'phone', value: '1' }).save();
    other.setValue({ fieldId: 'phone', value: '2' }).save();
    """
    assert script.thrown(code, id=client.customer())[0] == "RCRD_HAS_BEEN_CHANGED"


def test_a_paid_invoice_starts_no_payment(script: Script, client: Client) -> None:
    customer = client.customer()
    found = client.invoice(customer)
    client.payment(customer, found, 100)
    code = "N.record.transform({ fromType: 'invoice', fromId: args.id, toType: 'customerpayment' });"
    assert script.thrown(code, id=found)[0] == "INVALID_INITIALIZE_REF"


def test_a_void_answers_with_the_transaction_or_its_journal(
    script: Script, client: Client, world: NetSuiteWorld
) -> None:
    found = client.invoice(client.customer())
    answer: dict[str, Any] = {"code": "return N.transaction.void({ type: 'invoice', id: args.id });"}
    assert str(script(answer["code"], id=found)) == found
    assert world.snapshot("invoice")[0]["status"]["refName"] == "Voided"
