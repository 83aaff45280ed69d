"""Section III: why province and portal differ, and indicator 1.4 both ways."""

from __future__ import annotations

from sohoa.days import Week
from sohoa.reconcile.categories import CATEGORIES
from sohoa.reconcile.count_categories import balance
from sohoa.reconcile.indicator_1_4 import Indicator, read_indicators
from sohoa.reconcile.list_dossiers import Line, read_lines
from sohoa.registry import PROVINCE
from sohoa.report.model import Column, Table
from sohoa.report.sentences import text
from sohoa.store import Store

_SIDES = ("portal", "province")
BASES_VI = {
    "national_report": "báo cáo quốc gia",
    "portal": "tiếp nhận trên Cổng",
    "last_year": "bình quân năm trước",
    None: "chưa có số liệu",
}


def read_categories(store: Store, week: Week) -> list[Line]:
    """The categories of the whole province in a week, their ages on its last day."""
    return read_lines(store, PROVINCE, week.first, week.last, week.last)


def categories_table(lines: list[Line]) -> Table:
    """One row a category: how many, what it adds to portal − province, how old."""
    columns = (
        Column("category", "Nhóm", "Category", "code"),
        Column("meaning", "Nội dung", "Meaning", "text"),
        Column("entries", "Số lượng", "Count", "count"),
        Column("effect", "Cổng trừ tỉnh", "Portal − province", "count"),
        Column("oldest_days", "Lâu nhất", "Oldest", "count", "ngày"),
        Column("mean_days", "Bình quân", "Mean", "number", "ngày"),
    )
    rows = []
    for line in lines:
        category, is_side = CATEGORIES[line.category], line.category in _SIDES
        effect = category.effect * line.entries if category.effect else None
        ages = (None, None) if is_side else (line.oldest_days, line.mean_days)
        rows.append((None if is_side else line.category, category.label_vi, line.entries, effect, *ages))
    return Table("categories", "Chênh lệch giữa Cổng và hệ thống của tỉnh", "Categories", columns, tuple(rows))


def balance_vi(lines: list[Line]) -> str:
    """Whether the difference is explained to the last dossier."""
    difference, explained = balance({line.category: line.entries for line in lines})
    return (
        f"Cổng trừ tỉnh: {text(difference)} hồ sơ; các nhóm chênh lệch giải thích được {text(explained)} hồ sơ, "
        f"còn {text(difference - explained)} hồ sơ chưa rõ nguyên nhân."
    )


def read_indicator_rows(store: Store, week: Week) -> tuple[Indicator, Indicator]:
    """Indicator 1.4 of the week as the portal counts, and without ministry dossiers."""
    return read_indicators(store, PROVINCE, week.first, week.last)


def indicator_table(official: Indicator, adjusted: Indicator) -> Table:
    """Indicator 1.4 of decision 766/QĐ-TTg, twice."""
    columns = (
        Column("way", "Cách tính", "Way", "text"),
        Column("numerator", "Đã đồng bộ", "Synchronised", "count", "hồ sơ"),
        Column("denominator", "Mẫu số", "Denominator", "number", "hồ sơ"),
        Column("basis", "Nguồn mẫu số", "Basis", "text"),
        Column("rate_percent", "Tỷ lệ", "Rate", "percent", "%"),
    )
    rows = tuple(
        (label, found.numerator, _whole(found.denominator), BASES_VI[found.basis], found.rate_percent)
        for label, found in (("Như Cổng tính", official), ("Không kể hồ sơ hệ thống bộ", adjusted))
    )
    note = "Dòng thứ hai để đối chiếu, không thay số chính thức."
    title = "Chỉ số 1.4 (Quyết định 766/QĐ-TTg): hồ sơ đồng bộ lên Cổng"
    return Table("indicator", title, "Indicator 1.4", columns, rows, note)


def _whole(value: float | None) -> float | None:
    """A denominator as a whole number unless it is a mean."""
    return int(value) if value is not None and float(value).is_integer() else value
