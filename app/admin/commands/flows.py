"""`tieout flows`: the rules that are there, their switches and counters."""

import typer

from app.admin import actions, queries, show
from app.admin.commands.common import Json, group, installation
from app.admin.models import FlowOut

app = group("The flows: which are on, how often they look, and how they are doing.")


@app.callback(invoke_without_command=True)
def listed(context: typer.Context, json: Json = False) -> None:
    if context.invoked_subcommand:
        return
    with installation(context) as parts, parts.database.session_scope() as session:
        found = queries.flows(session, parts.catalogue)
    if json:
        show.as_json(found)
        return
    columns = ("flow", "switch", "every", "open", "held", "dead", "done", "title")
    show.table(columns, [_row(flow) for flow in found])


def _row(flow: FlowOut) -> tuple[object, ...]:
    open_ = sum(flow.counts.get(state, 0) for state in ("queued", "running", "retrying"))
    switch = "paused" if flow.paused else "on" if flow.enabled else "off"
    every = f"{flow.sweep_minutes:g} min" if flow.sweep_minutes else ""
    done = flow.counts.get("succeeded", 0) + flow.counts.get("skipped", 0)
    return flow.key, switch, every, open_, flow.counts.get("held", 0), flow.counts.get("dead", 0), done, flow.title


@app.command("show")
def shown(context: typer.Context, flow: str, json: Json = False) -> None:
    """One flow with its options and what each means."""
    with installation(context) as parts, parts.database.session_scope() as session:
        found = queries.flow(session, actions.flow_called(parts, flow))
    if json:
        show.as_json(found)
        return
    show.facts(found.model_dump(exclude={"options", "options_schema"}).items())
    meanings = found.options_schema.get("properties", {})
    rows = [(name, value, meanings.get(name, {}).get("description", "")) for name, value in found.options.items()]
    show.table(("option", "value", "meaning"), rows)
