"""Which row of a feed is in force: the newest, whatever the order in which files and rows arrive."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.feeds.sources import Source

_IS_CORRECTION = "is_correction"


def rank_rows(rows: pa.Table, is_correction: bool) -> pa.Table:
    """Add ``is_correction`` (0 or 1): a corrected file's rows take the place of its former ones in ``merge``."""
    return rows.append_column(_IS_CORRECTION, pa.array(np.full(rows.num_rows, is_correction, np.int8)))


def no_rows(source: Source) -> pa.Table:
    """An empty table of the source as ``read_file`` gives it."""
    return rank_rows(source.row_schema.empty_table(), False)


def merge(source: Source, *parts: pa.Table) -> pa.Table:
    """The row in force of each key of the source, in the order of keys.

    Args:
        source: the feed; its key is by dossier day.
        parts: rows of its table, each with ``is_correction`` (0 or 1): a row of a corrected file takes the place of
            those of the same key from the file's former content. Where all else is equal the values decide, so the
            order of rows and parts never matters.
    """
    rows = _without_former(source, pa.concat_tables(parts).combine_chunks())
    newest_first = [*([source.time] if source.time else []), "dt", "line", _IS_CORRECTION]
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


def _without_former(source: Source, rows: pa.Table) -> pa.Table:
    """Leave out the rows of a file's former content whose dossier the corrected file names again, later or earlier."""
    is_correction = pc.equal(rows[_IS_CORRECTION], 1)
    if not pc.any(is_correction).as_py():
        return rows
    place = [*source.key, "dt", "feed_file"]
    names = pc.binary_join_element_wise(*(rows[name].cast(pa.string()) for name in place), "\n")
    is_replaced = pc.is_in(names, names.filter(is_correction).combine_chunks())
    return rows.filter(pc.or_(is_correction, pc.invert(is_replaced)))


def _is_first(keys: pa.Table) -> Any:
    """Whether each row of sorted keys differs from the one before it."""
    found = np.ones(keys.num_rows, np.bool_)
    found[1:] = False
    for column in keys.columns:
        one, other = column.slice(1), column.slice(0, max(0, keys.num_rows - 1))
        found[1:] |= pc.not_equal(one, other).to_numpy(zero_copy_only=False)
    return found
