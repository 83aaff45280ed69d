"""Section V: silent agencies, their scanners and queues, and the places without connection."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sohoa.days import Week
from sohoa.enums import ACTIVITY_STATES
from sohoa.format_value import count, day
from sohoa.registry import name_of, owner_name
from sohoa.report.model import Column, Row, Table
from sohoa.report.report_week import report_day
from sohoa.report.sections.part import Part
from sohoa.report.sentences import AGENCY, AGENCY_NAME, MAX_ROWS, first_rows
from sohoa.steering.agency_activity import AgencyActivity, Office, read_activity
from sohoa.steering.scanner_capacity import Capacity, LargeFormatNeed, read_capacity
from sohoa.store import Store

_SCANNERS = timedelta(27)
"""Days whose scanners are looked at."""
_QUEUE = ("agency_name", "documents", "devices", "documents_per_day", "days_to_clear")
_SILENT = ("agency_name", "days_without_batch", "last_batch", "dossiers", "documents", "oldest")


@dataclass(frozen=True)
class AgencyOverview:
    """What the agencies did, and with what."""

    agencies: list[AgencyActivity]
    """As they were on the week's last working day; those that no longer exist then in a state of their own."""
    capacity: dict[Office, Capacity]
    large_format: list[LargeFormatNeed]
    notices: Table


def build(store: Store, week: Week) -> Part:
    """Make section V."""
    overview = read_overview(store, week)
    agencies = agencies_table(overview, week)
    silent, queue = silent_table(agencies), queue_table(agencies)
    existing = sum(row["state"] != "no_agency" for row in agencies.rows)
    said = (
        f"Ngày làm việc cuối của tuần ({day(report_day(week))}): {count(len(silent.rows))} trong "
        f"{count(existing)} cơ quan còn hồ sơ chờ mà không gửi lô và không báo lý do."
    )
    tables = (
        states_table(overview, week),
        first_rows(silent, "silent", silent.title_vi, _SILENT),
        overview.notices,
        first_rows(queue, "queue", queue.title_vi, _QUEUE),
        large_format_table(overview, week),
    )
    return Part((said,), tables, annex=(agencies,))


def read_overview(store: Store, week: Week) -> AgencyOverview:
    """Read what the agencies sent, what waits for them, and what their scanners did in four weeks."""
    found = read_activity(store, report_day(week))
    capacity, needs = read_capacity(store, week.last - _SCANNERS, week.last, found)
    queues = {(row.agency, row.valid_from): row for row in capacity}
    return AgencyOverview(found, queues, needs, _notices(store.read_table("notices").to_pylist(), week))


def states_table(overview: AgencyOverview, week: Week) -> Table:
    """Count the agencies in each state."""
    counts = Counter(found.state for found in overview.agencies)
    columns = (
        Column("state", "Tình trạng", "State", "label", labels="activity_states"),
        Column("agencies", "Số cơ quan", "Agencies", "count", "cơ quan"),
    )
    rows = tuple({"state": state, "agencies": counts[state]} for state in ACTIVITY_STATES if counts[state])
    return Table("agency_states", f"Tình hình gửi lô ngày {day(report_day(week))}", "What agencies sent", columns, rows)


def agencies_table(overview: AgencyOverview, week: Week) -> Table:
    """List every agency: state, days without a batch, queue and how long it takes."""
    columns = (
        AGENCY,
        AGENCY_NAME,
        Column("state", "Tình trạng", "State", "label", labels="activity_states", note="note"),
        Column("days_without_batch", "Ngày không gửi", "Days without batch", "count", "ngày làm việc"),
        Column("last_batch", "Lô cuối", "Last batch", "date"),
        Column("dossiers", "Hồ sơ chờ", "Dossiers waiting", "count", "hồ sơ"),
        Column("documents", "Tài liệu chờ", "Documents waiting", "count", "tài liệu"),
        Column("oldest", "Hồ sơ lâu nhất", "Oldest dossier", "date"),
        Column("devices", "Máy quét", "Scanners", "count", "máy"),
        Column("documents_per_day", "Quét mỗi ngày", "Documents per day", "number", "tài liệu"),
        Column("days_to_clear", "Ngày để hết", "Days to clear", "number", "ngày"),
        Column("never_scanned", "Tờ khổ lớn chưa quét", "Large sheets never scanned", "count", "tờ"),
        Column("rejected", "Trang khổ lớn bị loại", "Large pages rejected", "count", "trang"),
    )
    needs = {(need.agency, need.valid_from): need for need in overview.large_format}
    rows = tuple(
        _agency_row(found, overview.capacity.get(found.office), needs.get(found.office), week)
        for found in overview.agencies
    )
    title = f"Các cơ quan: gửi lô, hàng chờ và máy quét, ngày {day(report_day(week))}"
    return Table("agencies", title, "Every agency", columns, rows)


def _agency_row(found: AgencyActivity, queue: Capacity | None, need: LargeFormatNeed | None, week: Week) -> Row:
    return {
        "agency": found.agency,
        "agency_name": name_of(found.agency, found.valid_from, week.last),
        "state": found.state,
        "note": found.note,
        "days_without_batch": found.days_without_batch,
        "last_batch": found.last_batch,
        "dossiers": found.dossiers,
        "documents": found.documents,
        "oldest": found.oldest,
        "devices": queue and queue.devices,
        "documents_per_day": queue and queue.documents_per_day,
        "days_to_clear": queue and queue.days_to_clear,
        "never_scanned": need and need.never_scanned,
        "rejected": need and need.rejected,
    }


def silent_table(agencies: Table) -> Table:
    """List the silent agencies, longest without a batch first."""
    rows = tuple(row for row in agencies.rows if row["state"] == "silent")
    return Table("silent", "Cơ quan còn hồ sơ chờ mà không gửi lô", "Silent agencies", agencies.columns, rows)


def queue_table(agencies: Table) -> Table:
    """List the agencies by the days that their queue takes, where these are known."""
    known = (row for row in agencies.rows if row["days_to_clear"] is not None)
    rows = tuple(sorted(known, key=lambda row: (-row["days_to_clear"], row["agency"])))
    return Table("queue", "Hàng chờ lâu nhất so với năng lực quét", "Longest queues", agencies.columns, rows)


def large_format_table(overview: AgencyOverview, week: Week) -> Table:
    """List who lacks a large-format scanner, in four weeks."""
    columns = (
        AGENCY_NAME,
        Column("never_scanned", "Tờ chưa quét", "Sheets never scanned", "count", "tờ"),
        Column("rejected", "Trang bị loại", "Pages rejected", "count", "trang"),
        Column("documents", "Tài liệu", "Documents", "count", "tài liệu"),
        Column("papers", "Khổ", "Papers", "labels", labels="papers"),
    )
    needs = overview.large_format
    rows = tuple(
        {"agency_name": name_of(need.agency, need.valid_from, week.last), **asdict(need)} for need in needs[:MAX_ROWS]
    )
    note = f"{MAX_ROWS} trong {len(needs)} cơ quan; đủ danh sách ở Phụ lục." if len(needs) > MAX_ROWS else ""
    return Table("large_format", "Cơ quan cần máy quét khổ lớn (bốn tuần)", "Large format needed", columns, rows, note)


def _notices(rows: list[dict[str, Any]], week: Week) -> Table:
    columns = (
        AGENCY_NAME,
        Column("notice_kind", "Báo", "Notice", "label", labels="notice_kinds"),
        Column("start", "Từ ngày", "First day", "date"),
        Column("end", "Đến ngày", "Last day", "date"),
        Column("note", "Ghi chú", "Note", "text"),
    )
    inside = (row for row in rows if row["start"] <= week.last and (row["end"] is None or row["end"] >= week.first))
    found = {
        (owner_name(row["agency"], row["start"], week.last), row["start"], row["notice_kind"], row["end"], row["note"])
        for row in inside
    }
    names = ("agency_name", "start", "notice_kind", "end", "note")
    ordered = sorted(found, key=lambda values: [*map(str, values)])
    given = tuple(dict(zip(names, values, strict=True)) for values in ordered)
    title = "Cơ quan báo mất kết nối, hỏng máy hoặc không có việc trong tuần"
    return Table("notices", title, "Notices", columns, given)
