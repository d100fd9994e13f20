"""The webhook endpoint: there, at our address, switched on, of our API version, with the events that flows need."""

from collections.abc import Iterator, Sequence

from app.admin.doctor.findings import Finding, fail, listed, ok, unchecked, warn
from app.admin.listening import is_loopback
from app.systems.stripe.endpoints import ALL_EVENTS, Endpoint, best
from app.systems.stripe.objects import API_VERSION

SETUP = "`tieout stripe setup`"


def findings(
    check: str, there: Sequence[Endpoint], url: str, account: str, wanted: frozenset[str] | None
) -> Iterator[Finding]:
    """`wanted`: None when it is not known which flows are on."""
    here = [one for one in there if one.at(url)]
    ours = best(here)
    if ours is None:
        yield _missing(check, [one for one in there if one.looks_like(account)], url)
        return
    faults = list(_faults(check, ours, wanted))
    yield from faults
    if sum(one.enabled for one in here) > 1:
        detail = f"Several endpoints are switched on at {url}: each event comes from each of them."
        yield warn(check, detail, "Switch all but one off in Stripe's Dashboard, Developers, Webhooks.")
    if not faults:
        detail = f"{ours.id} sends {len(ours.events)} kinds of events to {url}, at {API_VERSION}."
        yield ok(check, detail)


def _missing(check: str, elsewhere: Sequence[Endpoint], url: str) -> Finding:
    marked = [one for one in elsewhere if one.mark]
    if elsewhere:
        detail = f"Stripe sends to {listed(sorted(one.url for one in elsewhere))}, but PUBLIC_URL makes it {url}."
        move = f"Correct PUBLIC_URL, or let {SETUP} {'move it' if marked else 'make one'}."
        return fail(check, detail, move)
    detail = f"Stripe has no webhook endpoint for {url}: its events are found by the schedule only."
    if is_loopback(url):
        return warn(check, detail, f"Set PUBLIC_URL to an address that Stripe reaches, then {SETUP}.")
    return fail(check, detail, f"{SETUP} makes one.")


def _faults(check: str, ours: Endpoint, wanted: frozenset[str] | None) -> Iterator[Finding]:
    if not ours.enabled:
        detail = f"{ours.id} is switched off in Stripe, by a person or after days of failures: no event comes."
        yield fail(check, detail, f"{SETUP} switches it on again; see the deliveries in Stripe's Dashboard first.")
    if not ours.pinned:
        version = ours.api_version or "the account's default version"
        detail = f"{ours.id} sends events at {version}, not {API_VERSION}. Objects are fetched anew all the same."
        yield warn(check, detail, f"An endpoint's version is fixed: {SETUP} with `--replace` makes a new one.")
    if wanted is None:
        yield unchecked(check, "which events flows need is not known without the database.")
        return
    yield from _events(check, ours, wanted)


def _events(check: str, ours: Endpoint, wanted: frozenset[str]) -> Iterator[Finding]:
    lacking, superfluous = sorted(ours.lacks(wanted)), sorted(ours.superfluous(wanted))
    if lacking:
        detail = f"{ours.id} does not send {listed(lacking)}: flows learn of them by the schedule only."
        yield fail(check, detail, f"{SETUP} adds them.")
    if superfluous:
        what = "every kind of event" if ALL_EVENTS in superfluous else listed(superfluous)
        detail = f"{ours.id} sends more than flows want: {what}. It is stored and ignored."
        yield warn(check, detail, f"{SETUP} leaves them out.")
