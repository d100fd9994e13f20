from typing import Any

import pytest

from app.core.config import Books
from app.errors import Unmapped
from tests.workers.records.builders import line
from workers.records.items import item_for, item_of

ALL = {"default": "1", "by_price": {"price_1": "2"}, "by_product": {"prod_1": "3"}}


def books(**items: Any) -> Books:
    return Books.model_validate({"items": items})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "1"),
        ({"product": "prod_1"}, "3"),
        ({"product": "prod_1", "price": "price_1"}, "2"),
        ({"product": "prod_1", "price": "price_1", "metadata": {"netsuite_item_id": "4"}}, "4"),
        ({"price": "price_of_another"}, "1"),
    ],
)
def test_the_nearest_rule_decides(given: dict[str, Any], expected: str) -> None:
    assert item_of(line(100, **given), books(**ALL), "main") == expected


@pytest.mark.parametrize(("price", "where"), [("price_1", "by_price.price_1"), (None, "default")])
def test_without_a_rule_the_setting_is_named(price: str | None, where: str) -> None:
    with pytest.raises(Unmapped) as missing:
        item_of(line(100, price=price), books(), "main")
    assert missing.value.setting == f"books.main.items.{where}"


def test_an_item_for_a_purpose() -> None:
    assert item_for("tax", books(tax="14"), "main") == "14"
