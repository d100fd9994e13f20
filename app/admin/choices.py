"""A person's choice among the candidates of a held run: kept as a link, so that it is never asked for again."""

from app.admin import actions
from app.admin.actions import Impossible
from app.admin.parts import Parts
from app.core.links import Link
from app.core.runs import Run


def choose(parts: Parts, run_id: int, candidate: str, *, actor: str) -> Link:
    """Link the run's own object to this candidate, and replay. Raises LookupError, Impossible."""
    with parts.database.session_scope() as session:
        run = session.get(Run, run_id)
        if run is None:
            raise LookupError(f"There is no run {run_id}.")
        account, subject, flow, state, candidates = run.account, run.subject, run.flow, run.state, list(run.candidates)
    found = next((one for one in candidates if one["id"] == candidate), None)
    if state != "held" or found is None:
        raise Impossible(f"Run {run_id} does not wait for a choice of {candidate!r}; {_offered(candidates)}.")
    if found["type"] != "customer" or "cust" not in parts.catalogue[flow].makes:
        raise Impossible(f"A {found['type']} is not chosen here: {run.action or 'see the run.'}")
    in_netsuite = found["system"] == "netsuite"
    stripe_id, netsuite_id = (subject, candidate) if in_netsuite else (candidate, subject)
    made = actions.link(
        parts,
        "cust",
        stripe_id,
        netsuite_id,
        account=account,
        origin="netsuite",
        note=f"Chosen among {len(candidates)} candidate(s) of run {run_id}.",
        actor=actor,
    )
    actions.replay(parts, run_id, actor=actor)
    return made


def _offered(candidates: list[dict[str, str]]) -> str:
    listed = ", ".join(one["id"] for one in candidates)
    return f"its candidates are {listed}" if listed else "it has no candidates"
