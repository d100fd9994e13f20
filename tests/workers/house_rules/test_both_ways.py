"""Whether each write is a call of its own or goes with others to the RESTlet, the books are the same."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from app.systems.netsuite.client import NetSuiteClient
from app.systems.netsuite.slots import LocalSlots
from tests.workers.flows.stage import Stage
from tests.workers.house_rules.scenes import NETSUITE_TYPES, SCENES, books

pytestmark = pytest.mark.slow

NUMBER = re.compile(r"-?\d+\.?\d*")
WRITTEN = {
    "customer": "stripe_customer_to_netsuite, changed",
    "invoice": "stripe_invoice_to_netsuite",
    "customerPayment": "stripe_invoice_paid_to_netsuite_payment",
    "creditMemo": "stripe_refund_to_netsuite",
    "customerRefund": "stripe_refund_to_netsuite",
    "cashSale": "stripe_dispute_reversal_to_netsuite, in cash",
    "cashRefund": "stripe_dispute_reversal_to_netsuite, in cash",
    "customerDeposit": "open_invoice_payments_from_stripe_charges, deposited ahead",
    "depositApplication": "open_invoice_payments_from_stripe_charges, deposited ahead",
    "deposit": "stripe_payout_to_netsuite_deposit, negative",
    "journalEntry": "stripe_payout_to_netsuite_deposit, negative",
    "customrecord_tieout_invoice_link": "hosted_invoice_url_to_netsuite, everywhere",
}
"""Of each kind of record a scene in which it is written."""
OVERRULED = {"stripe_refund_to_netsuite": 1}
"""Records that the RESTlet refuses and REST takes: a refund in a currency that is not the customer's first."""


def test_each_kind_of_record_has_a_scene() -> None:
    assert set(WRITTEN) == set(NETSUITE_TYPES)


@pytest.mark.parametrize("scene", dict.fromkeys(WRITTEN.values()))
def test_the_restlet_gives_the_same_books(stage: Stage, scene: str) -> None:
    by_rest = played(stage, scene)
    stage.start_over()
    with by_restlet(stage) as client:
        assert played(stage, scene) == by_rest
    assert client._bursts is not None
    assert not client._bursts.set_aside
    assert client._bursts.overruled == OVERRULED.get(scene, 0)


def played(stage: Stage, scene: str) -> dict[str, Any]:
    flow, play = SCENES[scene]
    assert stage.run(flow, play(stage)).state == "succeeded"
    kinds = {kind for kind, one in WRITTEN.items() if one == scene}
    assert all(stage.records(kind) for kind in kinds)
    # NetSuite notes by which door a transaction came in, and a script's numbers have no trailing zeros
    return {path: _number(value) for path, value in books(stage).items() if not path.endswith(".source")}


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value


@contextmanager
def by_restlet(stage: Stage) -> Iterator[NetSuiteClient]:
    """Each write goes to the RESTlet, also one that is alone."""
    systems = stage.parts.systems
    before = systems.netsuite_client
    account = before.settings.model_copy(update={"batch_with": "restlet"})
    systems.netsuite_client = NetSuiteClient(account, LocalSlots(account.concurrency), smallest_burst=1)
    try:
        yield systems.netsuite_client
    finally:
        systems.netsuite_client.close()
        systems.netsuite_client = before
