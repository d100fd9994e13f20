"""The home page: is everything in, and if not, what to do."""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import Response

from app.admin import overview
from app.admin.overview import HourOut
from app.dashboard.access import Viewer
from app.dashboard.pages import page, pages

router = pages()
ICONS = {
    "all_in": "circle-check",
    "working": "loader",
    "waiting": "hand-stop",
    "incomplete": "alert-triangle",
    "differs": "scale",
    "unproven": "help",
    "not_connected": "plug-connected",
}
RECEIVED, FINISHED, MEDIAN, SLOWEST = "#8a97a8", "#2f7fd1", "#2f7fd1", "#d98324"


@router.get("/")
def home(visit: Viewer) -> Response:
    with visit.parts.database.session_scope() as session:
        found = overview.gathered(session, visit.parts)
    titles = {flow.key: flow.title for flow in visit.parts.catalogue.values()}
    started = all(step.done for step in found.steps)
    return page(visit, "home/page.html", found=found, sign=ICONS[found.verdict.state], titles=titles, started=started)


@router.get("/activity")
def activity(visit: Viewer) -> Response:
    """A page of its own, of which Home fetches the charts when it is there."""
    with visit.parts.database.session_scope() as session:
        hours = overview.by_hour(session, visit.parts)
    busy = any(one.received or one.finished for one in hours)
    return page(visit, "home/activity.html", hours=hours, busy=busy, numbers=numbers(hours), latency=latency(hours))


def numbers(hours: Sequence[HourOut]) -> dict[str, Any]:
    series = [
        _bars("Events received", [one.received for one in hours], RECEIVED),
        _bars("Runs finished", [one.finished for one in hours], FINISHED),
    ]
    return {**_axes(hours), "yAxis": {"type": "value", "minInterval": 1}, "series": series}


def latency(hours: Sequence[HourOut]) -> dict[str, Any]:
    series = [
        _line("Half of them within", [one.median for one in hours], MEDIAN),
        _line("95 of 100 within", [one.slowest for one in hours], SLOWEST),
    ]
    return {**_axes(hours), "yAxis": {"type": "value", "axisLabel": {"formatter": "{value} s"}}, "series": series}


def _axes(hours: Sequence[HourOut]) -> dict[str, Any]:
    return {
        "grid": {"left": 8, "right": 8, "top": 34, "bottom": 4, "containLabel": True},
        "legend": {"top": 0, "left": 0, "itemWidth": 14, "itemHeight": 8},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [f"{one.at:%H}:00" for one in hours]},
    }


def _bars(name: str, values: Sequence[int], colour: str) -> dict[str, Any]:
    return {"type": "bar", "name": name, "data": list(values), "itemStyle": {"color": colour}, "barGap": "10%"}


def _line(name: str, values: Sequence[float | None], colour: str) -> dict[str, Any]:
    drawn = {"lineStyle": {"color": colour, "width": 2}, "itemStyle": {"color": colour}, "symbolSize": 5}
    return {"type": "line", "name": name, "data": list(values), "connectNulls": True, **drawn}
