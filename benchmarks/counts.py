"""Ten million page rows to the defects of each agency and day: the product against pandas, each in its own process."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks.child import Cost, run_child
from sohoa.quality.thresholds import load_thresholds
from sohoa.registry import agencies_at
from sohoa.schema import TABLES

_FIRST, _DAYS, _PAGES = date(2024, 1, 1), 365, 10_000_000
_VARIANTS = 5
_UNKNOWN_SHARE, _BAD_SHARE = 0.05, 0.08


def main() -> None:
    """Print CPU time and peak memory of both, and their ratios."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        judged = load_thresholds("tthc").judged_columns()
        (folder / "rules.json").write_text(json.dumps(judged), encoding="utf-8")
        _write_pages(folder / "pages", judged)
        costs = {name: _run(name, folder) for name in ("sohoa", "pandas")}
        _require_same(folder)
    Console().print(_report(**costs))


def _run(name: str, folder: Path) -> Cost:
    files = (folder / "pages", folder / f"{name}.parquet", folder / "rules.json")
    return run_child(f"benchmarks.script_{name}:count_defects", *map(str, files))


def _write_pages(folder: Path, judged: dict[str, tuple[str, ...]]) -> None:
    """One file a day; five days drawn at random, again and again."""
    tables = [_pages_of_day(np.random.default_rng(seed), judged) for seed in range(_VARIANTS)]
    originals = [folder.with_name(f"day-{number}.parquet") for number in range(_VARIANTS)]
    for table, path in zip(tables, originals, strict=True):
        pq.write_table(table, path, compression="zstd")
    for number in range(_DAYS):
        place = folder / f"scan_date={_FIRST + timedelta(number)}"
        place.mkdir(parents=True)
        (place / "pages.parquet").hardlink_to(originals[number % _VARIANTS])


def _pages_of_day(rng: np.random.Generator, judged: dict[str, tuple[str, ...]]) -> pa.Table:
    count, schema = _PAGES // _DAYS + 1, TABLES["pages"]
    agencies = np.array([agency.code for agency in agencies_at(_FIRST)])
    defects = np.array([*judged], object)
    bad = rng.random(count) < _BAD_SHARE
    lists = [[name] if is_bad else [] for name, is_bad in zip(rng.choice(defects, count), bad, strict=True)]
    columns = {
        "agency": pa.array(rng.choice(agencies, count)),
        "paper": pa.array(rng.choice(["a4", "a3", "a0"], count, p=[0.95, 0.04, 0.01])),
        "cover": pa.array(rng.choice(["matte", "glossy"], count, p=[0.97, 0.03])),
        "defects": pa.array(lists, pa.list_(pa.string())),
    }
    for name in sorted({name for names in judged.values() for name in names}):
        kind, unknown = schema.field(name).type, rng.random(count) < _UNKNOWN_SHARE
        values = pa.array(np.round(rng.random(count), 3), mask=unknown)
        columns[name] = values if pa.types.is_floating(kind) else _discrete(rng, kind, unknown)
    return pa.table(columns)


def _discrete(rng: np.random.Generator, kind: pa.DataType, unknown: np.ndarray) -> pa.Array:
    numbers = rng.integers(0, 2, len(unknown))
    values = {"bool": numbers == 1, "string": np.array(["one", "other"])[numbers]}.get(str(kind), numbers)
    return pa.array(values, kind, mask=unknown)


def _require_same(folder: Path) -> None:
    """Both have counted the same, or the comparison would mean nothing."""
    columns = "scan_date::VARCHAR, agency, paper, cover, defect, pages_bad, pages_judged"
    ours, theirs = (f"SELECT {columns} FROM '{folder / name}.parquet'" for name in ("sohoa", "pandas"))
    query = f"SELECT count(*) FROM (({ours}) EXCEPT ALL ({theirs}) UNION ALL (({theirs}) EXCEPT ALL ({ours})))"
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        assert connection.execute(query).fetchall() == [(0,)], "the two counts differ"


def _report(sohoa: Cost, pandas: Cost) -> Table:
    table = Table("", "CPU s", "peak MB", title=f"{_PAGES:,} page rows to defects by agency and day, same result")
    for name, cost in {"sohoa": sohoa, "pandas": pandas}.items():
        table.add_row(name, f"{cost.cpu:.1f}", f"{cost.peak:.0f}")
    table.add_row("pandas / sohoa", f"{pandas.cpu / sohoa.cpu:.1f}", f"{pandas.peak / sohoa.peak:.1f}")
    return table
