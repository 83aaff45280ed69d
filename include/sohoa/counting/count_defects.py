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
_Ints = npt.NDArray[np.int64]


def quality_of_day(pages: pa.Table, judged: Mapping[str, tuple[str, ...]]) -> pa.Table:
    """Count bad and judged pages by agency, declared paper, declared cover and defect.

    Args:
        pages: all rows of the table ``pages`` of one scan day; of their columns the three above, ``defects`` and those
            that ``judged`` names are read.
        judged: defect -> the columns that its rules read; none where every page can be judged.

    Returns:
        Rows of ``quality_daily`` by agency, paper, cover and the order of ``defects.DEFECTS``. A page is in
        ``pages_judged`` where one of the columns is known or the defect was found; rows with 0 of them are left out.
        ``pages_bad`` counts pages with the defect at severity reject or review.
    """
    names = [defect for defect in DEFECTS if defect in judged]
    if not names or not len(pages):
        return TABLES["quality_daily"].empty_table()
    group, groups = _group_pages(pages)
    found = _find_defects(pages, names)
    unknown = [_find_unknown(pages, judged[defect], rows) for defect, rows in zip(names, found, strict=True)]
    bad, unjudged = (_count(group, pages_of, len(groups)) for pages_of in (found, unknown))
    pages_judged = np.bincount(group, minlength=len(groups))[:, None] - unjudged
    return _rows(groups, names, bad, pages_judged)


def _group_pages(pages: pa.Table) -> tuple[_Ints, pa.Table]:
    """Return the group of each page, and the agency, paper and cover of each group in their order."""
    parts = [pages[name].combine_chunks().dictionary_encode(null_encoding="encode") for name in _GROUP]
    sizes = [len(part.dictionary) for part in parts]
    combined = np.ravel_multi_index([part.indices.to_numpy() for part in parts], sizes)
    used = np.flatnonzero(np.bincount(combined))
    places = np.unravel_index(used, sizes)
    columns = [part.dictionary.take(pa.array(place)) for part, place in zip(parts, places, strict=True)]
    groups = pa.table(columns, _GROUP)
    order = pc.sort_indices(groups, sort_keys=[(name, "ascending") for name in _GROUP]).to_numpy()
    number = np.zeros(np.prod(sizes), np.int64)
    number[used[order]] = np.arange(len(used))
    return number[combined], groups.take(pa.array(order))


def _rows(groups: pa.Table, names: list[str], bad: _Ints, judged: _Ints) -> pa.Table:
    """Return the rows of all groups and defects of which anything can be said, from their counts."""
    group, defect = (pa.array(place) for place in np.nonzero(judged))
    columns = {name: groups[name].take(group) for name in _GROUP}
    columns |= {
        "defect": pa.array(names).take(defect),
        "pages_bad": bad[judged > 0],
        "pages_judged": judged[judged > 0],
    }
    schema = TABLES["quality_daily"]
    return pa.table({name: columns[name] for name in schema.names}, schema)


def _find_defects(pages: pa.Table, names: list[str]) -> list[_Ints]:
    """Find the pages with each defect, each page once."""
    lists = pages["defects"].combine_chunks()
    page = pc.list_parent_indices(lists).to_numpy()
    defect = pc.fill_null(pc.index_in(pc.list_flatten(lists), pa.array(names)), len(names)).to_numpy()
    found = np.unique(defect.astype(np.int64) * len(pages) + page)
    ends = np.searchsorted(found, np.arange(1, len(names) + 1) * len(pages))
    return [part % len(pages) for part in np.split(found, ends)[: len(names)]]


def _find_unknown(pages: pa.Table, columns: tuple[str, ...], found: _Ints) -> _Ints:
    """Find the pages on which all of the columns are null, without those in ``found``; none for no column."""
    if not columns or any(pages[name].null_count == 0 for name in columns):
        return np.empty(0, np.int64)
    is_unknown = np.logical_and.reduce([pc.is_null(pages[name]).to_numpy() for name in columns])
    is_unknown[found] = False
    return np.flatnonzero(is_unknown)


def _count(group: _Ints, pages_of: list[_Ints], groups: int) -> _Ints:
    """Count, group × list, how many pages of each list are in each group."""
    places = [place * groups + group[pages] for place, pages in enumerate(pages_of)]
    return np.bincount(np.concatenate(places), minlength=len(places) * groups).reshape(len(places), groups).T
