"""Which row of a feed is in force: the newest, whatever the order in which files and rows arrive."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.feeds.sources import Source

_IS_CORRECTION = "is_correction"


def rank_rows(rows: pa.Table, is_correction: bool) -> pa.Table:
    """Add ``is_correction`` (0 or 1), which breaks ties in ``merge``."""
    return rows.append_column(_IS_CORRECTION, pa.array(np.full(rows.num_rows, is_correction, np.int8)))


def no_rows(source: Source) -> pa.Table:
    """An empty table of the source as ``read_file`` gives it."""
    return rank_rows(source.row_schema.empty_table(), False)


def merge(source: Source, *parts: pa.Table) -> pa.Table:
    """The row in force of each key of the source, in the order of keys.

    Args:
        source: the feed; its key is by dossier day.
        parts: rows of its table, each with ``is_correction`` (0 or 1): between rows of one key, time and dt, that of a
            corrected file wins. Where all else is equal the values decide, so the order of rows and parts never
            matters.
    """
    rows = pa.concat_tables(parts).combine_chunks()
    newest_first = [*([source.time] if source.time else []), "dt", _IS_CORRECTION, "line"]
    newest_first = [name for name in newest_first if name not in source.key]
    rest = [name for name in rows.column_names if name not in {*source.key, *newest_first, "first_seen"}]
    order: Any = [(name, "ascending") for name in source.key]
    order += [(name, "descending") for name in [*newest_first, *rest]]
    rows = rows.take(pc.sort_indices(rows, sort_keys=order)).combine_chunks()
    starts = np.flatnonzero(_is_first(rows.select(source.key)))
    seen = rows["first_seen"].to_numpy()
    winners = rows.take(pa.array(starts))
    first_seen = pa.array(np.minimum.reduceat(seen, starts) if len(starts) else seen, pa.date32())
    return winners.set_column(winners.column_names.index("first_seen"), "first_seen", first_seen)


def _is_first(keys: pa.Table) -> Any:
    """Whether each row of sorted keys differs from the one before it."""
    found = np.ones(keys.num_rows, np.bool_)
    found[1:] = False
    for column in keys.columns:
        one, other = column.slice(1), column.slice(0, max(0, keys.num_rows - 1))
        found[1:] |= pc.not_equal(one, other).to_numpy(zero_copy_only=False)
    return found
