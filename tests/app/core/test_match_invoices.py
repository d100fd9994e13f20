import pytest
from pydantic import ValidationError

from app.core.config import Config
from app.core.match import InvoiceRule


def test_amount_and_currency_alone_are_no_match_unless_finance_says_so() -> None:
    assert [rule.by for rule in Config().match.invoices.rules] == [
        "stripe_id_field",
        "metadata_invoice_id",
        "number_in_metadata",
        "number_in_description",
    ]


@pytest.mark.parametrize("pattern", ["INV[", r"INV-\d+", r"(INV)-(\d+)"])
def test_a_pattern_has_one_group(pattern: str) -> None:
    with pytest.raises(ValidationError):
        InvoiceRule(by="number_in_description", pattern=pattern)


def test_a_rule_is_one_of_the_known() -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"match": {"invoices": {"rules": [{"by": "a hunch"}]}}})
