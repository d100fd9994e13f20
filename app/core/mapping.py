"""Field rules applied: over each record that a flow has mapped, just before it is sent.

This is the seam that every flow's NetSuite goes through, so that none can forget a rule, and the content by which an
echo is recognised is that of the record with its rules.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from app.core import expressions
from app.core.expressions import ExpressionError, plain
from app.core.rules import FieldRule
from app.errors import Ambiguous, Candidate, Held
from app.origin import Origin

if TYPE_CHECKING:
    from app.core.interfaces import Ledger, NetSuite
    from app.systems.netsuite.records import Record, Ref

MOST_CANDIDATES = 6
_ID = re.compile(r"-?[A-Za-z0-9_]{1,60}")
_SKIP = object()


def ruled(to: "Ledger[Any]", flow: str) -> "Ledger[Any]":
    """The same ledger, with finance's field rules over whatever is written into NetSuite through it."""
    rules = [rule for rule in to.config.field_rules if rule.concerns(flow, to.account)]
    if not rules:
        return to
    shaper = Shaper(rules, to, flow)
    return replace(to, netsuite=cast("NetSuite", Ruled(to.netsuite, shaper)), shaper=shaper)


class Ruled:
    """A NetSuite whose writes carry the rules; everything else is the NetSuite behind it."""

    def __init__(self, netsuite: "NetSuite", shaper: "Shaper") -> None:
        self._netsuite = netsuite
        self._shaper = shaper

    def upsert(self, record: "Record", /) -> "Ref":
        return self._netsuite.upsert(self._shaper.shaped(record, tell=True))

    def create(self, record: "Record", /) -> "Ref":
        made: Ref = cast(Any, self._netsuite).create(self._shaper.shaped(record, tell=True))
        return made

    def transform(self, source: "Ref", record: "Record", /) -> "Ref":
        return self._netsuite.transform(source, self._shaper.shaped(record, tell=True))

    def patch(self, ref: "Ref", body: Mapping[str, Any], /, *, replace: tuple[str, ...] = ()) -> None:
        self._netsuite.patch(ref, self._shaper.patched(ref.type, body, name=str(ref)), replace=replace)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._netsuite, name)


class Shaper:
    """The rules of one run. Look-ups in NetSuite are made once each."""

    def __init__(self, rules: list[FieldRule], to: "Ledger[Any]", flow: str) -> None:
        self._rules = rules
        self._to = to
        self._names: dict[str, Any] = {
            "source": None,
            "account": to.account,
            "flow": flow,
            "tables": plain(to.config.tables),
        }
        self._found: dict[tuple[str, str, str], str] = {}
        self.origins: dict[tuple[str, str], Origin] = {}
        """(External id, or type and id; path in the body) -> the rule that has written there."""
        self._set_in: list[int] = []

    def about(self, source: Any) -> None:
        """The object that the run is about, from here on."""
        self._names["source"] = plain(source)

    def shaped(self, record: "Record", *, tell: bool = False) -> "Record":
        """The record as it is sent. Raises Held when a rule cannot be worked out."""
        mapped = record.body()
        body = dict(mapped)
        for rule in self._concerning(record.record_type, body):
            told = self._in_lines(rule, body) if rule.sublist else self._in_body(rule, body, rule.do)
            if told and tell:
                self._tell(told)
                self._remember(rule, record.external_id, body)
        changed = {name: value for name, value in body.items() if name not in mapped or value is not mapped[name]}
        return replace(record, custom={**record.custom, **changed}) if changed else record

    def patched(self, record_type: str, body: Mapping[str, Any], *, name: str = "") -> Mapping[str, Any]:
        """Single fields of a record that is there: only rules that are meant for updates, and none that fills."""
        sent = dict(body)
        for rule in self._concerning(record_type, sent):
            if rule.updates and rule.do != "default":
                told = self._in_body(rule, sent, "override")
                if told:
                    self._tell(told)
                    self._remember(rule, name, sent)
        return sent

    def _remember(self, rule: FieldRule, name: str, body: Mapping[str, Any]) -> None:
        number = self._to.config.field_rules.index(rule) + 1
        origin = Origin("rule", f"field rule {number}, “{rule.name}”")
        if not rule.sublist:
            self.origins[name, _there(body, rule.own_field)] = origin
            return
        sublist = _there(body, rule.sublist)
        for place in self._set_in:
            line = body[sublist]["items"][place]
            self.origins[name, f"{sublist}.{place}.{_there(line, rule.own_field)}"] = origin

    def _tell(self, sentence: str) -> None:
        if sentence not in self._to.notes:
            self._to.note(sentence)

    def _concerning(self, record_type: str, body: Mapping[str, Any]) -> Iterator[FieldRule]:
        """Asked one by one, so that a condition sees what the rules before it have done."""
        for rule in self._rules:
            if rule.record_type != record_type or rule.subsidiary not in (None, self._subsidiary(body)):
                continue
            if rule.when is None or self._worked_out(rule, rule.when, self._with(body)):
                yield rule

    def _subsidiary(self, body: Mapping[str, Any]) -> str | None:
        said = body.get("subsidiary")
        return said["id"] if isinstance(said, Mapping) else self._to.config.for_account(self._to.account).subsidiary

    def _with(self, body: Mapping[str, Any], **line: Any) -> dict[str, Any]:
        return {**self._names, "record": plain(body), **line}

    # one field ---------------------------------------------------------------------------------------------------

    def _in_body(self, rule: FieldRule, body: dict[str, Any], do: str) -> str | None:
        """Changes `body`; what was done, in words."""
        names = self._with(body)
        before = _there(body, rule.own_field)
        if not self._applies(rule, do, body.get(before)):
            return None
        value = self._value(rule, names)
        if value is _SKIP:
            return None
        was = body.get(before)
        body[before] = value
        replaced = f", instead of {_short(was)}" if was not in (None, "") and was != value else ""
        return f"{rule.record_type}.{rule.field} is {_short(value)} by the rule “{rule.name}”{replaced}."

    def _in_lines(self, rule: FieldRule, body: dict[str, Any]) -> str | None:
        name = _there(body, rule.sublist or "")
        sublist = body.get(name)
        if not isinstance(sublist, Mapping):
            return None
        lines = [self._line(rule, body, line) for line in sublist["items"]]
        pairs = zip(lines, sublist["items"], strict=True)
        self._set_in = [place for place, (line, before) in enumerate(pairs) if line is not before]
        count = len(self._set_in)
        if not count:
            return None
        body[name] = {**sublist, "items": lines}
        return f"{rule.record_type}.{rule.field} is set in {count} line(s) by the rule “{rule.name}”."

    def _line(self, rule: FieldRule, body: Mapping[str, Any], line: Mapping[str, Any]) -> Mapping[str, Any]:
        names = self._with(body, line=plain(line))
        field = _there(line, rule.own_field)
        if rule.lines is not None and not self._worked_out(rule, rule.lines, names):
            return line
        if not self._applies(rule, rule.do, line.get(field)):
            return line
        value = self._value(rule, names)
        return line if value is _SKIP or line.get(field) == value else {**line, field: value}

    def _applies(self, rule: FieldRule, do: str, there: Any) -> bool:
        """Whether the rule writes. Raises Held where `set` meets a field that the flow fills."""
        filled = there not in (None, "")
        if do == "set" and filled:
            raise Held(
                f"The rule “{rule.name}” sets {rule.record_type}.{rule.field}, which the flow fills itself "
                f"({_short(there)}).",
                code="field_rule",
                action=f"Let the rule “{rule.name}” `do: override` to replace it or `default` to keep it, then replay.",
            )
        return do != "default" or not filled

    # its value ---------------------------------------------------------------------------------------------------

    def _value(self, rule: FieldRule, names: Mapping[str, Any]) -> Any:
        """As NetSuite takes it; None empties the field."""
        found = self._source_of(rule, names)
        if found in (None, "", []):
            return None if rule.if_empty == "clear" else _SKIP
        try:
            return fitting(found, rule.type or ("id" if rule.lookup else None))
        except ExpressionError as error:
            raise self._failed(rule, str(error)) from None

    def _source_of(self, rule: FieldRule, names: Mapping[str, Any]) -> Any:
        if rule.expression is not None:
            return self._worked_out(rule, rule.expression, names)
        if rule.table is not None:
            return self._from_table(rule, names)
        if rule.lookup is not None:
            return self._from_netsuite(rule, names)
        return rule.value

    def _from_table(self, rule: FieldRule, names: Mapping[str, Any]) -> str | None:
        assert rule.table is not None
        key = _as_key(self._worked_out(rule, rule.table.of, names))
        found = rule.table.values.get(key, rule.table.default)
        if found is None and key:
            raise self._failed(rule, f"its table has no entry for “{_short(key)}”, and no default")
        return found

    def _from_netsuite(self, rule: FieldRule, names: Mapping[str, Any]) -> str | None:
        assert rule.lookup is not None
        wanted = _as_key(self._worked_out(rule, rule.lookup.equals, names))
        if not wanted:
            return None
        key = (rule.lookup.record_type, rule.lookup.field, wanted)
        if key not in self._found:
            self._found[key] = self._asked(rule, *key)
        return self._found[key]

    def _asked(self, rule: FieldRule, record_type: str, field: str, wanted: str) -> str:
        # the two names are letters, digits and underscores (app.core.rules); the value is bound
        sql = f"SELECT id FROM {record_type} WHERE {field} = ? ORDER BY id"  # noqa: S608
        found = [str(row["id"]) for row in islice(self._to.netsuite.query(sql, (wanted,)), MOST_CANDIDATES)]
        if len(found) == 1:
            return found[0]
        if not found:
            raise self._failed(rule, f"NetSuite has no {record_type} whose {field} is “{_short(wanted)}”")
        raise Ambiguous(
            f"The rule “{rule.name}” finds several {record_type} records whose {field} is “{_short(wanted)}”.",
            action=f"Make {field} unique in NetSuite, or let the rule “{rule.name}” compare another field; then "
            "replay.",
            candidates=[Candidate("netsuite", record_type, one, one, f"{field} = {_short(wanted)}") for one in found],
        )

    def _worked_out(self, rule: FieldRule, text: str, names: Mapping[str, Any]) -> Any:
        try:
            return expressions.worked_out(text, names)
        except ExpressionError as error:
            raise self._failed(rule, str(error)) from None

    def _failed(self, rule: FieldRule, why: str) -> Held:
        return Held(
            f"The rule “{rule.name}” for {rule.record_type}.{rule.field} cannot be worked out: {why}.",
            code="field_rule",
            action=f"Correct the rule “{rule.name}” under `field_rules` (`tieout config plan` shows its effect) or "
            "what it reads, then replay.",
        )


def fitting(value: Any, kind: str | None) -> Any:
    """The value as a field of this kind takes it. Raises ExpressionError when it cannot be one."""
    match kind:
        case None:
            if isinstance(value, list):
                raise ExpressionError("it gives a list: say `type: ids`")
            return value
        case "text":
            return _as_key(value)
        case "id":
            return {"id": _id(value)}
        case "ids":
            several = value if isinstance(value, list) else _as_key(value).split(",")
            return {"items": [{"id": _id(one)} for one in several]}
        case "boolean":
            return _truth(value)
        case "date" | "datetime":
            return _moment(value, kind)
    number = expressions.FILTERS["number"](value)
    if kind == "integer" and number != number.to_integral_value():
        raise ExpressionError(f"{number} is not a whole number")
    return int(number) if kind == "integer" else number


def _id(value: Any) -> str:
    text = _as_key(value).strip()
    if not _ID.fullmatch(text):
        raise ExpressionError(f"“{_short(text)}” is not an internal id")
    return text


def _truth(value: Any) -> bool:
    known = {"true": True, "t": True, "yes": True, "false": False, "f": False, "no": False}
    if isinstance(value, bool):
        return value
    if _as_key(value).lower() not in known:
        raise ExpressionError(f"“{_short(value)}” is neither true nor false")
    return known[_as_key(value).lower()]


def _moment(value: Any, kind: str) -> date | datetime:
    found = expressions.FILTERS["date"](value) if kind == "date" else expressions.moment(value)
    if kind == "datetime" and not isinstance(found, datetime):
        raise ExpressionError(f"“{_short(value)}” is a day without a time")
    return cast("date | datetime", found)


def _as_key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        raise ExpressionError("a list is not one value")
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)


def _there(fields: Mapping[str, Any], name: str) -> str:
    """The field's name as it is spelled already: NetSuite takes it in any case, and twice would be an error."""
    return next((known for known in fields if known.lower() == name.lower()), name)


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("id", value)
    text = "empty" if value is None else str(value)
    return text if len(text) <= 60 else text[:60] + "…"
