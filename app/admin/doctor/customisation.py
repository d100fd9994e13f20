"""What Tieout's project has installed in NetSuite: the fields that flows fill, the user event and the RESTlet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from app.admin.doctor.deliveries import last_verified
from app.admin.doctor.findings import Finding, Parts, fail, listed, ok, said, unchecked, warn
from app.core.config import Config
from app.core.flow import AnyFlow
from app.core.rules import unknown_fields
from app.errors import TieoutError
from app.settings import NetSuiteAccount
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.suiteql import Row

INSTALL = "Install Tieout's project in NetSuite (docs/netsuite-setup.md)"
# which columns there are is known from others' queries over REST; primarykey is the deployment's id
SCRIPTS = (
    "SELECT s.scriptid AS script, s.scripttype, s.isinactive, d.scriptid AS deployment, d.recordtype, d.status,"
    " d.isdeployed FROM scriptdeployment d JOIN script s ON s.id = d.script"
    " WHERE s.scriptid LIKE 'customscript_tieout%' ORDER BY d.primarykey"
)

IMPORTED = ("stripe_invoice_to_netsuite", "stripe_invoice_to_netsuite_realtime")
BILLED = ("netsuite_invoice_to_stripe", "netsuite_invoice_update_to_stripe")
CUSTOMERS = ("netsuite_customer_to_stripe", "stripe_customer_to_netsuite")
DETAILS = ("open_invoice_details_from_stripe",)
PAYMENTS = ("stripe_invoice_paid_to_netsuite_payment", "stripe_payment_to_netsuite_payment")
CREDITS = ("stripe_refund_to_netsuite", "stripe_credit_note_to_netsuite")
FILLED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "customer_stripe_id": ("customer", CUSTOMERS),
    "customer_portal_url": ("customer", ("portal_url_to_netsuite_customer",)),
    "invoice_stripe_id": ("invoice", (*IMPORTED, *BILLED, *DETAILS)),
    "invoice_stripe_number": ("invoice", (*IMPORTED, *BILLED, *DETAILS)),
    "invoice_stripe_status": ("invoice", (*IMPORTED, *BILLED, *DETAILS)),
    "invoice_payment_link": ("invoice", BILLED),
    "invoice_pdf_url": ("invoice", BILLED),
    "invoice_hosted_url": ("invoice", DETAILS),
    "invoice_due_date": ("invoice", DETAILS),
    "invoice_amount_due": ("invoice", DETAILS),
    "invoice_amount_paid": ("invoice", DETAILS),
    "invoice_amount_remaining": ("invoice", DETAILS),
    "invoice_last_error": ("invoice", DETAILS),
    "invoice_next_attempt": ("invoice", DETAILS),
    "payment_charge_id": ("customerPayment", PAYMENTS),
    "transaction_stripe_id": ("creditMemo", CREDITS),
}
"""Setting of `fields` -> the record type that it is on, and the flows that fill it."""


# fields ----------------------------------------------------------------------------------------------------------


def fields(gateway: NetSuiteGateway, flows: Sequence[AnyFlow], chosen: Config) -> Iterator[Finding]:
    """Whether NetSuite has the fields: one that it has not makes it refuse the whole record."""
    check = "netsuite: fields"
    wanted = list(_filled({flow.key for flow in flows}, chosen))
    kinds = sorted({kind for kind, _, _ in wanted} | {rule.record_type for rule in chosen.field_rules})
    known, untold = _told(gateway, kinds)
    missing = [
        f"{name} on {kind} (`fields.{setting}`)"
        for kind, setting, name in wanted
        if kind in known and name.lower() not in {one.lower() for one in known[kind]}
    ]
    missing += unknown_fields(chosen.field_rules, known)
    if missing:
        action = f"{INSTALL}, or name fields that are there; the role has to have a right to them, too."
        yield fail(check, f"NetSuite has no {listed(missing)}.", action)
    if untold:
        yield unchecked(check, f"NetSuite does not tell the fields of {listed(untold, 2)}.")
    if not missing and not untold:
        yield ok(check, f"The {len(wanted)} fields that flows fill are there, on {listed(kinds)}.")


def _filled(on: set[str], chosen: Config) -> Iterator[tuple[str, str, str]]:
    """Record type, setting and field id."""
    for setting, (kind, flows) in FILLED.items():
        if on.intersection(flows):
            yield kind, setting, getattr(chosen.fields, setting)


def _told(gateway: NetSuiteGateway, kinds: Iterable[str]) -> tuple[dict[str, Mapping[str, str]], list[str]]:
    known: dict[str, Mapping[str, str]] = {}
    untold = []
    for kind in kinds:
        try:
            known[kind] = gateway.record_fields(kind)
        except TieoutError as error:
            untold.append(f"{kind}: {said(error)}")
    return known, untold


# scripts ---------------------------------------------------------------------------------------------------------


def user_event(gateway: NetSuiteGateway, parts: Parts, account: NetSuiteAccount) -> Iterator[Finding]:
    check = "netsuite: user event"
    try:
        rows = list(gateway.query(SCRIPTS))
    except TieoutError as error:
        why = f"the role may not look at scripts. {said(error)}"
        yield unchecked(check, why, "Give it SuiteScript (view), or look at Script Deployments.")
        return
    ours = [row for row in rows if (row.get("scripttype") or "").upper() in ("USEREVENT", "USER EVENT")]
    live = [row for row in ours if _runs(row)]
    if not ours:
        detail = "No user event of Tieout's is deployed: changes in NetSuite are found by the schedule only."
        yield warn(check, detail, f"{INSTALL}.")
        return
    idle = sorted({(row.get("recordtype") or "").lower() for row in ours} - _types(live))
    lacking = sorted(_listened(parts) - _types(ours))
    if idle:
        detail = f"It does not run for {listed(idle)}: not deployed, inactive, or in status Testing."
        yield fail(check, detail, "Customization > Scripting > Script Deployments: Deployed, status Released.")
    if lacking:
        yield fail(check, f"It is not deployed for {listed(lacking)}.", f"{INSTALL} again.")
    if not idle and not lacking:
        yield _heard(check, live, parts, account)


def _runs(row: Row) -> bool:
    released = (row.get("status") or "RELEASED").upper() != "TESTING"
    return row.get("isdeployed") == "T" and row.get("isinactive") != "T" and released


def _types(rows: Iterable[Row]) -> set[str]:
    return {(row.get("recordtype") or "").lower() for row in rows}


def _listened(parts: Parts) -> set[str]:
    """Record types whose events some flow wants, as NetSuite spells them in deployments, in lower case."""
    flows = (flow for flow in parts.catalogue.values() if flow.source == "netsuite")
    return {event.partition(".")[0].lower() for flow in flows for event in flow.on}


def _heard(check: str, live: Sequence[Row], parts: Parts, account: NetSuiteAccount) -> Finding:
    """A signature that fitted proves address and secret; the script's parameters cannot be read."""
    arrived = last_verified(parts.database, "netsuite", account.account_id, datetime.min.replace(tzinfo=UTC))
    if arrived is None:
        detail = f"It runs for {len(live)} kinds of records, but nothing has come from it yet."
        action = "Save a customer in NetSuite. If `tieout events` stays empty, compare the script's parameters."
        return warn(check, detail, action)
    return ok(check, f"It runs for {len(live)} kinds of records; the last came {arrived.at:%Y-%m-%d %H:%M} UTC.")


def restlet(gateway: NetSuiteGateway, account: NetSuiteAccount) -> Iterator[Finding]:
    """Asked directly: that it answers proves script, deployment, audience and the token's scope at once."""
    check = "netsuite: restlet"
    needed = account.void_with == "restlet" or account.batch_with == "restlet"
    try:
        there = gateway.ping()
    except TieoutError as error:
        detail = f"{account.restlet_script} does not answer. {said(error)}"
        action = f"{INSTALL}, or set NETSUITE__VOID_WITH=credit_memo and NETSUITE__BATCH_WITH=rest to do without."
        unneeded = ok(check, f"{detail} Nothing is configured that needs it.")
        yield fail(check, detail, action) if needed else unneeded
        return
    version = there.version or "unknown"
    if account.batch_with == "restlet" and "batch" not in there.actions:
        detail = f"Version {version} writes no batches: every write is a call of its own."
        yield warn(check, detail, f"{INSTALL} again: a newer version.")
    elif account.batch_with == "rest" and "batch" in there.actions:
        detail = f"Version {version} answers, and could write many records in one call."
        yield warn(check, detail, "NETSUITE__BATCH_WITH=restlet makes bursts and back-fills faster.")
    else:
        yield ok(check, f"Version {version} answers.")
