"""Cells of a count: a leaf unit on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.registry import PROVINCE, leaf_unit

_FIRST = np.datetime64(0, "D")


def leaf_units(days: Any, agencies: Any = None, communes: Any = None) -> pa.Array:
    """Return the leaf unit of each commune, else of each agency, on each day; the province itself where neither fits.

    Args:
        days: a day for each, none null.
        agencies: codes of agencies, null where not known; None for none at all.
        communes: codes of communes, likewise.
    """
    codes = [pc.dictionary_encode(_filled_texts(column, len(days))) for column in (agencies, communes)]
    numbers = np.asarray(days.cast(pa.int32()))
    parts = np.stack([*(code.indices.to_numpy() for code in codes), numbers])
    owners, place = np.unique(parts, axis=1, return_inverse=True)
    names = [code.dictionary.to_pylist() for code in codes]
    found = [_leaf(names[0][one], names[1][other], (_FIRST + day).item()) for one, other, day in owners.T.tolist()]
    return pa.array(found, pa.string()).take(pa.array(place.ravel()))


def _filled_texts(column: Any, count: int) -> pa.Array:
    if column is None:
        return pa.array([""] * count, pa.string())
    filled = pc.fill_null(column, "")
    return filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled


def _leaf(agency: str, commune: str, day: date) -> str:
    return leaf_unit(agency, commune or None, day) or PROVINCE
