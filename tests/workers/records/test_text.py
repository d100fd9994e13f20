import pytest

from tests.workers.records.ledger import ledger
from workers.records.text import cut, cut_with_note


@pytest.mark.parametrize(("given", "expected"), [(None, None), ("  ", None), (" Ada ", "Ada"), ("Ada King", "Ada")])
def test_cut(given: str | None, expected: str | None) -> None:
    assert cut(given, 4) == expected


def test_a_cut_is_noted() -> None:
    to = ledger()
    assert (cut_with_note(to, "e-mail", "abcdef", 3), to.notes) == (
        "abc",
        ["The e-mail is longer than the 3 characters that fit, and was cut."],
    )
