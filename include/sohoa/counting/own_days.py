"""Whose days are whose: figures over days are kept by (code, valid_from), since a code passes from unit to unit."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.days import each_day
from sohoa.registry import asked_unit, bearers, owner_at

UNIT_KEY = ("unit_code", "valid_from")
"""Columns that name one unit."""


def own_days(code: str, start: date, end: date) -> list[date]:
    """Return the days from ``start`` to ``end`` that belong to the unit that bears a code on ``end``.

    Raises:
        InputError: no unit bears it then.
    """
    return each_day(max(start, asked_unit(code, end).valid_from), end)


def with_valid_from(rows: pa.Table, day: str = "dossier_date") -> pa.Table:
    """Add ``valid_from`` to rows by unit and day: with it ``unit_code`` names one unit; null where it names none."""
    codes = pc.dictionary_encode(_whole(rows["unit_code"]))
    numbers = _whole(rows[day]).cast(pa.int32()).to_numpy()
    found = np.full(len(rows), np.datetime64("NaT"), "datetime64[D]")
    owner = codes.indices.to_numpy()
    order = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[order], np.arange(len(codes.dictionary) + 1))
    for place, code in enumerate(codes.dictionary.to_pylist()):
        mine = order[ends[place] : ends[place + 1]]
        days = numbers[mine].astype("datetime64[D]")
        for bearer in bearers(code):
            is_own = (days >= np.datetime64(bearer.valid_from)) & (
                bearer.last_day is None or days <= np.datetime64(bearer.last_day)
            )
            found[mine[is_own]] = np.datetime64(bearer.valid_from)
    return rows.append_column("valid_from", pa.array(found, pa.date32()))


def with_owner(rows: pa.Table, day: str) -> pa.Table:
    """Add ``valid_from`` to rows by ``agency`` and day: whose row it is (``registry.owner_at``); null for no code."""
    places = list(zip(rows["agency"].to_pylist(), rows[day].to_pylist(), strict=True))
    owners = {place: owner_at(*place) for place in set(places)}
    found = [owner and owner.valid_from for owner in map(owners.get, places)]
    return rows.append_column("valid_from", pa.array(found, pa.date32()))


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
