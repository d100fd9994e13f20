"""A person's choice among the candidates of a held run: kept as a link, so that it is never asked for again."""

from collections.abc import Mapping
from typing import Any

from app.admin import actions
from app.admin.actions import Impossible
from app.admin.parts import Parts
from app.core.links import ROLES, Link
from app.core.runs import Run


def choose(parts: Parts, run_id: int, candidate: str, *, actor: str, reason: str = "") -> Link:
    """Link what the run is about to this candidate, and replay. Raises LookupError, Impossible."""
    with parts.database.session_scope() as session:
        run = session.get(Run, run_id)
    if run is None:
        raise LookupError(f"There is no run {run_id}.")
    offered = [one for one in run.candidates if "verdict" not in one]
    found = next((one for one in offered if one["id"] == candidate), None)
    if run.state != "held" or found is None:
        raise Impossible(f"Run {run_id} does not wait for a choice of {candidate!r}; {_offered(offered)}.")
    role, other = link_of(found, run.flow, run.subject, parts)
    if not role:
        raise Impossible(f"A {found['type']} is not chosen here: {run.action or 'see the run.'}")
    stripe_id, netsuite_id = (other, candidate) if found["system"] == "netsuite" else (candidate, other)
    made = actions.link(
        parts,
        role,
        stripe_id,
        netsuite_id,
        account=run.account,
        origin="netsuite",
        note=f"Chosen among {len(offered)} candidate(s) of run {run_id}." + (f" {reason}" if reason else ""),
        actor=actor,
    )
    actions.replay(parts, run_id, actor=actor, reason=reason)
    return made


def link_of(candidate: Mapping[str, Any], flow: str, subject: str, parts: Parts) -> tuple[str, str]:
    """The role of the link that choosing it makes, and the object in the other system; no role: not chosen here."""
    if candidate.get("role") in ROLES and candidate.get("of"):
        return str(candidate["role"]), str(candidate["of"])
    makes_customers = flow in parts.catalogue and "cust" in parts.catalogue[flow].makes
    return ("cust", subject) if candidate["type"] == "customer" and makes_customers else ("", "")


def _offered(candidates: list[dict[str, str]]) -> str:
    listed = ", ".join(one["id"] for one in candidates)
    return f"its candidates are {listed}" if listed else "it has no candidates"
