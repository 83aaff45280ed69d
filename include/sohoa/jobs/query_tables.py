"""SQL over the tables: DuckDB reads the Parquet objects through Arrow datasets, with the path key as a column."""

from __future__ import annotations

import re
from itertools import count
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from duckdb import StatementType

from sohoa import layout
from sohoa.errors import InputError
from sohoa.jobs.query_faults import describe_fault
from sohoa.schema import TABLES
from sohoa.store import Store

_READING = (StatementType.SELECT, StatementType.EXPLAIN, StatementType.MULTI, StatementType.PRAGMA, StatementType.CALL)
"""Kinds of statements that only read; PIVOT is the one of several."""
_DAMAGED = re.compile(r"reading the stream registered as '(\w+)' failed")
"""What DuckDB says where Arrow could not read a table's object."""


def run_query(store: Store, sql: str) -> pa.Table:
    """The rows that a query returns. Every table of ``schema.TABLES`` is a view under its own name.

    Columns of one name get numbers: ``verdict``, ``verdict_2``.

    Raises:
        InputError: it is no single query that reads, or it cannot be run; the message says why and where.
        ObjectDamaged: the bytes of one of its tables are not those that were written.
    """
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        try:
            _require_one_question([statement.type for statement in connection.extract_statements(sql)])
            for table in TABLES:
                if table in sql.lower():
                    connection.register(table, _dataset(store, table))
            rows = connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            if damaged := _DAMAGED.search(str(error)):
                for key in store.table_keys(damaged[1]):
                    store.get_parquet(key)  # raises at that one, and names it
            raise InputError(describe_fault(error, TABLES)) from None
    return rows.rename_columns(_distinct(rows.column_names))


def _dataset(store: Store, table: str) -> ds.Dataset:
    """A table as a lazy Arrow dataset, path key included: only the columns and days asked for are read."""
    settings, url = store.settings, urlsplit(store.settings.s3_endpoint or "")
    assert settings.s3_access_key is not None and settings.s3_secret_key is not None
    files = pafs.S3FileSystem(
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
        endpoint_override=url.netloc,
        scheme=url.scheme,
        region=settings.s3_region,
    )
    path_key = pa.field(layout.PATH_KEY[table], pa.date32())
    return ds.dataset(
        [f"{layout.WAREHOUSE}/{key}" for key in store.table_keys(table)],
        schema=pa.schema([*TABLES[table], path_key]),
        filesystem=files,
        format=ds.ParquetFileFormat(page_checksum_verification=True),
        partitioning=ds.partitioning(pa.schema([path_key]), flavor="hive"),
        partition_base_dir=f"{layout.WAREHOUSE}/{table}",
    )


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
