"""What the API tells of a draft of the configuration: a record under it, what can be chosen, what can be written."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr

from app.admin.models import HIGHEST, In, Out


class SampleIn(In):
    yaml: StrictStr = Field(max_length=1_000_000, examples=["older: post\n"])
    flow: StrictStr = Field(max_length=80, examples=["stripe_invoice_to_netsuite"])
    account: StrictStr | None = Field(None, max_length=80, description="None: the only one there is.")
    id: StrictStr = Field(min_length=1, max_length=120, examples=["in_1"])
    anew: StrictBool = Field(True, description="As it would be written today, though it is there already.")


class SampleSideOut(Out):
    state: str
    summary: str
    action: str | None
    notes: list[str]
    considered: list[dict[str, Any]]


class SampleFieldOut(Out):
    target: str
    path: str
    before: Any
    after: Any
    origin: str = Field(description="Where the draft's value comes from, in words.")
    changed: bool


class SampleOut(Out):
    flow: str
    account: str
    subject: str
    before: SampleSideOut
    after: SampleSideOut
    fields: list[SampleFieldOut]


class EntryOut(BaseModel):
    """An account or an item of NetSuite. `odd`: why it is an unusual choice for the setting."""

    id: str
    label: str
    kind: str
    currency: str
    inactive: bool
    odd: str


class EntriesOut(BaseModel):
    items: list[EntryOut]
    problem: str = Field(description="Why NetSuite's list could not be read; empty when it could.")


class WordOut(Out):
    word: str
    type: str
    refused: str = Field(description="Why no rule may set it; empty when one may.")


class WordsOut(BaseModel):
    items: list[WordOut]
    problem: str = ""


class ExpressionIn(In):
    text: StrictStr = Field(max_length=1000, examples=["source.metadata.region | upper"])


class FaultOut(Out):
    words: str
    at: int | None = Field(description="Number of the character, from 0; null where it is not about one place.")
    length: int


class CheckedOut(BaseModel):
    fault: FaultOut | None = Field(description="Null when the expression can be read.")


class MergeIn(In):
    yaml: StrictStr = Field(max_length=1_000_000, examples=["older: post\n"])
    based_on: Annotated[StrictInt, Field(ge=0, le=HIGHEST)] = Field(description="The version the draft was made from.")


class MergedOut(BaseModel):
    based_on: int
    yaml: str
    clashes: list[str] = Field(description="Settings that both sides changed; the draft's value stands.")


class MissingOut(Out):
    setting: str
    words: str
    runs: int
    last_run: int
