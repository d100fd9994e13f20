"""Where the fields of a previewed record come from.

While a preview runs, what it reads remembers where it was read, as text and numbers that know their origin. A mapping
that passes a value on passes the memory on; one that works something out of it loses it, so nothing is ever guessed.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from app.core.bodies import flattened, plainly
from app.core.config import Books, Config
from app.core.links import Link
from app.origin import Kind, Origin, forgotten, origin_of, told

M = TypeVar("M", bound=BaseModel)


def origins_of(body: Mapping[str, Any]) -> dict[str, Origin]:
    """Path of each field that knows where it comes from."""
    found = ((path, origin_of(plainly(value))) for path, value in flattened(body).items())
    return {path: origin for path, origin in found if origin}


# what is read from the systems -------------------------------------------------------------------------------------


class Remembering:
    """A gateway, or the links, whose answers know what they were read from."""

    def __init__(self, inner: Any, kind: Kind) -> None:
        self._inner, self._kind = inner, kind

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name.startswith("_"):
            return found
        return self._asked(found, name)

    def _asked(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(method)
        def asked(*given: Any, **named: Any) -> Any:
            about = " ".join([name.replace("_", " "), *(one for one in given[:1] if isinstance(one, str))])
            return remembered(method(*given, **named), self._kind, about)

        return asked


class Forgetting:
    """Our own links, made by code that takes plain text alone."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        return lambda *given: method(*forgotten(given))


def remembered(value: Any, kind: Kind, about: str, path: str = "") -> Any:
    """A copy of what a system answered. `about`: what it is, for what has no name of its own."""
    if isinstance(value, Link):
        return _remembered_link(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _remembered_object(value, kind, about, path)
    if isinstance(value, Mapping):
        return {name: remembered(one, kind, about, _below(path, name)) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(remembered(one, kind, about, _below(path, number)) for number, one in enumerate(value))
    if isinstance(value, Iterator):
        return (remembered(one, kind, about, path) for one in value)
    return told(value, Origin(kind, f"{about} · {path}" if path else about))


def _remembered_object(value: Any, kind: Kind, about: str, path: str) -> Any:
    name = getattr(value, "id", None)
    bare = type(value).__name__ == "Ref"  # a name and nothing else: what was asked for says more
    if not path and isinstance(name, str) and not bare:
        about = f"{type(value).__name__} {name}"
    made = copy(value)
    for field in fields(value):
        inner = remembered(getattr(value, field.name), kind, about, path if bare else _below(path, field.name))
        object.__setattr__(made, field.name, inner)
    return made


def _remembered_link(link: Link) -> Link:
    """Of this copy: the session that read it is closed."""
    for column in ("stripe_id", "netsuite_id"):
        setattr(link, column, told(str(getattr(link, column)), Origin("link", link.external_id)))
    link.facts = remembered(dict(link.facts), "link", link.external_id)
    return link


def _below(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


# what finance chose ------------------------------------------------------------------------------------------------


class RememberingConfig(Config):
    """A configuration whose books know, entry by entry, by which setting they are as they are."""

    def for_account(self, account: str, subsidiary: str | None = None) -> Books:
        books = super().for_account(account, subsidiary)
        place = account if account in self.books else "*"
        own = self._of_account(account).by_subsidiary.get(subsidiary or books.subsidiary or "")
        theirs = set(flattened(own.model_dump(exclude_defaults=True))) if own else set()
        other = f"books.{place}.by_subsidiary.{subsidiary or books.subsidiary}"
        given = books.model_copy(update={"by_subsidiary": {}})
        return chosen(given, lambda path: f"{other}.{path}" if path in theirs else f"books.{place}.{path}", "setting")


def remembering(config: Config) -> Config:
    return RememberingConfig.model_construct(**{name: getattr(config, name) for name in Config.model_fields})


def chosen(model: M, place: Callable[[str], str], kind: Kind) -> M:
    """The settings of a model, each knowing its path; those that nobody chose, that they are defaults."""
    given = set(flattened(model.model_dump(exclude_defaults=True)))
    return cast(M, _chosen(model, "", lambda path: Origin(kind if path in given else "default", place(path))))


def _chosen(value: Any, path: str, origin: Callable[[str], Origin]) -> Any:
    if isinstance(value, BaseModel):
        inner = {name: _chosen(getattr(value, name), _below(path, name), origin) for name in type(value).model_fields}
        return value.model_copy(update=inner)
    if isinstance(value, dict):
        return {name: _chosen(one, _below(path, name), origin) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_chosen(one, _below(path, number), origin) for number, one in enumerate(value))
    return told(value, origin(path))
