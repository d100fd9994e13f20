"""What there is to look at, made through the product: both sandboxes, real events, the real flows."""

from dataclasses import dataclass

from sqlalchemy import select

from app.core.runs import Run
from tests.workers.flows.stage import Stage


@dataclass(frozen=True)
class Seeded:
    """`customer`, `invoice`: in NetSuite; the invoice is paid. `held`: a customer who waits for a choice."""

    customer: str
    invoice: str
    held: str
    held_run: int


def seed(stage: Stage) -> Seeded:
    who = {"name": "Ada Works", "email": "ada@example.com"}
    customers = stage.stripe.v1.customers
    customer = customers.create(who | {"payment_method": "pm_card_visa"}).id
    invoice = _paid(stage, customer)
    _tell(stage)
    held = customers.create(who).id
    _tell(stage)
    with stage.parts.database.session_scope() as session:
        mine = (Run.flow == "stripe_customer_to_netsuite", Run.subject == held, Run.state == "held")
        waits = session.scalars(select(Run.id).where(*mine)).one()
    return Seeded(customer, invoice, held, waits)


def _paid(stage: Stage, customer: str) -> str:
    api = stage.stripe.v1
    card = api.payment_methods.list({"customer": customer}).data[0].id
    draft = api.invoices.create({"customer": customer, "collection_method": "charge_automatically", "currency": "usd"})
    line = {"customer": customer, "invoice": draft.id, "amount": 125050, "currency": "usd", "description": "Consulting"}
    api.invoice_items.create(line)
    api.invoices.finalize_invoice(draft.id)
    api.invoices.pay(draft.id, {"payment_method": card})
    made: str = draft.id
    return made


def _tell(stage: Stage) -> None:
    """Every event of Stripe's that has not arrived yet arrives and is worked off."""
    for row in stage.unheard_stripe_events():
        stage.take(row)
    stage.work()
