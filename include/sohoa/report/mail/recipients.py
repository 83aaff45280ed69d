"""Who gets the report: one line a recipient and unit, checked against the registry before anything is sent.

A code passes from unit to unit, so a line names its unit three times, by code, first day and name, which have to agree.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from sohoa.days import Week
from sohoa.errors import SettingsError
from sohoa.notify.smtp import is_address
from sohoa.registry import Bearer, bearers, find_agency, units_of

COLUMNS = ("unit_code", "valid_from", "unit", "name", "address")
_CODE_DIGITS = 5
"""Of a commune's code, which begins with zeros that spreadsheets drop."""
_COMMITTEE = "ubnd "


@dataclass(frozen=True)
class Recipient:
    """Who gets the report, with the figures of which unit: province, district, commune, department or office."""

    unit: Bearer
    name: str
    address: str

    @property
    def key(self) -> str:
        """What tells it from all others, through time."""
        return f"{self.unit.code} {self.unit.valid_from} {self.address}"


class Recipients(NamedTuple):
    """Who gets the report of a week, and what is wrong with the lines of the file that name nobody."""

    usable: list[Recipient]
    faults: list[str]


def read_recipients(file: Path | None, week: Week) -> Recipients:
    """The recipients in the order of their file, an address once for each unit; a line that is no use stops no other.

    Units that begin after the week get nothing of it, which is no fault.

    Args:
        file: CSV with ``COLUMNS``.
        week: the week whose report they get.

    Raises:
        SettingsError: the file is not set, missing or malformed.
    """
    if file is None:
        raise SettingsError("SOHOA_SMTP_HOST is set: name the recipients in SOHOA_RECIPIENTS_FILE")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restval="")
            lacking = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            rows = [(row, reader.line_num - "".join(map(str, row.values())).count("\n")) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"SOHOA_RECIPIENTS_FILE: {file} cannot be used: {error!r}") from error
    if lacking:
        raise SettingsError(f"SOHOA_RECIPIENTS_FILE: {file} lacks {', '.join(lacking)}: it has {','.join(COLUMNS)}")
    found: dict[str, Recipient] = {}
    faults = []
    for row, number in rows:
        unit, wrong = _unit(row), list(_faults(row, week))
        if wrong or unit is None:
            faults.append(f"line {number}: {'; '.join(wrong)}")
        elif unit.valid_from <= week.last:
            one = Recipient(unit, row["name"], row["address"].strip())
            found[one.key] = one
    return Recipients(list(found.values()), faults)


def _faults(row: dict[str, str], week: Week) -> Iterator[str]:
    yield from _unit_faults(row, week)
    if not is_address(row["address"].strip()):
        yield f"{row['address'].strip()!r} is no address"


def _unit_faults(row: dict[str, str], week: Week) -> Iterator[str]:
    code, known, agency = row["unit_code"].strip(), _known(row), find_agency(row["unit_code"].strip())
    if not known:
        meant = agency.unit_code if agency is not None else code.zfill(_CODE_DIGITS)
        yield f"{code!r} is no unit" + (f", {meant} is one" if units_of(meant) else "")
        return
    unit = _unit(row)
    if unit is None:
        each = " or ".join(f"{one.valid_from} ({one.name})" for one in known)
        yield f"valid_from {row['valid_from'].strip()!r} is not the first day of {code}: {each}"
        return
    if _plain(row["unit"]) != _plain(unit.name):
        yield f"{code} from {unit.valid_from} on is {unit.name!r}, not {row['unit'].strip()!r}"
    if unit.last_day is not None and unit.last_day < week.first:
        followers = ", ".join(f"{one.name} ({one.code})" for one in unit.heirs_on(week.last))
        yield f"{unit.name} ({code}) ended on {unit.last_day}" + (f" and passed to {followers}" if followers else "")


def _known(row: dict[str, str]) -> tuple[Bearer, ...]:
    """The units and offices that ever bore a line's code; the office of a commune is counted under the commune's."""
    code = row["unit_code"].strip()
    agency = None if units_of(code) else find_agency(code)
    return () if agency is not None and agency.kind == "commune" else bearers(code)


def _unit(row: dict[str, str]) -> Bearer | None:
    try:
        first = date.fromisoformat(row["valid_from"].strip())
    except ValueError:
        return None
    return next((one for one in _known(row) if one.valid_from == first), None)


def _plain(name: str) -> str:
    """A name without what is written in more than one way: case, spaces, form of letters, the committee's own title."""
    return " ".join(normalize("NFC", name).casefold().split()).removeprefix(_COMMITTEE)
