from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import pytest
from pydantic import Field
from starlette.datastructures import FormData

from app.core.flow import Options
from app.dashboard.option_fields import Field as Shown
from app.dashboard.option_fields import fields, in_words
from app.dashboard.option_form import Wrong, again, draft, read
from workers.flows import CATALOGUE


class Tolerance(Options):
    amount: Decimal = Field(Decimal("0.05"), description="Up to so much.")
    currency: str = "USD"


class Every(Options):
    on: bool = Field(True, description="A switch.")
    mode: Literal["hold", "post"] = Field("hold", description="A choice.")
    maybe: Literal["a", "b"] | None = None
    days: int = Field(5, ge=0, le=30)
    most: int | None = None
    name: str = Field("x", max_length=9)
    account_id: str | None = None
    words: tuple[str, ...] = ("inc", "llc")
    kinds: tuple[Literal["a", "b", "c"], ...] = ("c", "a")
    order: tuple[Literal["a", "b"], ...] = Field(("a", "b"), json_schema_extra={"ordered": True})
    only: tuple[str, ...] = Field((), json_schema_extra={"names": "flows"})
    accounts: dict[str, str] = Field(default_factory=dict, description="By currency.")
    tolerance: Tolerance = Tolerance()
    odd: list[dict[str, int]] = Field(default_factory=list)


NAMES = {"flows": [("one_flow", "One flow"), ("other_flow", "Other flow")]}
FORM = {
    "on": "true",
    "mode": "post",
    "maybe": "",
    "days": "7",
    "most": "",
    "name": " y",
    "account_id": "",
    "words": "inc\r\n\r\n gmbh ",
    "kinds": ["a", "b", "c"],
    "order": ["b", ""],
    "only": ["other_flow"],
    "accounts.key": ["USD", "*", ""],
    "accounts.value": ["11", "12", ""],
    "tolerance.amount": "1.50",
    "tolerance.currency": "EUR",
    "odd": '[{"a": 1}]',
}


def shown(values: Options | None = None) -> list[Shown]:
    return fields(Every, values or Every(), NAMES)


def sent(**changes: Any) -> FormData:
    several = [(name, value) for name, value in (FORM | changes).items() if value is not None]
    return FormData([(name, one) for name, value in several for one in (value if isinstance(value, list) else [value])])


def called(found: Sequence[Shown], path: str) -> Shown:
    inner = [part for each in found for part in (each, *each.parts)]
    return next(each for each in inner if each.path == path)


def test_each_kind_of_option_has_its_field() -> None:
    assert {each.path: each.kind for each in shown()} == {
        "on": "switch",
        "mode": "choice",
        "maybe": "choice",
        "days": "number",
        "most": "number",
        "name": "text",
        "account_id": "text",
        "words": "lines",
        "kinds": "ticks",
        "order": "order",
        "only": "ticks",
        "accounts": "pairs",
        "tolerance": "group",
        "odd": "document",
    }
    assert [(part.path, part.kind) for part in called(shown(), "tolerance").parts] == [
        ("tolerance.amount", "decimal"),
        ("tolerance.currency", "text"),
    ]


def test_a_field_tells_what_it_is_for_its_limits_and_its_choices() -> None:
    assert called(shown(), "mode").help == "A choice."
    assert called(shown(), "mode").choices == (("hold", "Hold"), ("post", "Post"))
    assert called(shown(), "days").limits == (("min", 0), ("max", 30))
    assert called(shown(), "only").choices == tuple(NAMES["flows"])
    assert called(shown(), "account_id").label == "Account ID"


def test_what_is_no_default_is_marked() -> None:
    found = shown(Every(mode="post", tolerance=Tolerance(currency="EUR")))
    assert [each.path for each in found if each.differs] == ["mode", "tolerance"]
    assert [part.path for part in called(found, "tolerance").parts if part.differs] == ["tolerance.currency"]


def test_a_form_becomes_the_options() -> None:
    assert Every.model_validate(draft(shown(), sent())) == Every(
        mode="post",
        days=7,
        name=" y",
        words=("inc", "gmbh"),
        kinds=("c", "a", "b"),
        order=("b",),
        only=("other_flow",),
        accounts={"USD": "11", "*": "12"},
        tolerance=Tolerance(amount=Decimal("1.50"), currency="EUR"),
        odd=[{"a": 1}],
    )


def test_a_switch_that_is_not_sent_is_off() -> None:
    assert draft(shown(), sent(on=None))["on"] is False


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"accounts.key": ["USD", "USD"], "accounts.value": ["1", "2"]}, "accounts", "USD stands here twice"),
        ({"accounts.key": [""], "accounts.value": ["2"]}, "accounts", "Say what 2 is for"),
        ({"accounts.key": ["USD"], "accounts.value": [""]}, "accounts", "Say what USD stands for"),
        ({"odd": "{"}, "odd", "This is not JSON"),
    ],
)
def test_what_cannot_be_read_is_named_and_shown_again(changes: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(Wrong) as raised:
        draft(shown(), sent(**changes))
    assert said in raised.value.problems[path]
    found = again(shown(), read(shown(), sent(**changes)), raised.value.problems, sent(**changes))
    assert said in called(found, path).wrong
    assert called(found, path).value not in (None, "")


def test_a_problem_stands_at_its_field() -> None:
    problems = {"days": "Input should be a valid integer, unable to parse", "tolerance.amount": "Input should be odd"}
    found = again(shown(), {"days": "soon", "tolerance": {"amount": "x"}}, problems)
    assert (called(found, "days").wrong, called(found, "days").value) == ("Give a whole number.", "soon")
    assert called(found, "tolerance.amount").wrong == "It should be odd"
    assert called(found, "name").wrong == ""


@pytest.mark.parametrize("key", CATALOGUE)
def test_every_flow_has_a_form_that_gives_its_options_back(key: str) -> None:
    model = CATALOGUE[key].options
    found = fields(model, model(), NAMES)
    assert {each.kind for each in found} <= {"switch", "choice", "ticks", "order", "number", "text", "lines"}
    back = FormData([pair for each in found for pair in _as_browser(each)])
    assert model.model_validate(draft(found, back)) == model()


def _as_browser(field: Shown) -> list[tuple[str, str]]:
    match field.kind:
        case "switch":
            return [(field.path, "true")] if field.value else []
        case "ticks" | "order":
            return [(field.path, each) for each in field.value]
        case "lines":
            return [(field.path, "\r\n".join(field.value))]
    return [(field.path, "" if field.value is None else str(field.value))]


IN_WORDS: tuple[tuple[object, str], ...] = (
    (None, "nothing"),
    (True, "yes"),
    ("", "empty"),
    (" ", "a blank"),
    ("fill_only", "Fill only"),
    ([], "none"),
    (["fill_only", "x_y"], "Fill only, x_y"),
    (7, "7"),
    ({"USD": "1"}, '{"USD": "1"}'),
)


@pytest.mark.parametrize(("value", "said"), IN_WORDS)
def test_values_in_words(value: object, said: str) -> None:
    assert in_words(value, [("fill_only", "Fill only")]) == said
