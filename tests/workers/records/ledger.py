"""A ledger that answers from memory, for what the mappings ask of it: periods, currencies, the clock, one patch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from app.core.config import Config
from app.core.flow import Options
from app.core.interfaces import Ledger
from app.errors import Unmapped
from app.systems.netsuite.objects import Subsidiary
from app.systems.netsuite.records import Ref
from tests.workers.records.builders import NOW

CURRENCIES = {"USD": "1", "EUR": "4"}


@dataclass
class Memory:
    """Stands for NetSuite, the links and the clock at once. Days before `open_from` are in closed periods."""

    open_from: date = date(2026, 1, 1)
    zone: str | None = None
    at: datetime = NOW
    patched: list[tuple[Ref, Mapping[str, Any]]] = field(default_factory=list)
    saved: list[Mapping[str, Any]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def period_open(self, day: date) -> bool:
        return day >= self.open_from

    def first_open_day(self, day: date) -> date:
        return max(day, self.open_from)

    def subsidiary(self, internal_id: str) -> Subsidiary:
        return Subsidiary(id=internal_id, time_zone=self.zone)

    def currency(self, iso: str) -> Ref:
        return Ref("currency", CURRENCIES[iso])

    def iso_currency(self, internal_id: str) -> str:
        found = next((iso for iso, known in CURRENCIES.items() if known == internal_id), None)
        if found is None:
            raise Unmapped("no such currency", setting="currencies")
        return found

    def patch(self, ref: Ref, body: Mapping[str, Any], *, replace: Sequence[str] = ()) -> None:
        self.patched.append((ref, body))

    def save(self, role: str, stripe_id: str, ref: Ref, **facts: Any) -> None:
        self.saved.append({"role": role, "stripe_id": stripe_id, "ref": ref, **facts})


def ledger(memory: Memory | None = None, **config: Any) -> Ledger[Options]:
    memory = memory or Memory()
    return Ledger(
        account="main",
        stripe=cast(Any, None),
        netsuite=cast(Any, memory),
        links=cast(Any, memory),
        clock=memory,
        options=Options(),
        config=Config.model_validate(config),
        public=cast(Any, None),
        notes=[],
    )
