"""SQL over the tables: DuckDB reads the Parquet objects through Arrow datasets, with the path key as a column."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from sohoa.errors import InputError
from sohoa.schema import TABLES
from sohoa.store import Store


def run_query(store: Store, sql: str) -> pa.Table:
    """The rows that a query returns. Every table of ``schema.TABLES`` is a view under its own name.

    Raises:
        InputError: DuckDB refuses the query; the message is DuckDB's own.
    """
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        for table in TABLES:
            if table in sql.lower():
                connection.register(table, store.dataset(table))
        try:
            return connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise InputError(f"the query cannot be run: {error}\nTables: {', '.join(TABLES)}") from None
