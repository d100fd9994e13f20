"""Flows: which are on, how often they look, what they did lately."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Form, Path
from fastapi import Query as QueryParams
from fastapi.responses import Response
from pydantic import Field

from app.admin import actions, flow_facts, queries
from app.admin.flow_facts import Series, Span
from app.admin.queries import IssueFilter, Slice
from app.core import config as configuration
from app.core.flow import AnyFlow, CoreFlow
from app.dashboard.access import Viewer, Visit
from app.dashboard.flow_charts import activity_chart
from app.dashboard.help import manual
from app.dashboard.pages import Asked, page, pages

router = pages(prefix="/flows")
Key = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,100}$")]
Words = Annotated[str, Form(max_length=2000)]
Name = Annotated[str, Form(max_length=100)]
DONE = ("succeeded", "skipped")
ON_THE_WAY = ("queued", "running", "retrying")
NEEDS_A_PERSON = ("held", "dead")
SHOWN_RUNS = 10
SHOWN_ISSUES = 5
SHOW = {"on": "On", "off": "Off", "paused": "Paused", "attention": "Needs a person"}


class Query(Asked):
    span: Span = "24h"
    show: str = Field("", pattern=rf"^({'|'.join(SHOW)})?$")


class SpanQuery(Asked):
    span: Span = "24h"


@dataclass(frozen=True)
class Stand:
    """A flow and how it stands."""

    flow: AnyFlow
    enabled: bool
    paused: bool
    every: timedelta | None
    counts: dict[str, int]
    series: Series

    def count(self, *states: str) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def on_the_way(self) -> int:
        return self.count(*ON_THE_WAY)

    @property
    def needs_a_person(self) -> int:
        return self.count(*NEEDS_A_PERSON)

    @property
    def done(self) -> int:
        return self.series.sum(*DONE)

    @property
    def has_runs(self) -> bool:
        return not isinstance(self.flow, CoreFlow)

    def is_shown(self, show: str) -> bool:
        fits = {
            "on": self.enabled and not self.paused,
            "off": not self.enabled,
            "paused": self.paused,
            "attention": self.needs_a_person > 0 and self.has_runs,
        }
        return fits.get(show, True)


# looking -----------------------------------------------------------------------------------------------------------


@router.get("")
def listed(visit: Viewer, asked: Annotated[Query, QueryParams()]) -> Response:
    with visit.parts.database.session_scope() as session:
        chosen = configuration.current(session)
        counts = flow_facts.counts(session)
        lately = flow_facts.activity(session, visit.now, asked.span)
        looked = flow_facts.last_looks(session)
    none = flow_facts.nothing(visit.now, asked.span)
    stands = [
        _stand(flow, chosen, counts.get(flow.key, {}), lately.get(flow.key, none))
        for flow in visit.parts.catalogue.values()
    ]
    chips = [("", "All", len(stands))] + [
        (key, words, sum(each.is_shown(key) for each in stands)) for key, words in SHOW.items()
    ]
    shown = [each for each in stands if each.is_shown(asked.show)]
    return page(visit, "flows/list.html", asked=asked, stands=shown, chips=chips, looked=looked)


def _stand(flow: AnyFlow, chosen: configuration.Config, counts: dict[str, int], series: Series) -> Stand:
    every = chosen.interval_of(flow)
    return Stand(flow, chosen.is_enabled(flow), chosen.is_paused(flow), every, counts, series)


@router.get("/{key}")
def overview(visit: Viewer, key: Key, asked: Annotated[SpanQuery, QueryParams()]) -> Response:
    flow = actions.flow_called(visit.parts, key)
    accounts = accounts_of(visit)
    with visit.parts.database.session_scope() as session:
        chosen = configuration.current(session)
        counts = flow_facts.counts(session, key).get(key, {})
        lately = flow_facts.activity(session, visit.now, asked.span, key)
        stand = _stand(flow, chosen, counts, lately.get(key, flow_facts.nothing(visit.now, asked.span)))
        facts: dict[str, Any] = {
            "looks": flow_facts.looks(session, chosen, flow, accounts) if flow.sweep else [],
            "runs": flow_facts.latest(session, flow, SHOWN_RUNS),
            "issues": queries.list_issues(session, _open_issues(key), Slice(SHOWN_ISSUES)).items,
            "changes": flow_facts.changes(session, key, limit=5),
            "oldest": flow_facts.oldest_queued(session, key) if stand.paused or not stand.enabled else None,
        }
    limits = [(name, *_limit(getattr(chosen.retries, name))) for name in type(chosen.retries).model_fields]
    titles = {each.key: each.title for each in visit.parts.catalogue.values()}
    own = chosen.flows.get(key)
    facts |= {
        "limits": limits,
        "titles": titles,
        "accounts": accounts,
        "minutes": own.every_minutes if own else None,
        "chart_of": activity_chart(stand.series, asked.span),
    }
    return page(visit, "flows/overview.html", stand=stand, flow=flow, asked=asked, tabs_of=tabs_of(flow), **facts)


def _limit(backoff: configuration.Backoff) -> tuple[int, timedelta, timedelta]:
    return backoff.tries, timedelta(seconds=backoff.first_seconds), timedelta(seconds=backoff.longest_seconds)


def _open_issues(key: str) -> IssueFilter:
    return IssueFilter(states=("open", "acknowledged"), flow=key)


def accounts_of(visit: Visit) -> list[str]:
    return sorted(visit.parts.settings.stripe)


def tabs_of(flow: AnyFlow) -> list[tuple[str, str]]:
    here = f"/flows/{flow.key}"
    documented = f"flows/{flow.key}" in manual()
    entries = [(here, "Overview"), (f"{here}/options", "Options"), (f"{here}/ids", "Run for ids")]
    return [*entries, (f"/help/flows/{flow.key}", "Help")] if documented else entries
