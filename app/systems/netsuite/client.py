"""The NetSuite client: what a process shares, and the gateway that one run writes through.

SuiteTalk ignores idempotency keys on synchronous calls, so a write is safe to repeat because it has a name: its
external id. When an answer is lost, the name is looked up before anything is sent again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import Any, TypeVar

import httpx

from app.core.exchanges import Record as Recorder
from app.core.interfaces import Clock
from app.errors import (
    DuplicateName,
    Held,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    PeriodClosed,
    Permanent,
    TieoutError,
    Unavailable,
)
from app.settings import NetSuiteAccount
from app.systems.netsuite import auth, restlet, verify
from app.systems.netsuite.bursts import Bursts
from app.systems.netsuite.errors import DuplicateExternalId
from app.systems.netsuite.objects import Invoice
from app.systems.netsuite.reads import RECORD, Reads
from app.systems.netsuite.records import Apply, CreditMemo, Record, Ref
from app.systems.netsuite.references import References
from app.systems.netsuite.restlet import Installed
from app.systems.netsuite.slots import Slots
from app.systems.netsuite.transport import Calls, Connection, Request
from app.systems.netsuite.writes import Write

T = TypeVar("T")

# How often one write is sent within one attempt of a run; the run's own retries come on top.
TRIES = 2


class NetSuiteClient:
    """One per process (per account): pooled connections, token, slots, reference lists, and writes that wait.

    `time_zone`: the one in which SuiteQL prints and compares times; not given, it is measured, and sweeps look
    further back. `smallest_burst`: as `Bursts` says.
    """

    def __init__(
        self,
        settings: NetSuiteAccount,
        slots: Slots,
        *,
        signer: auth.Signer | None = None,
        time_zone: tzinfo | None = None,
        smallest_burst: int = 2,
    ) -> None:
        self.settings = settings
        self._connection = Connection(settings, slots, signer or auth.signer(settings))
        self._references = References()
        self._zone = time_zone
        by_restlet = settings.batch_with == "restlet"
        self._bursts = Bursts(self._connection, smallest=smallest_burst) if by_restlet else None

    def bound(self, record: Recorder, clock: Clock) -> "NetSuiteGateway":
        """The gateway of one run, whose exchanges go to `record`."""
        return NetSuiteGateway(Calls(self._connection, record), self._references, clock, self._zone, self._bursts)

    def close(self) -> None:
        self._connection.close()


class NetSuiteGateway(Reads):
    """`app.core.interfaces.NetSuite` for one run."""

    def __init__(
        self,
        calls: Calls,
        references: References,
        clock: Clock,
        zone: tzinfo | None = None,
        bursts: Bursts | None = None,
    ) -> None:
        super().__init__(calls, references, clock, zone)
        self._bursts = bursts

    def upsert(self, record: Record, /) -> Ref:
        def look() -> Ref | None:
            # found is not enough: the record may be there from before, without what was just sent
            return self._holding(record)

        send = self._sender(Write.of("upsert", record), lambda: self._put(record))
        return self._written(record, send, look, settled_by=(NotAllowed, PeriodClosed))

    def create(self, record: Record, /) -> Ref:
        """Only if there is none with this external id; an existing one is left as it is."""
        request = Request("POST", f"{RECORD}/{record.record_type}", body=record.body(), write=True)

        def look() -> Ref | None:
            return self._named(record)

        send = self._sender(Write.of("create", record), lambda: self._made(record, request))
        return self._written(record, send, look, settled_by=(Held, Permanent))

    def transform(self, source: Ref, record: Record, /) -> Ref:
        """Without lines of its own, the record takes over those of its source. One with this name is left as it is."""
        path = f"{RECORD}/{source.type}/{source.id}/!transform/{record.record_type}"
        request = Request("POST", path, _replacing(record.replaced()), record.body(), write=True)

        def look() -> Ref | None:
            return self._named(record)

        send = self._sender(Write.transform(source, record), lambda: self._made(record, request))
        return self._written(record, send, look, settled_by=(Held, Permanent))

    def patch(self, ref: Ref, body: Mapping[str, Any], /, *, replace: Sequence[str] = ()) -> None:
        request = Request("PATCH", _path(ref), _replacing(replace), dict(body), write=True)
        repeatable = all(name in replace for name, value in body.items() if _is_sublist(value))

        def alone() -> Ref:
            self._calls.send(request)
            return ref

        self._repeated(self._sender(Write.patch(ref, body, replace), alone), times=TRIES if repeatable else 1)

    def delete(self, ref: Ref, /) -> None:
        """A record that is gone already is deleted."""
        request = Request("DELETE", _path(ref), write=True)
        try:
            self._repeated(lambda: self._calls.send(request), times=TRIES)
        except NotFound:
            return

    def void(self, ref: Ref, /) -> Ref | None:
        """What stands against the voided transaction, if anything: a reversing journal, or a credit memo."""
        if self._calls.settings.void_with == "credit_memo":
            return self._credited(ref)
        told = self.restlet("void", {"type": ref.type, "id": ref.id})
        return Ref("journalEntry", str(told["id"])) if told.get("method") == "reversing_journal" else None

    def restlet(self, action: str, body: Mapping[str, Any], /) -> Mapping[str, Any]:
        """Our script in NetSuite. It must be safe to repeat, as it is asked again when its answer is lost."""
        request = restlet.request(self._calls.settings, action, body)
        return restlet.opened(self._repeated(lambda: self._calls.send(request), times=TRIES))

    def ping(self) -> Installed:
        """What our script says of itself. Raises RestletMissing, Forbidden or AuthFailed where it cannot be asked."""
        answer = self._calls.send(restlet.request(self._calls.settings, "ping", {}))
        return Installed.parse(restlet.opened(answer))

    def _sender(self, write: Write, alone: Callable[[], Ref]) -> Callable[[], Ref]:
        """Sends once with whatever waits at the same time; a second time always alone, whatever the first spoilt."""
        if self._bursts is None:
            return alone
        first = iter((partial(self._bursts.carry, write, alone, self._calls),))
        return lambda: next(first, alone)()

    def _written(
        self,
        record: Record,
        send: Callable[[], Ref],
        look: Callable[[], Ref | None],
        *,
        settled_by: tuple[type[TieoutError], ...] = (),
    ) -> Ref:
        """Send; when the answer is lost or the name is taken, look before sending again.

        `settled_by`: refusals that an earlier, successful write of the same record can be the cause of (a second
        payment of what it has paid, a change after its period was closed).
        """
        for tries_left in reversed(range(TRIES)):
            try:
                return send()
            except (OutcomeUnknown, DuplicateExternalId) as error:
                found = look()
                if found is None and not tries_left:
                    raise self._undecided(record, error) from error
            except settled_by as error:
                self._noticed(error)
                found = look()
                if found is None:
                    raise
            if found is not None:
                return found
        raise AssertionError("unreachable")

    def _noticed(self, error: TieoutError) -> None:
        if isinstance(error, PeriodClosed):
            self._references.forget_periods()

    def _put(self, record: Record) -> Ref:
        path = f"{RECORD}/{record.record_type}/eid:{record.external_id}"
        body = record.body()
        return self._made(record, Request("PUT", path, _replacing(record.replaced()), body, write=True))

    def _made(self, record: Record, request: Request) -> Ref:
        """NetSuite answers 204 with an empty body; the id is the end of Location, or has to be asked for."""
        internal_id = _last_segment(self._calls.send(request))
        if internal_id is not None:
            return Ref(record.record_type, internal_id)
        found = self._named(record)
        if found is None:
            raise OutcomeUnknown(f"NetSuite took {record.external_id}, but does not find it.", code="not_found_after")
        return found

    def _named(self, record: Record) -> Ref | None:
        return self._looked_up(lambda: self.find(record.record_type, record.external_id))

    def _holding(self, record: Record) -> Ref | None:
        """The record, if what is there says what was sent."""
        there = self._looked_up(lambda: self._there(record))
        if there is None or not verify.says(there, record.body()):
            return None
        return Ref(record.record_type, str(there["id"]))

    def _there(self, record: Record) -> Mapping[str, Any] | None:
        try:
            return self.get(record.record_type, f"eid:{record.external_id}", expand=True)
        except NotFound:
            return None

    def _looked_up(self, look: Callable[[], T]) -> T:
        """Asked twice at most: without it, what became of the write stays unknown."""
        try:
            return look()
        except Unavailable:
            pass
        try:
            return look()
        except Unavailable as error:
            sentence = "NetSuite cannot be asked what became of the write."
            raise OutcomeUnknown(sentence, code=error.code, detail=error.detail) from error

    def _undecided(self, record: Record, error: TieoutError) -> TieoutError:
        """All tries are used up. A name that is taken, but not by a record of this type, waits for a person."""
        if not isinstance(error, DuplicateExternalId) or self._named(record) is not None:
            return error
        return DuplicateName(
            f"The external id {record.external_id} belongs to another kind of record in NetSuite.",
            code="external_id_taken",
            detail=error.detail,
            action="Find the record with this external id in NetSuite, clear the id there, then replay.",
        )

    def _repeated(self, send: Callable[[], T], *, times: int) -> T:
        """For a write that changes nothing the second time."""
        for tries_left in reversed(range(times)):
            try:
                return send()
            except PeriodClosed as error:
                self._noticed(error)
                raise
            except OutcomeUnknown:
                if not tries_left:
                    raise
        raise AssertionError("unreachable")

    def _credited(self, ref: Ref) -> Ref:
        """An invoice closed in full by a credit memo: works in every account, and leaves both to be seen."""
        if ref.type != "invoice":
            raise NotAllowed(
                f"A {ref.type} cannot be undone with a credit memo.",
                action="Void it in NetSuite, or let Tieout void through its RESTlet.",
            )
        name = f"stripe-void-{ref.id}"
        return self.find("creditMemo", name) or self._credit_memo(name, ref, self.invoice(ref.id))

    def _credit_memo(self, name: str, ref: Ref, invoice: Invoice) -> Ref:
        remaining = invoice.amount_remaining
        if remaining != invoice.total or not remaining:
            raise NotAllowed(
                f"Invoice {invoice.tran_id or ref.id} is not wholly open: {remaining} of {invoice.total} remains.",
                action="Money or credit has been applied to it. Decide in NetSuite what becomes of that, then replay.",
            )
        # the transaction line id of an invoice's receivable is 0 (Online Help article_0224093711)
        applied = Apply(doc=ref.id, line=0, amount=remaining)
        return self.transform(ref, CreditMemo(external_id=name, apply=(applied,)))


def _path(ref: Ref) -> str:
    return f"{RECORD}/{ref.type}/{ref.id}"


def _replacing(sublists: Sequence[str]) -> dict[str, str]:
    return {"replace": ",".join(sublists)} if sublists else {}


def _is_sublist(value: object) -> bool:
    return isinstance(value, Mapping) and "items" in value


def _last_segment(answer: httpx.Response) -> str | None:
    """The internal id at the end of Location; a PUT may answer without one, or with the `eid:` it was sent to."""
    last = answer.headers.get("Location", "").partition("?")[0].rstrip("/").rpartition("/")[2]
    return last if last.isdigit() else None
