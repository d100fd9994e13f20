"""How times, amounts, counts and documents are written on pages: the filters and functions of the templates."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode, urlsplit

from markupsafe import Markup, escape

from app.money import quantize

STATES: Mapping[str, tuple[str, str]] = {
    "queued": ("clock", "plain"),
    "running": ("loader", "busy"),
    "retrying": ("refresh", "warn"),
    "held": ("hand-stop", "warn"),
    "succeeded": ("circle-check", "good"),
    "skipped": ("player-skip-forward", "plain"),
    "dead": ("circle-x", "bad"),
    "dismissed": ("archive", "plain"),
    "open": ("alert-circle", "bad"),
    "acknowledged": ("eye", "warn"),
    "ignored": ("eye-off", "plain"),
    "snoozed": ("clock-pause", "plain"),
    "resolved": ("circle-check", "good"),
    "done": ("circle-check", "good"),
    "aborted": ("player-stop", "plain"),
    "failed": ("circle-x", "bad"),
    "sent": ("send", "good"),
    "dispatched": ("circle-check", "good"),
    "unknown": ("help", "warn"),
    "pending": ("clock", "plain"),
    "active": ("circle-check", "good"),
    "off": ("circle-dashed", "plain"),
    "on": ("circle-check", "good"),
    "paused": ("player-pause", "warn"),
    "posted": ("circle-check", "good"),
    "differs": ("alert-triangle", "bad"),
    "in_transit": ("send", "plain"),
    "waiting": ("clock", "plain"),
}
"""State -> (icon, tone)."""
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
_STEPS = ((86400 * 365, "y"), (86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)'
    r"|(?P<word>\b(?:true|false|null)\b)"
)


def span(lasted: timedelta) -> str:
    """`45 s`, `12 min`, `3 h`, `5 d`: the largest whole unit."""
    seconds = abs(lasted.total_seconds())
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "0 s"


def ago(at: datetime, now: datetime) -> str:
    if abs(now - at) < timedelta(seconds=5):
        return "just now"
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def stamp(at: datetime) -> str:
    """In UTC, to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


def amount(value: Decimal, currency: str) -> str:
    """With as many decimals as the currency has; never fewer than the value itself needs."""
    rounded = quantize(value, currency)
    return f"{rounded if rounded == value else value:,}"


def number(value: int) -> str:
    return f"{value:,}"


def browser(user_agent: str) -> str:
    """`Firefox on Windows`, as far as its name for itself can be believed."""
    name = next((shown for mark, shown in _BROWSERS if mark in user_agent), "")
    system = next((shown for mark, shown in _SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, (name, system))) or user_agent[:40] or "unknown"


def state_of(name: str) -> tuple[str, str]:
    return STATES.get(name, ("info-circle", "plain"))


def words(name: str) -> str:
    """`link_missing` -> `link missing`."""
    return name.replace("_", " ")


def said(sentence: str) -> Markup:
    """A sentence of ours; what stands in backticks is a name."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(sentence.split("`"))
    )


def spaced(name: str) -> str:
    """`customerPayment` -> `customer payment`."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f" {found[1].lower()}", name)


def pretty(document: object) -> Markup:
    """JSON for people, its parts marked for colour."""
    raw = json.dumps(document, indent=2, ensure_ascii=False, default=str)
    parts, end = [], 0
    for token in _TOKEN.finditer(raw):
        parts.append(escape(raw[end : token.start()]))
        parts.append(Markup('<span class="j-{}">{}</span>').format(token.lastgroup, token[0]))
        end = token.end()
    return Markup("").join([*parts, escape(raw[end:])])


def with_query(here: str, **changes: object) -> str:
    """This address with some of its parameters changed; None takes one out, a list gives it several times."""
    parsed = urlsplit(here)
    kept = [(name, value) for name, value in parse_qsl(parsed.query) if name not in changes]
    for name, value in changes.items():
        several = value if isinstance(value, list | tuple) else [value]
        kept += [(name, str(one)) for one in several if one not in (None, "")]
    return parsed.path + (f"?{urlencode(kept)}" if kept else "")


def sparkline(values: Sequence[float], label: str, *, width: int = 96, height: int = 24) -> Markup:
    """A line without axes; `label` says in words what it shows."""
    top = max(values, default=0) or 1
    step = width / max(len(values) - 1, 1)
    drawn = ((index * step, height - 2 - (height - 4) * value / top) for index, value in enumerate(values))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
    return Markup(
        '<svg class="sparkline" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        '<polyline points="{}" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
    ).format(label, width, height, width, height, points)


def filters(clock: Callable[[], datetime]) -> dict[str, Callable[..., object]]:
    return {
        "ago": lambda at: ago(at, clock()),
        "stamp": stamp,
        "span": span,
        "amount": amount,
        "number": number,
        "words": words,
        "said": said,
        "spaced": spaced,
        "decimal": Decimal,
        "pretty": pretty,
        "browser": browser,
    }
