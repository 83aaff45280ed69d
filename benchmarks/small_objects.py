"""What it costs that `pages`, `documents` and `batches` keep one object a batch, against one object a day.

``python -m benchmarks.small_objects [--days 5] [--pages 130]`` measures a real batch and writes scan days of 231
agencies from its rows, every number shaken so that no two rows are alike: first one object a batch, as the check does,
then one a day, as a compaction would. It prints bytes, and the CPU time of this process and of the store for listing,
reading a day whole and reading one batch.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from benchmarks.day import PAGES, check_by_stage, send_day
from benchmarks.own_store import own_store, store_cpu
from sohoa import layout
from sohoa.registry import agencies_at
from sohoa.schema import TABLES
from sohoa.store import Store
from tests.batch_builder import DAY, page_jpeg
from tests.servers import empty_buckets

_TABLES = ("pages", "documents", "batches")
_SHAKEN = 1e-3
_TRIES = 3


def main() -> None:
    """Print both costs."""
    parser = argparse.ArgumentParser(description="One object a batch against one a day.")
    parser.add_argument("--days", type=int, default=5)
    parser.add_argument("--pages", type=int, default=130, help="pages of a batch: 231 of them are 30,000")
    options = parser.parse_args()
    days = [DAY + timedelta(number) for number in range(options.days)]
    with own_store() as store:
        drawn = [page_jpeg(seed) for seed in range(PAGES)]
        send_day(store, 1, lambda _, page: drawn[page])
        check_by_stage()
        example = {table: store.read_table(table).drop_columns(layout.PATH_KEY[table]) for table in _TABLES}
        empty_buckets(store)
        for day in days:
            _write_day(store, day, example, options.pages)
        small = _costs(store, days)
        for table in _TABLES:
            for day in days:
                _merge(store, table, day)
        merged = _costs(store, days)
    title = f"{len(days)} scan days of {len(agencies_at(DAY))} batches, {options.pages} pages each: CPU ms"
    out = Table("", "one object a batch", "one a day", title=title)
    for what in small:
        out.add_row(what, small[what], merged[what])
    Console().print(out)


def _write_day(store: Store, day: date, example: dict[str, pa.Table], pages: int) -> None:
    """One batch of each agency: the example's documents over again until it has its pages."""
    rng = np.random.default_rng(day.toordinal())
    for agency in agencies_at(DAY):
        batch = f"{agency.code}-{day:%Y%m%d}-001"
        for table in _TABLES:
            rows = example[table]
            if table != "batches":
                wanted = len(rows) * pages // len(example["pages"])
                rows = rows.take(pa.array(np.arange(wanted) % len(rows)))
            store.write_table(table, day, batch, _shaken(rows, rng, agency.code, batch))


def _shaken(rows: pa.Table, rng: np.random.Generator, agency: str, batch: str) -> pa.Table:
    """Another agency's rows, none like another: of equal ones Parquet would keep one."""
    for place, column in enumerate(rows.schema):
        if pa.types.is_floating(column.type):
            factor = pa.array(1 + _SHAKEN * rng.standard_normal(len(rows)))
            rows = rows.set_column(place, column, pc.multiply(rows[column.name], factor).cast(column.type))
        elif column.name in {"sha256", "phash", "document_id", "dossier_key", "dossier_code"}:
            names = pa.array([rng.bytes(32 if column.name == "sha256" else 8).hex() for _ in range(len(rows))])
            rows = rows.set_column(place, column, names.cast(column.type))
    for name, value in (("agency", agency), ("batch", batch)):
        rows = rows.set_column(rows.column_names.index(name), name, pa.repeat(pa.scalar(value), len(rows)))
    return rows


def _merge(store: Store, table: str, day: date) -> None:
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.table_prefix(table, day))]
    rows = store.read_table(table, [day]).drop_columns(layout.PATH_KEY[table])
    store.write_table(table, day, layout.DAY, rows.select(TABLES[table].names))
    store.each(partial(store.delete, layout.WAREHOUSE), keys)


def _costs(store: Store, days: list[date]) -> dict[str, str]:
    found: dict[str, str] = {}
    batch = f"{agencies_at(DAY)[7].code}-{days[-1]:%Y%m%d}-001"
    for table in _TABLES:
        items = list(store.list_objects(layout.WAREHOUSE, layout.table_prefix(table)))
        sizes = sum(item.size for item in items)
        found[f"{table}: objects, MB"] = f"{len(items):,}, {sizes / 1e6:.1f}"
        found[f"{table}: list them"] = _cpu(store, partial(_listed, store, table))
        found[f"{table}: read a day"] = _cpu(store, partial(store.read_table, table, days[-1:]))
        found[f"{table}: read one batch"] = _cpu(store, partial(_one_batch, store, table, days[-1], batch))
    return found


def _listed(store: Store, table: str) -> int:
    return sum(1 for _ in store.list_objects(layout.WAREHOUSE, layout.table_prefix(table)))


def _one_batch(store: Store, table: str, day: date, batch: str) -> pa.Table:
    own = store.read_table(table, [day], name=batch)
    if len(own):
        return own
    rows = store.read_table(table, [day], name=layout.DAY)
    return rows.filter(pc.equal(rows["batch"], batch))


def _cpu(store: Store, call: Callable[[], object]) -> str:
    """The least CPU of some calls: this process's, and the store's."""
    found = []
    for _ in range(_TRIES):
        own, served = time.process_time(), store_cpu(store)
        call()
        found.append((time.process_time() - own, store_cpu(store) - served))
    own, served = min(found, key=sum)
    return f"{1000 * own:.1f} + {1000 * served:.0f} of the store"


if __name__ == "__main__":
    main()
