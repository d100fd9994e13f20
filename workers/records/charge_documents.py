"""What a charge without an invoice becomes besides its payment: an invoice, a cash sale or a customer deposit."""

from typing import Any, Literal

from pydantic import Field

from app.core.config import by_currency, required
from app.core.flow import Options
from app.core.interfaces import Ledger
from app.core.links import external_id
from app.systems.netsuite.records import CashSale, CustomerDeposit, Invoice, InvoiceLine, Ref
from app.systems.stripe import objects as st
from workers.records.charge_money import Payer
from workers.records.customer_payment import Money
from workers.records.dates import Posting, local_day, posting, zone_of
from workers.records.invoice_match import captured
from workers.records.payment import account_of, exchange_rate, payment_option
from workers.records.text import cut

To = Ledger[Any]
KEY = "stripe_charge_to_netsuite_invoice"
ENABLED = True
"""The flow's own default; the payment flow asks whether it is on."""
TEXT_LENGTH = 999
Mode = Literal["invoice", "invoice_and_payment", "cash_sale", "customer_deposit"]
MAKES: dict[Mode, str] = {
    "invoice": "inv",
    "invoice_and_payment": "inv",
    "cash_sale": "cs",
    "customer_deposit": "cdep",
}


class ChargeToInvoice(Options):
    mode: Mode = Field(
        "invoice_and_payment",
        description="What a charge without an invoice becomes: an invoice alone, an invoice and its payment, a cash "
        "sale, or a customer deposit.",
    )
    department: str | None = Field(None, description="Department (internal id) of every document and line.")
    class_: str | None = Field(None, description="Class (internal id) of every document and line.")
    location: str | None = Field(None, description="Location (internal id) of every document and line.")


def options_of(to: To) -> ChargeToInvoice:
    kept = to.config.flows.get(KEY)
    return ChargeToInvoice.model_validate(kept.options if kept else {})


def is_on(to: To) -> bool:
    kept = to.config.flows.get(KEY)
    return ENABLED if kept is None or kept.enabled is None else kept.enabled


def role_of(to: To) -> str:
    """The role of the link that the flow leaves for each charge that it posts."""
    return MAKES[options_of(to).mode]


# the documents -------------------------------------------------------------------------------------------------


def invoice(charge: st.Charge, payer: Payer, to: To) -> tuple[Ref, dict[str, Any]]:
    """Posted, with the facts of its link."""
    books = to.config.for_account(to.account, payer.subsidiary)
    receivable = by_currency(books.accounts.receivable, charge.currency)
    posted = posted_on(charge, "invoice", payer, to)
    record = Invoice(
        external_id=external_id("inv", charge.id),
        entity=payer.id,
        subsidiary=payer.subsidiary,
        currency=to.netsuite.currency(charge.currency.upper()).id,
        tran_date=posted.day,
        due_date=posted.day,
        memo=memo_of(charge, posted),
        account=receivable,
        department=options_of(to).department,
        class_=options_of(to).class_,
        location=options_of(to).location,
        lines=(line_of(charge, payer.subsidiary, to),),
        custom=custom_of(charge, to.config.fields.invoice_stripe_id, posted, to),
    )
    facts = {"account": receivable, "total": charge.amount_captured or charge.amount}
    return to.netsuite.upsert(record), facts_of(charge, payer, posted) | facts


def cash_sale(money: Money, charge: st.Charge, payer: Payer, to: To) -> tuple[Ref, dict[str, Any]]:
    posted = posted_on(charge, "cashSale", payer, to)
    account = account_of(money, to)
    record = CashSale(
        external_id=external_id("cs", charge.id),
        entity=payer.id,
        subsidiary=payer.subsidiary,
        currency=to.netsuite.currency(charge.currency.upper()).id,
        exchange_rate=exchange_rate(money, to),
        tran_date=posted.day,
        memo=memo_of(charge, posted),
        account=account,
        undeposited=account is None,
        payment_option=payment_option(money, to),
        department=options_of(to).department,
        class_=options_of(to).class_,
        location=options_of(to).location,
        lines=(line_of(charge, payer.subsidiary, to),),
        custom=custom_of(charge, to.config.fields.payment_charge_id, posted, to),
    )
    facts = {"receivable": money.receivable, "money": account}
    return to.netsuite.upsert(record), facts_of(charge, payer, posted) | facts


def deposit(money: Money, charge: st.Charge, payer: Payer, to: To) -> tuple[Ref, dict[str, Any]]:
    """Against the sales order that the charge's metadata names, if it does."""
    posted = posted_on(charge, "customerDeposit", payer, to)
    account = account_of(money, to)
    record = CustomerDeposit(
        external_id=external_id("cdep", charge.id),
        customer=payer.id,
        payment=captured(charge),
        subsidiary=payer.subsidiary,
        currency=to.netsuite.currency(charge.currency.upper()).id,
        exchange_rate=exchange_rate(money, to),
        tran_date=posted.day,
        memo=memo_of(charge, posted),
        account=account,
        undeposited=account is None,
        payment_option=payment_option(money, to),
        sales_order=charge.metadata.get(to.config.fields.metadata_sales_order_id) or None,
        custom=custom_of(charge, to.config.fields.payment_charge_id, posted, to),
    )
    facts = {"receivable": money.receivable, "money": account}
    return to.netsuite.upsert(record), facts_of(charge, payer, posted) | facts


def book_deposit(money: Money, charge: st.Charge, payer: Payer, to: To) -> None:
    ref, facts = deposit(money, charge, payer, to)
    to.links.save("cdep", charge.id, ref, origin="stripe", facts=facts)


def book_cash_sale(money: Money, charge: st.Charge, payer: Payer, to: To) -> None:
    ref, facts = cash_sale(money, charge, payer, to)
    to.links.save("cs", charge.id, ref, origin="stripe", facts=facts)


def facts_of(charge: st.Charge, payer: Payer, posted: Posting) -> dict[str, Any]:
    return {
        "customer": payer.id,
        "subsidiary": payer.subsidiary,
        "currency": charge.currency.upper(),
        "tran_date": f"{posted.day}",
        "amount": f"{captured(charge):f}",
    }


# their parts ---------------------------------------------------------------------------------------------------


def line_of(charge: st.Charge, subsidiary: str | None, to: To) -> InvoiceLine:
    chosen = options_of(to)
    return InvoiceLine(
        item=item_of(charge, subsidiary, to),
        rate=captured(charge),
        amount=captured(charge),
        description=cut(charge.description, TEXT_LENGTH) or f"Stripe charge {charge.id}",
        department=chosen.department,
        class_=chosen.class_,
        location=chosen.location,
    )


def item_of(charge: st.Charge, subsidiary: str | None, to: To) -> str:
    """By the charge's metadata, by the product it names there, by the item for charges, else the default."""
    items = to.config.for_account(to.account, subsidiary).items
    found = (
        charge.metadata.get(items.metadata_key)
        or items.by_product.get(charge.metadata.get("product", ""))
        or items.charge
        or items.default
    )
    setting = f"books.{to.config.place_of(to.account, subsidiary)}.items.charge"
    return required(found, setting, f"No NetSuite item is set for charges without an invoice ({charge.id}).")


def memo_of(charge: st.Charge, posted: Posting) -> str:
    said = f"Stripe charge {charge.id}"
    if charge.description:
        said = f"{said}: {charge.description}"
    return posted.memo(said[: TEXT_LENGTH - 100])


def custom_of(charge: st.Charge, field: str, posted: Posting, to: To) -> dict[str, Any]:
    return {field: charge.id} | posted.custom(to.config.fields.original_date)


def posted_on(charge: st.Charge, record_type: str, payer: Payer, to: To) -> Posting:
    zone = zone_of(to, payer.subsidiary)
    return posting(to, record_type, local_day(charge.created, zone), zone)
