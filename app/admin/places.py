"""Where a record is looked at in the other two systems: an address for people, or why there is none."""

from dataclasses import dataclass
from urllib.parse import quote

from app.settings import NetSuiteAccount, Settings, StripeAccount

STRIPE_API = "https://api.stripe.com"
STRIPE_PAGES = "https://dashboard.stripe.com"
_STRIPE = {
    "cus_": "customers",
    "in_": "invoices",
    "ch_": "payments",
    "py_": "payments",
    "pi_": "payments",
    "po_": "payouts",
    "dp_": "disputes",
    "du_": "disputes",
    "evt_": "events",
}
_TRANSACTIONS = {
    "transaction": "transaction",
    "invoice": "custinvc",
    "customerPayment": "custpymt",
    "creditMemo": "custcred",
    "customerRefund": "custrfnd",
    "cashSale": "cashsale",
    "cashRefund": "cashrfnd",
    "customerDeposit": "custdep",
    "depositApplication": "depappl",
    "deposit": "deposit",
    "journalEntry": "journal",
}


@dataclass(frozen=True)
class Place:
    """`url` is empty where there is no page to open; `why_not` says so in words."""

    system: str
    type: str
    id: str
    url: str = ""
    why_not: str = ""

    @property
    def name(self) -> str:
        return f"{self.type} {self.id}" if self.type else self.id


def in_stripe(settings: Settings, account: str, object_id: str) -> Place:
    known = settings.stripe.get(account)
    if known is None:
        return Place("stripe", "", object_id, why_not=f"The Stripe account {account} is not connected any more.")
    if known.api_base.rstrip("/") != STRIPE_API:
        return Place("stripe", "", object_id, why_not="This Stripe is a sandbox: it has no pages.")
    return Place("stripe", "", object_id, url=_stripe_page(known, object_id))


def _stripe_page(account: StripeAccount, object_id: str) -> str:
    """What has no page of its own in the dashboard is found by its search."""
    base = STRIPE_PAGES if account.livemode else f"{STRIPE_PAGES}/test"
    folder = next((name for prefix, name in _STRIPE.items() if object_id.startswith(prefix)), None)
    name = quote(object_id, safe="")
    return f"{base}/{folder}/{name}" if folder else f"{base}/search?query={name}"


def in_netsuite(settings: Settings, record_type: str, internal_id: str) -> Place:
    account = settings.netsuite
    if account is None:
        return Place("netsuite", record_type, internal_id, why_not="No NetSuite account is connected.")
    if not account.api_base.endswith(".suitetalk.api.netsuite.com"):
        return Place("netsuite", record_type, internal_id, why_not="This NetSuite is a sandbox: it has no pages.")
    page = _netsuite_page(record_type)
    if page is None or not internal_id.isdigit():
        return Place("netsuite", record_type, internal_id, why_not="NetSuite has no page for this kind of record.")
    return Place("netsuite", record_type, internal_id, url=f"{_netsuite_host(account)}{page}?id={internal_id}")


def _netsuite_host(account: NetSuiteAccount) -> str:
    return f"https://{account.account_id.lower().replace('_', '-')}.app.netsuite.com"


def _netsuite_page(record_type: str) -> str | None:
    if record_type == "customer":
        return "/app/common/entity/custjob.nl"
    name = _TRANSACTIONS.get(record_type)
    return f"/app/accounting/transactions/{name}.nl" if name else None
