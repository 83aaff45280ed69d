"""The dossiers behind a figure on a terminal: the figure, the reasons with their counts, then every dossier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rich.text import Text

from sohoa.enums import GROUPS
from sohoa.format_value import count, decimal
from sohoa.labels import label_vi
from sohoa.progress.explain_figure import DossierInFigure, count_reasons, group_of
from sohoa.progress.unit_progress import Figure
from sohoa.registry import find_agency, unit_at
from sohoa.terminal.grid import Grid

_STYLES = {"lacking": "bold yellow", "counted": "bold green", "out": "bold white"}


def figure_line(figure: Figure, lines: list[DossierInFigure]) -> Text:
    """Numerator, denominator, rates and score that the dossiers add up to."""
    rates = f"{decimal(figure.rate_percent)} % đạt · {decimal(figure.received_percent)} % nhận (chính thức)"
    return Text.assemble(
        (f"Tử số {count(figure.accepted)} / mẫu số {count(figure.denominator)}", "bold"),
        f" = {rates} · điểm 766: {decimal(figure.score_766, 2)} · {count(len(lines))} hồ sơ",
    )


def stale_line(stored: Figure) -> Text:
    """Says that the summary has other figures than the dossiers."""
    shown = f"tử số {count(stored.accepted)} / mẫu số {count(stored.denominator)}"
    return Text(f"Bảng tiến độ đang ghi {shown}: ngày này chưa được tổng hợp lại (sohoa run summarise).", "yellow")


def dossier_tables(lines: list[DossierInFigure], day: date) -> Iterator[Text | Grid]:
    """Make one table per group, the group's reasons with their counts above it."""
    for group in GROUPS:
        found = [line for line in lines if group_of(line) == group]
        if found:
            yield Text(f"\n{label_vi('groups', group)}: {count(len(found))} hồ sơ", _STYLES[group])
            reasons = count_reasons(found)
            for reason, number in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
                yield Text(f"  {count(number):>5}  {label_vi('dossier_reasons', reason)}", "dim")
            yield _table(found, day)
    interim = sum(line.interim_results for line in lines)
    yield Text(f"\nKết quả trung gian đạt: {count(interim)} giấy tờ (số đếm, không phải tỷ lệ)")
    if any(line.is_approximate for line in lines):
        yield Text("≈ Gần đúng: xã của hồ sơ bị chia, chưa biết hồ sơ thuộc phần nào.", "yellow")


def _table(lines: list[DossierInFigure], day: date) -> Grid:
    table = Grid()
    table.keys("Hồ sơ")
    table.text("Đơn vị")
    table.figures("Tử/mẫu")
    table.text("Lý do")
    for line in lines:
        mark = "≈ " if line.is_approximate else ""
        counts = f"{line.accepted}/{line.denominator}"
        table.row(line.dossier_key, _unit(line.unit_code, day), counts, mark + _reason(line))
    return table


def _reason(line: DossierInFigure) -> str:
    exemption = f" ({line.exemption})" if line.exemption and "exempt" in line.reasons else ""
    return "; ".join(label_vi("dossier_reasons", reason) for reason in line.reasons) + exemption


def _unit(code: str, day: date) -> str:
    found = unit_at(code, day) or find_agency(code, day)
    return f"{found.name if found else ''} ({code})".strip()
