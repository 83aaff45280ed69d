"""The register's change feed and the status history of the dossiers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from sohoa.simulate.arrays import NO_MOMENT, Bools, Entries, Ints, Texts, Times, number_within
from sohoa.simulate.feed_dirt import UNREADABLE_SHARE, Deliveries, deliver, first_days, spoil, write_feed
from sohoa.simulate.offices import Offices
from sohoa.simulate.plan_dossiers import STATUS, STEP, Dossiers
from sohoa.simulate.spelled_codes import SPELLINGS, stamps

FIELDS = (
    "MaHoSo", "MaTTHC", "MaLinhVuc", "KenhThucHien", "DonViXuLy", "MaDonViHanhChinh", "NgayTiepNhan", "NgayHenTra",
    "NgayKetThucXuLy", "NgayTra", "TrangThaiHoSo", "SoThanhPhan", "CoKetQuaGiay", "MienSoHoa", "LoaiBo", "NgayCapNhat",
)  # fmt: skip
CORRECTED_SHARE, TWIN_SHARE, RESPELLED_SHARE = 0.05, 0.01, 0.02
FAULTS = {
    "MaHoSo": "H37-khong-ro-12",
    "TrangThaiHoSo": "11",
    "SoThanhPhan": "hai",
    "LoaiBo": "2",
    "NgayCapNhat": "20240230083000",
    "NgayHenTra": "2024-05-02",
    "MaDonViHanhChinh": "1234",
}
"""Fields that make a row unreadable."""
ROWS_PER_UNREADABLE = 40
"""A file with more unreadable rows than one in so many would be another kind of dirt: a file that is no good."""
_LATER = np.timedelta64(1_800, "s")


@dataclass(frozen=True)
class Register:
    """What the register says beside ``Dossiers``: spelling of the code in force, first file day."""

    spelling: Ints
    first_seen: Times


@dataclass(frozen=True)
class _Rows(Entries):
    """Rows of the register feed before they are text: of which dossier, after which step, when, in which spelling.

    ``is_final`` is the state in force; ``is_wrong`` holds values that another row corrects.
    """

    dossier: Ints
    step: Ints
    at: Times
    spelling: Ints
    is_final: Bools
    is_wrong: Bools


def write_register(feeds: Path, offices: Offices, dossiers: Dossiers, rng: np.random.Generator) -> Register:
    """Write the feeds ``register`` and ``status``."""
    count = len(dossiers)
    corrected = rng.random(count) < CORRECTED_SHARE
    rows = _changes(dossiers, corrected, rng)
    _write_status(feeds, offices, dossiers, rows, rng)
    special = rng.random(count)
    has_twin, respelled = special < TWIN_SHARE, special > 1 - RESPELLED_SHARE
    fixed = rows.is_final & (has_twin | respelled)[rows.dossier]
    sent = deliver(rows.at, fixed, rng)
    rows, sent = _with_twins(rows, sent, has_twin, rng)
    rows, sent, spelling = _with_respelled(rows, sent, respelled, count)
    register = Register(spelling, first_days(sent, rows.dossier, count))
    text = _fields(offices, dossiers, rows)
    text, sent = _with_unreadable(text, rows, sent, rng)
    write_feed(feeds, "register", text, sent)
    return register


def _changes(dossiers: Dossiers, corrected: Bools, rng: np.random.Generator) -> _Rows:
    """A row for each step; the last word on a void, exempt or corrected dossier follows half an hour after it."""
    dossier, step = np.nonzero(~np.isnat(dossiers.times))
    has_more = corrected | dossiers.is_void | (dossiers.exemption != "")
    is_last = step == dossiers.last_step[dossier]
    at = dossiers.times[dossier, step]
    spelling = rng.integers(0, SPELLINGS, len(step))
    rows = _Rows(dossier, step, at, spelling, is_last & ~has_more[dossier], corrected[dossier])
    last = rows.take(is_last & has_more[dossier])
    yes, spelling = np.ones(len(last), np.bool_), rng.integers(0, SPELLINGS, len(last))
    return rows.plus(replace(last, at=last.at + _LATER, spelling=spelling, is_final=yes, is_wrong=~yes))


def _with_twins(rows: _Rows, sent: Deliveries, has_twin: Bools, rng: np.random.Generator) -> tuple[_Rows, Deliveries]:
    """Wrong rows of the same NgayCapNhat as the state in force, sent before it: on the day before, or above it."""
    finals = np.flatnonzero(rows.is_final & has_twin[rows.dossier])
    yes = np.ones(len(finals), np.bool_)
    twins = replace(rows.take(finals), is_final=~yes, is_wrong=yes)
    at_once = rng.random(len(finals)) < 0.5
    place, dt = sent.place.copy(), sent.dt.copy()
    place[finals] = 2_000_000  # below every other row
    dt[finals] += np.where(at_once, 0, 1)
    moved = Deliveries(sent.row, dt, place)
    added = np.arange(len(rows), len(rows) + len(finals))
    return rows.plus(twins), moved.plus(Deliveries(added, twins.at.astype("datetime64[D]"), np.full(len(finals), -1)))


def _with_respelled(rows: _Rows, sent: Deliveries, respelled: Bools, count: int) -> tuple[_Rows, Deliveries, Ints]:
    """The state in force once more on the next day in another spelling; and the spelling in force of each dossier."""
    finals = np.flatnonzero(rows.is_final & respelled[rows.dossier])
    again = rows.take(finals)
    again = replace(again, spelling=(again.spelling + 1) % SPELLINGS)
    added = np.arange(len(rows), len(rows) + len(finals))
    sent = sent.plus(Deliveries(added, again.at.astype("datetime64[D]") + 1, np.zeros(len(finals), np.int64)))
    spelling = np.zeros(count, np.int64)
    spelling[rows.dossier[rows.is_final]] = rows.spelling[rows.is_final]
    spelling[again.dossier] = again.spelling
    return rows.plus(again), sent, spelling


def _fields(offices: Offices, dossiers: Dossiers, rows: _Rows) -> pa.Table:
    """The rows as text."""
    d, final, wrong = rows.dossier, rows.is_final, rows.is_wrong
    ended = np.isin(rows.step, [STEP["done"], STEP["returned"], STEP["stopped"], STEP["withdrawn"], STEP["refused"]])
    finish = np.where(np.isnat(dossiers.at("done")), dossiers.last_change, dossiers.at("done"))[d]
    suffix = np.array(["", ".01", ".000.00.00.H37"], object)[d % 3]
    columns = (
        offices.spell(dossiers.codes.take(d), rows.spelling),
        dossiers.procedure[d] + np.where(wrong, ".99", suffix),
        dossiers.field[d],
        dossiers.channel[d].astype(str).astype(object),
        offices.codes[np.where(wrong, dossiers.codes.agency[d], dossiers.handler[d])],
        np.where(wrong, "", dossiers.commune[d]),
        stamps(dossiers.received[d]),
        stamps(np.where(wrong, dossiers.due[d] + np.timedelta64(86_400, "s"), dossiers.due[d])),
        stamps(np.where(ended, finish, NO_MOMENT)),
        stamps(np.where(rows.step == STEP["returned"], dossiers.at("returned")[d], NO_MOMENT)),
        digits(STATUS[rows.step]),
        digits(np.where(wrong, dossiers.components[d] + 1, dossiers.components[d])),
        digits(dossiers.has_paper[d] ^ wrong),
        np.where(final, dossiers.exemption[d], np.where(wrong & (d % 4 == 0), "TAI_LIEU_MAT", "")),
        digits((dossiers.is_void[d] & final) | (wrong & (d % 4 == 1))),
        stamps(rows.at),
    )
    return pa.table([pa.array(column, pa.string()) for column in columns], list(FIELDS))


def _with_unreadable(
    text: pa.Table, rows: _Rows, sent: Deliveries, rng: np.random.Generator
) -> tuple[pa.Table, Deliveries]:
    """Some rows that would be the newest word on their dossier, if only they could be read; few in each file."""
    picked = np.flatnonzero(rows.is_final & (rng.random(len(rows)) < UNREADABLE_SHARE))
    days = rows.at[picked].astype("datetime64[D]") + 1
    sizes = dict(zip(*np.unique(sent.dt, return_counts=True), strict=True))
    room = np.array([sizes.get(day, 0) // ROWS_PER_UNREADABLE for day in days], np.int64)
    is_fitting = number_within(days.astype(np.int64)) <= room
    picked, days = picked[is_fitting], days[is_fitting]
    bad = text.take(pa.array(picked))
    bad = bad.set_column(bad.column_names.index("NgayCapNhat"), "NgayCapNhat", stamps(rows.at[picked] + _LATER))
    bad = bad.set_column(bad.column_names.index("LoaiBo"), "LoaiBo", pa.array(["1"] * len(picked)))
    bad = spoil(bad, FAULTS, lambda faults: rng.integers(0, faults, len(picked)))
    added = np.arange(len(text), len(text) + len(picked))
    return pa.concat_tables([text, bad]), sent.plus(Deliveries(added, days, rng.integers(0, 1_000_000, len(picked))))


def _write_status(feeds: Path, offices: Offices, dossiers: Dossiers, rows: _Rows, rng: np.random.Generator) -> None:
    steps = rows.take(rows.at == dossiers.times[rows.dossier, rows.step])
    sent = deliver(steps.at, np.zeros(len(steps.at), np.bool_), rng)
    codes = offices.spell(dossiers.codes.take(steps.dossier), rng.integers(0, SPELLINGS, len(steps.at)))
    columns = {"MaHoSo": codes, "TrangThai": digits(STATUS[steps.step]), "ThoiDiem": stamps(steps.at)}
    write_feed(feeds, "status", pa.table(columns), sent)


def digits(values: Ints | Bools) -> Texts:
    """Numbers below 1000, and flags, as text."""
    return np.array([str(n) for n in range(1_000)], object)[values.astype(np.int64)]
