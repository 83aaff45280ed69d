"""The progress of a unit on a terminal: a table by period, a sparkline, and what the columns mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rich.text import Text

from sohoa.format_value import count, day, days, decimal
from sohoa.labels import label_vi, rate_name
from sohoa.progress.carry_forward import map_of
from sohoa.progress.unit_progress import BacklogFigure, Figure, ProgressQuery
from sohoa.registry import name_of, unit_at
from sohoa.settings import Settings
from sohoa.terminal.bars import bar, sparkline
from sohoa.terminal.grid import Grid

_BAR, _MIN_BAR = 24, 8


def heading(title: str, name: str, query: ProgressQuery, start: date, end: date) -> Text:
    """Title, unit and period; then definition and map."""
    rate = rate_name(query.definition, query.stage)
    period = day(start) if start == end else f"{day(start)} – {day(end)}"
    map_vi = "của ngày tiếp nhận" if query.map_day is None else f"ngày {day(query.map_day)}"
    text = Text.assemble((f"{title} · {name} ({query.unit_code})", "bold"), f" · {period}\n")
    return text.append(f"Định nghĩa {rate}: {label_vi('rate_names', rate)} · địa giới {map_vi}\n", "dim")


def progress_table(figures: list[Figure], total: Figure, step: str, settings: Settings, width: int) -> Grid:
    """Make one row per period, then the sum of all; the bars take what is left of ``width`` columns."""
    table = Grid(gap=1)
    table.keys(label_vi("steps", step).capitalize())
    baseline, target = decimal(settings.baseline_percent), decimal(settings.target_percent, 0)
    counts = ("Mẫu\nsố", "Kê\nkhai", "Đã\nnhận", "Đạt\n(tử số)", "Ngoại\nlệ ¹")
    rates = ("Tỷ lệ\nđạt %", "Chính\nthức ²", "Điểm\n766", f"{baseline}→{target}\n% ³")
    table.figures(*counts, *rates)
    rows = [(_label(figure, step), figure, "") for figure in figures]
    if len(figures) > 1:
        rows.append(("Cả kỳ", total, "bold"))
    cells = [(label, *_cells(figure)) for label, figure, _ in rows]
    heads = zip(*(head.split("\n") for head in (*counts, *rates)), strict=True)
    bars = min(_BAR, width - 1 - _width([*cells, *(("", *line) for line in heads)]))
    if bars >= _MIN_BAR:
        table.add_column(_target_pointer(bars, settings), no_wrap=True, min_width=bars, vertical="bottom")
    for row, (_, figure, style) in zip(cells, rows, strict=True):
        if style:
            table.row()
        table.row(*row, *([_bar(figure, bars, settings)] if bars >= _MIN_BAR else []), style=style)
    return table


def _width(cells: list[tuple[str, ...]]) -> int:
    """Columns that cells take, one between two of them."""
    return sum(max(map(len, column)) + 1 for column in zip(*cells, strict=True))


def spark_lines(figures: list[Figure], step: str, width: int) -> Text:
    """The rate of every period as one character, a gap where nothing counts, in lines of at most ``width``."""
    rates = [figure.rate_percent for figure in figures]
    known = [rate for rate in rates if rate is not None]
    if not known:
        return Text("\nKhông có hồ sơ nào trong mẫu số của kỳ này.\n", "yellow")
    span = days(figures[0].first_day, figures[-1].last_day)
    text = Text(f"\nTỷ lệ đạt theo {label_vi('steps', step)}, {span} (▁ 0 %, █ 100 %)\n")
    line = sparkline(rates)
    for first in range(0, len(line), width - 2):
        text.append(f"  {line[first : first + width - 2]}\n", "cyan")
    extremes = f"thấp nhất {decimal(min(known))} % · cao nhất {decimal(max(known))} % · gần nhất {decimal(known[-1])} %"
    return text.append(f"  {extremes}\n", "dim")


def since_line(code: str, since: date) -> Text:
    """Says from which day the unit stands; a map joins it with what it was formed from, an office with nothing."""
    advice = "" if unit_at(code, since) is None else f"; dùng --map {map_of(since)} để nối với đơn vị trước đó"
    return Text(f"Đơn vị này có từ {day(since)}: các ngày trước không tính{advice}.\n", "yellow")


def notes(total: Figure, electronic_results: int, settings: Settings) -> Iterator[Text]:
    """The counts that are no rates, and what the columns mean."""
    finished = f"{count(total.finished)} trong {count(total.denominator)}"
    yield Text.assemble("Mẫu số đã giải quyết xong (trạng thái 9, 10): ", (finished, "bold"))
    links = count(electronic_results)
    yield Text.assemble(
        "Kết quả điện tử có liên kết trên Cổng: ", (links, "bold"), " hồ sơ (số đếm, không phải tỷ lệ)\n"
    )
    baseline, target = decimal(settings.baseline_percent), decimal(settings.target_percent)
    points = decimal(settings.points_766_digitised, 0)
    yield Text(
        "¹ Trong số đạt: nhờ chấp thuận ngoại lệ.\n"
        "² Tỷ lệ tính chính thức, chỉ đếm tệp: đã nhận / mẫu số, %. Tỷ lệ đạt: đạt / mẫu số.\n"
        f"  Điểm 766: chỉ số 4.2 của Quyết định 766/QĐ-TTg, tối đa {points} điểm từ 80 %.\n"
        f"³ Phần đường đã đi từ {baseline} % tới mục tiêu {target} % (hai số đã công bố).",
        "dim",
    )
    if total.is_approximate:
        yield approximate_line()


def approximate_line() -> Text:
    """Says what the mark ≈ means."""
    return Text("≈ Gần đúng: có xã bị chia, hồ sơ tính trọn cho đơn vị kế thừa chính; xem sohoa explain.", "yellow")


def backlog_table(figures: list[BacklogFigure], total: BacklogFigure, shown_day: date) -> Grid:
    """Make one row per agency, named as it is known on a day, then the sum."""
    table = Grid()
    table.text("Cơ quan số hóa")
    table.figures("Phải\nsố hóa", "Kê\nkhai", "Đã\nnhận", "Đạt\n(tử số)", "Ngoại\nlệ", "Tỷ lệ\nđạt %", "Tỷ lệ\nnhận %")
    for figure in figures:
        name = name_of(figure.agency, figure.valid_from, shown_day)
        table.row(f"{name} ({figure.agency})", *_backlog_cells(figure))
    if len(figures) != 1:
        table.row()
        table.row("Cộng", *_backlog_cells(total), style="bold")
    return table


def _backlog_cells(figure: BacklogFigure) -> tuple[str, ...]:
    counts = (figure.denominator, figure.declared, figure.received, figure.accepted, figure.waived)
    mark = "≈" if figure.is_approximate else ""
    return (*map(count, counts), mark + decimal(figure.rate_percent), decimal(figure.received_percent))


def _label(figure: Figure, step: str) -> str:
    if step == "day":
        return f"{('T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'CN')[figure.first_day.weekday()]} {figure.first_day:%d/%m}"
    if step == "week":
        return f"T{figure.first_day.isocalendar().week:02} {days(figure.first_day, figure.last_day)}"
    return f"{figure.first_day:%m/%Y}"


def _cells(figure: Figure) -> tuple[str, ...]:
    counts = (figure.denominator, figure.declared, figure.received, figure.accepted, figure.waived)
    share = None if figure.target_share is None else 100 * figure.target_share
    mark = "≈" if figure.is_approximate else ""
    rates = (decimal(figure.received_percent), decimal(figure.score_766, 2), decimal(share))
    return (*map(count, counts), mark + decimal(figure.rate_percent), *rates)


def _target_cell(width: int, settings: Settings) -> int:
    return min(width - 1, int(settings.target_percent / 100 * width))


def _target_pointer(width: int, settings: Settings) -> Text:
    target = _target_cell(width, settings)
    label = f"mục tiêu {decimal(settings.target_percent, 0)} % ┐"
    return Text((label if len(label) <= target + 1 else "┐").rjust(target + 1), "dim")


def _bar(figure: Figure, width: int, settings: Settings) -> Text:
    """The rate as a bar, with the target's mark where the bar does not reach it."""
    if figure.rate_percent is None:
        return Text("")
    has_arrived = figure.rate_percent >= settings.target_percent
    text = Text(bar(figure.rate_percent, width), "green" if has_arrived else "cyan")
    gap = _target_cell(width, settings) - len(text)
    return text if gap < 0 else text.append(" " * gap).append("╎", "dim")
