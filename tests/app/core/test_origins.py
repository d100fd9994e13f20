from dataclasses import dataclass
from decimal import Decimal

import pytest

from app.core.config import Config
from app.core.origins import Remembering, origins_of, remembered, remembering
from app.money import from_minor
from app.origin import Origin, forgotten, told


@dataclass(frozen=True)
class Line:
    amount: int
    description: str


@dataclass(frozen=True)
class Invoice:
    id: str
    number: str | None
    lines: tuple[Line, ...]


class Gateway:
    account = "main"

    def invoice(self, invoice_id: str) -> Invoice:
        return Invoice(invoice_id, "INV-1", (Line(1050, "Workshop"),))


def read() -> Invoice:
    found: Invoice = Remembering(Gateway(), "stripe").invoice("in_1")
    return found


def test_what_is_passed_on_is_remembered() -> None:
    source = read()
    body = {"tranId": source.number, "item": {"items": [{"description": source.lines[0].description}]}}
    assert origins_of(body) == {
        "tranId": Origin("stripe", "Invoice in_1 · number"),
        "item.0.description": Origin("stripe", "Invoice in_1 · lines.0.description"),
    }


def test_an_amount_is_remembered_in_its_other_unit() -> None:
    amount = from_minor(read().lines[0].amount, "usd")
    assert (amount, origins_of({"payment": amount})["payment"].words) == (
        Decimal("10.50"),
        "Invoice in_1 · lines.0.amount",
    )


def test_what_is_worked_out_is_not_guessed() -> None:
    source = read()
    assert origins_of({"memo": f"Invoice {source.number}", "total": source.lines[0].amount + 1}) == {}


def test_a_value_is_what_it_was() -> None:
    assert read() == Gateway().invoice("in_1")
    assert Remembering(Gateway(), "stripe").account == "main"


def test_it_can_be_forgotten() -> None:
    value = told("x", Origin("stripe", "y"))
    assert [type(one) for one in forgotten({"a": value, "b": [told(Decimal(1), Origin("link"))]}).values()] == [
        str,
        list,
    ]


@pytest.mark.parametrize("value", [True, None, 1.5])
def test_what_cannot_remember_is_given_back(value: object) -> None:
    assert told(value, Origin("stripe")) is value


def test_each_of_an_answer_in_parts_is_remembered() -> None:
    [row] = remembered(iter([{"id": "7"}]), "netsuite", "query")
    assert origins_of(row) == {"id": Origin("netsuite", "query · id")}


BOOKS = {
    "subsidiary": "1",
    "items": {"default": "10"},
    "by_subsidiary": {"3": {"items": {"default": "30"}}},
}


@pytest.mark.parametrize(
    ("subsidiary", "value", "path"),
    [(None, "10", "books.main.items.default"), ("3", "30", "books.main.by_subsidiary.3.items.default")],
)
def test_a_setting_knows_its_path(subsidiary: str | None, value: str, path: str) -> None:
    config = remembering(Config.model_validate({"books": {"main": BOOKS}}))
    item = config.for_account("main", subsidiary).items.default
    assert (item, origins_of({"item": item})) == (value, {"item": Origin("setting", path)})


def test_what_nobody_chose_is_a_default() -> None:
    books = remembering(Config.model_validate({"books": {"*": {}}})).for_account("other")
    assert origins_of({"mode": books.tax_mode}) == {"mode": Origin("default", "books.*.tax_mode")}
