from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.last_written import Named, last_written

START = datetime(2026, 3, 1, tzinfo=UTC)
RECORDS = "/services/rest/record/v1/"
INVOICE = Named("invoice", "1001", "stripe-inv-in_1")


def wrote(method: str, path: str, request: dict[str, Any], status: int = 204, **more: Any) -> dict[str, Any]:
    place = path if path.startswith("/") else RECORDS + path
    return {"system": "netsuite", "method": method, "path": place, "request": request, "status": status, **more}


def body(*exchanges: dict[str, Any]) -> dict[str, Any]:
    return last_written(INVOICE, [(START + timedelta(hours=n), one) for n, one in enumerate(exchanges)]).body


def test_fields_of_a_later_write_lie_over_the_whole() -> None:
    whole = wrote("PUT", "invoice/eid:stripe-inv-in_1?replace=item", {"memo": "one", "tranId": "INV-1"})
    assert body(whole, wrote("PATCH", "invoice/1001", {"memo": "two"})) == {"memo": "two", "tranId": "INV-1"}


def test_a_whole_write_stands_for_itself() -> None:
    whole = wrote("PUT", "invoice/eid:stripe-inv-in_1", {"tranId": "INV-1"})
    assert body(wrote("PATCH", "invoice/1001", {"memo": "two"}), whole) == {"tranId": "INV-1"}


def test_the_last_one_dates_it() -> None:
    found = last_written(INVOICE, [(START, wrote("PUT", "invoice/eid:stripe-inv-in_1", {"memo": "one"}))])
    assert found.at == START


def test_what_was_refused_wrote_nothing() -> None:
    assert body(wrote("PUT", "invoice/eid:stripe-inv-in_1", {"memo": "one"}, status=400)) == {}


def test_another_record_is_left_out() -> None:
    assert body(wrote("PATCH", "customer/1001", {"email": "a"}), wrote("PATCH", "invoice/1002", {"memo": "b"})) == {}


def test_one_that_was_made_out_of_another() -> None:
    memo = Named("creditMemo", "1003", "stripe-cm-re_1")
    made = wrote("POST", "invoice/1001/!transform/creditMemo", {"externalId": "stripe-cm-re_1", "memo": "x"})
    assert last_written(memo, [(START, made)]).body == {"externalId": "stripe-cm-re_1", "memo": "x"}


def test_one_of_a_batch() -> None:
    request = {"action": "batch", "op": "upsert", "type": "invoice", "externalId": "stripe-inv-in_1"}
    sent = wrote("POST", "/app/site/hosting/restlet.nl?script=1", request | {"body": {"memo": "x"}}, status=200)
    assert body(sent | {"response": {"ok": True, "id": "1001"}}) == {"memo": "x"}
    assert body(sent | {"response": {"ok": False, "code": "X"}}) == {}
