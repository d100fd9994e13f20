"""`tieout users`: who may sign in to the dashboard."""

from typing import Annotated

import typer

from app.admin import accounts, show
from app.admin.commands.common import ACTOR, Json, Parts, group, installation
from app.admin.models import Invited
from app.core import users

app = group("Who may sign in to the dashboard.")
Email = Annotated[str, typer.Argument(help="The user's e-mail address.")]
Role = Annotated[str, typer.Option(help=f"One of {', '.join(users.ROLES)}; each may do what those before it may.")]


@app.command("list")
def listed(context: typer.Context, json: Json = False) -> None:
    """The users, their roles, and when each signed in last."""
    with installation(context) as parts:
        found = accounts.list_users(parts)
    if json:
        show.as_json(found)
        return
    rows = [(each.id, each.email, each.role, "yes" if each.active else "no", each.signed_in_at) for each in found]
    show.table(("id", "e-mail", "role", "active", "signed in"), rows)


@app.command()
def invite(context: typer.Context, email: Email, role: Role = "viewer", json: Json = False) -> None:
    """Make a user, and print the link that sets the password: once, within seven days."""
    _require(role)
    with installation(context) as parts:
        _tell(accounts.invite(parts, email, role, actor=ACTOR), json)


@app.command()
def link(context: typer.Context, email: Email, json: Json = False) -> None:
    """Print a new link that sets a password, for who forgot theirs."""
    with installation(context) as parts:
        _tell(accounts.relink(parts, _called(parts, email), actor=ACTOR), json)


@app.command()
def first(context: typer.Context) -> None:
    """Print the link that makes the first administrator; it works for a day, once, while there is none."""
    with installation(context) as parts:
        url = accounts.first_link(parts)
    if url is None:
        show.complain("There is an administrator already, who can invite others; so can `tieout users invite`.")
        raise typer.Exit(1)
    print(url)


@app.command()
def role(context: typer.Context, email: Email, role: Annotated[str, typer.Argument(help="The new role.")]) -> None:
    """Change what a user may do; it holds at once."""
    _require(role)
    with installation(context) as parts:
        user = accounts.change_user(parts, _called(parts, email), actor=ACTOR, role=role)
    show.say(f"{user.email} is {user.role} now.")


@app.command()
def off(context: typer.Context, email: Email) -> None:
    """The user is signed out everywhere and cannot sign in any more."""
    with installation(context) as parts:
        user = accounts.change_user(parts, _called(parts, email), actor=ACTOR, active=False)
    show.say(f"{user.email} is switched off.")


@app.command()
def on(context: typer.Context, email: Email) -> None:
    """The user may sign in again."""
    with installation(context) as parts:
        user = accounts.change_user(parts, _called(parts, email), actor=ACTOR, active=True)
    show.say(f"{user.email} may sign in again, as {user.role}.")


def _called(parts: Parts, email: str) -> int:
    with parts.database.session_scope() as session:
        found = users.called(session, email)
    if found is None:
        raise LookupError(f"There is no user {email}; `tieout users list` shows them.")
    return found.id


def _require(role: str) -> None:
    if role not in users.ROLES:
        raise typer.BadParameter(f"choose one of {', '.join(users.ROLES)}")


def _tell(made: Invited, json: bool) -> None:
    show.as_json(made) if json else print(made.link)
