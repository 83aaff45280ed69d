"""Silent agencies and their scanners on a terminal."""

from __future__ import annotations

from datetime import date

from rich.text import Text

from sohoa.format_value import UNKNOWN, count, day, days, decimal
from sohoa.labels import label_vi
from sohoa.registry import name_of, owner_name
from sohoa.steering.agency_activity import AgencyActivity
from sohoa.steering.dirty_glass import DirtyGlass
from sohoa.steering.scanner_capacity import Capacity, LargeFormatNeed
from sohoa.terminal.grid import Grid

_STYLES = {"silent": "red", "refused": "red", "device_down": "yellow", "no_connection": "yellow", "no_work": "yellow"}


def activity_table(rows: list[AgencyActivity], shown_day: date) -> Grid:
    """What each agency did on a day."""
    table = Grid(f"Tình hình gửi lô ngày {day(shown_day)}")
    table.text("Cơ quan", "Tình trạng")
    table.figures("Số ngày\nkhông gửi")
    table.keys("Lô cuối")
    table.figures("Hồ sơ\nchờ")
    table.keys("Hồ sơ lâu nhất")
    for row in rows:
        state = label_vi("activity_states", row.state) + (f": {row.note}" if row.note else "")
        oldest = UNKNOWN if row.oldest is None else f"{row.oldest_key} ({day(row.oldest)})"
        quiet = str(row.days_without_batch) if row.days_without_batch else ""
        cells = agency_name(row, shown_day), Text(state, _STYLES.get(row.state, "")), quiet, day(row.last_batch)
        table.row(*cells, count(row.dossiers), oldest)
    return table


def nobody_line(shown_day: date) -> Text:
    """Say that nobody is to be asked about a day."""
    return Text(f"Ngày {day(shown_day)} không có cơ quan nào phải nhắc (--all: xem tất cả).", "green")


def devices_heading(first: date, last: date) -> Text:
    """Say of which scan days the scanners are looked at."""
    return Text.assemble(("Máy quét", "bold"), f" · quét {day(first)} – {day(last)}\n")


def glass_lines(found: list[DirtyGlass], shown_day: date) -> list[Text]:
    """Which scanner's glass wants cleaning, and where."""
    if not found:
        return [Text("Không máy quét nào phải lau mặt kính.", "green")]
    return [
        Text(
            f"Lau mặt kính máy quét {glass.device_id or '(không tên)'} của "
            f"{owner_name(glass.agency, glass.last_day, shown_day)} ({glass.agency}): sọc ở "
            f"{decimal(glass.x_mm, 0)} mm từ mép trái, {glass.days} ngày ({days(glass.first_day, glass.last_day)}), "
            f"{count(glass.pages)} trang."
        )
        for glass in found
    ]


def capacity_table(rows: list[Capacity], shown_day: date) -> Grid | Text:
    """Print documents that wait against documents scanned per day."""
    if not rows:
        return Text("Không cơ quan nào quét hay còn tài liệu chờ quét.", "green")
    table = Grid("Tài liệu chờ quét so với năng lực máy")
    table.text("Cơ quan")
    table.figures("Máy", "Ngày\nquét", "Tài liệu\nmột ngày", "Đang\nchờ", "Ngày\nđể hết")
    for row in rows:
        counts = count(row.devices), count(row.scan_days), decimal(row.documents_per_day), count(row.unscanned)
        table.row(agency_name(row, shown_day), *counts, decimal(row.days_to_clear))
    return table


def large_format_table(rows: list[LargeFormatNeed], shown_day: date) -> Grid | Text:
    """Who lacks a large-format scanner."""
    if not rows:
        return Text("Không cơ quan nào thiếu máy quét khổ lớn.", "green")
    table = Grid("Thiếu máy quét khổ lớn")
    table.text("Cơ quan")
    table.figures("Tờ\nchưa quét", "Trang\nbị loại", "Tài\nliệu")
    table.text("Khổ")
    for row in rows:
        papers = ", ".join(label_vi("papers", paper) for paper in row.papers)
        counts = count(row.never_scanned), count(row.rejected), count(row.documents)
        table.row(agency_name(row, shown_day), *counts, papers)
    return table


def left_line(rows: list[AgencyActivity]) -> Text:
    """Say what waits where no agency is at work on the day: it has ended, has not begun, or the code is none."""
    dossiers, agencies = count(sum(row.dossiers for row in rows)), count(len(rows))
    where = f"{agencies} cơ quan hoặc mã không hoạt động trong ngày này"
    return Text(f"Còn {dossiers} hồ sơ chờ ở {where}: xem --all.", "yellow")


def agency_name(row: AgencyActivity | Capacity | LargeFormatNeed, shown_day: date) -> str:
    """Name and code of an agency; of one that has ended by a day also until when it was there."""
    return f"{name_of(row.agency, row.valid_from, shown_day)} ({row.agency})"
