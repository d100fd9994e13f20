"""A run looked at closely: what it would do now and why, and its records in NetSuite as they are now."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin import actions
from app.admin.models import PreviewOut, WrittenOut
from app.admin.parts import Parts
from app.admin.run_models import (
    ComparedOut,
    ComparisonOut,
    EffectOut,
    ExplainedOut,
    FieldOut,
    RecordNowOut,
    RunPreviewOut,
    SideOut,
)
from app.core.attempts import Attempt
from app.core.bodies import flattened, plainly
from app.core.compare import compared
from app.core.effect import effect_of
from app.core.exchanges import redacted
from app.core.last_written import Named, last_written
from app.core.posting import Effect
from app.core.preview import Preview, Written
from app.core.runs import Run
from app.errors import NotFound, TieoutError
from app.origin import MAPPED

RUNS_LOOKED_AT = 20
MOST_RECORDS = 20


class ReadsRecords(Protocol):
    def get(self, record_type: str, key: str, /, *, expand: bool = False) -> Mapping[str, Any]: ...


# what it would do --------------------------------------------------------------------------------------------------


def preview(parts: Parts, run_id: int, *, anew: bool | None = None) -> RunPreviewOut:
    """`anew` None: anew for a run that is done, as far as nothing is to be written otherwise. Raises LookupError."""
    run = _run(parts, run_id)
    flow = actions.flow_called(parts, run.flow)
    again = run.state in ("succeeded", "skipped") if anew is None else anew
    found = parts.previewer.preview(flow.key, run.account, run.subject, anew=again, explain=True)
    return explained(run.flow, run.account, run.subject, found, anew=again)


def explained(flow: str, account: str, subject: str, found: Preview, *, anew: bool) -> RunPreviewOut:
    plain = PreviewOut(
        flow=flow,
        account=account,
        id=subject,
        outcome=found.outcome.state,
        summary=found.outcome.summary,
        action=found.outcome.action,
        error_code=found.outcome.error_code,
        candidates=found.outcome.candidates,
        notes=found.notes,
        written=[WrittenOut.model_validate(each) for each in found.written],
    )
    told = [_explained(each) for each in found.written]
    return RunPreviewOut(**plain.model_dump(), anew=anew, considered=found.considered, explained=told)


def _explained(written: Written) -> ExplainedOut:
    effect = effect_of(written)
    plain = WrittenOut.model_validate(written).model_dump()
    return ExplainedOut(**plain, fields=_fields(written), effect=_told(effect) if effect else None)


def _fields(written: Written) -> list[FieldOut]:
    found = []
    for path, value in flattened(written.body).items():
        origin = written.origins.get(path, MAPPED)
        found.append(FieldOut(path=path, value=_readable(plainly(value)), origin=origin.kind, words=origin.words))
    return found


def _told(effect: Effect) -> EffectOut:
    lines = [SideOut.model_validate(line) for line in effect.lines]
    return EffectOut(currency=effect.currency, sentence=effect.sentence, lines=lines)


def _readable(value: Any) -> Any:
    return format(value, "f") if isinstance(value, Decimal) else value


# what became of what it wrote --------------------------------------------------------------------------------------


def compare(parts: Parts, run_id: int) -> ComparisonOut:
    """Asks NetSuite for each record that the run has written. Raises LookupError."""
    run = _run(parts, run_id)
    with parts.database.session_scope() as session:
        exchanges = list(_exchanges(session, run))
    records = [Named(one["type"], one["id"], one.get("external_id", "")) for one in run.records[:MOST_RECORDS]]
    return ComparisonOut(run=run_id, records=[_now(one, exchanges, parts) for one in records])


def _exchanges(session: Session, run: Run) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """Of the last runs for the same object, whatever their flow: a later one may have written the record too."""
    alike = select(Run.id).where(Run.subject == run.subject, Run.account == run.account)
    ids = session.scalars(alike.order_by(Run.id.desc()).limit(RUNS_LOOKED_AT)).all()
    rows = session.scalars(select(Attempt).where(Attempt.run_id.in_({*ids, run.id})).order_by(Attempt.id))
    for row in rows:
        for each in row.exchanges:
            yield row.started_at, each


def _now(record: Named, exchanges: Sequence[tuple[datetime, Mapping[str, Any]]], parts: Parts) -> RecordNowOut:
    wrote = last_written(record, exchanges)
    told = {"type": record.type, "id": record.id, "external_id": record.external_id, "written_at": wrote.at}
    try:
        reads = cast(ReadsRecords, parts.systems.netsuite(lambda _: None))
        found = redacted(reads.get(record.type, record.id, expand=True))
    except NotFound:
        return RecordNowOut(**told, found=False, sentence="NetSuite does not have this record any more.", fields=[])
    except TieoutError as error:
        return RecordNowOut(**told, found=False, sentence=error.sentence, fields=[])
    fields = [ComparedOut.model_validate(one) for one in compared(wrote.body, found)]
    return RecordNowOut(**told, found=True, sentence=_sentence(wrote.body, fields), fields=fields)


def _sentence(body: Mapping[str, Any], fields: Sequence[ComparedOut]) -> str:
    if not body:
        return "What was written into it is not kept any more, so there is nothing to compare."
    differing = sum(one.verdict == "differs" for one in fields)
    if not differing:
        return "NetSuite shows every field as it was written."
    return f"{differing} field{'s differ' if differing > 1 else ' differs'} from what was written last."


def _run(parts: Parts, run_id: int) -> Run:
    with parts.database.session_scope() as session:
        run = session.get(Run, run_id)
    if run is None:
        raise LookupError(f"There is no run {run_id}.")
    return run
