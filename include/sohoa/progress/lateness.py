"""Lateness of dossiers, by the level of the agency that processes them: province, district, commune.

Rules of the portal: finished are 3, 8, 9 and 10, and 7 where the dossier had been received; where 9 and 10 both exist 9
counts; the time that a dossier waits for its citizen (status 5) is deducted; status 5 that nothing follows ends the
case at its time; status 5 more than once is overdue; what is not finished is compared with the end of the period.
A dossier that is registered and not yet received has no deadline that runs, whatever its NgayTiepNhan says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.arrow import Bools, as_mask
from sohoa.counting.own_days import UNIT_KEY, with_valid_from
from sohoa.days import each_day, in_chunks
from sohoa.registry import PROVINCE, find_agency, leaf_unit
from sohoa.registry.agencies import AGENCY_LEVELS
from sohoa.store import Store

LATENESS = ("finished_in_time", "finished_late", "open_in_time", "open_overdue", "unknown", "not_received")
"""What a dossier is: finished within its promise or after it | not finished, the promise still stands or has passed |
without NgayHenTra, or finished or waiting since a moment that nobody knows | only registered, or withdrawn before it
was received: no deadline runs."""
WITH_DEADLINE = LATENESS[:4]
"""What a share of late dossiers is a share of."""

_PLACE = ("level", *UNIT_KEY)
_REFUSED, _WAITS, _WITHDRAWN, _STOPPED, _DONE, _RETURNED = 3, 5, 7, 8, 9, 10
_FINISHED = (_REFUSED, _WITHDRAWN, _STOPPED, _DONE, _RETURNED)
_RECEIVED = (2, 4, 5, 6, 8, 9, 10)
_DAYS_AT_ONCE = 31
_Times = npt.NDArray[np.datetime64]
_Ints = npt.NDArray[np.int64]
_NEVER = np.datetime64("NaT", "ms")


def judge_lateness(register: pa.Table, history: pa.Table, as_of: date) -> pa.Array:
    """Judge each dossier: one of ``LATENESS``; null where it is void or its day lies after the period.

    Args:
        register: rows of ``register`` with ``dossier_date``.
        history: rows of ``status`` of the same days; what the register says of 9 and 10 fills its gaps.
        as_of: last day of the period; what happened after it has not happened.
    """
    horizon = np.datetime64(datetime.combine(as_of, time(23, 59, 59)), "ms")
    count, changes = len(register), _changes(register, history)
    owner, moment, status = _until(horizon, *changes)
    ended, waited, spells, is_waiting = _course(owner, moment, status, count)
    due = register["due_at"].to_numpy().astype("datetime64[ms]")
    is_finished = _last(owner, np.isin(status, _FINISHED), count)
    end = np.where(is_finished | is_waiting, ended, horizon)
    is_late = (end - waited > due) | (spells > 1)
    state = np.where(is_finished, np.where(is_late, 1, 0), np.where(is_late, 3, 2))
    is_unexplained = _is_unexplained(register, changes[0], changes[2])
    state = np.where(np.isnat(due) | is_unexplained, 4, state)
    is_refused = _last(owner, status == _REFUSED, count) | (is_unexplained & _has_status(register, _REFUSED))
    was_received = _any(owner, np.isin(status, _RECEIVED), count) | _register_received(register, changes, horizon)
    state = np.where(was_received | is_refused, state, 5)
    counts = ~as_mask(register["is_void"]) & as_mask(pc.less_equal(register["dossier_date"], pa.scalar(as_of)))
    return pa.array(LATENESS, pa.string()).take(pa.array(state, mask=~counts))


def count_lateness(register: pa.Table, history: pa.Table, as_of: date) -> pa.Table:
    """Count the dossiers of each kind, by level and leaf unit of DonViXuLy on the dossier's day.

    Args:
        register: rows of ``register`` with ``dossier_date``.
        history: as for ``judge_lateness``.
        as_of: as for ``judge_lateness``.

    Returns:
        level (null where the agency is not known), unit_code, one column for each of ``LATENESS``, and valid_from,
        which with the code names the unit; in order of level, code and valid_from.
    """
    return _count(register, history, as_of, _handling_units(register))


def _count(register: pa.Table, history: pa.Table, as_of: date, place: pa.Table) -> pa.Table:
    states = judge_lateness(register, history, as_of)
    rows = place.append_column("state", states).filter(pc.is_valid(states))
    ones = {name: pc.equal(rows["state"], name).cast(pa.int64()) for name in LATENESS}
    return _sum_counts(pa.table({**{name: rows[name] for name in _PLACE}, **ones}))


def read_lateness(store: Store, start: date, end: date, as_of: date) -> pa.Table:
    """Read the dossiers of some days, a month at a time, and count them as ``count_lateness`` does."""
    return read_lateness_on(store, start, end, [as_of])[0]


def read_lateness_on(store: Store, start: date, end: date, as_of: Sequence[date]) -> list[pa.Table]:
    """Read the dossiers of some days once, and count them as ``read_lateness`` does for each of several days."""
    parts: list[list[pa.Table]] = [[] for _ in as_of]
    for days in in_chunks(each_day(start, end), _DAYS_AT_ONCE):
        register, history = (store.read_table(table, days, name=layout.DAY) for table in ("register", "status"))
        place = _handling_units(register)
        for found, day in zip(parts, as_of, strict=True):
            found.append(_count(register, history, day, place))
    return [_sum_counts(pa.concat_tables(found)) for found in parts]


def _sum_counts(rows: pa.Table) -> pa.Table:
    sums = rows.group_by(list(_PLACE), use_threads=False).aggregate([(name, "sum") for name in LATENESS])
    sums = sums.rename_columns([*_PLACE, *LATENESS]).sort_by([(key, "ascending") for key in _PLACE])
    return sums.select(["level", "unit_code", *LATENESS, "valid_from"])


def _changes(register: pa.Table, history: pa.Table) -> tuple[_Ints, _Times, _Ints]:
    """Return owner (place in the register, -1 for none), moment and status of every change."""
    keys = register["dossier_key"].combine_chunks()
    owner = pc.fill_null(pc.index_in(history["dossier_key"], keys), -1).to_numpy().astype(np.int64)
    moment = history["changed_at"].to_numpy().astype("datetime64[ms]")
    status = history["status"].to_numpy()
    parts = [(owner, moment, status), *_register_events(register, owner, status)]
    owner, moment, status = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return owner, moment, status


def _register_received(register: pa.Table, changes: tuple[_Ints, _Times, _Ints], horizon: np.datetime64) -> Bools:
    """Find the dossiers that the register says were received: since NgayTiepNhan, else on the day in their code.

    Without NgayTiepNhan the history, where it tells of a reception at all, tells when.
    """
    owner, _, status = changes
    is_told = _any(owner, np.isin(status, _RECEIVED), len(register))
    lodged = register["lodged_at"].to_numpy().astype("datetime64[ms]")
    is_since = _has_status(register, *_RECEIVED, _WITHDRAWN) & (lodged <= horizon)
    return np.asarray(is_since | (_has_status(register, *_RECEIVED) & np.isnat(lodged) & ~is_told), np.bool_)


def _has_status(register: pa.Table, *statuses: int) -> Bools:
    return np.isin(register["status"].to_numpy(zero_copy_only=False), statuses)


def _is_unexplained(register: pa.Table, owner: _Ints, status: _Ints) -> Bools:
    """Find the dossiers that are finished or paused by the register, though no row of ``status`` says since when."""
    known, count = register["status"].to_numpy(zero_copy_only=False), len(register)
    ends, waits = (_any(owner, np.isin(status, group), count) for group in (_FINISHED, (_WAITS,)))
    return np.asarray((np.isin(known, _FINISHED) & ~ends) | ((known == _WAITS) & ~waits), np.bool_)


def _until(horizon: np.datetime64, owner: _Ints, moment: _Times, status: _Ints) -> tuple[_Ints, _Times, _Ints]:
    """Return the changes until ``horizon`` in the order of owners and moments.

    A status told again is none, but for 5: two moments of it are two, whatever lies between.
    """
    is_kept = (owner >= 0) & ~np.isnat(moment) & (moment <= horizon)
    owner, moment, status = owner[is_kept], moment[is_kept], status[is_kept]
    order = np.lexsort([status, moment, owner])
    owner, moment, status = owner[order], moment[order], status[order]
    is_again = (status == _WAITS) & _differs_from_before(moment.astype(np.int64))
    is_change = _differs_from_before(owner) | _differs_from_before(status) | is_again
    return owner[is_change], moment[is_change], status[is_change]


def _differs_from_before(values: _Ints) -> Bools:
    return np.asarray(np.diff(values, prepend=values[:1] - 1) != 0, np.bool_)


def _register_events(register: pa.Table, owner: _Ints, status: _Ints) -> list[tuple[_Ints, _Times, _Ints]]:
    """Return the ends that the register knows and the history lacks."""
    known, count = register["status"].to_numpy(zero_copy_only=False), len(register)
    finished, returned = (register[name].to_numpy().astype("datetime64[ms]") for name in ("finished_at", "returned_at"))
    ends = [(_DONE, np.isin(known, (_DONE, _RETURNED)), finished), (_RETURNED, known == _RETURNED, returned)]
    ends += [(each, known == each, finished) for each in (_REFUSED, _WITHDRAWN, _STOPPED)]
    found = []
    for each, is_there, moment in ends:
        rows = np.flatnonzero(is_there & ~_any(owner, status == each, count) & ~np.isnat(moment))
        found.append((rows, moment[rows], np.full(len(rows), each)))
    return found


def _course(owner: _Ints, moment: _Times, status: _Ints, count: int) -> tuple[_Times, Any, _Ints, Bools]:
    """Return, by dossier: when it ended or began its last pause, time paused, number of pauses, is it paused."""
    waits = status == _WAITS
    is_last = np.diff(owner, append=-1) != 0
    gaps = np.diff(moment, append=_NEVER)
    rows = np.flatnonzero(waits & ~is_last)
    waited = np.zeros(count, "timedelta64[ms]")
    np.add.at(waited, owner[rows], gaps[rows])
    tail = _tail(owner, np.isin(status, _FINISHED), count)
    ended = np.full(count, _NEVER)
    for group in ((_REFUSED, _WITHDRAWN, _STOPPED), (_RETURNED,), (_DONE,)):  # the last one that is there holds
        rows = np.flatnonzero(tail & np.isin(status, group))[::-1]  # of several the first
        ended[owner[rows]] = moment[rows]
    rows = np.flatnonzero(waits & is_last)
    ended[owner[rows]] = moment[rows]
    return ended, waited, np.bincount(owner[waits], minlength=count), _last(owner, waits, count)


def _tail(owner: _Ints, is_finished: Bools, count: int) -> Bools:
    """Return the changes after which a dossier was never taken up again."""
    last_open = np.full(count, -1)
    rows = np.flatnonzero(~is_finished)
    last_open[owner[rows]] = rows
    return np.asarray(np.arange(len(owner)) > last_open[owner], np.bool_)


def _last(owner: _Ints, is_so: Bools, count: int) -> Bools:
    """Tell for each dossier whether its last change is so."""
    found = np.zeros(count, np.bool_)
    found[owner] = is_so  # in order: the last one stays
    return found


def _any(owner: _Ints, is_so: Bools, count: int) -> Bools:
    """Tell for each dossier whether any of its changes is so."""
    found = np.zeros(count, np.bool_)
    found[owner[is_so & (owner >= 0)]] = True
    return found


def _handling_units(register: pa.Table) -> pa.Table:
    """Return level and leaf unit of DonViXuLy."""
    places = list(zip(register["handling_agency"].to_pylist(), register["dossier_date"].to_pylist(), strict=True))
    known = {place: _place(*place) for place in set(places)}
    levels, units = ([known[place][part] for place in places] for part in (0, 1))
    rows = pa.table({"level": pa.array(levels, pa.string()), "unit_code": pa.array(units, pa.string())})
    return with_valid_from(rows.append_column("dossier_date", register["dossier_date"]))


def _place(code: str | None, day: date) -> tuple[str | None, str]:
    agency = find_agency(code or "", day)
    return (AGENCY_LEVELS[agency.kind] if agency else None), leaf_unit(code or "", None, day) or PROVINCE
