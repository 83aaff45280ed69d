"""Who goes on with the work of an office that is no more.

The office of a commune passes on with its commune, a department to the one that the registry names. Of the office of a
district it knows no successor; its dossiers that lie in a commune go to the office of what that commune is now, and of
the others nobody is known to have them. Where one merger follows another, the work goes on to who is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sohoa.errors import InputError
from sohoa.progress.carry_forward import carry_forward
from sohoa.registry import Agency, agencies_at, bearer_at, find_agency, unit_at

Office = tuple[str, date | None]
"""Code and first day of who bears it: a code passes from office to office, and each has its own days."""


Piece = tuple[Office, str | None, date]
"""The office that had it, the leaf unit of its dossier as in ``dossiers`` (None where not known), and the day on which
that names the unit."""


def stands(office: Office, day: date) -> bool:
    """Tell whether an office is there on a day: the agency of that code, and of that time."""
    bearer = bearer_at(office[0], day)
    return bearer is not None and bearer.valid_from == office[1]


def offices_now(pieces: Iterable[Piece], day: date) -> dict[Piece, Office | None]:
    """Return of each piece of work the office of ``day`` that has it; None where nobody is known to have it.

    Args:
        pieces: the work of offices that are no more.
        day: the day.
    """
    standing = {one.unit_code: (one.code, one.valid_from) for one in agencies_at(day) if one.kind == "commune"}
    return {piece: _office_now(*piece, day, standing) for piece in set(pieces)}


def _office_now(
    office: Office, leaf: str | None, own_day: date, day: date, standing: Mapping[str, Office]
) -> Office | None:
    agency = None if office[1] is None else find_agency(office[0], office[1])
    if agency is None or agency.valid_from > day:  # nobody's code, or one that is yet to come
        return None
    if agency.successor is not None:
        return _named(agency, day)
    if agency.kind == "commune":
        leaf, own_day = agency.unit_code, agency.valid_from
    commune = None if leaf is None else _carried(leaf, own_day, day)
    return None if commune is None else standing.get(commune)


def _named(agency: Agency, day: date) -> Office | None:
    """Who goes on with the work of an agency whose successor the registry names; None where it names nobody further."""
    bearer = bearer_at(agency.code, agency.valid_from)
    heirs = () if bearer is None else bearer.heirs_on(day)
    return next(((one.code, one.valid_from) for one in heirs if one.stands_on(day)), None)


def _carried(leaf: str, own_day: date, day: date) -> str | None:
    unit = unit_at(leaf, own_day)
    if unit is None or unit.level != "commune":
        return None
    try:
        return carry_forward(unit.code, own_day, day).code
    except InputError:  # the map of successors ends before that day
        return None
