"""How the command line prints: tables for people, JSON for programs, complaints on standard error."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

COLORS = {
    "succeeded": "green",
    "done": "green",
    "dispatched": "green",
    "ok": "green",
    "on": "green",
    "held": "yellow",
    "retrying": "yellow",
    "warn": "yellow",
    "paused": "yellow",
    "dead": "red",
    "fail": "red",
    "failed": "red",
    "unknown": "red",
    "skipped": "dim",
    "dismissed": "dim",
    "ignored": "dim",
    "off": "dim",
}

WORDS = frozenset(
    (
        *("title", "summary", "reason", "what happened", "what to do", "what was found", "note", "details"),
        *("meaning", "value", "before", "after", "now", "then", "message"),
    )
)
"""Columns that may be broken over several lines; ids may not, so that they can be copied."""
PIPED_WIDTH = 200


def console(*, stderr: bool = False) -> Console:
    """Made when needed: tests and pipes replace the standard streams."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else PIPED_WIDTH)


def as_json(value: BaseModel | Sequence[BaseModel] | dict[str, Any]) -> None:
    print(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        made.add_column(column, no_wrap=column not in WORDS, overflow="fold")
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    console().print(made)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Name and value, one a line; what is empty is left out."""
    made = Table.grid(padding=(0, 2))
    for name, value in pairs:
        if value not in (None, "", [], {}):
            made.add_row(f"[dim]{name}[/dim]", cell(value))
    console().print(made)


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, dict | list):
        return escape(json.dumps(value, ensure_ascii=False, default=str))
    words = escape(str(value))
    color = COLORS.get(words)
    return f"[{color}]{words}[/{color}]" if color else words


def say(words: str) -> None:
    console().print(escape(words))


def complain(words: str) -> None:
    console(stderr=True).print(f"[red]Error:[/red] {escape(words)}")


def more(following: int | None) -> None:
    if following is not None:
        console(stderr=True).print(f"[dim]There is more: add --before {following}[/dim]")
