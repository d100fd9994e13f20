"""What can be checked of a configuration only by asking NetSuite: whether the fields that its rules name exist."""

from collections.abc import Mapping
from typing import Protocol

from app.core.config import Config
from app.core.exchanges import Record
from app.core.interfaces import NetSuite
from app.core.plan import InvalidConfig
from app.core.rules import unknown_fields
from app.errors import NotFound, Rejected, TieoutError


class OpensNetSuite(Protocol):
    def netsuite(self, record: Record) -> NetSuite: ...


class Parts(Protocol):
    @property
    def systems(self) -> OpensNetSuite: ...


def fields_exist(parts: Parts, wanted: Config, *, offline: bool = False) -> str | None:
    """None when all do, else why it could not be checked. Raises InvalidConfig for those that do not exist."""
    if not wanted.field_rules:
        return None
    if offline:
        return "The fields of the rules were not looked up in NetSuite (offline)."
    try:
        known = _known(parts, sorted({rule.record_type for rule in wanted.field_rules}))
    except TieoutError as error:
        return f"The fields of the rules were not looked up in NetSuite: {error.sentence}"
    problems = (problem.partition(": ") for problem in unknown_fields(wanted.field_rules, known))
    found = {f"{path}.field": words for path, _, words in problems}
    if found:
        raise InvalidConfig(found)
    return None


def _known(parts: Parts, record_types: list[str]) -> dict[str, Mapping[str, str]]:
    netsuite = parts.systems.netsuite(lambda _: None)
    found = {}
    for record_type in record_types:
        try:
            found[record_type] = netsuite.record_fields(record_type)
        except (NotFound, Rejected):
            continue  # NetSuite's catalog does not tell of it; it refuses the field itself if need be
    return found
