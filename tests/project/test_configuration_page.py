"""docs/configuration.md names every setting of the configuration, under the heading of its part."""

import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from app.core.config import Config
from app.core.expressions import FILTERS, VARIABLES
from app.core.plan import parse
from app.core.presets import PRESETS
from app.core.rules import PROTECTED, PROTECTED_LINES
from workers.flows import CATALOGUE

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
INTERNAL = {"version"}
HEADING = re.compile(r"^#+ .*?`([^`]+)`.*$", re.MULTILINE)


def parts(annotation: Any, path: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """The models inside a setting's type, with their paths: `*` for any key, a list's entries under the list itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield path, annotation
        for name, field in annotation.model_fields.items():
            yield from parts(field.annotation, f"{path}.{name}".lstrip("."))
    elif get_origin(annotation) is dict:
        yield from parts(get_args(annotation)[1], f"{path}.*")
    elif get_origin(annotation) in (tuple, list, Union, types.UnionType):
        for inner in get_args(annotation):
            yield from parts(inner, path)


def sections() -> dict[str, str]:
    """Path in the heading -> the text below it, up to the next heading."""
    found = list(HEADING.finditer(PAGE))
    ends = [match.start() for match in re.finditer(r"^#+ ", PAGE, re.MULTILINE)] + [len(PAGE)]
    return {
        re.sub(r"<[^>]+>", "*", match[1]): PAGE[match.end() : min(end for end in ends if end > match.start())]
        for match in found
    }


SETTINGS = sorted(
    {
        (re.sub(r"^retries\.\w+$", "retries.*", path), name)
        for path, model in parts(Config, "")
        for name in model.model_fields
        if name not in INTERNAL
    }
)


@pytest.mark.parametrize(("path", "name"), SETTINGS, ids=[f"{path}.{name}".lstrip(".") for path, name in SETTINGS])
def test_a_setting_is_in_the_table_of_its_part(path: str, name: str) -> None:
    section = sections().get(path or "tieout.yaml")
    assert section is not None, f"docs/configuration.md has no heading with `{path}`"
    assert re.search(rf"^\| `{re.escape(name)}` \|", section, re.MULTILINE), f"no row for `{name}` under `{path}`"


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
def test_an_example_is_taken(text: str) -> None:
    assert parse(text, CATALOGUE) != Config()


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_is_described(name: str) -> None:
    assert re.search(rf"^\| `{name}\b[^`]*` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_is_described(name: str) -> None:
    assert re.search(rf"^\| `{name}` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("record_type", PROTECTED)
def test_what_no_rule_may_touch_is_listed(record_type: str) -> None:
    [row] = re.findall(rf"^\| `{record_type}` \|.*$", PAGE, re.MULTILINE)
    lines = PROTECTED_LINES.get(record_type, {})
    fields = {*PROTECTED[record_type], *(f"{one}.{name}" for one, reasons in lines.items() for name in reasons)}
    said = set(re.findall(r"`([^`]+)`", row))
    shared = set(re.findall(r"`([^`]+)`", re.findall(r"^\| every transaction \|.*$", PAGE, re.MULTILINE)[0]))
    assert sorted(fields - said - shared) == []


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_described(name: str) -> None:
    assert f"### `{name}`" in PAGE
