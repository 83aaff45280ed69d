"""A reconciliation on a terminal: why portal and province differ, indicator 1.4, and the dossiers of a category."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rich.text import Text

from sohoa.days import in_runs
from sohoa.format_value import count, day, days, decimal, signed
from sohoa.labels import label_vi
from sohoa.reconcile.categories import EFFECTS, SIDES
from sohoa.reconcile.count_categories import balance
from sohoa.reconcile.indicator_1_4 import Indicator
from sohoa.reconcile.known_days import KnownDays
from sohoa.reconcile.list_dossiers import Entry, Line
from sohoa.registry import Bearer
from sohoa.terminal.grid import Grid

_MAX_RUNS = 8
"""Runs of days that a line names."""


def heading(unit: Bearer, start: date, end: date) -> Text:
    """Title, unit and period: of the days asked for those on which the unit stands."""
    start = max(start, unit.valid_from)
    period = day(start) if start == end else f"{day(start)} – {day(end)}"
    return Text.assemble((f"Đối soát với Cổng · {unit.name} ({unit.code})", "bold"), f" · {period}")


def unknown_days_lines(known: KnownDays) -> Iterator[Text]:
    """Say of which days nothing is counted here and why, and what brings them in."""
    if known.not_reconciled:
        yield Text(f"Chưa đối soát {_spell(known.not_reconciled)}: chạy `sohoa run reconcile`.", "yellow")
    if known.without_portal:
        advice = "không kết luận hồ sơ nào chưa đồng bộ; xin tệp của Cổng rồi chạy `sohoa run import`."
        yield Text(f"Chưa có tệp của Cổng cho {_spell(known.without_portal)}: {advice}", "yellow")
    if known.without_data:
        advice = "không phải là 0 hồ sơ; khi có tệp, chạy `sohoa run import`."
        yield Text(f"Chưa có số liệu nào của {_spell(known.without_data)}: {advice}", "yellow")
    if known.changed:
        advice = "chạy `sohoa run reconcile` để đối soát lại."
        yield Text(f"Có thay đổi sau khi đối soát ở {_spell(known.changed)}: {advice}", "yellow")
    if known.compared and not known.is_whole:
        yield Text(f"Dưới đây chỉ tính {_spell(known.compared)}; chưa tính chỉ số 1.4.", "yellow")


def _spell(found: list[date]) -> str:
    """``3 ngày (08/04–10/04)``; of many runs the first ones."""
    runs = in_runs(found)
    shown = "; ".join(days(*run) for run in runs[:_MAX_RUNS])
    rest = sum((last - first).days + 1 for first, last in runs[_MAX_RUNS:])
    return f"{len(found)} ngày ({shown}{f' và {rest} ngày khác' if rest else ''})"


def category_table(lines: list[Line]) -> Grid:
    """One row a category: how many, what it adds to portal − province, how old."""
    table = Grid()
    table.keys("Nhóm")
    table.text("Nội dung")
    table.figures("Số\nlượng", "Cổng −\ntỉnh", "Lâu nhất\n(ngày)", "Bình quân\n(ngày)")
    for line in lines:
        is_side, effect = line.category in SIDES, EFFECTS[line.category]
        shown = signed(effect * line.entries) if effect else ""
        ages = ("", "") if is_side else (count(line.oldest_days), decimal(line.mean_days))
        name, label = "" if is_side else line.category, label_vi("categories", line.category)
        table.row(name, label, count(line.entries), shown, *ages, style="bold" if is_side else "")
    return table


def balance_line(lines: list[Line]) -> Text:
    """Whether the difference is explained to the last dossier."""
    difference, explained = balance({line.category: line.entries for line in lines})
    rest = difference - explained
    text = f"\nCổng − tỉnh = {signed(difference)}; các nhóm giải thích {signed(explained)}; còn lại {signed(rest)}"
    return Text(text, "red bold" if rest else "green")


def indicator_lines(official: Indicator, adjusted: Indicator) -> Iterator[Text]:
    """Indicator 1.4 twice, side by side."""
    yield Text("\nChỉ số 1.4, hồ sơ đồng bộ lên Cổng (Quyết định 766/QĐ-TTg)", "bold")
    yield _indicator_line("official", official)
    yield _indicator_line("adjusted", adjusted)
    yield Text("  Số thứ hai để đối chiếu, không thay số chính thức.", "dim")


def entry_table(entries: list[Entry]) -> Grid:
    """Every dossier of a category."""
    table = Grid()
    table.keys("Ngày", "Đơn vị", "Hồ sơ")
    table.text("Tỉnh ghi", "Cổng ghi")
    table.keys("Thấy từ")
    for entry in entries:
        sides = (entry.province or "", entry.portal or "")
        table.row(day(entry.dossier_date), entry.unit_code, entry.dossier_code, *sides, day(entry.first_seen))
    return table


def _indicator_line(way: str, found: Indicator) -> Text:
    whole = found.denominator is None or float(found.denominator).is_integer()
    over = count(None if found.denominator is None else int(found.denominator)) if whole else decimal(found.denominator)
    label, rate = label_vi("indicators", way), f"{decimal(found.rate_percent, 2)} %"
    counts = f"{count(found.numerator)} / {over} ({label_vi('bases', found.basis)})"
    return Text.assemble(f"  {label}: ", (rate, "bold"), f" = {counts}")
