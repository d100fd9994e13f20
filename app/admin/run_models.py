"""What the API tells of one run beyond the run itself: its timeline, its preview, its record in NetSuite now."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from app.admin.models import Out, PreviewOut, WrittenOut


class CallOut(BaseModel):
    """One HTTP call of an attempt, redacted."""

    step: str = Field(description="sign_in, fetch, match, push or write_back.")
    system: str
    method: str
    path: str
    status: int | None
    milliseconds: int
    error: str | None
    request: Any
    response: Any
    headers: dict[str, str]


class MomentOut(BaseModel):
    """One thing that happened, in words."""

    at: datetime
    kind: str = Field(
        description="event, queued, attempt, due, waits, config, job, or the audit action of what a person did."
    )
    title: str
    detail: str = ""
    actor: str = ""
    state: str = Field("", description="Of an attempt: how it ended; empty when it was cut off.")
    notes: list[str] = Field(default_factory=list)
    calls: list[CallOut] = Field(default_factory=list)
    ref: str = Field("", description="What it is about: `event:7`, `attempt:9`, `config:3`, `run:12`.")


class TimelineOut(BaseModel):
    run: int
    moments: list[MomentOut] = Field(description="Oldest first.")


class FieldOut(BaseModel):
    """One field of a body; `origin`: stripe, netsuite, link, setting, option, default, rule, or mapping."""

    path: str
    value: Any
    origin: str
    words: str


class SideOut(Out):
    words: str
    debit: Decimal | None
    credit: Decimal | None
    account: str | None = Field(description="Internal id; null where NetSuite chooses it.")
    by_netsuite: str = Field(description="Which choice of its own NetSuite makes there.")
    setting: str = Field(description="By which setting the account, or the item, is what it is.")
    side: str = Field(description="Where only NetSuite knows the amount: on which side it stands.")


class EffectOut(BaseModel):
    """Debits and credits; without lines `sentence` says why."""

    currency: str = Field(description="ISO code, where it is known.")
    sentence: str
    lines: list[SideOut]


class ExplainedOut(WrittenOut):
    fields: list[FieldOut]
    effect: EffectOut | None = Field(description="Null for what touches no ledger.")


class RunPreviewOut(PreviewOut):
    """What the run would do now; with `anew` how its record would be written today."""

    anew: bool
    considered: list[dict[str, Any]]
    explained: list[ExplainedOut]


class ComparedOut(Out):
    path: str
    wrote: Any
    now: Any
    verdict: str = Field(description="same, differs, not_told (NetSuite does not show it), hidden (not kept here).")


class RecordNowOut(BaseModel):
    """One record that the run has written: its last written fields against NetSuite."""

    type: str
    id: str
    external_id: str
    written_at: datetime | None
    found: bool = Field(description="False: NetSuite does not have it any more, or it cannot be asked (`sentence`).")
    sentence: str
    fields: list[ComparedOut]


class ComparisonOut(BaseModel):
    run: int
    records: list[RecordNowOut]
