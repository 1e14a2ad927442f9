"""Every row of a database as lines of JSON, which either kind of database can be filled with again.

The tables are taken as they stand in the database, not as the program knows them: so one that an older version made can
be read, and is brought to today's tables where it is filled in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Column, Connection, Date, DateTime, MetaData, Table, bindparam, insert, select, update

from storage import migrations

AT_ONCE = 500  # rows read or written in one go
Row = dict[str, Any]


def tables(connection: Connection) -> list[Table]:
    """The tables that the database has, each after those it refers to."""
    found = MetaData()
    found.reflect(connection)
    for table in found.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):  # a null that may be missing is missing; elsewhere it is a value
                column.type = JSON(none_as_null=bool(column.nullable))
    return [table for table in found.sorted_tables if table.name != migrations.TABLE]


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Each row of a table, as a line of JSON."""
    found = connection.execution_options(yield_per=AT_ONCE).execute(select(table))
    for row in found.mappings():
        yield json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False).encode() + b"\n"


def fill(connection: Connection, table: Table, written: Iterable[bytes]) -> int:
    """Put such lines into a table, and return how many. Raises ValueError for what is no such line."""
    times = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    days = [column.name for column in table.columns if isinstance(column.type, Date)]
    # A row may refer to one of its own table that comes later, so that column is filled in at the end.
    own = [column for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
    later: dict[str, list[Row]] = {column.name: [] for column in own}
    keys = [column.name for column in table.primary_key]
    rows, count = iter(written), 0
    while batch := [_row(line, times, days, connection.dialect.name == "sqlite") for line in islice(rows, AT_ONCE)]:
        for row in batch:
            for name, kept in later.items():
                if row.get(name) is not None:
                    kept.append({f"_{key}": row[key] for key in keys} | {"_value": row[name]})
                    row[name] = None
        connection.execute(insert(table), batch)
        count += len(batch)
    for column in own:
        _refer(connection, table, column, keys, later[column.name])
    return count


def _refer(connection: Connection, table: Table, column: Column[Any], keys: Sequence[str], rows: list[Row]) -> None:
    mine = [table.columns[key] == bindparam(f"_{key}") for key in keys]
    statement = update(table).where(*mine).values({column.name: bindparam("_value")})
    while rows:
        connection.execute(statement, rows[:AT_ONCE])
        del rows[:AT_ONCE]


def _plain(value: object) -> object:
    """A value as JSON has it; a time in UTC, whichever way the database keeps it."""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _row(line: bytes, times: Sequence[str], days: Sequence[str], sqlite: bool) -> Row:
    row: Row = json.loads(line)
    for name in times:
        if row[name] is not None:
            time = datetime.fromisoformat(row[name])
            row[name] = time.replace(tzinfo=None) if sqlite else time
    for name in days:
        if row[name] is not None:
            row[name] = date.fromisoformat(row[name])
    return row
