"""Changing the options of one flow: checked, compared on the last records, saved as a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.admin.actions import Impossible, configure_flow
from app.admin.parts import Parts
from app.core import config as configuration
from app.core import plan
from app.core.config import Config, FlowConfig
from app.core.flow import AnyFlow, Options
from app.core.plan import Difference, InvalidConfig, Stale

SAMPLE = 20
"""So many of the last records are previewed under both sets of options."""


@dataclass(frozen=True)
class Draft:
    """`before`: what is in force; `after`: the same with the new options. `options`: those that are no defaults."""

    before: Config
    after: Config
    options: dict[str, Any]


def draft(parts: Parts, flow: AnyFlow, options: Mapping[str, Any]) -> Draft:
    """Raises InvalidConfig with problems by their path in the options."""
    with parts.database.session_scope() as session:
        now = configuration.current(session)
    try:
        plan.checked(configuration.document(plan.with_flow(now, flow.key, options=dict(options))), parts.catalogue)
    except InvalidConfig as error:
        prefix = f"flows.{flow.key}.options."
        raise InvalidConfig({path.removeprefix(prefix): words for path, words in error.problems.items()}) from None
    kept = flow.options.model_validate(options).model_dump(mode="json", exclude_defaults=True)
    return Draft(now, plan.with_flow(now, flow.key, options=kept), kept)


def save(parts: Parts, flow: AnyFlow, options: Mapping[str, Any], *, actor: str, note: str, based_on: int) -> int:
    """The version in force afterwards. Raises InvalidConfig; Stale when someone changed these options meanwhile."""
    wanted = draft(parts, flow, options)
    with parts.database.session_scope() as session:
        base = plan.version(session, based_on)
    if _options_of(base, flow) != _options_of(wanted.before, flow):
        raise Stale(f"the options of {flow.key} were changed by version {wanted.before.version} meanwhile")
    return configure_flow(
        parts, flow, actor=actor, note=note, based_on=wanted.before.version, options=dict(wanted.options)
    )


def _options_of(chosen: Config, flow: AnyFlow) -> dict[str, Any]:
    return chosen.flows.get(flow.key, FlowConfig()).options


def subjects(parts: Parts, wanted: Draft, sample: int = SAMPLE) -> list[tuple[str, str]]:
    """(account, id) of the last records that the options are about."""
    found = plan.subjects(parts.database, wanted.before, wanted.after, sample)
    return [(account, subject) for _, account, subject in found]


def compare(parts: Parts, flow: AnyFlow, wanted: Draft, account: str, subject: str) -> Difference | None:
    """None where the record would come out the same. Asks both systems and writes nothing."""
    return plan.difference(parts.previewer, wanted.before, wanted.after, (flow.key, account, subject))


def differing(before: Options, after: Options) -> dict[str, tuple[Any, Any]]:
    """Option -> what it was and what it is to be, defaults included."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: (old[name], new[name]) for name in new if old[name] != new[name]}


def schedule(parts: Parts, flow: AnyFlow, minutes: int | None, *, actor: str, note: str) -> int:
    """How often it looks by itself; None: the flow's own interval. The version in force afterwards."""
    if flow.every is None:
        raise Impossible(f"{flow.key} has no sweep: it is triggered by events and ids only.")
    words = note or (f"{flow.key}: every {minutes} minutes" if minutes else f"{flow.key}: its own interval")
    return configure_flow(parts, flow, actor=actor, note=words, every_minutes=minutes)
