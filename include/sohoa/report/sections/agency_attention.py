"""Section V: silent agencies, their scanners and queues, and the places without connection."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.days import Week, each_day, in_chunks
from sohoa.labels import LABELS_VI
from sohoa.registry import find_agency
from sohoa.report.model import Column, Table
from sohoa.report.report_week import report_day
from sohoa.report.sentences import AGENCY, AGENCY_NAME, SHOWN, agency_name
from sohoa.steering.agency_activity import STATES, Freshness, freshness
from sohoa.steering.scanner_capacity import Capacity, LargeFormatNeed, capacity, large_format_needs
from sohoa.steering.unscanned_dossiers import waiting_dossiers
from sohoa.store import Store

_WAITING, _SCANNERS = timedelta(364), timedelta(27)
"""How long a dossier can wait before it is given up; days whose scanners are looked at."""
_DAYS_AT_ONCE = 7
_BATCHES = ["scan_date", "agency", "refusal"]
_OTHER_PAPER = {"other": "khác"}


@dataclass(frozen=True)
class Desks:
    """What the agencies did, and with what."""

    agencies: list[Freshness]
    """Those that exist on the week's last working day, as they were on it."""
    capacity: dict[str, Capacity]
    large_format: list[LargeFormatNeed]
    notices: Table


def read_desks(store: Store, week: Week) -> Desks:
    """Read what the agencies sent, what waits for them, and what their scanners did in four weeks."""
    day = report_day(week)
    days = each_day(day - _WAITING, day)
    notices = store.read_table("notices")
    dossiers = pa.concat_tables(_waiting(store, some, day) for some in in_chunks(days, _DAYS_AT_ONCE))
    found = freshness(dossiers, store.read_table("batches", days).select(_BATCHES), notices, day)
    found = [one for one in found if find_agency(one.agency, day)]
    recent = each_day(week.last - _SCANNERS, week.last)
    devices, documents = store.read_table("device_daily", recent, layout.DAY), store.read_table("documents", recent)
    queues = {row.agency: row for row in capacity(devices, found)}
    return Desks(found, queues, large_format_needs(documents, devices), _notices(notices.to_pylist(), week))


def _waiting(store: Store, days: list[date], day: date) -> pa.Table:
    """The dossiers of some days that wait: few of them, so that a year of them can be held at once."""
    rows = store.read_table("dossiers", days, layout.DAY)
    return rows.filter(pc.is_in(rows["dossier_key"], waiting_dossiers(rows, day)["dossier_key"].combine_chunks()))


def states_table(desks: Desks, week: Week) -> Table:
    """How many agencies are in which state."""
    counts = Counter(found.state for found in desks.agencies)
    columns = (
        Column("state", "Tình trạng", "State", "text"),
        Column("agencies", "Số cơ quan", "Agencies", "count", "cơ quan"),
    )
    rows = tuple((LABELS_VI[state], counts[state]) for state in STATES if counts[state])
    return Table(
        "desk_states", f"Tình hình gửi lô ngày {report_day(week):%d/%m/%Y}", "What agencies sent", columns, rows
    )


def agencies_table(desks: Desks, week: Week) -> Table:
    """Every agency: state, silence, queue and how long it takes."""
    columns = (
        AGENCY,
        AGENCY_NAME,
        Column("state", "Tình trạng", "State", "text"),
        Column("quiet_days", "Ngày không gửi", "Quiet days", "count", "ngày làm việc"),
        Column("last_batch", "Lô cuối", "Last batch", "date"),
        Column("dossiers", "Hồ sơ chờ", "Dossiers waiting", "count", "hồ sơ"),
        Column("documents", "Tài liệu chờ", "Documents waiting", "count", "tài liệu"),
        Column("oldest", "Hồ sơ lâu nhất", "Oldest dossier", "date"),
        Column("devices", "Máy quét", "Scanners", "count", "máy"),
        Column("documents_a_day", "Quét mỗi ngày", "Documents a day", "number", "tài liệu"),
        Column("days_to_clear", "Ngày để hết", "Days to clear", "number", "ngày"),
        Column("never_scanned", "Tờ khổ lớn chưa quét", "Large sheets never scanned", "count", "tờ"),
        Column("rejected", "Trang khổ lớn bị loại", "Large pages rejected", "count", "trang"),
    )
    needs, rows = {need.agency: need for need in desks.large_format}, []
    for one in desks.agencies:
        queue = desks.capacity.get(one.agency)
        scanners = (queue.devices, queue.documents_a_day, queue.days_to_clear) if queue else (None, None, None)
        need = needs.get(one.agency)
        large = (need.never_scanned, need.rejected) if need else (None, None)
        state = LABELS_VI[one.state] + (f" ({one.note})" if one.note else "")
        waiting = (one.dossiers, one.documents, one.oldest)
        rows.append(
            (
                one.agency,
                agency_name(one.agency, week.last),
                state,
                one.quiet_days,
                one.last_batch,
                *waiting,
                *scanners,
                *large,
            )
        )
    title = f"Các cơ quan: gửi lô, hàng chờ và máy quét, ngày {report_day(week):%d/%m/%Y}"
    return Table("agencies", title, "Every agency", columns, tuple(rows))


def silent_table(agencies: Table, name: str = "silent") -> Table:
    """The rows of silent agencies, longest silence first."""
    silent = [row for row in agencies.rows if row[2] == LABELS_VI["silent"]]
    return Table(name, "Cơ quan còn hồ sơ chờ mà không gửi lô", "Silent agencies", agencies.columns, tuple(silent))


def queue_table(agencies: Table) -> Table:
    """The agencies by the days that their queue takes; those that nobody knows of come last."""
    place = [column.key for column in agencies.columns].index("days_to_clear")
    waiting = [row for row in agencies.rows if row[place] is not None]
    rows = sorted(waiting, key=lambda row: (-row[place], row[0]))
    return Table("queue", "Hàng chờ lâu nhất so với năng lực quét", "Longest queues", agencies.columns, tuple(rows))


def large_format_table(desks: Desks, week: Week) -> Table:
    """Who lacks a large-format scanner, in four weeks."""
    columns = (
        AGENCY_NAME,
        Column("never_scanned", "Tờ chưa quét", "Sheets never scanned", "count", "tờ"),
        Column("rejected", "Trang bị loại", "Pages rejected", "count", "trang"),
        Column("documents", "Tài liệu", "Documents", "count", "tài liệu"),
        Column("papers", "Khổ", "Papers", "text"),
    )
    rows = tuple(
        (agency_name(n.agency, week.last), n.never_scanned, n.rejected, n.documents, _papers(n.papers))
        for n in desks.large_format[:SHOWN]
    )
    more = f"{SHOWN} trong {len(desks.large_format)} cơ quan; đủ danh sách ở Phụ lục."
    note = more if len(desks.large_format) > SHOWN else ""
    return Table("large_format", "Cơ quan cần máy quét khổ lớn (bốn tuần)", "Large format needed", columns, rows, note)


def _notices(rows: list[dict[str, object]], week: Week) -> Table:
    columns = (
        AGENCY_NAME,
        Column("notice_kind", "Báo", "Notice", "text"),
        Column("start", "Từ ngày", "First day", "date"),
        Column("end", "Đến ngày", "Last day", "date"),
        Column("note", "Ghi chú", "Note", "text"),
    )
    inside = [r for r in rows if r["start"] <= week.last and (r["end"] is None or r["end"] >= week.first)]  # type: ignore[operator]
    found = {
        (
            agency_name(str(r["agency"]), week.last),
            LABELS_VI.get(str(r["notice_kind"]), str(r["notice_kind"])),
            r["start"],
            r["end"],
            r["note"],
        )
        for r in inside
    }
    title = "Cơ quan báo mất kết nối, hỏng máy hoặc không có việc trong tuần"
    ordered = sorted(found, key=lambda row: (row[0], str(row[2]), row[1], str(row[3]), str(row[4])))
    return Table("notices", title, "Notices", columns, tuple(ordered))


def _papers(papers: tuple[str, ...]) -> str:
    return ", ".join(_OTHER_PAPER.get(paper, paper.upper()) for paper in papers)
