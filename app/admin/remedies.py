"""From an issue to what mends it: the setting that is missing or the candidates to choose from, and setting it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin import actions, decisions, pick
from app.admin.actions import Impossible
from app.admin.choices import link_of
from app.admin.parts import Parts
from app.core import config, error_codes, issues, plan, setting
from app.core.config import Config
from app.core.error_rows import ErrorCode
from app.core.links import ROLES
from app.core.preview import Preview
from app.core.runs import OPEN, Run
from app.core.setting import Setting
from app.core.tables import Issue

LOOKED_AT = 200
CHOICES = 20
_POLICY = re.compile(r"period_policy\.(\w+)")


@dataclass(frozen=True)
class Choice:
    """A held run and the records among which one has to be chosen; `choosable`: by their ids."""

    run: Run
    candidates: tuple[dict[str, Any], ...]
    choosable: frozenset[str]


@dataclass(frozen=True)
class Remedy:
    """What an error code means, and what mends this issue: one of the settings, or choosing, run by run."""

    code: ErrorCode
    settings: tuple[Setting, ...] = ()
    choices: tuple[Choice, ...] = ()


def remedy(session: Session, parts: Parts, issue: Issue) -> Remedy:
    waiting = _waiting(session, issue.id)
    error_class = next((run.error_class for run in waiting), None)
    row = error_codes.about(issue.error_code, error_class, issue.field)
    settings = _settings(config.current(session), parts, issue, row, waiting) if row.fix == "setting" else ()
    return Remedy(row, settings, tuple(_choices(parts, waiting)))


def _waiting(session: Session, issue_id: int) -> Sequence[Run]:
    wanted = (Run.issue_id == issue_id, Run.state.in_(OPEN))
    return session.scalars(select(Run).where(*wanted).order_by(Run.id.desc()).limit(LOOKED_AT)).all()


def _settings(
    chosen: Config, parts: Parts, issue: Issue, row: ErrorCode, waiting: Sequence[Run]
) -> tuple[Setting, ...]:
    paths = dict.fromkeys(_paths(parts, issue, row.setting, waiting))
    found = (setting.described(chosen, path, parts.catalogue) for path in paths)
    return tuple({one.path: one for one in found if one is not None}.values())


def _paths(parts: Parts, issue: Issue, template: str, waiting: Sequence[Run]) -> list[str]:
    if "{account}" in template:
        accounts = sorted({run.account for run in waiting} or parts.settings.stripe)
        return [template.format(account=account) for account in accounts]
    if "{record}" in template:
        return [template.format(record=record) for record in _records(parts, issue.flow, waiting)]
    return [template.format(field=issue.field, flow=issue.flow)]


def _records(parts: Parts, flow: str, waiting: Sequence[Run]) -> list[str]:
    """The record types that the runs name, else those that the flow makes."""
    named = {found[1] for run in waiting if (found := _POLICY.search(run.action or ""))}
    made = parts.catalogue[flow].makes if flow in parts.catalogue else ()
    return sorted(named) or [ROLES[role] for role in made if role != "cust"] or ["*"]


def _choices(parts: Parts, waiting: Sequence[Run]) -> list[Choice]:
    found: list[Choice] = []
    for run in waiting:
        offered = tuple(one for one in run.candidates if "verdict" not in one)
        if run.state == "held" and offered and len(found) < CHOICES:
            can = frozenset(one["id"] for one in offered if link_of(one, run.flow, run.subject, parts)[0])
            found.append(Choice(run, offered, can))
    return found


# mending -----------------------------------------------------------------------------------------------------------


def mend(parts: Parts, issue_id: int, path: str, value: str, *, actor: str, note: str = "") -> int:
    """The version of the configuration in force afterwards. Raises LookupError, Impossible, InvalidConfig."""
    with parts.database.session_scope() as session:
        wanted = _wanted(session, parts, issue_id, path)
    _require_listed(parts, wanted, value)
    words = note or f"Issue {issue_id}: {wanted.path} = {value}"
    with parts.database.session_scope() as session:
        saved = plan.change(
            session,
            lambda chosen: setting.with_setting(chosen, wanted, value, parts.catalogue),
            actor=actor,
            note=words,
            flows=parts.catalogue,
        )
        said = f"Set {wanted.path} to {value} (version {saved.version} of the configuration)."
        issues.note(session, issue_id, actor, said, parts.clock.now())
    return saved.version


def tried(parts: Parts, issue_id: int, path: str, value: str) -> tuple[Run, Preview]:
    """The newest run that waits, previewed with the setting. Raises LookupError, Impossible, InvalidConfig."""
    with parts.database.session_scope() as session:
        wanted = _wanted(session, parts, issue_id, path)
        waiting = _waiting(session, issue_id)
        draft = setting.with_setting(config.current(session), wanted, value, parts.catalogue)
    if not waiting:
        raise Impossible(f"No record of issue {issue_id} waits: there is nothing to try the setting on.")
    run = waiting[0]
    return run, parts.previewer.preview(run.flow, run.account, run.subject, draft=draft)


def _wanted(session: Session, parts: Parts, issue_id: int, path: str) -> Setting:
    issue = issues.locked(session, issue_id)
    offered = remedy(session, parts, issue).settings
    found = next((one for one in offered if one.path == path), None)
    if found is None:
        listed = ", ".join(one.path for one in offered) or "none: do what the issue says, then replay"
        raise Impossible(f"Issue {issue_id} is not mended by {path!r}; its settings are {listed}.")
    return found


def _require_listed(parts: Parts, wanted: Setting, value: str) -> None:
    """A value that NetSuite does not have is refused, as far as NetSuite can be asked."""
    if not value.strip():
        raise Impossible(f"Choose a value for {wanted.path}.")
    known = pick.picks(parts, wanted)
    if known.whole and value not in {one.value for one in known.listed}:
        raise Impossible(f"{value!r} is not one that fits {wanted.path}: choose one of the list.")


def replay(parts: Parts, issue_id: int, *, actor: str, reason: str) -> int:
    """Its runs that wait, as a job which is on its way; the job's id."""
    job = decisions.replay(parts, issue_id, actor=actor, reason=reason)
    actions.send_job(parts, job.id)
    return job.id
