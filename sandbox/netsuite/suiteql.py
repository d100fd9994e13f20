"""SuiteQL: Oracle's dialect parsed, turned into SQLite's, run over the tables, and answered with NetSuite's quirks."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import SqlglotError

from sandbox.netsuite.cells import DATE_MARK, Cell
from sandbox.netsuite.errors import NetSuiteError
from sandbox.netsuite.oracle import plain_number, register

if TYPE_CHECKING:
    from sandbox.netsuite.world import NetSuiteWorld

INVALID = "Invalid search query. Detailed unprocessed description follows. Search error occurred: "
ROW_LIMIT = 100_000
KEPT = 512


class _Backticks(SQLite):
    """SQLite reads an unknown name in double quotes as a text; in backticks it is an error, as it should be."""

    class Tokenizer(SQLite.Tokenizer):
        IDENTIFIERS = ["`"]


def refused(reason: str) -> NetSuiteError:
    return NetSuiteError(INVALID + reason, "INVALID_PARAMETER")


def run(world: NetSuiteWorld, query: str, params: Sequence[Any], limit: int, offset: int) -> dict[str, Any]:
    """One page of a query's rows, as the endpoint answers them; raises NetSuiteError."""
    names, rows = _found(world, query, params)
    page = rows[offset : offset + limit]
    items = [_item(names, row) for row in page]
    return {
        "count": len(page),
        "hasMore": offset + limit < len(rows),
        "items": items,
        "offset": offset,
        "totalResults": len(rows),
    }


def table(world: NetSuiteWorld, query: str, params: Sequence[Any]) -> tuple[list[str], list[list[Cell]]]:
    """A query's columns and rows as a script has them: numbers stay numbers, dates are texts; raises NetSuiteError."""
    names, rows = _found(world, query, params)
    return names, [[_shown(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]


def _found(world: NetSuiteWorld, query: str, params: Sequence[Any]) -> tuple[list[str], list[tuple[Cell, ...]]]:
    with world.lock:
        _refuse_hidden(world, query)
        connection = world.tables.refresh()
        register(world, connection)
        names, rows = _rows(connection, _translated(world, query), params)
    return names, rows[:ROW_LIMIT]


TABLES_OF = {"MULTICURRENCY": "currency", "SUBSIDIARIES": "subsidiary", "ACCOUNTINGPERIODS": "accountingperiod"}
"""What is not there while its feature is switched off."""


def _refuse_hidden(world: NetSuiteWorld, query: str) -> None:
    """Without the feature or the permission a table does not exist for the asker."""
    gone = {TABLES_OF.get(feature) for feature in world.settings.features_off} | set(world.settings.forbidden)
    for table in re.findall(r"\b(?:from|join)\s+([a-z_]+)", query.lower()):
        if table in gone:
            raise refused(f"Record '{table}' was not found.")


def _rows(
    connection: sqlite3.Connection, statement: str, params: Sequence[Any]
) -> tuple[list[str], list[tuple[Cell, ...]]]:
    if any(isinstance(one, list | dict | bool) for one in params):
        raise refused("Parameters must be texts or numbers.")
    try:
        cursor = connection.execute(
            statement, [one if isinstance(one, int) or one is None else str(one) for one in params]
        )
        rows = cursor.fetchall()
    except sqlite3.Error as error:
        raise refused(_explained(str(error))) from None
    return [one[0].lower() for one in cursor.description], rows


def _explained(error: str) -> str:
    column = re.fullmatch(r"no such column: (?:(\S+)\.)?(\S+)", error)
    if column:
        record = column.group(1) or "query"
        reason = "NOT_EXPOSED - Field is not exposed or does not exist."
        return f"Field '{column.group(2)}' for record '{record}' was not found. Reason: {reason}"
    table = re.fullmatch(r"no such table: (\S+)", error)
    return f"Record '{table.group(1)}' was not found." if table else f"Invalid or unsupported search ({error})"


def _item(names: list[str], row: Sequence[Cell]) -> dict[str, Any]:
    shown = {name: _shown(value) for name, value in zip(names, row, strict=True) if value is not None}
    return {"links": [], **{name: value for name, value in shown.items() if name != "_source"}}


def _shown(value: Cell) -> str:
    if isinstance(value, float):
        return plain_number(value)
    text = str(value)
    if text.startswith(DATE_MARK):
        at = datetime.fromisoformat(text[1:])
        return f"{at.month}/{at.day}/{at.year}"
    return text


# From Oracle to SQLite


def _translated(world: NetSuiteWorld, query: str) -> str:
    known = world.tables.translations
    if query not in known:
        if len(known) >= KEPT:
            known.clear()
        known[query] = _translate(query, {table.name: tuple(table.columns) for table in world.tables.tables.values()})
    return known[query]


def _translate(query: str, schema: dict[str, tuple[str, ...]]) -> str:
    try:
        parsed = sqlglot.parse(query, read="oracle")
    except (SqlglotError, RecursionError) as error:
        raise refused(f"Invalid or unsupported search ({str(error).splitlines()[0]})") from None
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
        raise refused("Invalid or unsupported search (one SELECT is what is allowed)")
    tree: exp.Expr = parsed[0]
    if any(type(one) is exp.Limit for one in tree.find_all(exp.Limit)):
        raise refused("Invalid or unsupported search (LIMIT is not known, use FETCH FIRST n ROWS ONLY)")
    _limit_by_rownum(tree)
    # bottom up: what is replaced takes its arguments along, and they must be turned by then
    for node in reversed(list(tree.walk())):
        turned = _turned(node, schema)
        if turned is not node:
            node.replace(turned)
    for name in tree.find_all(exp.Identifier):
        name.set("this", name.name.lower())
        name.set("quoted", True)
    for ordered in tree.find_all(exp.GroupConcat):
        if isinstance(ordered.this, exp.Order):
            ordered.set("this", ordered.this.this)
    try:
        return str(tree.sql(dialect=_Backticks))
    except SqlglotError as error:
        raise refused(f"Invalid or unsupported search ({error})") from None


def _call(name: str, *arguments: exp.Expr | None) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[one.copy() for one in arguments if one is not None])


def _turned(node: exp.Expr, schema: dict[str, tuple[str, ...]]) -> exp.Expr:
    match node:
        case exp.Dot() if _is_builtin(node):
            return _display(node, schema)
        case exp.ToChar() | exp.TimeToStr():
            return _call("ns_to_char", node.this, node.args.get("format"))
        case exp.StrToDate() | exp.StrToTime() | exp.TsOrDsToDate() | exp.StrToUnix():
            return _call("ns_to_date", node.this, node.args.get("format"))
        case exp.CurrentTimestamp() | exp.CurrentDate():
            return _call("ns_sysdate")
        case exp.DateTrunc() | exp.TimestampTrunc():
            return _call("ns_trunc", node.this, node.args.get("unit"))
        case exp.Trunc():
            return _call("ns_trunc", node.this, node.args.get("decimals"))
        case exp.AddMonths():
            return _call("ns_add_months", node.this, node.expression)
        case exp.Add():
            return _call("ns_add", node.this, node.expression)
        case exp.Sub():
            return _call("ns_sub", node.this, node.expression)
        case exp.DPipe():
            return _call("ns_concat", node.this, node.expression)
        case exp.ToNumber():
            return _call("ns_to_number", node.this)
    return node


def _is_builtin(node: exp.Dot) -> bool:
    inside = node.expression
    return node.this.name.upper() == "BUILTIN" and isinstance(inside, exp.Anonymous) and inside.name.upper() == "DF"


def _display(node: exp.Dot, schema: dict[str, tuple[str, ...]]) -> exp.Expr:
    column = node.expression.expressions[0]
    if not isinstance(column, exp.Column):
        return _call("ns_to_char", column)
    table, alias = _table_of(column, node, schema)
    kind = exp.column("type", table=alias) if table == "transaction" else exp.null()
    names = (exp.Literal.string(table), exp.Literal.string(column.name.lower()))
    return _call("ns_df", *names, column, kind)


def _table_of(column: exp.Column, node: exp.Expr, schema: dict[str, tuple[str, ...]]) -> tuple[str, str]:
    """The table a column belongs to, and the name it goes by in the query."""
    select = node.find_ancestor(exp.Select)
    tables = list(select.find_all(exp.Table)) if select is not None else []
    for table in tables:
        named = column.table.lower()
        if named and table.alias_or_name.lower() == named:
            return table.name.lower(), table.alias_or_name
        if not named and column.name.lower() in schema.get(table.name.lower(), ()):
            return table.name.lower(), table.alias_or_name
    return "", ""


def _limit_by_rownum(tree: exp.Expr) -> None:
    """ROWNUM counts before ORDER BY sorts: limit first, order what is left."""
    for select in list(tree.find_all(exp.Select)):
        where = select.args.get("where")
        parts = list(where.this.flatten()) if where is not None and isinstance(where.this, exp.And) else []
        parts = parts or ([where.this] if where is not None else [])
        found = next((one for one in parts if _rownum(one) is not None), None)
        if found is None:
            continue
        left = [one for one in parts if one is not found]
        select.set("where", exp.Where(this=exp.and_(*left)) if left else None)
        limit = exp.Limit(expression=exp.Literal.number(_rownum(found) or 0))
        if select.args.get("order") is None:
            select.set("limit", limit)
            continue
        source = exp.select("*").from_(select.args["from_"].this.copy()) if not select.args.get("joins") else None
        if source is None:
            select.set("limit", limit)
            continue
        _nest(select, source, limit)


def _nest(select: exp.Select, source: exp.Select, limit: exp.Limit) -> None:
    table = select.args["from_"].this
    alias = table.alias_or_name
    source.set("where", select.args.get("where"))
    # without an order of its own SQLite folds the inner query, limit and all, into the outer one
    source.set("order", exp.Order(expressions=[exp.column("rowid")]))
    source.set("limit", limit)
    select.set("where", None)
    select.set("from_", exp.From(this=source.subquery(alias)))


def _rownum(part: exp.Expr) -> int | None:
    if not isinstance(part, exp.LTE | exp.LT) or part.this.name.upper() != "ROWNUM":
        return None
    if not isinstance(part.expression, exp.Literal):
        raise refused("Invalid or unsupported search (ROWNUM is compared with a number)")
    return int(part.expression.name) - (1 if isinstance(part, exp.LT) else 0)
