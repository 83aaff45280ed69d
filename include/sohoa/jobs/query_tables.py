"""SQL over the tables: DuckDB reads the Parquet objects through Arrow datasets, with the path key as a column."""

from __future__ import annotations

from itertools import count

import duckdb
import pyarrow as pa
from duckdb import StatementType

from sohoa.errors import InputError
from sohoa.jobs.query_faults import describe_fault
from sohoa.schema import TABLES
from sohoa.store import Store

_READING = (StatementType.SELECT, StatementType.EXPLAIN, StatementType.MULTI, StatementType.PRAGMA, StatementType.CALL)
"""Kinds of statements that only read; PIVOT is the one of several."""


def run_query(store: Store, sql: str) -> pa.Table:
    """The rows that a query returns. Every table of ``schema.TABLES`` is a view under its own name.

    Columns of one name get numbers: ``verdict``, ``verdict_2``.

    Raises:
        InputError: it is no single query that reads, or it cannot be run; the message says why and where.
    """
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        try:
            _require_one_question([statement.type for statement in connection.extract_statements(sql)])
            for table in TABLES:
                if table in sql.lower():
                    connection.register(table, store.dataset(table))
            rows = connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise InputError(describe_fault(error, TABLES)) from None
    return rows.rename_columns(_distinct(rows.column_names))


def _require_one_question(kinds: list[StatementType]) -> None:
    if not kinds:
        raise InputError("the query is empty: ask in SQL, as SELECT count(*) FROM pages")
    if len(kinds) > 1:
        raise InputError(f"these are {len(kinds)} queries: ask one at a time")
    if kinds[0] not in _READING:
        raise InputError(f"the tables are only read: ask with SELECT, not {kinds[0].name}")


def _distinct(names: list[str]) -> list[str]:
    """Names with a number behind each that has come before."""
    found: list[str] = []
    for name in names:
        numbered = (f"{name}_{number}" for number in count(2))
        found.append(name if name not in found else next(other for other in numbered if other not in {*found, *names}))
    return found
