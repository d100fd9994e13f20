"""SuiteQL's tables, kept in SQLite beside the records: only what was touched since the last query is written again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from sandbox.netsuite import script_tables
from sandbox.netsuite.cells import Row, Table, affinity, from_fields, moment, numeric
from sandbox.netsuite.definitions import ENTITY, ITEM, TRANSACTION, Definition, Record
from sandbox.netsuite.fields import Field, Fields, Kind
from sandbox.netsuite.records.customer import currency_balance, display_name
from sandbox.netsuite.transaction_tables import transaction_tables

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld


class Tables:
    """All tables of one account. Call `refresh` before reading; always under the world's lock."""

    def __init__(self, world: NetSuiteWorld) -> None:
        self.world = world
        self.forget()

    def forget(self) -> None:
        """The columns changed: build everything again at the next refresh."""
        self.built = False
        self.registered: sqlite3.Connection | None = None
        self.translations: dict[str, str] = {}
        self.dirty: dict[tuple[str, str], str] = {}
        self.deletions_written = 0
        self.scripts_written: list[tuple[str, Row]] = []

    def touch(self, record: Record) -> None:
        definition = self.world.definition(record.type)
        self.dirty[definition.namespace, record.id] = record.type
        owner = record.fields.ref("entity") or record.fields.ref("customer")
        if definition.is_transaction and owner:
            self.dirty[ENTITY, owner] = "customer"

    def deleted(self, record: Record, name: str, code: str, context: str) -> None:
        from sandbox.netsuite.world import Deleted

        at = self.world.clock.now()
        self.world.books.deleted.append(Deleted(record.type, record.id, name, code, at, context))

    def refresh(self) -> sqlite3.Connection:
        """The database, up to date."""
        if not self.built:
            self._build()
        dirty, self.dirty = self.dirty, {}
        self.connection.execute("BEGIN")
        for (namespace, id), type in dirty.items():
            self._write(namespace, id, type)
        self._write_deletions()
        self._write_scripts()
        self.connection.execute("COMMIT")
        return self.connection

    def _build(self) -> None:
        self.connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.connection.execute("PRAGMA case_sensitive_like = ON")
        self.tables = {table.name: table for table in _tables(self.world)}
        for table in self.tables.values():
            columns = ", ".join(f"`{name}` {affinity}" for name, affinity in table.columns.items())
            self.connection.execute(f"CREATE TABLE `{table.name}` (`_source` TEXT, {columns})")
            self.connection.execute(f"CREATE INDEX `source_{table.name}` ON `{table.name}` (`_source`)")
        for name, column in (("transaction", "id"), ("transaction", "externalid"), ("transaction", "entity")):
            self.connection.execute(f"CREATE INDEX `by_{name}_{column}` ON `{name}` (`{column}`)")
        self.built = True
        for records in self.world.books.by_type.values():
            for record in records.values():
                self.touch(record)

    def _write(self, namespace: str, id: str, type: str) -> None:
        record = self.world.find(type, id)
        source = f"{namespace}:{id}"
        for table in self.tables.values():
            if type not in table.sources:
                continue
            self.connection.execute(f"DELETE FROM `{table.name}` WHERE `_source` = ?", (source,))  # noqa: S608
            if record is not None:
                self._insert(table, source, table.rows(record))

    def _insert(self, table: Table, source: str, rows: Iterable[Row]) -> None:
        names = list(table.columns)
        marks = ", ".join("?" for _ in range(len(names) + 1))
        statement = f"INSERT INTO `{table.name}` VALUES ({marks})"  # noqa: S608
        self.connection.executemany(statement, ([source, *(row.get(name) for name in names)] for row in rows))

    def _write_deletions(self) -> None:
        fresh = self.world.books.deleted[self.deletions_written :]
        self.deletions_written += len(fresh)
        rows: list[Row] = [
            {
                "deleteddate": moment(self.world, one.at),
                "deletedby": 5,
                "recordid": int(one.id),
                "type": one.code or one.type,
                "recordtypeid": one.type.lower(),
                "name": one.name,
                "context": one.context,
                "iscustomlist": "F",
                "iscustomrecord": "T" if one.type.startswith("customrecord") else "F",
                "iscustomtransaction": "F",
            }
            for one in fresh
        ]
        self._insert(self.tables["deletedrecord"], "deleted", rows)

    def _write_scripts(self) -> None:
        fresh = list(script_tables.rows(self.world.deployed_scripts))
        if fresh == self.scripts_written:
            return
        self.scripts_written = fresh
        for name in script_tables.COLUMNS:
            self.connection.execute(f"DELETE FROM `{name}`")  # noqa: S608
            self._insert(self.tables[name], "scripts", (row for table, row in fresh if table == name))


# Tables


def _tables(world: NetSuiteWorld) -> Iterator[Table]:
    yield from transaction_tables(world)
    yield _customers(world)
    yield _balances(world)
    yield _entities(world)
    yield _items(world)
    yield _accounts(world)
    special = {TRANSACTION, ENTITY, ITEM, "account"}
    for definition in world.definitions.values():
        if definition.namespace not in special or definition.name == "employee":
            yield _plain(world, definition)
    for name, shape in script_tables.COLUMNS.items():
        yield Table(name, shape, lambda _: (), frozenset(), {})
    columns = dict.fromkeys(("deleteddate", "type", "recordtypeid", "name", "context"), "TEXT")
    flags = dict.fromkeys(("iscustomlist", "iscustomrecord", "iscustomtransaction"), "TEXT")
    numbers = {"recordid": "INTEGER", "deletedby": "INTEGER"}
    yield Table("deletedrecord", {**columns, **flags, **numbers}, lambda _: (), frozenset(), {})


def _plain(
    world: NetSuiteWorld,
    definition: Definition,
    more: Callable[[Record], Row] | None = None,
    extra: Mapping[str, str] | None = None,
) -> Table:
    fields = world.fields_of(definition)
    columns = {"id": "INTEGER", "externalid": "TEXT", "lastmodifieddate": "TEXT"}
    columns |= {field.name.lower(): affinity(field) for field in fields} | dict(extra or {})

    def rows(record: Record) -> Iterator[Row]:
        values = Fields({**record.fields, **definition.behaviour.computed(world, record)})
        own = from_fields(world, fields, values)
        common = {"id": numeric(record.id), "externalid": record.external_id}
        yield {**own, **common, "lastmodifieddate": moment(world, record.modified), **(more(record) if more else {})}

    shows = {field.name.lower(): field for field in fields}
    return Table(definition.name.lower(), columns, rows, frozenset({definition.name}), shows)


def _customers(world: NetSuiteWorld) -> Table:
    def more(record: Record) -> Row:
        shown = display_name(record)
        return {
            "altname": shown,
            "fullname": record.fields.text("entityId"),
            "entitytitle": f"{record.fields.text('entityId')} {shown}",
            "datecreated": moment(world, record.created),
            "searchstage": "CUSTOMER",
        }

    extra = dict.fromkeys(("fullname", "entitytitle", "searchstage"), "TEXT")
    return _plain(world, world.definition("customer"), more, extra)


def _balances(world: NetSuiteWorld) -> Table:
    def rows(record: Record) -> Iterator[Row]:
        for line in record.lines("currencyList"):
            currency = line.ref("currency")
            balance = float(currency_balance(world, record, currency))
            yield {"customer": int(record.id), "currency": int(currency), "balance": balance}

    columns = {"customer": "INTEGER", "currency": "INTEGER", "balance": "REAL"}
    shows = {
        field.name: field
        for field in (Field("customer", Kind.REF, to="customer"), Field("currency", Kind.REF, to="currency"))
    }
    return Table("customercurrencybalance", columns, rows, frozenset({"customer"}), shows)


def _entities(world: NetSuiteWorld) -> Table:
    def rows(record: Record) -> Iterator[Row]:
        yield {
            "id": int(record.id),
            "entityid": record.fields.text("entityId"),
            "altname": display_name(record) or record.fields.text("entityId"),
            "email": record.fields.text("email") or None,
            "type": "CustJob" if record.type == "customer" else "Employee",
            "isinactive": "T" if record.fields.flag("isInactive") else "F",
            "externalid": record.external_id,
        }

    columns = dict.fromkeys(("entityid", "altname", "email", "type", "isinactive", "externalid"), "TEXT")
    return Table("entity", {"id": "INTEGER", **columns}, rows, frozenset({"customer", "employee"}), {})


def _items(world: NetSuiteWorld) -> Table:
    definitions = [one for one in world.definitions.values() if one.namespace == ITEM]
    plain = _plain(world, definitions[0])

    def rows(record: Record) -> Iterator[Row]:
        names = {"itemtype": world.definition(record.type).code, "fullname": record.fields.text("itemId")}
        for row in plain.rows(record):
            yield {**row, **names}

    columns = {**plain.columns, "itemtype": "TEXT", "fullname": "TEXT"}
    return Table("item", columns, rows, frozenset(one.name for one in definitions), plain.shows)


def _accounts(world: NetSuiteWorld) -> Table:
    def more(record: Record) -> Row:
        shown = world.definition("account").behaviour.name(world, record)
        name = record.fields.text("acctName")
        return {
            "accountsearchdisplayname": shown,
            "accountsearchdisplaynamecopy": name,
            "displaynamewithhierarchy": name,
            "fullname": name,
        }

    names = ("accountsearchdisplayname", "accountsearchdisplaynamecopy", "displaynamewithhierarchy", "fullname")
    return _plain(world, world.definition("account"), more, dict.fromkeys(names, "TEXT"))
