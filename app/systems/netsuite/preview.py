"""The gateway of a preview: it reads for real, and only writes down what it would have sent."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from app.core.origins import origins_of
from app.core.preview import Written
from app.systems.netsuite import wire
from app.systems.netsuite.client import NetSuiteGateway
from app.systems.netsuite.records import Record, Ref


class RecordingNetSuite(NetSuiteGateway):
    """Same questions, no writes. A record that is there already keeps its id, a new one is called `preview-1`, ..."""

    def __init__(self, gateway: NetSuiteGateway, written: list[Written]) -> None:
        super().__init__(gateway._calls, gateway._references, gateway._clock, gateway._zone)
        self.written = written
        self._numbers = count(1)
        self._planned: dict[tuple[str, str], Ref] = {}

    def find(self, record_type: str, external_id: str, /) -> Ref | None:
        return self._planned.get((record_type, external_id)) or super().find(record_type, external_id)

    def upsert(self, record: Record, /) -> Ref:
        return self._noted("upsert", record.record_type, record)

    def create(self, record: Record, /) -> Ref:
        return self._noted("create", record.record_type, record)

    def transform(self, source: Ref, record: Record, /) -> Ref:
        return self._noted("transform", f"{source} -> {record.record_type}", record)

    def patch(self, ref: Ref, body: Mapping[str, Any], /, *, replace: Sequence[str] = ()) -> None:
        self._note("patch", str(ref), body)

    def delete(self, ref: Ref, /) -> None:
        self._note("delete", str(ref), {})

    def void(self, ref: Ref, /) -> Ref | None:
        self._note("void", str(ref), {"with": self._calls.settings.void_with})
        return None

    def restlet(self, action: str, body: Mapping[str, Any], /) -> Mapping[str, Any]:
        self._note("restlet", action, body)
        return {"ok": True}

    def _noted(self, operation: str, target: str, record: Record) -> Ref:
        self._note(operation, target, record.body())
        key = record.record_type, record.external_id
        self._planned[key] = self.find(*key) or Ref(record.record_type, f"preview-{next(self._numbers)}")
        return self._planned[key]

    def _note(self, operation: str, target: str, body: Mapping[str, Any]) -> None:
        self.written.append(Written("netsuite", operation, target, wire.loads(wire.dumps(body)), origins_of(body)))
