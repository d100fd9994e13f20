from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.dashboard import formats

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("by", "told"),
    [
        (timedelta(seconds=-2), "just now"),
        (timedelta(seconds=-59), "59 s ago"),
        (timedelta(minutes=-61), "1 h ago"),
        (timedelta(days=-400), "1 y ago"),
        (timedelta(minutes=12), "in 12 min"),
    ],
)
def test_how_long_ago(by: timedelta, told: str) -> None:
    assert formats.ago(NOW + by, NOW) == told


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        ("1234.5", "usd", "1,234.50"),
        ("1050", "jpy", "1,050"),
        ("-1.05", "KWD", "-1.050"),
        ("0.005", "usd", "0.005"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: str, currency: str, told: str) -> None:
    assert formats.amount(Decimal(amount), currency) == told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"before": None}, "/runs?state=held&state=dead"),
        ({"state": None}, "/runs?before=7"),
        ({"state": ["queued"], "before": None}, "/runs?state=queued"),
        ({"q": "a b&c"}, "/runs?state=held&state=dead&before=7&q=a+b%26c"),
    ],
)
def test_links_change_some_parameters(changes: dict[str, object], told: str) -> None:
    assert formats.with_query("/runs?state=held&state=dead&before=7", **changes) == told


def test_documents_are_escaped_and_coloured() -> None:
    told = formats.pretty({"a<b": "</script>", "n": 1.5, "x": None})
    assert '<span class="j-key">&#34;a&lt;b&#34;</span>' in told
    assert "</script>" not in told
    assert '<span class="j-number">1.5</span>' in told
    assert '<span class="j-word">null</span>' in told


def test_names_in_sentences_are_code() -> None:
    assert formats.said("Set `a<b`, then replay.") == "Set <code>a&lt;b</code>, then replay."


def test_a_sparkline_says_what_it_shows() -> None:
    line = formats.sparkline([0, 5, 10], 'runs by "day"')
    assert 'aria-label="runs by &#34;day&#34;"' in line
    assert 'points="0.0,22.0 48.0,12.0 96.0,2.0"' in line


def test_a_sparkline_of_nothing_is_a_flat_line() -> None:
    assert 'points="0.0,22.0 96.0,22.0"' in formats.sparkline([0, 0], "nothing")


@pytest.mark.parametrize(
    ("user_agent", "told"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("a script", "a script"),
        ("", "unknown"),
    ],
)
def test_browsers_are_named(user_agent: str, told: str) -> None:
    assert formats.browser(user_agent) == told
