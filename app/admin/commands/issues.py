"""`tieout issues`: errors with one cause, taken up, put off or replayed as one."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from app.admin import decisions, queries, show
from app.admin.commands.common import ACTOR, Before, Json, Limit, Parts, group, installation, utc
from app.admin.commands.retries import carried_out
from app.admin.commands.runs import table
from app.admin.models import IssueDetail
from app.core.issues import STATES

app = group("Errors with one cause: who has them, since when, and how many records wait.")
IssueId = Annotated[int, typer.Argument(help="As `tieout issues` lists it.")]


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    state: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(STATES)}; several times if need be. Else all but resolved."),
    ] = None,
    flow: str | None = None,
    error_code: Annotated[str | None, typer.Option(help="For example unmapped.")] = None,
    assignee: str | None = None,
    text: Annotated[str | None, typer.Option(help="Somewhere in the title.")] = None,
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    if context.invoked_subcommand:
        return
    states = tuple(state) if state else tuple(each for each in STATES if each != "resolved")
    wanted = queries.IssueFilter(states, flow, error_code, assignee, text)
    with installation(context) as parts, parts.database.session_scope() as session:
        page = queries.list_issues(session, wanted, queries.Slice(limit, before))
    if json:
        show.as_json(page)
        return
    columns = ("id", "state", "open", "since", "last seen", "who", "title")
    rows = [
        (each.id, each.state, each.open_runs, each.opened_at, each.last_seen, each.assignee, each.title)
        for each in page.items
    ]
    show.table(columns, rows)
    show.more(page.next)


@app.command("show")
def shown(context: typer.Context, issue_id: IssueId, json: Json = False) -> None:
    """One issue with its notes and its runs."""
    with installation(context) as parts, parts.database.session_scope() as session:
        found = queries.issue(session, issue_id)
        if found is None:
            raise LookupError(f"There is no issue {issue_id}.")
    show.as_json(found) if json else _told(found)


def _told(issue: IssueDetail) -> None:
    show.facts(issue.model_dump(exclude={"notes", "runs"}).items())
    show.table(("at", "who", "note"), [(each.at, each.author, each.text) for each in issue.notes])
    table(issue.runs)


@app.command()
def ack(context: typer.Context, issue_id: IssueId) -> None:
    """Somebody is at it: no more alerts that it came up."""
    _decided(context, issue_id, "acknowledged")


@app.command()
def ignore(context: typer.Context, issue_id: IssueId) -> None:
    """It is known and of no concern, now and when it comes back."""
    _decided(context, issue_id, "ignored")


@app.command()
def resolve(context: typer.Context, issue_id: IssueId) -> None:
    """It is over; when it comes back it is opened again."""
    _decided(context, issue_id, "resolved")


@app.command("open")
def opened(context: typer.Context, issue_id: IssueId) -> None:
    """It is not over, ignored or put off after all."""
    _decided(context, issue_id, "open")


@app.command()
def snooze(
    context: typer.Context,
    issue_id: IssueId,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC.")] = None,
    hours: Annotated[int | None, typer.Option(min=1, help="Instead of --until.")] = None,
) -> None:
    """Put it off: it is opened again then."""
    if (until is None) == (hours is None):
        raise typer.BadParameter("say either --until or --hours", param_hint="--until")
    with installation(context) as parts:
        end = utc(until) if until else parts.clock.now() + timedelta(hours=hours or 0)
        decisions.decide(parts, issue_id, "snoozed", actor=ACTOR, until=end)
    show.say(f"Issue {issue_id} is snoozed.")


@app.command()
def assign(
    context: typer.Context,
    issue_id: IssueId,
    who: Annotated[str, typer.Argument(help="Empty: nobody.")],
) -> None:
    """Who takes care of it."""
    with installation(context) as parts:
        decisions.assign(parts, issue_id, who.strip(), actor=ACTOR)
    show.say(f"Issue {issue_id} is assigned to {who.strip() or 'nobody'}.")


@app.command()
def note(context: typer.Context, issue_id: IssueId, text: str) -> None:
    """Add a note; notes are never changed."""
    if not text.strip():
        raise typer.BadParameter("the note is empty", param_hint="TEXT")
    with installation(context) as parts:
        decisions.note(parts, issue_id, text.strip(), actor=ACTOR)
    show.say(f"Noted with issue {issue_id}.")


@app.command()
def replay(
    context: typer.Context,
    issue_id: IssueId,
    reason: str = "",
    dry_run: Annotated[bool, typer.Option(help="Count only.")] = False,
    json: Json = False,
) -> None:
    """Replay all its runs, in batches."""
    with installation(context) as parts:
        if dry_run:
            _counted(parts, issue_id, json)
            return
        job = carried_out(parts, decisions.replay(parts, issue_id, actor=ACTOR, reason=reason))
    show.as_json(job) if json else show.say(job.message)
    raise typer.Exit(0 if job.state == "done" else 1)


def _counted(parts: Parts, issue_id: int, json: bool) -> None:
    number = decisions.replayable(parts, issue_id)
    show.as_json({"count": number}) if json else show.say(f"{number} run(s) would be replayed.")


def _decided(context: typer.Context, issue_id: int, state: str) -> None:
    with installation(context) as parts:
        decisions.decide(parts, issue_id, state, actor=ACTOR)
    show.say(f"Issue {issue_id} is {state}.")
