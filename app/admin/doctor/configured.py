"""What the environment and the configuration say by themselves, before anybody is asked."""

from collections.abc import Iterator, Mapping

from app.admin.doctor.findings import Finding, Parts, State, ok, unchecked, warn
from app.admin.listening import is_loopback
from app.core.config import Config
from app.settings import Settings, StripeAccount


def settings(chosen: Settings) -> Iterator[Finding]:
    missing = list(_missing(chosen))
    yield from missing
    if not missing:
        yield ok("settings", "Nothing is missing.")


def _missing(chosen: Settings) -> Iterator[Finding]:
    if not chosen.stripe:
        yield _lack("STRIPE__<ACCOUNT>__API_KEY", "No Stripe account is connected.", "fail")
    for name, account in chosen.stripe.items():
        if not account.webhook_secrets:
            variable = f"STRIPE__{name.upper()}__WEBHOOK_SECRETS"
            yield _lack(variable, f"Webhooks of Stripe account {name!r} are refused.", "fail")
    if chosen.netsuite is None:
        yield _lack("NETSUITE__ACCOUNT_ID", "No NetSuite account is connected.", "fail")
    elif not chosen.netsuite.callback_secrets:
        yield _lack("NETSUITE__CALLBACK_SECRETS", "Changes in NetSuite are found by the schedule only.", "warn")
    if is_loopback(chosen.public_url):
        yield _lack("PUBLIC_URL", "The links written into NetSuite lead to this machine only.", "warn")
    if chosen.secret_key is None and not chosen.embedded_database:
        yield _lack("SECRET_KEY", "Each machine makes its own: links of one do not work on another.", "warn")


def _lack(variable: str, detail: str, state: State) -> Finding:
    return Finding(check="settings", state=state, detail=detail, action=f"Set {variable}.")


def configuration(chosen: Config | None, parts: Parts) -> Iterator[Finding]:
    if chosen is None:
        yield unchecked("configuration", "it is in the database, which is not ready.")
        return
    on = [flow for flow in parts.catalogue.values() if chosen.is_enabled(flow)]
    if not on:
        yield warn(
            "configuration", "Every flow is switched off.", "`tieout config set-flow FLOW --on` switches one on."
        )
    open_choices = list(_open_choices(chosen, parts.settings.stripe)) if on else []
    yield from open_choices
    if on and not open_choices:
        detail = f"Version {chosen.version}; {len(on)} of {len(parts.catalogue)} flows are on."
        yield ok("configuration", detail)


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
            yield warn("configuration", detail, action)
