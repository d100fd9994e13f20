"""An alert in words, for people."""

from collections.abc import Iterator

from app.core.alert_sending import Message


def text_of(message: Message, public_url: str) -> str:
    return "\n".join((message.title, "", *_facts(message), "", *_next(message), f"Tieout: {public_url}"))


def _facts(message: Message) -> Iterator[str]:
    for name, value in message.facts.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield f"{name.replace('_', ' ')}: {shown}"


def _next(message: Message) -> Iterator[str]:
    if "issue" in message.facts:
        yield f"What to do: tieout issues show {message.facts['issue']}"
    elif "oldest_run" in message.facts:
        yield f"The oldest: tieout runs show {message.facts['oldest_run']}"
