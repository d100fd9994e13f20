"""What the doctor finds, and what it needs of the installation to look."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, Protocol

from pydantic import BaseModel, Field

from app.core.dispatch import Modes
from app.core.flow import Catalogue
from app.core.interfaces import Clock
from app.db import Database
from app.errors import Held, TieoutError
from app.settings import Settings

State = Literal["ok", "warn", "fail"]
NOT_CHECKED = "Not checked"


class Finding(BaseModel):
    """`check` is `<group>: <what>`, or one word for what concerns this installation alone."""

    check: str = Field(examples=["stripe main: endpoint"])
    state: State
    detail: str = Field(examples=["It is switched off in Stripe."])
    action: str = Field("", description="What to do about it; empty when nothing is to be done.")

    @property
    def group(self) -> str:
        return self.check.partition(": ")[0] if ": " in self.check else "this installation"

    @property
    def name(self) -> str:
        return self.check.partition(": ")[2] or self.check


class Parts(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def modes(self) -> Modes: ...
    @property
    def clock(self) -> Clock: ...


def ok(check: str, detail: str) -> Finding:
    return Finding(check=check, state="ok", detail=detail)


def warn(check: str, detail: str, action: str) -> Finding:
    return Finding(check=check, state="warn", detail=detail, action=action)


def fail(check: str, detail: str, action: str) -> Finding:
    return Finding(check=check, state="fail", detail=detail, action=action)


def unchecked(check: str, why: str, action: str = "") -> Finding:
    """A check that could not be made must not pass for one that found nothing."""
    return Finding(check=check, state="warn", detail=f"{NOT_CHECKED}: {why}", action=action)


Check = Callable[[], Iterable[Finding]]


def guarded(check: str, look: Check) -> Iterator[Finding]:
    """What it finds; when it cannot go on, that, so that no other check is hidden."""
    try:
        yield from look()
    except TieoutError as error:
        action = error.action if isinstance(error, Held) else ""
        yield unchecked(check, said(error), action)
    except Exception as error:
        # the class only: the text of a driver's or a library's error may quote addresses and secrets
        yield unchecked(check, f"it broke off ({type(error).__name__}).", "Try again; report it if it stays.")


def said(error: TieoutError) -> str:
    """The sentence, and what the other system itself said where the sentence does not have it."""
    detail = (error.detail or "").strip()
    return f"{error.sentence} ({detail[:200]})" if detail and detail not in error.sentence else error.sentence


def listed(names: Iterable[str], at_most: int = 8) -> str:
    shown = list(names)
    rest = f" and {len(shown) - at_most} more" if len(shown) > at_most else ""
    return ", ".join(shown[:at_most]) + rest
