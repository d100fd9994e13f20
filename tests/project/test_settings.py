"""`.env.example` and the settings name the same things, with the same defaults."""

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from app.settings import IdentityProvider, NetSuiteAccount, Settings, StripeAccount
from tests.project.tree import ROOT

LINE = re.compile(r"^(?:# )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$")
EXAMPLE = (ROOT / ".env.example").read_text().splitlines()
NESTED: dict[str, tuple[str, type[BaseModel]]] = {
    "stripe": ("STRIPE__MAIN__", StripeAccount),
    "netsuite": ("NETSUITE__", NetSuiteAccount),
    "oidc": ("OIDC__", IdentityProvider),
}


def named_in_example() -> dict[str, str]:
    return {match["name"]: match["value"] for line in EXAMPLE if (match := LINE.match(line))}


def settings_names() -> Iterator[tuple[str, object]]:
    for name, field in Settings.model_fields.items():
        if name in NESTED:
            prefix, model = NESTED[name]
            yield from ((prefix + inner.upper(), one.default) for inner, one in model.model_fields.items())
        else:
            yield name.upper(), field.default


def test_every_setting_is_in_the_example() -> None:
    assert sorted(name for name, _ in settings_names()) == sorted(named_in_example())


@pytest.mark.parametrize(("name", "default"), list(settings_names()))
def test_the_example_shows_the_default(name: str, default: object) -> None:
    shown = named_in_example()[name]
    if isinstance(default, bool):
        assert shown == str(default).lower()
    elif isinstance(default, int | float):
        assert float(shown) == default
    elif isinstance(default, str) and default:
        assert shown == default
    elif name == "DATA_DIR":
        assert shown == str(default)
    else:
        assert shown == ""


def test_the_example_is_a_valid_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in named_in_example():
        monkeypatch.delenv(name, raising=False)
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)


def test_every_setting_has_a_sentence_above_it() -> None:
    above = ""
    for line in EXAMPLE:
        match = LINE.match(line)
        if match:
            assert above.startswith("#"), f"{match['name']} has no explanation"
        else:
            above = line


def test_nothing_else_reads_the_environment() -> None:
    reads = re.compile(r"os\.(environ\b(?!\.setdefault|\})|getenv)")
    allowed = {"app/settings.py"}
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "app").rglob("*.py")) + sorted((ROOT / "workers").rglob("*.py"))
        if str(path.relative_to(ROOT)) not in allowed
        for line in path.read_text().splitlines()
        if reads.search(line) and "os.environ," not in line and "os.environ.items()" not in line
    ]
    assert found == []
