from app.core.change_words import sentence, sentences
from app.core.plan import Change


def test_a_switch_is_told_in_words() -> None:
    assert sentence(Change("flows.retry_errors.enabled", True, False)) == "`retry_errors` was switched off."
    assert sentence(Change("flows.retry_errors.paused", False, True)) == "`retry_errors` was paused."


def test_a_value_is_told_before_and_after() -> None:
    assert sentence(Change("start_date", "2026-01-01", "2026-02-01")) == (
        "`start_date` was `2026-01-01`, is `2026-02-01` now."
    )
    assert sentence(Change("books.main.items.default", None, "17")) == "`books.main.items.default` was set to `17`."
    assert sentence(Change("books.main.items.default", "17", None)) == (
        "`books.main.items.default` was taken out; it was `17`."
    )


def test_what_could_end_a_name_does_not() -> None:
    assert sentence(Change("tables.a.b", None, "x`y" * 40)) == "`tables.a.b` was set to `" + ("x'y" * 40)[:59] + "…`."


def test_many_changes_are_counted() -> None:
    told = sentences([Change(f"fields.{number}", None, "1") for number in range(5)])
    assert (len(told), told[-1]) == (4, "2 more settings changed.")
