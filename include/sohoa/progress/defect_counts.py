"""Defects of one scan day: how many pages are bad, of how many that could be judged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.defects import DEFECTS
from sohoa.schema import TABLES

_GROUP = ["agency", "paper", "cover"]
_Bools = npt.NDArray[np.bool_]


def quality_of_day(pages: pa.Table, judged: Mapping[str, tuple[str, ...]]) -> pa.Table:
    """Bad and judged pages by agency, declared paper, declared cover and defect.

    Args:
        pages: all rows of the table ``pages`` of one scan day.
        judged: defect -> the columns that its rules read; none where every page can be judged.

    Returns:
        Rows of ``quality_daily`` by agency, paper, cover and the order of ``defects.DEFECTS``. A page is in ``n`` where
        one of the columns is known or the defect was found; rows with ``n`` = 0 are left out. ``bad`` counts pages
        with the defect at severity reject or review.
    """
    parts = [_count(pages, defect, judged[defect]) for defect in DEFECTS if defect in judged]
    schema = TABLES["quality_daily"]
    if not parts:
        return schema.empty_table()
    rows = pa.concat_tables(parts)
    order = [(name, "ascending") for name in (*_GROUP, "place")]
    rows = rows.filter(pc.greater(rows["n"], 0)).sort_by(order).rename_columns({"paper": "paper_class"})
    return rows.select(schema.names).cast(schema).combine_chunks()


def _count(pages: pa.Table, defect: str, columns: tuple[str, ...]) -> pa.Table:
    is_bad = _has_defect(pages, defect)
    is_judged = is_bad | _is_known(pages, columns)
    flags = pages.select(_GROUP).append_column("bad", pa.array(is_bad)).append_column("n", pa.array(is_judged))
    counts = flags.group_by(_GROUP, use_threads=False).aggregate([("bad", "sum"), ("n", "sum")])
    counts = counts.rename_columns([*_GROUP, "bad", "n"])
    names = pa.array([defect] * len(counts), pa.string())
    place = pa.array([list(DEFECTS).index(defect)] * len(counts), pa.int64())
    return counts.append_column("defect", names).append_column("place", place)


def _has_defect(pages: pa.Table, defect: str) -> _Bools:
    lists = pages["defects"].combine_chunks()
    found = pc.list_parent_indices(lists).filter(pc.equal(pc.list_flatten(lists), defect))
    flags = np.zeros(len(pages), np.bool_)
    flags[found.to_numpy()] = True
    return flags


def _is_known(pages: pa.Table, columns: tuple[str, ...]) -> _Bools:
    """Pages on which one of the columns is not null; all of them where no column is named."""
    known = [pc.is_valid(pages[name]).to_numpy() for name in columns]
    return np.logical_or.reduce(known) if known else np.ones(len(pages), np.bool_)
