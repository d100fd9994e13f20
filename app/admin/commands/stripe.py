"""`tieout stripe setup`: the webhook endpoint."""

from typing import Annotated

import typer

from app.admin import show, stripe_setup
from app.admin.commands.common import ACTOR, Account, Json, group, installation
from app.admin.stripe_setup import Setup

app = group("What Tieout sets up in Stripe.")


@app.callback()
def stripe() -> None:
    """What Tieout sets up in Stripe."""


@app.command()
def setup(
    context: typer.Context,
    account: Account = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="An endpoint of another API version: make a new one, switch it off.")
    ] = False,
    json: Json = False,
) -> None:
    """Make the webhook endpoint, or give it exactly the events that the flows need. Prints a new secret, once."""
    with installation(context) as parts:
        name = stripe_setup.account_named(parts, account)
        done = stripe_setup.set_up(parts, name, actor=ACTOR, dry_run=dry_run, replace=replace)
    show.as_json(done) if json else _printed(done)


def _printed(done: Setup) -> None:
    named = f"{done.endpoint or 'the endpoint'} at {done.url}"
    if done.outcome == "unchanged":
        show.say(f"Nothing to change: {named} sends exactly what the flows need.")
    else:
        show.say(f"{'Would be ' if done.dry_run else ''}{done.outcome}: {named}")
    for words in (*done.changes, *(f"Mind: {each}" for each in done.warnings)):
        show.say(f"- {words}")
    if done.env:
        show.say("The signing secret is told only now. Put it into .env and restart:")
        # as it is, so that it can be copied: no wrapping
        print(done.env)
