"""Section I, second half: the way to the target, the forecast, and the results of earlier years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sohoa.format_value import count, day, number, percent
from sohoa.labels import label_vi
from sohoa.progress.rate import rate_percent
from sohoa.progress.unit_progress import BacklogFigure
from sohoa.report.model import Column, Row, Table
from sohoa.report.sentences import span
from sohoa.steering.forecast import Outlook
from sohoa.steering.read_steering import Prospect
from sohoa.steering.target_line import Pace, Path

_SHOWN_WEEKS = (1, 2, 4, 8, 13, 26)
_QUANTILES = ("low", "middle", "high")


def prospect_vi(prospect: Prospect, path: Path, last_day: date) -> Iterator[str]:
    """Where the province stands on its path, what it takes a day, and when it arrives."""
    pace = prospect.pace
    rate = rate_percent(pace.numerator, pace.denominator)
    yield (
        f"Lộ trình {span(path.start, path.end)}: từ {percent(path.baseline_percent)} lên "
        f"{percent(path.target_percent)}. Đến ngày {day(last_day)} phải đạt {percent(pace.expected_percent)}; "
        f"lũy kế thực tế {count(pace.numerator)}/{count(pace.denominator)} hồ sơ, đạt {percent(rate)}."
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
    rows: list[Row] = []
    if weeks is not None and last is not None:
        for ahead in (n for n in _SHOWN_WEEKS if n <= len(weeks.middle)):
            rates = {f"{name}_percent": 100 * float(getattr(weeks, name)[ahead - 1]) for name in _QUANTILES}
            rows.append({"week_end": last + timedelta(7 * ahead + 6), **rates})
    note = "Mô hình xu hướng tuyến tính cục bộ trên logit của tỷ lệ tuần; khoảng 80 %."
    return Table("forecast", "Dự báo tỷ lệ theo tuần của toàn tỉnh", "Forecast", columns, tuple(rows), note)


def backlog_vi(total: BacklogFigure) -> Iterator[str]:
    """The results issued earlier and still in force: a stream of their own."""
    if total.denominator:
        yield (
            f"Kết quả giấy còn hiệu lực (cấp từ trước, tính riêng): đã số hóa đạt {count(total.accepted)}/"
            f"{count(total.denominator)} kết quả, bằng {percent(total.rate_percent)}."
        )


def _pace_vi(pace: Pace, path: Path) -> str:
    if pace.required_dossiers is None:
        return (
            f"Không còn ngày làm việc nào đến ngày {day(path.end)}."
            if not pace.days_left
            else "Chưa đủ số liệu để tính khối lượng phải số hóa mỗi ngày."
        )
    pages = "" if pace.required_pages is None else f", khoảng {number(pace.required_pages)} trang"
    return (
        f"Để đạt {percent(path.target_percent)} cho cả lộ trình, mỗi ngày làm việc phải số hóa "
        f"{number(pace.required_dossiers)} hồ sơ{pages}; còn {count(pace.days_left)} ngày làm việc, mỗi ngày "
        f"phát sinh {number(pace.due_a_day)} hồ sơ."
    )


def _outlook_vi(outlook: Outlook, path: Path) -> str:
    target = percent(path.target_percent)
    if outlook.reason == "already" and outlook.reached is not None:
        return f"Tỷ lệ bốn tuần liên tiếp đã đạt {target} từ tuần kết thúc ngày {_sunday(outlook.reached)}."
    if outlook.weeks is None:
        return f"Chưa dự báo được ngày đạt {target}: {label_vi('forecast_reasons', outlook.reason)}."
    never = label_vi("forecast_reasons", "beyond_horizon")
    middle = f"tuần kết thúc ngày {_sunday(outlook.reached)}" if outlook.reached else never
    early = f"ngày {_sunday(outlook.earliest)}" if outlook.earliest else "sau kỳ dự báo"
    late = f"ngày {_sunday(outlook.latest)}" if outlook.latest else "sau kỳ dự báo hoặc không đạt"
    return f"Dự báo đạt {target}: {middle}; khoảng 80 %: từ {early} đến {late}."


def _sunday(monday: date) -> str:
    return day(monday + timedelta(6))
