"""`tieout completeness`: whether each of Stripe's events arrived and came to a named end."""

from datetime import timedelta
from typing import Annotated

import typer

from app.admin import completeness as api
from app.admin import show
from app.admin.commands.common import Account, Json, installation

HEADINGS = ("day", "account", "at Stripe", "stored", "done", "skipped", "held", "dead", "open", "lost", "missing", "")


def completeness(
    context: typer.Context,
    account: Account = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="So many days back.")] = 31,
    stored: Annotated[bool, typer.Option(help="Show what was last counted instead of counting.")] = False,
    json: Json = False,
) -> None:
    """Count Stripe's events against what became of them; exit code 1 when a day does not add up."""
    with installation(context) as parts:
        if not stored:
            parts.sweeper.completeness()
        today = parts.clock.now().date()
        with parts.database.session_scope() as session:
            found = api.report(session, today - timedelta(days=days - 1), today, account)
    show.as_json(found) if json else _told(found)
    raise typer.Exit(0 if found.days and found.total.adds_up else 1)


def _told(found: api.CompletenessOut) -> None:
    rows = [
        (
            *(one.day, one.account, one.at_stripe, one.stored, one.done, one.skipped, one.held, one.dead),
            *(one.open, one.lost, len(one.missing), "adds up" if one.adds_up else "does not add up"),
        )
        for one in found.days
    ]
    show.table(HEADINGS, rows)
    for one in found.tried:
        if one.error:
            show.say(f"✗ {one.account} could not be counted: {one.error}")
    if not found.days:
        show.say("Nothing was counted: connect a Stripe account, and leave `alerts.completeness_days` above 0.")
    elif found.total.adds_up:
        show.say(f"Every day adds up: {found.total.at_stripe} of Stripe's events.")
