"""The `tieout` command. Exit codes: 0 done, 1 failed, 2 wrong usage."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.exc import OperationalError

from app.admin import actions, doctor, show
from app.admin.carry import BookingBroker, carry
from app.admin.commands import (
    alerts,
    audit,
    completeness,
    config,
    events,
    flows,
    issues,
    jobs,
    links,
    payouts,
    retries,
    runs,
    stripe,
    tokens,
    users,
)
from app.admin.commands.common import ACTOR, Account, Json, Parts, installation
from app.admin.commands.doctor import printed
from app.admin.models import PreviewOut, RunOut
from app.core.flow import AnyFlow, WrongId
from app.core.plan import InvalidConfig, Stale
from app.errors import TieoutError
from app.receiver.health import NotReady, standard_probes
from app.settings import Settings, settings

app = typer.Typer(
    name="tieout",
    help="Keeps Stripe and NetSuite in step, both ways, and proves that they agree to the cent.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
GROUPS = {
    "flows": flows.app,
    "events": events.app,
    "runs": runs.app,
    "retries": retries.app,
    "issues": issues.app,
    "alerts": alerts.app,
    "links": links.app,
    "config": config.app,
    "jobs": jobs.app,
    "payouts": payouts.app,
    "tokens": tokens.app,
    "users": users.app,
    "stripe": stripe.app,
}
for name, commands in GROUPS.items():
    app.add_typer(commands, name=name)
app.command()(audit.audit)
app.command("tie-out")(payouts.tie_out)
app.command()(completeness.completeness)
sandbox = typer.Typer(help="A Stripe and a NetSuite to play against.", rich_markup_mode=None)
app.add_typer(sandbox, name="sandbox")


def main() -> None:
    app()


@app.callback()
def root(context: typer.Context) -> None:
    context.obj = context.obj or opened


# opening the installation ----------------------------------------------------------------------------------------


@contextmanager
def opened() -> Iterator[Parts]:
    """The installation that the settings describe; whatever goes wrong is told in a sentence, with exit code 1."""
    with complaining():
        chosen = settings()
        with _database_url(chosen) as url:
            _require_schema(chosen, url)
            yield _built(chosen, url)


@contextmanager
def complaining() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        words = _sentence(error)
        if words is None:
            raise
        show.complain(words)
        raise typer.Exit(1) from None


def _sentence(error: Exception) -> str | None:
    """What a person can use of it; None for what is a mistake of ours."""
    match error:
        case ValidationError():
            names = ("__".join(map(str, each["loc"])).upper() + ": " + each["msg"] for each in error.errors())
            return "The settings are not valid. " + "; ".join(names)
        case OperationalError() | psycopg.OperationalError():
            return "The database does not answer: start it, or correct DATABASE_URL. `tieout doctor` tells more."
        case TieoutError():
            return error.sentence
        case InvalidConfig() | Stale() | actions.Impossible() | NotReady():
            return str(error)
        case OSError():
            return str(error)
    return str(error) if type(error) in (LookupError, ValueError) else None


@contextmanager
def _database_url(chosen: Settings) -> Iterator[str]:
    from app.embedded import database_url
    from app.logs import configure_logging

    configure_logging(chosen.model_copy(update={"log_level": "WARNING"}))
    with database_url(chosen) as url:
        yield url


def _require_schema(chosen: Settings, url: str) -> None:
    from workers.wiring import SystemClock, prepare

    if chosen.embedded_database:
        prepare(chosen, url)
        return

    window = timedelta(seconds=chosen.signature_window)
    standard_probes(url, chosen.broker_url, SystemClock(), window)["migrations"]()


def _built(chosen: Settings, url: str) -> Parts:
    from workers.broker import CeleryBroker
    from workers.wiring import build

    broker = BookingBroker(url) if chosen.in_memory_broker else CeleryBroker()
    return build(chosen, url, broker)


# the server, the demo, the sandbox -------------------------------------------------------------------------------


@app.command()
def up(
    only: Annotated[str | None, typer.Option(help="One part alone: receiver, dashboard, web, worker, beat.")] = None,
) -> None:
    """Run Tieout until it is interrupted; without BROKER_URL all in this one process."""
    with complaining():
        from app.up import PARTS
        from app.up import up as run_up

        if only is not None and only not in PARTS:
            raise typer.BadParameter(f"choose one of {', '.join(PARTS)}", param_hint="--only")
        run_up(settings(), only)


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="Play the month, compare, and end.")] = False,
    json: Json = False,
    port: Annotated[int | None, typer.Option(help="Of the dashboard; 8000, or a free one when it is taken.")] = None,
    broker: Annotated[str, typer.Option(help="Redis, as redis://…: separate processes, as in production.")] = "",
    database: Annotated[str, typer.Option(help="An empty PostgreSQL database, instead of an embedded one.")] = "",
) -> None:
    """A month of business between a sandbox Stripe and a sandbox NetSuite, and the proof that both agree."""
    with complaining():
        from app.demo import main as play

        code = play(once, json, port=port, broker_url=broker, database_url=database)
    raise typer.Exit(code)


Port = Annotated[int, typer.Option(min=0, max=65535)]


@sandbox.callback(invoke_without_command=True)
def serve_sandbox(
    context: typer.Context,
    stripe_port: Port = 4242,
    netsuite_port: Port = 4343,
    deliver_to: Annotated[str, typer.Option(help="The Tieout that gets their events.")] = "http://127.0.0.1:8000",
) -> None:
    if context.invoked_subcommand:
        return
    with complaining():
        from sandbox.serve import run_forever

        run_forever(stripe_port, netsuite_port, deliver_to)


@sandbox.command("env")
def sandbox_env(stripe_port: Port = 4242, netsuite_port: Port = 4343, json: Json = False) -> None:
    """The lines of .env that connect a Tieout to the sandbox."""
    with complaining():
        from app.demo.stage import write_choices
        from sandbox.serve import env_lines

        lines = env_lines(stripe_port=stripe_port, netsuite_port=netsuite_port)
        lines["INITIAL_CONFIG"] = str(write_choices(Path(lines["NETSUITE__PRIVATE_KEY_FILE"]).parent))
    show.as_json(lines) if json else print("\n".join(f"{name}={value}" for name, value in lines.items()))


# work ------------------------------------------------------------------------------------------------------------

SUBJECT = r"[A-Za-z0-9_-]{1,200}"


def _subjects(ids: list[str]) -> list[str]:
    for each in ids:
        if not re.fullmatch(SUBJECT, each):
            raise typer.BadParameter(f"{each!r} is no id of Stripe's or NetSuite's", param_hint="ID")
    return ids


def _flow(parts: Parts, key: str, subjects: list[str]) -> AnyFlow:
    """The flow called so, which takes these ids."""
    try:
        found = actions.flow_called(parts, key)
        found.require(subjects)
        return found
    except LookupError as error:
        raise typer.BadParameter(str(error), param_hint="FLOW") from None
    except WrongId as error:
        raise typer.BadParameter(str(error), param_hint="ID") from None


@app.command()
def run(context: typer.Context, flow: str, ids: list[str], account: Account = None, json: Json = False) -> None:
    """Carry a flow out for these ids here and now, with what they depend on."""
    subjects = _subjects(ids)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with installation(context) as parts:
        found = _flow(parts, flow, subjects)
        name = actions.account_for(parts, found, account)
        with Progress(*columns, console=show.console(stderr=True), transient=True) as progress:
            task = progress.add_task(flow, total=len(set(subjects)))
            ended = carry(parts, found, name, subjects, actor=ACTOR, tell=lambda _: progress.advance(task))
    if json:
        show.as_json(ended)
    else:
        show.table(("id", "run", "outcome", "what happened", "what to do"), [_ended(each) for each in ended])
    raise typer.Exit(0 if all(each.state in ("succeeded", "skipped") for each in ended) else 1)


def _ended(run: RunOut) -> tuple[object, ...]:
    return run.subject, run.id, run.state, run.summary, run.action


@app.command()
def preview(context: typer.Context, flow: str, id: str, account: Account = None, json: Json = False) -> None:
    """What a run would do now; nothing is written."""
    subject = _subjects([id])[0]
    with installation(context) as parts:
        found = _flow(parts, flow, [subject])
        told = actions.preview(parts, found, actions.account_for(parts, found, account), subject)
    show.as_json(told) if json else _previewed(told)
    raise typer.Exit(0 if told.outcome in ("succeeded", "skipped") else 1)


def _previewed(told: PreviewOut) -> None:
    show.say(f"{told.outcome}: {told.summary} {told.action or ''}")
    for note in told.notes:
        show.say(f"- {note}")
    for each in told.written:
        show.table(("field", "value"), each.body.items(), title=f"{each.system} {each.operation} {each.target}")


@app.command("doctor")
def examine(context: typer.Context, json: Json = False) -> None:
    """Is everything there that a working installation needs, and if not, what to do."""
    with _examined(context) as parts:
        found = doctor.examine(parts)
    if json:
        show.as_json(found)
    else:
        printed(found)
    raise typer.Exit(1 if any(each.state == "fail" for each in found) else 0)


@contextmanager
def _examined(context: typer.Context) -> Iterator[Parts]:
    """Also with tables that are missing or out of date: that is a finding."""
    if context.obj is not opened:
        with installation(context) as parts:
            yield parts
        return
    with complaining():
        chosen = settings()
        with _database_url(chosen) as url:
            yield _built(chosen, url)


if __name__ == "__main__":
    main()
