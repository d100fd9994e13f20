from decimal import Decimal

from app.core.bodies import flattened, plainly


def test_a_reference_counts_as_one_value_and_a_sublist_as_its_lines() -> None:
    body = {"entity": {"id": "501"}, "item": {"items": [{"item": {"id": "10"}, "amount": Decimal("5.00")}]}}
    found = {path: plainly(value) for path, value in flattened(body).items()}
    assert found == {"entity": "501", "item.0.item": "10", "item.0.amount": Decimal("5.00")}


def test_lists_and_nested_parts_have_paths_of_their_own() -> None:
    found = flattened({"metadata": {"po": "7"}, "lines": [{"amount": 5}], "expand": []})
    assert found == {"metadata.po": "7", "lines.0.amount": 5, "expand": []}
