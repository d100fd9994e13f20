"""The state of one NetSuite account: records, numbering, external ids, applications, periods, ledger and outbox."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.credentials import Credentials
from sandbox.faults import Faults
from sandbox.netsuite import dataset, ids, script_tables, views
from sandbox.netsuite.auth import Gatekeeper
from sandbox.netsuite.callbacks import Callbacks
from sandbox.netsuite.definitions import ENTITY, ITEM, TRANSACTION, Definition, Posting, Record
from sandbox.netsuite.errors import NetSuiteError, invalid_value, nonexistent
from sandbox.netsuite.fields import Field
from sandbox.netsuite.governance import Governance
from sandbox.netsuite.records import DEFINITIONS
from sandbox.netsuite.scripts.runtime import Scripts
from sandbox.netsuite.tables import Tables

if TYPE_CHECKING:
    from sandbox.netsuite.jobs import Job

NAMESPACES = (TRANSACTION, ENTITY, ITEM)
FIRST_IDS = {TRANSACTION: 1001, ENTITY: 501, ITEM: 101}


@dataclass
class Settings:
    """The account's preferences, as an administrator would set them."""

    time_zone: str = "America/New_York"
    tax_mode: str = "suitetax"
    tax_rate: Decimal = Decimal(0)
    approval_routing: tuple[str, ...] = ()
    auto_apply: bool = True
    to_be_emailed: bool = True
    transform_applies_source: bool = True
    touch_applied: bool = True
    auto_number_entities: bool = True
    closed_date_policy: str = "refuse"
    override_period_restrictions: bool = False
    void_with_reversing_journals: bool = False
    refuse_concurrent_edits: bool = True
    administrator: bool = True
    location_on_put: bool = True
    features_off: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deleted:
    type: str
    id: str
    name: str
    code: str
    at: datetime
    context: str


Money = tuple[Decimal, Decimal]
"""An amount in its own and in the base currency."""
NOTHING: Money = (Decimal(0), Decimal(0))


@dataclass
class Books:
    """Everything that `reset` forgets."""

    by_type: dict[str, dict[str, Record]] = field(default_factory=dict)
    spaces: dict[str, dict[str, Record]] = field(default_factory=dict)
    external: dict[tuple[str, str], str] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    applied: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    applies: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    ledger: dict[str, list[Posting]] = field(default_factory=dict)
    receivable: dict[str, dict[str, Money]] = field(default_factory=dict)
    receivable_of: dict[str, list[tuple[str, str, Money]]] = field(default_factory=dict)
    deposited: dict[str, str] = field(default_factory=dict)
    owned: dict[str, dict[str, None]] = field(default_factory=dict)
    deleted: list[Deleted] = field(default_factory=list)
    outbox: list[dict[str, str]] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    job_keys: dict[str, str] = field(default_factory=dict)
    rates: dict[str, Decimal] = field(default_factory=dict)


class NetSuiteWorld:
    """One account. Every access to the books is under `lock`."""

    def __init__(self, *, clock: Clock, credentials: Credentials, suiteapp: Path | str | None = None) -> None:
        self.clock = clock
        self.credentials = credentials
        self.account_id = credentials.netsuite_account_id
        self.lock = threading.RLock()
        self.faults = Faults()
        self.gatekeeper = Gatekeeper.from_credentials(credentials)
        self.governance = Governance()
        self.callbacks = Callbacks(self.account_id, credentials.netsuite_callback_secret, clock)
        self.scripts = Scripts(self, suiteapp)
        self.crashes: deque[str] = deque(maxlen=20)
        self.reset()
        clock.on_change(self._clock_moved)

    def reset(self) -> None:
        """Back to the default data set. Tokens and the callback's address stay."""
        with self.lock:
            self.settings = Settings()
            self.books = Books()
            self.conflicts: deque[str] = deque()
            self.custom_fields: dict[str, dict[str, Field]] = {
                kind: {} for kind in ("body", "entity", "column", "item")
            }
            self.definitions: dict[str, Definition] = dict(DEFINITIONS)
            self.deployed_scripts = script_tables.standard(self.scripts.project)
            self.tables = Tables(self)
            self.governance.reset()
            self.callbacks.reset()
            self.scripts.reset()
            dataset.fill(self)

    def _clock_moved(self, _: datetime) -> None:
        with self.lock:
            dataset.add_periods(self)

    def close(self) -> None:
        self.scripts.close()
        self.callbacks.close()

    def deliver_to(self, url: str, secret: str | None = None) -> None:
        """Send callbacks to `url` from now on."""
        self.callbacks.deliver_to(url, secret)

    def snapshot(self, type: str) -> list[dict[str, Any]]:
        """All records of a type as an expanded GET shows them, by id."""
        with self.lock:
            how = views.look(self, "")
            records = sorted(self.all(type), key=lambda one: int(one.id))
            return [views.shown(self, one, how, expand=True) for one in records]

    def trial_balance(self) -> dict[str, Any]:
        with self.lock:
            return views.trial_balance(self)

    # What there is

    def definition(self, name: str) -> Definition:
        found = self.definitions.get(name)
        if found is None:
            lowered = name.lower()
            found = next((one for one in self.definitions.values() if one.name.lower() == lowered), None)
        if found is None:
            raise NetSuiteError(f"Record type '{name}' does not exist.", "NONEXISTENT_RECORD_TYPE", 404)
        return found

    def fields_of(self, definition: Definition) -> tuple[Field, ...]:
        custom = self.custom_fields.get(definition.custom, {})
        return (*definition.fields, *custom.values())

    def line_fields_of(self, definition: Definition, sublist: str) -> tuple[Field, ...]:
        found = definition.sublist(sublist)
        if found is None:
            return ()
        columns = self.custom_fields["column"].values() if found.name == definition.custom_lines else ()
        return (*found.fields, *columns)

    def all(self, type: str) -> Iterable[Record]:
        return self.books.by_type.get(type, {}).values()

    def space(self, namespace: str) -> dict[str, Record]:
        return self.books.spaces.setdefault(namespace, {})

    def find(self, to: str, id: str) -> Record | None:
        """By a record type's name or a whole namespace's (transaction, entity, item), and an internal id."""
        if to in NAMESPACES:
            return self.space(to).get(id)
        return self.books.by_type.get(to, {}).get(id)

    def get(self, to: str, id: str) -> Record:
        found = self.find(to, id)
        if found is None:
            raise nonexistent()
        return found

    def by_external_id(self, namespace: str, external_id: str) -> Record | None:
        found = self.books.external.get((namespace, external_id))
        return self.space(namespace).get(found) if found else None

    def locate(self, definition: Definition, key: str) -> Record:
        """The record that a URL's id or `eid:...` names; raises 404."""
        if not key.startswith("eid:"):
            return self.get(definition.name, key)
        found = self.by_external_id(definition.namespace, key[4:])
        if found is None or found.type != definition.name:
            raise nonexistent()
        return found

    def resolve(self, to: str, key: str, path: str) -> str:
        """The internal id behind a reference in a body; raises the refusal of an unknown one."""
        namespace = to if to in NAMESPACES else self.definitions[to].namespace if to in self.definitions else to
        found = self.by_external_id(namespace, key[4:]) if key.startswith("eid:") else self.find(to, key)
        if found is None or (to not in NAMESPACES and found.type != to):
            raise invalid_value(path.rsplit(".", 1)[-1], key.removeprefix("eid:"), path)
        return found.id

    def name_of(self, to: str, id: str) -> str:
        found = self.find(to, id)
        return self.definition(found.type).behaviour.name(self, found) if found else ""

    # Numbers and days

    def next_id(self, definition: Definition) -> str:
        space = definition.namespace
        self.books.counters[space] += 1
        return str(FIRST_IDS.get(space, 5001) - 1 + self.books.counters[space])

    def next_number(self, series: str, first: int = 1001) -> int:
        self.books.counters[f"number:{series}"] += 1
        return first - 1 + self.books.counters[f"number:{series}"]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.time_zone)

    def today(self) -> date:
        return self.clock.now().astimezone(self.zone).date()

    def precision(self, currency: str) -> int:
        found = self.find("currency", currency)
        return (found.fields.whole("currencyPrecision") if found else None) or 0

    def rounded(self, amount: Decimal, currency: str) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-self.precision(currency)), ROUND_HALF_UP)

    def base_currency(self, subsidiary: str) -> str:
        found = self.find("subsidiary", subsidiary)
        return found.fields.ref("currency") if found else ids.USD

    def rate(self, currency: str, subsidiary: str) -> Decimal:
        """Base units of the subsidiary's currency for one unit of `currency`."""
        base = self.base_currency(subsidiary)
        if base == currency:
            return Decimal(1)
        return (self.books.rates[currency] / self.books.rates[base]).quantize(Decimal("0.00000001"))

    def period_of(self, day: date) -> Record | None:
        return self.find("accountingPeriod", ids.period(day))

    # What one document took from another

    def taken(self, id: str, *, but: str = "") -> Decimal:
        """What other documents applied to this one."""
        return sum((each for source, each in self.books.applied.get(id, {}).items() if source != but), Decimal(0))

    def given(self, id: str) -> Decimal:
        """What this document applies to others."""
        return sum(self.books.applies.get(id, {}).values(), Decimal(0))

    def owned_by(self, customer: str) -> list[Record]:
        """The customer's transactions, oldest first."""
        return [self.space(TRANSACTION)[one] for one in self.books.owned.get(customer, {})]

    # The only ways in and out

    def put(self, record: Record) -> None:
        """Store a settled record and everything that is derived from it."""
        definition = self.definition(record.type)
        self._disown(self.space(definition.namespace).get(record.id))
        self.books.by_type.setdefault(record.type, {})[record.id] = record
        self.space(definition.namespace)[record.id] = record
        if record.external_id:
            self.books.external[definition.namespace, record.external_id] = record.id
        if definition.is_transaction:
            self._apply(record, definition.behaviour.applications(record))
            self._deposit(record, definition.behaviour.deposits(record))
            self._post(record, definition)
            owner = record.fields.ref("entity") or record.fields.ref("customer")
            self.books.owned.setdefault(owner, {})[record.id] = None
        self.tables.touch(record)

    def remove(self, record: Record) -> None:
        definition = self.definition(record.type)
        del self.books.by_type[record.type][record.id]
        del self.space(definition.namespace)[record.id]
        if record.external_id:
            self.books.external.pop((definition.namespace, record.external_id), None)
        if definition.is_transaction:
            self._apply(record, {})
            self._deposit(record, set())
            self._book(record, [])
            self.books.ledger.pop(record.id, None)
            self._disown(record)
        self.tables.touch(record)

    def _disown(self, record: Record | None) -> None:
        if record is not None:
            owner = record.fields.ref("entity") or record.fields.ref("customer")
            self.books.owned.get(owner, {}).pop(record.id, None)

    def _apply(self, record: Record, applications: dict[str, Decimal]) -> None:
        before = self.books.applies.pop(record.id, {})
        for target in before:
            self.books.applied[target].pop(record.id, None)
        for target, amount in applications.items():
            self.books.applied.setdefault(target, {})[record.id] = amount
        if applications:
            self.books.applies[record.id] = applications
        for target in {**before, **applications}:
            if before.get(target) != applications.get(target):
                self._touch(target)

    def _deposit(self, record: Record, taken: set[str]) -> None:
        before = (
            {id for id, deposit in self.books.deposited.items() if deposit == record.id}
            if taken or (record.type == "deposit")
            else set()
        )
        for id in before - taken:
            del self.books.deposited[id]
        self.books.deposited.update(dict.fromkeys(taken, record.id))
        for id in before ^ taken:
            self._touch(id)

    def _touch(self, id: str) -> None:
        target = self.space(TRANSACTION).get(id)
        if target is None:
            return
        if self.settings.touch_applied:
            target.modified = self.clock.now()
        self.tables.touch(target)

    def _post(self, record: Record, definition: Definition) -> None:
        self._book(record, self.postings(record, definition))
        for source in self.books.applied.get(record.id, {}):
            payment = self.space(TRANSACTION)[source]
            self._book(payment, self.postings(payment, self.definition(payment.type)))
            self.tables.touch(payment)

    def _book(self, record: Record, lines: list[Posting]) -> None:
        """Keep the record's ledger lines, and each customer's balance up to date with them."""
        currency = record.fields.ref("currency")
        fresh = [(one.entity, currency, (one.amount, one.base)) for one in lines if one.kind == "receivable"]
        for customer, of, (amount, base) in self.books.receivable_of.pop(record.id, []):
            self._owe(customer, of, -amount, -base)
        for customer, of, (amount, base) in fresh:
            self._owe(customer, of, amount, base)
        self.books.receivable_of[record.id] = fresh
        self.books.ledger[record.id] = lines

    def _owe(self, customer: str, currency: str, amount: Decimal, base: Decimal) -> None:
        owed = self.books.receivable.setdefault(customer, {})
        before = owed.get(currency, NOTHING)
        owed[currency] = (before[0] + amount, before[1] + base)

    def owed(self, customer: str) -> dict[str, Money]:
        """What the customer owes, by currency, in it and in the base currency."""
        return self.books.receivable.get(customer, {})

    def postings(self, record: Record, definition: Definition) -> list[Posting]:
        """The record's ledger lines, balanced to the last digit; raises when its type posts nonsense."""
        lines = [] if record.voided else definition.behaviour.postings(self, record)
        if sum((line.amount for line in lines), Decimal(0)):
            raise NetSuiteError("Unbalanced posting", "UNEXPECTED_ERROR", 500)
        gap = sum((line.base for line in lines), Decimal(0))
        return [*lines, Posting(ids.ROUNDING, Decimal(0), -gap, memo="Rounding")] if gap else lines
