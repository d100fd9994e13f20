"""Bursts: writes that wait for NetSuite at the same time reach it in one call, by the RESTlet that Tieout installs.

NetSuite limits the calls in flight, not the records in one. While as many of our writes are under way as we have slots,
further ones gather; as one ends, the first in line takes others along. No timer: a lone write waits for nobody.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog
from prometheus_client import Histogram

from app.core.exchanges import Exchange, redacted
from app.errors import AuthFailed, Forbidden, NotFound, OutcomeUnknown, Throttled, TieoutError, Unavailable
from app.systems.netsuite import restlet
from app.systems.netsuite.errors import RestletMissing
from app.systems.netsuite.line import Line, Turn
from app.systems.netsuite.records import Ref
from app.systems.netsuite.transport import Calls, Connection
from app.systems.netsuite.writes import BY_REST, NOT_TAKEN, TYPES, Outcome, Write

_log = structlog.get_logger(__name__)

SENT = Histogram("tieout_netsuite_bursts_sent_records", "Records per call", buckets=(1, 2, 4, 8, 16, 32, 64, 100))
PATIENCE = 3
"""Calls in a row without a usable answer, after which the RESTlet is left alone."""

Alone = Callable[[], Ref]
Outcomes = list[Outcome | None]


class Bursts:
    """One per process and account. `smallest`: the fewest writes that are worth the RESTlet.

    `overruled`: records that the RESTlet has refused and REST has taken.
    """

    def __init__(self, connection: Connection, *, smallest: int = 2) -> None:
        self._connection = connection
        self._line = Line(connection.settings.concurrency)
        self._smallest = smallest
        self._failures = 0
        self.set_aside = False
        self.overruled = 0

    def carry(self, write: Write, alone: Alone, calls: Calls) -> Ref:
        """`alone`: the same write by REST, for when nothing waits with it or the RESTlet does not take it.

        Each run that has a write in the call gets an exchange of its own; the run that sends the call counts it.
        """
        if self.set_aside or write.type not in TYPES:
            return alone()
        turn = self._line.queued(write)
        turn.called.wait()
        if turn.batch:
            with self._line.lane():
                if len(turn.batch) < self._smallest:
                    return alone()
                self._send(turn.batch, calls)
        for exchange in turn.exchanges:
            calls.tell(exchange)
        outcome = turn.outcome or BY_REST
        return outcome.opened() or self._by_rest(write, alone, outcome.refusal)

    def _by_rest(self, write: Write, alone: Alone, refusal: str | None) -> Ref:
        """REST's word counts, also where the RESTlet has refused."""
        ref = alone()
        if refusal is not None:
            self.overruled += 1
            _log.warning("restlet.overruled", type=write.type, op=write.op, refusal=refusal[:300])
        return ref

    def _send(self, batch: list[Turn], calls: Calls) -> None:
        """Whatever happens, each write has an outcome afterwards or is in line again; the first has an outcome."""
        exchanges: list[Exchange] = []
        for turn in batch:
            turn.result = None
        own = Calls(self._connection, exchanges.append)
        outcomes: Outcomes = [Outcome.lost("broken_off")] * len(batch)
        try:
            outcomes = [BY_REST] * len(batch) if self.set_aside else self._outcomes(batch, own)
            calls.count += own.count
            _share(batch, exchanges)
        finally:
            self._settle(batch, outcomes)

    def _outcomes(self, batch: list[Turn], calls: Calls) -> Outcomes:
        try:
            return self._each(batch, self._asked(batch, calls))
        except (Throttled, Unavailable) as error:
            return [Outcome(error=error)] * len(batch)
        except (AuthFailed, Forbidden, NotFound, RestletMissing) as error:
            self._leave(error.sentence, error.code)
            return [BY_REST] * len(batch)
        except TieoutError as error:
            # what the script does not catch is a 400, whatever it had saved by then (section_4634920277)
            return [self._failed(len(batch), error)] * len(batch)

    def _asked(self, batch: list[Turn], calls: Calls) -> Mapping[str, Any]:
        items = {"items": [turn.write.item() for turn in batch]}
        shown = {"action": "batch", "count": len(batch)}
        SENT.observe(len(batch))
        return restlet.envelope(calls.send(restlet.request(calls.settings, "batch", items, shown=shown)))

    def _each(self, batch: list[Turn], told: Mapping[str, Any]) -> Outcomes:
        results = told.get("results")
        if not told["ok"]:
            return self._refused(batch, str(told.get("code") or ""), str(told.get("message") or ""))
        if not isinstance(results, list) or len(results) != len(batch):
            raise OutcomeUnknown("The RESTlet does not say what became of each record.", code="no_results")
        self._failures = 0
        for turn, result in zip(batch, results, strict=True):
            turn.result = redacted(result)
        return [Outcome.told(turn.write.type, result) for turn, result in zip(batch, results, strict=True)]

    def _refused(self, batch: list[Turn], code: str, message: str) -> Outcomes:
        """Of the whole request. A code that is not the script's own may come after it has saved some of it."""
        if code == "UNKNOWN_ACTION":
            self._leave("The RESTlet that is installed takes no batches; install the present SuiteApp.", code)
        elif code in NOT_TAKEN:
            _log.warning("burst.refused", code=code, reason=message[:300], records=len(batch))
        else:
            raise OutcomeUnknown("The RESTlet broke off.", code=code or "no_code", detail=message)
        return [BY_REST] * len(batch)

    def _failed(self, many: int, error: TieoutError) -> Outcome:
        """Most likely the call took too long."""
        self._line.took_too_long(many)
        self._failures += 1
        if self._failures >= PATIENCE:
            self._leave(error.sentence, error.code)
        return Outcome.lost(error.code, error.detail or error.sentence)

    def _leave(self, sentence: str, code: str) -> None:
        """For the rest of the process each record is a call of its own, which is slower and loses nothing."""
        first, self.set_aside = not self.set_aside, True
        if first:
            _log.warning("restlet.set_aside", reason=sentence, code=code, until="the process is started again")

    def _settle(self, batch: list[Turn], outcomes: Outcomes) -> None:
        # if not even the first was done, there is no point in asking the RESTlet for it again
        outcomes = [outcomes[0] or BY_REST, *outcomes[1:]]
        undone = [turn for turn, outcome in zip(batch, outcomes, strict=True) if outcome is None]
        if undone:
            self._line.again(undone, most=len(batch) - len(undone))
        if batch[0].result is not None:
            self._line.took(batch[0].exchanges[-1].milliseconds / 1000, len(batch))
        for turn, outcome in zip(batch, outcomes, strict=True):
            if outcome is not None:
                turn.outcome = outcome
                turn.called.set()


def _share(batch: list[Turn], exchanges: list[Exchange]) -> None:
    """Logins and refused signatures are told by the run that sends the call, the call itself by each."""
    if exchanges and restlet.PATH in exchanges[-1].path:
        call = exchanges.pop()
        for turn in batch:
            request = {"action": "batch", "of": len(batch)} | turn.write.shown()
            response = call.response if turn.result is None else turn.result
            turn.exchanges.append(replace(call, request=request, response=response))
    batch[0].exchanges[:0] = exchanges
