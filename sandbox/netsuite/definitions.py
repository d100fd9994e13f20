"""The shape of a record type: its properties, sublists and transforms, and the behaviour that makes it bookkeeping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.netsuite.fields import Field, Fields, Sublist

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

TRANSACTION = "transaction"
ENTITY = "entity"
ITEM = "item"


@dataclass
class Record:
    """One stored record. `version` counts its saves."""

    type: str
    id: str
    fields: Fields
    lists: dict[str, list[Fields]]
    created: datetime
    modified: datetime
    external_id: str | None = None
    version: int = 1
    voided: bool = False

    def draft(self) -> Record:
        lines = {name: [line.copy() for line in each] for name, each in self.lists.items()}
        return replace(self, fields=self.fields.copy(), lists=lines)

    def lines(self, name: str) -> list[Fields]:
        return self.lists.setdefault(name, [])


@dataclass(frozen=True)
class Posting:
    """One line of the general ledger: debits positive, credits negative, in the record's and the base currency."""

    account: str
    amount: Decimal
    base: Decimal
    entity: str = ""
    memo: str = ""
    item: str = ""
    quantity: Decimal | None = None
    line: int = 0
    kind: str = ""
    custom: Fields = field(default_factory=Fields)


class Behaviour:
    """What a record type does beyond holding values. Every method may be left as it is."""

    voids_by_journal = False

    def settle(self, world: NetSuiteWorld, record: Record, before: Record | None) -> None:
        """Fill in what NetSuite fills in and refuse what it refuses, before the save."""

    def computed(self, world: NetSuiteWorld, record: Record) -> Fields:
        """Read-only values that follow from other records."""
        return Fields()

    def listed(self, world: NetSuiteWorld, record: Record, sublist: str) -> list[Fields]:
        """The lines as NetSuite shows them on a read."""
        return record.lines(sublist)

    def postings(self, world: NetSuiteWorld, record: Record) -> list[Posting]:
        return []

    def applications(self, record: Record) -> dict[str, Decimal]:
        """What this record applies to others, by their ids."""
        return {}

    def deposits(self, record: Record) -> set[str]:
        """The ids of the payments that this record takes out of undeposited funds."""
        return set()

    def status(self, world: NetSuiteWorld, record: Record) -> str:
        return ""

    def name(self, world: NetSuiteWorld, record: Record) -> str:
        return record.fields.text("name") or record.id

    def may_delete(self, world: NetSuiteWorld, record: Record) -> None:
        """Raises NetSuiteError when it may not go."""

    def void(self, world: NetSuiteWorld, record: Record) -> None:
        """Turn the draft into a voided record; raises NetSuiteError where NetSuite has no void."""
        raise NotImplementedError


Transform = Callable[["NetSuiteWorld", Record], Record]


@dataclass(frozen=True)
class Definition:
    """One record type. `code` is its SuiteQL type, `namespace` where its external ids must be unique."""

    name: str
    namespace: str
    fields: tuple[Field, ...]
    sublists: tuple[Sublist, ...] = ()
    code: str = ""
    title: str = ""
    prefix: str = ""
    custom: str = ""
    custom_lines: str = ""
    apply_line: int = 0
    statuses: Mapping[str, str] = field(default_factory=dict)
    transforms: Mapping[str, Transform] = field(default_factory=dict)
    behaviour: Behaviour = field(default_factory=Behaviour)
    collection: str = ""

    @property
    def is_transaction(self) -> bool:
        return self.namespace == TRANSACTION

    def sublist(self, name: str) -> Sublist | None:
        lowered = name.lower()
        return next((one for one in self.sublists if one.name.lower() == lowered), None)
