"""What Stripe's refusals mean for a run, as a table: the first row that fits decides; what fits no row is `Rejected`.

The kinds of refusal are docs.stripe.com/api/errors, the codes docs.stripe.com/error-codes. A row without a code holds
for its whole status.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app import errors


@dataclass(frozen=True)
class Refusal:
    """An answer that is no success. `status` 0: no answer came. `sent`: whether Stripe may have read the request."""

    status: int
    type: str | None = None
    code: str | None = None
    param: str | None = None
    message: str = ""
    request_id: str | None = None
    retry_after: timedelta | None = None
    should_retry: bool | None = None
    replayed: bool = False
    sent: bool = True

    @property
    def indeterminate(self) -> bool:
        """Stripe may or may not have done what was asked."""
        return (self.status == 0 and self.sent) or self.status >= 500


class Refused(Exception):
    """Stripe's own answer, before it is sorted; never leaves `systems/stripe`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True)
class Row:
    """`says`: part of Stripe's message, in lower case, where it has no code of its own for the case."""

    raises: type[errors.TieoutError]
    sentence: str
    status: int | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    says: str | None = None
    action: str = ""
    name: str | None = None
    operations: frozenset[str] | None = None

    def fits(self, refusal: Refusal, operation: str) -> bool:
        return (
            (self.operations is None or operation in self.operations)
            and self.status in (None, refusal.status)
            and self.type in (None, refusal.type)
            and self.code in (None, refusal.code)
            and self.param in (None, refusal.param)
            and (self.says is None or self.says in refusal.message.lower())
        )


STEPS = frozenset(
    """
    finalize_invoice void_invoice mark_invoice_uncollectible pay_invoice_out_of_band send_invoice delete_invoice
    revise_invoice attach_payment
    """.split()
)
TABLE = (
    Row(
        errors.AuthFailed,
        "Stripe does not accept the API key of account {account!r}: it was rolled, deleted or has expired.",
        status=401,
    ),
    Row(errors.AuthFailed, "The API key of Stripe account {account!r} has expired.", code="api_key_expired"),
    Row(
        errors.Forbidden,
        "The API key of Stripe account {account!r} is not allowed to do this ({operation}). "
        "Give the restricted key that permission in Stripe's Dashboard.",
        status=403,
    ),
    Row(errors.Conflict, "Stripe was busy with the same object; it is tried again.", code="lock_timeout"),
    Row(errors.Throttled, "Stripe asks for fewer calls for a moment.", status=429),
    Row(errors.Throttled, "Stripe asks for fewer calls for a moment.", code="rate_limit"),
    Row(errors.Conflict, "The same request to Stripe is still in progress; it is tried again.", status=409),
    Row(
        errors.Conflict,
        "Stripe remembers this request under the same key but with other content; nothing was done.",
        type="idempotency_error",
    ),
    Row(
        errors.NotFound,
        "{param} exists in Stripe's other mode only: a test-mode id was used with a live key or the reverse.",
        code="livemode_mismatch",
        name="livemode_mismatch",
    ),
    Row(
        errors.NotFound,
        "This object exists in Stripe's live mode, but account {account!r} has a test-mode key.",
        says="a similar object exists in live mode",
        name="livemode_mismatch",
    ),
    Row(
        errors.NotFound,
        "This object exists in Stripe's test mode, but account {account!r} has a live-mode key.",
        says="a similar object exists in test mode",
        name="livemode_mismatch",
    ),
    Row(errors.NotFound, "Stripe does not have this object (any more): {message}", code="resource_missing"),
    Row(errors.NotFound, "Stripe does not have this object (any more): {message}", status=404),
    Row(
        errors.DuplicateName,
        "Stripe already has an invoice with this number.",
        param="number",
        says="already",
        action="Give the invoice another number, or leave the number to Stripe, then replay.",
    ),
    Row(
        errors.NotAllowed,
        "The Stripe invoice cannot be changed any more: {message}",
        code="invoice_not_editable",
        action="Choose how changed invoices are treated (revise, void and recreate, credit note), then replay.",
    ),
    Row(
        errors.NotAllowed,
        "The Stripe invoice has no lines, so it cannot be finalized.",
        code="invoice_no_customer_line_items",
        action="Check the invoice's lines in the preview, then replay.",
    ),
    Row(
        errors.NotAllowed,
        "Stripe does not take this step in the object's present state: {message}",
        code="status_transition_invalid",
        action="Look at the object's status in Stripe.",
    ),
    Row(
        errors.NotAllowed,
        "Stripe does not take this step because the invoice is already paid.",
        says="already paid",
        action="Money was received in Stripe: settle it there or record it in NetSuite.",
    ),
    Row(
        errors.NotAllowed,
        "No payment method is switched on that fits this invoice's currency and amount.",
        code="invoice_no_payment_method_types",
        action="Switch on a payment method in Stripe's invoice settings, or set the flow's payment methods.",
    ),
    Row(
        errors.NotAllowed,
        "Stripe Tax cannot tell where the customer is: {message}",
        code="customer_tax_location_invalid",
        action="Complete the customer's address, then replay.",
    ),
    Row(
        errors.NotAllowed,
        "Stripe does not take so small an amount in this currency: {message}",
        code="amount_too_small",
        action="Settle the amount outside Stripe or write it off.",
    ),
    Row(
        errors.NotAllowed,
        "Stripe does not take so large an amount: {message}",
        code="amount_too_large",
        action="Split the invoice or settle it outside Stripe.",
    ),
    Row(errors.NotAllowed, "The payment was declined: {message}", status=402, action="Ask the customer."),
    Row(errors.Rejected, "Stripe does not accept this e-mail address: {message}", code="email_invalid"),
    Row(errors.Rejected, "Stripe does not accept this tax id: {message}", code="tax_id_invalid"),
    Row(errors.Rejected, "Stripe does not know the field {param}: {message}", code="parameter_unknown"),
    Row(errors.Rejected, "Stripe wants the field {param}: {message}", code="parameter_missing"),
    Row(
        errors.NotAllowed,
        "Stripe does not take this step in the invoice's present state: {message}",
        status=400,
        operations=STEPS,
        action="Look at the invoice's status and payments in Stripe.",
    ),
)
CLOSED = Row(errors.Rejected, "Stripe does not accept this request: {message}")


def again(refusal: Refusal) -> bool:
    """Whether the same request, under the same key, is worth another try right away."""
    if refusal.should_retry is not None:
        return refusal.should_retry
    if refusal.status in (0, 409, 429) or refusal.status >= 500:
        return True
    return refusal.code in ("rate_limit", "lock_timeout")


def sorted_out(refusal: Refusal, *, account: str, operation: str, writes: bool) -> errors.TieoutError:
    """The error a run ends with."""
    if refusal.indeterminate and writes:
        return errors.OutcomeUnknown(
            f"Stripe gave no clear answer to {_words(operation)}; whether it was done is looked up first.",
            code=refusal.code or f"http_{refusal.status}",
            detail=_detail(refusal),
            retry_after=refusal.retry_after,
        )
    if refusal.status == 0 or refusal.status >= 500:
        return errors.Unavailable(
            "Stripe could not be reached." if refusal.status == 0 else "Stripe has a fault of its own.",
            code=refusal.code or f"http_{refusal.status}",
            detail=_detail(refusal),
            retry_after=refusal.retry_after,
        )
    row = next((row for row in TABLE if row.fits(refusal, operation)), CLOSED)
    return _raised(row, refusal, account, operation)


def _raised(row: Row, refusal: Refusal, account: str, operation: str) -> errors.TieoutError:
    sentence = row.sentence.format(
        account=account,
        operation=_words(operation),
        message=refusal.message.rstrip() or "no reason given",
        param=refusal.param or "the object",
    )
    code, detail = row.name or refusal.code or refusal.type or f"http_{refusal.status}", _detail(refusal)
    if issubclass(row.raises, errors.Retryable):
        return row.raises(sentence, code=code, detail=detail, retry_after=refusal.retry_after)
    if issubclass(row.raises, errors.Held):
        return row.raises(sentence, code=code, detail=detail, action=row.action)
    if issubclass(row.raises, errors.Rejected):
        fields: Mapping[str, str] = {refusal.param: refusal.message} if refusal.param else {}
        return row.raises(sentence, code=code, detail=detail, fields=fields)
    return row.raises(sentence, code=code, detail=detail)


def _words(operation: str) -> str:
    return operation.replace("_", " ")


def _detail(refusal: Refusal) -> str:
    parts = (f"HTTP {refusal.status}", refusal.type, refusal.code, refusal.param, refusal.message)
    said = ", ".join(part for part in parts if part)
    return f"{said} (request {refusal.request_id})" if refusal.request_id else said
