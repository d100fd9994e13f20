"""What a request may say: parameters checked against, and typed by, the `stripe` package's own annotations."""

from __future__ import annotations

import sys
import types
from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

import stripe
import stripe.params
import stripe.params.v2.core
import typing_extensions

from sandbox.stripe.errors import InvalidParams
from sandbox.stripe.forms import as_list

_OPTIONAL = (NotRequired, Required, typing_extensions.NotRequired, typing_extensions.Required)
_UNIONS = (Union, types.UnionType)
_REQUEST_OPTIONS = frozenset(stripe.RequestOptions.__annotations__)
_FURTHER = {
    # accepted by the API on all but deletions, absent from some of the package's annotations
    "expand": list[str],
}


def decode(params_name: str, raw: dict[str, Any], tolerated: Collection[str] = ()) -> dict[str, Any]:
    """Typed values of `raw` by the class `params_name` of `stripe.params`; '' becomes None (unset).

    Raises InvalidParams for what is unknown, missing or of the wrong type. `tolerated` ones pass as they are.
    """
    known = shape(params_name)
    passed = {name: value for name, value in raw.items() if name in tolerated and name not in known}
    checked = {name: value for name, value in raw.items() if name not in passed}
    return passed | _typed_dict(known, checked, "")


@cache
def shape(params_name: str) -> dict[str, Any]:
    """Parameter name to type, with Required or NotRequired still around it."""
    return _shape(_find(params_name)) | {k: NotRequired[v] for k, v in _FURTHER.items()}


def _find(params_name: str) -> Any:
    place: Any = stripe.params
    for part in params_name.split("."):
        place = getattr(place, part)
    return place


@cache
def _shape(typed_dict: Any) -> dict[str, Any]:
    spaces = vars(sys.modules[typed_dict.__module__])
    own = {name: hint for name, hint in typed_dict.__annotations__.items() if name not in _REQUEST_OPTIONS}
    bare = types.SimpleNamespace(__annotations__=own)
    return get_type_hints(bare, globalns=spaces, include_extras=True)


def _typed_dict(known: dict[str, Any], raw: dict[str, Any], where: str) -> dict[str, Any]:
    for name in raw:
        if name not in known:
            raise _unknown(_at(where, name))
    for name, hint in known.items():
        if name not in raw and get_origin(hint) not in (NotRequired, typing_extensions.NotRequired):
            raise InvalidParams(
                f"Missing required param: {_at(where, name)}.", code="parameter_missing", param=_at(where, name)
            )
    return {name: _typed(known[name], value, _at(where, name)) for name, value in raw.items()}


def _unknown(param: str) -> InvalidParams:
    return InvalidParams(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def _at(where: str, name: str) -> str:
    return f"{where}[{name}]" if where else name


def _typed(hint: Any, value: Any, param: str) -> Any:
    origin = get_origin(hint)
    if origin in _OPTIONAL:
        return _typed(get_args(hint)[0], value, param)
    if origin in _UNIONS:
        return _one_of(get_args(hint), value, param)
    if origin is list:
        return _listed(get_args(hint)[0], value, param)
    if origin is Literal or origin is typing_extensions.Literal:
        return _literal(get_args(hint), value, param)
    if _is_mapping(origin, hint):
        return _mapped(hint, value, param)
    if is_typeddict(hint) or typing_extensions.is_typeddict(hint):
        return _nested(hint, value, param)
    return _scalar(hint, value, param)


def _is_mapping(origin: Any, hint: Any) -> bool:
    return origin is dict or getattr(origin or hint, "__name__", "") == "UntypedStripeObject"


def _one_of(hints: tuple[Any, ...], value: Any, param: str) -> Any:
    if value == "":
        return None
    refusal: InvalidParams | None = None
    for hint in sorted((h for h in hints if h is not type(None)), key=_strictness):
        try:
            return _typed(hint, value, param)
        except InvalidParams as refused:
            refusal = refusal if refusal is not None and hint is str else refused
    raise refusal or _unknown(param)


def _strictness(hint: Any) -> int:
    """Literals before plain strings, so that open enums (`Literal[...] | str`) take anything."""
    return 1 if hint is str else 0


def _listed(hint: Any, value: Any, param: str) -> Any:
    if value == "":
        return []
    if isinstance(value, str):
        raise InvalidParams("Invalid array", param=param)
    return [_typed(hint, item, f"{param}[{n}]") for n, item in enumerate(as_list(value))]


def _literal(allowed: tuple[Any, ...], value: Any, param: str) -> Any:
    if value in allowed or str(value) in map(str, allowed):
        return None if value == "" else value
    if value in ("true", "false") and (value == "true") in allowed:
        return value == "true"
    names = ", ".join(str(a) for a in allowed if a != "")
    raise InvalidParams(f"Invalid {param}: must be one of {names}", param=param)


def _mapped(hint: Any, value: Any, param: str) -> Any:
    if value == "":
        return None
    if not isinstance(value, dict):
        raise InvalidParams("Invalid hash", param=param)
    of = get_args(hint)[-1] if get_args(hint) else str
    return {name: _typed(of, item, f"{param}[{name}]") if item != "" else "" for name, item in value.items()}


def _nested(hint: Any, value: Any, param: str) -> Any:
    if value == "":
        return None
    if not isinstance(value, dict):
        raise InvalidParams("Invalid object", param=param)
    return _typed_dict(_shape(hint), value, param)


def _scalar(hint: Any, value: Any, param: str) -> Any:
    if isinstance(value, dict | list):
        raise InvalidParams(f"Invalid string: {param} must be a single value", param=param)
    if hint is bool:
        return _boolean(value, param)
    if hint in (int, float, Decimal):
        return _number(hint, value, param)
    return None if value == "" else value


def _boolean(value: Any, param: str) -> bool:
    if value in (True, "true", "1", "True"):
        return True
    if value in (False, "false", "0", "False"):
        return False
    raise InvalidParams(f"Invalid boolean: {value}", param=param)


def _number(kind: type[int] | type[float] | type[Decimal], value: Any, param: str) -> int | float | Decimal:
    if value == "":
        raise InvalidParams(
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a "
            f"parameter; however '{param}' cannot be unset.",
            code="parameter_invalid_empty",
            param=param,
        )
    try:
        return int(str(value)) if kind is int else Decimal(str(value))
    except (ValueError, InvalidOperation):
        named = "integer" if kind is int else "decimal"
        raise InvalidParams(f"Invalid {named}: {value}", code=f"parameter_invalid_{named}", param=param) from None
