"""`tieout retries`: what is not finished."""

from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.admin import actions, choices, queries, show
from app.admin.commands.common import ACTOR, Before, Json, Limit, Parts, When, group, installation, utc
from app.admin.models import JobOut
from app.core import jobs
from app.core.jobs import RunFilter
from app.core.runs import REPLAYABLE
from app.core.tables import Job

app = group("What is not finished: retrying by itself, held, or dead.")
State = Annotated[list[str] | None, typer.Option(help=f"{', '.join(REPLAYABLE)}; may be given several times.")]


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    flow: str | None = None,
    state: State = None,
    account: str | None = None,
    subject: str | None = None,
    text: Annotated[str | None, typer.Option(help="Somewhere in the summary or the subject.")] = None,
    since: When = None,
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    if context.invoked_subcommand:
        return
    wanted = RunFilter(flow, tuple(state or ()), account, subject, None, text, utc(since))
    with installation(context) as parts, parts.database.session_scope() as session:
        page = queries.list_retries(session, wanted, queries.Slice(limit, before))
    if json:
        show.as_json(page)
        return
    columns = ("id", "flow", "subject", "state", "tries", "due", "what happened", "what to do")
    rows = [
        (run.id, run.flow, run.subject, run.state, run.tries, run.due_at, run.summary, run.action) for run in page.items
    ]
    show.table(columns, rows)
    show.more(page.next)


@app.command()
def replay(context: typer.Context, run_ids: list[int]) -> None:
    """Make runs due now, with all their tries before them again."""
    with installation(context) as parts:
        for run_id in run_ids:
            actions.replay(parts, run_id, actor=ACTOR)
            show.say(f"Run {run_id} is queued.")


@app.command()
def dismiss(
    context: typer.Context,
    run_id: int,
    reason: Annotated[str, typer.Option(help="Why nothing is to be done; kept with the run.")],
) -> None:
    """Decide that nothing is to be done."""
    if not reason.strip():
        raise typer.BadParameter("say why nothing is to be done", param_hint="--reason")
    with installation(context) as parts:
        actions.dismiss(parts, run_id, reason.strip(), actor=ACTOR)
    show.say(f"Run {run_id} is dismissed.")


@app.command()
def hold(
    context: typer.Context,
    run_id: int,
    reason: Annotated[str, typer.Option(help="Why it is kept back; kept with the run.")],
) -> None:
    """Keep one back that waits for a worker or a retry, until it is replayed."""
    if not reason.strip():
        raise typer.BadParameter("say why it is kept back", param_hint="--reason")
    with installation(context) as parts:
        actions.hold(parts, run_id, reason.strip(), actor=ACTOR)
    show.say(f"Run {run_id} is held back.")


@app.command("choose")
def choose(context: typer.Context, run: int, candidate: str) -> None:
    """One of a held run's candidates is the record meant: kept as a link, and the run is replayed."""
    with installation(context) as parts:
        try:
            made = choices.choose(parts, run, candidate, actor=ACTOR)
        except LookupError as error:
            raise typer.BadParameter(str(error), param_hint="RUN") from None
    show.say(f"{made.stripe_id} is linked to {made.netsuite_type} {made.netsuite_id}; run {run} is due now.")


@app.command("replay-all")
def replay_all(
    context: typer.Context,
    flow: str | None = None,
    state: State = None,
    account: str | None = None,
    error_code: Annotated[str | None, typer.Option(help="For example throttled.")] = None,
    text: str | None = None,
    since: When = None,
    until: When = None,
    reason: str = "",
    dry_run: Annotated[bool, typer.Option(help="Count only.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Replay all that the options find, in batches."""
    wanted = _replayable(RunFilter(flow, tuple(state or ()), account, None, error_code, text, utc(since), utc(until)))
    with installation(context) as parts:
        with parts.database.session_scope() as session:
            number = jobs.count(session, wanted)
        if dry_run:
            show.as_json({"count": number}) if json else show.say(f"{number} run(s) would be replayed.")
            return
        if not yes and not json:
            typer.confirm(f"Replay {number} run(s)?", abort=True)
        job = carried_out(parts, actions.replay_all(parts, wanted, actor=ACTOR, reason=reason))
    show.as_json(job) if json else show.say(job.message)
    raise typer.Exit(0 if job.state == "done" else 1)


def _replayable(wanted: RunFilter) -> RunFilter:
    try:
        return wanted.replayable()
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--state") from None


def carried_out(parts: Parts, job: Job) -> JobOut:
    columns = (TextColumn("Replaying"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=show.console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=job.total)
        jobs.carry_out(parts, job.id, lambda done, total: progress.update(task, completed=done))
    with parts.database.session_scope() as session:
        return JobOut.model_validate(session.get_one(Job, job.id))
