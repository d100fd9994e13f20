"""Changing the configuration with open eyes: what a draft changes, and which records it would make otherwise."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml
from pydantic import ValidationError
from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from app.core import audit, config, presets
from app.core.config import Books, Config, FlowConfig
from app.core.flow import AnyFlow
from app.core.preview import Preview
from app.core.runs import Run
from app.core.tables import ConfigVersion
from app.db import Database

LONGEST = 1_000_000
DEEPEST = 40
REPEATS = 20
"""A record may have had several runs: so many times the sample is looked through for different ones."""
_CONFIG_LOCK = 7133002


class InvalidConfig(ValueError):
    """`problems`: path of the setting -> what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {words}" if path else words for path, words in problems.items()))
        self.problems = dict(problems)


class Stale(Exception):
    """Somebody saved a version since the one that the change is based on."""


@dataclass(frozen=True)
class Change:
    """One setting, by its dotted path, before and after; None where it is not set."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """A record that the draft would make otherwise: the outcome, and the writes as they would be sent."""

    flow: str
    account: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


class Previews(Protocol):
    def preview(
        self, flow_key: str, account: str, subject: str, *, draft: Config | None = None, anew: bool = False
    ) -> Preview: ...


# reading and writing -------------------------------------------------------------------------------------------


def parse(source: str, flows: Mapping[str, AnyFlow], *, preset: str | None = None) -> Config:
    """The configuration that a YAML text spells. Raises InvalidConfig with every problem found.

    `preset`: one that lies under what the text says, as its own key `preset` would.
    """
    if len(source) > LONGEST:
        raise InvalidConfig({"": f"the text is longer than {LONGEST} characters"})
    loaded = _loaded(source)
    if preset is not None and isinstance(loaded, dict):
        loaded = {**loaded, "preset": preset}
    return checked(loaded, flows)


def checked(document: object, flows: Mapping[str, AnyFlow]) -> Config:
    """Raises InvalidConfig: the whole document and every flow's options must be what their models allow."""
    if not isinstance(document, dict):
        raise InvalidConfig({"": "a configuration is a mapping of settings, such as `books:` and `flows:`"})
    _require_storable(document)
    try:
        document = presets.expanded(document)
    except presets.UnknownPreset as error:
        raise InvalidConfig({"preset": str(error)}) from None
    try:
        found = Config.model_validate({key: value for key, value in document.items() if key != "version"})
    except ValidationError as error:
        raise InvalidConfig(_problems(error)) from None
    problems: dict[str, str] = {}
    for key in found.flows:
        problems |= _option_problems(found, key, flows)
    if problems:
        raise InvalidConfig(problems)
    return found


def with_preset(chosen: Config, name: str, flows: Mapping[str, AnyFlow]) -> Config:
    """The configuration with the settings of a preset in place of its own. Raises InvalidConfig."""
    if name not in presets.PRESETS:
        raise InvalidConfig({"preset": f"there is no preset {name!r}; there are {', '.join(presets.PRESETS)}"})
    return checked(presets.laid_over(config.document(chosen), presets.PRESETS[name].settings), flows)


def export(chosen: Config) -> str:
    """As YAML: only what differs from the defaults, so that `parse` gives the same configuration back."""
    return yaml.safe_dump(config.document(chosen), sort_keys=True, allow_unicode=True)


def version(session: Session, number: int) -> Config:
    """Raises LookupError. Version 0 is the built-in default."""
    if number == 0:
        return Config()
    row = session.get(ConfigVersion, number)
    if row is None:
        raise LookupError(f"there is no configuration version {number}")
    try:
        return Config.model_validate({**row.document, "version": row.id})
    except ValidationError as error:  # kept under rules that have changed since
        raise InvalidConfig(_problems(error)) from None


def begin_with(session: Session, file: Path, flows: Mapping[str, AnyFlow]) -> Config | None:
    """Put the YAML file in force if there is no version yet; None when there is. Raises InvalidConfig, OSError."""
    if config.current(session).version:
        return None
    first = parse(file.read_text(), flows)
    note = f"The first configuration, from {file.name}"
    return change(session, lambda _: first, actor="settings", note=note, flows=flows, based_on=0)


def change(
    session: Session,
    make: Callable[[Config], Config],
    *,
    actor: str,
    note: str,
    flows: Mapping[str, AnyFlow],
    based_on: int | None = None,
) -> Config:
    """Append the version that `make` turns the one in force into; two changes at once do not lose one another.

    Raises InvalidConfig; Stale when `based_on` is given and is not in force any more. Without a difference nothing is
    appended.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CONFIG_LOCK})
    now = config.current(session)
    if based_on is not None and based_on != now.version:
        raise Stale(f"version {now.version} is in force, the change was made to version {based_on}")
    draft = checked(config.document(make(now)), flows)
    changes = diff(now, draft)
    if not changes:
        return now
    saved = config.save(session, draft, author=actor, note=note)
    audit.note(
        session,
        actor,
        "config.changed",
        f"config:{saved.version}",
        note=note,
        changes=[asdict(each) for each in changes],
    )
    return saved


def roll_back(session: Session, number: int, *, actor: str, note: str, flows: Mapping[str, AnyFlow]) -> Config:
    """Put an earlier version in force again, as a new one. Raises LookupError, and InvalidConfig."""
    earlier = version(session, number)
    return change(session, lambda _: earlier, actor=actor, note=note or f"Back to version {number}", flows=flows)


def with_flow(chosen: Config, key: str, **values: Any) -> Config:
    """The configuration with some settings of one flow replaced."""
    changed = chosen.flows.get(key, FlowConfig()).model_copy(update=values)
    return chosen.model_copy(update={"flows": {**chosen.flows, key: changed}})


def _loaded(source: str) -> object:
    """Plain YAML only: anchors could make a small text very large."""
    try:
        _require_plain(source)
        loaded: object = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, InvalidConfig):
            raise
        raise InvalidConfig({"": f"this is not YAML: {_where(error)}"}) from None
    return {} if loaded is None else loaded


def _require_plain(source: str) -> None:
    """Told from the text's events alone, before anything is built of it."""
    depth = 0
    for event in yaml.parse(source):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidConfig({"": "write the values out: anchors and aliases (& and *) are not taken"})
        opened, closed = isinstance(event, yaml.CollectionStartEvent), isinstance(event, yaml.CollectionEndEvent)
        depth += opened - closed
        if depth > DEEPEST:
            raise InvalidConfig({"": f"this is nested more than {DEEPEST} deep, which no configuration is"})


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    words = getattr(error, "problem", None) or "it cannot be read"
    return f"{words} in line {mark.line + 1}, column {mark.column + 1}" if mark else str(words)


def _require_storable(document: Mapping[object, object]) -> None:
    """PostgreSQL's JSON takes neither the NUL character nor half of a surrogate pair."""
    try:
        written = json.dumps(document, default=str, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise InvalidConfig({"": "names of settings are texts, and texts are Unicode"}) from None
    if b"\\u0000" in written:
        raise InvalidConfig({"": "a text contains the NUL character, which cannot be stored"})


def _problems(error: ValidationError, prefix: str = "") -> dict[str, str]:
    return {
        ".".join(filter(None, (prefix, *map(str, each["loc"])))): _hint(each["type"], each["msg"], each["input"])
        for each in error.errors(include_url=False)
    }


def _hint(kind: str, words: str, given: object) -> str:
    if kind == "string_type" and isinstance(given, int):
        return f'{words}: put ids in quotes ("{given}")'
    if kind == "extra_forbidden":
        return "there is no such setting"
    return words


def _option_problems(chosen: Config, key: str, flows: Mapping[str, AnyFlow]) -> dict[str, str]:
    if key not in flows:
        return {f"flows.{key}": "there is no such flow; `tieout flows` lists them"}
    try:
        options = chosen.options_for(flows[key])
    except ValidationError as error:
        return _problems(error, f"flows.{key}.options")
    return {f"flows.{key}.options.{name}": words for name, words in options.problems(flows).items()}


# comparing -----------------------------------------------------------------------------------------------------


def diff(before: Config, after: Config) -> list[Change]:
    """Every setting that differs, defaults included, by path."""
    old, new = flat(_spelled_out(before, after)), flat(_spelled_out(after, before))
    return [
        Change(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]


def _spelled_out(chosen: Config, other: Config) -> Config:
    """With the defaults of the flows and books that only the other one names: those are no differences."""
    flows = {key: chosen.flows.get(key, FlowConfig()) for key in (*chosen.flows, *other.flows)}
    books = {name: chosen.books.get(name, Books()) for name in (*chosen.books, *other.books)}
    return chosen.model_copy(update={"flows": flows, "books": books})


def flat(chosen: Config) -> dict[str, Any]:
    """Dotted path of each setting -> its value."""
    return dict(leaves(chosen.model_dump(mode="json", exclude={"version"})))


def leaves(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Dotted path and value of each; the entries of a list by their number."""
    return _leaves(dict(settings), "")


def _leaves(value: object, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{number}")
    else:
        yield path, value


def differences(
    database: Database, previews: Previews, before: Config, after: Config, *, sample: int
) -> tuple[int, list[Difference]]:
    """Preview the last `sample` records under both configurations: how many were looked at, and which differ."""
    looked_at = subjects(database, before, after, sample)
    found = [difference(previews, before, after, subject) for subject in looked_at]
    return len(looked_at), [each for each in found if each is not None]


def subjects(database: Database, before: Config, after: Config, sample: int) -> list[tuple[str, str, str]]:
    """(flow, account, id) of the last records that the change is about."""
    return _last_that_wrote(database, _touched_flows(diff(before, after)), sample)


def difference(previews: Previews, before: Config, after: Config, record: tuple[str, str, str]) -> Difference | None:
    """One record, previewed under both configurations; None where it would come out the same."""
    found = _difference(previews, before, after, *record)
    return found if found.before != found.after else None


def _touched_flows(changes: Sequence[Change]) -> list[str] | None:
    """The flows that the changes are about, None for any."""
    parts = [change.path.split(".") for change in changes]
    return sorted({part[1] for part in parts}) if all(part[0] == "flows" for part in parts) else None


def _last_that_wrote(database: Database, flows: list[str] | None, sample: int) -> list[tuple[str, str, str]]:
    subject = (Run.flow, Run.account, Run.subject)
    # one that wrote may have ended as an echo of its own write
    made_something = or_(Run.state == "succeeded", func.jsonb_array_length(Run.records) > 0)
    wanted = [made_something] + ([] if flows is None else [Run.flow.in_(flows)])
    newest = select(*subject, Run.id).where(*wanted).order_by(Run.id.desc()).limit(sample * REPEATS)
    with database.session_scope() as session:
        found = [(row.flow, row.account, row.subject) for row in session.execute(newest)]
    return list(dict.fromkeys(found))[:sample]


def _difference(previews: Previews, before: Config, after: Config, flow: str, account: str, subject: str) -> Difference:
    now, then = (_shown(previews.preview(flow, account, subject, draft=draft, anew=True)) for draft in (before, after))
    return Difference(flow, account, subject, now, then)


def _shown(preview: Preview) -> dict[str, Any]:
    written = [json.loads(json.dumps(each.plainly(), default=str)) for each in preview.written]
    return {"outcome": preview.outcome.state, "summary": preview.outcome.summary, "written": written}
