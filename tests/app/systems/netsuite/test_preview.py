from decimal import Decimal

import httpx
import pytest
import respx

from app.core.preview import Written
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.preview import RecordingNetSuite
from app.systems.netsuite.records import CustomerPayment, Ref
from tests.app.systems.netsuite.conftest import RECORD

PAYMENT = CustomerPayment(external_id="stripe-pay-ch_1", customer="501", payment=Decimal("10.10"))
THERE = f"{RECORD}/customerPayment/eid:stripe-pay-ch_1"


@pytest.fixture
def written() -> list[Written]:
    return []


@pytest.fixture
def preview(netsuite: NetSuiteGateway, written: list[Written]) -> RecordingNetSuite:
    return RecordingNetSuite(netsuite, written)


def test_a_write_is_noted_as_it_would_be_sent(
    preview: RecordingNetSuite, written: list[Written], api: respx.MockRouter
) -> None:
    api.get(THERE).mock(return_value=httpx.Response(404))
    preview.upsert(PAYMENT)
    body = {
        "externalId": "stripe-pay-ch_1",
        "customer": {"id": "501"},
        "payment": Decimal("10.10"),
        "autoApply": False,
        "toBeEmailed": False,
    }
    assert written == [Written("netsuite", "upsert", "customerPayment", body)]


def test_nothing_is_sent(preview: RecordingNetSuite, api: respx.MockRouter) -> None:
    api.get(THERE).mock(return_value=httpx.Response(404))
    preview.upsert(PAYMENT)
    preview.patch(Ref("invoice", "7"), {"memo": "x"})
    preview.delete(Ref("invoice", "7"))
    preview.void(Ref("invoice", "7"))
    preview.transform(Ref("invoice", "7"), PAYMENT)
    assert {call.request.method for call in api.calls} == {"GET"}


def test_a_new_record_has_a_name_to_go_on_with(preview: RecordingNetSuite, api: respx.MockRouter) -> None:
    api.get(THERE).mock(return_value=httpx.Response(404))
    assert preview.upsert(PAYMENT) == Ref("customerPayment", "preview-1")


def test_a_record_that_is_there_keeps_its_id(preview: RecordingNetSuite, api: respx.MockRouter) -> None:
    api.get(THERE).mock(return_value=httpx.Response(200, json={"id": "1002"}))
    assert preview.upsert(PAYMENT) == Ref("customerPayment", "1002")


def test_what_was_planned_is_found_afterwards(preview: RecordingNetSuite, api: respx.MockRouter) -> None:
    api.get(THERE).mock(return_value=httpx.Response(404))
    made = preview.upsert(PAYMENT)
    assert preview.find("customerPayment", "stripe-pay-ch_1") == made
