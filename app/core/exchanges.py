"""What was said to the other system and what came back: one Exchange per HTTP call, redacted by allow-list.

A field that is not known to be harmless is shown by its name only. Headers, likewise.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HEADERS = _words(
    """
    content-type date location retry-after request-id idempotency-key idempotent-replayed stripe-version
    stripe-should-retry x-netsuite-propertynamevalidation x-netsuite-idempotency-key prefer
    stripe-rate-limited-reason x-n-operationid
    """
)
# Never shown, wherever they stand: credentials, bearer urls, bank and card numbers.
_SECRET_PARTS = (
    "secret",
    "token",
    "password",
    "authorization",
    "assertion",
    "signature",
    "fingerprint",
    "ssn",
)
FIELDS = _words(
    """
    gte lte gt lt types period_start period_end shipping_cost last_finalization_error next_payment_attempt subscription
    amount_paid_off_stripe pre_payment_credit_notes_amount post_payment_credit_notes_amount customer_name customer_email
    customer_address invoice_item_details subscription_details
    id ids object type livemode created status amount amount_due amount_paid amount_remaining
    amount_requested total subtotal total_excluding_tax currency value customer invoice charge payment
    payment_intent balance_transaction fee net exchange_rate name email phone address line1 line2 city
    state postal_code country shipping description metadata business_name individual_name
    preferred_locales tax_exempt lines data items item line quantity rate unit_amount
    unit_amount_decimal quantity_decimal pricing price price_details product taxes total_taxes
    tax_rate_details tax_rate tax_behavior taxability_reason discounts discount_amounts
    total_discount_amounts period start end proration parent number due_date days_until_due
    collection_method auto_advance billing_reason effective_at status_transitions finalized_at paid_at
    voided_at marked_uncollectible_at payments is_default deleted has_more url starting_balance
    ending_balance amount_overpaid latest_revision from_invoice paid_out_of_band footer custom_fields
    limit starting_after ending_before expand query pending_invoice_items_behavior payment_settings
    payment_method_types error code param message doc_url request_log_url decline_code user_message q
    params count offset totalresults hasmore links rel href title detail o:errordetails o:errorcode
    o:errorpath o:errorurl o:errorqueryparam externalid entityid isperson companyname firstname lastname
    subsidiary currencylist addressbook addressbookaddress addr1 addr2 addressee zip defaultbilling
    defaultshipping label isinactive terms comments entity trandate duedate postingperiod tranid
    otherrefnum memo account araccount aracct undepfunds autoapply apply doc applydate applied unapplied
    amountpaid amountremaining taxtotal discountitem discountrate exchangerate refname createdfrom
    tobeemailed approvalstatus lastmodifieddate custom action ok method script deploy record symbol
    foreigntotal foreignamountunpaid entitystatus closed startdate enddate periodname balance
    """
)
_CUSTOM_PREFIXES = ("custbody_", "custentity_", "custcol_", "custrecord_", "netsuite_", "tieout_")
SHOWN_CHARACTERS = 4000
REDACTED = "[not shown]"


@dataclass(frozen=True)
class Exchange:
    """One call. `path` carries no host and no query secrets; `status` is None when no answer came."""

    system: str
    method: str
    path: str
    status: int | None
    milliseconds: int
    request: Any = None
    response: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Record = Callable[[Exchange], None]


def redacted(body: Any) -> Any:
    """A copy of a JSON-like body in which only allow-listed fields keep their values."""
    if isinstance(body, Mapping):
        return {str(key): redacted(value) if shown(str(key)) else REDACTED for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [redacted(item) for item in body]
    if isinstance(body, str):
        return body[:SHOWN_CHARACTERS]
    return body if isinstance(body, int | bool | None) else str(body)


def redacted_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in headers.items() if key.lower() in HEADERS}


def shown(field_name: str) -> bool:
    name = field_name.lower()
    if any(part in name for part in _SECRET_PARTS):
        return False
    return name in FIELDS or name.startswith(_CUSTOM_PREFIXES) or name.isdigit()
