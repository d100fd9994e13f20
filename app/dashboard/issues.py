"""Issues: errors with one cause as one row, when they came up, and what is decided about several at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Form, Query
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin import actions, decisions, queries
from app.admin.actions import Impossible
from app.admin.models import HIGHEST
from app.admin.queries import IssueFilter, Slice
from app.core import error_codes, issue_figures
from app.core.flow import Catalogue
from app.core.issue_figures import Heat, Unit
from app.core.tables import User
from app.dashboard.access import Operator, Viewer, Visit
from app.dashboard.formats import with_query
from app.dashboard.pages import Asked, go_to, page, pages

router = pages(prefix="/issues")
LIMIT = 50
GROUPS: dict[str, tuple[str, ...]] = {
    "": ("open", "acknowledged"),
    "snoozed": ("snoozed",),
    "ignored": ("ignored",),
    "resolved": ("resolved",),
    "all": (),
}
CHIPS = (("", "To do"), ("snoozed", "Snoozed"), ("ignored", "Ignored"), ("resolved", "Resolved"), ("all", "All"))
NOBODY = "-"
SNOOZES = (("1", "Until tomorrow"), ("3", "For three days"), ("7", "For a week"), ("30", "For a month"))
DEEDS = {"acknowledge": "acknowledged", "ignore": "ignored", "snooze": "snoozed", "resolve": "resolved", "open": "open"}
"""What a person decides -> the state it makes."""
DONE = {
    "acknowledged": "taken up",
    "ignored": "ignored from now on",
    "snoozed": "put off",
    "resolved": "resolved",
    "open": "open again",
}
Id = Annotated[int, Field(ge=1, le=HIGHEST)]
Words = Annotated[str, Form(max_length=2000)]
Back = Annotated[str, Form(max_length=4000)]


class IssuesAsked(Asked):
    state: str = Field("", max_length=10)
    flow: str = Field("", max_length=100)
    assignee: str = Field("", max_length=255)
    q: str = Field("", max_length=255)
    unit: Unit = "hour"
    before: int | None = Field(None, ge=1, le=HIGHEST)

    def filter(self, states: Sequence[str]) -> IssueFilter:
        assignee = "" if self.assignee == NOBODY else self.assignee or None
        return IssueFilter(tuple(states), self.flow or None, None, assignee, self.q.strip() or None)


@router.get("")
def find(visit: Viewer, asked: Annotated[IssuesAsked, Query()]) -> Response:
    states = GROUPS.get(asked.state, GROUPS[""])
    with visit.parts.database.session_scope() as session:
        found = queries.list_issues(session, asked.filter(states), Slice(LIMIT, asked.before))
        counts = issue_figures.by_state(session, asked.filter(()).conditions())
        heat = issue_figures.heat(session, issue_figures.begin(visit.now, asked.unit), asked.unit)
        who = people(session, visit)
    titles = {flow.key: flow.title for flow in visit.parts.catalogue.values()}
    facts: dict[str, Any] = {
        "asked": asked,
        "found": found,
        "chips": _chips(asked, counts),
        "people": who,
        "titles": titles,
        "codes": {each.id: error_codes.about(each.error_code, None, each.field) for each in found.items},
        "heat": heat,
        "grid": grid(heat, titles, asked.unit, visit.now),
        "snoozes": SNOOZES,
        "titled": titled,
    }
    return page(visit, "issues/list.html", **facts)


def _chips(asked: IssuesAsked, counts: dict[str, int]) -> list[tuple[str, str, bool, int]]:
    """Address, label, whether it is this one, and how many there are under the other filters."""
    kept = {name: getattr(asked, name) for name in ("flow", "assignee", "q")}
    chips = []
    for key, label in CHIPS:
        among = GROUPS[key] or tuple(counts)
        number = sum(counts.get(state, 0) for state in among)
        chips.append((with_query("/issues", state=key, **kept), label, key == asked.state, number))
    return chips


def people(session: Session, visit: Visit) -> list[str]:
    """Who can be given an issue: oneself, users who may act, and who has some already."""
    users = session.scalars(
        select(User.email).where(User.active, User.role.in_(("operator", "admin"))).order_by(User.email).limit(200)
    )
    me = [visit.caller.name] if visit.may("operate") else []
    return list(dict.fromkeys([*me, *users, *issue_figures.assignees(session)]))


# the heat map ------------------------------------------------------------------------------------------------------


def grid(heat: Heat, titles: dict[str, str], unit: Unit, now: datetime) -> dict[str, Any]:
    """`times`: all hours or days; `rows`: (flow, title, errors by time, sum); `option`: the chart."""
    begin = issue_figures.begin(now, unit)
    step, number = (timedelta(hours=1), 24) if unit == "hour" else (timedelta(days=1), 14)
    times = [begin + step * at for at in range(number)]
    found = {(cell.flow, cell.at): cell.errors for cell in heat.cells}
    flows = sorted({cell.flow for cell in heat.cells}, key=lambda key: titles.get(key, key), reverse=True)
    rows = []
    for flow in flows:
        errors = [found.get((flow, at), 0) for at in times]
        rows.append((flow, titles.get(flow, flow), errors, sum(errors)))
    labels = [at.strftime("%H:00" if unit == "hour" else "%d %b") for at in times]
    return {"labels": labels, "rows": rows[::-1], "option": _option(rows, labels), "height": min(len(rows), 12)}


def _option(rows: Sequence[tuple[str, str, list[int], int]], labels: list[str]) -> dict[str, Any]:
    data = [
        {"value": [at, row, errors], "name": f"{title}\n{labels[at]}: {errors} error{'' if errors == 1 else 's'}"}
        for row, (_, title, all_errors, _) in enumerate(rows)
        for at, errors in enumerate(all_errors)
        if errors
    ]
    most = max((each for _, _, errors, _ in rows for each in errors), default=1)
    bands = {"show": True, "areaStyle": {"color": ["rgba(128,138,150,0.10)", "rgba(128,138,150,0.04)"]}}
    plain = {"axisTick": {"show": False}, "axisLine": {"show": False}, "splitArea": bands}
    return {
        "grid": {"left": 4, "right": 8, "top": 4, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "category", "data": labels, **plain},
        "yAxis": {
            "type": "category",
            "data": [title for _, title, _, _ in rows],
            "axisLabel": {"width": 190, "overflow": "truncate"},
            **plain,
        },
        "visualMap": {"show": False, "min": 0, "max": most, "inRange": {"color": ["#f2b8a0", "#d9534a", "#a51d16"]}},
        "tooltip": {"formatter": "{b}"},
        "series": [{"type": "heatmap", "data": data, "itemStyle": {"borderRadius": 3}}],
    }


# several at once ---------------------------------------------------------------------------------------------------


@router.post("/bulk")
def several(
    visit: Operator,
    do: Annotated[str, Form(max_length=20)],
    ids: Annotated[list[Id], Form()] = [],  # noqa: B006
    reason: Words = "",
    days: Annotated[int, Form(ge=1, le=365)] = 1,
    assignee: Annotated[str, Form(max_length=255)] = "",
    back: Back = "/issues",
) -> Response:
    if not ids:
        return go_to(visit, back, "Tick the issues that are meant first.", tone="bad")
    if len(ids) > 200:
        raise Impossible("At most 200 issues at once: narrow the list with its filters.")
    return go_to(visit, back, _done(visit, do, sorted(set(ids)), reason.strip(), days, assignee))


def _done(visit: Visit, do: str, ids: list[int], reason: str, days: int, assignee: str) -> str:
    many = "1 issue is" if len(ids) == 1 else f"{len(ids)} issues are"
    if do == "assign":
        decisions.assign_all(visit.parts, ids, assignee, actor=visit.caller.name)
        return f"{many} {assignee}'s now." if assignee else f"{many} nobody's now."
    if do == "replay":
        jobs = decisions.replay_several(visit.parts, ids, actor=visit.caller.name, reason=reason)
        for job in jobs:
            actions.send_job(visit.parts, job.id)
        return f"{sum(job.total for job in jobs):,} record(s) are replayed, see Jobs."
    if do not in DEEDS:
        raise Impossible("Choose what to do with the issues: acknowledge, snooze, ignore, resolve, assign or replay.")
    until = visit.now + timedelta(days=days) if do == "snooze" else None
    decisions.decide_all(visit.parts, ids, DEEDS[do], actor=visit.caller.name, until=until, reason=reason)
    return f"{many} {DONE[DEEDS[do]]}."


def titled(catalogue: Catalogue, flow: str, title: str) -> str:
    """An issue's title without that of its flow, as a sentence of its own."""
    known = catalogue[flow].title if flow in catalogue else flow
    rest = title.removeprefix(f"{known}: ")
    return rest[:1].upper() + rest[1:]
