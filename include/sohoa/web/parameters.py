"""What stands in the addresses of pages: days, units and periods, read or refused with a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Generic, TypeVar

import pyarrow as pa

from sohoa.days import parse_day
from sohoa.errors import InputError

PER_PAGE = 50
"""Rows of a list that one page shows."""
MAX_DAYS = 800
"""Days that a page adds up."""
T = TypeVar("T")


@dataclass(frozen=True)
class Slice(Generic[T]):
    """A part of a list, with where it lies."""

    rows: list[T]
    total: int
    number: int
    """From 1."""

    @property
    def pages(self) -> int:
        """How many parts there are."""
        return max(1, -(-self.total // PER_PAGE))


def cut(rows: Sequence[T], number: int) -> Slice[T]:
    """Return the part of a list with this number, from 1; the last one where there are fewer."""
    number = min(max(1, number), max(1, -(-len(rows) // PER_PAGE)))
    return Slice(list(islice(rows, (number - 1) * PER_PAGE, number * PER_PAGE)), len(rows), number)


def cut_table(rows: pa.Table, number: int) -> Slice[dict[str, Any]]:
    """Return the part of a table's rows with this number, as ``cut``."""
    places = cut(range(len(rows)), number)
    return Slice(rows.take(pa.array(places.rows, pa.int64())).to_pylist(), places.total, places.number)


def read_day(text: str | None) -> date | None:
    """Read a day of an address, as 2024-04-01; None where there is none.

    Raises:
        InputError: it is no day, or of a year that no dossier is of.
    """
    return parse_day(text) if text else None


def read_period(start: date, end: date) -> tuple[date, date]:
    """Return a period.

    Raises:
        InputError: it ends before it begins, or is too long.
    """
    if not 0 <= (end - start).days < MAX_DAYS:
        raise InputError(f"{start} – {end}: the last day does not come before the first, nor {MAX_DAYS} days after it")
    return start, end
