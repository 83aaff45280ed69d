"""A stored report of one week with made-up figures of some units and agencies, to read a unit's own view from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sohoa.days import Week
from sohoa.registry import Bearer, bearers
from sohoa.report.model import Column, Row, Section, Table
from sohoa.report.sections.unit_rates import _FIGURES, _LEVEL, _UNIT
from sohoa.report.sentences import UNITS_NOTE
from tests.report.report_samples import sample_report

WEEK = Week.parse("2025-W26")
SETTLED = ("settled_numerator", "settled_denominator", "settled_percent", "settled_change")
PATH = ("so_far_numerator", "so_far_denominator", "so_far_percent", "expected_percent", "since", "settled")
AGENCY_COLUMNS = tuple(
    Column(key, key, key, "text")
    for key in ("agency", "agency_name", "state", "days_without_batch", "last_batch", "dossiers", "documents", "oldest")
)
FILE_COLUMNS = tuple(
    Column(key, key, key, "text")
    for key in ("agency", "agency_name", "batch", "file", "pages", "dossier", "title", "defects", "verdict")
)


def unit_at_start(code: str, number: int = 0) -> Bearer:
    """The unit that bore a code first, or the next ones."""
    return bearers(code)[number]


def unit_row(
    code: str, numerator: int, denominator: int, change: float | None = None, name: str = "", expected: float = 86.0
) -> Row:
    """A row of the units whose settled week is this one and the first of its path; the name is the registry's unless
    another is given.
    """
    unit = unit_at_start(code)
    rate = 100 * numerator / denominator if denominator else None
    path = (numerator, denominator, rate, expected, WEEK.name, WEEK.name) if denominator else (None,) * 6
    return {
        "unit_code": code, "unit": name or unit.name, "level": unit.level, "denominator": denominator,
        "numerator": numerator, "rate_percent": rate, "received_percent": None, "before_percent": None,
        "change_points": change, **dict(zip(SETTLED, (numerator, denominator, rate, change), strict=True)),
        **dict(zip(PATH, path, strict=True)),
    }  # fmt: skip


def agency_row(code: str, state: str = "sent", days: int = 0, dossiers: int = 0, documents: int = 0) -> Row:
    """A row of the agencies."""
    return {
        "agency": code, "agency_name": unit_at_start(code).name, "state": state, "days_without_batch": days,
        "last_batch": date(2025, 6, 20), "dossiers": dossiers, "documents": documents,
        "oldest": date(2025, 6, 2) if documents else None,
    }  # fmt: skip


def file_row(agency: str, verdict: str, *defects: str, title: str = "Tờ khai", file: str = "TL-1.pdf") -> Row:
    """A row of the faulty files."""
    return {
        "agency": agency, "agency_name": unit_at_start(agency).name, "batch": f"{agency}-20250624-001", "file": file,
        "pages": "1, 3–5", "dossier": "H37.82.13-250616-0005", "title": title, "defects": defects, "verdict": verdict,
    }  # fmt: skip


def stored_report(
    units: Sequence[Row],
    agencies: Sequence[Row] = (),
    files: Sequence[Row] = (),
    *,
    week: Week = WEEK,
    said: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The report as it lies in the store."""
    annex = (
        Table("units", "Đơn vị", "Units", (*_UNIT, _LEVEL, *_FIGURES), tuple(units), UNITS_NOTE),
        Table("agencies", "Cơ quan", "Agencies", AGENCY_COLUMNS, tuple(agencies)),
        Table("faulty_files", "Tệp lỗi", "Faulty files", FILE_COLUMNS, tuple(files)),
    )
    rates = Table("rates", "Tỷ lệ", "Rates", _FIGURES, (), "Số liệu có đến hết Chủ nhật.")
    sections = (Section("I", "Kết quả", (), (rates,), ()), Section("VI", "Kiến nghị", said, (), ()))
    report = replace(
        sample_report(1), week=week.name, first_day=week.first, last_day=week.last, sections=sections, annex=annex
    )
    found: dict[str, Any] = json.loads(report.to_json())
    return found
