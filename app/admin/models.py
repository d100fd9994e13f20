"""What the admin API takes and gives; the CLI's `--json` prints the same."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
)

from app.core.jobs import RunFilter
from app.core.links import ROLES

T = TypeVar("T")
HIGHEST = 2**63 - 1
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:")
# no NUL, which PostgreSQL's text does not take, nor any other control character but tab and line ends
_PRINTABLE = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f]*$"


def _unicode(value: str) -> str:
    value.encode()  # half a surrogate pair is a ValueError
    return value


def _in_words(value: object) -> object:
    """Pydantic would take a number for seconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and _DATE_TIME.match(value)):
        return value
    raise ValueError("write it as in RFC 3339, for example 2026-01-31T00:00:00Z")


Instant = Annotated[AwareDatetime, BeforeValidator(_in_words)]
Short = Annotated[str, Field(max_length=255, pattern=_PRINTABLE), AfterValidator(_unicode)]
Words = Annotated[StrictStr, Field(max_length=2000, pattern=_PRINTABLE), AfterValidator(_unicode)]
Reason = Annotated[StrictStr, Field(min_length=1, max_length=2000, pattern=_PRINTABLE), AfterValidator(_unicode)]
Assignee = Annotated[StrictStr, Field(max_length=255, pattern=_PRINTABLE), AfterValidator(_unicode)]
ObjectId = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$", examples=["in_1PqrAbCdEfGh"])]
RunState = Literal["queued", "running", "retrying", "held", "succeeded", "skipped", "dead", "dismissed"]
WaitingState = Literal["retrying", "held", "dead"]
Cause = Literal["event", "sweep", "demand", "dependency", "replay"]


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[T]):
    items: list[T]
    next: int | None = Field(None, description="Give this as `before` to get what follows; null at the end.")


# events ----------------------------------------------------------------------------------------------------------


class EventOut(Out):
    """One event in the inbox; `outcome` is null until it is dispatched."""

    id: int
    source: str
    account: str
    external_id: str
    type: str
    object_id: str | None
    object_type: str | None
    api_version: str | None
    livemode: bool | None
    occurred_at: datetime | None
    received_at: datetime
    dispatched_at: datetime | None
    outcome: str | None
    reason: str | None


class EventDetail(EventOut):
    """`body`: as it arrived, with every field hidden that is not known to be harmless."""

    headers: dict[str, str]
    body: Any
    runs: list[int] = Field(description="Runs that this event made or was the last to be folded into.")


# runs ------------------------------------------------------------------------------------------------------------


class RunOut(Out):
    id: int
    flow: str
    account: str
    subject: str
    state: str
    cause: str
    title: str = Field(description="What the source object is called: a number, a name.")
    amount: Decimal | None
    currency: str | None
    summary: str
    action: str | None = Field(description="What a person can do about it.")
    error_class: str | None
    error_code: str | None
    tries: int
    version: int
    event_id: int | None
    waits_for: int | None
    issue_id: int | None
    job_id: int | None
    stripe_calls: int
    netsuite_calls: int
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class AttemptOut(Out):
    id: int
    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    summary: str
    error_class: str | None
    error_code: str | None
    detail: str | None
    config_version: int | None
    notes: list[str]
    exchanges: list[dict[str, Any]]


class RunDetail(RunOut):
    candidates: list[dict[str, Any]] = Field(description="Records that a person has to choose among.")
    considered: list[dict[str, Any]] = Field(
        description="Records that a match rule has chosen or rejected (`verdict`), and why."
    )
    notes: list[str]
    records: list[dict[str, str]]
    due_at: datetime | None
    attempts: list[AttemptOut]


class RetryOut(RunOut):
    """A run that is not finished; `due_at` is null for one that waits for a person."""

    due_at: datetime | None
    booked_for: str | None


class Narrowing(In):
    """Which runs are meant; what is left out restricts nothing. `since` and `until` are about the last change."""

    flow: Short | None = None
    account: Short | None = None
    subject: Short | None = None
    error_code: Short | None = None
    text: Short | None = Field(None, description="Somewhere in the summary or the subject, any case.")
    since: Instant | None = None
    until: Instant | None = None
    issue: Annotated[int | None, Field(ge=1, le=HIGHEST)] = None
    cause: list[Cause] = Field(default_factory=list, max_length=5)
    currency: Annotated[str, Field(pattern="^[A-Za-z]{3}$")] | None = None
    search: Short | None = Field(
        None,
        description="Words each of which is something the record is known by, or its beginning: an id of either "
        "system, a document's number, an e-mail, a name, an amount.",
    )
    job: Annotated[int | None, Field(ge=1, le=HIGHEST, description="The bulk job that saw to it last.")] = None

    def to_filter(self, states: tuple[str, ...] = (), ids: tuple[int, ...] = ()) -> RunFilter:
        names = ("flow", "account", "subject", "error_code", "text", "since", "until", "issue", "currency", "search")
        given = {name: getattr(self, name) for name in names}
        return RunFilter(states=states, causes=tuple(self.cause), job=self.job, ids=ids, **given)


class WhichRetries(Narrowing):
    states: list[WaitingState] = Field(default_factory=list, max_length=3)


class ReplayAll(In):
    filter: WhichRetries = Field(default_factory=lambda: WhichRetries())
    reason: Words = ""
    dry_run: StrictBool = Field(False, description="Count only: nothing is replayed and no job is made.")


class Dismissal(In):
    reason: Reason = Field(examples=["Entered by hand as invoice INV-1042."])


class Choice(In):
    id: ObjectId = Field(description="The candidate's id.", examples=["4711"])
    reason: Words = ""


class Counted(BaseModel):
    count: int = Field(description="How many runs the filter finds now.")


# issues ----------------------------------------------------------------------------------------------------------

IssueState = Literal["open", "acknowledged", "ignored", "snoozed", "resolved"]


class IssueOut(Out):
    """Errors with one cause."""

    id: int
    title: str
    flow: str
    error_code: str
    field: str = Field(description="The setting that is missing or the field that was refused; may be empty.")
    state: str
    snoozed_until: datetime | None
    assignee: str
    times_opened: int
    opened_at: datetime
    first_seen: datetime
    last_seen: datetime
    open_runs: int = 0
    example_run: int | None = Field(None, description="The newest of its runs that is not finished.")


class IssueNoteOut(Out):
    id: int
    at: datetime
    author: str
    text: str


class IssueDetail(IssueOut):
    notes: list[IssueNoteOut] = Field(description="Oldest first.")
    runs: list[RunOut] = Field(description="The newest 50, finished ones too.")


class IssueChange(In):
    """What is left out stays as it is."""

    state: IssueState | None = None
    snoozed_until: Instant | None = Field(None, description="Needed for `snoozed`, and only there.")
    assignee: Assignee | None = Field(None, description="Empty: nobody.")
    reason: Words = ""


class IssuesChange(IssueChange):
    """The same for several issues at once: all of them, or none."""

    ids: list[Annotated[StrictInt, Field(ge=1, le=HIGHEST)]] = Field(min_length=1, max_length=200)


class IssuesReplay(In):
    ids: list[Annotated[StrictInt, Field(ge=1, le=HIGHEST)]] = Field(min_length=1, max_length=200)
    reason: Words = ""


class ErrorCodeOut(Out):
    """What an error code means. `also`: what Stripe and NetSuite themselves call the same."""

    code: str
    words: str
    why: str
    todo: str
    fix: str = Field(description="setting, choose, or empty.")
    setting: str
    field: str
    also: list[str]


class SettingOut(Out):
    path: str
    takes: str = Field(description="account, item, customer, subsidiary, currency, choice or text.")
    options: list[str]
    now: Any


class RunChoiceOut(BaseModel):
    run: int
    subject: str
    candidates: list[dict[str, Any]]
    choosable: list[str] = Field(description="Ids for `POST /runs/{id}/choose`.")


class RemedyOut(BaseModel):
    """What mends an issue: one of the settings, or choosing a candidate, run by run."""

    code: ErrorCodeOut
    settings: list[SettingOut]
    choices: list[RunChoiceOut]
    waiting: list[dict[str, Any]] = Field(description="Money of its open runs: amount, currency, runs.")


class MendIn(In):
    setting: Short = Field(examples=["books.main.items.default"])
    value: Short = Field(examples=["4711"])
    note: Words = ""
    replay: StrictBool = Field(False, description="Replay all its runs afterwards, as a job.")


class Mended(BaseModel):
    version: int = Field(description="Of the configuration, in force now.")
    job: int | None = Field(description="That replays its runs.")


class HeatCell(Out):
    flow: str
    at: datetime
    errors: int


class HeatOut(BaseModel):
    """Failed attempts by flow and hour or day."""

    since: datetime
    unit: str
    cells: list[HeatCell]
    cut: bool = Field(description="Only the newest 5,000 are counted; there are more.")


class IssueCounts(BaseModel):
    states: dict[str, int]
    assignees: list[str]


class IssueNoteIn(In):
    text: Reason = Field(examples=["The subsidiary is set; replayed."])


class ReplayIssue(In):
    reason: Words = ""
    dry_run: StrictBool = Field(False, description="Count only: nothing is replayed and no job is made.")


# alerts ----------------------------------------------------------------------------------------------------------


class AlertOut(Out):
    """One alert to one receiver, and how sending it went."""

    id: int
    kind: str
    subject: str
    receiver: str
    title: str
    facts: dict[str, Any]
    state: str = Field(description="queued, sent or failed.")
    tries: int
    due_at: datetime
    answer: str | None
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None


class AlertTest(In):
    receiver: Literal["email", "slack", "webhook"] | None = Field(
        None, description="Left out: every one that is configured."
    )


# jobs ------------------------------------------------------------------------------------------------------------


class JobOut(Out):
    id: int
    kind: str
    state: str
    actor: str
    reason: str
    params: dict[str, Any]
    total: int
    done: int
    dry_run: bool
    canary: int | None
    pause_asked: bool
    abort_asked: bool
    found: dict[str, Any] = Field(description="What a dry run or a back-fill has found so far.")
    message: str
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class JobDetail(JobOut):
    runs: dict[str, int] = Field(description="The states that its runs are in now; 1001 means more.")


class WhichRuns(Narrowing):
    states: list[RunState] = Field(default_factory=list, max_length=8)
    ids: list[Annotated[StrictInt, Field(ge=1, le=HIGHEST)]] = Field(
        default_factory=list, max_length=1000, description="Only these runs."
    )

    def chosen(self) -> RunFilter:
        return self.to_filter(tuple(self.states), tuple(self.ids))


JobKind = Literal["replay", "dismiss", "hold", "run"]
Canary = Annotated[StrictInt, Field(ge=1, le=1000)]


class JobCount(In):
    kind: JobKind
    filter: WhichRuns = Field(default_factory=WhichRuns)


class JobIn(JobCount):
    """A bulk action over all that the filter finds now."""

    reason: Reason = Field(examples=["The clearing account is mapped now."])
    dry_run: StrictBool = Field(False, description="Rehearse: preview up to 200 of them, change nothing.")
    canary: Canary | None = Field(None, description="Pause after so many, and wait to be resumed.")


class BackFillIn(In):
    account: Short | None = None
    since: Instant
    until: Instant | None = Field(None, description="Default: now.")
    reason: Reason = Field(examples=["October, from before the cut-over."])
    dry_run: StrictBool = Field(False, description="Count only; nothing is queued.")
    canary: StrictBool = Field(False, description="Pause after the first day on which something was found.")


class Steered(In):
    reason: Words = ""


# saved views -----------------------------------------------------------------------------------------------------


class ViewQuery(In):
    """What a saved view shows: the parameters of the page of records."""

    q: Short = ""
    flow: Short = ""
    account: Short = ""
    state: list[RunState | Literal["attention", "moving"]] = Field(default_factory=list, max_length=8)
    error_code: Short = ""
    cause: list[Cause] = Field(default_factory=list, max_length=5)
    currency: Annotated[str, Field(pattern="^([A-Za-z]{3})?$")] = ""
    within: Annotated[str, Field(pattern="^(|1h|24h|7d|30d)$")] = Field("", description="Changed within so long.")
    since: Annotated[str, Field(pattern=r"^(|\d{4}-\d{2}-\d{2})$")] = ""
    until: Annotated[str, Field(pattern=r"^(|\d{4}-\d{2}-\d{2})$")] = ""
    payload: Short = Field("", description="Somewhere in what was sent or came back.")


class ViewOut(Out):
    id: int
    owner: str
    name: str
    shared: bool
    wanted: dict[str, Any]
    created_at: datetime


class ViewIn(In):
    name: Annotated[StrictStr, Field(min_length=1, max_length=80, pattern=_PRINTABLE), AfterValidator(_unicode)]
    shared: StrictBool = Field(False, description="Shown to everybody.")
    wanted: ViewQuery


# flows -----------------------------------------------------------------------------------------------------------

MOST_MINUTES = 60 * 24 * 31


class FlowOut(BaseModel):
    key: str
    title: str
    source: str
    on: list[str]
    enabled: bool
    paused: bool
    sweep_minutes: float | None
    makes: list[str]
    counts: dict[str, int] = Field(description="Runs by state.")


class FlowDetail(FlowOut):
    options: dict[str, Any]
    options_schema: dict[str, Any]
    last_sweeps: dict[str, datetime | None] = Field(description="By Stripe account.")


class Switch(In):
    enabled: StrictBool
    note: Words = ""


class Note(In):
    note: Words = ""


class OptionsOut(BaseModel):
    options: dict[str, Any] = Field(description="All of them, defaults included.")
    options_schema: dict[str, Any]
    version: int


class OptionsIn(In):
    options: dict[str, Any] = Field(description="Only what is to differ from the defaults.")
    note: Words = ""
    based_on: StrictInt | None = Field(None, ge=0, le=HIGHEST, description="Refused when another version is in force.")


class ScheduleIn(In):
    every_minutes: StrictInt | None = Field(
        ge=1, le=MOST_MINUTES, description="How often it looks by itself; null: the flow's own interval."
    )
    note: Words = ""


class ActivityOut(BaseModel):
    """Runs by the hour (24 h) or day (30 d) of their last change, in UTC, oldest first."""

    times: list[datetime]
    states: dict[str, list[int]] = Field(description="State -> as many numbers as there are times.")


class FlowChangeOut(BaseModel):
    version: int
    at: datetime
    author: str
    note: str
    settings: dict[str, tuple[Any, Any]] = Field(description="Path below the flow -> before and after.")


class OptionsPlanIn(In):
    options: dict[str, Any] = Field(description="Only what is to differ from the defaults.")
    sample: StrictInt = Field(20, ge=0, le=100, description="How many of the flow's last records are previewed.")


class RunNow(In):
    account: Short | None = Field(None, description="The Stripe account; may be left out when there is only one.")
    ids: list[ObjectId] = Field(min_length=1, max_length=1000)


class Started(BaseModel):
    runs: dict[str, int] = Field(description="By the id that was given.")


class SweepNow(In):
    account: Short | None = None
    since: Instant | None = Field(None, description="Default: from where the last sweep stopped.")


class PreviewIn(In):
    account: Short | None = None
    id: ObjectId


class WrittenOut(Out):
    system: str
    operation: str
    target: str
    body: dict[str, Any]


class PreviewOut(BaseModel):
    """What a run would do now."""

    flow: str
    account: str
    id: str
    outcome: str
    summary: str
    action: str | None
    error_code: str | None
    candidates: list[dict[str, Any]]
    notes: list[str]
    written: list[WrittenOut]


# links -----------------------------------------------------------------------------------------------------------


class LinkOut(Out):
    id: int
    external_id: str
    role: str
    account: str
    stripe_id: str
    netsuite_type: str
    netsuite_id: str
    origin: str
    current: bool
    note: str | None
    facts: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class LinkIn(In):
    account: Short | None = None
    role: Literal["cust", "inv", "pay", "cm", "crf", "cs", "cr", "cdep", "depa", "dep", "je"] = Field(
        description="What the NetSuite record is: " + ", ".join(f"{role} = {kind}" for role, kind in ROLES.items())
    )
    stripe_id: ObjectId
    netsuite_id: Annotated[StrictStr, Field(pattern=r"^[0-9]{1,18}$", examples=["4711"])]
    origin: Literal["stripe", "netsuite"] = Field("stripe", description="Where the object was born.")
    note: Words = ""


# configuration ---------------------------------------------------------------------------------------------------


class ConfigOut(BaseModel):
    version: int
    document: dict[str, Any] = Field(description="The whole configuration, defaults included.")


class VersionOut(Out):
    id: int
    author: str
    note: str
    created_at: datetime


class VersionDetail(VersionOut):
    document: dict[str, Any] = Field(description="As stored: only what differs from the defaults.")


class ChangeOut(Out):
    path: str
    before: Any
    after: Any


Offline = Annotated[
    StrictBool, Field(description="Do not ask NetSuite whether the fields that field rules name exist.")
]


class PlanIn(In):
    yaml: StrictStr = Field(max_length=1_000_000, examples=["start_date: 2025-01-01\n"])
    sample: Annotated[StrictInt, Field(ge=0, le=200)] = Field(
        20, description="How many of the last records are previewed under both configurations."
    )
    offline: Offline = False


class DifferenceOut(Out):
    flow: str
    account: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


class PlanOut(BaseModel):
    based_on: int
    changes: list[ChangeOut]
    looked_at: int
    differences: list[DifferenceOut]
    unchecked: str | None = Field(None, description="Why the fields of field rules could not be looked up, if so.")


class ApplyIn(In):
    yaml: StrictStr = Field(max_length=1_000_000, examples=["start_date: 2025-01-01\n"])
    note: Reason = Field(examples=["New clearing account from January."])
    based_on: StrictInt | None = Field(None, ge=0, le=HIGHEST)
    offline: Offline = False


class RollBackIn(In):
    version: Annotated[StrictInt, Field(ge=0, le=HIGHEST)] = Field(description="0 is the built-in default.")
    note: Words = ""


class PresetOut(Out):
    """A part of a configuration, for what an earlier integration left behind."""

    name: str
    title: str
    known: str
    guesses: str
    settings: dict[str, Any]


class AuditOut(Out):
    id: int
    at: datetime
    actor: str
    action: str
    target: str
    details: dict[str, Any]


class TokenOut(Out):
    id: int
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class TokenMade(TokenOut):
    token: str = Field(description="The token itself: shown now and never again.")


class TokenIn(In):
    name: Annotated[StrictStr, Field(min_length=1, max_length=100, pattern=_PRINTABLE), AfterValidator(_unicode)]
    scope: Literal["read", "operate", "admin"]
    days: Annotated[StrictInt, Field(ge=1, le=3650)] | None = Field(
        None, description="Good for so long; null: for ever."
    )


# users -----------------------------------------------------------------------------------------------------------

Role = Literal["viewer", "operator", "admin"]
Email = Annotated[
    StrictStr, Field(pattern=r"^[^@\s\u0000-\u001f]{1,64}@[^@\s\u0000-\u001f]{1,190}$"), AfterValidator(_unicode)
]


class UserOut(Out):
    id: int
    email: str
    role: Role
    active: bool
    created_at: datetime
    signed_in_at: datetime | None


class Invited(BaseModel):
    user: UserOut
    link: str = Field(description="Lets its bearer set a password, once, within seven days.")


class UserIn(In):
    email: Email
    role: Role = "viewer"


class UserChange(In):
    role: Role | None = None
    active: StrictBool | None = None
