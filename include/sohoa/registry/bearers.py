"""Who bears a code on a day: units and offices keyed on (code, valid_from), since codes are used again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sohoa.days import ONE_DAY
from sohoa.errors import InputError
from sohoa.format_value import day as format_day
from sohoa.format_value import ended_name
from sohoa.registry.agencies import Agency, agencies_of, find_agency
from sohoa.registry.successors import successors
from sohoa.registry.units import Unit, unit_at, units_of


@dataclass(frozen=True)
class Bearer:
    """One unit or office, from ``valid_from`` to ``last_day`` (None while it stands)."""

    code: str
    valid_from: date
    last_day: date | None
    name: str
    level: str
    """province | department | district | commune; the office of a district counts as district."""
    successors: tuple[tuple[str, str], ...]
    """Code and name of each unit or office that took it in on the day after, the default one first; none where the
    registry knows of none."""

    def name_on(self, day: date) -> str:
        """Return its name, with its last day and who has taken it in by then where it has ended."""
        if self.last_day is None or day <= self.last_day:
            return self.name
        heirs = self.heirs_on(day)
        is_direct = {(one.code, one.name) for one in heirs} == set(self.successors)
        return ended_name(self.name, self.last_day, [one.name for one in heirs], is_direct)

    def heirs_on(self, day: date) -> tuple[Bearer, ...]:
        """Return who has taken it in by a day, the default one first: a successor that has ended by then stands for
        its own ones.

        Itself while it stands; where the registry knows no further, the last one known. None where it knows none.
        """
        if self.last_day is None or day <= self.last_day:
            return (self,)
        begun = self.last_day + ONE_DAY
        known = [one for code, _ in self.successors if (one := bearer_at(code, begun)) is not None]
        return tuple(dict.fromkeys(heir for one in known for heir in one.heirs_on(day) or (one,)))

    def name_within(self, first: date, last: date) -> str:
        """Return its name on the last day of a period, with its first day where it began after the period did."""
        return self.name_on(last) + (f" (từ {format_day(self.valid_from)})" if self.valid_from > first else "")

    def stands_on(self, day: date) -> bool:
        """Tell whether it exists on this day."""
        return self.valid_from <= day and (self.last_day is None or day <= self.last_day)


@lru_cache(maxsize=4096)
def bearers(code: str) -> tuple[Bearer, ...]:
    """Return all units, or else all agencies, that ever bore a code, by their days; none for an unknown code."""
    found = [_of_unit(unit) for unit in units_of(code)] or [_of_agency(agency) for agency in agencies_of(code)]
    return tuple(sorted(found, key=lambda bearer: bearer.valid_from))


def bearer_at(code: str, day: date) -> Bearer | None:
    """Return the unit or agency that bears this code on this day, None where none does."""
    return next((bearer for bearer in bearers(code) if bearer.stands_on(day)), None)


def owner_at(code: str, day: date) -> Bearer | None:
    """Return whose a day of a code is: on days of nobody's the next to bear it, else the last; None for no code."""
    known = bearers(code)
    last = known[-1] if known else None
    return next((bearer for bearer in known if bearer.last_day is None or day <= bearer.last_day), last)


def owner_name(code: str, own_day: date, day: date) -> str:
    """Return the name of the owner of a day of a code as ``Bearer.name_on`` another; the code where there is none."""
    found = owner_at(code, own_day)
    return code if found is None else found.name_on(day)


def asked_unit(code: str, day: date, has_map: bool = False, is_map: bool = False) -> Bearer:
    """Return the unit or leaf office that bears a code on a day, the last day asked for.

    Args:
        code: the code.
        day: the day.
        has_map: the one who asks can choose a map instead, and is told so where a map helps: an office is on each.
        is_map: the day is that of the map chosen.

    Raises:
        InputError: none does, or it is the office of a commune, which is counted under the commune's own code; where
            one bore it before, the message says until when and what follows it.
    """
    found = bearer_at(code, day)
    if found is None:
        raise InputError(f"{code} names no unit on {day}: {_hint(code, day, has_map, is_map)}")
    agency = find_agency(code, day)
    if agency is not None and agency.kind == "commune":
        raise InputError(f"{code} is the office of a commune: use the commune's code, {agency.unit_code}")
    return found


def bearers_within(code: str, first: date, last: date) -> tuple[Bearer, ...]:
    """Return all units or leaf offices that bear a code on some of these days, each of which has its own.

    Raises:
        InputError: none does, as ``asked_unit``.
    """
    found = tuple(one for one in bearers(code) if one.valid_from <= last and (one.last_day or last) >= first)
    return found or (asked_unit(code, last),)


def full_name(code: str, own_day: date | None, day: date) -> str:
    """Return the name of the owner of a day of a code as ``owner_name``, a commune's with its district: names repeat.

    Args:
        code: a unit or an agency.
        own_day: a day that is the owner's; None gives the code.
        day: the day on which it is named.
    """
    found = None if own_day is None else owner_at(code, own_day)
    if found is None:
        return code
    district = district_name(code, found.valid_from)
    if district is None or found.level != "commune":
        return found.name_on(day)
    return found.name_on(day).replace(found.name, f"{found.name}, {district[0].lower()}{district[1:]}", 1)


def district_name(code: str, own_day: date | None) -> str | None:
    """Return the name of the district in which the owner of a day of a code lies or that it governs.

    None for what lies in none: the province, departments, communes since districts ended, and codes that name nothing.
    """
    found = None if own_day is None else owner_at(code, own_day)
    if found is None:
        return None
    agency = find_agency(code, found.valid_from)
    unit = unit_at(code if agency is None else agency.unit_code, found.valid_from)
    if unit is not None and unit.level == "commune" and unit.parent is not None:
        unit = unit_at(unit.parent, found.valid_from)
    return unit.name if unit is not None and unit.level == "district" else None


def name_of(code: str, valid_from: date | None, day: date) -> str:
    """Return the name of the unit that bears a code from a day on as ``Bearer.name_on``; the code where none does."""
    found = None if valid_from is None else bearer_at(code, valid_from)
    return code if found is None else found.name_on(day)


def _hint(code: str, day: date, has_map: bool, is_map: bool) -> str:
    """Say who bore the code before or will, and what can be asked for instead: nothing where nothing helps."""
    known = bearers(code)
    if not known:
        return "no unit and no agency has this code"
    before = [bearer for bearer in known if bearer.valid_from <= day]
    near = before[-1] if before else known[0]
    office = find_agency(code, near.valid_from)
    is_commune = office is not None and office.kind == "commune"
    asked = f"for the commune's code, {office.unit_code}, and " if office is not None and is_commune else "for "
    asked = ("without --map " if is_map else "") + asked
    others = ", or with --map" if has_map and not is_map and office is not None and not is_commune else ""
    if not before:
        return f"{near.name} bears it from {near.valid_from} on; ask {asked}a last day from then on{others}"
    followers = " and ".join(f"{name} ({follower})" for follower, name in near.successors)
    passed = f" and passed to {followers}" if followers else ""
    return f"{near.name} bore it until {near.last_day}{passed}; ask {asked}days until then{others}"


def _of_unit(unit: Unit) -> Bearer:
    return Bearer(unit.code, unit.valid_from, _last_day(unit.valid_to), unit.name, unit.level, _followers(unit))


def _of_agency(agency: Agency) -> Bearer:
    """The office of a commune passes on with its commune; of the others the file of agencies may name who goes on."""
    last_day = _last_day(agency.valid_to)
    if agency.successor is not None and agency.valid_to is not None:
        heir = find_agency(agency.successor, agency.valid_to)
        named = () if heir is None else ((heir.code, heir.name),)
        return Bearer(agency.code, agency.valid_from, last_day, agency.name, agency.kind, named)
    commune = unit_at(agency.unit_code, last_day or agency.valid_from) if agency.kind == "commune" else None
    followers = _followers(commune) if commune is not None and commune.valid_to == agency.valid_to else ()
    return Bearer(agency.code, agency.valid_from, last_day, agency.name, agency.kind, followers)


def _followers(unit: Unit) -> tuple[tuple[str, str], ...]:
    if unit.valid_to is None:
        return ()
    units = [unit_at(successor.code, unit.valid_to) for successor in successors(unit)]
    return tuple((follower.code, follower.name) for follower in units if follower is not None)


def _last_day(valid_to: date | None) -> date | None:
    return None if valid_to is None else valid_to - ONE_DAY
