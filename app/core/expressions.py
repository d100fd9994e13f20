"""Finance's expressions: what a field rule may compute from the source object, and nothing else.

Jinja's expression language without calls, attributes of Python objects, loops or text templates: names, arithmetic,
comparisons, `if else`, and the filters below. Everything is bounded: length of the expression, size of each text,
number and result. There is nothing that repeats, so an expression's length bounds its time.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal, InvalidOperation, Overflow
from enum import Enum
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes, pass_context
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.runtime import Context as Names
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.money import exponent, from_minor

LONGEST_EXPRESSION = 500
LONGEST_TEXT = 10_000
LONGEST_RESULT = 4_000
MOST_ITEMS = 100
MOST_DIGITS = 30
VARIABLES = ("source", "record", "line", "account", "flow", "tables")

_EXACT = Context(prec=50, Emax=1000, Emin=-1000, traps=[InvalidOperation, Overflow])
_DIRECTIVES = re.compile(r"(?:[^%]|%[YmdHMSyjBbAaIp%])*")


class ExpressionError(ValueError):
    """The sentence says what is wrong with the expression, or with what it met."""


class Shape(dict[str, Any]):
    """An object whose fields are known: another name is a mistake."""


class Open(dict[str, Any]):
    """Metadata, custom fields, a mapped body: what is not there is empty."""


def plain(value: Any) -> Any:
    """Nested dicts and tuples of texts, numbers, booleans, days and times: nothing with methods worth calling."""
    if is_dataclass(value) and not isinstance(value, type):
        return Shape({one.name: plain(getattr(value, one.name)) for one in fields(value)})
    if isinstance(value, Mapping):
        return Open({str(key): plain(item) for key, item in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(plain(item) for item in value)
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | str | Decimal | date | datetime):
        return value
    return str(value)


def check(text: str) -> None:
    """Raises ExpressionError when it cannot be read, or names something that there is not."""
    compiled(text)


def worked_out(text: str, names: Mapping[str, Any]) -> Any:
    """The value; None for what is empty. Raises ExpressionError, also for results that are too large."""
    try:
        found = compiled(text)(**names)
    except ExpressionError:
        raise
    except Exception as error:
        # also what Python itself makes of an odd expression, such as a NameError for the number 1e999
        raise ExpressionError(_told(error)) from None
    return _bounded(found)


@lru_cache(maxsize=1000)
def compiled(text: str) -> TemplateExpression:
    if len(text) > LONGEST_EXPRESSION:
        raise ExpressionError(f"it is longer than {LONGEST_EXPRESSION} characters")
    if not text.strip():
        raise ExpressionError("it is empty")
    try:
        _require_known_names(text)
        return _ENVIRONMENT.compile_expression(text, undefined_to_none=False)
    except ExpressionError:
        raise
    except TemplateError as error:
        raise ExpressionError(_told(error)) from None
    except (SyntaxError, RecursionError, MemoryError, ValueError, OverflowError):
        raise ExpressionError("it is too deeply nested, or has a number that is too long") from None


def _require_known_names(text: str) -> None:
    known = {*VARIABLES, "true", "false", "none"}
    tree = Parser(_ENVIRONMENT, text, state="variable").parse_expression()
    unknown = sorted({name.name for name in (tree, *tree.find_all(nodes.Name)) if isinstance(name, nodes.Name)} - known)
    if unknown:
        raise ExpressionError(f"there is no {unknown[0]!r}; there are {', '.join(VARIABLES)}")


def _told(error: Exception) -> str:
    words = str(error) or type(error).__name__
    return words if len(words) <= 200 else words[:200] + "…"


def _bounded(value: Any) -> Any:
    match value:
        case Undefined():
            raise ExpressionError(_told(_complaint(value)))
        case None | bool():
            return value
        case int():
            _number(Decimal(value))
            return value
        case float() | Decimal():
            return _number(_decimal(value))
        case str():
            return _text(value, LONGEST_RESULT)
        case date():
            return value
        case list() | tuple():
            return _listed(value)
    raise ExpressionError("the result is not a text, a number, a day, a yes or no, or a list of them")


def _complaint(value: Undefined) -> Exception:
    try:
        value._fail_with_undefined_error()
    except TemplateError as error:
        return error
    return ExpressionError("it is not defined")


def _listed(value: Sequence[Any]) -> list[Any]:
    if len(value) > MOST_ITEMS:
        raise ExpressionError(f"the result has more than {MOST_ITEMS} entries")
    if any(isinstance(item, list | tuple | Mapping) for item in value):
        raise ExpressionError("the result is a list of lists or objects")
    return [_bounded(item) for item in value]


def _text(value: str, longest: int = LONGEST_TEXT) -> str:
    if len(value) > longest:
        raise ExpressionError(f"a text becomes longer than {longest} characters")
    return value


def _number(value: Decimal) -> Decimal:
    if not value.is_finite() or len(value.as_tuple().digits) > MOST_DIGITS or abs(value.adjusted()) > MOST_DIGITS:
        raise ExpressionError(f"a number has more than {MOST_DIGITS} digits")
    return value


def _decimal(value: Any) -> Decimal:
    """Also of what Jinja reads as a float (`1.5`): digit for digit as it was written."""
    if isinstance(value, Undefined):
        raise ExpressionError(_told(_complaint(value)))
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float | str):
        raise ExpressionError(f"{_kind(value)} is not a number")
    try:
        return _number(Decimal(repr(value) if not isinstance(value, str | Decimal) else value))
    except InvalidOperation:
        raise ExpressionError(f"{value!r:.40} is not a number") from None


def _kind(value: Any) -> str:
    return "an empty value" if value is None else f"{value!r:.40}"


# the environment -------------------------------------------------------------------------------------------------


class _Expressions(ImmutableSandboxedEnvironment):
    """Nothing can be called, and a dot means a key of a mapping: no object's attribute is ever reached."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        """Each part of `a ~ b` is read as text first: an empty value is an empty text, not the word None."""
        for put_together in source.find_all(nodes.Concat):
            put_together.nodes = [nodes.Filter(part, "text", [], [], None, None) for part in put_together.nodes]
        return super()._generate(source, *args, **kwargs)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self._part(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self._part(obj, argument)

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        raise SecurityError("nothing can be called in an expression; use a filter, such as `source.name | upper`")

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _text(left + right)
        if isinstance(left, str) or isinstance(right, str):
            raise ExpressionError(f"`{operator}` is for numbers; texts are put together with `~`")
        return _calculated(operator, _decimal(left), _decimal(right))

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        return -_decimal(arg) if operator == "-" else _decimal(arg)

    def _part(self, obj: Any, key: Any) -> Any:
        if obj is None:
            return None
        if isinstance(obj, Open) and isinstance(key, str):
            return obj.get(key)
        if isinstance(obj, Shape) and isinstance(key, str) and key in obj:
            return obj[key]
        if isinstance(obj, str | tuple | list) and isinstance(key, int | slice) and not isinstance(key, bool):
            return _slice(obj, key)
        return obj if isinstance(obj, Undefined) else self.undefined(hint=_absent(obj, key))


def _absent(obj: Any, key: Any) -> str:
    there = f"there are {', '.join(obj)}" if isinstance(obj, Shape) else "it has no fields"
    return f"there is no `{str(key)[:40]}`; {there}"


def _slice(obj: Any, key: Any) -> Any:
    try:
        return obj[key]
    except IndexError:
        return None


def _calculated(operator: str, left: Decimal, right: Decimal) -> Decimal:
    match operator:
        case "+":
            return _number(_EXACT.add(left, right))
        case "-":
            return _number(_EXACT.subtract(left, right))
        case "*":
            return _number(_EXACT.multiply(left, right))
    if operator == "**":
        raise ExpressionError("there are no powers in expressions")
    if right == 0:
        raise ExpressionError("a number is divided by zero")
    if operator == "//":
        return _number(_EXACT.divide_int(left, right))
    if operator == "%":
        return _number(_EXACT.remainder(left, right))
    return _number(Context(prec=MOST_DIGITS - 2).divide(left, right))


# filters ---------------------------------------------------------------------------------------------------------


def _said(value: Any) -> str:
    """As text; an empty value is an empty text."""
    if isinstance(value, Undefined):
        raise ExpressionError(_told(_complaint(value)))
    if isinstance(value, Mapping | list | tuple):
        raise ExpressionError("a list or an object is no text")
    return "" if value is None else _text(format(value, "f") if isinstance(value, Decimal) else str(value))


def money(value: Any, currency: Any) -> Decimal | None:
    """Stripe's minor units as an amount: `source.amount | money(source.currency)`."""
    if value is None:
        return None
    minor = _decimal(value)
    if minor != minor.to_integral_value():
        raise ExpressionError(f"{minor} is not a number of minor units")
    return from_minor(int(minor), _iso(currency))


def minor(value: Any, currency: Any) -> Decimal:
    """An amount in minor units: the inverse of money."""
    return _number(_decimal(value).scaleb(exponent(_iso(currency))))


def _iso(value: Any) -> str:
    code = _said(value)
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        raise ExpressionError(f"{code[:40]!r} is not a currency, such as 'usd'")
    return code


def day_of(value: Any, form: Any = None, zone: Any = "UTC") -> Any:
    """A moment as its day in `zone`; with a format, as text: `source.created | date('%Y-%m', 'America/New_York')`."""
    if value is None:
        return None
    at = moment(value)
    if isinstance(at, datetime):
        at = at.astimezone(_zone(_said(zone)))
    if form is None:
        return at.date() if isinstance(at, datetime) else at
    pattern = _said(form)
    if not _DIRECTIVES.fullmatch(pattern) or len(pattern) > 100:
        raise ExpressionError(f"{pattern[:40]!r} is not a format for days, such as '%Y-%m-%d'")
    return at.strftime(pattern)


def moment(value: Any) -> date | datetime:
    """A day, a time, their ISO text, or seconds since 1970. Raises ExpressionError."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return value
    text = _said(value)
    try:
        if re.fullmatch(r"\d{9,11}", text):
            return datetime.fromtimestamp(int(text), UTC)
        return date.fromisoformat(text) if len(text) == 10 else moment(datetime.fromisoformat(text))
    except (ValueError, OverflowError, OSError):
        raise ExpressionError(f"{text[:40]!r} is not a day or a time") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        raise ExpressionError(f"{name[:40]!r} is not a time zone, such as 'Europe/Berlin'") from None


def cut(value: Any, longest: Any) -> str:
    """The first characters."""
    return _said(value).strip()[: max(0, int(_decimal(longest)))].rstrip()


def digits(value: Any) -> str:
    """Only the digits."""
    return "".join(character for character in _said(value) if "0" <= character <= "9")


def slug(value: Any) -> str:
    """Lower case, without accents, words joined by hyphens: what an id may look like."""
    ascii_only = unicodedata.normalize("NFKD", _said(value)).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", ascii_only.lower()))


def replaced(value: Any, old: Any, new: Any) -> str:
    text, before, after = _said(value), _said(old), _said(new)
    if not before:
        raise ExpressionError("`replace` needs to be told what to replace")
    if len(text) + text.count(before) * (len(after) - len(before)) > LONGEST_TEXT:
        raise ExpressionError(f"a text becomes longer than {LONGEST_TEXT} characters")
    return text.replace(before, after)


def joined(value: Any, between: Any = ", ") -> str:
    parts = [_said(item) for item in _items(value) if item is not None]
    separator = _said(between)
    if sum(map(len, parts)) + len(separator) * len(parts) > LONGEST_TEXT:
        raise ExpressionError(f"a text becomes longer than {LONGEST_TEXT} characters")
    return separator.join(parts)


def plucked(value: Any, key: Any) -> tuple[Any, ...]:
    """That field of each entry of a list: `source.lines | pluck('product') | unique | join`."""
    return tuple(_ENVIRONMENT._part(item, key) for item in _items(value))


def unique(value: Any) -> tuple[Any, ...]:
    kept: dict[str, Any] = {repr(item): item for item in _items(value)}
    return tuple(kept.values())


def otherwise(value: Any, fallback: Any = "") -> Any:
    """What to take for an empty or missing value."""
    return fallback if isinstance(value, Undefined) or value in (None, "", ()) else value


@pass_context
def lookup(names: Names, value: Any, table: Any, fallback: Any = None) -> Any:
    """The entry of one of the configuration's `tables`: `source.currency | lookup('region')`."""
    known = (names.get("tables") or {}).get(_said(table))
    if known is None:
        raise ExpressionError(f"there is no table {_said(table)[:40]!r} under `tables`")
    found = known.get(_said(value), known.get("*", fallback))
    if found is None:
        raise ExpressionError(f"table {_said(table)!r} has no entry for {_said(value)[:40]!r}")
    return found


def _items(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    if isinstance(value, Undefined):
        raise ExpressionError(_told(_complaint(value)))
    if not isinstance(value, list | tuple):
        raise ExpressionError("this is not a list")
    return tuple(value)


def _first(value: Any) -> Any:
    return value[:1] if isinstance(value, str) else next(iter(_items(value)), None)


def _last(value: Any) -> Any:
    return value[-1:] if isinstance(value, str) else next(reversed(_items(value)), None)


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(_items(value))


def _rounded(value: Any, places: Any = 0) -> Decimal:
    exact = Decimal(1).scaleb(-min(8, max(0, int(_decimal(places)))))
    return _decimal(value).quantize(exact, context=_EXACT)


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "minor": minor,
    "date": day_of,
    "cut": cut,
    "digits": digits,
    "slug": slug,
    "lookup": lookup,
    "replace": replaced,
    "join": joined,
    "pluck": plucked,
    "unique": unique,
    "default": otherwise,
    "upper": lambda value: _said(value).upper(),
    "lower": lambda value: _said(value).lower(),
    "title": lambda value: _said(value).title(),
    "trim": lambda value: _said(value).strip(),
    "text": _said,
    "number": _decimal,
    "round": _rounded,
    "abs": lambda value: abs(_decimal(value)),
    "first": _first,
    "last": _last,
    "length": _length,
}
TESTS = ("defined", "undefined", "none", "string", "number", "eq", "ne", "gt", "ge", "lt", "le", "in", "true", "false")


def _environment() -> _Expressions:
    made = _Expressions(undefined=StrictUndefined, autoescape=False, cache_size=0)
    made.globals.clear()
    made.filters = cast(Any, dict(FILTERS))
    made.tests = {name: test for name, test in made.tests.items() if name in TESTS}
    return made


_ENVIRONMENT = _environment()


def environment() -> ImmutableSandboxedEnvironment:
    """For telling where in an expression something is wrong."""
    return _ENVIRONMENT
