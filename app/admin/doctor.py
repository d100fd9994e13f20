"""`tieout doctor`: is everything there that a working installation needs, and if not, what to do."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel

from app.admin.checks import OpensNetSuite
from app.core import config as configuration
from app.core.config import Config
from app.core.dispatch import Modes
from app.core.flow import Catalogue
from app.core.interfaces import Clock
from app.db import Database
from app.errors import Held, TieoutError
from app.receiver.health import NotReady, standard_probes
from app.settings import Settings, StripeAccount
from app.systems.stripe.objects import API_VERSION

PATIENCE = 15.0
APART = timedelta(seconds=60)
"""Signatures are good for minutes only: clocks further apart than this make trouble."""


class Finding(BaseModel):
    check: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    action: str = ""


class Parts(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def modes(self) -> Modes: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def systems(self) -> OpensNetSuite: ...


def examine(parts: Parts, tell: Callable[[Finding], None] = lambda finding: None) -> list[Finding]:
    found = []
    for finding in _findings(parts):
        found.append(finding)
        tell(finding)
    return found


def _findings(parts: Parts) -> Iterator[Finding]:
    yield from _ground(parts)
    yield from _settings(parts.settings)
    for name, account in parts.settings.stripe.items():
        yield from _stripe(name, account, parts)
    yield from _netsuite(parts)
    yield from _configuration(parts)


# the ground ------------------------------------------------------------------------------------------------------

_ADVICE = {
    "database": "Start PostgreSQL, or correct DATABASE_URL; empty means the embedded one.",
    "broker": "Start Redis, or correct BROKER_URL; empty means none is needed.",
    "migrations": "Run `tieout up`: it brings the tables up to date.",
    "clock": "Let both machines follow a time server.",
}


def _ground(parts: Parts) -> Iterator[Finding]:
    settings = parts.settings
    window = timedelta(seconds=settings.signature_window)
    for name, probe in standard_probes(parts.database.url, settings.broker_url, parts.clock, window).items():
        try:
            yield Finding(check=name, state="ok", detail=probe())
        except NotReady as error:
            yield Finding(check=name, state="fail", detail=str(error), action=_ADVICE[name])
        except Exception as error:
            detail = f"cannot be reached ({type(error).__name__})"
            yield Finding(check=name, state="fail", detail=detail, action=_ADVICE[name])


# settings --------------------------------------------------------------------------------------------------------


def _settings(settings: Settings) -> Iterator[Finding]:
    missing = list(_missing(settings))
    yield from missing
    if not missing:
        yield Finding(check="settings", state="ok", detail="Nothing is missing.")


def _missing(settings: Settings) -> Iterator[Finding]:
    if not settings.stripe:
        yield _lack("STRIPE__<ACCOUNT>__API_KEY", "No Stripe account is connected.", "fail")
    for name, account in settings.stripe.items():
        if not account.webhook_secrets:
            variable = f"STRIPE__{name.upper()}__WEBHOOK_SECRETS"
            yield _lack(variable, f"Webhooks of Stripe account {name!r} are refused.", "fail")
    if settings.netsuite is None:
        yield _lack("NETSUITE__ACCOUNT_ID", "No NetSuite account is connected.", "fail")
    elif not settings.netsuite.callback_secrets:
        yield _lack("NETSUITE__CALLBACK_SECRETS", "Changes in NetSuite are found by the schedule only.", "warn")
    if urlsplit(settings.public_url).hostname in ("127.0.0.1", "localhost"):
        yield _lack("PUBLIC_URL", "The links written into NetSuite lead to this machine only.", "warn")
    if settings.secret_key is None and not settings.embedded_database:
        yield _lack("SECRET_KEY", "Each machine makes its own: links of one do not work on another.", "warn")


def _lack(variable: str, detail: str, state: Literal["warn", "fail"]) -> Finding:
    return Finding(check="settings", state=state, detail=detail, action=f"Set {variable}.")


# Stripe ----------------------------------------------------------------------------------------------------------


def _stripe(name: str, account: StripeAccount, parts: Parts) -> Iterator[Finding]:
    check = f"stripe {name}"
    try:
        answer = _ask_stripe(account)
    except httpx.HTTPError as error:
        detail = f"{account.api_base} cannot be reached ({type(error).__name__})."
        action = f"Let this machine reach it, or correct STRIPE__{name.upper()}__API_BASE."
        yield Finding(check=check, state="fail", detail=detail, action=action)
        return
    yield _key(check, name, account, answer)
    yield from _skew(check, answer, parts.clock.now())
    refusal = parts.modes.refusal(name)
    if refusal:
        action = "Connect a live key, or a NetSuite sandbox account."
        yield Finding(check=check, state="fail", detail=refusal, action=action)


def _ask_stripe(account: StripeAccount) -> httpx.Response:
    """The balance tells the mode, too; a key that may not read it is asked for the account instead."""
    headers = {"Stripe-Version": API_VERSION}
    auth = httpx.BasicAuth(account.api_key.get_secret_value(), "")
    with httpx.Client(base_url=account.api_base, auth=auth, headers=headers, timeout=PATIENCE) as client:
        answer = client.get("/v1/balance")
        return client.get("/v1/account") if answer.status_code in (403, 404) else answer


def _key(check: str, name: str, account: StripeAccount, answer: httpx.Response) -> Finding:
    variable = f"STRIPE__{name.upper()}"
    if answer.status_code == 401:
        action = f"Set {variable}__API_KEY to a key of Stripe's dashboard, Developers, API keys."
        return Finding(check=check, state="fail", detail="Stripe does not accept the key.", action=action)
    if answer.status_code >= 400 and answer.status_code != 403:
        detail = f"Stripe answers with {answer.status_code}."
        return Finding(check=check, state="fail", detail=detail, action="Try again; see status.stripe.com.")
    livemode = _livemode(answer)
    if livemode is not None and livemode != account.livemode:
        detail = f"The key is for {_mode(livemode)} mode, the setting says {_mode(bool(account.livemode))}."
        return Finding(
            check=check, state="fail", detail=detail, action=f"Correct {variable}__LIVEMODE, or leave it out."
        )
    return Finding(check=check, state="ok", detail=f"The key works, in {_mode(bool(account.livemode))} mode.")


def _livemode(answer: httpx.Response) -> bool | None:
    try:
        told = answer.json().get("livemode")
    except (ValueError, AttributeError):
        return None
    return told if isinstance(told, bool) else None


def _mode(live: bool) -> str:
    return "live" if live else "test"


def _skew(check: str, answer: httpx.Response, now: datetime) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return
    apart = abs(now - theirs)
    if apart > APART:
        detail = f"This clock is {apart.total_seconds():.0f} s apart from Stripe's: signatures will be refused."
        yield Finding(check=check, state="fail", detail=detail, action=_ADVICE["clock"])


# NetSuite --------------------------------------------------------------------------------------------------------


def _netsuite(parts: Parts) -> Iterator[Finding]:
    account = parts.settings.netsuite
    if account is None:
        return
    try:
        netsuite = parts.systems.netsuite(lambda exchange: None)
        rows = list(netsuite.query("SELECT id FROM currency ORDER BY id"))
    except TieoutError as error:
        action = error.action if isinstance(error, Held) and error.action else _netsuite_advice(account.auth)
        yield Finding(check="netsuite", state="fail", detail=error.sentence, action=action)
        return
    except (ValueError, OSError) as error:
        yield Finding(check="netsuite", state="fail", detail=f"{error}.", action=_netsuite_advice(account.auth))
        return
    mode = "live" if account.live else "sandbox"
    detail = f"Account {account.account_id} ({mode}) gives a token and answers SuiteQL: {len(rows)} currencies."
    yield Finding(check="netsuite", state="ok", detail=detail)


def _netsuite_advice(auth: str) -> str:
    names = {
        "oauth2": "NETSUITE__CLIENT_ID, __CERTIFICATE_ID and __PRIVATE_KEY_FILE",
        "tba": "NETSUITE__CONSUMER_KEY, __CONSUMER_SECRET, __TOKEN_ID and __TOKEN_SECRET",
    }
    return f"Check {names[auth]}, and that the integration's role may use REST web services and SuiteAnalytics."


# the configuration -----------------------------------------------------------------------------------------------


def _configuration(parts: Parts) -> Iterator[Finding]:
    try:
        with parts.database.session_scope() as session:
            chosen = configuration.current(session)
    except Exception as error:
        yield Finding(check="configuration", state="fail", detail=f"It cannot be read ({type(error).__name__}).")
        return
    on = [flow for flow in parts.catalogue.values() if chosen.is_enabled(flow)]
    if not on:
        action = "`tieout config set-flow FLOW --on` switches one on."
        yield Finding(check="configuration", state="warn", detail="Every flow is switched off.", action=action)
    open_choices = list(_open_choices(chosen, parts.settings.stripe)) if on else []
    yield from open_choices
    if on and not open_choices:
        detail = f"Version {chosen.version}; {len(on)} of {len(parts.catalogue)} flows are on."
        yield Finding(check="configuration", state="ok", detail=detail)


def _open_choices(chosen: Config, accounts: Mapping[str, StripeAccount]) -> Iterator[Finding]:
    """What only the books' owner knows: without it the first records are held."""
    for account in accounts:
        books = chosen.for_account(account)
        wanted = {"subsidiary": books.subsidiary, "items.default": books.items.default}
        if books.accounts.money_in == "clearing":
            wanted["accounts.clearing"] = "set" if books.accounts.clearing else None
        missing = [f"books.{account}.{path}" for path, value in wanted.items() if value is None]
        if missing:
            detail = f"Records of Stripe account {account!r} may be held: {', '.join(missing)} not chosen."
            action = "`tieout config export -o tieout.yaml`, fill it in, `tieout config apply tieout.yaml`."
            yield Finding(check="configuration", state="warn", detail=detail, action=action)
