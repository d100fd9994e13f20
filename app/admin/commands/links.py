"""`tieout links`: which Stripe object is which NetSuite record."""

from typing import Annotated

import typer

from app.admin import actions, queries, show
from app.admin.commands.common import ACTOR, Account, Before, Json, Limit, group, installation
from app.core.links import ROLES

app = group("Which Stripe object is which NetSuite record.")


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    search: Annotated[str | None, typer.Option(help="Somewhere in one of its ids.")] = None,
    role: str | None = None,
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    if context.invoked_subcommand:
        return
    wanted = queries.LinkFilter(role=role, search=search)
    with installation(context) as parts, parts.database.session_scope() as session:
        page = queries.links(session, wanted, queries.Slice(limit, before))
    if json:
        show.as_json(page)
        return
    rows = [
        (each.id, each.stripe_id, each.netsuite_type, each.netsuite_id, each.origin, each.current, each.note)
        for each in page.items
    ]
    show.table(("id", "stripe", "netsuite", "internal id", "born in", "current", "note"), rows)
    show.more(page.next)


@app.command()
def add(
    context: typer.Context,
    role: Annotated[str, typer.Argument(help=", ".join(f"{role}: {kind}" for role, kind in ROLES.items()))],
    stripe_id: str,
    netsuite_id: str,
    account: Account = None,
    origin: Annotated[str, typer.Option(help="stripe or netsuite: where the object was born.")] = "stripe",
    note: str = "",
) -> None:
    """Link two records by hand."""
    if role not in ROLES:
        raise typer.BadParameter(f"choose one of {', '.join(ROLES)}", param_hint="ROLE")
    if origin not in ("stripe", "netsuite"):
        raise typer.BadParameter("stripe or netsuite", param_hint="--origin")
    if not netsuite_id.isdecimal():
        raise typer.BadParameter("a NetSuite internal id is a number", param_hint="NETSUITE_ID")
    with installation(context) as parts:
        name = actions.account_called(parts, account)
        made = actions.link(parts, role, stripe_id, netsuite_id, account=name, origin=origin, note=note, actor=ACTOR)
    show.say(f"Link {made.id}: {made.stripe_id} is {made.netsuite_type} {made.netsuite_id}.")


@app.command()
def retire(context: typer.Context, link_id: int, note: str = "") -> None:
    """A link that is not to be used any more; it is kept as history."""
    with installation(context) as parts:
        actions.retire_link(parts, link_id, note, actor=ACTOR)
    show.say(f"Link {link_id} is retired.")
