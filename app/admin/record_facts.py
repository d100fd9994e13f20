"""What there is to know of one record: the run, both sides, its matches, and the other records of the same object."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.admin import choices, places, timeline
from app.admin.parts import Parts
from app.admin.places import Place
from app.admin.run_models import TimelineOut
from app.core.flow import AnyFlow, CoreFlow
from app.core.links import ROLES, Link
from app.core.runs import Run

MOST = 20


@dataclass(frozen=True)
class Candidate:
    """`choosable`: choosing it makes a link, and the run goes on."""

    id: str
    system: str
    type: str
    label: str
    why: str
    choosable: bool
    place: Place


@dataclass(frozen=True)
class Facts:
    """`alike`: other runs for the same object, newest first. `considered`: of the last run that had to match it."""

    run: Run
    flow: AnyFlow | None
    stripe: tuple[Place, ...]
    netsuite: tuple[Place, ...]
    links: tuple[Link, ...]
    candidates: tuple[Candidate, ...]
    considered: tuple[Mapping[str, Any], ...]
    considered_by: int | None
    alike: tuple[Run, ...]
    others: tuple[AnyFlow, ...]

    @property
    def other_side(self) -> tuple[Place, ...]:
        """Where what it made is looked at."""
        theirs = self.netsuite if self.flow is None or self.flow.source == "stripe" else self.stripe
        return tuple(place for place in (*theirs, *self.stripe, *self.netsuite) if place.url)[:1]


@dataclass(frozen=True)
class Neighbours:
    """`of`: the query of the list it came from."""

    of: str = ""
    newer: int | None = None
    older: int | None = None


def run_row(session: Session, run_id: int) -> Run:
    """Raises LookupError."""
    run = session.get(Run, run_id)
    if run is None:
        raise LookupError(f"There is no record {run_id}.")
    return run


def facts(session: Session, parts: Parts, run_id: int) -> Facts | None:
    run = session.get(Run, run_id)
    if run is None:
        return None
    flow = parts.catalogue.get(run.flow)
    links = _links(session, run, flow)
    alike = _alike(session, run)
    considered, by = _considered(run, alike)
    return Facts(
        run=run,
        flow=flow,
        stripe=_in_stripe(parts, run, flow, links),
        netsuite=_in_netsuite(parts, run, flow, links),
        links=links,
        candidates=tuple(_candidate(parts, run, one) for one in run.candidates if "verdict" not in one),
        considered=considered,
        considered_by=by,
        alike=alike,
        others=_others(parts, run, flow),
    )


def happened(parts: Parts, run_id: int) -> TimelineOut:
    """Raises LookupError."""
    with parts.database.session_scope() as session:
        found = timeline.timeline(session, run_id, parts.catalogue)
    if found is None:
        raise LookupError(f"There is no record {run_id}.")
    return found


def _links(session: Session, run: Run, flow: AnyFlow | None) -> tuple[Link, ...]:
    """Of its object, and those that it has written."""
    named = [one["external_id"] for one in run.records if one.get("external_id")]
    own = Link.stripe_id == run.subject
    if flow is not None and flow.source == "netsuite":
        own = and_(Link.netsuite_type.in_(types_of_subject(flow)), Link.netsuite_id == run.subject)
    wanted = select(Link).where(Link.account == run.account, or_(own, Link.external_id.in_(named)))
    return tuple(session.scalars(wanted.order_by(Link.id.desc()).limit(MOST)).all())


def _alike(session: Session, run: Run) -> tuple[Run, ...]:
    same = (Run.subject == run.subject, Run.account == run.account, Run.id != run.id)
    return tuple(session.scalars(select(Run).where(*same).order_by(Run.id.desc()).limit(MOST)).all())


def _considered(run: Run, alike: Sequence[Run]) -> tuple[tuple[Mapping[str, Any], ...], int | None]:
    """Once linked, an object is not matched again: then the run that linked it says why."""
    for one in (run, *(other for other in alike if other.id < run.id and other.flow == run.flow)):
        found = tuple(each for each in one.candidates if "verdict" in each)
        if found:
            return found, one.id
    return (), None


def _others(parts: Parts, run: Run, flow: AnyFlow | None) -> tuple[AnyFlow, ...]:
    """The other flows that take this object."""
    if flow is None:
        return ()
    return tuple(
        other
        for other in parts.catalogue.values()
        if other.source == flow.source
        and other.key != flow.key
        and not isinstance(other, CoreFlow)
        and other.takes(run.subject)
    )


def _candidate(parts: Parts, run: Run, one: Mapping[str, Any]) -> Candidate:
    role, _ = choices.link_of(one, run.flow, run.subject, parts)
    where = _place(parts, run.account, str(one["system"]), str(one["type"]), str(one["id"]))
    return Candidate(one["id"], one["system"], one["type"], one["label"], one["why"], bool(role), where)


def _place(parts: Parts, account: str, system: str, record_type: str, name: str) -> Place:
    if system == "stripe":
        return places.in_stripe(parts.settings, account, name)
    return places.in_netsuite(parts.settings, record_type, name)


def _in_stripe(parts: Parts, run: Run, flow: AnyFlow | None, links: Iterable[Link]) -> tuple[Place, ...]:
    own = [run.subject] if flow is None or flow.source == "stripe" else []
    ids = [*own, *(link.stripe_id for link in links if not own)]
    return tuple(places.in_stripe(parts.settings, run.account, one) for one in dict.fromkeys(ids))


def _in_netsuite(parts: Parts, run: Run, flow: AnyFlow | None, links: Sequence[Link]) -> tuple[Place, ...]:
    names = [(one["type"], one["id"]) for one in run.records]
    names += [(link.netsuite_type, link.netsuite_id) for link in links]
    if flow is not None and flow.source == "netsuite" and run.subject not in {name for _, name in names}:
        names.insert(0, (_type_of_subject(flow), run.subject))
    return tuple(places.in_netsuite(parts.settings, *one) for one in dict.fromkeys(names))


def _type_of_subject(flow: AnyFlow) -> str:
    """As its events say it; a flow that listens to several kinds takes any transaction."""
    kinds = {event.partition(".")[0] for event in flow.on}
    if len(kinds) == 1:
        return kinds.pop()
    return "invoice" if not kinds else "transaction"


def types_of_subject(flow: AnyFlow) -> set[str]:
    """Customers and transactions are numbered apart, so a number alone does not say which it is."""
    kind = _type_of_subject(flow)
    return {kind} if kind != "transaction" else set(ROLES.values()) - {"customer"}
