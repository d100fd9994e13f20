"""`/config`: a draft tried on a real record, put together with another's, and what can be chosen and written in it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.orm import Session

from app.admin import completion, drafts, netsuite_lists, sample
from app.admin.auth import Operator, Reader
from app.admin.mapping_models import (
    CheckedOut,
    EntriesOut,
    EntryOut,
    ExpressionIn,
    FaultOut,
    MergedOut,
    MergeIn,
    MissingOut,
    SampleIn,
    SampleOut,
    WordOut,
    WordsOut,
)
from app.admin.models import In
from app.admin.netsuite_lists import Kind, unfit
from app.admin.parts import parts_of, reading
from app.admin.problems import AdminRoute, refusals
from app.core import plan
from app.core.expression_faults import fault

router = APIRouter(prefix="/config", tags=["config"], route_class=AdminRoute)
Reading = Annotated[Session, Depends(reading)]


class ChoicesQuery(In):
    q: Annotated[str, Query(max_length=100, description="Words of its number, name, type or currency.")] = ""
    setting: Annotated[str, Query(max_length=40, examples=["fees"])] = ""
    currency: Annotated[str, Query(max_length=3)] = ""


@router.post("/sample", summary="One record under a draft; nothing is written", responses=refusals(404, 409))
def try_on(_: Operator, wanted: SampleIn, request: Request) -> SampleOut:
    """Field by field, as it comes out now and as it would under the draft. Both systems are asked."""
    parts = parts_of(request)
    draft = plan.parse(wanted.yaml, parts.catalogue)
    found = sample.sample(parts, draft, wanted.flow, wanted.account or "", wanted.id, anew=wanted.anew)
    return SampleOut.model_validate(found)


@router.post("/merge", summary="A draft put onto the configuration in force", responses=refusals(404))
def merge(_: Operator, draft: MergeIn, request: Request) -> MergedOut:
    """For a draft that was refused because somebody saved in between. Nothing is saved."""
    parts = parts_of(request)
    together = drafts.merged(parts, drafts.read(parts, draft.yaml, draft.based_on))
    return MergedOut(based_on=together.based_on, yaml=plan.export(together.wanted), clashes=list(together.clashes))


@router.get("/choices/{kind}", summary="NetSuite's accounts or items to choose from")
def choices(_: Reader, kind: Kind, query: Annotated[ChoicesQuery, Query()], request: Request) -> EntriesOut:
    """Those that fit the setting first; kept for ten minutes."""
    known = netsuite_lists.entries(parts_of(request), kind)
    items = [
        EntryOut(
            id=one.id,
            label=one.label,
            kind=one.kind,
            currency=one.currency,
            inactive=one.inactive,
            odd=unfit(one, query.setting, query.currency),
        )
        for one in known.found(query.q, query.setting)
    ]
    return EntriesOut(items=items, problem=known.problem)


@router.get("/fields/{record_type}", summary="NetSuite's fields of a record type")
def fields(_: Reader, record_type: str, request: Request) -> WordsOut:
    """By NetSuite's own metadata; those that no rule may set say why."""
    found, problem = completion.netsuite_fields(parts_of(request), record_type)
    return WordsOut(items=[WordOut.model_validate(one) for one in found], problem=problem)


@router.get("/expressions", summary="What an expression can read")
def words(_: Reader, request: Request, flow: Annotated[str, Query(max_length=80)] = "") -> WordsOut:
    """`source` has the fields of the flow's own object."""
    found = completion.expression_words(parts_of(request), flow)
    return WordsOut(items=[WordOut.model_validate(one) for one in found])


@router.post("/expressions/check", summary="What is wrong with an expression, and where")
def check(_: Reader, given: ExpressionIn) -> CheckedOut:
    found = fault(given.text)
    return CheckedOut(fault=FaultOut.model_validate(found) if found else None)


@router.get("/missing", summary="Settings that held records wait for")
def missing(
    _: Reader, session: Reading, below: Annotated[str, Query(max_length=200, examples=["books.main.items"])] = "books"
) -> list[MissingOut]:
    return [MissingOut.model_validate(one) for one in sample.missing(session, [below])]
