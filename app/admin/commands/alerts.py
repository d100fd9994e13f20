"""`tieout alerts`: what people were told, and whether it reached them."""

from typing import Annotated

import typer

from app.admin import decisions, queries, show
from app.admin.commands.common import ACTOR, Before, Json, Limit, group, installation
from app.admin.models import AlertOut, Page

app = group("What people were told, and whether it reached them.")


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    kind: str | None = None,
    state: Annotated[str | None, typer.Option(help="queued, sent or failed.")] = None,
    receiver: Annotated[str | None, typer.Option(help="email, slack or webhook.")] = None,
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    if context.invoked_subcommand:
        return
    with installation(context) as parts, parts.database.session_scope() as session:
        page = queries.alerts(session, queries.Slice(limit, before), kind=kind, state=state, receiver=receiver)
    show.as_json(page) if json else _table(page.items)
    show.more(page.next)


@app.command("test")
def try_out(
    context: typer.Context,
    receiver: Annotated[str | None, typer.Argument(help="email, slack or webhook; none: all.")] = None,
    json: Json = False,
) -> None:
    """Send a test alert now, as any alert is sent, and say what came back."""
    with installation(context) as parts:
        sent = decisions.send_test(parts, receiver, actor=ACTOR)
    show.as_json(Page(items=sent, next=None)) if json else _table(sent)
    raise typer.Exit(0 if all(each.state == "sent" for each in sent) else 1)


def _table(rows: list[AlertOut]) -> None:
    columns = ("id", "kind", "receiver", "state", "tries", "made", "message", "title")
    show.table(
        columns,
        [
            (
                row.id,
                row.kind,
                row.receiver,
                row.state,
                row.tries,
                row.created_at,
                row.last_error or row.answer,
                row.title,
            )
            for row in rows
        ],
    )
