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

from sohoa.errors import InputError
from sohoa.registry import PROVINCE, Unit, ancestors, asked_unit, find_agency, owner_name, successors, unit_at, units_at
from sohoa.schema import TABLES

MAP_DATES = (date(2024, 4, 1), date(2024, 12, 1), date(2025, 7, 1))
"""Days whose units a map shows: 200 communes, 194, then 65 without districts."""

_MOVE = pa.schema(
    [
        pa.field("unit_code", pa.string()),
        pa.field("own_map", pa.date32()),
        pa.field("to", pa.string()),
        pa.field("is_counted", pa.bool_()),
        pa.field("is_approximate", pa.bool_()),
    ]
)
_KEY = ["dossier_date", "unit_code", "definition", "stage"]
_COUNTS = [name for name in TABLES["progress_daily"].names if name not in _KEY]


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
    is_counted: bool
    """They are counted here; else a part of their split commune came here and they are counted elsewhere."""
    is_approximate: bool
    """The split leaves open whether they belong here."""


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
    if unit_code == PROVINCE or _is_office(unit_code, from_day):
        return Carried(unit_code, is_approximate=False)
    unit, is_approximate = _commune(unit_code, from_day), False
    if unit.valid_from > map_day:
        raise _too_old(map_day, unit.valid_from)
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
        map_day: one of ``MAP_DATES``; None for the map of the dossier's own day.

    Raises:
        InputError: as ``carry_forward``.
    """
    if map_day is None:
        return tuple(Place(unit, True, False) for unit in (leaf, *ancestors(leaf, day)))
    counted = line_on_map(carry_forward(leaf, day, map_day).code, map_day)
    reached = [set(line_on_map(target, map_day)) for target in _reach(leaf, day, map_day)]
    anywhere, certain = set.union(*reached), set.intersection(*reached)
    return tuple(Place(unit, unit in counted, unit not in certain) for unit in sorted(anywhere))


def line_on_map(code: str, map_day: date) -> tuple[str, ...]:
    """Return a unit of a map and the units above it, nearest first; an office without district is in the province."""
    above = ancestors(code, map_day)
    return (code,) if code == PROVINCE else (code, *(above or (PROVINCE,)))


def map_of(day: date) -> date:
    """Return the date of the map in force on a day; the first one for days before it."""
    return max((start for start in MAP_DATES if start <= day), default=MAP_DATES[0])


def find_place(unit_code: str, leaf: str, day: date, map_day: date | None) -> Place | None:
    """Return what one unit has to do with dossiers of a leaf unit of ``day``; None for nothing.

    Args:
        unit_code: a unit of the map.
        leaf: as for ``places``.
        day: as for ``places``.
        map_day: as for ``places``.

    Raises:
        InputError: the leaf is younger than the map, and came out of this unit or of a part of it.
    """
    if map_day is not None and _is_younger(leaf, day, map_day) and unit_code not in _origins(leaf, day, map_day):
        return None
    return next((place for place in places(leaf, day, map_day) if place.unit_code == unit_code), None)


def unit_name(code: str, map_day: date, day: date) -> str:
    """Return the name of a unit or leaf office on a map; an office of any time is on every map.

    Args:
        code: the unit or office.
        map_day: day of the map.
        day: an office that has ended by this day is named with its last day.

    Raises:
        InputError: as ``registry.asked_unit``.
    """
    agency = find_agency(code, day) or find_agency(code)
    if agency is not None and agency.kind != "commune":
        return owner_name(code, agency.valid_from, day)
    return asked_unit(code, map_day, has_map=True).name


def progress_on_map(progress: pa.Table, map_day: date, unit_code: str | None = None) -> pa.Table:
    """Count progress by the units of one map, whatever units there were on the dossiers' own days.

    Args:
        progress: rows of ``progress_daily`` with their path key; only those of leaf units are read.
        map_day: one of ``MAP_DATES``.
        unit_code: only this unit of the map; None for all.

    Returns:
        Rows as those given, for every unit of the map that has a dossier, itself or below it, with ``is_approximate``:
        a dossier counted here, or one that is not, may belong elsewhere because its commune was split.

    Raises:
        InputError: the unit of a dossier that belongs here is younger than the map; the message says what can be shown.
    """
    days = pc.unique(progress["dossier_date"].combine_chunks())
    own_maps = pa.array([map_of(day) for day in days.to_pylist()], pa.date32())
    own = own_maps.take(pc.index_in(progress["dossier_date"].combine_chunks(), days))
    rows = progress.append_column("own_map", own)
    leaves = [row for row in rows.group_by(["unit_code", "own_map"]).aggregate([]).to_pylist() if _is_leaf(**row)]
    moves = [
        (leaf["unit_code"], leaf["own_map"], place.unit_code, place.is_counted, place.is_approximate)
        for leaf in leaves
        for place in _asked_places(unit_code, leaf["unit_code"], leaf["own_map"], map_day)
    ]
    return _add_up(rows, pa.Table.from_pylist([dict(zip(_MOVE.names, move, strict=True)) for move in moves], _MOVE))


def _asked_places(unit_code: str | None, leaf: str, own_map: date, map_day: date) -> tuple[Place, ...]:
    if unit_code is None:
        return places(leaf, own_map, map_day)
    place = find_place(unit_code, leaf, own_map, map_day)
    return () if place is None else (place,)


def _add_up(rows: pa.Table, moves: pa.Table) -> pa.Table:
    """Return the sums of the units that the rows go to."""
    joined = rows.join(moves, ["unit_code", "own_map"], join_type="inner")
    counts = {name: pc.if_else(joined["is_counted"], joined[name], 0) for name in _COUNTS}
    is_approximate = pc.and_(joined["is_approximate"], pc.greater(joined["denominator"], 0))
    keys = {name: joined["to" if name == "unit_code" else name] for name in _KEY}
    sums = pa.table({**keys, **counts, "is_approximate": is_approximate}).group_by(_KEY, use_threads=False)
    found = sums.aggregate([*((name, "sum") for name in _COUNTS), ("is_approximate", "any")])
    found = found.rename_columns([*_KEY, *_COUNTS, "is_approximate"])
    return found.sort_by([(name, "ascending") for name in _KEY])


def _reach(code: str, from_day: date, map_day: date) -> set[str]:
    """Return all units of the map that parts of a leaf went to."""
    if _is_office(code, from_day):
        return {code}
    front = {_commune(code, from_day)}
    while any(not unit.stands_on(map_day) for unit in front):
        front = {part for unit in front for part in _parts(unit, map_day)}
    return {unit.code for unit in front}


def _is_younger(leaf: str, day: date, map_day: date) -> bool:
    return leaf != PROVINCE and not _is_office(leaf, day) and _commune(leaf, day).valid_from > map_day


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


def _is_office(code: str, day: date) -> bool:
    agency = find_agency(code, day)
    return agency is not None and agency.kind != "commune"


def _is_leaf(unit_code: str, own_map: date) -> bool:
    unit = unit_at(unit_code, own_map)
    return _is_office(unit_code, own_map) or unit is None or unit.level == "commune"


def _too_old(map_day: date, valid_from: date) -> InputError:
    maps = [start.isoformat() for start in MAP_DATES if start >= valid_from]
    return InputError(
        f"--map {map_day} cannot show dossiers of units that exist since {valid_from}: "
        f"use --map {' or '.join(maps)}, or days until {valid_from - timedelta(1)}"
    )
