"""Usage units: what calls cost by class of record, and what happens when they are used up."""

from __future__ import annotations

import pytest

from sandbox.netsuite import NetSuiteWorld
from tests.sandbox.netsuite.conftest import Client
from tests.sandbox.netsuite.scripts.conftest import Script

COST = """
const left = () => N.runtime.getCurrentScript().getRemainingUsage();
const before = left();
%s
return before - left();
"""


@pytest.mark.parametrize(
    ("code", "units"),
    [
        ("N.record.load({ type: 'invoice', id: args.invoice });", 10),
        ("N.record.load({ type: 'invoice', id: args.invoice }).save();", 30),
        ("N.record.load({ type: 'customer', id: args.customer }).save();", 15),
        ("N.record.create({ type: 'customrecord_tieout_invoice_link' }).save();", 6),
        ("N.record.transform({ fromType: 'invoice', fromId: args.invoice, toType: 'creditmemo' });", 10),
        ("N.record.submitFields({ type: 'invoice', id: args.invoice, values: { memo: 'm' } });", 10),
        ("N.record.submitFields({ type: 'customer', id: args.customer, values: { phone: '1' } });", 5),
        ("N.record.delete({ type: 'invoice', id: args.invoice });", 20),
        ("N.transaction.void({ type: 'invoice', id: args.invoice });", 10),
        ("N.search.create({ type: 'invoice' }).run().getRange({ start: 0, end: 1 });", 10),
        ("N.search.lookupFields({ type: 'customer', id: args.customer, columns: ['email'] });", 1),
        ("N.query.runSuiteQL({ query: 'SELECT id FROM customer' });", 10),
        ("try { N.https.get({ url: 'http://127.0.0.1:1/' }); } catch (error) { /* nobody there */ }", 10),
        ("N.log.audit('a', 'b'); N.encode.convert('a', 'UTF_8', 'HEX');", 0),
        ("N.record.create({ type: 'customerpayment' }).getLineCount({ sublistId: 'apply' });", 10),
    ],
)
def test_what_a_call_costs(script: Script, client: Client, code: str, units: int) -> None:
    customer = client.customer()
    assert script(COST % code, customer=customer, invoice=client.invoice(customer)) == units


def test_a_restlet_has_five_thousand_units(script: Script) -> None:
    assert script("return N.runtime.getCurrentScript().getRemainingUsage();") == 5000


def test_a_script_that_used_up_its_units_is_ended_though_it_catches(
    script: Script, client: Client, world: NetSuiteWorld
) -> None:
    code = """
    let done = 0;
    for (let time = 0; time < 600; time += 1) {
      try { N.record.load({ type: 'customrecord_tieout_invoice_link', id: args.id }); } catch (error) { continue; }
      try { N.record.load({ type: 'invoice', id: args.invoice }); done += 1; } catch (error) { continue; }
    }
    return done;
    """
    link = client.made("customrecord_tieout_invoice_link", {"name": "x"})
    answer = script.ask(code, id=link, invoice=client.invoice(client.customer()))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "SSS_USAGE_LIMIT_EXCEEDED")
    last = client.get("/_sandbox/stats").json()["scripts"]["last"][-1]
    assert 4990 <= last["usage"] <= 5000
    assert last["error"].startswith("SSS_USAGE_LIMIT_EXCEEDED")
