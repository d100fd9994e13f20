"""What the integration's role may, and which of NetSuite's features are on."""

from collections.abc import Iterator, Sequence

from app.admin.doctor import needs
from app.admin.doctor.books import every
from app.admin.doctor.findings import Finding, fail, listed, ok, said, unchecked
from app.core.config import Books, Config
from app.core.flow import AnyFlow
from app.errors import Forbidden, NotFound, Rejected, TieoutError
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.suiteql import Row

CHECK = "netsuite: role"
ROLE = "Setup > Users/Roles > Manage Roles, tab Permissions"
ENABLE = "Setup > Company > Enable Features"


def findings(gateway: NetSuiteGateway, flows: Sequence[AnyFlow], chosen: Config) -> Iterator[Finding]:
    """Asks for one record of each kind that flows write. Whether the role may also write them shows only in writing."""
    wanted = needs.records(flows, chosen)
    refused = {kind: error for kind in wanted if (error := _refusal(gateway, kind)) is not None}
    lacking = [kind for kind, error in refused.items() if isinstance(error, Forbidden)]
    unknown = [kind for kind, error in refused.items() if isinstance(error, NotFound | Rejected)]
    others = [f"{kind}: {said(error)}" for kind, error in refused.items() if kind not in (*lacking, *unknown)]
    if lacking:
        detail = f"The role may not read {listed(lacking)}."
        yield fail(CHECK, detail, f"Give it these (level Edit) in NetSuite, {ROLE}.")
    if unknown:
        action = "Install Tieout's project; or the feature that it belongs to is off."
        yield fail(CHECK, f"NetSuite does not know {listed(unknown)}.", action)
    if others:
        yield unchecked(CHECK, listed(others, 2))
    if not refused:
        detail = f"It may read the {len(wanted)} kinds of records that flows need. Writing is not tried here."
        yield ok(CHECK, detail)


def _refusal(gateway: NetSuiteGateway, kind: str) -> TieoutError | None:
    try:
        gateway.some_of(kind)
    except TieoutError as error:
        return error
    return None


def features(
    gateway: NetSuiteGateway, chosen: Config, accounts: Sequence[str], currencies: Sequence[Row] | None
) -> Iterator[Finding]:
    faults = list(_faults(gateway, [book for _, book in every(chosen, accounts)], currencies))
    yield from faults
    if not faults:
        yield ok("netsuite: features", "Those that the configuration needs are on.")


def _faults(gateway: NetSuiteGateway, books: Sequence[Books], currencies: Sequence[Row] | None) -> Iterator[Finding]:
    check = "netsuite: features"
    if currencies is None:
        detail = "NetSuite shows no currencies: Multiple Currencies is off, or the role may not see them."
        yield fail(check, detail, f"{ENABLE}, Company: Multiple Currencies; and give the role Currency (view).")
    if any(one.tax_mode == "suitetax" for one in books) and "taxDetails" not in gateway.record_fields("invoice"):
        detail = "`tax_mode` is suitetax, but invoices have no tax details: SuiteTax is off."
        yield fail(check, detail, "Set `tax_mode` to line, or let NetSuite switch SuiteTax on.")
    if any(one.subsidiary for one in books) and not _has(gateway, "subsidiary"):
        detail = "A subsidiary is configured, but NetSuite shows none: no OneWorld, or the role may not see them."
        yield fail(check, detail, "Take `subsidiary` out of the books, or give the role Subsidiaries (view).")


def _has(gateway: NetSuiteGateway, table: str) -> bool:
    try:
        next(gateway.query(f"SELECT id FROM {table}"), None)  # noqa: S608 - a name of ours
    except Rejected:
        return False
    return True
