"""A scan day of the whole province judged again under a stricter limit: CPU and memory of ``sohoa run recheck``.

    python -m benchmarks.recheck [--agencies 231] [--batches 3]

The batches of one day are checked; each agency gets copies of its batch. Then a limit becomes stricter, in a copy of
the file of limits, so that one document in twenty is judged otherwise: their batches get a new slip with pictures.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

import expectations
from benchmarks.day import PAGES, send_day
from benchmarks.own_store import own_store, store_cpu
from benchmarks.processes import watch
from sohoa import jobs, layout
from sohoa.store import Store
from tests.batch_builder import DAY, page_jpeg

_COARSE_EVERY = 20  # documents
_FINE_DPI, _COARSE_DPI = 212, 200
_LIMIT, _STRICTER = "limit = 199.5\n", "limit = 206.0\n"
_SOHOA = Path(sys.executable).with_name("sohoa")
_TABLES = ("pages", "documents", "batches")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agencies", type=int, default=231)
    parser.add_argument("--batches", type=int, default=3, help="of each agency")
    asked = parser.parse_known_args()[0]
    with own_store() as store, TemporaryDirectory() as name:
        fine, coarse = ([page_jpeg(seed, dpi) for seed in range(PAGES)] for dpi in (_FINE_DPI, _COARSE_DPI))
        send_day(store, asked.agencies, lambda number, page: (fine if number % _COARSE_EVERY else coarse)[page])
        print(f"checked: {jobs.check()['pages']:,} pages", file=sys.stderr)
        store.each(partial(_copy_batch, store, asked.batches), store.read_table("batches", [DAY]).to_pylist())
        pages, before = store.read_table("pages", [DAY]).num_rows, store_cpu(store)
        _tighten(Path(name))
        cost = _recheck(Path(name), DAY)
        served = store_cpu(store) - before
        changed = sum(verdict == "rejected" for verdict in store.read_table("documents", [DAY])["verdict"].to_pylist())
    print(f"\n{asked.agencies * asked.batches} batches of one scan day, {pages:,} pages, judged again:")
    print(f"{changed:,} documents otherwise, {cost[0]:.1f} CPU s ({1000 * cost[0] / pages:.2f} for 1,000 pages),")
    print(f"{cost[1] / 1e6:.0f} MB in all processes; the store took {served:.1f} CPU s beside it.")


def _copy_batch(store: Store, most: int, row: dict[str, Any]) -> None:
    """Give an agency batches with the same rows and files, up to so many in all."""
    agency, batch = row["agency"], row["batch"]
    tables = {name: store.read_table(name, [DAY], batch).drop_columns(layout.PATH_KEY[name]) for name in _TABLES}
    source = layout.batch_prefix(agency, DAY, batch)
    files = [info.key for info in store.list_objects(layout.LANDING, source)]
    for number in range(2, most + 1):
        other = f"{batch[:-3]}{number:03d}"
        for name, rows in tables.items():
            ids = pa.array([other] * len(rows), pa.string())
            place = rows.schema.get_field_index("batch")
            store.write_table(name, DAY, other, rows.set_column(place, "batch", ids))
        for key in files:
            target = layout.batch_prefix(agency, DAY, other) + key.removeprefix(source)
            store.copy((layout.LANDING, key, None), (layout.LANDING, target))


def _tighten(folder: Path) -> None:
    """Put a copy of the limits, one of them stricter, where the command finds it before the shipped one."""
    copied = folder / "expectations"
    shutil.copytree(Path(expectations.__file__).parent, copied)
    limits = copied / "thresholds.toml"
    text = limits.read_text(encoding="utf-8")
    assert _LIMIT in text
    limits.write_text(text.replace(_LIMIT, _STRICTER), encoding="utf-8")


def _recheck(limits: Path, day: date) -> tuple[float, int]:
    """CPU seconds and the most bytes of memory of the command, its children with it."""
    os.environ["PYTHONPATH"] = str(limits)
    try:
        return watch([_SOHOA, "run", "recheck", "--from", f"{day}", "--to", f"{day}"])
    finally:
        del os.environ["PYTHONPATH"]


if __name__ == "__main__":
    main()
