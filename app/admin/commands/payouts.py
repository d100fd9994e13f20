"""`tieout payouts` and `tieout tie-out`: what each payout brought, and whether the two ledgers agree."""

from typing import Annotated

import typer

from app.admin import payout_deeds, show
from app.admin import payouts as api
from app.admin.commands.common import ACTOR, Account, Json, Limit, group, installation
from app.core import payouts
from app.core.payouts import STATES, PayoutFilter

app = group("What each payout was to bring, and what NetSuite has of it.")


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    account: Account = None,
    currency: str | None = None,
    month: Annotated[str | None, typer.Option(help="Of the arrival, as 2026-08.")] = None,
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(STATES)}.")] = None,
    differs: Annotated[bool, typer.Option(help="Only those that differ or are held.")] = False,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    if context.invoked_subcommand:
        return
    wanted = PayoutFilter(account, currency, month, state, differs)
    with installation(context) as parts, parts.database.session_scope() as session:
        page = [api.PayoutOut.model_validate(one) for one in payouts.listed(session, wanted, limit=limit)]
    if json:
        show.as_json(api.PayoutPage(items=page))
        return
    rows = [
        (one.id, one.arrival_date, one.state, one.currency, one.expected, one.deposited, one.difference, one.sentence)
        for one in page
    ]
    show.table(("payout", "arrival", "state", "currency", "expected", "deposited", "difference", "explanation"), rows)


@app.command()
def post(
    context: typer.Context,
    payout: str,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
) -> None:
    """Write its records in NetSuite anew, whatever was done to them there."""
    with installation(context) as parts:
        run = payout_deeds.post_again(parts, payout, actor=ACTOR, reason=reason)
    show.say(f"Payout {payout} is posted again by run {run}.")


def tie_out(
    context: typer.Context,
    account: Account = None,
    stored: Annotated[bool, typer.Option(help="Show the latest comparison instead of making one.")] = False,
    json: Json = False,
) -> None:
    """Compare Stripe's balance with NetSuite's accounts; exit code 1 when they do not agree."""
    with installation(context) as parts:
        if not stored:
            parts.sweeper.tie_out(account)
        with parts.database.session_scope() as session:
            found = api.report(session, account)
    show.as_json(found) if json else _told(found)
    raise typer.Exit(0 if found.results and all(one.agrees for one in found.results) else 1)


def _told(found: api.TieOutReport) -> None:
    if not found.results:
        show.say("Nothing was compared yet: `tieout tie-out` does.")
    for one in found.results:
        rows: list[tuple[object, ...]] = [("Stripe's balance", one.stripe, "")]
        rows += [(f"  {item['title']}", item["amount"], item["count"]) for item in one.items]
        rows += [("NetSuite's accounts", one.netsuite, ""), ("Unexplained", one.unexplained, "")]
        show.table((f"{one.account}, {one.currency}", "amount", "count"), rows)
        for each in one.differences:
            show.say(f"✗ {each['sentence']} {each['action']}")
