"""Outlook, campaigns and revisions on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from rich.text import Text

from sohoa.days import Week
from sohoa.format_value import UNKNOWN, count, day, days, decimal, signed
from sohoa.labels import label_vi
from sohoa.progress.compare_periods import Comparison
from sohoa.registry import Bearer, Campaign
from sohoa.steering.forecast import SHOWN_WEEKS, Outlook
from sohoa.steering.rank_campaigns import UnitRank
from sohoa.steering.target_line import RequiredWork, TargetLine, TargetOutlook
from sohoa.terminal.grid import Grid
from sohoa.terminal.show_progress import approximate_line


def target_outlook_lines(ahead: TargetOutlook, line: TargetLine, last_day: date) -> Iterator[Text | Grid]:
    """Print where a unit is, what it has to do per day, and when it arrives."""
    yield _target_line(ahead, line, last_day)
    yield from _required_work_lines(ahead.required)
    yield Text("Tuần " + days(ahead.last_week.period.first, ahead.last_week.period.last) + ": ").append(
        ("≈" if ahead.is_approximate else "") + change(ahead.last_week)
    )
    if ahead.is_approximate:
        yield approximate_line()
    yield outlook_line(ahead.outlook, line)
    missing, last = ahead.outlook.missing_weeks, ahead.outlook.last_week
    if missing and last is not None:
        yield Text(
            f"Số liệu đủ để dự báo chỉ đến {day(_sunday(last))}; {missing} tuần sau đó chưa có hồ sơ hoặc chưa đủ "
            "thời gian để số liệu ổn định.",
            "yellow",
        )
    if ahead.outlook.weeks is not None:
        yield _weeks_table(ahead.outlook)
        yield Text("Mô hình xu hướng tuyến tính cục bộ trên logit của tỷ lệ tuần; độ tin cậy 80 %.", "dim")


def outlook_line(outlook: Outlook, line: TargetLine) -> Text:
    """When the target is reached, with its interval, or why nobody can say."""
    target = f"{decimal(line.target_percent, 0)} %"
    if outlook.reason == "already":
        assert outlook.reached is not None
        return Text(f"Đạt {target} từ tuần kết thúc ngày {day(_sunday(outlook.reached))}.", "bold green")
    if outlook.weeks is None:
        return Text(f"Không dự báo ngày đạt {target}: {label_vi('forecast_reasons', outlook.reason)}.", "yellow")
    never = label_vi("forecast_reasons", "beyond_horizon")
    middle = f"khoảng {day(_sunday(outlook.reached))}" if outlook.reached else never
    early = day(_sunday(outlook.earliest)) if outlook.earliest else "sau kỳ dự báo"
    late = day(_sunday(outlook.latest)) if outlook.latest else "sau kỳ dự báo hoặc không đạt"
    return Text.assemble((f"Dự báo đạt {target}: {middle}", "bold"), f" · khoảng 80 %: từ {early} đến {late}")


def change(comparison: Comparison) -> str:
    """A rate against the period before, or why it is not compared."""
    rate = f"{decimal(comparison.rate_percent)} %"
    if comparison.change_points is None:
        return f"{rate} (không so sánh: {label_vi('comparison_reasons', comparison.reason)})"
    before = days(comparison.before.first, comparison.before.last)
    return f"{rate} ({signed(comparison.change_points, 1)} điểm so với {before})"


def campaigns_table(found: Iterable[Campaign]) -> Grid:
    """Make a row for each campaign, whose units ``sohoa campaign CODE`` ranks."""
    table = Grid()
    table.keys("Mã")
    table.text("Chiến dịch")
    table.keys("Từ", "Đến")
    table.figures("Mục tiêu %")
    for one in found:
        table.row(one.code, one.name_vi, day(one.start), day(one.end), decimal(one.target_percent))
    return table


def ranks_table(ranks: list[UnitRank], campaign: Campaign, last_day: date) -> Iterator[Text | Grid]:
    """The ranking of a campaign, a block a level, and why nothing is compared where no unit can be."""
    until = min(campaign.end, last_day)
    target = "" if campaign.target_percent is None else f" · chỉ tiêu {decimal(campaign.target_percent, 0)} %"
    reasons = {unit.against.reason for unit in ranks}
    is_compared = None in reasons or len(reasons) > 1
    table = Grid()
    table.figures("Hạng")
    table.text("Đơn vị")
    table.figures("Tử số", "Mẫu số", "Tỷ lệ %")
    table.text("Đạt", *(["So với kỳ trước"] if is_compared else []))
    for level, units in groupby(ranks, key=lambda unit: unit.level):
        table.row("", Text(label_vi("unit_levels", level), "bold"))
        for unit in units:
            table.row(*_cells(unit), *([_points(unit.against)] if is_compared else []))
    yield Text(f"{campaign.name_vi}\n{days(campaign.start, until)}{target}", "bold")
    if not ranks:
        yield Text("Không có hồ sơ nào phải số hóa trong thời gian này: chưa xếp hạng đơn vị nào.", "yellow")
        return
    yield table
    if not is_compared:
        named = "; ".join(label_vi("comparison_reasons", reason) for reason in reasons if reason)
        yield Text(f"Không so với kỳ trước: {named}", "dim")


def revisions_table(
    week: Week, unit: Bearer, printed: dict[str, Any], revised: list[dict[str, Any]]
) -> Iterator[Text | Grid]:
    """A unit's printed figure of a week, and by how much and why it has changed since."""
    numerator, denominator = printed["numerator"], printed["denominator"]
    shown, name = days(week.first, week.last), f"{unit.name_on(week.last)} ({unit.code})"
    yield Text(f"{name}\nĐã in cho tuần {shown}: {count(numerator)} / {count(denominator)}", "bold")
    table = Grid()
    table.text("Nguyên nhân")
    table.figures("Tử số", "Mẫu số", "Đã nhận")
    for row in revised:
        changes = (signed(row[f"{name}_change"]) for name in ("numerator", "denominator", "received"))
        table.row(label_vi("revision_causes", row["cause"]), *changes)
    yield table if revised else Text("Không có gì thay đổi từ khi in.")
    numerator += sum(row["numerator_change"] for row in revised)
    denominator += sum(row["denominator_change"] for row in revised)
    yield Text(f"Nay: {count(numerator)} / {count(denominator)}", "bold")


def _target_line(ahead: TargetOutlook, line: TargetLine, last_day: date) -> Text:
    work, mark = ahead.required, "≈" if ahead.is_approximate else ""
    rate = 100 * work.numerator / work.denominator if work.denominator else None
    shown = f"{decimal(line.baseline_percent)} % → {decimal(line.target_percent)} % ({days(line.start, line.end)})"
    text = Text(f"Lộ trình {shown}: đến {day(last_day)} phải đạt {decimal(work.expected_percent)} %, thực tế ")
    behind = rate is not None and rate < work.expected_percent
    return text.append(f"{mark}{decimal(rate)} %", "red" if behind else "green").append(
        f" ({count(work.numerator)} / {count(work.denominator)} hồ sơ)"
    )


def _required_work_lines(work: RequiredWork) -> Iterator[Text]:
    if work.required_dossiers is None:
        yield Text(f"Không còn ngày làm việc nào đến {day(work.end)}." if not work.days_left else "Chưa rõ số hồ sơ.")
        return
    pages = "" if work.required_pages is None else f", {decimal(work.required_pages)} trang"
    yield Text(
        f"Cần số hóa mỗi ngày làm việc: {decimal(work.required_dossiers)} hồ sơ{pages} "
        f"(còn {work.days_left} ngày; mỗi ngày phát sinh {decimal(work.due_per_day)} hồ sơ)"
    )


def _weeks_table(outlook: Outlook) -> Grid:
    assert outlook.weeks is not None
    assert outlook.first_week is not None
    table = Grid()
    table.keys("Tuần kết thúc")
    table.figures("Thấp %", "Giữa %", "Cao %")
    weeks = outlook.weeks
    for ahead in (n for n in SHOWN_WEEKS if n <= len(weeks.middle)):
        rates = (decimal(100 * float(rate[ahead - 1])) for rate in (weeks.low, weeks.middle, weeks.high))
        table.row(day(_sunday(outlook.first_week + timedelta(7 * (ahead - 1)))), *rates)
    return table


def _cells(unit: UnitRank) -> tuple[str, ...]:
    place = UNKNOWN if unit.place is None else str(unit.place)
    counts = count(unit.numerator), count(unit.denominator), decimal(unit.rate_percent)
    reached = "" if unit.is_reached is None else ("có" if unit.is_reached else "chưa")
    return place, f"{unit.unit} ({unit.unit_code})", *counts, reached


def _sunday(monday: date) -> date:
    return monday + timedelta(6)


def _points(comparison: Comparison) -> str:
    if comparison.change_points is None:
        return label_vi("comparison_reasons", comparison.reason)
    return signed(comparison.change_points, 1)
