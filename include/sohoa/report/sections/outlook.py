"""Section I, second half: the way to the target, the forecast, and the results of earlier years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sohoa.days import ONE_DAY
from sohoa.format_value import count, day, percent
from sohoa.labels import label_vi
from sohoa.progress.unit_progress import BacklogFigure
from sohoa.report.model import Column, Row, Table
from sohoa.report.sentences import share, span
from sohoa.steering.forecast import SHOWN_WEEKS, Outlook
from sohoa.steering.target_line import RequiredWork, TargetLine, TargetOutlook

_QUANTILES = ("low", "middle", "high")


def outlook_vi(ahead: TargetOutlook, line: TargetLine, last_day: date) -> Iterator[str]:
    """Say what the path asks for, the work per day after a day to reach the target, and when it is reached."""
    if line.baseline_percent == line.target_percent:
        yield f"Lộ trình đã hết ngày {day(line.start - ONE_DAY)}; từ đó phải giữ {percent(line.target_percent)}."
    else:
        yield (
            f"Lộ trình {span(line.start, line.end)}: từ {percent(line.baseline_percent)} lên "
            f"{percent(line.target_percent)}; đến hết ngày {day(last_day)} là {percent(line.percent_on(last_day))}."
        )
        yield _required_work_vi(ahead.required, line, last_day)
    yield _outlook_vi(ahead.outlook, line)
    yield from gap_vi(ahead.outlook)


def forecast_table(outlook: Outlook) -> Table:
    """The rates of some weeks to come, with their interval; no row where nothing can be said."""
    columns = (
        Column("week_end", "Tuần kết thúc ngày", "Week ends", "date"),
        Column("low_percent", "Thấp", "Low", "percent", "%"),
        Column("middle_percent", "Giữa", "Middle", "percent", "%"),
        Column("high_percent", "Cao", "High", "percent", "%"),
    )
    weeks, first = outlook.weeks, outlook.first_week
    rows: list[Row] = []
    if weeks is not None and first is not None:
        for ahead in (n for n in SHOWN_WEEKS if n <= len(weeks.middle)):
            rates = {f"{name}_percent": 100 * float(getattr(weeks, name)[ahead - 1]) for name in _QUANTILES}
            rows.append({"week_end": first + timedelta(7 * ahead - 1), **rates})
    note = "Kéo dài xu hướng của các tuần đã ổn định; bốn trong năm khả năng nằm giữa cột thấp và cột cao."
    return Table("forecast", "Dự báo tỷ lệ theo tuần của toàn tỉnh", "Forecast", columns, tuple(rows), note)


def backlog_vi(total: BacklogFigure) -> Iterator[str]:
    """The results issued earlier and still in force: a stream of their own."""
    if total.denominator:
        yield (
            f"Kết quả giấy còn hiệu lực (cấp từ trước, tính riêng): đã số hóa đạt {count(total.accepted)}/"
            f"{count(total.denominator)} kết quả, bằng {share(total.rate_percent)}."
        )


def gap_vi(outlook: Outlook) -> Iterator[str]:
    """Say which weeks at the end tell nothing yet, where the weeks before are enough for a forecast."""
    is_enough = outlook.reason in {None, "beyond_horizon", "too_old"}
    if is_enough and outlook.missing_weeks and outlook.last_week is not None:
        yield (
            f"Số liệu đủ để dự báo chỉ đến tuần kết thúc ngày {_sunday(outlook.last_week)}: {outlook.missing_weeks} "
            "tuần sau đó chưa có hồ sơ hoặc chưa đủ thời gian để số liệu ổn định."
        )


def _required_work_vi(work: RequiredWork, line: TargetLine, last_day: date) -> str:
    if not work.days_left:
        return f"Không còn ngày làm việc nào đến ngày {day(line.end)}."
    if work.required_dossiers is None or work.due_per_day is None or not work.denominator:
        return "Chưa đủ số liệu để tính khối lượng phải số hóa mỗi ngày."
    pages = "" if work.required_pages is None else f", khoảng {count(round(work.required_pages))} trang"
    return (
        f"Để cả lộ trình đạt {percent(line.target_percent)} vào ngày {day(work.end)}: "
        f"{span(last_day + ONE_DAY, work.end)} còn {count(work.days_left)} ngày làm việc, mỗi ngày phải số hóa khoảng "
        f"{count(round(work.required_dossiers))} hồ sơ{pages}, trong khi mỗi ngày phát sinh khoảng "
        f"{count(round(work.due_per_day))} hồ sơ; tính cả hồ sơ nhận đến hết ngày {day(last_day)} còn chưa đạt."
    )


def _outlook_vi(outlook: Outlook, line: TargetLine) -> str:
    target = percent(line.target_percent)
    if outlook.reason == "already" and outlook.reached is not None:
        return f"Tỷ lệ chung của bốn tuần liên tiếp đã đạt {target} từ tuần kết thúc ngày {_sunday(outlook.reached)}."
    if outlook.weeks is None:
        return f"Chưa dự báo được ngày đạt {target}: {label_vi('forecast_reasons', outlook.reason)}."
    if outlook.reached is None:
        early = (
            f"; sớm nhất có thể đạt trong tuần kết thúc ngày {_sunday(outlook.earliest)}" if outlook.earliest else ""
        )
        ahead = len(outlook.weeks.middle)
        return f"Theo xu hướng hiện nay, bốn tuần liên tiếp tính chung chưa đạt {target} trong {ahead} tuần tới{early}."
    late = f"muộn nhất ngày {_sunday(outlook.latest)}" if outlook.latest else "cũng có thể không đạt trong kỳ dự báo"
    early = f"sớm nhất ngày {_sunday(outlook.earliest)}, " if outlook.earliest else ""
    return (
        f"Dự báo bốn tuần liên tiếp tính chung đạt {target} khi hết tuần kết thúc ngày {_sunday(outlook.reached)} "
        f"({early}{late}; độ tin cậy 80 %)."
    )


def _sunday(monday: date) -> str:
    return day(monday + timedelta(6))
