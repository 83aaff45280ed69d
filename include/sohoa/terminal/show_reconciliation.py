"""A reconciliation on a terminal: why portal and province differ, indicator 1.4, and the dossiers of a category."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rich.table import Table
from rich.text import Text

from sohoa.format_value import count, day, decimal, signed
from sohoa.labels import label_vi
from sohoa.reconcile.categories import EFFECTS
from sohoa.reconcile.count_categories import balance
from sohoa.reconcile.indicator_1_4 import Indicator
from sohoa.reconcile.list_dossiers import Entry, Line
from sohoa.registry import Bearer

_SIDES = ("portal", "province")


def heading(unit: Bearer, start: date, end: date) -> Text:
    """Title, unit and period: of the days asked for those on which the unit stands."""
    start = max(start, unit.valid_from)
    period = day(start) if start == end else f"{day(start)} – {day(end)}"
    return Text.assemble((f"Đối soát với Cổng · {unit.name} ({unit.code})", "bold"), f" · {period}")


def category_table(lines: list[Line]) -> Table:
    """One row a category: how many, what it adds to portal − province, how old."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("Nhóm", no_wrap=True)
    table.add_column("Nội dung", overflow="fold")
    for head in ("Số lượng", "Cổng − tỉnh", "Lâu nhất\n(ngày)", "Bình quân\n(ngày)"):
        table.add_column(head, justify="right", no_wrap=True)
    for line in lines:
        is_side, effect = line.category in _SIDES, EFFECTS[line.category]
        shown = signed(effect * line.entries) if effect else ""
        ages = ("", "") if is_side else (count(line.oldest_days), decimal(line.mean_days))
        name, label = "" if is_side else line.category, label_vi("categories", line.category)
        table.add_row(name, label, count(line.entries), shown, *ages, style="bold" if is_side else "")
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


def entry_table(entries: list[Entry]) -> Table:
    """Every dossier of a category."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for head in ("Ngày", "Đơn vị", "Hồ sơ"):
        table.add_column(head, no_wrap=True)
    for head in ("Tỉnh", "Cổng", "Thấy từ"):
        table.add_column(head, overflow="fold")
    for entry in entries:
        sides = (entry.province or "", entry.portal or "")
        table.add_row(day(entry.dossier_date), entry.unit_code, entry.dossier_code, *sides, day(entry.first_seen))
    return table


def _indicator_line(way: str, found: Indicator) -> Text:
    whole = found.denominator is None or float(found.denominator).is_integer()
    over = count(None if found.denominator is None else int(found.denominator)) if whole else decimal(found.denominator)
    label, rate = label_vi("indicators", way), f"{decimal(found.rate_percent, 2)} %"
    counts = f"{count(found.numerator)} / {over} ({label_vi('bases', found.basis)})"
    return Text.assemble(f"  {label}: ", (rate, "bold"), f" = {counts}")
