"""`tieout jobs`: bulk actions and how far they have come."""

import typer

from app.admin import queries, show
from app.admin.actions import Impossible
from app.admin.commands.common import ACTOR, Before, Json, Limit, group, installation
from app.core import jobs

app = group("Bulk actions and how far they have come.")


@app.callback(invoke_without_command=True)
def listed(context: typer.Context, limit: Limit = 50, before: Before = None, json: Json = False) -> None:
    if context.invoked_subcommand:
        return
    with installation(context) as parts, parts.database.session_scope() as session:
        page = queries.jobs(session, queries.Slice(limit, before))
    if json:
        show.as_json(page)
        return
    rows = [(job.id, job.kind, job.state, f"{job.done}/{job.total}", job.actor, job.message) for job in page.items]
    show.table(("id", "kind", "state", "done", "by", "message"), rows)
    show.more(page.next)


@app.command()
def abort(context: typer.Context, job_id: int) -> None:
    """Stop a job after the batch it is at."""
    with installation(context) as parts, parts.database.session_scope() as session:
        try:
            found = jobs.abort(session, job_id, actor=ACTOR)
        except ValueError as error:
            raise Impossible(f"{error}.") from None
    show.say(f"Job {job_id}: {'aborted' if found.state == 'aborted' else 'asked to stop'}.")
