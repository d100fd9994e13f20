"""What the gateway changes in Stripe: each write once, whatever is cut off, repeated or remembered on the way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.errors import Conflict, NotAllowed, NotFound, OutcomeUnknown, Rejected
from app.systems.stripe import keys, parse
from app.systems.stripe import objects as st
from app.systems.stripe.errors import Refusal, Refused
from app.systems.stripe.reads import WITH_BALANCE, WITH_PAYMENTS, Reads

Params = Mapping[str, Any]
Json = dict[str, Any]
GENERATIONS = 9  # spent keys met for one piece of work; more means that something else is wrong
KEYS_KEPT = timedelta(hours=25)  # at least 24 hours, docs.stripe.com/api/idempotent_requests
LINES_PER_CALL = 100
RECORDS_LOOKED_BACK = timedelta(days=31)

_SERVICES = {
    "customer": "customers",
    "invoice": "invoices",
    "charge": "charges",
    "payment_intent": "payment_intents",
    "refund": "refunds",
    "credit_note": "credit_notes",
    "dispute": "disputes",
    "payout": "payouts",
    "product": "products",
    "price": "prices",
    "subscription": "subscriptions",
}


@dataclass(frozen=True)
class Creation:
    """One thing to be made once. `subject`: what for. `found` looks in Stripe whether it was made after all."""

    operation: str
    subject: str
    params: Params
    request: Callable[[Params, Mapping[str, str]], Any]
    current: Callable[[Json], Json | None] = lambda made: made
    found: Callable[[], Json | None] | None = None


class Writes(Reads):
    def create_customer(self, params: Params, /, *, of: str) -> st.Customer:
        create = Creation(
            "create_customer",
            of,
            params,
            self._v1.customers.create,
            current=self._living_customer,
            found=lambda: self._made_lately("customer_list", self._v1.customers.list, params),
        )
        return parse.customer(self._create(create))

    def update_customer(self, customer_id: str, params: Params, /) -> st.Customer:
        return parse.customer(self._set("update_customer", customer_id, params, self._v1.customers.update))

    def add_tax_id(self, customer_id: str, params: Params, /) -> None:
        add = self._v1.customers.tax_ids.create
        self._create(
            Creation(
                "add_tax_id",
                customer_id,
                params,
                lambda body, options: add(customer_id, body, options),
                current=lambda made: self._living_tax_id(customer_id, made),
                found=lambda: self._tax_id_with(customer_id, params),
            )
        )

    def create_invoice(self, params: Params, /, *, of: str) -> st.Invoice:
        create = Creation(
            "create_invoice",
            of,
            params,
            lambda body, options: self._v1.invoices.create({**body, **WITH_PAYMENTS}, options),
            current=self._living_invoice,
            found=lambda: self._made_lately("invoice_list", self._v1.invoices.list, params, "customer"),
        )
        return self._whole(self._create(create))

    def add_invoice_lines(self, invoice_id: str, lines: Sequence[Params], /) -> st.Invoice:
        """The same lines added twice in one call are both added; the same call made twice adds them once."""
        data: Json | None = None
        for start in range(0, len(lines), LINES_PER_CALL):
            data = self._add_some(invoice_id, start, lines[start : start + LINES_PER_CALL])
        return self.invoice(invoice_id) if data is None else self._whole(data)

    def update_invoice(self, invoice_id: str, params: Params, /) -> st.Invoice:
        asked = {**params, **WITH_PAYMENTS}
        return self._whole(self._set("update_invoice", invoice_id, asked, self._v1.invoices.update))

    def finalize_invoice(self, invoice_id: str, /) -> st.Invoice:
        """Without automatic collection. Paid at once when nothing is due."""
        params = {"auto_advance": False}
        return self._step("finalize_invoice", invoice_id, params, self._v1.invoices.finalize_invoice, ("open", "paid"))

    def send_invoice(self, invoice_id: str, /) -> st.Invoice:
        send = self._v1.invoices.send_invoice
        once = Creation(
            "send_invoice",
            invoice_id,
            {},
            lambda body, options: send(invoice_id, {**body, **WITH_PAYMENTS}, options),
            current=lambda made: self._now(invoice_id),
        )
        return self._whole(self._create(once))

    def delete_draft_invoice(self, invoice_id: str, /) -> None:
        try:
            self._call("delete_invoice", lambda: self._v1.invoices.delete(invoice_id), writes=True)
        except NotFound:
            return  # it is gone, which is what was wanted

    def void_invoice(self, invoice_id: str, /) -> st.Invoice:
        return self._step("void_invoice", invoice_id, {}, self._v1.invoices.void_invoice, ("void",))

    def mark_invoice_uncollectible(self, invoice_id: str, /) -> st.Invoice:
        mark = self._v1.invoices.mark_uncollectible
        return self._step("mark_invoice_uncollectible", invoice_id, {}, mark, ("uncollectible",))

    def pay_invoice_out_of_band(self, invoice_id: str, /) -> st.Invoice:
        params = {"paid_out_of_band": True}
        return self._step("pay_invoice_out_of_band", invoice_id, params, self._v1.invoices.pay, ("paid",))

    def revise_invoice(self, invoice_id: str, params: Params, /, *, of: str) -> st.Invoice:
        """A copy of the invoice without its lines. What else `params` say is set on the draft, not in its creation:
        only `metadata` is known to be taken together with `from_invoice`."""
        origin = {"action": "revision", "invoice": invoice_id}
        made = {"from_invoice": origin, "metadata": params.get("metadata") or {}}
        revise = Creation(
            "revise_invoice",
            of,
            made,
            lambda body, options: self._v1.invoices.create({**body, **WITH_PAYMENTS}, options),
            current=self._living_invoice,
            found=lambda: self._made_lately("invoice_list", self._v1.invoices.list, made),
        )
        draft = self._whole(self._create(revise))
        self._remove_lines(draft)
        rest = {name: value for name, value in params.items() if name != "metadata"}
        return self.update_invoice(draft.id, rest) if rest else self.invoice(draft.id)

    def create_credit_note(self, params: Params, /, *, of: str) -> st.CreditNote:
        create = Creation(
            "create_credit_note",
            of,
            params,
            lambda body, options: self._v1.credit_notes.create({**body, **WITH_BALANCE}, options),
            current=self._issued_note,
            found=lambda: self._made_lately("credit_note_list", self._v1.credit_notes.list, params, "invoice"),
        )
        return self.credit_note(self._create(create)["id"])

    def void_credit_note(self, credit_note_id: str, /) -> st.CreditNote:
        """One that an earlier, cut-off try had voided already is a success."""
        void = self._v1.credit_notes.void_credit_note
        try:
            return self._whole_note(self._set("void_credit_note", credit_note_id, WITH_BALANCE, void))
        except (NotAllowed, Rejected, Conflict, OutcomeUnknown):
            now = self.credit_note(credit_note_id)
            if now.status == "void":
                return now
            raise

    def report_payment(self, params: Params, /, *, of: str) -> st.PaymentRecord:
        """The record that carries the same metadata already, or a new one."""
        report = Creation(
            "report_payment",
            of,
            params,
            lambda body, options: self._v1.payment_records.report_payment(body, options),
            found=lambda: self._reported(params),
        )
        return parse.payment_record(self._reported(params) or self._create(report))

    def attach_payment(self, invoice_id: str, payment_record_id: str, /) -> st.Invoice:
        params = {"payment_record": payment_record_id, **WITH_PAYMENTS}
        try:
            return self._whole(self._set("attach_payment", invoice_id, params, self._v1.invoices.attach_payment))
        except (NotAllowed, Rejected, Conflict, OutcomeUnknown):
            now = self.invoice(invoice_id)
            if any(one.payment_record == payment_record_id for one in now.payments):
                return now
            raise

    def update_metadata(self, object_type: str, object_id: str, metadata: Mapping[str, str], /) -> None:
        if object_type not in _SERVICES:
            raise ValueError(f"{object_type} has no metadata that can be updated")
        update = getattr(self._v1, _SERVICES[object_type]).update
        self._set(f"update_{object_type}_metadata", object_id, {"metadata": dict(metadata)}, update)

    def portal_url(self, customer_id: str, /, *, return_url: str | None = None) -> str:
        """A fresh customer portal session. The URL logs its bearer in, for a short time: redirect, never store."""
        params = {"customer": customer_id} | ({"return_url": return_url} if return_url else {})
        options = _under(keys.key_for_state(self.account, "create_portal_session", customer_id, params))
        open_session = self._v1.billing_portal.sessions.create
        made = self._call("create_portal_session", lambda: open_session(params, options), writes=True)
        return str(made["url"])

    # how ---------------------------------------------------------------------------------------------------

    def _set(self, operation: str, object_id: str, params: Params, request: Callable[..., Any]) -> Json:
        options = _under(keys.key_for_state(self.account, operation, object_id, params))
        return self._call(operation, lambda: request(object_id, dict(params), options), writes=True)

    def _step(
        self,
        operation: str,
        invoice_id: str,
        params: Params,
        request: Callable[..., Any],
        reached: tuple[str, ...],
    ) -> st.Invoice:
        """A step in the invoice's life. One that an earlier, cut-off try had taken already is a success."""
        try:
            return self._whole(self._set(operation, invoice_id, {**params, **WITH_PAYMENTS}, request))
        except (NotAllowed, Rejected, Conflict, OutcomeUnknown):
            now = self.invoice(invoice_id)
            if now.status in reached:
                return now
            raise

    def _create(self, create: Creation) -> Json:
        """Under a lasting key. A key that Stripe answers from memory with a failure or a thing of the past is spent."""
        for generation in range(1, GENERATIONS + 1):
            key = keys.key(self.account, create.operation, create.subject, create.params, generation=generation)
            made = self._created(create, _under(key))
            if made is not None:
                return made
        raise OutcomeUnknown(
            f"Stripe keeps answering {create.operation.replace('_', ' ')} for {create.subject} from memory; "
            "its keys are forgotten after a day.",
            code="idempotency_keys_spent",
        )

    def _created(self, create: Creation, options: Mapping[str, str]) -> Json | None:
        """None when the key is spent."""
        try:
            answer = self._attempt(create.operation, lambda: create.request(dict(create.params), options))
        except Refused as refused:
            return self._found_after(create, refused)
        made = dict(answer.to_dict())
        replayed = answer.last_response.headers.get("idempotent-replayed") == "true"
        return create.current(made) if replayed else made

    def _found_after(self, create: Creation, refused: Refused) -> Json | None:
        refusal: Refusal = refused.refusal
        if not refusal.replayed:
            raise self._sorted_out(refused, create.operation, writes=True)
        if not refusal.indeterminate:
            return None  # refused then, for a reason that may be gone now
        if create.found is None:
            raise self._sorted_out(refused, create.operation, writes=True)
        return create.found()

    def _add_some(self, invoice_id: str, start: int, lines: Sequence[Params]) -> Json:
        add = self._v1.invoices.add_lines
        # `start` keeps two equal portions apart; Stripe never sees it.
        return self._create(
            Creation(
                "add_invoice_lines",
                f"{invoice_id}:{start}",
                {"lines": [dict(line) for line in lines]},
                lambda body, options: add(invoice_id, {**body, **WITH_PAYMENTS}, options),
                current=lambda made: self._now(invoice_id),
                found=lambda: self._with_lines(invoice_id, start, len(lines)),
            )
        )

    def _remove_lines(self, draft: st.Invoice) -> None:
        lines = [{"id": line.id, "behavior": "delete"} for line in draft.lines]
        for start in range(0, len(lines), LINES_PER_CALL):
            few = {"lines": lines[start : start + LINES_PER_CALL]}
            self._set("remove_invoice_lines", draft.id, few, self._v1.invoices.remove_lines)

    # was it done? ------------------------------------------------------------------------------------------

    def _made_lately(
        self, operation: str, listing: Callable[..., Any], params: Params, narrowed_by: str = ""
    ) -> Json | None:
        """The object made from these params while their key was remembered: by metadata, in a consistent listing."""
        if not params.get("metadata"):
            raise OutcomeUnknown("Without metadata of ours it cannot be told whether Stripe made the object.")
        asked: Json = {"created": {"gte": self.clock.now() - KEYS_KEPT}}
        if narrowed_by in params:
            asked[narrowed_by] = params[narrowed_by]
        return next((data for data in self._all(operation, listing, asked) if _made_from(params, data)), None)

    def _with_lines(self, invoice_id: str, start: int, count: int) -> Json | None:
        data = self._now(invoice_id)
        there = len(self._lines(data))
        if there == start:
            return None
        if there >= start + count:
            return dict(data)
        raise OutcomeUnknown(f"The draft {invoice_id} has {there} lines, neither {start} nor {start + count}.")

    def _reported(self, params: Params) -> Json | None:
        """The payment record with this metadata; its listing has no other filter than the time."""
        if not params.get("metadata"):
            raise OutcomeUnknown("Without metadata of ours it cannot be told whether Stripe has the payment.")
        asked = {"created_after": int((self.clock.now() - RECORDS_LOOKED_BACK).timestamp())}
        listed = self._all("payment_record_list", self._v1.payment_records.list, asked)
        return next((data for data in listed if _made_from(params, data)), None)

    def _living_customer(self, made: Json) -> Json | None:
        now = self._still("customer_retrieve", lambda: self._v1.customers.retrieve(made["id"]))
        return None if now is None or now.get("deleted") else now

    def _living_invoice(self, made: Json) -> Json | None:
        retrieve = self._v1.invoices.retrieve
        now = self._still("invoice_retrieve", lambda: retrieve(made["id"], WITH_PAYMENTS))
        return None if now is None or now.get("deleted") or now["status"] == "void" else now

    def _issued_note(self, made: Json) -> Json | None:
        now = self._still("credit_note_retrieve", lambda: self._v1.credit_notes.retrieve(made["id"], WITH_BALANCE))
        return None if now is None or now["status"] == "void" else now

    def _living_tax_id(self, customer_id: str, made: Json) -> Json | None:
        retrieve = self._v1.customers.tax_ids.retrieve
        now = self._still("tax_id_retrieve", lambda: retrieve(customer_id, made["id"]))
        return None if now is None or now.get("deleted") else now

    def _tax_id_with(self, customer_id: str, params: Params) -> Json | None:
        listing = self._v1.customers.tax_ids.list
        for data in self._all("tax_id_list", lambda asked: listing(customer_id, asked), {}):
            if (data["type"], data["value"]) == (params["type"], params["value"]):
                return data
        return None

    def _still(self, operation: str, request: Callable[[], Any]) -> Json | None:
        try:
            return self._call(operation, request)
        except NotFound:
            return None


def _under(key: str) -> dict[str, str]:
    return {"idempotency_key": key}


def _made_from(params: Params, data: Json) -> bool:
    """A revision carries its original's metadata too, so what it revises must agree as well."""
    marks, carried = dict(params["metadata"]), dict(data.get("metadata") or {})
    revised, origin = params.get("from_invoice"), data.get("from_invoice")
    same_origin = revised is None or (origin is not None and origin["invoice"] == revised["invoice"])
    return marks.items() <= carried.items() and same_origin and data.get("status") != "void"
