"""`tieout jobs`: bulk actions and back-fills, how far they have come, and steering them."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from app.admin import bulk, queries, show
from app.admin.commands.common import ACTOR, Account, Before, Json, Limit, When, group, installation, utc
from app.admin.commands.retries import carried_out
from app.admin.models import JobDetail, JobOut
from app.core import jobs
from app.core.run_filter import FIT, RunFilter

app = group("Bulk actions and how far they have come.")
Reason = Annotated[str, typer.Option(help="Why; kept with the job.")]
DryRun = Annotated[bool, typer.Option(help="Change nothing: say what would come of it.")]


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    state: str | None = None,
    kind: str | None = None,
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    if context.invoked_subcommand:
        return
    with installation(context) as parts, parts.database.session_scope() as session:
        page = queries.jobs(session, queries.Slice(limit, before), state=state, kind=kind)
    if json:
        show.as_json(page)
        return
    rows = [(job.id, job.kind, job.state, f"{job.done}/{job.total}", job.actor, job.message) for job in page.items]
    show.table(("id", "kind", "state", "done", "by", "message"), rows)
    show.more(page.next)


@app.command("show")
def shown(context: typer.Context, job_id: int, json: Json = False) -> None:
    """One job with its progress, and the states its runs are in."""
    with installation(context) as parts, parts.database.session_scope() as session:
        found = queries.job(session, job_id)
    if found is None:
        raise LookupError(f"There is no job {job_id}.")
    show.as_json(found) if json else _told(found)


def _told(job: JobDetail) -> None:
    show.facts(job.model_dump(exclude={"runs", "found", "params"}).items())
    show.facts(job.params.items())
    show.facts([*job.found.items(), *((f"runs {state}", number) for state, number in job.runs.items())])


@app.command()
def start(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(FIT)}.")],
    reason: Reason,
    search: Annotated[str | None, typer.Option(help="An id, a number, an e-mail, a name, an amount.")] = None,
    flow: str | None = None,
    state: Annotated[list[str] | None, typer.Option(help="May be given several times.")] = None,
    account: str | None = None,
    error_code: str | None = None,
    since: When = None,
    until: When = None,
    canary: Annotated[int | None, typer.Option(min=1, max=1000, help="Pause after so many.")] = None,
    dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Do something to all that the options find, here and now."""
    if kind not in FIT:
        raise typer.BadParameter(f"choose one of {', '.join(FIT)}", param_hint="KIND")
    wanted = RunFilter(
        flow=flow,
        states=tuple(state or ()),
        account=account,
        error_code=error_code,
        search=search,
        since=utc(since),
        until=utc(until),
    )
    with installation(context) as parts:
        number = bulk.count(parts, kind, wanted)
        if not (yes or json or dry_run):
            typer.confirm(f"{kind.capitalize()} {number} record(s)?", abort=True)
        job = bulk.start(parts, kind, wanted, actor=ACTOR, reason=reason, dry_run=dry_run, canary=canary, send=False)
        ended = carried_out(parts, job)
    _concluded(ended, json)


@app.command()
def backfill(
    context: typer.Context,
    flow: str,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day, UTC.")],
    reason: Reason,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day, included.")] = None,
    account: Account = None,
    canary: Annotated[bool, typer.Option(help="Pause after the first day that has something.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Bring in what a flow would have seen between two days."""
    last, first = utc(until), utc(since)
    if first is None:
        raise typer.BadParameter("say from which day on", param_hint="--since")
    end = last + timedelta(days=1) if last else None
    with installation(context) as parts:
        job = bulk.back_fill(
            parts, flow, account, first, end, actor=ACTOR, reason=reason, dry_run=dry_run, canary=canary, send=False
        )
        ended = carried_out(parts, job)
    _concluded(ended, json)


def _concluded(job: JobOut, json: bool) -> None:
    show.as_json(job) if json else show.say(f"Job {job.id}: {job.message}")
    raise typer.Exit(0 if job.state in ("done", "paused") else 1)


@app.command()
def pause(context: typer.Context, job_id: int) -> None:
    """Let a job wait after the batch it is at."""
    with installation(context) as parts:
        job = bulk.steer(parts, jobs.pause, job_id, actor=ACTOR)
    show.say(f"Job {job_id}: {'paused' if job.state == 'paused' else 'asked to pause'}.")


@app.command()
def resume(context: typer.Context, job_id: int) -> None:
    """Let a paused job go on, carried out by the workers."""
    with installation(context) as parts:
        bulk.steer(parts, jobs.resume, job_id, actor=ACTOR)
    show.say(f"Job {job_id} goes on.")


@app.command()
def abort(context: typer.Context, job_id: int) -> None:
    """Stop a job after the batch it is at."""
    with installation(context) as parts:
        job = bulk.steer(parts, jobs.abort, job_id, actor=ACTOR)
    show.say(f"Job {job_id}: {'aborted' if job.state == 'aborted' else 'asked to stop'}.")
