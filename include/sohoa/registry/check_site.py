"""What is wrong with the files of a site, each fault with its file and line, before anything is counted by them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import combinations
from pathlib import Path

from sohoa.errors import InputError
from sohoa.registry.agencies import AGENCY_LEVELS
from sohoa.registry.campaigns import SCOPES
from sohoa.registry.data_files import DATA
from sohoa.registry.site_files import REQUIRED, Fault, Line, read_lines
from sohoa.settings import province_code, province_head

_ABOVE = {"district": ("province",), "commune": ("province", "district")}
"""Level -> the levels that its parent may have."""
_TABLES = {".csv", ".tsv", ".xls", ".xlsx", ".ods"}
Span = tuple[date, date]
"""First day and the day after the last."""


def check_site(folder: Path) -> list[Fault]:
    """Check all files of a site, those of the package in the place of what it lacks.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; `sohoa site new {folder}` makes one")
    return _Check(folder).faults


def wrong_site(folder: Path | None) -> str | None:
    """Say in one line what is wrong with the folder that ``SOHOA_SITE`` names; None where nothing is, or none is."""
    if folder is None:
        return None
    try:
        faults = check_site(folder)
    except InputError as error:
        return f"SOHOA_SITE: {error}"
    if not faults:
        return None
    more = f" and {len(faults) - 1} more" if faults[1:] else ""
    return f"SOHOA_SITE: {folder}: {faults[0]}{more}; `sohoa site check` lists all"


class _Check:
    """The files of one folder, and what is wrong with them in the order of the files and their lines."""

    def __init__(self, folder: Path) -> None:
        self._found: list[Fault] = []
        self.spans: dict[int, Span] = {}
        """id of a row -> its days."""
        names = {f"{name}.csv" for name in REQUIRED}
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in _TABLES and path.name not in names:
                self._found.append(Fault(path.name, None, f"a site has no such file: {', '.join(sorted(names))}"))
        self.rows = {name: self._read(folder, name) for name in REQUIRED}
        self.units = self._with_days("units")
        self._check_units()
        self._units_are_sound = not [fault for fault in self._found if fault.file == "units.csv"]
        """Else what other files say of units is looked at once these are in order: one fault is told once."""
        self._check_successors()
        self._check_agencies()
        self._check_campaigns()
        self._check_ministries()
        self._check_days("calendar")
        self._check_days("targets")

    @property
    def faults(self) -> list[Fault]:
        order = [f"{name}.csv" for name in REQUIRED]
        place = {name: number for number, name in enumerate(order)}
        return sorted(self._found, key=lambda fault: (place.get(fault.file, -1), fault.line or 0))

    def _read(self, folder: Path, name: str) -> list[Line]:
        own = folder / f"{name}.csv"
        return read_lines(own if own.exists() else DATA / own.name, name, self._found)

    def _say(self, name: str, row: Line | None, text: str) -> None:
        self._found.append(Fault(f"{name}.csv", row.number if row else None, text))

    def _found_in_form(self, name: str) -> bool:
        """Tell whether a fault of a file leaves none of its rows."""
        return not self.rows[name] and any(fault.file == f"{name}.csv" for fault in self._found)

    def _day(self, name: str, row: Line, column: str) -> date | None:
        """Read a day, None where it is none: that is a fault."""
        try:
            return date.fromisoformat(row[column])
        except ValueError:
            self._say(name, row, f"{column}: {row[column]!r} is no date like 2025-07-01")
            return None

    def _with_days(self, name: str) -> dict[str, list[Line]]:
        """Rows by code with days that can be read; two rows of one code must not hold on one day."""
        found: dict[str, list[Line]] = defaultdict(list)
        for row in self.rows[name]:
            first = self._day(name, row, "valid_from")
            after = self._day(name, row, "valid_to") if row["valid_to"] else date.max
            if first is None or after is None:
                continue
            if after <= first:
                self._say(name, row, f"valid_to {after} is the first day without it, and must lie after {first}")
                continue
            self.spans[id(row)] = first, after
            found[row["code"] or row["system"]].append(row)
        for code, rows in found.items():
            for one, other in combinations(rows, 2):
                if self._overlaps(one, other):
                    where = f"code {code!r} holds already from {one['valid_from']} to {one['valid_to'] or 'now'}"
                    self._say(name, other, f"{where} (line {one.number}): days of one code must not overlap")
        return found

    def _span(self, row: Line) -> Span:
        return self.spans[id(row)]

    def _overlaps(self, one: Line, other: Line) -> bool:
        (first, after), (begin, end) = self._span(one), self._span(other)
        return first < end and begin < after

    def _unit_on(self, code: str, day: date) -> Line | None:
        rows = self.units.get(code, ())
        return next((row for row in rows if self.spans[id(row)][0] <= day < self.spans[id(row)][1]), None)

    def _gap(self, code: str, span: Span) -> date | None:
        """The first day of a span on which no unit bears a code."""
        day, after = span
        while day < after:
            unit = self._unit_on(code, day)
            if unit is None:
                return day
            day = self.spans[id(unit)][1]
        return None

    def _check_units(self) -> None:
        if (code := province_code()) not in self.units and not self._found_in_form("units"):
            own = "SOHOA_PROVINCE_CODE says which it has"
            self._say("units", None, f"the province itself, code {code}, is not there; {own}")
        for rows in self.units.values():
            for row in rows:
                self._check_unit(row)
        self._check_names()

    def _check_unit(self, row: Line) -> None:
        level, parent = row["level"], row["parent"]
        self._require_texts("units", row, ("code", "name"))
        if level not in ("province", *_ABOVE):
            self._say("units", row, f"level {level!r}: use province, district or commune")
            return
        for column, limit in (("lat", 90), ("lon", 180)):
            if row[column] and _number(row[column], -limit, limit) is None:
                self._say("units", row, f"{column}: {row[column]!r} is no number of degrees from {-limit} to {limit}")
        if level == "province":
            if parent:
                self._say("units", row, f"nothing lies above the province, and parent says {parent!r}")
            return
        if row["code"] == parent or self._is_cycle(row):
            self._say("units", row, f"parent {parent!r} leads back to {row['code']!r} itself")
            return
        gap = self._gap(parent, self.spans[id(row)])
        if parent not in self.units:
            self._say("units", row, f"parent {parent!r}: no unit has this code")
        elif gap is not None:
            self._say("units", row, f"parent {parent!r} is not there on {gap}")
        else:
            above = self._unit_on(parent, self.spans[id(row)][0])
            if above is not None and above["level"] not in _ABOVE[level]:
                self._say("units", row, f"parent {parent!r} is a {above['level']}: a {level} cannot lie below one")

    def _is_cycle(self, row: Line) -> bool:
        day, seen, unit = self.spans[id(row)][0], {row["code"]}, self._unit_on(row["parent"], self.spans[id(row)][0])
        while unit is not None and unit["code"] not in seen:
            seen.add(unit["code"])
            unit = self._unit_on(unit["parent"], day)
        return unit is not None and unit["code"] == row["code"]

    def _check_names(self) -> None:
        """Two communes of one name at one time need districts that tell them apart."""
        by_name: dict[tuple[str, str], list[Line]] = defaultdict(list)
        for rows in self.units.values():
            for row in rows:
                if row["level"] == "commune":
                    by_name[row["name"], row["parent"]].append(row)
        for (name, parent), rows in by_name.items():
            for one, other in combinations(rows, 2):
                if one["code"] != other["code"] and self._overlaps(one, other):
                    why = f"{name} is there twice under {parent} (line {one.number}): nothing tells them apart"
                    self._say("units", other, why)

    def _check_successors(self) -> None:
        groups: dict[tuple[str, date], list[Line]] = defaultdict(list)
        for row in self.rows["successors"]:
            day = self._day("successors", row, "valid_from")
            if day is None:
                continue
            groups[row["old_code"], day].append(row)
            self._check_successor(row, day)
        for (code, day), rows in groups.items():
            defaults = [row for row in rows if row["is_default"] == "1"]
            if len(defaults) != 1:
                found = "none of them" if not defaults else f"{len(defaults)} of them"
                self._say("successors", rows[-1], f"{code} on {day}: one successor is the default (1), here {found}")
            if len({row["new_code"] for row in rows}) < len(rows):
                self._say("successors", rows[-1], f"{code} on {day}: a successor is named twice")
        for code, units in self.units.items() if self._units_are_sound else ():
            for unit in units:
                after = self.spans[id(unit)][1]
                if unit["level"] == "commune" and after != date.max and (code, after) not in groups:
                    self._say("units", unit, f"{code} ends on {after}, and successors.csv names none for that day")

    def _check_successor(self, row: Line, day: date) -> None:
        if row["share"] not in ("whole", "part"):
            self._say("successors", row, f"share {row['share']!r}: use whole or part")
        if row["is_default"] not in ("0", "1"):
            self._say("successors", row, f"is_default {row['is_default']!r}: use 1 or 0")
        if not self._units_are_sound:
            return
        old, new = row["old_code"], row["new_code"]
        ended = [unit for unit in self.units.get(old, ()) if self.spans[id(unit)][1] == day]
        if old not in self.units:
            self._say("successors", row, f"old_code {old!r}: units.csv has no such unit")
        elif not ended:
            self._say("successors", row, f"old_code {old!r} does not end on {day}: its valid_to must be that day")
        following = self._unit_on(new, day)
        if following is None:
            self._say("successors", row, f"new_code {new!r}: no unit has this code on {day}")
        elif following["level"] != "commune":
            self._say("successors", row, f"new_code {new!r} is no commune")

    def _check_agencies(self) -> None:
        by_code = self._with_days("agencies")
        head = province_head()
        if by_code and not any(code.split(".")[0] == head for code in by_code):
            self._say(
                "agencies", None, f"no code begins with {head}: SOHOA_PROVINCE_HEAD says how those of the province do"
            )
        by_name: dict[tuple[str, str], list[Line]] = defaultdict(list)
        for rows in by_code.values():
            for row in rows:
                self._check_agency(row)
                self._check_successor_of_agency(row, by_code)
                by_name[row["name"], row["unit_code"]].append(row)
        for (name, _), rows in by_name.items():
            for one, other in combinations(rows, 2):
                if one["code"] != other["code"] and self._overlaps(one, other):
                    self._say("agencies", other, f"{name} is there already as {one['code']} (line {one.number})")

    def _check_agency(self, row: Line) -> None:
        kind, unit_code = row["kind"], row["unit_code"]
        self._require_texts("agencies", row, ("code", "name"))
        if kind not in AGENCY_LEVELS:
            self._say("agencies", row, f"kind {kind!r}: use {', '.join(AGENCY_LEVELS)}")
            return
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.]{0,39}", row["code"], re.ASCII):
            self._say("agencies", row, f"code {row['code']!r}: letters, digits and dots, at most 40")
        if not self._units_are_sound:
            return
        gap = self._gap(unit_code, self.spans[id(row)])
        if gap is not None:
            where = "units.csv has no such unit" if unit_code not in self.units else f"it is not there on {gap}"
            self._say("agencies", row, f"unit_code {unit_code!r}: {where}")
            return
        unit = self._unit_on(unit_code, self.spans[id(row)][0])
        if unit is not None and unit["level"] != AGENCY_LEVELS[kind]:
            self._say(
                "agencies", row, f"unit_code {unit_code!r} is a {unit['level']}: a {kind} has a {AGENCY_LEVELS[kind]}"
            )

    def _check_successor_of_agency(self, row: Line, by_code: dict[str, list[Line]]) -> None:
        if not row["successor"]:
            return
        after, what = self.spans[id(row)][1], f"successor {row['successor']!r}"
        if row["kind"] == "commune":
            self._say("agencies", row, f"{what}: the office of a commune goes on with its commune (successors.csv)")
        elif after == date.max:
            self._say("agencies", row, f"{what}: {row['code']} does not end, so nobody succeeds it")
        elif not any(first <= after < end for first, end in map(self._span, by_code.get(row["successor"], ()))):
            self._say("agencies", row, f"{what}: no agency has this code on {after}")

    def _check_campaigns(self) -> None:
        seen: dict[str, int] = {}
        for row in self.rows["campaigns"]:
            self._require_texts("campaigns", row, ("code", "name_vi"))
            start, end = self._day("campaigns", row, "start"), self._day("campaigns", row, "end")
            if start and end and end < start:
                self._say("campaigns", row, f"end {end} lies before start {start}")
            if row["target_percent"]:
                self._require_percent("campaigns", row, "target_percent")
            scope = row["scope"].split()
            if not scope or not set(scope) <= set(SCOPES):
                self._say("campaigns", row, f"scope {row['scope']!r}: use one or more of {' '.join(SCOPES)}")
            if row["code"] in seen:
                self._say("campaigns", row, f"code {row['code']!r} is there already (line {seen[row['code']]})")
            seen.setdefault(row["code"], row.number)

    def _check_ministries(self) -> None:
        for rows in self._with_days("ministries").values():
            for row in rows:
                self._require_texts("ministries", row, ("name", "ministry"))
                if not re.fullmatch(r"[A-Za-z0-9_-]+", row["system"]):
                    told = "it is a folder's name, of letters, digits, _ and - alone"
                    self._say("ministries", row, f"system {row['system']!r}: {told}")

    def _check_days(self, name: str) -> None:
        """The days of calendar and targets: each once; those of targets in order, two of them at least."""
        days: list[date] = []
        for row in self.rows[name]:
            if name == "calendar" and row["is_working"] not in ("0", "1"):
                self._say(name, row, f"is_working {row['is_working']!r}: use 1 or 0")
            if name == "targets":
                self._require_percent(name, row, "percent")
            day = self._day(name, row, "day")
            if day is not None and day in days:
                self._say(name, row, f"{day} is there already")
            elif day is not None and name == "targets" and days and day < days[-1]:
                self._say(name, row, f"{day} lies before {days[-1]} above it: write the days in order")
            if day is not None:
                days.append(day)
        if name == "targets" and len(days) < 2 and not [found for found in self._found if found.file == "targets.csv"]:
            self._say(name, None, "it needs at least two days: where the path begins, and where it leads to")

    def _require_texts(self, name: str, row: Line, columns: Iterable[str]) -> None:
        for column in columns:
            if not row[column]:
                self._say(name, row, f"{column} is empty")

    def _require_percent(self, name: str, row: Line, column: str) -> None:
        if _number(row[column], 0, 100) is None:
            self._say(name, row, f"{column}: {row[column]!r} is no number from 0 to 100, with a point for decimals")


def _number(text: str, least: float, most: float) -> float | None:
    """Read a number that lies between two others, None where it does not."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if least <= found <= most else None
