"""`tieout tokens`: who may use the admin API."""

from datetime import timedelta
from typing import Annotated

import typer

from app.admin import show
from app.admin.actions import Impossible
from app.admin.commands.common import ACTOR, Json, group, installation
from app.admin.models import TokenOut
from app.core import tokens

app = group("Who may use the admin API.")


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Who or what will use it; shown in the audit log.")],
    scope: Annotated[str, typer.Option(help=f"One of {', '.join(tokens.SCOPES)}; each includes those before it.")],
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long it is good for; none: for ever.")] = None,
    json: Json = False,
) -> None:
    """Make a token. It is shown once and cannot be shown again."""
    if scope not in tokens.SCOPES:
        raise typer.BadParameter(f"choose one of {', '.join(tokens.SCOPES)}", param_hint="--scope")
    with installation(context) as parts, parts.database.session_scope() as session:
        expires_at = parts.clock.now() + timedelta(days=days) if days else None
        try:
            row, token = tokens.create(session, name, scope, actor=ACTOR, expires_at=expires_at)
        except ValueError as error:
            raise Impossible(f"{error}.") from None
        session.refresh(row)
        told = TokenOut.model_validate(row)
    show.as_json({**told.model_dump(mode="json"), "token": token}) if json else print(token)


@app.command("list")
def listed(context: typer.Context, json: Json = False) -> None:
    """The tokens, without their secrets."""
    with installation(context) as parts, parts.database.session_scope() as session:
        found = [TokenOut.model_validate(row) for row in tokens.listed(session)]
    if json:
        show.as_json(found)
        return
    rows = [
        (
            each.id,
            each.name,
            ", ".join(each.scopes),
            each.created_at,
            each.expires_at,
            each.revoked_at,
            each.last_used_at,
        )
        for each in found
    ]
    show.table(("id", "name", "scope", "made", "expires", "revoked", "last used"), rows)


@app.command()
def revoke(context: typer.Context, token_id: int) -> None:
    """From now on the token is refused."""
    with installation(context) as parts, parts.database.session_scope() as session:
        row = tokens.revoke(session, token_id, actor=ACTOR, now=parts.clock.now())
    show.say(f"Token {token_id} ({row.name}) is revoked.")
