"""What was sent with a form of options: read into a draft, and shown again with what is wrong beside each field."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData

from app.dashboard.option_fields import Field

# a draft from a form -----------------------------------------------------------------------------------------------


class Wrong(ValueError):
    """What cannot even be read: path of the field -> why."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def draft(shown: Sequence[Field], sent: FormData) -> dict[str, Any]:
    """The options as they were sent, not checked by their model yet. Raises Wrong."""
    problems: dict[str, str] = {}
    found = _draft(shown, sent, problems)
    if problems:
        raise Wrong(problems)
    return found


def _draft(shown: Sequence[Field], sent: FormData, problems: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in shown:
        try:
            found[each.path.rpartition(".")[2]] = _read(each, sent, problems)
        except ValueError as error:
            problems[each.path] = str(error)
    return found


def _read(field: Field, sent: FormData, problems: dict[str, str]) -> Any:
    match field.kind:
        case "switch":
            return field.path in sent
        case "group":
            return _draft(field.parts, sent, problems)
        case "ticks":
            return _in_order(field, _texts(sent, field.path))
        case "order":
            return list(dict.fromkeys(filter(None, _texts(sent, field.path))))
        case "lines":
            return [line.strip() for line in _text(sent, field.path).splitlines() if line.strip()]
        case "pairs":
            return _pairs(_texts(sent, field.path + ".key"), _texts(sent, field.path + ".value"))
        case "document":
            return _document(_text(sent, field.path), field.optional)
    given = _text(sent, field.path).replace("\r\n", "\n")
    return None if field.optional and not given else given


def _in_order(field: Field, ticked: Sequence[str]) -> list[str]:
    """What was chosen before keeps its place; the order of ticks says nothing."""
    known = [*map(str, field.value or ()), *(key for key, _ in field.choices)]
    return [key for key in dict.fromkeys(known) if key in ticked]


def _pairs(keys: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in zip(map(str.strip, keys), map(str.strip, values), strict=False):
        if key in found:
            raise ValueError(f"{key} stands here twice: keep one of them.")
        if not key and value:
            raise ValueError(f"Say what {value} is for, or empty it.")
        if key and not value:
            raise ValueError(f"Say what {key} stands for, or empty it.")
        if key:
            found[key] = value
    return found


def _document(given: str, optional: bool) -> Any:
    if not given.strip():
        return None if optional else {}
    try:
        return json.loads(given)
    except ValueError as error:
        raise ValueError(f"This is not JSON: {error}.") from None


def _text(sent: FormData, name: str) -> str:
    given = sent.get(name, "")
    return given if isinstance(given, str) else ""


def _texts(sent: FormData, name: str) -> list[str]:
    return [each for each in sent.getlist(name) if isinstance(each, str)]


# a form that is shown again ----------------------------------------------------------------------------------------

_PLAINER = {
    "Input should be a valid integer": "Give a whole number.",
    "Input should be a valid number": "Give a number.",
    "Input should be a valid decimal": "Give a number, such as 12.50.",
    "Decimal input should be": "Give a number, such as 12.50.",
    "Field required": "This is needed.",
}


def again(
    shown: Sequence[Field], given: Mapping[str, Any], problems: Mapping[str, str], sent: FormData | None = None
) -> list[Field]:
    """With what was given in place of what is in force, and each problem at its field.

    What could not be read, such as a list with an entry twice, is shown as it was `sent`.
    """
    return [_again(each, given.get(each.path.rpartition(".")[2]), problems, sent) for each in shown]


def _again(field: Field, given: Any, problems: Mapping[str, str], sent: FormData | None) -> Field:
    if field.kind == "group":
        return replace(field, value=given, parts=tuple(again(field.parts, given or {}, problems, sent)))
    wrong = next((words for path, words in problems.items() if f"{path}.".startswith(f"{field.path}.")), "")
    value = _as_sent(field, sent) if wrong and given is None and sent is not None else given
    return replace(field, value=value, wrong=_plainer(wrong))


def _plainer(wrong: str) -> str:
    """As one says it to somebody who fills in a form."""
    known = next((words for start, words in _PLAINER.items() if wrong.startswith(start)), "")
    said = wrong.replace("String should", "It should").replace("Input should", "It should")
    return known or (said[:1].upper() + said[1:])


def _as_sent(field: Field, sent: FormData) -> Any:
    if field.kind == "pairs":
        return dict(zip(_texts(sent, field.path + ".key"), _texts(sent, field.path + ".value"), strict=False))
    return _text(sent, field.path)


def read(shown: Sequence[Field], sent: FormData) -> dict[str, Any]:
    """What of it can be read, for showing it again."""
    return _draft(shown, sent, {})
