"""Section I: rates, the way to the target and the forecast, districts and departments, and four charts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sohoa.days import Week
from sohoa.format_value import count, percent
from sohoa.labels import label_vi
from sohoa.progress.carry_forward import map_of
from sohoa.progress.compare_periods import Comparison
from sohoa.progress.unit_progress import ProgressQuery, read_backlog, sum_backlog
from sohoa.registry import PROVINCE
from sohoa.report.model import Row
from sohoa.report.sections import charts, outlook, unit_rates
from sohoa.report.sections.part import Part
from sohoa.report.sentences import points, span
from sohoa.steering.target_line import TargetLine, read_target_outlook
from sohoa.store import Store


def build(store: Store, week: Week) -> Part:
    """Make section I."""
    settings, query = store.settings, ProgressQuery(PROVINCE, "dn_and", "all", None)
    progress = unit_rates.read_progress(store, week)
    line = TargetLine(
        date(week.last.year, 1, 1), date(week.last.year, 12, 31), settings.baseline_percent, settings.target_percent
    )
    ahead = read_target_outlook(store, query, line, week.last)
    rates, blocks, units = (
        make(progress, week) for make in (unit_rates.rates_table, unit_rates.blocks_table, unit_rates.units_table)
    )
    backlog = sum_backlog(read_backlog(store, replace(query, map_day=map_of(week.last)), week.last))
    said = (
        _rate_vi(rates.row("rate", "dn_and"), ahead.last_week, week),
        *outlook.outlook_vi(ahead, line, week.last),
        *outlook.backlog_vi(backlog),
    )
    lines = {"baseline": settings.baseline_percent, "target": settings.target_percent}
    drawn = (
        charts.trend_chart(progress, ahead.outlook, week, lines),
        charts.ranking_chart(blocks, settings.target_percent),
        charts.heat_chart(progress, week),
        charts.map_chart(progress, units, week),
    )
    return Part(said, (rates, blocks, outlook.forecast_table(ahead.outlook)), drawn, (units,))


def _rate_vi(row: Row, against: Comparison, week: Week) -> str:
    when = f"Trong {unit_rates.week_vi(week)} ({span(week.first, week.last)})"
    if not row["denominator"]:
        return f"{when}, chưa có hồ sơ nào thuộc diện phải số hóa."
    compared = (
        f"{points(against.change_points)} so với tuần trước ({percent(against.before_percent)})"
        if against.change_points is not None
        else f"không so sánh với tuần trước ({label_vi('comparison_reasons', against.reason)})"
    )
    return (
        f"{when}, toàn tỉnh có {count(row['denominator'])} hồ sơ phải số hóa; {count(row['numerator'])} hồ sơ đã số "
        f"hóa đạt yêu cầu, tỷ lệ {percent(row['rate_percent'])}, {compared}. Tỷ lệ chính thức, chỉ đếm tệp đã nhận: "
        f"{percent(row['received_percent'])}."
    )
