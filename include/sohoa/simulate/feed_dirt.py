"""The dirt of change feeds (rows twice, days late, out of order, unreadable), and how their files are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sohoa import layout
from sohoa.simulate.arrays import NO_DAY, Bools, Entries, Ints, Times

DELAYED_SHARE, LATE_SHARE, REPEATED_SHARE, UNREADABLE_SHARE = 0.05, 0.03, 0.04, 0.003
PARQUET_EVERY = 10
"""One file of a source in so many is Parquet."""


@dataclass(frozen=True)
class Deliveries(Entries):
    """Which row comes with which day's file: positions of rows, days, and the place inside the file (ascending)."""

    row: Ints
    dt: Times
    place: Ints


def deliver(made: Times, fixed: Bools, rng: np.random.Generator) -> Deliveries:
    """Send every row once in the file of the day on which it was made, of the next, or late; some once more.

    Args:
        made: moment at which each row was made.
        fixed: rows that come once and in time, because what counts depends on their order.
        rng: source of chance.
    """
    count, day = len(made), made.astype("datetime64[D]")
    chance = rng.random(count)
    delay = np.where(chance < LATE_SHARE + DELAYED_SHARE, 1, 0)
    delay = np.where(chance < LATE_SHARE, rng.integers(2, 15, count), delay)
    dt = day + np.where(fixed, 0, delay)
    once = Deliveries(np.arange(count), dt, rng.integers(0, 1_000_000, count))
    again = np.flatnonzero(~fixed & (rng.random(count) < REPEATED_SHARE))
    return once.plus(
        Deliveries(again, dt[again] + rng.integers(0, 4, len(again)), rng.integers(0, 1_000_000, len(again)))
    )


def first_days(deliveries: Deliveries, owner: Ints, count: int) -> Times:
    """Find the first file day of each owner of rows, NaT for one that has none."""
    none = np.iinfo(np.int64).max
    found = np.full(count, none)
    np.minimum.at(found, owner[deliveries.row], deliveries.dt.astype("datetime64[D]").astype(np.int64))
    days = np.where(found == none, 0, found).astype("datetime64[D]")
    return np.where(found == none, NO_DAY, days)


def write_feed(feeds: Path, source: str, rows: pa.Table, deliveries: Deliveries) -> None:
    """Write the files of one source, one a day; ``rows`` are the fields as text."""
    order = np.lexsort([deliveries.place, deliveries.dt])
    days, starts = np.unique(deliveries.dt[order], return_index=True)
    sent = rows.take(pa.array(deliveries.row[order]))
    for number, (day, start, end) in enumerate(zip(days, starts, [*starts, len(order)][1:], strict=True)):
        folder = feeds / layout.feed_prefix(source) / f"dt={day}"
        folder.mkdir(parents=True, exist_ok=True)
        part, name = sent.slice(start, end - start), source.rpartition("/")[2]
        if number % PARQUET_EVERY == 3:
            pq.write_table(part, folder / f"{name}.parquet")
        else:
            _write_csv(folder / f"{name}.csv", part)


def write_small(feeds: Path, source: str, day: Times, rows: pa.Table) -> None:
    """Write one file of a source whose rows come rarely."""
    folder = feeds / layout.feed_prefix(source) / f"dt={day}"
    folder.mkdir(parents=True, exist_ok=True)
    _write_csv(folder / f"{source}.csv", rows)


def spoil(rows: pa.Table, faults: dict[str, str], pick: Callable[[int], Ints]) -> pa.Table:
    """Return the rows, each with one field at fault; ``pick`` gives numbers below its argument, one a row."""
    names, which = list(faults), pick(len(faults))
    for number, name in enumerate(names):
        column, fault = rows[name].to_numpy(zero_copy_only=False), which == number
        rows = rows.set_column(
            rows.column_names.index(name), name, pa.array(np.where(fault, faults[name], column), pa.string())
        )
    return rows


def _write_csv(path: Path, rows: pa.Table) -> None:
    with path.open("wb") as file:
        file.write((",".join(rows.column_names) + "\n").encode())
        pacsv.write_csv(rows, file, pacsv.WriteOptions(include_header=False, quoting_style="none"))
