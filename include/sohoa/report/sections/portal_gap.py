"""Section III: why province and portal differ, and indicator 1.4 both ways."""

from __future__ import annotations

from sohoa.days import ONE_DAY, Week, each_day
from sohoa.format_value import count, day
from sohoa.reconcile.categories import EFFECTS, SIDES
from sohoa.reconcile.count_categories import balance
from sohoa.reconcile.indicator_1_4 import Indicator, read_indicators
from sohoa.reconcile.known_days import KnownDays, read_known_days
from sohoa.reconcile.list_dossiers import Line, read_lines
from sohoa.registry import PROVINCE, working_days
from sohoa.report.model import Column, Row, Table
from sohoa.report.sections import source_ages
from sohoa.report.sections.part import Part
from sohoa.report.sentences import span
from sohoa.store import Store

_OF_MINISTRIES = {"R5", "R5_ministry"}
_NOT_THERE = "R4"
_SYNC_WEEKS = 4
SYNC_DAYS = 3
"""Working days after the one of its reception from which a dossier that is not on the portal is missing there."""


def build(store: Store, week: Week) -> Part:
    """Make section III."""
    sources = source_ages.read_sources(store, week)
    missing = (*source_ages.missing_vi(sources), *source_ages.closed_vi(store, week))
    if not source_ages.is_fresh(sources, "portal"):
        newest = sources.row("source", "portal")["newest"]
        known = f"chỉ có đến ngày {day(newest)}" if newest else "chưa có tệp nào"
        said = f"Số liệu của Cổng {known}: không đối soát được tuần này, không kết luận hồ sơ nào chưa đồng bộ."
        return Part((said,), (sources,), message=missing)
    days = read_known_days(store, PROVINCE, week.first, week.last)
    lines = read_lines(store, PROVINCE, days.compared, week.last)
    late = unsynchronised_table(store, week)
    said = f"{balance_vi(lines)}{_late_vi(late)}" if lines else "Chưa có số liệu đối soát của tuần."
    if not days.is_whole:
        tables = (categories_table(lines), sources) if lines else (sources,)
        return Part((f"{said} {_left_out_vi(days)}",), tables, hidden=(late,), message=missing)
    official, adjusted = read_indicator_rows(store, week)
    if sources.row("source", "ministry")["newest"] is None:
        lines = [line for line in lines if line.category not in _OF_MINISTRIES]
        shown = (categories_table(lines), indicator_table(official), sources)
        return Part((said,), shown, hidden=(late,), message=missing)
    shown = (categories_table(lines), indicator_table(official, adjusted), sources)
    return Part((said,), shown, hidden=(late,), message=missing)


def unsynchronised_table(store: Store, week: Week) -> Table:
    """Count the dossiers of four weeks that are old enough to be on the portal and are not; no row where no day of
    them is known.

    One of the last days is not missing, it is on its way.
    """
    days = [
        day
        for day in each_day(week.back(_SYNC_WEEKS - 1).first, week.last)
        if len(working_days(day + ONE_DAY, week.last)) >= SYNC_DAYS
    ]
    known = read_known_days(store, PROVINCE, days[0], days[-1]).compared if days else []
    lines = read_lines(store, PROVINCE, known, week.last)
    entries = sum(line.entries for line in lines if line.category == _NOT_THERE)
    columns = (
        Column("entries", "Số lượng", "Count", "count", "hồ sơ"),
        Column("first", "Từ ngày", "First day", "date"),
        Column("last", "Đến ngày", "Last day", "date"),
    )
    row = {"entries": entries, "first": known[0], "last": known[-1]} if known else None
    return Table("unsynchronised", "Hồ sơ chưa đồng bộ", "Not synchronised", columns, (row,) if row else ())


def _late_vi(late: Table) -> str:
    """What is missing and not only on its way."""
    if not late.rows:
        return ""
    (row,) = late.rows
    return (
        f" Tính các hồ sơ tiếp nhận {span(row['first'], row['last'])}, tức là đã đủ {SYNC_DAYS} ngày làm việc để đồng "
        f"bộ: {count(row['entries'])} hồ sơ vẫn chưa có trên Cổng."
    )


def _left_out_vi(known: KnownDays) -> str:
    """Say which days of the week are not counted."""
    parts = (("chưa có tệp của Cổng", known.without_portal), ("chưa đối soát", known.not_reconciled))
    named = "; ".join(f"{why}: {', '.join(map(day, found))}" for why, found in parts if found)
    return (f"Không tính các ngày {named}. " if named else "") + "Chỉ số 1.4 của tuần chưa tính được."


def categories_table(lines: list[Line]) -> Table:
    """Make one row per category: how many, what it adds to portal − province, how old."""
    columns = (
        Column("meaning", "Nội dung", "Meaning", "label", labels="categories"),
        Column("entries", "Số lượng", "Count", "count"),
        Column("effect", "Cổng trừ tỉnh", "Portal − province", "count"),
        Column("oldest_days", "Lâu nhất", "Oldest", "count", "ngày"),
        Column("mean_days", "Bình quân", "Mean", "number", "ngày"),
    )
    title = "Chênh lệch giữa Cổng và hệ thống của tỉnh"
    return Table("categories", title, "Categories", columns, tuple(map(_category_row, lines)))


def _category_row(line: Line) -> Row:
    is_side, effect = line.category in SIDES, EFFECTS[line.category]
    return {
        "category": None if is_side else line.category,
        "meaning": line.category,
        "entries": line.entries,
        "effect": effect * line.entries if effect else None,
        "oldest_days": None if is_side else line.oldest_days,
        "mean_days": None if is_side else line.mean_days,
    }


def balance_vi(lines: list[Line]) -> str:
    """Whether the difference is explained to the last dossier."""
    difference, explained = balance({line.category: line.entries for line in lines})
    return (
        f"Cổng trừ tỉnh: {count(difference)} hồ sơ; các nhóm chênh lệch giải thích được {count(explained)} hồ sơ, "
        f"còn {count(difference - explained)} hồ sơ chưa rõ nguyên nhân."
    )


def read_indicator_rows(store: Store, week: Week) -> tuple[Indicator, Indicator]:
    """Indicator 1.4 of the week as the portal counts, and without ministry dossiers."""
    return read_indicators(store, PROVINCE, week.first, week.last)


def indicator_table(official: Indicator, adjusted: Indicator | None = None) -> Table:
    """Make one row per way to count indicator 1.4 of decision 766/QĐ-TTg; ``adjusted`` needs the ministries' feeds."""
    columns = (
        Column("way", "Cách tính", "Way", "label", labels="indicators"),
        Column("numerator", "Đã đồng bộ", "Synchronised", "count", "hồ sơ"),
        Column("denominator", "Mẫu số", "Denominator", "number", "hồ sơ"),
        Column("basis", "Nguồn mẫu số", "Basis", "label", labels="bases"),
        Column("rate_percent", "Tỷ lệ", "Rate", "percent", "%"),
    )
    rows = tuple(
        {
            "way": way,
            "numerator": found.numerator,
            "denominator": _whole(found.denominator),
            "basis": found.basis,
            "rate_percent": found.rate_percent,
        }
        for way, found in (("official", official), ("adjusted", adjusted))
        if found is not None
    )
    note = "Dòng thứ hai để đối chiếu, không thay số chính thức." if adjusted else ""
    title = "Chỉ số 1.4 (Quyết định 766/QĐ-TTg): hồ sơ đồng bộ lên Cổng"
    return Table("indicator", title, "Indicator 1.4", columns, rows, note)


def _whole(value: float | None) -> float | None:
    """A denominator as a whole number unless it is a mean."""
    return int(value) if value is not None and float(value).is_integer() else value
