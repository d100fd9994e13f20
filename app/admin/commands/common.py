"""What the commands share: opening the installation, options, and paging."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

import typer

from app.admin import carry, doctor, parts
from app.core import jobs

ACTOR = "cli"


class Parts(parts.Parts, carry.Carries, doctor.Parts, jobs.Parts, Protocol):
    """Everything a command may need."""


Opener = Callable[[], AbstractContextManager[Parts]]

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="At most so many.")]
Before = Annotated[int | None, typer.Option(min=1, help="Only those before this id.")]
Account = Annotated[str | None, typer.Option(help="The Stripe account's name; not needed when there is only one.")]
When = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC.")]


def installation(context: typer.Context) -> AbstractContextManager[Parts]:
    """What the root command put there opens it; tests put another."""
    opener: Opener = context.obj
    return opener()


def utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None


def group(words: str) -> typer.Typer:
    return typer.Typer(help=words, rich_markup_mode=None, pretty_exceptions_enable=False)


def pairs(given: list[str]) -> dict[str, Any]:
    """`name=value`, the value read as YAML: `true`, `5`, `[a, b]`, or a text."""
    import yaml

    found = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals:
            raise typer.BadParameter(f"{item!r} is not NAME=VALUE")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            found[name] = value
    return found
