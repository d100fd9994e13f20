"""`tieout config`: what finance chose, as versions; plan a change before applying it."""

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from app.admin import actions, checks, queries, show
from app.admin.commands.common import ACTOR, Before, Json, Limit, Parts, group, installation, pairs
from app.admin.models import ChangeOut, PresetOut
from app.core import config as configuration
from app.core import plan, presets
from app.core.config import Config
from app.core.plan import Change, Difference

app = group("What finance chose: show it, compare versions, plan and apply a change.")
File = Annotated[Path | None, typer.Argument(help="YAML; - for standard input. May be left out with --preset.")]
Preset = Annotated[str | None, typer.Option(help="Under the file; without one, over what is in force.")]
Offline = Annotated[bool, typer.Option("--offline", help="Do not ask NetSuite whether the rules' fields exist.")]
Note = Annotated[str, typer.Option(help="Why; kept with the version.")]


@app.command("show")
def shown(context: typer.Context, json: Json = False) -> None:
    """The whole configuration in force, defaults included."""
    with installation(context) as parts, parts.database.session_scope() as session:
        chosen = configuration.current(session)
    document = chosen.model_dump(mode="json", exclude={"version"})
    if json:
        show.as_json({"version": chosen.version, "document": document})
        return
    show.table(("setting", "value"), sorted(plan.flat(chosen).items()), title=f"Version {chosen.version}")


@app.command()
def versions(context: typer.Context, limit: Limit = 50, before: Before = None, json: Json = False) -> None:
    """The versions, newest first."""
    with installation(context) as parts, parts.database.session_scope() as session:
        page = queries.versions(session, queries.Slice(limit, before))
    if json:
        show.as_json(page)
        return
    show.table(
        ("version", "at", "by", "note"), [(each.id, each.created_at, each.author, each.note) for each in page.items]
    )
    show.more(page.next)


@app.command()
def diff(context: typer.Context, before: int, after: int, json: Json = False) -> None:
    """What differs between two versions; 0 is the built-in default."""
    with installation(context) as parts, parts.database.session_scope() as session:
        found = plan.diff(plan.version(session, before), plan.version(session, after))
    show.as_json([ChangeOut.model_validate(each) for each in found]) if json else _changes(found)


@app.command()
def export(
    context: typer.Context, output: Annotated[Path | None, typer.Option("--output", "-o", dir_okay=False)] = None
) -> None:
    """The configuration in force as YAML: only what differs from the defaults."""
    with installation(context) as parts, parts.database.session_scope() as session:
        written = plan.export(configuration.current(session))
    if output is None:
        print(written, end="")
    else:
        output.write_text(written)


@app.command("plan")
def make_plan(
    context: typer.Context,
    file: File = None,
    preset: Preset = None,
    offline: Offline = False,
    sample: Annotated[int, typer.Option(min=0, max=1000, help="How many of the last records are compared.")] = 20,
    json: Json = False,
) -> None:
    """What a file would change, and which of the last records would come out differently. Nothing is written."""
    with installation(context) as parts:
        with parts.database.session_scope() as session:
            now = configuration.current(session)
        wanted = _wanted(parts, now, file, preset)
        unchecked = checks.fields_exist(parts, wanted, offline=offline)
        changes = plan.diff(now, wanted)
        with show.console(stderr=True).status("Previewing the last records under both configurations"):
            looked_at, found = plan.differences(parts.database, parts.previewer, now, wanted, sample=sample)
    if json:
        lists = {"changes": [asdict(each) for each in changes], "differences": [asdict(each) for each in found]}
        show.as_json({"based_on": now.version, "looked_at": looked_at, **lists, "unchecked": unchecked})
        return
    _complain(unchecked)
    _changes(changes)
    show.say(f"{len(found)} of the last {looked_at} record(s) would come out differently.")
    for each in found:
        _difference(each)


@app.command("apply")
def applied(
    context: typer.Context,
    note: Note,
    file: File = None,
    preset: Preset = None,
    offline: Offline = False,
    based_on: Annotated[int | None, typer.Option(help="Refuse when another version is in force.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Put a file in force, as a new version."""
    with installation(context) as parts:
        with parts.database.session_scope() as session:
            now = configuration.current(session)
        wanted = _wanted(parts, now, file, preset)
        _complain(checks.fields_exist(parts, wanted, offline=offline))
        changes = plan.diff(now, wanted)
        _changes(changes)
        if changes and not yes:
            typer.confirm("Put this in force?", abort=True)
        with parts.database.session_scope() as session:
            saved = plan.change(
                session,
                lambda _: wanted,
                actor=ACTOR,
                note=note,
                flows=parts.catalogue,
                based_on=now.version if based_on is None else based_on,
            )
    show.say(f"Version {saved.version} is in force.")


@app.command("presets")
def list_presets(json: Json = False) -> None:
    """Settings for what an earlier integration left behind."""
    if json:
        show.as_json([PresetOut.model_validate(preset) for preset in presets.PRESETS.values()])
        return
    for preset in presets.PRESETS.values():
        show.table(("setting", "value"), plan.leaves(preset.settings), title=f"{preset.name}: {preset.title}")
        show.say(f"Known: {preset.known}\nNot known: {preset.guesses}\n")


@app.command("rollback")
def rolled_back(
    context: typer.Context,
    version: int,
    note: Note = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Put an earlier version in force again, as a new one; 0 is the built-in default."""
    with installation(context) as parts:
        with parts.database.session_scope() as session:
            changes = plan.diff(configuration.current(session), _earlier(session, version))
        _changes(changes)
        if changes and not yes:
            typer.confirm("Put this in force?", abort=True)
        with parts.database.session_scope() as session:
            saved = plan.roll_back(session, version, actor=ACTOR, note=note, flows=parts.catalogue)
    show.say(f"Version {saved.version} is in force.")


def _earlier(session: Session, version: int) -> Config:
    try:
        return plan.version(session, version)
    except LookupError as error:
        raise typer.BadParameter(str(error), param_hint="VERSION") from None


def _wanted(parts: Parts, now: Config, file: Path | None, preset: str | None) -> Config:
    if file is not None:
        return plan.parse(_read(file), parts.catalogue, preset=preset)
    if preset is None:
        raise typer.BadParameter("say which file, or which preset with --preset", param_hint="FILE")
    return plan.with_preset(now, preset, parts.catalogue)


def _complain(unchecked: str | None) -> None:
    if unchecked:
        show.console(stderr=True).print(unchecked)


@app.command("set-flow")
def set_flow(
    context: typer.Context,
    flow: str,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it.")] = None,
    pause: Annotated[bool | None, typer.Option("--pause/--resume", help="Hold its work back, or go on.")] = None,
    every: Annotated[int | None, typer.Option(min=1, help="Minutes between sweeps.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE; may be given several times.")] = None,
    note: Note = "",
) -> None:
    """Switch, pause or set options of one flow."""
    values: dict[str, Any] = {"enabled": on, "paused": pause, "every_minutes": every}
    given = {name: value for name, value in values.items() if value is not None}
    with installation(context) as parts:
        found = actions.flow_called(parts, flow)
        if option:
            with parts.database.session_scope() as session:
                kept = configuration.current(session).flows.get(flow, configuration.FlowConfig()).options
            given["options"] = {**kept, **pairs(option)}
        if not given:
            raise typer.BadParameter("say what to set: --on, --off, --pause, --resume, --every or --option")
        version = actions.configure_flow(parts, found, actor=ACTOR, note=note, **given)
    show.say(f"Version {version} is in force.")


def _read(file: Path) -> str:
    try:
        return typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text()
    except (OSError, UnicodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}", param_hint="FILE") from None


def _changes(found: list[Change]) -> None:
    if not found:
        show.say("Nothing differs.")
        return
    show.table(("setting", "before", "after"), [(each.path, _value(each.before), _value(each.after)) for each in found])


def _value(value: object) -> str:
    return "-" if value is None else str(value)


def _difference(each: Difference) -> None:
    title = f"{each.flow} {each.subject}"
    keys = sorted(each.before.keys() | each.after.keys())
    rows = [(key, _pretty(each.before.get(key)), _pretty(each.after.get(key))) for key in keys]
    show.table(("", "now", "then"), [row for row in rows if row[1] != row[2]], title=title)


def _pretty(value: object) -> str:
    return value if isinstance(value, str) else json_module.dumps(value, indent=1, ensure_ascii=False)
