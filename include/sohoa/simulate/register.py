"""The register's change feed: a row whenever a dossier is created or changed, with the dirt that feeds carry.

Dirt: rows that come twice, rows that come days late or out of order, both spellings of a code, and a very few rows with
an unusable field, each of a dossier that proper rows carry too. The newest ``NgayCapNhat`` of a dossier is its state.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import numpy as np

from sohoa.simulate.dossiers import Dossier
from sohoa.simulate.offices import SATURDAY
from sohoa.simulate.seeded_draws import EvenDraws, generator

FIELDS = (
    "MaHoSo",
    "MaTTHC",
    "MaLinhVuc",
    "KenhThucHien",
    "DonViXuLy",
    "MaDonViHanhChinh",
    "NgayTiepNhan",
    "NgayHenTra",
    "NgayKetThucXuLy",
    "NgayTra",
    "TrangThaiHoSo",
    "SoThanhPhan",
    "CoKetQuaGiay",
    "MienSoHoa",
    "LoaiBo",
    "NgayCapNhat",
)
DIRT = {"repeated": 0.02, "late": 0.02, "unusable": 0.004, "": 0.956}
UNUSABLE = (("NgayTiepNhan", "20230231083000"), ("NgayTiepNhan", "31/02/2023"), ("TrangThaiHoSo", "Đang xử lý"))

Row = dict[str, str]


@dataclass(frozen=True)
class _Change:
    """A state of a dossier from a moment on."""

    at: datetime
    status: int
    finished: datetime | None = None
    returned: datetime | None = None


def feed_files(dossiers: list[Dossier], last: date, seed: int) -> dict[date, list[Row]]:
    """Day -> rows of that day's file, none after the day ``last``."""
    rng = generator(seed, "register")
    dirt = EvenDraws(rng, 250)
    files: dict[date, list[Row]] = defaultdict(list)
    for dossier in dossiers:
        changes = _changes(dossier, rng)
        for change in changes:
            row = _row(dossier, changes[0].at, change, change is changes[-1], rng)
            kind, day = dirt.choose(DIRT), change.at.date()
            later = min(last, day + timedelta(int(rng.integers(1, 4))))
            files[later if kind == "late" else day].append(row)
            if kind == "repeated":
                files[later if rng.random() < 0.5 else day].append(dict(row))
            if kind == "unusable":
                field, value = UNUSABLE[int(rng.integers(len(UNUSABLE)))]
                files[day].append({**row, field: value})
    return {day: _in_some_order(rows, rng) for day, rows in sorted(files.items())}


def _in_some_order(rows: list[Row], rng: np.random.Generator) -> list[Row]:
    """By time, with a few neighbours changed round."""
    rows = sorted(rows, key=lambda row: row["NgayCapNhat"])
    for number in range(1, len(rows)):
        if rng.random() < 0.03:
            rows[number - 1 : number + 1] = rows[number], rows[number - 1]
    return rows


def _changes(dossier: Dossier, rng: np.random.Generator) -> list[_Change]:
    """What became of a dossier, oldest first, each later than the one before."""
    taken = _moment(dossier.day, rng)
    online = dossier.status in {1, 3} or dossier.channel == 2
    changes = [_Change(taken - timedelta(minutes=5), 1)] if online else []
    if dossier.status == 1:
        return changes
    if dossier.status == 3:
        return [*changes, _Change(taken, 3)]
    changes.append(_Change(taken, 2))
    if dossier.status != 2:
        changes.append(_Change(taken + timedelta(hours=2), 4))
    if dossier.finished is not None:
        finished = _moment(dossier.finished, rng)
        changes.append(_Change(finished, 9, finished))
        if dossier.status == 10:
            returned = _moment(dossier.finished + timedelta(1), rng)
            changes.append(_Change(returned, 10, finished, returned))
    elif dossier.status not in {2, 4}:
        changes.append(_Change(_moment(dossier.day + timedelta(int(rng.integers(1, 6))), rng), dossier.status))
    if dossier.is_void or dossier.exemption:
        changes.append(replace(changes[-1], at=changes[-1].at + timedelta(minutes=30)))
    assert changes[-1].status == dossier.status, dossier.code
    return changes


def _moment(day: date, rng: np.random.Generator) -> datetime:
    """A moment of a working day, between 7:30 and 16:30."""
    minutes = int(rng.integers(450, 990))
    return datetime.combine(day, time()) + timedelta(minutes=minutes, seconds=int(rng.integers(60)))


def _row(dossier: Dossier, received: datetime, change: _Change, is_last: bool, rng: np.random.Generator) -> Row:
    other = rng.random() < 0.15
    promised = dossier.day + timedelta(dossier.procedure.days + 2)
    promised += timedelta(7 - promised.weekday() if promised.weekday() >= SATURDAY else 0)
    values = (
        dossier.old_code if dossier.spells_old != other else dossier.code,
        dossier.procedure.code,
        f"H37-{dossier.procedure.field}",
        str(dossier.channel),
        dossier.office.agency.code,
        dossier.commune,
        _stamp(received),
        f"{promised:%Y%m%d}170000",
        _stamp(change.finished),
        _stamp(change.returned),
        str(change.status),
        str(dossier.components),
        str(int(dossier.has_paper_result)),
        dossier.exemption if is_last else "",
        str(int(dossier.is_void and is_last)),
        _stamp(change.at),
    )
    return dict(zip(FIELDS, values, strict=True))


def _stamp(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y%m%d%H%M%S}"
