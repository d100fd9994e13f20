"""What flows read of Stripe: frozen, with Stripe's own names, at API version 2026-10-28.endive.

Amounts are integers in the currency's minor unit, times aware UTC, currencies lower-case ISO codes as Stripe
writes them. Statuses and types stay text: Stripe adds values to its enums without a new API version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

API_VERSION = "2026-10-28.endive"

Metadata = Mapping[str, str]


class EventHead(msgspec.Struct, frozen=True, gc=False):
    """As much of an event as is needed to know whom it concerns; the object itself is refetched.

    A Struct and no dataclass because one is made for each webhook.

    `kind`: `snapshot` (object `event`) or `thin` (object `v2.core.event`). `type` is without the thin prefix
    `v1.`. `object_id` is None where the object has none (`invoice.upcoming`). `context`: the connected account
    or organisation it came from. `idempotency_key`: of the request that caused it, if one did.
    """

    id: str
    type: str
    kind: Literal["snapshot", "thin"]
    object_id: str | None
    object_type: str | None
    created: datetime
    livemode: bool
    api_version: str | None = None
    context: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Address:
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, kw_only=True)
class Shipping:
    name: str | None = None
    phone: str | None = None
    address: Address | None = None


@dataclass(frozen=True, kw_only=True)
class TaxId:
    id: str
    type: str
    value: str
    country: str | None = None


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Of a deleted customer only the id is left. `balance`: negative is credit the customer has with us."""

    id: str
    deleted: bool = False
    livemode: bool = False
    created: datetime | None = None
    name: str | None = None
    business_name: str | None = None
    individual_name: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    address: Address | None = None
    shipping: Shipping | None = None
    currency: str | None = None
    balance: int = 0
    tax_exempt: str | None = None
    preferred_locales: tuple[str, ...] = ()
    tax_ids: tuple[TaxId, ...] = ()
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Tax:
    """`behavior`: `inclusive` or `exclusive`. `percentage` only where Stripe sends the whole rate."""

    amount: int
    behavior: str
    rate: str | None = None
    percentage: Decimal | None = None
    taxable_amount: int | None = None
    taxability_reason: str | None = None

    @property
    def inclusive(self) -> bool:
        return self.behavior == "inclusive"


@dataclass(frozen=True, kw_only=True)
class DiscountAmount:
    amount: int
    discount: str | None = None


@dataclass(frozen=True, kw_only=True)
class Period:
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class InvoiceLine:
    """`amount` is before discounts and before exclusive tax; an inclusive tax is in it.

    `subscription` and `invoice_item` say where the line comes from; `proration_invoice` is the invoice that
    a proration credit gives back from.
    """

    id: str
    amount: int
    currency: str
    subtotal: int = 0
    description: str | None = None
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None
    price: str | None = None
    product: str | None = None
    proration: bool = False
    proration_invoice: str | None = None
    period: Period | None = None
    discount_amounts: tuple[DiscountAmount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    subscription: str | None = None
    subscription_item: str | None = None
    invoice_item: str | None = None
    metadata: Metadata = field(default_factory=dict)

    @property
    def discount(self) -> int:
        return sum(given.amount for given in self.discount_amounts)


@dataclass(frozen=True, kw_only=True)
class InvoicePayment:
    """A share of a payment that pays an invoice; the only bridge between the two since 2025-03-31.basil.

    `payment_type`: `payment_intent`, `charge` or `payment_record` (money that did not pass through Stripe).
    """

    id: str
    invoice: str
    amount_requested: int
    currency: str
    status: str
    payment_type: str
    amount_paid: int | None = None
    is_default: bool = False
    payment_intent: str | None = None
    charge: str | None = None
    payment_record: str | None = None
    created: datetime | None = None
    paid_at: datetime | None = None
    livemode: bool = False


@dataclass(frozen=True, kw_only=True)
class ShippingCost:
    amount_subtotal: int
    amount_tax: int
    amount_total: int
    shipping_rate: str | None = None
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InvoiceParent:
    type: str
    subscription: str | None = None
    quote: str | None = None
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FromInvoice:
    action: str
    invoice: str


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """`lines` are all of them and `payments` all InvoicePayments when it was fetched by itself.

    In a listing `complete` is False: the lines are the first few, and payments are not there.
    `amount_paid_off_stripe` is the part paid out of band; None when Stripe was not asked for it.
    """

    id: str
    status: str | None
    currency: str
    customer: str | None
    total: int
    subtotal: int
    amount_due: int
    amount_paid: int
    amount_remaining: int
    created: datetime
    complete: bool = True
    livemode: bool = False
    number: str | None = None
    customer_name: str | None = None
    customer_email: str | None = None
    customer_phone: str | None = None
    customer_address: Address | None = None
    customer_shipping: Shipping | None = None
    total_excluding_tax: int | None = None
    amount_overpaid: int = 0
    amount_paid_off_stripe: int | None = None
    pre_payment_credit_notes_amount: int = 0
    post_payment_credit_notes_amount: int = 0
    starting_balance: int = 0
    ending_balance: int | None = None
    lines: tuple[InvoiceLine, ...] = ()
    payments: tuple[InvoicePayment, ...] = ()
    total_taxes: tuple[Tax, ...] = ()
    total_discount_amounts: tuple[DiscountAmount, ...] = ()
    shipping_cost: ShippingCost | None = None
    period: Period | None = None
    due_date: datetime | None = None
    effective_at: datetime | None = None
    finalized_at: datetime | None = None
    paid_at: datetime | None = None
    voided_at: datetime | None = None
    marked_uncollectible_at: datetime | None = None
    next_payment_attempt: datetime | None = None
    last_finalization_error: str | None = None
    description: str | None = None
    footer: str | None = None
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    billing_reason: str | None = None
    collection_method: str | None = None
    auto_advance: bool = False
    hosted_invoice_url: str | None = None
    invoice_pdf: str | None = None
    parent: InvoiceParent | None = None
    latest_revision: str | None = None
    from_invoice: FromInvoice | None = None
    metadata: Metadata = field(default_factory=dict)

    @property
    def subscription(self) -> str | None:
        return self.parent.subscription if self.parent else None

    @property
    def balance_applied(self) -> int:
        """How much of the customer's credit balance paid this invoice; negative when it took a debt up."""
        return 0 if self.ending_balance is None else self.ending_balance - self.starting_balance


@dataclass(frozen=True, kw_only=True)
class Fee:
    amount: int
    currency: str
    type: str
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class BalanceTransaction:
    """What a movement did to the Stripe balance, in the settlement currency.

    `exchange_rate` turns the charge's currency into this one; None when they are the same.
    """

    id: str
    amount: int
    currency: str
    fee: int
    net: int
    type: str
    reporting_category: str
    created: datetime
    available_on: datetime
    status: str | None = None
    source: str | None = None
    exchange_rate: Decimal | None = None
    description: str | None = None
    fee_details: tuple[Fee, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BillingDetails:
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: Address | None = None


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A succeeded charge may have no `balance_transaction` yet: under asynchronous capture it comes later."""

    id: str
    amount: int
    currency: str
    status: str
    created: datetime
    amount_captured: int = 0
    amount_refunded: int = 0
    captured: bool = False
    paid: bool = False
    refunded: bool = False
    disputed: bool = False
    livemode: bool = False
    customer: str | None = None
    payment_intent: str | None = None
    payment_method_type: str | None = None
    description: str | None = None
    billing_details: BillingDetails = BillingDetails()
    balance_transaction: BalanceTransaction | None = None
    failure_balance_transaction: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    receipt_email: str | None = None
    receipt_url: str | None = None
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PaymentIntent:
    id: str
    amount: int
    currency: str
    status: str
    created: datetime
    amount_received: int = 0
    livemode: bool = False
    customer: str | None = None
    description: str | None = None
    latest_charge: Charge | None = None
    last_payment_error: str | None = None
    receipt_email: str | None = None
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Price:
    """`unit_amount` in minor units with up to 12 decimals; None for tiered prices."""

    id: str
    product: str
    currency: str
    unit_amount: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class TaxRate:
    id: str
    percentage: Decimal
    inclusive: bool
    display_name: str = ""
    jurisdiction: str | None = None


@dataclass(frozen=True, kw_only=True)
class Refund:
    """Money on its way back. `pending` and `requires_action` may still fail; a failed one's money came back to us.

    `amount` is in the charge's currency; the balance transactions are in the settlement currency.
    """

    id: str
    amount: int
    currency: str
    status: str | None
    created: datetime
    charge: str | None = None
    payment_intent: str | None = None
    customer: str | None = None
    reason: str | None = None
    failure_reason: str | None = None
    balance_transaction: BalanceTransaction | None = None
    failure_balance_transaction: BalanceTransaction | None = None
    receipt_number: str | None = None
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CreditNoteLine:
    """`amount` is before discounts and exclusive taxes. `type`: invoice_line_item or custom_line_item."""

    id: str
    amount: int
    type: str
    description: str | None = None
    invoice_line_item: str | None = None
    quantity: int | None = None
    discount_amount: int = 0
    discount_amounts: tuple[DiscountAmount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CreditNoteRefund:
    """A refund that belongs to a credit note. `refund` is None for money given back outside of Stripe."""

    amount: int
    type: str
    refund: str | None = None
    payment_record: str | None = None


@dataclass(frozen=True, kw_only=True)
class CreditNote:
    """`pre_payment_amount` lowered what was due; `post_payment_amount` was given back: refunds, balance, outside."""

    id: str
    number: str
    status: str
    type: str
    invoice: str
    currency: str
    total: int
    subtotal: int
    created: datetime
    customer: str | None = None
    amount: int = 0
    pre_payment_amount: int = 0
    post_payment_amount: int = 0
    out_of_band_amount: int = 0
    customer_balance_transaction: str | None = None
    customer_balance_amount: int = 0
    refunds: tuple[CreditNoteRefund, ...] = ()
    lines: tuple[CreditNoteLine, ...] = ()
    total_taxes: tuple[Tax, ...] = ()
    discount_amount: int = 0
    discount_amounts: tuple[DiscountAmount, ...] = ()
    shipping_cost: ShippingCost | None = None
    effective_at: datetime | None = None
    voided_at: datetime | None = None
    reason: str | None = None
    memo: str | None = None
    pdf: str | None = None
    livemode: bool = False
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """`amount` is what the cardholder disputes; what moved is in `balance_transactions`: none, one or several.

    An inquiry (`warning_*`) moves no money.
    """

    id: str
    amount: int
    currency: str
    status: str
    reason: str
    charge: str
    created: datetime
    payment_intent: str | None = None
    balance_transactions: tuple[BalanceTransaction, ...] = ()
    is_charge_refundable: bool = False
    livemode: bool = False
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Payout:
    """`amount` may be negative: Stripe takes money from the bank. `reconciliation_status`: completed when its balance
    transactions can be listed, not_applicable for manual and instant payouts, which cannot be itemised.
    """

    id: str
    amount: int
    currency: str
    status: str
    automatic: bool
    method: str
    type: str
    created: datetime
    arrival_date: datetime
    reconciliation_status: str
    destination: str | None = None
    balance_transaction: BalanceTransaction | None = None
    failure_balance_transaction: BalanceTransaction | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    original_payout: str | None = None
    reversed_by: str | None = None
    trace_id: str | None = None
    statement_descriptor: str | None = None
    description: str | None = None
    livemode: bool = False
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PaymentRecord:
    """Money received outside of Stripe, as reported to it."""

    id: str
    amount: int
    currency: str
    created: datetime
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BalanceOf:
    """What Stripe holds in one currency, minor units."""

    currency: str
    available: int
    pending: int
