"""`tieout events`: the inbox."""

from typing import Annotated

import typer

from app.admin import actions, queries, show
from app.admin.commands.common import ACTOR, Before, Json, Limit, When, group, installation, utc

app = group("What the other systems told us, and what became of it.")


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    source: Annotated[str | None, typer.Option(help="stripe or netsuite")] = None,
    account: str | None = None,
    type_: Annotated[str | None, typer.Option("--type", help="For example invoice.paid.")] = None,
    outcome: Annotated[str | None, typer.Option(help="pending, dispatched, ignored, unknown or refused")] = None,
    object_id: Annotated[str | None, typer.Option("--object")] = None,
    since: When = None,
    until: When = None,
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    if context.invoked_subcommand:
        return
    wanted = queries.EventFilter(source, account, type_, outcome, object_id, utc(since), utc(until))
    with installation(context) as parts, parts.database.session_scope() as session:
        page = queries.events(session, wanted, queries.Slice(limit, before))
    if json:
        show.as_json(page)
        return
    columns = ("id", "received", "source", "type", "object", "outcome", "reason")
    rows = [
        (each.id, each.received_at, each.source, each.type, each.object_id, each.outcome or "pending", each.reason)
        for each in page.items
    ]
    show.table(columns, rows)
    show.more(page.next)


@app.command("show")
def shown(context: typer.Context, event_id: int, json: Json = False) -> None:
    """One event with its headers and body."""
    with installation(context) as parts, parts.database.session_scope() as session:
        found = queries.event(session, event_id)
        if found is None:
            raise LookupError(f"There is no event {event_id}.")
    show.as_json(found) if json else show.facts(found.model_dump().items())


@app.command()
def redispatch(context: typer.Context, event_ids: list[int]) -> None:
    """Dispatch events again, under the switches and options of now."""
    with installation(context) as parts:
        for event_id in event_ids:
            actions.redispatch(parts, event_id, actor=ACTOR)
            show.say(f"Event {event_id} is dispatched again.")
