from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.config import Config


def books(**by_subsidiary: Any) -> Config:
    main = {
        "subsidiary": "1",
        "accounts": {"money_in": "clearing", "clearing": {"USD": "5", "*": "9"}},
        "items": {"default": "10", "by_price": {"price_1": "11"}},
        "tax_mode": "suitetax",
        "by_subsidiary": by_subsidiary,
    }
    return Config.model_validate({"books": {"main": main}})


def test_a_subsidiary_differs_entry_by_entry() -> None:
    found = books(**{"3": {"accounts": {"clearing": {"EUR": "7"}}}}).for_account("main", "3")
    assert found.accounts.clearing == {"USD": "5", "*": "9", "EUR": "7"}


def test_a_subsidiary_may_go_back_to_a_default() -> None:
    chosen = books(**{"3": {"accounts": {"money_in": "undeposited_funds"}, "tax_mode": "line"}})
    again = Config.model_validate(chosen.model_dump(mode="json", exclude_defaults=True))
    found = again.for_account("main", "3")
    assert (found.accounts.money_in, found.tax_mode, found.items.default) == ("undeposited_funds", "line", "10")


@pytest.mark.parametrize("subsidiary", [None, "1", "8"])
def test_others_have_the_books_of_the_account(subsidiary: str | None) -> None:
    chosen = books(**{"3": {"tax_mode": "none"}})
    assert chosen.for_account("main", subsidiary) == chosen.for_account("main")


def test_what_is_of_no_known_subsidiary_is_the_accounts_own() -> None:
    assert books(**{"1": {"tax_mode": "none"}}).for_account("main").tax_mode == "none"


@pytest.mark.parametrize(
    ("subsidiary", "place"), [(None, "main"), ("1", "main"), ("3", "main.by_subsidiary.3"), ("8", "main")]
)
def test_what_is_missing_goes_to_the_subsidiary_that_has_choices_of_its_own(subsidiary: str | None, place: str) -> None:
    assert books(**{"3": {"tax_mode": "none"}}).place_of("main", subsidiary) == place


@pytest.mark.parametrize("other", [{"accounts": {"colour": "blue"}}, {"items": {"default": 5}}, {"subsidiary": "3"}])
def test_a_subsidiary_takes_what_the_books_take(other: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        books(**{"3": other})


def test_the_first_look_reaches_back_to_the_earliest_start() -> None:
    dates = {"invoice": "2026-03-01", "creditMemo": "2026-01-15"}
    assert Config.model_validate({"start_date": "2026-02-01", "start_dates": dates}).earliest_start == date(2026, 1, 15)
