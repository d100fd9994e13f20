"""An object of either system, looked up by its id: what it is linked to, and the records about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin import places
from app.admin.parts import Parts
from app.admin.places import Place
from app.admin.record_facts import MOST, types_of_subject
from app.core.links import Link
from app.core.runs import Run


@dataclass(frozen=True)
class Object:
    """An object of either system: its links, and the runs about it or what it is linked to, newest first."""

    place: Place
    links: tuple[Link, ...] = ()
    runs: tuple[Run, ...] = ()
    linked: tuple[Place, ...] = ()


def of_stripe(parts: Parts, stripe_id: str) -> Object:
    with parts.database.session_scope() as session:
        links = session.scalars(select(Link).where(Link.stripe_id == stripe_id).limit(MOST)).all()
        runs = _runs(session, parts, [stripe_id], {(link.netsuite_type, link.netsuite_id) for link in links})
        known = [*(link.account for link in links), *(run.account for run in runs), *sorted(parts.settings.stripe)]
        account = known[0] if known else ""
        linked = tuple(places.in_netsuite(parts.settings, link.netsuite_type, link.netsuite_id) for link in links)
        return Object(places.in_stripe(parts.settings, account, stripe_id), tuple(links), tuple(runs), linked)


def of_netsuite(parts: Parts, record_type: str, internal_id: str) -> Object:
    named = (Link.netsuite_type == record_type, Link.netsuite_id == internal_id)
    with parts.database.session_scope() as session:
        links = session.scalars(select(Link).where(*named).order_by(Link.id.desc()).limit(MOST)).all()
        runs = _runs(session, parts, [link.stripe_id for link in links], {(record_type, internal_id)})
        linked = tuple(places.in_stripe(parts.settings, link.account, link.stripe_id) for link in links)
        return Object(places.in_netsuite(parts.settings, record_type, internal_id), tuple(links), tuple(runs), linked)


def _runs(
    session: Session, parts: Parts, stripe_ids: Sequence[str], records: Collection[tuple[str, str]]
) -> Sequence[Run]:
    subjects = [*stripe_ids, *(internal_id for _, internal_id in records)]
    found = session.scalars(select(Run).where(Run.subject.in_(subjects)).order_by(Run.id.desc()).limit(MOST))
    return [run for run in found if run.subject in stripe_ids or _is_about(run, parts, records)]


def _is_about(run: Run, parts: Parts, records: Collection[tuple[str, str]]) -> bool:
    flow = parts.catalogue.get(run.flow)
    if flow is None or flow.source != "netsuite":
        return False
    return any(run.subject == internal_id and kind in types_of_subject(flow) for kind, internal_id in records)
