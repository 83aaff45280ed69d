"""Words of the report's sentences, and the columns that several of its tables share."""

from __future__ import annotations

from datetime import date

from sohoa.format_value import count, day, number, percent
from sohoa.report.model import Column, Table

NUMERATOR = Column("numerator", "Đạt (tử số)", "Accepted (numerator)", "count", "hồ sơ")
DENOMINATOR = Column("denominator", "Phải số hóa (mẫu số)", "To digitise (denominator)", "count", "hồ sơ")
RATE = Column("rate_percent", "Tỷ lệ đạt", "Rate accepted", "percent", "%")
RECEIVED = Column("received_percent", "Tỷ lệ chính thức", "Official rate, files only", "percent", "%")
BEFORE = Column("before_percent", "Tuần trước, cùng độ tuổi", "Week before at the same age", "percent", "%")
CHANGE = Column("change_points", "Tăng, giảm", "Change", "number", "điểm %")
AGENCY = Column("agency", "Mã cơ quan", "Agency code", "code")
AGENCY_NAME = Column("agency_name", "Cơ quan", "Agency", "text")
DEFECT = Column("defect", "Lỗi", "Defect", "label", labels="defects")
UNITS_NOTE = (
    "Số liệu của mỗi đơn vị gồm cả các đơn vị trực thuộc. “–”: không có hồ sơ hoặc hai tuần không so sánh được."
)
"""How the table of all units is read."""
MAX_ROWS = 15
"""Rows of a table in the text; the annex has them all."""


LEAST_SILENT_DAYS = 3
"""Working days in a row without a batch from which an agency is asked why."""
SO_FAR = (
    Column("so_far_denominator", "Lũy kế: phải số hóa", "So far: to digitise", "count", "hồ sơ"),
    Column("so_far_numerator", "Lũy kế: đạt", "So far: accepted", "count", "hồ sơ"),
    Column("so_far_percent", "Lũy kế: tỷ lệ", "So far: rate", "percent", "%"),
)
"""Of the settled weeks of the path: what the first page and the mails compare with it."""

UNCHANGED_POINTS = 1.0
"""A difference of settled rates up to this is called hardly any: chance alone makes it."""


def points(value: float, unchanged: float = UNCHANGED_POINTS) -> str:
    """Write a difference of rates, its direction in words.

    Args:
        value: the difference.
        unchanged: up to where it is called hardly any.
    """
    if not round(value, 2):
        return "không thay đổi"
    moved = f"{'tăng' if value > 0 else 'giảm'} {number(abs(value))} điểm phần trăm"
    return moved if abs(value) > unchanged else f"gần như không đổi ({moved})"


def share(rate: float | None) -> str:
    """Write a share in per cent; one that would be rounded to nothing is said to be less than it can be written."""
    return f"dưới {percent(0.01)}" if rate is not None and 0 < rate < 0.005 else percent(rate)


LEVEL_POINTS = 0.5
"""A rate this near its path is on it."""


def keeps_path(rate: float, expected: float) -> bool:
    """Tell whether a rate is on its path or ahead of it."""
    return rate - expected > -LEVEL_POINTS


def against_path(rate: float, expected: float, last: date | None = None) -> str:
    """Say where a rate is on its path: ahead of it, on it or behind it, per cent; and at the end of which day."""
    ahead = rate - expected
    where = f"{'vượt' if ahead > 0 else 'chậm'} {number(round(abs(ahead), 2))} điểm so với lộ trình"
    until = f" đến hết ngày {day(last)}" if last else ""
    return f"{'đúng lộ trình' if abs(ahead) < LEVEL_POINTS else where} ({percent(expected)}{until})"


def span(first: date, last: date) -> str:
    """Write a period of days in a sentence."""
    return f"từ ngày {day(first)} đến ngày {day(last)}"


ELSEWHERE = "bảng tính và trang web của báo cáo"
"""Where rows are that paper leaves out."""


def shown_of(shown: int, rows: int, what: str, where: str = ELSEWHERE) -> str:
    """Say how many rows of a table stand here, and where the others are."""
    return f"Bảng nêu {shown} trong tổng số {count(rows)} {what}; đủ danh sách trong {where}."


def first_rows(table: Table, name: str, title_vi: str, keys: tuple[str, ...]) -> Table:
    """Make a table of the first rows and some columns of a table of the annex."""
    columns = {column.key: column for column in table.columns}
    rows = table.rows[:MAX_ROWS]
    note = shown_of(len(rows), len(table.rows), "cơ quan")
    is_cut = len(rows) < len(table.rows)
    return Table(name, title_vi, table.title_en, tuple(columns[key] for key in keys), rows, note if is_cut else "")
