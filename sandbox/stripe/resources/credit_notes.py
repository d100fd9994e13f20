"""Credit notes: lower what is due on an open invoice, and give back what was paid on it."""

from __future__ import annotations

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes, update_fields
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.render import always, render, short_list
from sandbox.stripe.resources import credit_note_lines, invoice_life, invoice_payments, refunds
from sandbox.stripe.resources.customers import change_balance, check_metadata
from sandbox.stripe.world import Account, Obj

routes = Routes()

_PAID_BACK = "refund_amount", "refunds", "credit_amount", "out_of_band_amount"


@routes.post("/v1/credit_notes", "CreditNoteCreateParams")
def create(call: Call) -> Obj:
    note, lines = _drawn_up(call)
    call.account.add(note)
    for line in lines:
        call.account.add(line)
    _settle(call, note)
    call.emit("credit_note.created", note)
    return render(call.account, note)


@routes.get("/v1/credit_notes/preview", "CreditNotePreviewParams")
def preview(call: Call) -> Obj:
    note, lines = _drawn_up(call)
    url = f"/v1/credit_notes/preview/lines?invoice={note['invoice']}"
    return render(call.account, note) | {"lines": short_list(call.account, lines, url)}


@routes.get("/v1/credit_notes/preview/lines", "CreditNotePreviewLinesListParams")
def preview_lines(call: Call) -> Obj:
    _, lines = _drawn_up(call)
    return paging.listed(call, lines, "/v1/credit_notes/preview/lines", newest_first=False)


def _drawn_up(call: Call) -> tuple[Obj, list[Obj]]:
    """The note and its lines, nothing kept yet. Raises InvalidRequest for what Stripe refuses."""
    invoice = _creditable(call)
    check_metadata(call.params.get("metadata"))
    sums = credit_note_lines.drawn_up(call, invoice)
    note = _blank(call, invoice) | sums.fields
    note["_lines"] = [line["id"] for line in sums.lines]
    note["refunds"] = _linked(call, invoice)
    most = _most(call.account, invoice, {each["refund"] for each in note["refunds"]})
    if not 0 < note["total"] <= most:
        raise InvalidRequest(
            f"The credit note's total ({note['total']}) must be more than 0 and at most what can be credited on "
            f"the invoice ({most}).",
            param="amount",
        )
    _split(call, note, invoice)
    return note, sums.lines


def _creditable(call: Call) -> Obj:
    invoice = call.account.get("invoice", call.params["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise InvalidRequest(
            f"You can only create a credit note for an open or paid invoice; this one is {invoice['status']}.",
            param="invoice",
        )
    return invoice


def _blank(call: Call, invoice: Obj) -> Obj:
    params, before = call.params, len(of_invoice(call.account, invoice))
    number = f"{invoice['number']}-CN-{before + 1:02d}"
    return {
        "id": call.new_id("cn"),
        "object": "credit_note",
        "created": call.now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "effective_at": params.get("effective_at") or call.now,
        "invoice": invoice["id"],
        "livemode": False,
        "memo": params.get("memo"),
        "metadata": dict(params.get("metadata") or {}),
        "number": number,
        "out_of_band_amount": params.get("out_of_band_amount"),
        "pdf": f"{call.base_url}/credit_notes/{call.account.id}/{number}/pdf",
        "pretax_credit_amounts": [],
        "reason": params.get("reason"),
        "refunds": [],
        "status": "issued",
        "voided_at": None,
    }


def of_invoice(account: Account, invoice: Obj) -> list[Obj]:
    return [note for note in account.kind("credit_note").values() if note["invoice"] == invoice["id"]]


def _charges(account: Account, invoice: Obj) -> list[Obj]:
    """What paid the invoice through Stripe, the latest first."""
    intents = [
        account.kind("payment_intent").get(payment["payment"].get("payment_intent", ""))
        for payment in invoice_payments.of_invoice(account, invoice)
        if payment["status"] == "paid"
    ]
    return [account.get("charge", intent["latest_charge"]) for intent in reversed(intents) if intent]


def _linked(call: Call, invoice: Obj) -> list[Obj]:
    charges = {charge["id"] for charge in _charges(call.account, invoice)}
    made = []
    for given in call.params.get("refunds") or []:
        if given.get("type", "refund") != "refund" or not given.get("refund"):
            raise InvalidRequest("The sandbox links refunds of charges only.", param="refunds")
        refund = call.account.get("refund", given["refund"], "refunds[refund]")
        amount: int = given.get("amount_refunded") or refund["amount"]
        if refund["charge"] not in charges or not 0 < amount <= refund["amount"] - linked_of(call.account, refund):
            raise InvalidRequest("The refund is not of this invoice, or is linked already.", param="refunds")
        made.append(_link(refund, amount))
    return made


def _link(refund: Obj, amount: int) -> Obj:
    return {"amount_refunded": amount, "payment_record_refund": None, "refund": refund["id"], "type": "refund"}


def linked_of(account: Account, refund: Obj) -> int:
    """What of the refund credit notes speak for already."""
    notes = (note for note in account.kind("credit_note").values() if note["status"] == "issued")
    each = (one for note in notes for one in note["refunds"])
    return sum(one["amount_refunded"] for one in each if one["refund"] == refund["id"])


def _most(account: Account, invoice: Obj, linking: set[str]) -> int:
    """What is left to credit: of the total, less earlier notes, less refunds that no note speaks for."""
    issued = [note for note in of_invoice(account, invoice) if note["status"] == "issued"]
    given = [row for charge in _charges(account, invoice) for row in refunds.given_back(account, charge)]
    loose = sum(row["amount"] - linked_of(account, row) for row in given if row["id"] not in linking)
    return int(invoice["total"] - sum(note["total"] for note in issued) - loose)


def _split(call: Call, note: Obj, invoice: Obj) -> None:
    """First what is due is lowered; the rest was paid, and the parameters say how it is given back."""
    before = min(note["total"], invoice["amount_remaining"])
    after = note["total"] - before
    params = call.params
    asked = sum(params.get(name) or 0 for name in ("refund_amount", "credit_amount", "out_of_band_amount"))
    asked += sum(each["amount_refunded"] for each in note["refunds"])
    if asked != after:
        raise InvalidRequest(
            f"The sum of refund_amount, refunds, credit_amount and out_of_band_amount ({asked}) must equal the "
            f"post-payment amount of the credit note ({after}).",
            param="refund_amount" if after else next((name for name in _PAID_BACK if params.get(name)), None),
        )
    kind = "mixed" if before and after else "post_payment" if after else "pre_payment"
    note |= {"type": kind, "pre_payment_amount": before, "post_payment_amount": after}


def _settle(call: Call, note: Obj) -> None:
    invoice = call.account.get("invoice", note["invoice"])
    if call.params.get("refund_amount"):
        _refund(call, note, invoice, call.params["refund_amount"])
    if call.params.get("credit_amount"):
        customer = call.account.get("customer", invoice["customer"])
        row = change_balance(call, customer, -call.params["credit_amount"], "credit_note", invoice)
        row["credit_note"] = note["id"]
        note["customer_balance_transaction"] = row["id"]
    lower(call, invoice, note["pre_payment_amount"], note["post_payment_amount"])


def _refund(call: Call, note: Obj, invoice: Obj, amount: int) -> None:
    for charge in _charges(call.account, invoice):
        if refunds.remaining(charge) >= amount:
            made = refunds.make(call, charge, amount, reason=call.params.get("reason"))
            note["refunds"].append(_link(made, amount))
            refunds.tell(call, made)
            return
    raise InvalidRequest("No payment of the invoice can be refunded by this amount.", param="refund_amount")


def lower(call: Call, invoice: Obj, before: int, after: int) -> None:
    """What a note, or with negative amounts its voiding, does to the invoice."""
    with call.updating(invoice, "invoice.updated"):
        invoice["pre_payment_credit_notes_amount"] += before
        invoice["post_payment_credit_notes_amount"] += after
        invoice["amount_due"] -= before
        invoice["amount_remaining"] -= before
    if not before:
        return
    if invoice["amount_remaining"]:
        invoice_payments._resize_default(call, invoice)
    elif invoice["status"] != "paid":
        invoice_life.mark_paid(call, invoice, attempted=False)


@routes.post("/v1/credit_notes/{id}/void", "CreditNoteVoidCreditNoteParams")
def void(call: Call) -> Obj:
    """Only while the invoice is open: https://docs.stripe.com/invoicing/integration/programmatic-credit-notes#void."""
    note = call.get("credit_note")
    invoice = call.account.get("invoice", note["invoice"])
    if note["status"] != "issued" or note["post_payment_amount"] or invoice["status"] != "open":
        raise InvalidRequest("You can only void an issued credit note of an open invoice.")
    with call.updating(note, "credit_note.voided"):
        note |= {"status": "void", "voided_at": call.now}
    lower(call, invoice, -note["pre_payment_amount"], 0)
    return render(call.account, note)


@routes.get("/v1/credit_notes", "CreditNoteListParams")
def list_(call: Call) -> Obj:
    rows = paging.matching(call, call.account.kind("credit_note").values(), "customer", "invoice")
    return paging.listed(call, rows, "/v1/credit_notes")


@routes.get("/v1/credit_notes/{id}", "CreditNoteRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("credit_note"))


@routes.post("/v1/credit_notes/{id}", "CreditNoteUpdateParams")
def update(call: Call) -> Obj:
    note = call.get("credit_note")
    check_metadata(call.params.get("metadata"))
    with call.updating(note, "credit_note.updated"):
        update_fields(note, call.params, ("memo",))
    return render(call.account, note)


@routes.get("/v1/credit_notes/{id}/lines", "CreditNoteLineItemListParams")
def lines(call: Call) -> Obj:
    note = call.get("credit_note")
    rows = _lines_of(call.account, note)
    return paging.listed(call, rows, f"/v1/credit_notes/{note['id']}/lines", newest_first=False)


def _lines_of(account: Account, note: Obj) -> list[Obj]:
    kept = account.kind("credit_note_line_item")
    return [kept[line] for line in note["_lines"] if line in kept]


@always("credit_note", "lines")
def _first_lines(account: Account, note: Obj) -> Obj:
    return short_list(account, _lines_of(account, note), f"/v1/credit_notes/{note['id']}/lines")
