"""One record as the RESTlet's action `batch` takes it, and what it says became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.exchanges import redacted
from app.errors import OutcomeUnknown, Retryable, TieoutError
from app.systems.netsuite import errors
from app.systems.netsuite.records import Record, Ref

TYPES = frozenset(
    """
    customer invoice cashSale customerPayment creditMemo customerRefund cashRefund customerDeposit depositApplication
    deposit journalEntry customrecord_tieout_invoice_link
    """.split()
)
# The script's own refusals of a whole request, before it does anything.
NOT_TAKEN = frozenset({"INVALID_REQUEST", "TYPE_NOT_ALLOWED"})
NOT_DONE = "NOT_DONE"


@dataclass(frozen=True)
class Write:
    """`body` is what the record service would be sent, `names` what the record is found by."""

    op: Literal["upsert", "create", "transform", "patch"]
    type: str
    body: Mapping[str, Any]
    replaced: tuple[str, ...] = ()
    names: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, op: Literal["upsert", "create"], record: Record) -> "Write":
        return cls(op, record.record_type, record.body(), record.replaced(), {"externalId": record.external_id})

    @classmethod
    def transform(cls, source: Ref, record: Record) -> "Write":
        names = {"from": {"type": source.type, "id": source.id}, "externalId": record.external_id}
        return cls("transform", record.record_type, record.body(), record.replaced(), names)

    @classmethod
    def patch(cls, ref: Ref, body: Mapping[str, Any], replaced: Sequence[str]) -> "Write":
        return cls("patch", ref.type, dict(body), tuple(replaced), {"id": ref.id})

    def item(self) -> dict[str, Any]:
        return {"op": self.op, "type": self.type, **self.names, "replace": list(self.replaced), "body": self.body}

    def shown(self) -> dict[str, Any]:
        """The item as it may stand in the record of an exchange."""
        return self.item() | {"body": redacted(self.body)}


@dataclass(frozen=True)
class Outcome:
    """A record, or why there is none. Neither: the RESTlet has not taken it, so it goes by REST.

    `refusal`: what the RESTlet has against it. That is never final, as the script can do less than the record service:
    in standard mode, for one, a list of open documents is in the customer's own currency.
    """

    ref: Ref | None = None
    error: TieoutError | None = None
    refusal: str | None = None

    @classmethod
    def told(cls, record_type: str, result: object) -> "Outcome | None":
        """None when the RESTlet has not come to it. Where it says no, it has left the record as it was."""
        if not isinstance(result, Mapping):
            return cls.lost("unreadable_answer")
        if result.get("ok"):
            known = str(result.get("id") or "")
            return cls(Ref(record_type, known)) if known else cls.lost("no_id")
        code, message = str(result.get("code") or ""), str(result.get("message") or "")
        if code == NOT_DONE:
            return None
        error = errors.of_envelope(code, message)
        return cls(error=error) if isinstance(error, Retryable) else cls(refusal=f"{code}: {message}")

    @classmethod
    def lost(cls, code: str | None, detail: str | None = None) -> "Outcome":
        sentence = "The request was sent to NetSuite's RESTlet, and what became of this record is not known."
        return cls(error=OutcomeUnknown(sentence, code=code, detail=detail))

    def opened(self) -> Ref | None:
        """None when it has to go by REST. Raises the error, which other threads may raise too, as one of its own."""
        if self.error is not None:
            raise _again(self.error) from self.error
        return self.ref


BY_REST = Outcome()


def _again(error: TieoutError) -> TieoutError:
    fresh = type(error).__new__(type(error), *error.args)
    fresh.__dict__.update(error.__dict__)
    return fresh
