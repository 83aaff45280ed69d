"""Figures of one time on the unit map of another: communes are carried forward to their successors, never back.

A split commune goes whole to its default successor; what that makes inexact is marked ``is_approximate``. Departments
and district offices are leaves on every map, right under the province where the map has no district for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.counting.own_days import UNIT_KEY, with_valid_from
from sohoa.errors import InputError
from sohoa.registry import (
    PROVINCE,
    Agency,
    Bearer,
    Unit,
    agencies_of,
    ancestors,
    asked_unit,
    bearer_at,
    commune_starts,
    find_agency,
    successors,
    unit_ancestors,
    unit_at,
    units_at,
)
from sohoa.schema import TABLES

_FIRST_MAP = date(2024, 4, 1)
"""Units are known since then: what stands on days before is shown as it was on this one."""

_MOVE = pa.schema(
    [
        pa.field("unit_code", pa.string()),
        pa.field("valid_from", pa.date32()),
        pa.field("to", pa.string()),
        pa.field("to_valid_from", pa.date32()),
        pa.field("is_counted", pa.bool_()),
        pa.field("is_approximate", pa.bool_()),
    ]
)
_KEY = ["dossier_date", "unit_code", "definition", "stage", "valid_from"]
_COUNTS = [name for name in TABLES["progress_daily"].names if name not in _KEY]
_TARGETS = {"unit_code": "to", "valid_from": "to_valid_from"}
UnitKey = tuple[str, date | None]
"""A unit: its code and its first day, since codes are used again."""


@dataclass(frozen=True)
class Carried:
    """Where a leaf unit is on another map."""

    code: str
    is_approximate: bool
    """A split lay on the way: some of it belongs to another unit."""


@dataclass(frozen=True)
class Place:
    """A unit that a leaf's dossiers belong to, or may belong to."""

    unit_code: str
    valid_from: date | None
    """With the code it names the unit; an office keeps its own on every map."""
    is_counted: bool
    """They are counted here; else a part of their split commune came here and they are counted elsewhere."""
    is_approximate: bool
    """The split leaves open whether they belong here."""


@cache
def map_dates() -> tuple[date, ...]:
    """Return the days whose units a map shows: those on which communes begin, by the registry's files."""
    return tuple(sorted({max(start, _FIRST_MAP) for start in commune_starts()}))


@cache
def carry_forward(unit_code: str, from_day: date, map_day: date) -> Carried:
    """Return the unit of ``map_day`` that stands for a leaf unit of ``from_day``.

    Args:
        unit_code: a commune, or the agency code of a department or district office, which stands for itself; so does
            the province.
        from_day: day on which the code names the unit.
        map_day: day of the map.

    Raises:
        InputError: the code names no such unit on that day, or the map is older than the unit; the message says which
            maps can be shown.
    """
    if unit_code == PROVINCE or _office(unit_code, from_day) is not None:
        return Carried(unit_code, is_approximate=False)
    unit, is_approximate = _commune(unit_code, from_day), False
    if unit.valid_from > map_day:
        raise _too_old(map_day, unit.valid_from, (PROVINCE, _first_day(PROVINCE, map_day)))
    while not unit.stands_on(map_day):
        options = successors(unit)
        is_approximate |= len(options) > 1
        unit = _next(unit, options[0].code)
    return Carried(unit.code, is_approximate)


@cache
def places(leaf: str, day: date, map_day: date | None) -> tuple[Place, ...]:
    """Return the units in which dossiers of a leaf unit of ``day`` are counted, or might have been.

    Args:
        leaf: a commune, or the agency code of a department or district office.
        day: the dossier day.
        map_day: one of ``map_dates``; None for the map of the dossier's own day.

    Raises:
        InputError: as ``carry_forward``.
    """
    if map_day is None:
        return tuple(Place(unit, _first_day(unit, day), True, False) for unit in (leaf, *ancestors(leaf, day)))
    office = _office(leaf, day)
    if office is not None:
        above = (Place(unit, _first_day(unit, map_day), True, False) for unit in _above_office(office, map_day))
        return (Place(office.code, office.valid_from, True, False), *above)
    counted = line_on_map(carry_forward(leaf, day, map_day).code, map_day)
    reached = [set(line_on_map(target, map_day)) for target in _reach(leaf, day, map_day)]
    anywhere, certain = set.union(*reached), set.intersection(*reached)
    return tuple(
        Place(unit, _first_day(unit, map_day), unit in counted, unit not in certain) for unit in sorted(anywhere)
    )


def line_on_map(code: str, map_day: date) -> tuple[str, ...]:
    """Return a unit of a map and the units above it, nearest first."""
    return (code, *unit_ancestors(code, map_day))


def map_of(day: date) -> date:
    """Return the date of the map in force on a day; the first one for days before it."""
    return max((start for start in map_dates() if start <= day), default=map_dates()[0])


def find_place(unit: UnitKey, leaf: str, day: date, map_day: date | None) -> Place | None:
    """Return what one unit has to do with dossiers of a leaf unit of ``day``; None for nothing.

    Args:
        unit: a unit of the map, or an office.
        leaf: as for ``places``.
        day: as for ``places``.
        map_day: as for ``places``.

    Raises:
        InputError: the leaf is younger than the map, and came out of this unit or of a part of it.
    """
    if map_day is not None and _is_younger(leaf, day, map_day):
        if unit[0] not in _origins(leaf, day, map_day):
            return None
        raise _too_old(map_day, _commune(leaf, day).valid_from, unit)
    return next((place for place in places(leaf, day, map_day) if (place.unit_code, place.valid_from) == unit), None)


def unit_on_map(code: str, map_day: date, day: date) -> Bearer:
    """Return the unit of a map, or the leaf office, that a code means; an office of any time is on every map.

    Args:
        code: the unit or office.
        map_day: day of the map.
        day: of the offices that bore the code the one that did on this day is meant, or did last before it; where
            all came later, the first.

    Raises:
        InputError: as ``registry.asked_unit``.
    """
    known = agencies_of(code)
    office = next((agency for agency in reversed(known) if agency.valid_from <= day), known[0] if known else None)
    found = None if office is None or office.kind == "commune" else bearer_at(code, office.valid_from)
    return found or asked_unit(code, map_day, has_map=True, is_map=True)


def unit_name(code: str, map_day: date, day: date) -> str:
    """Return the name of ``unit_on_map``; an office that has ended by ``day`` is named with its last day."""
    found = unit_on_map(code, map_day, day)
    return found.name if unit_at(code, found.valid_from) is not None else found.name_on(day)


def progress_on_map(progress: pa.Table, map_day: date, unit: UnitKey | None = None) -> pa.Table:
    """Count progress by the units of one map, whatever units there were on the dossiers' own days.

    Args:
        progress: rows of ``progress_daily`` with their path key; only those of leaf units are read.
        map_day: one of ``map_dates``.
        unit: only this unit of the map; None for all.

    Returns:
        Rows as those given, for every unit of the map that has a dossier, itself or below it, with ``valid_from``,
        which with the code names the unit, and ``is_approximate``: a dossier counted here, or one that is not, may
        belong elsewhere because its commune was split.

    Raises:
        InputError: the unit of a dossier that belongs here is younger than the map; the message says what can be shown.
    """
    rows = with_valid_from(progress)
    found = rows.group_by(UNIT_KEY).aggregate([]).to_pylist()
    leaves = [(row["unit_code"], row["valid_from"]) for row in found if _is_leaf(**row)]
    leaves.sort(key=lambda leaf: leaf[1], reverse=True)  # what refuses the map is the youngest of all that do
    moves = [
        (code, first, place.unit_code, place.valid_from, place.is_counted, place.is_approximate)
        for code, first in leaves
        for place in _asked_places(unit, code, first, map_day)
    ]
    return _add_up(rows, pa.Table.from_pylist([dict(zip(_MOVE.names, move, strict=True)) for move in moves], _MOVE))


def _asked_places(unit: UnitKey | None, leaf: str, day: date, map_day: date) -> tuple[Place, ...]:
    if unit is None:
        return places(leaf, day, map_day)
    place = find_place(unit, leaf, day, map_day)
    return () if place is None else (place,)


def _add_up(rows: pa.Table, moves: pa.Table) -> pa.Table:
    """Return the sums of the units that the rows go to."""
    joined = rows.join(moves, list(UNIT_KEY), join_type="inner")
    counts = {name: pc.if_else(joined["is_counted"], joined[name], 0) for name in _COUNTS}
    is_approximate = pc.and_(joined["is_approximate"], pc.greater(joined["denominator"], 0))
    keys = {name: joined[_TARGETS.get(name, name)] for name in _KEY}
    sums = pa.table({**keys, **counts, "is_approximate": is_approximate}).group_by(_KEY, use_threads=False)
    found = sums.aggregate([*((name, "sum") for name in _COUNTS), ("is_approximate", "any")])
    found = found.rename_columns([*_KEY, *_COUNTS, "is_approximate"])
    return found.sort_by([(name, "ascending") for name in _KEY])


def _reach(code: str, from_day: date, map_day: date) -> set[str]:
    """Return all units of the map that parts of a leaf went to."""
    front = {_commune(code, from_day)}
    while any(not unit.stands_on(map_day) for unit in front):
        front = {part for unit in front for part in _parts(unit, map_day)}
    return {unit.code for unit in front}


def _is_younger(leaf: str, day: date, map_day: date) -> bool:
    return leaf != PROVINCE and _office(leaf, day) is None and _commune(leaf, day).valid_from > map_day


@cache
def _origins(leaf: str, day: date, map_day: date) -> frozenset[str]:
    """Return the units of an older map out of which, or out of a part of which, a leaf unit of ``day`` came."""
    communes = (unit.code for unit in units_at(map_day) if unit.level == "commune")
    lines = (line_on_map(code, map_day) for code in communes if leaf in _reach(code, map_day, day))
    return frozenset(code for line in lines for code in line)


def _parts(unit: Unit, map_day: date) -> set[Unit]:
    return {unit} if unit.stands_on(map_day) else {_next(unit, option.code) for option in successors(unit)}


def _next(unit: Unit, code: str) -> Unit:
    assert unit.valid_to is not None
    return _commune(code, unit.valid_to)


def _commune(code: str, day: date) -> Unit:
    unit = unit_at(code, day)
    if unit is None or unit.level != "commune":
        raise InputError(f"{code} is no leaf unit on {day}: only communes and offices are carried from map to map")
    return unit


def _office(code: str, day: date) -> Agency | None:
    """Return the department or district office that bears a code on a day."""
    agency = find_agency(code, day)
    return None if agency is None or agency.kind == "commune" else agency


def _above_office(office: Agency, map_day: date) -> tuple[str, ...]:
    """Return the units of a map above an office of any time, nearest first; without its district, the province."""
    is_there = unit_at(office.unit_code, map_day) is not None
    return (office.unit_code, *unit_ancestors(office.unit_code, map_day)) if is_there else (PROVINCE,)


def _first_day(code: str, day: date) -> date | None:
    bearer = bearer_at(code, day)
    return None if bearer is None else bearer.valid_from


def _is_leaf(unit_code: str, valid_from: date | None) -> bool:
    """Tell whether a row is of a leaf unit, which all others sum up.

    Raises:
        InputError: the code names no unit on the days of its rows.
    """
    if valid_from is None:
        raise InputError(f"{unit_code} names no unit on its own days: only communes and offices are carried")
    unit = unit_at(unit_code, valid_from)
    return unit is None or unit.level == "commune"


def _too_old(map_day: date, valid_from: date, unit: UnitKey) -> InputError:
    """Say which maps have both the unit asked for and the youngest one of the days, and which days the map can show."""
    maps = [start for start in map_dates() if start >= valid_from and _first_day(unit[0], start) == unit[1]]
    use = f"use --map {' or '.join(map(str, maps))}, or" if maps else "use"
    last_day = min((start for start in map_dates() if start > map_day), default=valid_from) - timedelta(1)
    return InputError(
        f"--map {map_day} cannot show dossiers of units that exist since {valid_from}: {use} days until {last_day}"
    )
