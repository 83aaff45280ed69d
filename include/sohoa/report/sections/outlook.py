"""Section I, second half: the way to the target, the forecast, and the results of earlier years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sohoa.labels import LABELS_VI
from sohoa.progress.rate import rate_percent
from sohoa.progress.unit_progress import BacklogFigure
from sohoa.report.model import Column, Table
from sohoa.report.sentences import percent, span, text
from sohoa.steering.forecast import Outlook
from sohoa.steering.read_steering import Prospect
from sohoa.steering.target_line import Pace, Path

_SHOWN_WEEKS = (1, 2, 4, 8, 13, 26)


def prospect_vi(prospect: Prospect, path: Path, last_day: date) -> Iterator[str]:
    """Where the province stands on its path, what it takes a day, and when it arrives."""
    pace = prospect.pace
    rate = rate_percent(pace.numerator, pace.denominator)
    yield (
        f"Lộ trình {span(path.start, path.end)}: từ {percent(path.baseline_percent)} lên "
        f"{percent(path.target_percent)}. Đến ngày {text(last_day, 'date')} phải đạt {percent(pace.expected_percent)}; "
        f"lũy kế thực tế {text(pace.numerator)}/{text(pace.denominator)} hồ sơ, đạt {percent(rate)}."
    )
    yield _pace_vi(pace, path)
    yield _outlook_vi(prospect.outlook, path)


def forecast_table(outlook: Outlook) -> Table:
    """The rates of some weeks to come, with their interval; no row where nothing can be said."""
    columns = (
        Column("week_end", "Tuần kết thúc ngày", "Week ends", "date"),
        Column("low_percent", "Thấp", "Low", "percent", "%"),
        Column("middle_percent", "Giữa", "Middle", "percent", "%"),
        Column("high_percent", "Cao", "High", "percent", "%"),
    )
    weeks, last = outlook.weeks, outlook.last_week
    rows = []
    if weeks is not None and last is not None:
        for ahead in (n for n in _SHOWN_WEEKS if n <= len(weeks.middle)):
            rates = (100 * float(values[ahead - 1]) for values in (weeks.low, weeks.middle, weeks.high))
            rows.append((last + timedelta(7 * ahead + 6), *rates))
    note = "Mô hình xu hướng tuyến tính cục bộ trên logit của tỷ lệ tuần; khoảng 80 %."
    return Table("forecast", "Dự báo tỷ lệ theo tuần của toàn tỉnh", "Forecast", columns, tuple(rows), note)


def backlog_vi(total: BacklogFigure) -> Iterator[str]:
    """The results issued earlier and still in force: a stream of their own."""
    if total.denominator:
        yield (
            f"Kết quả giấy còn hiệu lực (cấp từ trước, tính riêng): đã số hóa đạt {text(total.accepted)}/"
            f"{text(total.denominator)} kết quả, bằng {percent(total.rate_percent)}."
        )


def _pace_vi(pace: Pace, path: Path) -> str:
    if pace.required_dossiers is None:
        return (
            f"Không còn ngày làm việc nào đến ngày {text(path.end, 'date')}."
            if not pace.days_left
            else "Chưa đủ số liệu để tính khối lượng phải số hóa mỗi ngày."
        )
    pages = "" if pace.required_pages is None else f", khoảng {text(pace.required_pages, 'number')} trang"
    return (
        f"Để đạt {percent(path.target_percent)} cho cả lộ trình, mỗi ngày làm việc phải số hóa "
        f"{text(pace.required_dossiers, 'number')} hồ sơ{pages}; còn {text(pace.days_left)} ngày làm việc, mỗi ngày "
        f"phát sinh {text(pace.due_a_day, 'number')} hồ sơ."
    )


def _outlook_vi(outlook: Outlook, path: Path) -> str:
    target = percent(path.target_percent)
    if outlook.reason == "already" and outlook.reached is not None:
        return f"Tỷ lệ bốn tuần liên tiếp đã đạt {target} từ tuần kết thúc ngày {_sunday(outlook.reached)}."
    if outlook.weeks is None:
        return f"Chưa dự báo được ngày đạt {target}: {LABELS_VI[outlook.reason or '']}."
    middle = f"tuần kết thúc ngày {_sunday(outlook.reached)}" if outlook.reached else LABELS_VI["beyond_horizon"]
    early = f"ngày {_sunday(outlook.earliest)}" if outlook.earliest else "sau kỳ dự báo"
    late = f"ngày {_sunday(outlook.latest)}" if outlook.latest else "sau kỳ dự báo hoặc không đạt"
    return f"Dự báo đạt {target}: {middle}; khoảng 80 %: từ {early} đến {late}."


def _sunday(monday: date) -> str:
    return text(monday + timedelta(6), "date")
