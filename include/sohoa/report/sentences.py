"""Words and figures of the report's sentences, and the columns that several of its tables share."""

from __future__ import annotations

from datetime import date

from sohoa.progress.carry_forward import unit_name
from sohoa.registry import find_agency, unit_at
from sohoa.report.format_value import format_value
from sohoa.report.model import Column, Kind, Table

NUMERATOR = Column("numerator", "Đạt (tử số)", "Accepted (numerator)", "count", "hồ sơ")
DENOMINATOR = Column("denominator", "Phải số hóa (mẫu số)", "To digitise (denominator)", "count", "hồ sơ")
RATE = Column("rate_percent", "Tỷ lệ đạt", "Rate accepted", "percent", "%")
RECEIVED = Column("received_percent", "Tỷ lệ chính thức", "Official rate, files only", "percent", "%")
BEFORE = Column("before_percent", "Tuần trước", "Week before", "percent", "%")
CHANGE = Column("change_points", "Tăng, giảm", "Change", "number", "điểm %")
AGENCY = Column("agency", "Mã cơ quan", "Agency code", "code")
AGENCY_NAME = Column("agency_name", "Cơ quan", "Agency", "text")
SHOWN = 15
"""Rows of a table in the text; the annex has them all."""
LEVELS_VI = {"province": "Cấp tỉnh", "district": "Cấp huyện", "commune": "Cấp xã", None: "Không rõ cơ quan"}


def text(value: object, kind: Kind = "count") -> str:
    """A value as it stands in a sentence."""
    return format_value(value, kind)


def percent(value: float | None) -> str:
    """A percentage in a sentence."""
    return format_value(value, "percent")


def points(value: float) -> str:
    """A difference of rates, its direction in words."""
    word = "tăng" if value > 0 else "giảm"
    return f"{word} {format_value(abs(value), 'number')} điểm phần trăm" if round(value, 2) else "không thay đổi"


def span(first: date, last: date) -> str:
    """A period of days in a sentence."""
    return f"từ ngày {text(first, 'date')} đến ngày {text(last, 'date')}"


def agency_name(code: str, day: date) -> str:
    """The name of an agency as it was on a day, else as it last was; its code where nobody knows it."""
    agency = find_agency(code, day) or find_agency(code)
    return agency.name if agency else code


def place_name(code: str, day: date) -> str:
    """The name of a unit or leaf office; its code where nothing bears it on that day."""
    return unit_name(code, day) if unit_at(code, day) or find_agency(code) else code


def first_rows(table: Table, name: str, title_vi: str, columns: tuple[str, ...], count: int = SHOWN) -> Table:
    """The first rows of an annex table with some of its columns, as a table of its own."""
    places = [[column.key for column in table.columns].index(key) for key in columns]
    shown = tuple(tuple(row[place] for place in places) for row in table.rows[:count])
    left = len(table.rows) - len(shown)
    note = f"{len(shown)} trong {text(len(table.rows))} cơ quan; đủ danh sách ở Phụ lục." if left else ""
    return Table(name, title_vi, table.title_en, tuple(table.columns[place] for place in places), shown, note)
