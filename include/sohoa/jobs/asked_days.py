"""Which days somebody asked for in the form of a DAG."""

from __future__ import annotations

from datetime import date

from sohoa.days import each_day, parse_day
from sohoa.errors import InputError

__all__ = ["MAX_ASKED_DAYS", "asked_days"]

MAX_ASKED_DAYS = 366
"""Days that one run does again; who wants more runs it again for the rest."""


def asked_days(start: str | None, end: str | None) -> list[date]:
    """Return all days from ``start`` to ``end``, each as 2024-04-15; of ``start`` alone that day, of neither none.

    Raises:
        InputError: one is no day, the last comes before the first, or there are too many.
    """
    if not start:
        if end:
            raise InputError(f"end is {end} and start is empty: give the first day too")
        return []
    first, last = parse_day(start), parse_day(end or start)
    if last < first:
        raise InputError(f"the last day {last} comes before the first, {first}")
    days = each_day(first, last)
    if len(days) > MAX_ASKED_DAYS:
        raise InputError(f"{first} to {last} are {len(days)} days: ask for {MAX_ASKED_DAYS} at most")
    return days
