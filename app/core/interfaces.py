"""All that a flow may call: the two systems, the links, the clock, and what finance chose, as Protocols.

Reads return frozen dataclasses. Writes name themselves: a NetSuite write carries an external id, a Stripe write an
idempotency key made from (operation, record, payload hash). Every method may raise anything of `app.errors`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from app.core.config import Config
    from app.core.links import Link
    from app.systems.netsuite import objects as ns
    from app.systems.netsuite.records import Record, Ref
    from app.systems.stripe import objects as st

Params = Mapping[str, Any]


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

    def price(self, price_id: str, /) -> "st.Price": ...
    def tax_rate(self, tax_rate_id: str, /) -> "st.TaxRate": ...
    def customers_with_email(self, email: str, /) -> "Sequence[st.Customer]":
        """Case-sensitive exact match, as Stripe's list filter is; a candidate list, never a decision."""

    def customers_marked(self, key: str, value: str, /) -> "Sequence[st.Customer]":
        """Metadata search: may be up to an hour behind, so its silence proves nothing."""

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

    def invoices_numbered(self, tran_id: str, /) -> "Sequence[ns.InvoiceHead]": ...
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

    def retire(self, link: "Link", /, *, note: str) -> None:
        """No longer the current one (superseded, voided, deleted on one side); kept as history."""


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

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)
