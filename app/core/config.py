"""What finance chooses: flow switches and options, the account and item maps, field ids, period policy, retry limits.

One document, kept as append-only versions. Everything has a default except what only the books' owner can know
(accounts, items, subsidiary): a missing one holds the record and names the setting.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.flow import AnyFlow, Options
from app.core.match import Match
from app.core.presets import laid_over
from app.core.rules import FieldRule
from app.core.tables import ConfigVersion
from app.errors import Unmapped

O = TypeVar("O", bound=Options)  # noqa: E741
ByCurrency = dict[str, str]
"""ISO code -> NetSuite internal id; `*` is for every currency not named."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FlowConfig(Part):
    enabled: bool | None = Field(None, description="Switch; none means the flow's own default.")
    paused: bool = Field(False, description="Work is held, never dropped, until the flow is resumed.")
    every_minutes: int | None = Field(None, ge=1, description="Sweep interval; none means the flow's own.")
    options: dict[str, Any] = Field(default_factory=dict)


class Accounts(Part):
    """NetSuite account internal ids."""

    receivable: ByCurrency = Field(default_factory=dict, description="A/R; empty: NetSuite's own default.")
    money_in: Literal["undeposited_funds", "clearing"] = "undeposited_funds"
    clearing: ByCurrency = Field(default_factory=dict, description="Stripe clearing account by currency.")
    undeposited: str | None = Field(None, description="Undeposited Funds, which refunds are paid out of.")
    bank: ByCurrency = Field(default_factory=dict, description="Bank account that payouts reach, by payout currency.")
    bank_by_destination: dict[str, str] = Field(
        default_factory=dict, description="Stripe bank account (`ba_…`) -> NetSuite bank account; before `bank`."
    )
    fees: ByCurrency = Field(default_factory=dict, description="Expense account for Stripe's fees.")
    dispute_fees: ByCurrency = Field(default_factory=dict, description="Fees of disputes; empty: as other fees.")
    reserves: ByCurrency = Field(default_factory=dict, description="Money that Stripe holds back as a reserve.")
    unreconciled: ByCurrency = Field(
        default_factory=dict, description="Money whose payment or refund is not kept in NetSuite (before the start)."
    )
    exchange: ByCurrency = Field(default_factory=dict, description="Differences of exchange rates and roundings.")
    payout_types: dict[str, str] = Field(
        default_factory=dict,
        description="Stripe reporting category, or type, of a balance transaction -> account. Not named: held.",
    )


class Items(Part):
    """NetSuite item internal ids."""

    default: str | None = Field(None, description="For a line that no other rule names.")
    by_price: dict[str, str] = Field(default_factory=dict)
    by_product: dict[str, str] = Field(default_factory=dict)
    metadata_key: str = Field("netsuite_item_id", description="Line metadata that names the item itself.")
    product_metadata_key: str | None = Field(
        None, description="Metadata of Stripe's product that names the item; asks Stripe for each line's product."
    )
    discount: str | None = None
    tax: str | None = Field(None, description="Item that posts to the tax liability, for tax mode `line`.")
    shipping: str | None = None
    balance: str | None = Field(None, description="For the part of an invoice that the customer balance paid.")
    charge: str | None = Field(None, description="For a charge without an invoice; none: the default item.")
    refund: str | None = Field(
        None, description="For refunds of what has no Stripe invoice; none: the NetSuite invoice's own lines."
    )
    partial_refund: str | None = Field(None, description="For partial refunds, when they are one line.")
    credit_note: str | None = Field(None, description="For a credit note's own lines; none: the default item.")
    dispute: str | None = Field(None, description="For money that disputes withdraw and give back.")
    bad_debt: str | None = Field(None, description="For invoices given up as uncollectible.")


class Taxes(Part):
    """NetSuite tax code and tax type internal ids, for tax mode `suitetax`."""

    code: str | None = Field(None, description="Tax code of every rate that is not named.")
    type: str | None = Field(None, description="Tax type of every rate that is not named.")
    code_by_rate: dict[str, str] = Field(default_factory=dict, description="Stripe tax rate id -> tax code.")
    type_by_rate: dict[str, str] = Field(default_factory=dict, description="Stripe tax rate id -> tax type.")


TaxMode = Literal["line", "suitetax", "none"]


class SubsidiaryBooks(Part):
    """What one subsidiary does otherwise: only what is named here, entry by entry, differs from the account's books."""

    time_zone: str | None = Field(None, description="IANA name.")
    accounts: dict[str, Any] = Field(default_factory=dict, description="As `accounts` of the books.")
    items: dict[str, Any] = Field(default_factory=dict, description="As `items` of the books.")
    tax_mode: TaxMode | None = None
    taxes: dict[str, Any] = Field(default_factory=dict, description="As `taxes` of the books.")
    payment_options: dict[str, str] = Field(default_factory=dict, description="As `payment_options` of the books.")
    catch_all_customer: str | None = None

    @model_validator(mode="after")
    def _allowed(self) -> "SubsidiaryBooks":
        """The parts are what their models take, though only some of their settings are there."""
        for model, given in ((Accounts, self.accounts), (Items, self.items), (Taxes, self.taxes)):
            model.model_validate(given)
        return self

    def over(self, books: "Books") -> "Books":
        own = self.model_dump(exclude_defaults=True)
        return Books.model_validate(laid_over(books.model_dump(exclude={"by_subsidiary"}), own))


class Books(Part):
    """The choices that may differ by Stripe account."""

    subsidiary: str | None = None
    also_subsidiaries: tuple[str, ...] = Field((), description="Further subsidiaries billed through this account.")
    time_zone: str | None = Field(None, description="IANA name; none: the subsidiary's, else UTC.")
    currencies: tuple[str, ...] = Field((), description="ISO codes every new customer is given.")
    accounts: Accounts = Accounts()
    items: Items = Items()
    tax_mode: TaxMode = Field(
        "line",
        description="line: Stripe's tax as its own line; suitetax: as tax details; none: tax is part of the lines.",
    )
    taxes: Taxes = Taxes()
    payment_options: dict[str, str] = Field(
        default_factory=dict, description="Stripe payment method type (`card` …) -> NetSuite payment option; `*`: any."
    )
    catch_all_customer: str | None = None
    by_subsidiary: dict[str, SubsidiaryBooks] = Field(
        default_factory=dict, description="Subsidiary (internal id) -> what is otherwise for its records."
    )

    def owns(self, subsidiary: str) -> bool:
        return self.subsidiary is None or subsidiary in (self.subsidiary, *self.also_subsidiaries)


class Fields(Part):
    """NetSuite custom field ids and Stripe metadata keys, so that fields of an earlier integration can be kept."""

    customer_stripe_id: str = "custentity_tieout_stripe_id"
    customer_portal_url: str = "custentity_tieout_portal_url"
    invoice_stripe_id: str = "custbody_tieout_stripe_id"
    invoice_stripe_number: str = "custbody_tieout_stripe_number"
    invoice_stripe_status: str = "custbody_tieout_stripe_status"
    invoice_payment_link: str = "custbody_tieout_payment_link"
    invoice_pdf_url: str = "custbody_tieout_pdf_url"
    payment_charge_id: str = "custbody_tieout_charge_id"
    transaction_stripe_id: str = "custbody_tieout_stripe_id"
    invoice_hosted_url: str = "custbody_tieout_hosted_url"
    invoice_due_date: str = "custbody_tieout_due_date"
    invoice_amount_due: str = "custbody_tieout_amount_due"
    invoice_amount_paid: str = "custbody_tieout_amount_paid"
    invoice_amount_remaining: str = "custbody_tieout_amount_remaining"
    invoice_last_error: str = "custbody_tieout_last_error"
    invoice_next_attempt: str = "custbody_tieout_next_attempt"
    customer_hosted_url: str = "custentity_tieout_hosted_url"
    original_date: str = "custbody_tieout_original_date"
    metadata_customer_id: str = "netsuite_customer_id"
    metadata_invoice_id: str = "netsuite_invoice_id"
    metadata_payment_id: str = "netsuite_payment_id"
    metadata_apply_to: str = "apply_to_invoices"
    metadata_sales_order_id: str = "netsuite_sales_order_id"
    metadata_credit_memo_id: str = "netsuite_credit_memo_id"
    metadata_refund_id: str = "netsuite_customer_refund_id"
    metadata_deposit_id: str = "netsuite_deposit_id"


PeriodPolicy = Literal["hold", "first_open_period", "current_date"]


class Backoff(Part):
    """Delays double from `first_seconds` up to `longest_seconds`; `tries` in all, then the run is buried."""

    tries: int = Field(12, ge=1)
    first_seconds: float = Field(5, gt=0)
    longest_seconds: float = Field(3600, gt=0)


class Retries(Part):
    """Backoff by error class; `default` for those not named."""

    default: Backoff = Backoff()
    throttled: Backoff = Backoff(tries=60, first_seconds=2, longest_seconds=300)
    unavailable: Backoff = Backoff(tries=40, first_seconds=5, longest_seconds=1800)
    conflict: Backoff = Backoff(tries=20, first_seconds=1, longest_seconds=60)
    auth_failed: Backoff = Backoff(tries=48, first_seconds=60, longest_seconds=3600)
    not_ready: Backoff = Backoff(tries=12, first_seconds=10, longest_seconds=3600)
    link_missing: Backoff = Backoff(tries=100, first_seconds=2, longest_seconds=900)

    def for_class(self, error_class: str) -> Backoff:
        found = getattr(self, error_class, None)
        return found if isinstance(found, Backoff) else self.default


class Issues(Part):
    after_tries: int = Field(
        5, ge=1, description="A run that retries by itself is part of an issue from this try on; held and dead at once."
    )


AlertKind = Literal["issue_opened", "dead_letter", "oldest_unposted", "completeness_gap"]
ReceiverName = Literal["email", "slack", "webhook"]


class QuietHours(Part):
    """Alerts that come up in between are sent at the end. Over midnight when `end` is before `start`."""

    start: str = Field("22:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    end: str = Field("07:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    time_zone: str = Field("UTC", description="IANA name.")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone, e.g. America/New_York")
        return value


class Alerts(Part):
    """What people are told of. Addresses and secrets of the receivers are in the environment."""

    kinds: dict[AlertKind, tuple[ReceiverName, ...]] = Field(
        default_factory=dict, description="Receivers by kind; a kind not named goes to every one that is configured."
    )
    quiet_hours: QuietHours | None = None
    again_after_hours: int = Field(24, ge=1, description="At most one alert about the same thing in so many hours.")
    oldest_hours: int = Field(24, ge=1, description="Age of the oldest run that is not finished.")
    completeness_days: int = Field(3, ge=0, le=29, description="Days that are compared with Stripe's events; 0: none.")
    sends: Backoff = Backoff(tries=10, first_seconds=30, longest_seconds=3600)


class Config(Part):
    """The whole document. `version` is the id it is stored under; 0 is the built-in default."""

    version: int = 0
    flows: dict[str, FlowConfig] = Field(default_factory=dict)
    books: dict[str, Books] = Field(default_factory=dict, description="By Stripe account; `*` for all others.")
    fields: Fields = Fields()
    period_policy: dict[str, PeriodPolicy] = Field(
        default_factory=dict, description="By NetSuite record type; `*` for all others; hold by default."
    )
    start_date: date | None = Field(None, description="Objects created before this day are skipped by name.")
    start_dates: dict[str, date] = Field(
        default_factory=dict, description="By NetSuite record type, where it is not `start_date`."
    )
    older: Literal["post", "skip", "hold"] = Field(
        "hold",
        description="Refunds and disputes of charges from before the start: post (the charge is brought over, too), "
        "skip, or hold for a person.",
    )
    field_rules: tuple[FieldRule, ...] = Field((), description="What finance puts into NetSuite's fields, in order.")
    tables: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="Tables that rules share: name -> value -> value; `*` for any other value."
    )
    match: Match = Match()
    retries: Retries = Retries()
    issues: Issues = Issues()
    alerts: Alerts = Alerts()

    def for_account(self, account: str, subsidiary: str | None = None) -> Books:
        """The books of a Stripe account as a subsidiary keeps them; none: as the account's own subsidiary does."""
        books = self._of_account(account)
        other = books.by_subsidiary.get(subsidiary or books.subsidiary or "")
        return other.over(books) if other else books

    def place_of(self, account: str, subsidiary: str | None = None) -> str:
        """Where, below `books`, finance sets what they lack: `main`, or `main.by_subsidiary.3` if that one has choices
        of its own."""
        books = self._of_account(account)
        own = subsidiary or books.subsidiary or ""
        return f"{account}.by_subsidiary.{own}" if own in books.by_subsidiary else account

    def _of_account(self, account: str) -> Books:
        return self.books.get(account) or self.books.get("*") or Books()

    def start_of(self, record_type: str | None = None) -> date | None:
        """The first day whose objects are posted, of this NetSuite record type."""
        return self.start_dates.get(record_type or "", self.start_date)

    @property
    def earliest_start(self) -> date | None:
        """The first day of all: how far a first look has to reach back."""
        return min((day for day in (self.start_date, *self.start_dates.values()) if day), default=None)

    def policy_for(self, record_type: str) -> PeriodPolicy:
        return self.period_policy.get(record_type) or self.period_policy.get("*") or "hold"

    def is_enabled(self, flow: AnyFlow) -> bool:
        chosen = self.flows.get(flow.key, FlowConfig()).enabled
        return flow.enabled if chosen is None else chosen

    def is_paused(self, flow: AnyFlow) -> bool:
        return self.flows.get(flow.key, FlowConfig()).paused

    def options_for(self, flow: AnyFlow) -> Options:
        options: Options = flow.options.model_validate(self.flows.get(flow.key, FlowConfig()).options)
        return options

    def interval_of(self, flow: AnyFlow) -> timedelta | None:
        if flow.every is None:
            return None
        chosen = self.flows.get(flow.key, FlowConfig()).every_minutes
        return timedelta(minutes=chosen) if chosen else flow.every


def by_currency(choices: ByCurrency, iso: str) -> str | None:
    return choices.get(iso.upper()) or choices.get("*")


def required(value: str | None, setting: str, sentence: str) -> str:
    """The value, or Unmapped with the path of the setting that is missing."""
    if not value:
        raise Unmapped(sentence, setting=setting)
    return value


def check_options(config: Config, flows: Mapping[str, AnyFlow]) -> None:
    """Raises ValueError for a flow that does not exist or options that its model refuses."""
    for key in config.flows:
        if key not in flows:
            raise ValueError(f"there is no flow {key!r}; `tieout flows` lists them")
        config.options_for(flows[key])


def current(session: Session) -> Config:
    row = session.scalars(select(ConfigVersion).order_by(ConfigVersion.id.desc()).limit(1)).first()
    return Config() if row is None else Config.model_validate({**row.document, "version": row.id})


def save(session: Session, config: Config, *, author: str, note: str) -> Config:
    """Append a version and return it as stored."""
    row = ConfigVersion(document=document(config), author=author, note=note)
    session.add(row)
    session.flush()
    return config.model_copy(update={"version": row.id})


def document(config: Config) -> dict[str, Any]:
    """As stored and exported: only what differs from the defaults."""
    return config.model_dump(mode="json", exclude={"version"}, exclude_defaults=True)
