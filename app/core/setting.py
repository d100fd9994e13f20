"""One setting of the configuration by its dotted path: what it takes, and the configuration with it set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from app.core import config, plan
from app.core.config import Config, PeriodPolicy, SubsidiaryBooks
from app.core.flow import AnyFlow

Takes = Literal["account", "item", "customer", "subsidiary", "currency", "choice", "text"]
_BOOKS: Mapping[str, Takes] = {
    "accounts": "account",
    "items": "item",
    "catch_all_customer": "customer",
    "subsidiary": "subsidiary",
    "currencies": "currency",
}


@dataclass(frozen=True)
class Setting:
    """`takes`: what kind of value; `options`: those of a choice. `part`: of accounts, which one (`clearing`)."""

    path: str
    takes: Takes
    options: tuple[str, ...] = ()
    part: str = ""
    now: Any = None


def described(chosen: Config, path: str, flows: Mapping[str, AnyFlow]) -> Setting | None:
    """None for what is not set by one value here: a variable of the environment, a whole part, an unknown path."""
    where = placed(chosen, path)
    match where.split("."):
        case ["older"]:
            return Setting(where, "choice", ("post", "skip", "hold"), now=chosen.older)
        case ["period_policy", record]:
            return Setting(where, "choice", get_args(PeriodPolicy), now=chosen.policy_for(record))
        case ["flows", key, "options", name] if key in flows and name in flows[key].options.model_fields:
            return _option(chosen, where, flows[key], name)
        case ["books", _, *rest] if rest:
            return _of_books(chosen, where, rest)
    return None


def placed(chosen: Config, path: str) -> str:
    """The books of an account that has none of its own are those of `*`."""
    parts = path.split(".")
    if parts[0] == "books" and len(parts) > 1 and parts[1] not in chosen.books and "*" in chosen.books:
        parts[1] = "*"
    return ".".join(parts)


def _option(chosen: Config, path: str, flow: AnyFlow, name: str) -> Setting:
    options = get_args(flow.options.model_fields[name].annotation)
    listed = all(isinstance(one, str) for one in options)
    now = getattr(chosen.options_for(flow), name)
    return Setting(path, "choice" if options and listed else "text", options if listed else (), now=now)


def _of_books(chosen: Config, path: str, rest: list[str]) -> Setting | None:
    if rest[0] == "by_subsidiary" and len(rest) > 2:
        rest = rest[2:]
        if rest[0] not in SubsidiaryBooks.model_fields:
            return None
    if not rest[0] or rest[0] not in config.Books.model_fields or (rest[0] in ("accounts", "items") and len(rest) < 2):
        return None
    now = plan.flat(chosen).get(path)
    return Setting(path, _BOOKS.get(rest[0], "text"), part=rest[1] if len(rest) > 1 else "", now=now)


def with_setting(chosen: Config, setting: Setting, value: str, flows: Mapping[str, AnyFlow]) -> Config:
    """The configuration with it set; a currency is added to those that are there. Raises InvalidConfig."""
    document = config.document(chosen)
    *way, last = setting.path.split(".")
    place = document
    for name in way:
        place = place.setdefault(name, {})
    place[last] = _added(place.get(last) or [], value.upper()) if setting.takes == "currency" else value
    return plan.checked(document, flows)


def _added(there: list[str], one: str) -> list[str]:
    return there if one in there else [*there, one]
