"""What goes over the wire, and what is made of what comes back or does not."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from app.core.exchanges import Exchange
from app.errors import (
    AuthFailed,
    Conflict,
    DuplicateName,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from app.settings import NetSuiteAccount
from app.systems.netsuite.client import NetSuiteClient, NetSuiteGateway
from app.systems.netsuite.errors import RestletMissing
from app.systems.netsuite.records import Apply, CreditMemo, Customer, CustomerPayment, Invoice, InvoiceLine, Ref
from app.systems.netsuite.restlet import Installed
from app.systems.netsuite.slots import LocalSlots
from tests.app.systems.netsuite.conftest import NOW, RECORD, RESTLET, FixedClock, Signed, made_location

INVOICE = Invoice(
    external_id="stripe-inv-in_1",
    entity="501",
    lines=(InvoiceLine(item="101", quantity=Decimal(1), rate=Decimal("10.10")),),
)
MEMO = CreditMemo(external_id="stripe-cm-re_1", apply=(Apply(doc="1001", amount=Decimal("3.01"), line=0),))
EID = f"{RECORD}/invoice/eid:stripe-inv-in_1"
STORED = {"id": "1001", "entity": {"id": "501"}, "item": {"items": [{"item": {"id": "101"}, "rate": Decimal("10.1")}]}}
STALE = {"id": "1001", "entity": {"id": "501"}, "item": {"items": [{"item": {"id": "101"}, "rate": 9}]}}


def failure(status: int, detail: str, code: str = "USER_ERROR") -> httpx.Response:
    return httpx.Response(status, json={"o:errorDetails": [{"detail": detail, "o:errorCode": code}]})


def stored(body: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, text=json.dumps(body, default=str))


DUPLICATE = failure(400, "Error while accessing a resource. This record already exists")
MISSING = failure(404, "The record instance does not exist.", "NONEXISTENT_ID")
LOST = httpx.ReadTimeout("no answer")


# the request itself ----------------------------------------


def test_an_upsert_is_one_put_by_external_id_that_replaces_its_lines(
    netsuite: NetSuiteGateway, api: respx.MockRouter
) -> None:
    put = api.put(EID, params={"replace": "item"}).mock(return_value=made_location("invoice", "1001"))
    assert (netsuite.upsert(INVOICE), put.call_count, netsuite.calls) == (Ref("invoice", "1001"), 1, 1)


def test_amounts_are_sent_exactly(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    put = api.put(EID).mock(return_value=made_location("invoice", "1001"))
    netsuite.upsert(INVOICE)
    assert b'"rate":10.10' in put.calls.last.request.content


def test_misspelt_fields_are_to_be_refused(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    put = api.put(EID).mock(return_value=made_location("invoice", "1001"))
    netsuite.upsert(INVOICE)
    assert put.calls.last.request.headers["X-NetSuite-PropertyNameValidation"] == "error"


@pytest.mark.parametrize("location", ["", f"{EID}"])
def test_an_answer_that_does_not_name_the_id_is_followed_by_a_look_up(
    netsuite: NetSuiteGateway, api: respx.MockRouter, location: str
) -> None:
    api.put(EID).mock(return_value=httpx.Response(204, headers={"Location": location}))
    api.get(EID, params={"fields": "id"}).mock(return_value=stored({"id": "1001"}))
    assert netsuite.upsert(INVOICE) == Ref("invoice", "1001")


def test_a_patch_sends_the_given_fields_only(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    patch = api.patch(f"{RECORD}/invoice/7").mock(return_value=httpx.Response(204))
    netsuite.patch(Ref("invoice", "7"), {"custbody_tieout_stripe_id": "in_1"})
    assert json.loads(patch.calls.last.request.content) == {"custbody_tieout_stripe_id": "in_1"}


def test_a_transform_carries_its_external_id(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    post = api.post(f"{RECORD}/invoice/1001/!transform/creditMemo", params={"replace": "apply"})
    post.mock(return_value=made_location("creditMemo", "1005"))
    assert netsuite.transform(Ref("invoice", "1001"), MEMO) == Ref("creditMemo", "1005")
    assert json.loads(post.calls.last.request.content)["externalId"] == "stripe-cm-re_1"


def test_find_is_none_for_a_record_that_is_not_there(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.get(EID).mock(return_value=MISSING)
    assert netsuite.find("invoice", "stripe-inv-in_1") is None


def test_find_does_not_take_a_wrong_type_for_an_absent_record(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.get(f"{RECORD}/invoyce/eid:x").mock(return_value=failure(404, "Record type 'invoyce' does not exist."))
    with pytest.raises(Rejected):
        netsuite.find("invoyce", "x")


def test_a_single_record_is_read_with_its_lines(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.get(f"{RECORD}/invoice/1001", params={"expandSubResources": "true"}).mock(return_value=stored(STORED))
    assert len(netsuite.invoice("1001").lines) == 1


def test_deleting_what_is_gone_is_done(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    gone = api.delete(f"{RECORD}/invoice/7").mock(return_value=MISSING)
    netsuite.delete(Ref("invoice", "7"))
    assert gone.call_count == 1


# lost answers ----------------------------------------


@pytest.mark.parametrize(
    "lost",
    [LOST, httpx.ReadError("reset"), httpx.RemoteProtocolError("cut"), httpx.WriteError("cut"), failure(500, "Oops")],
    ids=lambda lost: type(lost).__name__,
)
def test_an_upsert_whose_answer_is_lost_is_looked_up(
    netsuite: NetSuiteGateway, api: respx.MockRouter, lost: Any
) -> None:
    put = api.put(EID).mock(side_effect=[lost])
    api.get(EID, params={"expandSubResources": "true"}).mock(return_value=stored(STORED))
    assert (netsuite.upsert(INVOICE), put.call_count) == (Ref("invoice", "1001"), 1)


def test_an_upsert_that_is_not_there_is_sent_again(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    put = api.put(EID).mock(side_effect=[LOST, made_location("invoice", "1001")])
    api.get(EID).mock(return_value=MISSING)
    assert (netsuite.upsert(INVOICE), put.call_count) == (Ref("invoice", "1001"), 2)


def test_an_upsert_whose_record_still_says_something_else_is_sent_again(
    netsuite: NetSuiteGateway, api: respx.MockRouter
) -> None:
    put = api.put(EID).mock(side_effect=[LOST, made_location("invoice", "1001")])
    api.get(EID).mock(return_value=stored(STALE))
    assert (netsuite.upsert(INVOICE), put.call_count) == (Ref("invoice", "1001"), 2)


def test_an_outcome_that_stays_unknown_is_said_so(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    put = api.put(EID).mock(side_effect=LOST)
    api.get(EID).mock(return_value=MISSING)
    with pytest.raises(OutcomeUnknown):
        netsuite.upsert(INVOICE)
    assert put.call_count == 2


def test_a_look_up_that_fails_once_is_asked_again(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.put(EID).mock(side_effect=[LOST])
    api.get(EID).mock(side_effect=[failure(503, "Oops"), stored(STORED)])
    assert netsuite.upsert(INVOICE) == Ref("invoice", "1001")


def test_without_a_look_up_nothing_is_sent_again(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    put = api.put(EID).mock(side_effect=LOST)
    api.get(EID).mock(side_effect=httpx.ReadTimeout("no answer"))
    with pytest.raises(OutcomeUnknown):
        netsuite.upsert(INVOICE)
    assert put.call_count == 1


def test_a_transform_whose_answer_is_lost_is_looked_up(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    post = api.post(f"{RECORD}/invoice/1001/!transform/creditMemo").mock(side_effect=[LOST])
    api.get(f"{RECORD}/creditMemo/eid:stripe-cm-re_1").mock(return_value=stored({"id": "1005"}))
    assert (netsuite.transform(Ref("invoice", "1001"), MEMO), post.call_count) == (Ref("creditMemo", "1005"), 1)


def test_a_transform_that_was_made_before_is_found(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.post(f"{RECORD}/invoice/1001/!transform/creditMemo").mock(return_value=DUPLICATE)
    api.get(f"{RECORD}/creditMemo/eid:stripe-cm-re_1").mock(return_value=stored({"id": "1005"}))
    assert netsuite.transform(Ref("invoice", "1001"), MEMO) == Ref("creditMemo", "1005")


def test_a_create_that_was_made_before_is_found(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.post(f"{RECORD}/customer").mock(return_value=DUPLICATE)
    api.get(f"{RECORD}/customer/eid:stripe-cust-cus_1").mock(return_value=stored({"id": "501"}))
    assert netsuite.create(Customer(external_id="stripe-cust-cus_1")) == Ref("customer", "501")


def test_an_external_id_that_another_kind_of_record_has_waits_for_a_person(
    netsuite: NetSuiteGateway, api: respx.MockRouter
) -> None:
    api.put(EID).mock(return_value=DUPLICATE)
    api.get(EID).mock(return_value=MISSING)
    with pytest.raises(DuplicateName) as caught:
        netsuite.upsert(INVOICE)
    assert caught.value.code == "external_id_taken"


def test_two_upserts_that_cross_are_a_conflict_to_try_again(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.put(EID).mock(return_value=DUPLICATE)
    api.get(EID).mock(return_value=stored(STALE))
    with pytest.raises(Conflict):
        netsuite.upsert(INVOICE)


def test_a_patch_whose_answer_is_lost_is_sent_again(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    patch = api.patch(f"{RECORD}/invoice/7").mock(side_effect=[LOST, httpx.Response(204)])
    netsuite.patch(Ref("invoice", "7"), {"memo": "x"})
    assert patch.call_count == 2


def test_a_patch_that_would_append_lines_is_not_sent_again(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    patch = api.patch(f"{RECORD}/invoice/7").mock(side_effect=LOST)
    with pytest.raises(OutcomeUnknown):
        netsuite.patch(Ref("invoice", "7"), {"item": {"items": [{"item": {"id": "1"}}]}})
    assert patch.call_count == 1


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("late")], ids=["refused", "late"]
)
def test_what_was_never_sent_is_not_looked_up(
    netsuite: NetSuiteGateway, api: respx.MockRouter, error: httpx.HTTPError
) -> None:
    put = api.put(EID).mock(side_effect=error)
    with pytest.raises(Unavailable):
        netsuite.upsert(INVOICE)
    assert (put.call_count, api.calls.call_count) == (1, 1)


# throttling, logins, records of the talk ----------------------------------------


def test_a_429_is_told_to_the_slots(netsuite: NetSuiteGateway, api: respx.MockRouter, slots: LocalSlots) -> None:
    api.put(EID).mock(return_value=failure(429, "Request blocked.", "CONCURRENCY_LIMIT_EXCEEDED"))
    with pytest.raises(Throttled):
        netsuite.upsert(INVOICE)
    assert slots.throttles == 1


def test_a_restlet_s_400_that_means_429_is_told_to_the_slots(
    netsuite: NetSuiteGateway, api: respx.MockRouter, slots: LocalSlots
) -> None:
    api.post(RESTLET).mock(
        return_value=httpx.Response(400, json={"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": ""}})
    )
    with pytest.raises(Throttled):
        netsuite.void(Ref("invoice", "7"))
    assert slots.throttles == 1


def test_a_401_is_signed_anew_once(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    put = api.put(EID).mock(side_effect=[httpx.Response(401), made_location("invoice", "1001")])
    netsuite.upsert(INVOICE)
    assert [call.request.headers["Authorization"] for call in put.calls] == ["Test 1", "Test 2"]


def test_a_second_401_is_a_refused_login(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    put = api.put(EID).mock(return_value=httpx.Response(401))
    with pytest.raises(AuthFailed):
        netsuite.upsert(INVOICE)
    assert put.call_count == 2


def test_every_call_is_recorded(netsuite: NetSuiteGateway, api: respx.MockRouter, exchanges: list[Exchange]) -> None:
    api.put(EID).mock(side_effect=[LOST, made_location("invoice", "1001")])
    api.get(EID).mock(return_value=MISSING)
    netsuite.upsert(INVOICE)
    assert [(one.method, one.status) for one in exchanges] == [("PUT", None), ("GET", 404), ("PUT", 204)]


def test_a_recorded_call_shows_no_credentials(
    netsuite: NetSuiteGateway, api: respx.MockRouter, exchanges: list[Exchange]
) -> None:
    api.put(EID).mock(return_value=made_location("invoice", "1001"))
    netsuite.upsert(INVOICE)
    assert "Test 1" not in json.dumps(exchanges[0].as_json())


def test_a_recorded_call_shows_what_was_sent(
    netsuite: NetSuiteGateway, api: respx.MockRouter, exchanges: list[Exchange]
) -> None:
    api.put(EID).mock(return_value=made_location("invoice", "1001"))
    netsuite.upsert(INVOICE)
    assert (exchanges[0].path, exchanges[0].request["item"]["items"][0]["rate"]) == (
        "/services/rest/record/v1/invoice/eid:stripe-inv-in_1?replace=item",
        "10.10",
    )


def test_two_runs_count_their_own_calls(client: NetSuiteClient, api: respx.MockRouter) -> None:
    api.get(f"{RECORD}/customer/5").mock(return_value=stored({"id": "5"}))
    one, other = (client.bound(lambda _: None, FixedClock()) for _ in range(2))
    one.customer("5")
    assert (one.calls, other.calls) == (1, 0)


# voiding ----------------------------------------


def test_a_direct_void_leaves_nothing_beside_it(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    post = api.post(RESTLET, params={"script": "customscript_tieout_restlet", "deploy": "customdeploy_tieout_restlet"})
    post.mock(return_value=httpx.Response(200, json={"ok": True, "id": "7", "method": "direct"}))
    assert netsuite.void(Ref("invoice", "7")) is None
    assert json.loads(post.calls.last.request.content) == {"action": "void", "type": "invoice", "id": "7"}


def test_a_void_by_journal_names_the_journal(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.post(RESTLET).mock(
        return_value=httpx.Response(200, json={"ok": True, "id": "88", "method": "reversing_journal"})
    )
    assert netsuite.void(Ref("customerRefund", "7")) == Ref("journalEntry", "88")


def test_a_refused_void_waits_for_a_person(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    refusal = {"ok": False, "code": "CANT_VOID_TRAN", "message": "It cannot be voided."}
    api.post(RESTLET).mock(return_value=httpx.Response(200, json=refusal))
    with pytest.raises(NotAllowed):
        netsuite.void(Ref("invoice", "7"))


def test_a_void_whose_answer_is_lost_is_asked_again(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    done = httpx.Response(200, json={"ok": True, "id": "7", "method": "direct"})
    post = api.post(RESTLET).mock(side_effect=[LOST, done])
    netsuite.void(Ref("invoice", "7"))
    assert post.call_count == 2


def test_a_page_instead_of_the_restlet_s_answer_proves_nothing(
    netsuite: NetSuiteGateway, api: respx.MockRouter
) -> None:
    api.post(RESTLET).mock(return_value=httpx.Response(200, text="<html>Log in</html>"))
    with pytest.raises(OutcomeUnknown):
        netsuite.void(Ref("invoice", "7"))


def test_a_void_without_the_restlet_says_what_to_install(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    gone = {"error": {"code": "SSS_INVALID_SCRIPTLET_ID", "message": "That Suitelet is invalid."}}
    api.post(RESTLET).mock(return_value=httpx.Response(404, json=gone))
    with pytest.raises(RestletMissing, match="not installed") as caught:
        netsuite.void(Ref("invoice", "7"))
    assert "SuiteApp" in caught.value.action


def test_a_ping_tells_what_is_installed(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    told = {
        "ok": True,
        "account": "1234567_SB1",
        "version": "1.2.0",
        "actions": ["ping", "batch"],
        "types": ["invoice"],
    }
    post = api.post(RESTLET).mock(return_value=httpx.Response(200, json=told | {"remaining": 4990}))
    assert netsuite.ping() == Installed("1234567_SB1", "1.2.0", ("ping", "batch"), ("invoice",))
    assert json.loads(post.calls.last.request.content) == {"action": "ping"}


def test_an_old_restlet_names_no_actions(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.post(RESTLET).mock(return_value=httpx.Response(200, json={"ok": True, "account": "1234567_SB1"}))
    assert netsuite.ping().actions == ()


@pytest.fixture
def crediting(exchanges: list[Exchange]) -> NetSuiteGateway:
    account = NetSuiteAccount(account_id="1234567_SB1", void_with="credit_memo")
    return NetSuiteClient(account, LocalSlots(1), signer=Signed()).bound(exchanges.append, FixedClock(NOW))


def open_invoice(api: respx.MockRouter, *, total: str, remaining: str) -> None:
    api.get(f"{RECORD}/creditMemo/eid:stripe-void-7").mock(return_value=MISSING)
    body = f'{{"id":"7","entity":{{"id":"5"}},"total":{total},"amountRemaining":{remaining}}}'
    api.get(f"{RECORD}/invoice/7").mock(return_value=httpx.Response(200, text=body))


def test_a_void_by_credit_memo_closes_the_whole_invoice(crediting: NetSuiteGateway, api: respx.MockRouter) -> None:
    open_invoice(api, total="12.10", remaining="12.10")
    post = api.post(f"{RECORD}/invoice/7/!transform/creditMemo").mock(return_value=made_location("creditMemo", "9"))
    assert crediting.void(Ref("invoice", "7")) == Ref("creditMemo", "9")
    assert json.loads(post.calls.last.request.content) == {
        "externalId": "stripe-void-7",
        "autoApply": False,
        "toBeEmailed": False,
        "apply": {"items": [{"doc": {"id": "7"}, "line": 0, "apply": True, "amount": 12.10}]},
    }


def test_a_void_by_credit_memo_is_made_once(crediting: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.get(f"{RECORD}/creditMemo/eid:stripe-void-7").mock(return_value=stored({"id": "9"}))
    assert crediting.void(Ref("invoice", "7")) == Ref("creditMemo", "9")


def test_a_part_paid_invoice_is_not_credited(crediting: NetSuiteGateway, api: respx.MockRouter) -> None:
    open_invoice(api, total="12.10", remaining="2.10")
    with pytest.raises(NotAllowed, match=r"2.10 of 12.10"):
        crediting.void(Ref("invoice", "7"))


def test_only_invoices_are_voided_by_credit_memo(crediting: NetSuiteGateway) -> None:
    with pytest.raises(NotAllowed):
        crediting.void(Ref("customerPayment", "7"))


# sundry ----------------------------------------


def test_limits_that_only_administrators_see_are_none(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.get(url__regex=".*/governanceLimits").mock(return_value=failure(403, "", "INSUFFICIENT_PERMISSION"))
    assert netsuite.governance_limits() is None


def test_limits_are_read(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.get(url__regex=".*/governanceLimits").mock(
        return_value=httpx.Response(200, json={"accountConcurrencyLimit": 5})
    )
    limits = netsuite.governance_limits()
    assert limits is not None
    assert limits.account == 5


def test_an_unreadable_answer_to_a_question_is_no_answer(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.get(f"{RECORD}/customer/5").mock(return_value=httpx.Response(200, text="<html>"))
    with pytest.raises(Unavailable):
        netsuite.customer("5")


def test_a_missing_record_is_told(netsuite: NetSuiteGateway, api: respx.MockRouter) -> None:
    api.get(f"{RECORD}/customer/5").mock(return_value=MISSING)
    with pytest.raises(NotFound):
        netsuite.customer("5")


def test_a_payment_found_with_its_application_is_taken_as_done(
    netsuite: NetSuiteGateway, api: respx.MockRouter
) -> None:
    payment = CustomerPayment(
        external_id="stripe-pay-ch_1",
        customer="501",
        payment=Decimal("10.10"),
        apply=(Apply(doc="1001", amount=Decimal("10.10")),),
    )
    there = (
        '{"id":"1002","customer":{"id":"501"},"payment":10.1,"apply":{"items":['
        '{"doc":{"id":"1000"},"apply":false,"amount":0},{"doc":{"id":"1001"},"apply":true,"amount":10.10}]}}'
    )
    put = api.put(f"{RECORD}/customerPayment/eid:stripe-pay-ch_1").mock(side_effect=[LOST])
    api.get(f"{RECORD}/customerPayment/eid:stripe-pay-ch_1").mock(return_value=httpx.Response(200, text=there))
    assert (netsuite.upsert(payment), put.call_count) == (Ref("customerPayment", "1002"), 1)
