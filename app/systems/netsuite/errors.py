"""What NetSuite's failures mean, as one table; what no row knows is refused (4xx) or of unknown outcome (5xx).

NetSuite's own codes are coarse: most business failures are USER_ERROR or INVALID_CONTENT, and the meaning stands
only in the text, in the integration user's language. That user must be set to English for these rows to fit.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from app.errors import (
    AuthFailed,
    Conflict,
    DuplicateName,
    Forbidden,
    Held,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    PeriodClosed,
    Rejected,
    Retryable,
    Throttled,
    TieoutError,
    Unavailable,
    Unmapped,
)
from app.systems.netsuite import wire

SHOWN = 500


class DuplicateExternalId(Conflict):
    """The external id is taken: by our own earlier write, which a look-up finds."""


class RestletMissing(NotAllowed):
    """Tieout's script is not in NetSuite, or its deployment is not released."""


@dataclass(frozen=True)
class Detail:
    text: str
    code: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Answer:
    """A failed response, whatever its shape was: o:errorDetails, top-level, RESTlet, OAuth, HTML or nothing."""

    status: int
    details: tuple[Detail, ...] = ()
    retry_after: timedelta | None = None

    @classmethod
    def parse(cls, status: int, headers: Mapping[str, str], content: bytes) -> "Answer":
        lowered = {name.lower(): value for name, value in headers.items()}
        details = tuple(_details(content)) or tuple(_challenge(lowered.get("www-authenticate", "")))
        return cls(status, details, _retry_after(lowered.get("retry-after")))

    @property
    def code(self) -> str | None:
        return next((detail.code for detail in self.details if detail.code), None)

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(detail.code for detail in self.details if detail.code)

    @property
    def said(self) -> str:
        """NetSuite's own words, all of them."""
        return " ".join(dict.fromkeys(detail.text for detail in self.details if detail.text))[:SHOWN]

    @property
    def fields(self) -> dict[str, str]:
        return {detail.path: detail.text for detail in self.details if detail.path}


@dataclass(frozen=True)
class Row:
    """One kind of failure. It fits when the status does, and a code or the text does (or none is asked for).

    `sentence` and `action` are for a controller; `{said}` stands for NetSuite's own words. `source`: where we know
    it from; [MEM] marks what nobody has published.
    """

    name: str
    raises: type[TieoutError]
    sentence: str
    source: str
    statuses: range | frozenset[int] = range(400, 500)
    codes: frozenset[str] = frozenset()
    text: re.Pattern[str] | None = None
    action: str = ""
    setting: str = ""
    wait: timedelta | None = None

    def fits(self, answer: Answer) -> bool:
        if answer.status not in self.statuses:
            return False
        if not self.codes and self.text is None:
            return True
        by_text = self.text is not None and self.text.search(answer.said) is not None
        return by_text or not self.codes.isdisjoint(answer.codes)

    def made(self, answer: Answer) -> TieoutError:
        sentence = self.sentence.replace("{said}", answer.said or "no reason given")
        error = _made(self, sentence, answer)
        error.detail = error.detail or answer.said or None
        return error


def _text(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


ANY = range(200, 600)

TABLE: tuple[Row, ...] = (
    Row(
        "throttled",
        Throttled,
        "NetSuite runs as many requests as it allows at once; this one was not carried out.",
        "Online Help section_156570709583, bridgehead_1525252812 (RESTlets answer 400)",
        statuses=frozenset({400, 403, 429, 503}),
        codes=frozenset(
            {
                "CONCURRENCY_LIMIT_EXCEEDED",
                "SSS_REQUEST_LIMIT_EXCEEDED",
                "WS_CONCUR_SESSION_DISALLWD",
                "WS_REQUEST_BLOCKED",
                "REQUEST_LIMIT_EXCEEDED",
            }
        ),
        text=_text(r"concurrent request limit exceeded|request limit exceeded\. request blocked"),
    ),
    Row(
        "too_many_requests",
        Throttled,
        "NetSuite asks for a pause; this request was not carried out.",
        "RFC 6585",
        statuses=frozenset({429}),
    ),
    Row(
        "maintenance",
        Unavailable,
        "NetSuite is under maintenance.",
        "error list of Qlik Stitch's NetSuite source",
        statuses=ANY,
        text=_text(r"(scheduled|undergo\w*|under(going)?) (\w+ )*maintenance|temporarily unavailable"),
        wait=timedelta(minutes=10),
    ),
    Row(
        "invalid_login",
        AuthFailed,
        "NetSuite refuses the login. Check the integration, its role and its token or certificate.",
        "Online Help section_156570709583, subsect_158521885412",
        statuses=frozenset({400, 401, 403}),
        codes=frozenset(
            {"INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT", "INVALID_LOGIN_CREDENTIALS", "invalid_token", "invalid_grant"}
        ),
        text=_text(r"invalid login"),
    ),
    Row(
        "unauthorized",
        AuthFailed,
        "NetSuite refuses the credentials.",
        "RFC 9110; Online Help subsect_158521885412",
        statuses=frozenset({401}),
    ),
    Row(
        "timed_out_inside",
        OutcomeUnknown,
        "NetSuite broke the work off at its own time limit; whether the record was saved is not known.",
        "Online Help section_4640094112 (RESTlet governance)",
        codes=frozenset(
            {"SSS_TIME_LIMIT_EXCEEDED", "SSS_REQUEST_TIME_EXCEEDED", "SSS_USAGE_LIMIT_EXCEEDED", "REQUEST_TIMEOUT"}
        ),
    ),
    Row(
        "record_changed",
        Conflict,
        "Somebody else changed the record in NetSuite at the same moment.",
        "Trax.Effect docs (arrives as REST 400); SuiteScript name RCRD_HAS_BEEN_CHANGED",
        codes=frozenset({"RCRD_HAS_BEEN_CHANGED", "CUSTOM_RECORD_COLLISION", "RCRD_LOCKED_BY_WF"}),
        text=_text(r"record has been changed|record .*(is|was) locked by|edited by another user"),
    ),
    Row(
        "restlet_missing",
        RestletMissing,
        "Tieout's RESTlet is not installed in NetSuite, or its deployment is not released.",
        "Online Help section_4634920277 (404); code and text as users quote them",
        codes=frozenset({"SSS_INVALID_SCRIPTLET_ID", "SSS_INVALID_SCRIPT_ID"}),
        text=_text(r"that suitelet is invalid, disabled,? or no longer exists"),
        action="Install Tieout's SuiteApp and release the RESTlet's deployment, or set NETSUITE__VOID_WITH=credit_memo "
        "if invoices alone are voided; then replay.",
    ),
    Row(
        "duplicate_name",
        DuplicateName,
        "Another record in NetSuite already carries this name or number: {said}",
        "text seen in hotglue's target-netsuite-v2; DUP_ENTITY of Online Help section_N3539978",
        codes=frozenset({"DUP_ENTITY", "DUP_ENTITY_NAME", "DUP_TRAN_ID"}),
        text=_text(
            r"unique (customer|entity) (id|name)|(entity ?id|customer id|entity name).{0,40}already (exists|in use)"
            r"|already (exists|in use).{0,60}(entity ?id|entity name)|uniqueness error"
            r"|(transaction|invoice|document|reference) (number|#)[^.]{0,60}already|duplicate (tranid|document number)"
        ),
        action="Rename one of the two, let NetSuite number the record, or link both by hand; then replay.",
    ),
    Row(
        "duplicate_external_id",
        DuplicateExternalId,
        "A record with this external id is already in NetSuite.",
        "CData UseUpserts (text); DUP_RCRD family of Online Help section_N3539978 [MEM for the code]",
        statuses=frozenset({400, 409}),
        codes=frozenset({"DUP_RCRD", "DUPLICATE_RCRD", "DUP_EXTERNAL_ID", "DUPLICATE_EXTERNAL_ID"}),
        text=_text(r"this record already exists|external ?id.{0,80}already|already.{0,80}external ?id"),
    ),
    Row(
        "period_closed",
        PeriodClosed,
        "The accounting period does not take postings: {said}",
        "Online Help section_N3539978 (PERIOD_CLOSED family) [MEM for the texts]",
        codes=frozenset({"PERIOD_CLOSED", "CLOSED_ACCTNG_PRD", "TRANS_IN_CLOSED_PERIOD", "CANT_POST_IN_CLOSED_PERIOD"}),
        text=_text(
            r"(closed|locked) (accounting |posting )?period|period[^.]{0,60}(is|are|has been) (closed|locked)"
            r"|(date|period)[^.]{0,60}not within[^.]{0,60}accounting period|no open accounting period"
        ),
        action="Open the period in NetSuite, or choose another period policy for this flow; then replay.",
    ),
    Row(
        "pending_approval",
        NotAllowed,
        "The document waits for its approval in NetSuite: {said}",
        "[MEM]; Online Help on invoice approval routing",
        text=_text(r"pending approval|not (yet )?(been )?approved"),
        action="Approve it in NetSuite, then replay.",
    ),
    Row(
        "already_paid",
        NotAllowed,
        "The money cannot be applied: the document is paid, closed, or less is due. NetSuite says: {said}",
        "Online Help article_0830101547 (apply is keyed by doc) [MEM for the texts]",
        text=_text(
            r"matching line for sublist \W*apply|(amount|payment)[^.]{0,80}(exceed|greater than|more than)"
            r"|already (been )?(paid|fully applied|closed)|paid in full|over-?apply|cannot be applied"
        ),
        action="Compare what is due in NetSuite with the payment; apply it by hand or replay.",
    ),
    Row(
        "void_refused",
        NotAllowed,
        "NetSuite does not let this transaction be voided or deleted: {said}",
        "Online Help section_4413162576, section_4413165692; dependent records [MEM]",
        codes=frozenset({"THIS_RECORD_CANNOT_BE_DELETED_BECAUSE_IT_HAS_DEPENDENT_RECORDS", "CANT_VOID_TRAN"}),
        text=_text(
            r"(cannot|can't|can not|unable to|may not) be (voided|deleted)|(cannot|can't|unable to) (void|delete)"
            r"|dependent records|already (been )?voided|has been voided|reversing journal"
        ),
        action="Unapply or undo what depends on it in NetSuite, or choose the credit memo instead of the void.",
    ),
    Row(
        "currency_not_allowed",
        Unmapped,
        "The customer does not transact in this currency: {said}",
        "[MEM]; a currency must be in the customer's currencyList",
        text=_text(
            r"field value .{0,40} for the following field:? \W*currency|currency[^.]{0,80}(not|n't)[^.]{0,40}"
            r"(customer|entity|valid|allowed|supported)|(customer|entity)[^.]{0,80}(not|n't)[^.]{0,40}currency"
        ),
        setting="customers.currencies",
        action="Add the currency to the customer in NetSuite (or let the customer flow do so), then replay.",
    ),
    Row(
        "missing_field",
        Unmapped,
        "NetSuite requires a field that was not sent: {said}",
        "Online Help section_N3539978 (USER_ERROR); text [MEM]",
        codes=frozenset({"MISSING_REQD_FLD", "MISSING_REQUIRED_FIELD", "SSS_MISSING_REQD_ARGUMENT"}),
        text=_text(
            r"please enter (a )?value|missing (a )?(required|mandatory)|mandatory field|is (required|mandatory)\b"
        ),
        setting="fields",
        action="Add a field rule that fills it, or make it optional on NetSuite's form; then replay.",
    ),
    Row(
        "unknown_record_type",
        Rejected,
        "NetSuite does not know this kind of record: {said}",
        "Online Help subsect_1544786455 [MEM for the text]",
        codes=frozenset({"INVALID_RCRD_TYPE", "UNKNOWN_RCRD_TYPE", "INVALID_RECORD_TYPE"}),
        text=_text(r"record type .{0,60}(does not exist|not found|unknown|invalid)|(unknown|invalid) record type"),
    ),
    Row(
        "unknown_field",
        Rejected,
        "NetSuite does not know a field that was sent: {said}",
        "REST API Browser, X-NetSuite-PropertyNameValidation: error [MEM for the text]",
        text=_text(
            r"(unknown|unrecogni[sz]ed|invalid|unexpected|undefined|no such) (property|field name|field\b(?! value))"
            r"|(property|field) .{0,60}(is not defined|not recogni[sz]ed|does not exist|is unknown|is invalid)"
        ),
    ),
    Row(
        "invalid_reference",
        Unmapped,
        "NetSuite has no such record for a value that was sent: {said}",
        "Online Help section_N3539978 (INVALID_KEY_OR_REF)",
        statuses=frozenset({400, 422}),
        codes=frozenset({"INVALID_KEY_OR_REF", "INVALID_REFERENCE", "UNKNOWN_REFERENCE"}),
        text=_text(r"invalid .{0,40}reference( key)?|invalid field value|reference .{0,60}(not|doesn't) exist"),
        setting="mapping",
        action="Correct the item, account or other record that is configured for it, then replay.",
    ),
    Row(
        "insufficient_permission",
        Forbidden,
        "The integration's role lacks a permission in NetSuite: {said}",
        "Online Help section_N3539978 (INSUFFICIENT_PERMISSION)",
        codes=frozenset(
            {"INSUFFICIENT_PERMISSION", "USER_ACCESS_DENIED", "FEATURE_DISABLED", "SSS_PERMISSION_VIOLATION"}
        ),
        text=_text(
            r"insufficient permission|(do|does) not have (the )?(permission|privileges|access)|permission violation"
        ),
    ),
    Row(
        "forbidden",
        Forbidden,
        "NetSuite does not let this integration do that.",
        "RFC 9110",
        statuses=frozenset({403}),
    ),
    Row(
        "nonexistent",
        NotFound,
        "NetSuite has no such record (any more).",
        "Online Help section_156570709583 (NONEXISTENT_ID)",
        codes=frozenset({"NONEXISTENT_ID", "RCRD_DSNT_EXIST", "NONEXISTENT_RECORD"}),
        text=_text(r"record (instance )?does ?n[o']t exist|no such record"),
    ),
    Row(
        "not_found",
        NotFound,
        "NetSuite has nothing at this address.",
        "RFC 9110",
        statuses=frozenset({404, 410}),
    ),
)


def sort(answer: Answer, *, write: bool) -> TieoutError:
    """The exception that this failure is. Closed by default: what the table does not know is not tried again
    blindly. `write`: whether the request could have changed something.
    """
    row = next((row for row in TABLE if row.fits(answer)), None)
    error = row.made(answer) if row else _by_default(answer)
    if isinstance(error, OutcomeUnknown) and not write:
        return Unavailable("NetSuite could not answer.", code=error.code, detail=error.detail)
    return error


def of_envelope(code: str, message: str) -> TieoutError:
    """Of our RESTlet's `{"ok": false, "code", "message"}`, which says that nothing was done."""
    return sort(Answer(400, (Detail(message, code or None),)), write=True)


def _made(row: Row, sentence: str, answer: Answer) -> TieoutError:
    # USER_ERROR and its like say nothing: where the text decided, what it said is the code
    code = answer.code if answer.code in row.codes else row.name
    if issubclass(row.raises, Unmapped):
        return row.raises(sentence, setting=row.setting, action=row.action)
    if issubclass(row.raises, Held):
        return row.raises(sentence, code=code, action=row.action)
    if issubclass(row.raises, Retryable):
        return row.raises(sentence, code=code, retry_after=answer.retry_after or row.wait)
    if issubclass(row.raises, Rejected):
        return row.raises(sentence, code=code, fields=answer.fields)
    return row.raises(sentence, code=code)


def _by_default(answer: Answer) -> TieoutError:
    code = answer.code or f"http_{answer.status}"
    said = answer.said or f"HTTP status {answer.status} without a reason"
    if answer.status >= 500:
        sentence = "NetSuite failed while working on the request; whether it was carried out is not known."
        return OutcomeUnknown(sentence, code=code, detail=said, retry_after=answer.retry_after)
    return Rejected(f"NetSuite refuses the request: {said}", code=code, detail=said, fields=answer.fields)


def _details(content: bytes) -> Iterator[Detail]:
    try:
        body = wire.loads(content)
    except ValueError:
        yield from _plain(content.decode("utf-8", "replace"))
        return
    yield from _of_json(body)


def _of_json(body: Any) -> Iterator[Detail]:
    if isinstance(body, str):
        yield from _details(body.encode()) if body.lstrip().startswith("{") else _plain(body)
    if not isinstance(body, Mapping):
        return
    listed = body.get("o:errorDetails")
    for one in listed if isinstance(listed, list) else []:
        yield Detail(_said(one), _string(one, "o:errorCode"), _path(one))
    if not listed or body.get("o:errorCode"):
        yield from _top_level(body)


def _top_level(body: Mapping[str, Any]) -> Iterator[Detail]:
    inner = body.get("error")
    if isinstance(inner, Mapping):
        yield Detail(_said(inner), _string(inner, "code", "name"), _path(inner))
    elif isinstance(inner, str) and inner.lstrip().startswith("{"):
        yield from _details(inner.encode())
    elif isinstance(inner, str):
        yield Detail(_string(body, "error_description") or inner, inner)
    else:
        yield Detail(_said(body), _string(body, "o:errorCode", "code", "name"), _path(body))


def _said(body: Mapping[str, Any]) -> str:
    return _string(body, "detail", "message", "title") or ""


def _path(body: Mapping[str, Any]) -> str | None:
    return _string(body, "o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl", "o:urlPath")


def _string(body: Mapping[str, Any], *names: str) -> str | None:
    found = next((body[name] for name in names if body.get(name)), None)
    return None if found is None else str(found)


def _plain(text: str) -> Iterator[Detail]:
    """RESTlets in text/plain say `error code: X error message: Y`; gateways answer in HTML, or not at all."""
    told = re.search(r"error code:\s*(\S+)\s+error message:\s*(.*)", text, re.IGNORECASE | re.DOTALL)
    if told:
        yield Detail(told[2].strip(), told[1])
        return
    without = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text, flags=re.IGNORECASE | re.DOTALL)
    words = " ".join(html.unescape(without).split())
    if words:
        yield Detail(words)


def _challenge(header: str) -> Iterator[Detail]:
    found = re.search(r'error="([^"]+)"', header)
    if found:
        told = re.search(r'error_description="([^"]+)"', header)
        yield Detail(told[1] if told else found[1], found[1])


def _retry_after(value: str | None) -> timedelta | None:
    """Seconds or an HTTP date (RFC 9110). Oracle's pages do not mention the header, so it may never come."""
    if not value:
        return None
    if value.strip().isdigit():
        return timedelta(seconds=int(value))
    try:
        return max(parsedate_to_datetime(value) - datetime.now(UTC), timedelta(0))
    except (ValueError, TypeError):
        return None
