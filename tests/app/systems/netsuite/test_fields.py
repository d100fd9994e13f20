"""The metadata catalog's schemas, in each form that a list of lines may have."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.errors import NotFound
from app.systems.netsuite.fields import fields_of

LINE = {"type": "object", "properties": {"rate": {"type": "number", "format": "double"}, "links": {"type": "array"}}}
REFERENCE = {"type": "object", "properties": {"id": {"type": "string"}, "refName": {"type": "string"}}}
OTHER = {"$ref": "/services/rest/record/v1/metadata-catalog/customer"}


def read(item: Mapping[str, Any], **parts: Mapping[str, Any]) -> dict[str, str]:
    def follow(name: str) -> Mapping[str, Any]:
        if name not in parts:
            raise NotFound("no such schema")
        return parts[name]

    properties = {"memo": {"type": "string"}, "tranDate": {"type": "string", "format": "date"}, "entity": OTHER}
    return fields_of("invoice", {"properties": {**properties, "terms": REFERENCE, "item": item, "links": {}}}, follow)


OWN = {"memo": "string", "tranDate": "date", "entity": "reference", "terms": "reference"}
INLINE = {"type": "object", "properties": {"items": {"type": "array", "items": LINE}}}
ELEMENT = {"$ref": "/services/rest/record/v1/metadata-catalog/invoice-itemElement"}


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        (INLINE, {}),
        (
            {"type": "object", "properties": {"items": {"type": "array", "items": ELEMENT}}},
            {"invoice-itemElement": LINE},
        ),
        (
            {"$ref": "/services/rest/record/v1/metadata-catalog/invoice-itemCollection"},
            {"invoice-itemCollection": INLINE},
        ),
    ],
)
def test_a_line_has_fields(item: Mapping[str, Any], parts: dict[str, Any]) -> None:
    found = read(item, **parts)
    assert found.pop("item") in ("sublist", "reference")
    assert found == {**OWN, "item.rate": "double"}


def test_lines_that_cannot_be_read_leave_the_records_own_fields() -> None:
    assert read(ELEMENT) == {**OWN, "item": "reference"}
