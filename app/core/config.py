"""What finance chooses: flow switches and options, the account and item maps, field ids, period policy, retry limits.

One document, kept as append-only versions. Everything has a default except what only the books' owner can know
(accounts, items, subsidiary): a missing one holds the record and names the setting.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.flow import AnyFlow, Options
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


class Items(Part):
    """NetSuite item internal ids."""

    default: str | None = Field(None, description="For a line that no other rule names.")
    by_price: dict[str, str] = Field(default_factory=dict)
    by_product: dict[str, str] = Field(default_factory=dict)
    metadata_key: str = Field("netsuite_item_id", description="Line metadata that names the item itself.")
    discount: str | None = None
    tax: str | None = Field(None, description="Item that posts to the tax liability, for tax mode `line`.")
    shipping: str | None = None
    balance: str | None = Field(None, description="For the part of an invoice that the customer balance paid.")


class Taxes(Part):
    """NetSuite tax code and tax type internal ids, for tax mode `suitetax`."""

    code: str | None = Field(None, description="Tax code of every rate that is not named.")
    type: str | None = Field(None, description="Tax type of every rate that is not named.")
    code_by_rate: dict[str, str] = Field(default_factory=dict, description="Stripe tax rate id -> tax code.")
    type_by_rate: dict[str, str] = Field(default_factory=dict, description="Stripe tax rate id -> tax type.")


class Books(Part):
    """The choices that may differ by Stripe account."""

    subsidiary: str | None = None
    also_subsidiaries: tuple[str, ...] = Field((), description="Further subsidiaries billed through this account.")
    time_zone: str | None = Field(None, description="IANA name; none: the subsidiary's, else UTC.")
    currencies: tuple[str, ...] = Field((), description="ISO codes every new customer is given.")
    accounts: Accounts = Accounts()
    items: Items = Items()
    tax_mode: Literal["line", "suitetax", "none"] = Field(
        "line",
        description="line: Stripe's tax as its own line; suitetax: as tax details; none: tax is part of the lines.",
    )
    taxes: Taxes = Taxes()
    catch_all_customer: str | None = None

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
    original_date: str = "custbody_tieout_original_date"
    metadata_customer_id: str = "netsuite_customer_id"
    metadata_invoice_id: str = "netsuite_invoice_id"
    metadata_payment_id: str = "netsuite_payment_id"


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
    retries: Retries = Retries()

    def for_account(self, account: str) -> Books:
        return self.books.get(account) or self.books.get("*") or Books()

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
        if flow.sweep is None:
            return None
        chosen = self.flows.get(flow.key, FlowConfig()).every_minutes
        return timedelta(minutes=chosen) if chosen else flow.sweep.every


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
