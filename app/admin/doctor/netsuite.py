"""The NetSuite account: the login, what the role may, and everything in it that records of Tieout's lean on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from app.admin.doctor import books, certificate, customisation, periods, role
from app.admin.doctor.findings import Finding, Parts, fail, guarded, ok, said, unchecked
from app.admin.doctor.ground import skew
from app.core.config import Config
from app.core.exchanges import Exchange
from app.errors import AuthFailed, Forbidden, Held, Rejected, TieoutError
from app.settings import NetSuiteAccount
from app.systems.netsuite.client import NetSuiteClient, NetSuiteGateway
from app.systems.netsuite.slots import LocalSlots, PostgresSlots
from app.systems.netsuite.suiteql import Row

CURRENCIES = (
    "SELECT id, symbol, isinactive FROM currency",
    "SELECT id, symbol FROM currency",
)
PATIENCE = 30.0
ENABLE = "Setup > Company > Enable Features"
NAMES = {
    "oauth2": "NETSUITE__CLIENT_ID, __CERTIFICATE_ID and __PRIVATE_KEY_FILE",
    "tba": "NETSUITE__CONSUMER_KEY, __CONSUMER_SECRET, __TOKEN_ID and __TOKEN_SECRET",
}


class NetSuiteLook:
    """`calls`: the requests made. Posted are the login, queries and the RESTlet's ping, which change nothing."""

    def __init__(self, parts: Parts, chosen: Config | None, *, has_database: bool) -> None:
        self.parts, self.chosen, self._has_database = parts, chosen, has_database
        self.calls = 0
        self._date: str | None = None

    def findings(self) -> Iterator[Finding]:
        account = self.parts.settings.netsuite
        if account is None:
            return
        yield from guarded(certificate.CHECK, lambda: certificate.findings(account, self.parts.clock.now()))
        try:
            with self._opened(account) as gateway:
                yield from self._asked(gateway, account)
        except (ValueError, OSError) as error:
            yield fail("netsuite: login", f"{error}.", _advice(account))
            yield unchecked("netsuite: everything else", "there is no key to log in with.")

    @contextmanager
    def _opened(self, account: NetSuiteAccount) -> Iterator[NetSuiteGateway]:
        """A client of its own: a new token, and nothing remembered from before. It shares the slots with all others."""
        url = self.parts.database.url
        slots = PostgresSlots(url, account.account_id, account.concurrency) if self._has_database else LocalSlots(1)
        client = NetSuiteClient(account.model_copy(update={"read_timeout": PATIENCE}), slots)
        try:
            yield client.bound(self._recorded, self.parts.clock)
        finally:
            client.close()
            if isinstance(slots, PostgresSlots):
                slots.close()

    def _recorded(self, exchange: Exchange) -> None:
        self.calls += 1
        self._date = exchange.headers.get("date", self._date)

    def _asked(self, gateway: NetSuiteGateway, account: NetSuiteAccount) -> Iterator[Finding]:
        try:
            rows = self._currencies(gateway)
        except TieoutError as error:
            yield from self._no_entry(error, account)
            return
        mode = "live" if account.live else "sandbox"
        detail = f"Account {account.account_id} ({mode}) gives a token and answers SuiteQL."
        yield ok("netsuite: login", detail)
        yield skew("netsuite: clock", "NetSuite", self._date, self.parts.clock.now())
        yield from guarded("netsuite: concurrency", lambda: self._concurrency(gateway, account))
        yield from guarded("netsuite: user event", lambda: customisation.user_event(gateway, self.parts, account))
        yield from guarded("netsuite: restlet", lambda: customisation.restlet(gateway, account))
        if self.chosen is None:
            why = "what is configured is in the database, which is not ready."
            yield unchecked("netsuite: role, features, fields, books, periods", why)
            return
        for check, look in self._of_configuration(gateway, self.chosen, rows):
            yield from guarded(check, look)

    def _of_configuration(
        self, gateway: NetSuiteGateway, chosen: Config, rows: list[Row] | None
    ) -> Iterator[tuple[str, Callable[[], Iterator[Finding]]]]:
        on = [flow for flow in self.parts.catalogue.values() if chosen.is_enabled(flow)]
        accounts = list(self.parts.settings.stripe)
        yield "netsuite: role", lambda: role.findings(gateway, on, chosen)
        yield "netsuite: features", lambda: role.features(gateway, chosen, accounts, rows)
        yield "netsuite: fields", lambda: customisation.fields(gateway, on, chosen)
        yield "netsuite: books", lambda: books.findings(gateway, chosen, accounts, rows)
        yield "netsuite: periods", lambda: periods.findings(gateway, chosen, accounts, self.parts.clock.now())

    def _currencies(self, gateway: NetSuiteGateway) -> list[Row] | None:
        """None where there is no such table: then the account has one currency only."""
        for sql in CURRENCIES:
            try:
                return list(gateway.query(sql))
            except Rejected:
                continue
        return None

    def _no_entry(self, error: TieoutError, account: NetSuiteAccount) -> Iterator[Finding]:
        action = error.action if isinstance(error, Held) and error.action else _advice(account)
        if isinstance(error, Forbidden):
            action = f"{ENABLE}, SuiteCloud: REST Web Services; and give the role REST Web Services and SuiteAnalytics."
        elif isinstance(error, AuthFailed) and account.auth == "oauth2":
            action += " A refresh of a NetSuite sandbox clears the mapping of certificates: then upload it again."
        elif not isinstance(error, AuthFailed):
            action = f"Let this machine reach {account.api_base}; see status.netsuite.com."
        yield fail("netsuite: login", said(error), action)
        yield unchecked(
            "netsuite: everything else", "clock, concurrency, scripts, role, features, fields, books and periods."
        )

    # concurrency -------------------------------------------------------------------------------------------------

    def _concurrency(self, gateway: NetSuiteGateway, account: NetSuiteAccount) -> Iterator[Finding]:
        """The limit itself is told to administrators only, as which Tieout should not run."""
        check = "netsuite: concurrency"
        limits = gateway.governance_limits()
        allowed = (limits.integration or limits.account) if limits else None
        if allowed is not None and account.concurrency > allowed:
            detail = f"NETSUITE__CONCURRENCY is {account.concurrency}, but NetSuite allows {allowed} calls at once."
            yield fail(check, detail, f"Set it to {allowed} or less; other integrations need some of them, too.")
        elif allowed is not None:
            yield ok(check, f"Up to {account.concurrency} calls at once of the {allowed} that NetSuite allows.")
        else:
            yield from self._observed(check, account)

    def _observed(self, check: str, account: NetSuiteAccount) -> Iterator[Finding]:
        """What NetSuite's refusals have taught: the slots' size is lowered by each and grows again in calm."""
        why = "NetSuite tells its limit to administrators only"
        if not self._has_database:
            yield unchecked(check, f"{why}, and what was observed is in the database.")
            return
        asked = text("SELECT size FROM netsuite_slots WHERE account = :account AND size < :most")
        with self.parts.database.session_scope() as session:
            size = session.scalar(asked, {"account": account.account_id, "most": account.concurrency})
        if size is None:
            yield ok(check, f"{why}; it has lately refused none of up to {account.concurrency} at once.")
            return
        detail = f"NetSuite refuses calls as too many at once: Tieout makes {size} now, not {account.concurrency}."
        yield fail(check, detail, "Set NETSUITE__CONCURRENCY to what others leave; see Integration Governance there.")


def _advice(account: NetSuiteAccount) -> str:
    return f"Check {NAMES[account.auth]}, and that the role of the integration may log in with tokens."
