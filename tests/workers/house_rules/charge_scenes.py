"""Scenes of charges without a Stripe invoice, and of the NetSuite invoices that some of them pay."""

from collections.abc import Callable
from typing import Any

from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage

CHARGES = "stripe_charge_to_netsuite_invoice"
PAYMENT = "stripe_payment_to_netsuite_payment"
OPEN = "open_invoice_payments_from_stripe_charges"


def payer(stage: Stage) -> str:
    made: str = stage.stripe.v1.customers.create({"name": "Ada Works", "email": "ada@example.com"}).id
    stage.run("stripe_customer_to_netsuite", made)
    return made


def charge(stage: Stage, **given: Any) -> str:
    made: str = stage.stripe_does("charges", amount=5000, description="Workshop", **given)["id"]
    return made


def open_invoice(stage: Stage, rate: str, **given: Any) -> str:
    line = {"item": {"id": ids.ITEM_CONSULTING}, "quantity": 1, "rate": rate, "description": "Advice"}
    entity = {"id": stage.records("customer")[0]["id"]}
    made: str = stage.saves("invoice", {"entity": entity, "item": {"items": [line]}, **given})["id"]
    return made


def as_mode(mode: str) -> Callable[[Stage], str]:
    def scene(stage: Stage) -> str:
        stage.switch(CHARGES, True)
        stage.choose(CHARGES, mode=mode)
        return charge(stage, customer=payer(stage), currency="eur")

    return scene


def unapplied(stage: Stage) -> str:
    stage.switch(CHARGES, False)
    stage.choose(PAYMENT, write_back=True, unmatched="payment")
    return charge(stage, customer=payer(stage))


def as_deposit(stage: Stage) -> str:
    stage.switch(CHARGES, False)
    stage.choose(PAYMENT, unmatched="deposit")
    return charge(stage, customer=payer(stage))


def naming_invoices(stage: Stage) -> str:
    """More than it can pay in full."""
    who = payer(stage)
    found = [open_invoice(stage, "20"), open_invoice(stage, "40")]
    return charge(stage, customer=who, metadata={"netsuite_invoice_id": ",".join(found)})


def named_by_invoice(stage: Stage) -> str:
    subject = charge(stage, customer=payer(stage))
    return open_invoice(stage, "30", custbody_tieout_stripe_id=subject)


def paid_ahead(stage: Stage) -> str:
    """The payment is there, unapplied."""
    subject = unapplied(stage)
    stage.run(PAYMENT, subject)
    return open_invoice(stage, "50", custbody_tieout_stripe_id=subject)


def deposited_ahead(stage: Stage) -> str:
    subject = as_deposit(stage)
    stage.run(PAYMENT, subject)
    return open_invoice(stage, "50", custbody_tieout_stripe_id=subject)


SCENES: dict[str, tuple[str, Callable[[Stage], str]]] = {
    CHARGES: (CHARGES, as_mode("invoice_and_payment")),
    f"{CHARGES}, cash sale": (CHARGES, as_mode("cash_sale")),
    f"{CHARGES}, deposit": (CHARGES, as_mode("customer_deposit")),
    PAYMENT: (PAYMENT, unapplied),
    f"{PAYMENT}, deposit": (PAYMENT, as_deposit),
    f"{PAYMENT}, of invoices": (PAYMENT, naming_invoices),
    OPEN: (OPEN, named_by_invoice),
    f"{OPEN}, paid ahead": (OPEN, paid_ahead),
    f"{OPEN}, deposited ahead": (OPEN, deposited_ahead),
}
