"""Records: find any of them, keep a search as a view, and act on all that it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import Form, Query
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.admin import actions, bulk, records
from app.admin.actions import Impossible
from app.admin.models import HIGHEST, ViewQuery
from app.admin.queries import Slice
from app.core import run_counts, views
from app.core.run_filter import FIT, RunFilter
from app.core.runs import REPLAYABLE, STATES, Run
from app.core.tables import SavedView
from app.dashboard.access import Operator, Viewer, Visit
from app.dashboard.formats import with_query
from app.dashboard.pages import Asked, go_to, page, pages

router = pages(prefix="/records")
LIMIT = 50
SHOWN_BEFOREHAND = 8
TRY_FIRST = 5
WITHIN = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
GROUPS = {"attention": ("held", "dead"), "moving": ("queued", "running")}
"""Words for several states at once."""
BASIC = (
    ("All", ()),
    ("Needs a person", ("attention",)),
    ("Trying again", ("retrying",)),
    ("On the way", ("moving",)),
    ("Done", ("succeeded",)),
    ("Skipped", ("skipped",)),
)
Counts = Mapping[str, Mapping[str, int]]
"""Flow -> state -> how many."""
RunId = Annotated[int, Form(ge=1, le=HIGHEST)]


class RecordsAsked(Asked):
    """The address of the page; all that a saved view keeps, and where in the list one is."""

    q: str = Field("", max_length=255)
    flow: str = Field("", max_length=100)
    account: str = Field("", max_length=100)
    state: list[str] = Field(default_factory=list, max_length=8)
    error_code: str = Field("", max_length=100)
    cause: list[str] = Field(default_factory=list, max_length=5)
    currency: str = Field("", max_length=3)
    within: str = Field("", max_length=3)
    since: date | None = None
    until: date | None = None
    payload: str = Field("", max_length=255)
    issue: int | None = Field(None, ge=1, le=HIGHEST)
    job: int | None = Field(None, ge=1, le=HIGHEST)
    ids: list[Annotated[int, Field(ge=1, le=HIGHEST)]] = Field(default_factory=list, max_length=1000)
    before: int | None = Field(None, ge=1, le=HIGHEST)
    kind: str = Field("", max_length=10)

    def filter(self, now: datetime) -> RunFilter:
        ago = WITHIN.get(self.within)
        return RunFilter(
            flow=self.flow or None,
            states=self.states(),
            account=self.account or None,
            error_code=self.error_code or None,
            since=now - ago if ago else _start(self.since),
            until=_start(self.until + timedelta(days=1)) if self.until else None,
            issue=self.issue,
            causes=tuple(self.cause),
            currency=self.currency or None,
            search=self.q.strip() or None,
            job=self.job,
            ids=tuple(self.ids),
        )

    def states(self) -> tuple[str, ...]:
        named = [state for one in self.state for state in GROUPS.get(one, (one,))]
        return tuple(dict.fromkeys(state for state in named if state in STATES))

    def pairs(self) -> list[tuple[str, str]]:
        """As the address says it, without where in the list one is."""
        given = self.model_dump(mode="json", exclude={"before", "kind", "ids"}, exclude_defaults=True)
        return [(name, str(one)) for name, value in given.items() for one in _several(value)]


@dataclass(frozen=True)
class Chip:
    """A search that is one click away."""

    label: str
    href: str
    current: bool
    count: int | None = None
    shared: bool = False
    view: int | None = None


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, UTC) if day else None


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


# the list ----------------------------------------------------------------------------------------------------------


@router.get("")
def find(visit: Viewer, asked: Annotated[RecordsAsked, Query()]) -> Response:
    wanted = asked.filter(visit.now)
    with visit.parts.database.session_scope() as session:
        found = records.find(session, wanted, Slice(LIMIT, asked.before), payload=asked.payload.strip())
        counts = run_counts.by_flow(session)
        chips = _chips(session, visit, asked, counts)
        number = _number(session, found, asked, wanted, counts, visit.now)
    accounts = sorted(visit.parts.settings.stripe)
    titles = {flow.key: flow.title for flow in visit.parts.catalogue.values()}
    facts: dict[str, Any] = {
        "asked": asked,
        "found": found,
        "number": number,
        "chips": chips,
        "titles": titles,
        "accounts": accounts,
    }
    narrowed = any(name not in ("q", "state") for name, _ in asked.pairs())
    return page(visit, "records/list.html", states=STATES, replayable=REPLAYABLE, narrowed=narrowed, **facts)


def _number(
    session: Session,
    found: records.Found,
    asked: RecordsAsked,
    wanted: RunFilter,
    counts: Counts,
    now: datetime,
) -> records.Number | None:
    """A list that ends on its first page is counted already, and so is one by flow and state alone."""
    if asked.before is None and found.next is None:
        return records.Number(len(found.rows))
    if wanted == RunFilter(flow=wanted.flow, states=wanted.states) and not asked.payload:
        return records.Number(_sum(counts, wanted.flow, wanted.states or STATES))
    return None if asked.payload else records.number(session, wanted, now)


def _sum(counts: Counts, flow: str | None, states: Sequence[str]) -> int:
    flows = [counts.get(flow, {})] if flow else counts.values()
    return max(sum(by_state.get(state, 0) for by_state in flows for state in states), 0)


def _chips(session: Session, visit: Visit, asked: RecordsAsked, counts: Counts) -> list[Chip]:
    now = asked.pairs()
    return [_basic(label, states, now, counts) for label, states in BASIC] + [
        _saved(row, visit, now) for row in views.seen_by(session, visit.caller.name)
    ]


def _basic(label: str, states: tuple[str, ...], now: list[tuple[str, str]], counts: Counts) -> Chip:
    pairs = [("state", state) for state in states]
    among = [state for name in states for state in GROUPS.get(name, (name,))] or STATES
    return Chip(label, _address(pairs), now == pairs, _sum(counts, None, among))


def _saved(row: SavedView, visit: Visit, now: list[tuple[str, str]]) -> Chip:
    pairs = RecordsAsked.model_validate(row.wanted).pairs()
    mine = row.owner == visit.caller.name or (row.shared and visit.may("admin"))
    return Chip(row.name, _address(pairs), now == pairs, None, row.shared, row.id if mine else None)


def _address(pairs: Sequence[tuple[str, str]]) -> str:
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    return with_query("/records", **several)


# views -------------------------------------------------------------------------------------------------------------


@router.post("/views")
def save_view(
    visit: Viewer,
    name: Annotated[str, Form(max_length=80)] = "",
    shared: Annotated[str, Form()] = "",
    back: Annotated[str, Form(max_length=4000)] = "/records",
) -> Response:
    """Of oneself anybody may save one; for everybody, who may act."""
    if not name.strip():
        return go_to(visit, back, "Give the view a name.", tone="bad")
    if shared and not visit.may("operate"):
        return go_to(visit, back, "A view for everybody needs the role operator: save it for yourself.", tone="bad")
    asked = RecordsAsked.model_validate(_query_of(back))
    kept = {key: value for key, value in asked.model_dump(mode="json", exclude_defaults=True).items() if key in _KEPT}
    with visit.parts.database.session_scope() as session:
        views.save(session, visit.caller.name, name.strip(), kept, shared=bool(shared))
    return go_to(visit, _address(asked.pairs()), f"The view “{name.strip()}” is saved.")


@router.post("/views/{view_id}/forget")
def forget_view(visit: Viewer, view_id: int) -> Response:
    with visit.parts.database.session_scope() as session:
        row = views.forget(session, view_id, visit.caller.name, any_owner=visit.may("admin"))
    return go_to(visit, "/records", f"The view “{row.name}” is forgotten.")


_KEPT = frozenset(ViewQuery.model_fields)


def _query_of(address: str) -> dict[str, Any]:
    given = parse_qs(urlsplit(address).query)
    return {
        name: values if name in ("state", "cause") else values[0] for name, values in given.items() if name in _KEPT
    }


# deeds -------------------------------------------------------------------------------------------------------------


@router.post("/replay")
def replay(visit: Operator, run: RunId, back: Annotated[str, Form(max_length=4000)] = "/records") -> Response:
    actions.replay(visit.parts, run, actor=visit.caller.name)
    return go_to(visit, back, f"Record {run} is queued: it is tried again now.")


@router.get("/bulk")
def ask(visit: Operator, asked: Annotated[RecordsAsked, Query()]) -> Response:
    """What a bulk action would be about, before it is one."""
    return _ask(visit, asked)


@router.post("/bulk")
def start(
    visit: Operator,
    asked: Annotated[RecordsAsked, Query()],
    reason: Annotated[str, Form(max_length=2000)] = "",
    canary: Annotated[str, Form(max_length=5)] = "",
    dry_run: Annotated[str, Form()] = "",
) -> Response:
    if not reason.strip():
        return _ask(visit, asked, wrong="Say why: the reason is kept with the job.", status=422)
    first = int(canary) if canary.isdigit() and 0 < int(canary) <= 1000 else None
    job = bulk.start(
        visit.parts,
        _kind(asked),
        _meant(visit, asked),
        actor=visit.caller.name,
        reason=reason.strip(),
        dry_run=bool(dry_run),
        canary=first,
    )
    return go_to(visit, f"/jobs/{job.id}", f"Job {job.id} has begun: {job.total:,} record(s).")


def _kind(asked: RecordsAsked) -> str:
    if asked.kind not in FIT:
        raise Impossible("Choose what to do: replay, run again, hold or dismiss.")
    return asked.kind


def _meant(visit: Visit, asked: RecordsAsked) -> RunFilter:
    """The chosen rows, or all that the filter finds."""
    if asked.ids:
        return RunFilter(ids=tuple(asked.ids))
    if asked.payload:
        raise Impossible(
            "Text in payloads is looked for page by page: choose the records in the list, or narrow by ids."
        )
    return asked.filter(visit.now)


def _ask(visit: Visit, asked: RecordsAsked, *, wrong: str = "", status: int = 200) -> Response:
    kind, meant = _kind(asked), _meant(visit, asked)
    count, rows = bulk.number(visit.parts, kind, meant), _first(visit, meant, kind)
    facts: dict[str, Any] = {
        "kind": kind,
        "asked": asked,
        "count": count,
        "rows": rows,
        "fit": FIT[kind],
        "wrong": wrong,
    }
    titles = {flow.key: flow.title for flow in visit.parts.catalogue.values()}
    back = _address(asked.pairs())
    return page(visit, "records/bulk.html", status=status, back=back, titles=titles, first=TRY_FIRST, **facts)


def _first(visit: Visit, meant: RunFilter, kind: str) -> Sequence[Run]:
    with visit.parts.database.session_scope() as session:
        return records.find(session, meant.fit_for(kind), Slice(SHOWN_BEFOREHAND)).rows
