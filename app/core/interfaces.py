"""All that a flow may call: the two systems, the links, the clock, and what finance chose, as Protocols.

Reads return frozen dataclasses. Writes name themselves: a NetSuite write carries an external id, a Stripe write an
idempotency key made from (operation, record, payload hash). Every method may raise anything of `app.errors`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from app.core.fingerprint import fingerprint
from app.errors import Candidate

if TYPE_CHECKING:
    from app.core.config import Config
    from app.core.links import Link
    from app.core.mapping import Shaper
    from app.systems.netsuite import objects as ns
    from app.systems.netsuite.records import Record, Ref
    from app.systems.stripe import objects as st

Params = Mapping[str, Any]
MOST_CONSIDERED = 40
"""So many candidates are kept with a run, in the order in which they were looked at."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, UTC."""


class Stripe(Protocol):
    """One Stripe account at the pinned API version. Amounts are integers in minor units."""

    account: str
    livemode: bool

    # reads -----------------------------------------------------------------------------------------------------
    def customer(self, customer_id: str, /) -> "st.Customer":
        """`deleted` is a normal state, not an error."""

    def invoice(self, invoice_id: str, /) -> "st.Invoice":
        """With all its lines (paged) and `payments` (its InvoicePayments)."""

    def invoice_payments(
        self, *, invoice: str | None = None, payment_intent: str | None = None
    ) -> "Sequence[st.InvoicePayment]": ...

    def invoice_payment(self, invoice_payment_id: str, /) -> "st.InvoicePayment": ...
    def charge(self, charge_id: str, /) -> "st.Charge":
        """With its balance transaction when there is one already (it comes later under async capture)."""

    def payment_intent(self, payment_intent_id: str, /) -> "st.PaymentIntent":
        """With its latest charge."""

    def charges_since(self, since: datetime, /) -> Iterator[str]:
        """Ids of charges made since then, and of those that an event since then names."""

    def charges_of(self, *, customer: str, created_since: datetime) -> "Iterator[st.Charge]":
        """Newest first."""

    def refund(self, refund_id: str, /) -> "st.Refund":
        """With its balance transaction, and the one of its failure, when there are any."""

    def refunds_of(self, charge_id: str, /) -> "Sequence[st.Refund]":
        """Oldest first."""

    def refunds_since(self, since: datetime, /) -> Iterator[str]: ...
    def credit_note(self, credit_note_id: str, /) -> "st.CreditNote":
        """With all its lines (paged)."""

    def credit_notes_of(self, invoice_id: str, /) -> "Sequence[st.CreditNote]":
        """Oldest first, with all their lines."""

    def credit_notes_since(self, since: datetime, /) -> Iterator[str]: ...
    def dispute(self, dispute_id: str, /) -> "st.Dispute": ...
    def disputes_of(self, charge_id: str, /) -> "Sequence[st.Dispute]":
        """Oldest first; a charge may be disputed more than once."""

    def disputes_since(self, since: datetime, /) -> Iterator[str]: ...
    def payout(self, payout_id: str, /) -> "st.Payout": ...
    def payouts_since(self, since: datetime, /) -> Iterator[str]: ...
    def balance_transaction(self, balance_transaction_id: str, /) -> "st.BalanceTransaction": ...
    def balance_transactions(
        self, *, payout: str | None = None, created_since: datetime | None = None, currency: str | None = None
    ) -> "Iterator[st.BalanceTransaction]":
        """Oldest first. By payout: of automatic payouts only, the payout's own one among them."""

    def movements(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> "Iterator[st.BalanceTransaction]":
        """All balance transactions created from `since` until `until` (both included), newest first, page by page."""

    def payouts(self, since: datetime | None = None, /) -> "Iterator[st.Payout]":
        """Created since then, newest first, page by page."""

    def balance(self) -> "Sequence[st.BalanceOf]":
        """What Stripe holds now, by currency."""

    def login_page_url(self) -> str | None:
        """The customer portal's lasting log-in page of the default configuration; None when it is switched off."""

    def price(self, price_id: str, /) -> "st.Price": ...
    def product_metadata(self, product_id: str, /) -> Mapping[str, str]: ...
    def tax_rate(self, tax_rate_id: str, /) -> "st.TaxRate": ...
    def customers_with_email(self, email: str, /) -> "Sequence[st.Customer]":
        """Case-sensitive exact match, as Stripe's list filter is; a candidate list, never a decision."""

    def customers_marked(self, key: str, value: str, /) -> "Sequence[st.Customer]":
        """Metadata search: may be up to an hour behind, so its silence proves nothing."""

    def customers_matching(self, field: str, value: str, /) -> "Sequence[st.Customer]":
        """Search by `name` or `phone`, any case: candidates to compare; behind as customers_marked is."""

    def invoices_of(self, customer: str, /, *, created_since: datetime | None = None) -> "Iterator[st.Invoice]":
        """Newest first, without lines: to find one by its metadata."""

    def customers_since(self, since: datetime, /) -> Iterator[str]:
        """Ids created since then, and ids that an event since then names (creation filters miss updates)."""

    def invoices_since(self, since: datetime, /) -> Iterator[str]: ...

    def events_since(self, since: datetime, /, *, types: Sequence[str] = ()) -> "Iterator[st.EventHead]":
        """Oldest first; for the sweep that compares the inbox with the API."""

    # writes ----------------------------------------------------------------------------------------------------
    def create_customer(self, params: Params, /, *, of: str) -> "st.Customer":
        """`of`: the record it is made from, e.g. `customer:123`; part of the idempotency key.

        The same `of` and params again give the same object, unless it is gone (deleted, void) by now. A second one
        that is meant takes another `of`, e.g. `customer:123:2`.
        """

    def update_customer(self, customer_id: str, params: Params, /) -> "st.Customer": ...
    def add_tax_id(self, customer_id: str, params: Params, /) -> None: ...
    def create_invoice(self, params: Params, /, *, of: str) -> "st.Invoice":
        """A draft."""

    def add_invoice_lines(self, invoice_id: str, lines: Sequence[Params], /) -> "st.Invoice": ...
    def update_invoice(self, invoice_id: str, params: Params, /) -> "st.Invoice": ...
    def finalize_invoice(self, invoice_id: str, /) -> "st.Invoice": ...
    def send_invoice(self, invoice_id: str, /) -> "st.Invoice": ...
    def delete_draft_invoice(self, invoice_id: str, /) -> None: ...
    def void_invoice(self, invoice_id: str, /) -> "st.Invoice": ...
    def mark_invoice_uncollectible(self, invoice_id: str, /) -> "st.Invoice": ...
    def pay_invoice_out_of_band(self, invoice_id: str, /) -> "st.Invoice": ...
    def revise_invoice(self, invoice_id: str, params: Params, /, *, of: str) -> "st.Invoice":
        """A draft without lines that replaces the open invoice when it is finalized (`from_invoice`, `revision`).

        Customer and currency are the original's, and so is all that `params` leave unsaid.
        """

    def create_credit_note(self, params: Params, /, *, of: str) -> "st.CreditNote": ...
    def void_credit_note(self, credit_note_id: str, /) -> "st.CreditNote": ...
    def report_payment(self, params: Params, /, *, of: str) -> "st.PaymentRecord":
        """Money that was received outside of Stripe, as a payment record; attached to nothing yet.

        `params` carry metadata: one that Stripe has already is known by it.
        """

    def attach_payment(self, invoice_id: str, payment_record_id: str, /) -> "st.Invoice":
        """Let a payment record pay (a part of) an open invoice."""

    def update_metadata(self, object_type: str, object_id: str, metadata: Mapping[str, str], /) -> None:
        """`object_type`: customer, invoice, charge, payment_intent ..."""

    def portal_url(self, customer_id: str, /, *, return_url: str | None = None) -> str:
        """A fresh customer portal session: short-lived and a credential, so redirected to and never stored."""


class NetSuite(Protocol):
    """The NetSuite account. Amounts are Decimal in transaction currency, ids are strings."""

    account: str

    # reads -----------------------------------------------------------------------------------------------------
    def customer(self, internal_id: str, /) -> "ns.Customer": ...
    def invoice(self, internal_id: str, /) -> "ns.Invoice":
        """With its lines."""

    def find(self, record_type: str, external_id: str, /) -> "Ref | None":
        """By external id."""

    def customers_with_email(self, email: str, /) -> "Sequence[ns.Customer]":
        """Active ones, any case; e-mail is not unique in NetSuite."""

    def customers_with(self, field: str, value: str, /, *, ending: bool = False) -> "Sequence[ns.Customer]":
        """Active ones whose field (a SuiteQL column, custom ones too) has this value in any case, or ends in it."""

    def invoices_numbered(self, tran_id: str, /) -> "Sequence[ns.InvoiceHead]": ...
    def invoices_holding(self, field: str, values: Sequence[str], /) -> "Sequence[ns.InvoiceHead]":
        """Invoices in whose custom body field one of the values stands, oldest first."""

    def payments_of(
        self, customer: str, /, *, since: date, charge_id_field: str | None = None
    ) -> "Sequence[ns.PaymentHead]":
        """Customer payments of the customer dated then or later, voided ones left out; newest first."""

    def applications_of(self, internal_id: str, /) -> "Sequence[ns.Application]":
        """What this transaction is applied to, and what is applied to it; either way, the other document."""

    def transaction(self, record_type: str, internal_id: str, /) -> "ns.TransactionHead":
        """The head of any transaction: status, amounts, whether it is voided, its period's state."""

    def record_fields(self, record_type: str, /) -> "Mapping[str, str]":
        """Field id -> type of a record's body, `item.<field>` for a sublist's, from NetSuite's metadata; cached."""

    def open_invoices(
        self, *, customer: str | None = None, stripe_id_field: str | None = None
    ) -> "Iterator[ns.InvoiceHead]":
        """Open in NetSuite; with `stripe_id_field`, only those in which that custom field is filled."""

    def customers_since(self, since: datetime, /) -> Iterator[str]:
        """Internal ids by last-modified date; overlapping by some minutes, so repeats are normal."""

    def invoices_since(self, since: datetime, /) -> Iterator[str]: ...
    def query(self, sql: str, params: Sequence[str] = (), /) -> Iterator[Mapping[str, str | None]]:
        """SuiteQL with bound `?`; keyset paging is the caller's (ORDER BY id, id > ?)."""

    # references, cached ----------------------------------------------------------------------------------------
    def currency(self, iso: str, /) -> "Ref":
        """Raises Unmapped when NetSuite has no such currency."""

    def iso_currency(self, internal_id: str, /) -> str: ...
    def subsidiary(self, internal_id: str, /) -> "ns.Subsidiary": ...
    def period_open(self, day: date, /) -> bool: ...
    def first_open_day(self, day: date, /) -> date:
        """`day` itself when its period is open, else the first day of the first open period after it."""

    # writes ----------------------------------------------------------------------------------------------------
    def upsert(self, record: "Record", /) -> "Ref":
        """PUT by external id; lines replaced; an unknown outcome is resolved by looking the external id up."""

    def patch(self, ref: "Ref", body: Params, /, *, replace: Sequence[str] = ()) -> None:
        """Only the given fields of an existing record."""

    def transform(self, source: "Ref", record: "Record", /) -> "Ref":
        """Make `record` out of `source` (invoice -> creditMemo ...); looked up by external id before a repeat."""

    def delete(self, ref: "Ref", /) -> None: ...
    def void(self, ref: "Ref", /) -> "Ref | None":
        """Through the RESTlet; the reversing journal if the account voids that way."""


class Links(Protocol):
    """Stripe id <-> NetSuite record. Each is saved at once: the write it tells of has happened."""

    def of_stripe(self, stripe_id: str, role: str, /) -> "Link | None": ...
    def of_netsuite(self, netsuite_type: str, internal_id: str, role: str, /) -> "Link | None":
        """The current one; a NetSuite invoice may have had several Stripe invoices."""

    def require(self, stripe_id: str, role: str, /) -> "Link":
        """Raises LinkMissing, upon which the object's own flow runs first."""

    def require_netsuite(self, netsuite_type: str, internal_id: str, role: str, /) -> "Link": ...
    def save(
        self,
        role: str,
        stripe_id: str,
        ref: "Ref",
        /,
        *,
        origin: str,
        stripe_fingerprint: str | None = None,
        netsuite_fingerprint: str | None = None,
        note: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> "Link":
        """Insert or update by external id. `origin`: `stripe` or `netsuite`, where it was born; never changed later.

        A fingerprint that is None leaves the stored one. `facts`: small JSON kept with the link (what a later run
        would otherwise have to ask for: subsidiary, currency, A/R account ...), merged over what is there.
        """

    def each(self, role: str, /, *, knowing: str | None = None) -> "Iterator[Link]":
        """All current ones of a role, oldest first; with `knowing`, only those that have this fact. For sweeps."""

    def add_facts(self, link: "Link", facts: Mapping[str, Any], /) -> None:
        """Merge facts into a link that is there, which stays as current, or not, as it is."""

    def retire(self, link: "Link", /, *, note: str) -> None:
        """No longer the current one (superseded, voided, deleted on one side); kept as history."""


class Payouts(Protocol):
    """What is kept of payouts, so that they can be looked at, and proven, without asking Stripe again."""

    def seen(self, payout: "st.Payout", /) -> None:
        """As Stripe has it now."""

    def itemised(self, payout: str, movements: "Sequence[st.BalanceTransaction]", /) -> None:
        """What Stripe says it consists of, the payout's own movement among it."""

    def posted(self, payout: str, deposited: int, /) -> None:
        """It was written to NetSuite; so much of it is in the bank account now, in minor units."""


class NotKept:
    """Of what only looks: previews and sweeps."""

    def seen(self, payout: "st.Payout", /) -> None:
        pass

    def itemised(self, payout: str, movements: "Sequence[st.BalanceTransaction]", /) -> None:
        pass

    def posted(self, payout: str, deposited: int, /) -> None:
        pass


class PublicLinks(Protocol):
    """Our own links that customers get: they never go stale, because they ask Stripe on each visit."""

    def pay(self, account: str, netsuite_invoice: str, /) -> str:
        """Leads to the hosted page of whichever Stripe invoice is the NetSuite invoice's current one."""

    def portal(self, account: str, stripe_customer: str, /) -> str:
        """Leads to a customer portal session made on each visit."""


Options_co = TypeVar("Options_co", covariant=True)


@dataclass(frozen=True)
class Ledger(Generic[Options_co]):
    """What a flow's push gets: both systems, the links, the clock, this flow's options, and the whole configuration.

    `account` is the Stripe account's name; `note()` adds a line to the run's explanation (what was matched and why).
    """

    account: str
    stripe: Stripe
    netsuite: NetSuite
    links: Links
    clock: Clock
    options: Options_co
    config: "Config"
    public: PublicLinks
    notes: list[str]
    why_skipped: Callable[[str, str], str | None] = lambda role, subject: None
    """Role and subject of a missing object that this run asked for: why its own flow skipped it, if it did."""
    shaper: "Shaper | None" = None
    payouts: Payouts = field(default_factory=NotKept)
    considered: list[dict[str, Any]] = field(default_factory=list)

    def about(self, source: object) -> None:
        """The object that this run carries over: what finance's field rules read from."""
        if self.shaper is not None:
            self.shaper.about(source)

    def content(self, record: "Record") -> str:
        """The fingerprint of what would be sent for this record, finance's field rules applied."""
        return fingerprint((self.shaper.shaped(record) if self.shaper else record).body())

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def chose(self, candidate: Candidate, rule: str) -> None:
        """This one it is. `rule`: by what it was found; the candidate's `why`: what made the choice."""
        self._weigh("chosen", candidate, rule)

    def rejected(self, candidate: Candidate, rule: str) -> None:
        """The rule found this one too, but it is not it; `why` says why not."""
        self._weigh("rejected", candidate, rule)

    def _weigh(self, verdict: str, candidate: Candidate, rule: str) -> None:
        told = {**candidate.told(), "verdict": verdict, "rule": rule}
        if told not in self.considered and len(self.considered) < MOST_CONSIDERED:
            self.considered.append(told)
