"""Arrow columns: booleans as an array, and several columns as one key; and the memory that they took."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bools = npt.NDArray[np.bool_]


def as_mask(column: Any) -> Bools:
    """Return a boolean column as an array; null is false."""
    return np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), np.bool_)


def join_names(*columns: Any) -> Any:
    """Join columns of names row by row into one key: agency and document id become ``H37.1/TL-7``.

    No agency code, batch id or document id holds a slash, so different names never join to the same key.
    """
    return pc.binary_join_element_wise(*columns, "/")


def give_back_memory() -> None:
    """Return to the system what is no longer held, as months of rows that were summed up; glibc keeps it otherwise."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
