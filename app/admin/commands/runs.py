"""`tieout runs`: one flow's work for one source object."""

from collections.abc import Iterator
from typing import Annotated

import typer

from app.admin import queries, records, show
from app.admin.commands.common import Before, Json, Limit, When, group, installation, utc
from app.admin.models import AttemptOut, Page, RunDetail, RunOut
from app.core.jobs import RunFilter

app = group("What was done for which object, and how it went.")


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    flow: str | None = None,
    state: Annotated[list[str] | None, typer.Option(help="May be given several times.")] = None,
    account: str | None = None,
    subject: Annotated[str | None, typer.Option(help="The source object's id.")] = None,
    text: Annotated[str | None, typer.Option(help="Somewhere in the summary or the subject.")] = None,
    since: When = None,
    search: Annotated[str | None, typer.Option(help="An id, a number, an e-mail, a name, an amount.")] = None,
    payload: Annotated[str, typer.Option(help="Somewhere in what was sent or came back.")] = "",
    limit: Limit = 50,
    before: Before = None,
    json: Json = False,
) -> None:
    if context.invoked_subcommand:
        return
    wanted = RunFilter(flow, tuple(state or ()), account, subject, None, text, utc(since), search=search)
    with installation(context) as parts, parts.database.session_scope() as session:
        found = records.find(session, wanted, queries.Slice(limit, before), payload=payload)
        rows = [RunOut.model_validate(row) for row in found.rows]
        page = Page[RunOut](items=rows, next=found.next)
    show.as_json(page) if json else table(page.items)
    show.more(page.next)


def table(rows: list[RunOut]) -> None:
    show.table(
        ("id", "flow", "subject", "state", "tries", "changed", "summary"),
        [(run.id, run.flow, run.subject, run.state, run.tries, run.updated_at, run.summary) for run in rows],
    )


@app.command("show")
def shown(context: typer.Context, run_id: int, json: Json = False) -> None:
    """One run with every attempt and what was said to the other systems."""
    with installation(context) as parts, parts.database.session_scope() as session:
        found = queries.run(session, run_id)
        if found is None:
            raise LookupError(f"There is no run {run_id}.")
    show.as_json(found) if json else _told(found)


def _told(run: RunDetail) -> None:
    show.facts(run.model_dump(exclude={"attempts", "candidates", "considered", "notes"}).items())
    for note in run.notes:
        show.say(f"- {note}")
    if run.candidates:
        columns = ("system", "type", "id", "label", "why")
        show.table(columns, [[each.get(name) for name in columns] for each in run.candidates], title="Candidates")
    if run.considered:
        weighed = ("verdict", "type", "id", "label", "why", "rule")
        show.table(weighed, [[each.get(name) for name in weighed] for each in run.considered], title="Why it matched")
    for attempt in run.attempts:
        words = f"Attempt {attempt.number}, {show.cell(attempt.started_at)}: {attempt.outcome or 'cut off'}"
        show.table(("system", "call", "status", "ms"), _exchanges(attempt), title=f"{words}. {attempt.summary}")


def _exchanges(attempt: AttemptOut) -> Iterator[tuple[object, ...]]:
    for each in attempt.exchanges:
        call = f"{each.get('method')} {each.get('path')}"
        yield each.get("system"), call, each.get("status") or each.get("error"), each.get("milliseconds")
