"""One unit's own page of the report: on its path or behind, rank, what is missing, faulty files, queue, what to do.

It is read from the report as it is stored, so that it can say nothing else than the report does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil
from typing import Any

from sohoa.days import ONE_DAY, Week
from sohoa.defects import DEFECTS
from sohoa.format_value import count, day, percent
from sohoa.labels import label_vi
from sohoa.registry import PROVINCE, Bearer, district_name, find_agency, unit_ancestors, working_days
from sohoa.report.by_district import row_owner
from sohoa.report.model import Row
from sohoa.report.sentences import LEAST_SILENT_DAYS, keeps_path

LEAST_DOSSIERS = 5
"""With fewer a unit is not judged and not ranked: one dossier would decide."""
MAX_TO_DO = 3
_NAMED = 3
_NUMBER = re.compile(r"^\d+\.\s*")
_FIGURES = (
    ("settled_percent", "settled_numerator", "settled_denominator", "settled_change"),
    ("rate_percent", "numerator", "denominator", "change_points"),
)
"""Keys of rate, numerator, denominator and change in a row of the units, the ones to be judged by first."""


@dataclass(frozen=True)
class Figures:
    """A unit's rate in one week."""

    rate_percent: float
    numerator: int
    denominator: int
    change_points: float | None
    is_settled: bool
    """Whether it is the settled week; else the newest one, whose rate still rises."""


@dataclass(frozen=True)
class SoFar:
    """What a unit is judged by: its settled weeks of the path, against the path, as the first page does."""

    since: Week
    settled: Week
    numerator: int
    denominator: int
    rate_percent: float
    expected_percent: float


@dataclass(frozen=True)
class UnitView:
    """One unit in one week."""

    name: str
    """With its district, or with its last day and its successor."""
    unit: Bearer
    week: Week
    figures: Figures | None
    """None where no dossier was due."""
    so_far: SoFar | None
    """None where no week is settled, or no dossier was due in any."""
    has_settled: bool
    """Whether the report judges anybody: some week is settled."""
    note: str
    """What the report says of the figures: up to when they are known."""
    rank: tuple[int, int, str] | None
    """Place, among how many, of what kind."""
    agencies: tuple[Row, ...]
    """Rows of the annex of the unit's agencies."""
    files: tuple[Row, ...]
    """Its faulty files, those to scan again first."""
    to_do: tuple[str, ...]
    """At most ``MAX_TO_DO`` sentences."""

    @property
    def is_judged(self) -> bool:
        """Whether there are settled weeks, and dossiers enough, to say that the unit keeps to the path or not."""
        return self.so_far is not None and self.so_far.denominator >= LEAST_DOSSIERS

    @property
    def is_met(self) -> bool:
        """Whether it is on its path or ahead of it."""
        return self.so_far is not None and keeps_path(self.so_far.rate_percent, self.so_far.expected_percent)

    @property
    def missing(self) -> int:
        """Dossiers of the settled weeks that are missing to the path."""
        return 0 if self.so_far is None or self.is_met else _missing(self.so_far)

    @property
    def days_left(self) -> tuple[date, ...]:
        """Working days until the next report's week is over."""
        return working_days(self.week.last + ONE_DAY, self.week.last + timedelta(7))

    @property
    def has_ended(self) -> bool:
        """Whether it no longer stood at the end of the week."""
        return not self.unit.stands_on(self.week.last)

    @property
    def silent(self) -> tuple[Row, ...]:
        """Agencies with dossiers that sent nothing and gave no notice."""
        return tuple(row for row in self.agencies if row["state"] == "silent")

    @property
    def long_silent(self) -> tuple[Row, ...]:
        """Of these those that have been for so long that they are asked why."""
        return tuple(row for row in self.silent if row["days_without_batch"] >= LEAST_SILENT_DAYS)

    @property
    def standing(self) -> tuple[Row, ...]:
        """Agencies that stand."""
        return tuple(row for row in self.agencies if row["state"] != "no_agency")

    def waiting(self, key: str) -> int:
        """Sum up the dossiers or the documents that wait."""
        return sum(row[key] or 0 for row in self.agencies)

    def verdicts(self) -> Counter[str]:
        """Count the faulty files by verdict."""
        return Counter(row["verdict"] for row in self.files)


def view_unit(report: Mapping[str, Any], unit: Bearer) -> UnitView:
    """Return a unit's view of a report as ``WeekReport.to_json`` writes it."""
    week = Week.parse(report["week"])
    tables = {table["name"]: table for table in report["annex"]}
    units = [(row, row_owner(row, week)) for row in _rows(tables, "units")]
    own = next((row for row, owner in units if owner == unit), None)
    standing = [(row, owner) for row, owner in units if owner is not None and owner.stands_on(week.last)]
    rivals = [figures_of(row) for row, owner in standing if kind_of(owner) == kind_of(unit)]
    agencies = tuple(row for row in _rows(tables, "agencies") if _belongs(row, unit, week))
    files = tuple(row for row in _rows(tables, "faulty_files") if _belongs(row, unit, week))
    figures = None if own is None else figures_of(own)
    found = UnitView(
        name=_name(unit, week),
        unit=unit,
        week=week,
        figures=figures,
        so_far=None if own is None else _so_far(own),
        has_settled=any(row.get("settled") for row, _ in units),
        note=_note(report),
        rank=_rank(figures, rivals, unit) if unit.stands_on(week.last) else None,
        agencies=agencies,
        files=tuple(sorted(files, key=lambda row: row["verdict"] != "rejected")),
        to_do=(),
    )
    proposals = report["sections"][-1]["paragraphs"] if unit.code == PROVINCE and report["sections"] else ()
    to_do = [_NUMBER.sub("", line) for line in proposals] or list(_to_do(found))
    return replace(found, to_do=tuple(to_do[:MAX_TO_DO]))


def figures_of(row: Row) -> Figures | None:
    """Return the rate in a row of the units: of its settled week where there is one."""
    for rate, numerator, denominator, change in _FIGURES:
        if row.get(rate) is not None and row.get(denominator):
            is_settled = (rate, numerator, denominator, change) == _FIGURES[0]
            return Figures(row[rate], row[numerator], row[denominator], row.get(change), is_settled)
    return None


def _so_far(row: Row) -> SoFar | None:
    if row.get("so_far_percent") is None:
        return None
    counts = (row[name] for name in ("so_far_numerator", "so_far_denominator", "so_far_percent", "expected_percent"))
    return SoFar(Week.parse(row["since"]), Week.parse(row["settled"]), *counts)


def _note(report: Mapping[str, Any]) -> str:
    """What the table of the province's rates says of its figures; nothing of how a table is read."""
    shown = (table for section in report["sections"] for table in section["tables"])
    return next((table["note_vi"] for table in shown if table["name"] == "rates"), "")


def _rows(tables: Mapping[str, Any], name: str) -> list[Row]:
    return tables[name]["rows"] if name in tables else []


def _name(unit: Bearer, week: Week) -> str:
    name, district = unit.name_within(week.first, week.last), district_name(unit.code, unit.valid_from)
    return f"{name}, {district}" if district and district != unit.name else name


def _belongs(row: Row, unit: Bearer, week: Week) -> bool:
    """Whether a row's agency is the unit, its office, or one below it, on the last of the week's days that it has."""
    owner = row_owner(row, week)
    if owner is None:
        return False
    if owner == unit:
        return True
    last = min(week.last, owner.last_day) if owner.last_day else week.last
    agency = find_agency(owner.code, last)
    above = (agency.unit_code, *unit_ancestors(agency.unit_code, last)) if agency else unit_ancestors(owner.code, last)
    return unit.code in above and unit.stands_on(last)


def _rank(own: Figures | None, rivals: list[Figures | None], unit: Bearer) -> tuple[int, int, str] | None:
    judged = [rival for rival in rivals if rival is not None and _is_ranked(rival)]
    if own is None or not _is_ranked(own) or len(judged) < 2:
        return None
    place = 1 + sum(rival.rate_percent > own.rate_percent for rival in judged)
    return place, len(judged), label_vi("unit_kinds", kind_of(unit))


def _is_ranked(figures: Figures) -> bool:
    """A young week ranks nobody: its rate says on which days dossiers came in."""
    return figures.is_settled and figures.denominator >= LEAST_DOSSIERS


def kind_of(unit: Bearer) -> str:
    """Return what a unit is ranked among: its level; the offices of districts, which count as districts, apart."""
    return "district_office" if unit.level == "district" and not unit.code.isdigit() else unit.level


def _missing(so_far: SoFar) -> int:
    return max(0, ceil(round(so_far.denominator * so_far.expected_percent / 100, 6)) - so_far.numerator)


def _to_do(view: UnitView) -> Iterator[str]:
    """What the unit can do itself; one that has ended hands its work over."""
    if view.has_ended:
        yield from _to_hand_over(view)
        return
    yield from _to_scan_again(view)
    yield from _to_send(view)
    if view.is_judged and view.missing and view.so_far is not None:
        yield (
            f"Số hóa bổ sung {count(view.missing)} hồ sơ còn thiếu để kịp lộ trình "
            f"({percent(view.so_far.expected_percent)} đến hết ngày {day(view.so_far.settled.last)}){_each_day(view)}."
        )
    waiting = view.waiting("documents")
    if waiting and not view.long_silent:
        yield f"Quét {count(waiting)} tài liệu đang chờ của {count(view.waiting('dossiers'))} hồ sơ{_oldest(view)}."


def _each_day(view: UnitView) -> str:
    """What that is a working day until the next report; nothing where it is more than the unit receives in a week."""
    days = view.days_left
    if not days or view.figures is None or view.missing > view.figures.denominator:
        return ""
    return f", mỗi ngày làm việc {count(ceil(view.missing / len(days)))} hồ sơ đến hết ngày {day(days[-1])}"


def _to_scan_again(view: UnitView) -> Iterator[str]:
    again = [row for row in view.files if row["verdict"] == "rejected"]
    defects = Counter(name for row in again for name in row["defects"] or ())
    if not again:
        return
    commonest = min(defects, key=lambda name: (-defects[name], name), default=None)
    cause = ""
    if commonest is not None and (defects[commonest] > 1 or len(defects) == 1):
        defect = DEFECTS[commonest]
        cause = f"; lỗi nhiều nhất: “{defect.label_vi}” ({count(defects[commonest])} tệp). {defect.advice_vi}"
    yield f"Quét lại và gửi lô thay thế cho {count(len(again))} tệp không đạt{cause or '.'}"


def _to_hand_over(view: UnitView) -> Iterator[str]:
    again, waiting = view.verdicts()["rejected"], view.waiting("documents")
    followers = ", ".join(one.name for one in view.unit.heirs_on(view.week.last)) or "cơ quan kế thừa"
    if again or waiting:
        yield f"Bàn giao cho {followers}: {count(again)} tệp phải quét lại, {count(waiting)} tài liệu đang chờ quét."


def _to_send(view: UnitView) -> Iterator[str]:
    silent = sorted(view.long_silent, key=lambda row: (-(row["dossiers"] or 0), row["agency"]))
    if not silent:
        return
    dossiers = sum(row["dossiers"] or 0 for row in silent)
    if len(view.agencies) == 1:
        yield (
            f"Gửi lô quét: đã {count(silent[0]['days_without_batch'])} ngày làm việc không có lô và không báo lý do, "
            f"{count(dossiers)} hồ sơ đang chờ{_oldest(view)}."
        )
        return
    named = "; ".join(f"{row['agency_name']} ({count(row['dossiers'])} hồ sơ chờ)" for row in silent[:_NAMED])
    more = f" và {count(len(silent) - _NAMED)} cơ quan khác" if len(silent) > _NAMED else ""
    yield f"Yêu cầu {count(len(silent))} cơ quan không gửi lô và không báo lý do gửi ngay: {named}{more}."


def _oldest(view: UnitView) -> str:
    days = [row["oldest"] for row in view.agencies if row["oldest"]]
    return f", lâu nhất từ ngày {day(date.fromisoformat(str(min(map(str, days)))))}" if days else ""
