"""The exception tree: what can go wrong in a run, sorted by what has to happen next.

    TieoutError
    ├── Skipped                 nothing to do, and why: a reason, not a failure
    ├── Retryable               try again later by itself
    │   ├── Throttled           429, or NetSuite's 400 that means the same; nothing was executed
    │   ├── Unavailable         5xx or no connection; nothing was executed, or it is known that it was not
    │   ├── Conflict            the record was changed or locked by somebody else meanwhile
    │   ├── OutcomeUnknown      the request was sent and no answer came: ask by name before trying again
    │   ├── AuthFailed          a fresh token was refused too: waits long, raises an alert
    │   ├── NotReady            the source object is not in its final shape yet
    │   └── LinkMissing         another object must be in the target system first; its flow is run
    ├── Held                    waits for a choice or a setting; says which
    │   ├── Ambiguous           several candidates fit; carries them
    │   ├── AmountMismatch      the two sums differ; carries both
    │   ├── Unmapped            a setting is missing (item, account, currency, tax code)
    │   ├── PeriodClosed        the accounting period does not take postings
    │   ├── DuplicateName       another record already carries this name or number
    │   └── NotAllowed          the target refuses the step in its present state (paid, voided)
    └── Permanent               will not heal by itself or by a setting
        ├── Rejected            the target system says the request is wrong
        ├── Forbidden           the role or key lacks a permission
        └── NotFound            the object does not exist (any more)

Every leaf is exactly one of Skipped, Retryable, Held or Permanent. The sentence is for a controller; `code` is the
outside system's own code, kept underneath.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal


class TieoutError(Exception):
    """`sentence`: what happened, in words a controller reads. `code`: stable, for grouping and settings."""

    code = "error"

    def __init__(self, sentence: str, *, code: str | None = None, detail: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.detail = detail
        if code is not None:
            self.code = code


class Skipped(TieoutError):
    code = "skipped"


class Retryable(TieoutError):
    """`retry_after`: what the other system asked for, if it did."""

    code = "retryable"

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        detail: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(sentence, code=code, detail=detail)
        self.retry_after = retry_after


class Throttled(Retryable):
    code = "throttled"


class Unavailable(Retryable):
    code = "unavailable"


class Conflict(Retryable):
    code = "conflict"


class OutcomeUnknown(Retryable):
    code = "outcome_unknown"


class AuthFailed(Retryable):
    code = "auth_failed"


class NotReady(Retryable):
    code = "not_ready"


class LinkMissing(Retryable):
    """`subject` is the object whose own flow must run first: the one that reads `source` and makes links of `role`.

    `others`: further (role, subject) pairs known to be missing, so that all are brought over at once.
    """

    code = "link_missing"

    def __init__(
        self,
        role: str,
        subject: str,
        *,
        source: str = "stripe",
        sentence: str | None = None,
        others: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(sentence or _not_there(subject, len(others)))
        self.role = role
        self.subject = subject
        self.source = source
        self.others = tuple(others)

    @property
    def wanted(self) -> tuple[tuple[str, str], ...]:
        """All (role, subject) pairs, each once."""
        return tuple(dict.fromkeys(((self.role, self.subject), *self.others)))


def _not_there(subject: str, others: int) -> str:
    if not others:
        return f"{subject} is not in the other system yet; its own flow runs first."
    return f"{subject} and {others} more are not in the other system yet; their own flows run first."


@dataclass(frozen=True)
class Candidate:
    """One record that could have been meant; `why` says what speaks for or against it.

    `role` and `of`: the link that choosing it makes, and the object in the other system that it would be linked to;
    without a role it cannot be chosen here.
    """

    system: str
    type: str
    id: str
    label: str
    why: str
    role: str = ""
    of: str = ""

    def told(self) -> dict[str, str]:
        """As it is kept with the run."""
        return {name: value for name, value in asdict(self).items() if value or name not in ("role", "of")}


class Held(TieoutError):
    """`action`: what a person can do about it, as a sentence."""

    code = "held"

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        detail: str | None = None,
        action: str = "",
        candidates: Sequence[Candidate] = (),
    ) -> None:
        super().__init__(sentence, code=code, detail=detail)
        self.action = action
        self.candidates = tuple(candidates)


class Ambiguous(Held):
    code = "ambiguous"


class AmountMismatch(Held):
    code = "amount_mismatch"

    def __init__(self, what: str, ours: Decimal, theirs: Decimal, currency: str, *, action: str = "") -> None:
        super().__init__(
            f"{what}: the lines add up to {ours} {currency}, but the total is {theirs} {currency}.",
            action=action or "Compare both sums in the preview; correct the mapping or the source, then replay.",
        )
        self.ours, self.theirs, self.currency = ours, theirs, currency


class Unmapped(Held):
    """`setting`: the path of the configuration entry that is missing, e.g. `accounts.undeposited.EUR`."""

    code = "unmapped"

    def __init__(self, sentence: str, *, setting: str, action: str = "") -> None:
        super().__init__(sentence, action=action or f"Set `{setting}` in the configuration, then replay.")
        self.setting = setting


class PeriodClosed(Held):
    code = "period_closed"


class DuplicateName(Held):
    code = "duplicate_name"


class NotAllowed(Held):
    code = "not_allowed"


class Permanent(TieoutError):
    code = "permanent"


class Rejected(Permanent):
    """`fields`: the other system's own paths of what it refused -> its words."""

    code = "rejected"

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        detail: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sentence, code=code, detail=detail)
        self.fields = dict(fields or {})


class Forbidden(Permanent):
    code = "forbidden"


class NotFound(Permanent):
    code = "not_found"
