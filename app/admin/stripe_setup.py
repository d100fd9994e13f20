"""`tieout stripe setup`: the webhook endpoint, with exactly the events that the flows which are on listen to.

An endpoint's API version is fixed when it is made, and its secret is told then and never again: so a new version means
a new endpoint, and a lost secret too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, Field

from app.admin.actions import Impossible
from app.admin.listening import Addressed, OpensStripe, address_of, is_loopback, wanted_events
from app.core import audit
from app.core import config as configuration
from app.core.flow import Catalogue
from app.db import Database
from app.errors import TieoutError
from app.systems.stripe.endpoints import ALL_EVENTS, MARK, Endpoint, Endpoints, best
from app.systems.stripe.objects import API_VERSION

T = TypeVar("T")


class Parts(Addressed, Protocol):
    @property
    def database(self) -> Database: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def systems(self) -> OpensStripe: ...


class Setup(BaseModel):
    """What was done, or with `dry_run` would be. `secret` and `env` are there once, when an endpoint was made."""

    account: str
    url: str
    outcome: Literal["created", "updated", "replaced", "unchanged"]
    dry_run: bool = False
    endpoint: str | None = Field(None, examples=["we_1"])
    changes: list[str] = Field(default_factory=list, description="In words, one each.")
    warnings: list[str] = Field(default_factory=list)
    secret: str | None = Field(None, description="The signing secret; Stripe tells it only now.")
    env: str | None = Field(None, description="The line for `.env`.")


def set_up(parts: Parts, account: str, *, actor: str, dry_run: bool = False, replace: bool = False) -> Setup:
    """Raises LookupError for an unknown account, Impossible when there is nothing to listen to or Stripe refuses."""
    plan = _planned(parts, account, replace)
    found = Setup(
        account=account,
        url=plan.url,
        outcome=plan.outcome,
        dry_run=dry_run,
        endpoint=plan.ours.id if plan.ours else None,
        changes=_changes(plan),
        warnings=_warnings(plan, parts),
    )
    if dry_run or plan.outcome == "unchanged":
        return found
    done = _carried_out(parts, plan, found)
    with parts.database.session_scope() as session:
        about = {"outcome": done.outcome, "url": done.url, "changes": done.changes}
        audit.note(session, actor, "stripe_endpoint.set_up", f"endpoint:{done.endpoint}", **about)
    return done


@dataclass(frozen=True)
class Plan:
    """`ours`: the endpoint that is there. `others`: older ones at the same address that are switched on."""

    account: str
    url: str
    wanted: frozenset[str]
    ours: Endpoint | None
    others: tuple[Endpoint, ...]
    outcome: Literal["created", "updated", "replaced", "unchanged"]


def account_named(parts: Addressed, account: str | None) -> str:
    """The account called so, or the only one. Raises LookupError, Impossible."""
    known = parts.settings.stripe
    if account is None and len(known) == 1:
        return next(iter(known))
    if account is None:
        raise Impossible(f"Say which account: {', '.join(known) or 'none is connected'}.")
    if account not in known:
        raise LookupError(f"There is no Stripe account {account!r}.")
    return account


def _planned(parts: Parts, account: str, replace: bool) -> Plan:
    account_named(parts, account)
    with parts.database.session_scope() as session:
        wanted = wanted_events(parts.catalogue, configuration.current(session))
    if not wanted:
        raise Impossible("No flow that is on listens to Stripe: `tieout config set-flow FLOW --on` switches one on.")
    url = address_of(parts, account)
    there = _asked(lambda: _gateway(parts, account).webhook_endpoints())
    here = [one for one in there if one.at(url)]
    # one of our own making follows PUBLIC_URL; one that only looks like ours may be another installation's
    ours = best(here) or best([one for one in there if one.mark == account])
    others = tuple(one for one in here if one.enabled and ours is not None and one.id != ours.id)
    return Plan(account, url, wanted, ours, others, _outcome(ours, url, account, wanted, replace))


def _outcome(
    ours: Endpoint | None, url: str, account: str, wanted: frozenset[str], replace: bool
) -> Literal["created", "updated", "replaced", "unchanged"]:
    if ours is None:
        return "created"
    if replace and not ours.pinned:
        return "replaced"
    same = ours.at(url) and ours.enabled and ours.mark == account and ours.events == wanted
    return "unchanged" if same else "updated"


# in words --------------------------------------------------------------------------------------------------------


def _changes(plan: Plan) -> list[str]:
    if plan.ours is None:
        return [f"A new endpoint at {plan.url}, API version {API_VERSION}, with {len(plan.wanted)} kinds of events."]
    if plan.outcome == "replaced":
        made = f"A new endpoint at {plan.url}, API version {API_VERSION}, with {len(plan.wanted)} kinds of events."
        return [made, f"{plan.ours.id} ({plan.ours.api_version or 'default version'}) is switched off after that."]
    return [words for applies, words in _differences(plan, plan.ours) if applies]


def _differences(plan: Plan, ours: Endpoint) -> list[tuple[bool, str]]:
    added, dropped = sorted(ours.lacks(plan.wanted)), sorted(ours.superfluous(plan.wanted))
    left_out = "every event that no flow wants" if ALL_EVENTS in dropped else ", ".join(dropped)
    return [
        (not ours.at(plan.url), f"Its address: {plan.url} instead of {ours.url}."),
        (not ours.enabled, "It is switched on."),
        (ours.mark != plan.account, "It is marked as Tieout's."),
        (bool(added), f"More events: {', '.join(added)}."),
        (bool(dropped), f"Left out: {left_out}."),
    ]


def _warnings(plan: Plan, parts: Parts) -> list[str]:
    ours, account = plan.ours, parts.settings.stripe[plan.account]
    keeps = plan.outcome in ("updated", "unchanged") and ours is not None
    told = [
        (
            is_loopback(plan.url),
            f"{plan.url} is this machine's own address, which Stripe cannot reach: set PUBLIC_URL.",
        ),
        (
            keeps and ours is not None and not ours.pinned,
            f"Its API version is {ours.api_version if ours and ours.api_version else 'the account default'}, not "
            f"{API_VERSION}, and cannot be changed: with `--replace` a new one is made, and this one is switched off.",
        ),
        (
            keeps and not account.webhook_secrets,
            "No signing secret is configured here. Copy this endpoint's from Stripe's Dashboard into "
            f"STRIPE__{plan.account.upper()}__WEBHOOK_SECRETS.",
        ),
        (
            bool(plan.others),
            f"Also switched on at this address: {', '.join(one.id for one in plan.others)}. Events come from each.",
        ),
    ]
    return [words for applies, words in told if applies]


# done ------------------------------------------------------------------------------------------------------------


def _gateway(parts: Parts, account: str) -> Endpoints:
    return parts.systems.stripe(account, lambda _: None)


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except TieoutError as error:
        raise Impossible(error.sentence) from error


def _carried_out(parts: Parts, plan: Plan, found: Setup) -> Setup:
    stripe = _gateway(parts, plan.account)
    if plan.outcome == "updated" and plan.ours is not None:
        there, body = plan.ours.id, _update(plan)
        _asked(lambda: stripe.update_webhook_endpoint(there, body))
        return found
    made, secret = _asked(lambda: stripe.create_webhook_endpoint(plan.url, plan.wanted))
    warnings = [*found.warnings]
    if parts.settings.stripe[plan.account].webhook_secrets:
        warnings.append("Secrets that are configured already stay valid beside the new one: write them after a comma.")
    if plan.outcome == "replaced" and plan.ours is not None:
        warnings += _switched_off(stripe, plan.ours)
    told = {"endpoint": made.id, "secret": secret, "env": _env(plan.account, secret), "warnings": warnings}
    return found.model_copy(update=told)


def _update(plan: Plan) -> dict[str, Any]:
    body = {"url": plan.url, "enabled_events": sorted(plan.wanted), "metadata": {MARK: plan.account}}
    return body | ({"disabled": False} if plan.ours and not plan.ours.enabled else {})


def _switched_off(stripe: Endpoints, old: Endpoint) -> list[str]:
    """The new one is there and its secret must reach the person, whatever becomes of the old one."""
    try:
        stripe.update_webhook_endpoint(old.id, {"disabled": True})
    except TieoutError as error:
        return [f"{old.id} is still switched on: {error.sentence} Switch it off in Stripe's Dashboard."]
    return []


def _env(account: str, secret: str) -> str:
    return f"STRIPE__{account.upper()}__WEBHOOK_SECRETS={secret}"
