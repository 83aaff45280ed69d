"""The lines of a replay as tables for a terminal, Vietnamese and English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.table import Table

from sohoa.defects import DEFECTS
from sohoa.registry import find_agency
from sohoa.steering.replay_limits import ALL, Line

_TITLES = {
    "pages": "Trang · Pages",
    "documents": "Tài liệu · Documents",
    "defect_pages": "Lỗi, số trang · Defects, pages",
    "agency_pages": "Cơ quan, số trang · Agencies, pages",
    "agency_documents": "Cơ quan, số tài liệu · Agencies, documents",
    "rate": "Tỷ lệ số hóa toàn tỉnh · Rate of the province",
}
_HEADS = {
    "accepted": "Đạt\naccepted",
    "review": "Chờ kiểm tra\nreview",
    "rejected": "Không đạt\nrejected",
    "noted": "Ghi chú\nnoted",
    "received": "Đã nhận\nreceived",
    "denominator": "Mẫu số\ndenominator",
    "rate_percent": "Tỷ lệ, %\nrate, %",
}
_WHOLE = {"pages", "documents", "rate"}


def tables(lines: Iterable[Line]) -> Iterator[Table]:
    """One table a subject; of defects and agencies only those that change, and how many do not."""
    by_subject: dict[str, list[Line]] = {subject: [] for subject in _TITLES}
    for line in lines:
        by_subject[line.subject].append(line)
    for subject, found in by_subject.items():
        if found:
            yield _table(subject, found)


def _table(subject: str, lines: list[Line]) -> Table:
    shown = [line for line in lines if subject in _WHOLE or line.changed]
    caption = f"Không đổi · unchanged: {len(lines) - len(shown)}" if subject not in _WHOLE else None
    table = Table(title=_TITLES[subject], caption=caption, title_justify="left", caption_justify="left")
    table.add_column("", overflow="fold")
    for state in lines[0].before:
        table.add_column(_HEADS[state], justify="right", no_wrap=True)
    if lines[0].changed is not None:
        table.add_column("Đổi\nchanged", justify="right")
    for line in shown:
        cells = [_cell(line.before[state], line.after[state]) for state in line.before]
        table.add_row(_label(line.name), *cells, *([] if line.changed is None else [str(line.changed)]))
    return table


def _label(name: str) -> str:
    if name in DEFECTS:
        return f"{DEFECTS[name].label_vi} · {name}"
    agency = find_agency(name)
    return f"{agency.name} · {name}" if agency else "Tất cả · all" if name == ALL else name


def _cell(before: float | None, after: float | None) -> str:
    return _number(before) if before == after else f"{_number(before)} → {_number(after)}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
