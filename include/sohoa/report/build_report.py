"""The report of one week, read from the store: the same tables give the same report."""

from __future__ import annotations

import ctypes
import hashlib
from dataclasses import replace
from datetime import date
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.days import Week
from sohoa.labels import LABELS_VI
from sohoa.logs import get_logger, seconds_since
from sohoa.progress.carry_forward import map_of
from sohoa.progress.unit_progress import Question, read_backlog, sum_backlog
from sohoa.registry import PROVINCE
from sohoa.report.model import Chart, Section, Table, WeekReport
from sohoa.report.report_week import report_day
from sohoa.report.sections import (
    agency_attention,
    charts,
    outlook,
    overdue_dossiers,
    portal_gap,
    revised_figures,
    scan_quality,
    unit_rates,
)
from sohoa.report.sections.opened_incidents import incidents_table
from sohoa.report.sections.proposals import propose, records
from sohoa.report.sentences import first_rows, percent, points, span, text
from sohoa.steering.read_steering import Prospect, read_prospect
from sohoa.steering.target_line import Path
from sohoa.store import Store

log = get_logger(__name__)

DEFINITION_VI = (
    "Tỷ lệ đạt (định nghĩa dn_and) là số hồ sơ có ít nhất một thành phần và kết quả giải quyết đã số hóa đạt yêu cầu "
    "(không xét thành phần hoặc kết quả mà hồ sơ không phải có), trên số hồ sơ phải số hóa tiếp nhận trong kỳ (không "
    "tính hồ sơ chưa được tiếp nhận, bị từ chối, rút, được miễn số hóa hoặc đã loại bỏ). Tỷ lệ chính thức chỉ đếm hồ "
    "sơ đã nhận đủ tệp, chưa xét chất lượng. Hai mức đã công bố của năm 2023 chỉ để so sánh: tử số và mẫu số của "
    "chúng không được công bố."
)
_TITLES = {
    "I": "Kết quả số hóa",
    "II": "Chất lượng bản quét",
    "III": "Đồng bộ, đối soát với Cổng Dịch vụ công quốc gia",
    "IV": "Hồ sơ quá hạn ở ba cấp",
    "V": "Thiết bị, đường truyền và việc gửi lô",
    "VI": "Kiến nghị",
}
_QUEUE = ("agency_name", "documents", "devices", "documents_a_day", "days_to_clear")
_SILENT = ("agency_name", "quiet_days", "last_batch", "dossiers", "documents", "oldest")


def build_report(store: Store, week: str) -> WeekReport:
    """The report of an ISO week.

    Args:
        store: the store; it is only read.
        week: as 2024-W15.

    Raises:
        InputError: that is no week.
    """
    start, asked = perf_counter(), Week.parse(week)
    found = []
    for read in (_desks, _overdue, _scans, _portal, _results):  # the largest first, what loads statsmodels last
        found.append(read(store, asked))
        _give_back()
    found.sort(key=lambda part: list(_TITLES).index(part[0].number))
    sections, annexes = zip(*found, strict=True)
    tables = {table.name: table for section in sections for table in section.tables}
    tables |= {table.name: table for annex in annexes for table in annex}
    proposals = propose(tables) or ("Không có kiến nghị từ số liệu của tuần.",)
    annex = [tables["units"], revised_figures.revisions_table(store, asked), tables["agencies"], tables["faulty_files"]]
    report = WeekReport(
        week=asked.name,
        first_day=asked.first,
        last_day=asked.last,
        sections=(*sections, _section("VI", proposals)),
        annex=tuple(annex),
        definition_vi=DEFINITION_VI,
        versions=_versions(store, asked),
        content_hash="",
    )
    rows = sum(len(table.rows) for table in (*tables.values(), *annex))
    log.info("report_built", week=week, tables=len(tables), rows=rows, seconds=seconds_since(start))
    return replace(report, content_hash=hashlib.sha256(report.to_json()).hexdigest())


def _give_back() -> None:
    """Return to the system what a part has read: months of rows that no other part needs; glibc keeps it otherwise."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


Part = tuple[Section, tuple[Table, ...]]


def _results(store: Store, week: Week) -> Part:
    settings, question = store.settings, Question(PROVINCE, "dn_and", "all", None)
    progress = unit_rates.read_progress(store, week)
    path = Path(
        date(week.last.year, 1, 1), date(week.last.year, 12, 31), settings.baseline_percent, settings.target_percent
    )
    ahead = read_prospect(store, question, path, week.last)
    rates, blocks, units = (
        make(progress, week) for make in (unit_rates.rates_table, unit_rates.blocks_table, unit_rates.units_table)
    )
    backlog = sum_backlog(read_backlog(store, replace(question, map_day=map_of(week.last)), week.last))
    said = (*_rate_vi(rates, ahead, week), *outlook.prospect_vi(ahead, path, week.last), *outlook.backlog_vi(backlog))
    lines = {"baseline": settings.baseline_percent, "target": settings.target_percent}
    drawn = (
        charts.trend_chart(progress, ahead.outlook, week, lines),
        charts.ranking_chart(blocks, settings.target_percent),
        charts.heat_chart(progress, week),
        charts.map_chart(progress, units, week),
    )
    return _section("I", said, (rates, blocks, outlook.forecast_table(ahead.outlook)), drawn), (units,)


def _rate_vi(rates: Table, ahead: Prospect, week: Week) -> tuple[str, ...]:
    row, against = records(rates)[0], ahead.last_week
    when = f"Trong {unit_rates.week_vi(week)} ({span(week.first, week.last)})"
    if not row["denominator"]:
        return (f"{when}, chưa có hồ sơ nào thuộc diện phải số hóa.",)
    compared = (
        f"{points(against.change_points)} so với tuần trước ({percent(against.before_percent)})"
        if against.change_points is not None
        else f"không so sánh với tuần trước ({LABELS_VI[against.reason or '']})"
    )
    return (
        f"{when}, toàn tỉnh có {text(row['denominator'])} hồ sơ phải số hóa; {text(row['numerator'])} hồ sơ đã số hóa "
        f"đạt yêu cầu, tỷ lệ {percent(row['rate_percent'])}, {compared}. Tỷ lệ chính thức, chỉ đếm tệp đã nhận: "
        f"{percent(row['received_percent'])}.",
    )


def _scans(store: Store, week: Week) -> Part:
    found = scan_quality.read_scans(store, week)
    verdicts, defects = scan_quality.verdicts_table(found), scan_quality.defects_table(found)
    now = records(verdicts)[0]
    said = (
        f"Trong tuần nhận {text(now['received'])} tài liệu, {text(now['pages_found'])} trang; "
        f"{text(now['pages_accepted'])} trang đạt, bằng {percent(now['pages_percent'])}. {text(now['rejected'])} "
        f"tài liệu phải quét lại, {text(now['review'])} tài liệu chờ người kiểm tra.",
    )
    tables = (
        verdicts,
        defects,
        scan_quality.document_defects_table(found),
        scan_quality.classes_table(found),
        scan_quality.not_scanned_table(found),
        scan_quality.glass_table(scan_quality.read_glass(store, week), week),
        incidents_table(store, week),
    )
    return _section("II", said, tables, (charts.pareto_chart(defects),)), (
        scan_quality.faulty_files_table(found, week),
    )


def _portal(store: Store, week: Week) -> Part:
    lines = portal_gap.read_categories(store, week)
    tables = (
        portal_gap.categories_table(lines),
        portal_gap.indicator_table(*portal_gap.read_indicator_rows(store, week)),
    )
    said = (portal_gap.balance_vi(lines),) if lines else ("Chưa có số liệu đối soát của tuần.",)
    return _section("III", said, tables), ()


def _overdue(store: Store, week: Week) -> Part:
    rows = overdue_dossiers.read_overdue(store, week)
    levels = overdue_dossiers.levels_table(rows)
    if not rows:
        return _section("IV", ("Chưa có hồ sơ nào trong sổ tiếp nhận.",)), ()
    total = records(levels)[-1]
    said = (
        f"Đến ngày {text(week.last, 'date')}, {text(total['open_overdue'])} hồ sơ chưa giải quyết xong đã quá hạn, "
        f"{text(total['finished_late'])} hồ sơ đã trả nhưng quá hạn; tỷ lệ quá hạn {percent(total['late_percent'])}.",
    )
    return _section("IV", said, (levels, overdue_dossiers.units_table(rows, week))), ()


def _desks(store: Store, week: Week) -> Part:
    found = agency_attention.read_desks(store, week)
    agencies = agency_attention.agencies_table(found, week)
    silent, queue = agency_attention.silent_table(agencies), agency_attention.queue_table(agencies)
    said = (
        f"Ngày làm việc cuối của tuần ({text(report_day(week), 'date')}): {text(len(silent.rows))} trong "
        f"{text(len(agencies.rows))} cơ quan còn hồ sơ chờ mà không gửi lô và không báo lý do.",
    )
    tables = (
        agency_attention.states_table(found, week),
        first_rows(silent, "silent", silent.title_vi, _SILENT),
        found.notices,
        first_rows(queue, "queue", queue.title_vi, _QUEUE),
        agency_attention.large_format_table(found, week),
    )
    return _section("V", said, tables), (agencies,)


def _section(
    number: str, said: tuple[str, ...], tables: tuple[Table, ...] = (), charts: tuple[Chart | None, ...] = ()
) -> Section:
    """A section; a table without rows and a chart without data are left out."""
    drawn = tuple(chart for chart in charts if chart is not None)
    return Section(number, _TITLES[number], said, tuple(table for table in tables if table.rows), drawn)


def _versions(store: Store, week: Week) -> tuple[str, ...]:
    """Page engines and limits that judged the week's batches."""
    batches = store.read_table("batches", week.days)
    names = {"engine_version": "phần mềm đo trang", "thresholds_version": "ngưỡng"}
    return tuple(
        f"{label} {version}"
        for name, label in names.items()
        for version in sorted(pc.unique(batches[name].drop_null()).to_pylist())
    )
