from typing import Any

import pytest

from tests.workers.records.builders import invoice, line
from workers.records.replacement import Wanted

WANTED = Wanted("cus_1", "USD", ({"description": "Licence", "amount": 500},), 500)


def test_an_invoice_that_shows_what_is_wanted_agrees() -> None:
    assert WANTED.agrees(invoice(500, line(500)))


@pytest.mark.parametrize(
    "other",
    [
        {"customer": "cus_2"},
        {"currency": "eur"},
        {"status": "void"},
        {"status": "draft"},
        {"lines": (line(500, description="Other"),)},
        {"lines": (line(300), line(200))},
        {"total": 400},
    ],
    ids=lambda other: next(iter(other)),
)
def test_one_that_differs_does_not(other: dict[str, Any]) -> None:
    given = {"lines": (line(500),), **other}
    assert not WANTED.agrees(invoice(given.pop("total", 500), *given.pop("lines"), **given))
