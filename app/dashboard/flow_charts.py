"""The chart of what a flow did lately."""

from typing import Any

from app.admin.flow_facts import Series, Span

GROUPS = (
    ("Done", ("succeeded",), "#2f9e62"),
    ("Skipped, nothing to do", ("skipped", "dismissed"), "#93a1b0"),
    ("On the way", ("queued", "running", "retrying"), "#4a8fdc"),
    ("Needs a person", ("held", "dead"), "#d97a1f"),
)
"""What is told apart: label, states, colour (of enough contrast in light and in dark)."""


def activity_chart(series: Series, span: Span) -> dict[str, Any]:
    """An ECharts option, with its numbers as `rows` for the table beside it."""
    labels = [at.strftime("%H:00" if span == "24h" else "%d %b") for at in series.times]
    numbers = {label: _group(series, states) for label, states, _ in GROUPS}
    bars = [
        {"type": "bar", "stack": "runs", "name": label, "data": numbers[label], "color": colour, "barMaxWidth": 28}
        for label, _, colour in GROUPS
        if any(numbers[label])
    ]
    option = {
        "grid": {"left": 8, "right": 8, "top": 32, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "legend": {"type": "scroll", "top": 0, "left": 0, "itemWidth": 12, "itemHeight": 12},
        "xAxis": {"type": "category", "data": labels, "axisTick": {"show": False}},
        "yAxis": {"type": "value", "minInterval": 1, "splitLine": {"lineStyle": {"opacity": 0.25}}},
        "series": bars,
    }
    rows = [(at, *each) for at, *each in zip(labels, *numbers.values(), strict=True) if any(each)]
    return {"option": option, "rows": rows, "heads": list(numbers)}


def _group(series: Series, states: tuple[str, ...]) -> list[int]:
    return [sum(each) for each in zip(*(series.states[state] for state in states), strict=True)]
