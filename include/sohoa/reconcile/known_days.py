"""Of which days a reconciliation can speak: no data is not zero, no file of the portal is not `not synchronised`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sohoa import layout
from sohoa.counting.own_days import own_days
from sohoa.days import ONE_DAY, each_day, in_runs
from sohoa.errors import InputError
from sohoa.imported_files import imported_days
from sohoa.registry import is_working_day
from sohoa.store import Store

_PRACTICE = timedelta(days=28)
"""So far around a day off is looked whether the portal sends on such days."""


@dataclass(frozen=True)
class KnownDays:
    """The days of a period, each in one of these but for those off of which nothing came; ``changed`` is apart."""

    compared: list[date]
    """Reconciled, and the portal's file of the day has been imported: these alone count."""
    without_portal: list[date]
    """No file of the portal of that day has been imported: who lacks what there is not known."""
    not_reconciled: list[date]
    """Something came, and no reconciliation has taken it yet."""
    without_data: list[date]
    """Nothing of any source came: working days, and the days off between them."""
    changed: list[date]
    """Those of ``compared`` of which something has changed since."""

    @property
    def is_whole(self) -> bool:
        """Whether every day of which something came is compared."""
        return bool(self.compared) and not (self.without_portal or self.not_reconciled)


def read_known_days(store: Store, unit_code: str, start: date, end: date) -> KnownDays:
    """Read what is known of the days of the unit that bears a code on ``end``.

    Raises:
        InputError: no unit bears the code on ``end``.
    """
    days = own_days(unit_code, start, end)
    waiting = _days_of(store, layout.UNRECONCILED)
    done = _days_of(store, layout.RECONCILED)
    fed = [day for day in days if day in done or day in waiting]
    from_portal = _sent_by_portal(store, fed)
    compared = [day for day in fed if day in done and day in from_portal]
    return KnownDays(
        compared,
        [day for day in fed if day not in from_portal],
        [day for day in fed if day not in done and day in from_portal],
        _missing([day for day in days if day not in fed]) if fed else days,
        [day for day in compared if day in waiting],
    )


def newest_reconciled(store: Store) -> date:
    """Return the newest dossier day that has been reconciled.

    Raises:
        InputError: none has.
    """
    done = _days_of(store, layout.RECONCILED)
    if not done:
        raise InputError("nothing has been reconciled yet: run `sohoa run reconcile`, or name days with --from")
    return max(done)


def _sent_by_portal(store: Store, days: list[date]) -> set[date]:
    sent = imported_days(store, "portal")
    oldest = [info.key for info in store.list_objects(layout.WAREHOUSE, layout.table_prefix("portal"), most=1)]
    return told_days(days, sent, layout.table_day(oldest[0]) if oldest else None)


def told_days(days: Iterable[date], sent: set[date], oldest: date | None) -> set[date]:
    """Return the days that a file of the portal tells of.

    Args:
        days: the days in question.
        sent: days of which a file came; the first one tells of the past, as far back as its rows go.
        oldest: the first dossier day of which the portal has a row.
    """
    return {day for day in days if _has_file(sent, day) or (sent and oldest and oldest <= day < min(sent))}


def _has_file(sent: set[date], day: date) -> bool:
    """Tell whether the day's own file came; on a day off the next working day's does, of a portal that rests then."""
    if day in sent or is_working_day(day) or not _rests(sent, day):
        return day in sent
    return _has_file(sent, day + ONE_DAY)


def _rests(sent: set[date], day: date) -> bool:
    """Tell whether the portal sent on fewer than half of the other days off around a day: one stray file is no habit,
    and what it did years ago says nothing.
    """
    around = each_day(max(min(sent, default=day), day - _PRACTICE), min(max(sent, default=day), day + _PRACTICE))
    off = [other for other in around if other != day and not is_working_day(other)]
    return not off or 2 * sum(other in sent for other in off) < len(off)


def _days_of(store: Store, prefix: str) -> set[date]:
    """The dossier days in the names of the objects of ``_reconciled/`` or the markers of ``_unreconciled/``."""
    names = (info.key.removeprefix(prefix) for info in store.list_objects(layout.WAREHOUSE, prefix))
    return {date.fromisoformat(name[:10]) for name in names}


def _missing(days: list[date]) -> list[date]:
    """Leave out days off that stand alone: on these nothing has to come."""
    runs = [run for run in in_runs(days) if any(map(is_working_day, each_day(*run)))]
    return [day for run in runs for day in each_day(*run)]
