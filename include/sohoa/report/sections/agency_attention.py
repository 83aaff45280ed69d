"""Section V: silent agencies, their scanners and queues, and the places without connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from sohoa.days import Week
from sohoa.enums import ACTIVITY_STATES, ActivityState
from sohoa.format_value import count, day
from sohoa.registry import bearer_at, full_name, owner_at, working_days
from sohoa.report.model import Column, Row, Table
from sohoa.report.report_week import report_day
from sohoa.report.sections.part import Part
from sohoa.report.sentences import AGENCY, AGENCY_NAME, LEAST_SILENT_DAYS, MAX_ROWS, first_rows, shown_of
from sohoa.steering.agency_activity import AgencyActivity, read_activity
from sohoa.steering.passed_on import Office, stands
from sohoa.steering.scanner_capacity import Capacity, LargeFormatNeed, read_capacity
from sohoa.steering.waiting_documents import WEEKS, Waiting, read_waiting
from sohoa.store import Store

_SCANNERS = timedelta(27)
"""Days whose scanners are looked at."""
_LONGEST = 3
"""Agencies that the text names by how long they have been silent."""
_QUEUE = ("agency_name", "documents", "to_scan", "dossiers", "oldest", "devices", "documents_per_day")
_SILENT = ("agency_name", "days_without_batch", "last_batch", "dossiers", "documents", "oldest")

_INHERITED = Column("inherited", "Trong đó nhận từ cơ quan cũ", "Of these from its forerunners", "count", "tài liệu")
"""Stands where some agency has the work of one that is no more; the mail to it names that one."""


@dataclass(frozen=True)
class AgencyOverview:
    """What the agencies did, and with what."""

    agencies: list[AgencyActivity]
    """As they were on the week's last working day; those that have ended by Sunday in a state of their own."""
    capacity: dict[Office, Capacity]
    large_format: list[LargeFormatNeed]
    notices: Table
    waiting: dict[Office, Waiting]


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
    if not working_days(week.first, week.last):
        said = "Tuần này không có ngày làm việc nào: không xét cơ quan nào chưa gửi lô."
    tables = (
        states_table(agencies, week),
        first_rows(silent, "silent", silent.title_vi, _SILENT),
        overview.notices,
        first_rows(queue, "queue", queue.title_vi, _QUEUE),
        large_format_table(overview, week),
    )
    hidden = (replace(large_format_table(overview, week, None), name="all_large_format"),)
    lines = (said, *_longest_vi(silent), *_waiting_vi(agencies, week))
    return Part(lines, tables, annex=(agencies,), hidden=hidden)


def read_overview(store: Store, week: Week) -> AgencyOverview:
    """Read what the agencies sent, what waits for them, and what their scanners did in four weeks."""
    found = read_activity(store, report_day(week), week.last)
    capacity, needs = read_capacity(store, week.last - _SCANNERS, week.last, found, week.last)
    queues = {(row.agency, row.valid_from): row for row in capacity}
    waiting = {one.office: one for one in read_waiting(store, week.last)}
    return AgencyOverview(found, queues, needs, _notices(store.read_table("notices").to_pylist(), week), waiting)


def _longest_vi(silent: Table) -> Iterator[str]:
    """Name who has sent nothing for longest, and how much waits there: the table begins with who has most."""
    asked = [row for row in silent.rows if row["days_without_batch"] >= LEAST_SILENT_DAYS]
    first = sorted(asked, key=lambda row: (-row["days_without_batch"], -row["dossiers"], row["agency"]))[:_LONGEST]
    if first:
        named = "; ".join(
            f"{row['agency_name']} ({count(row['days_without_batch'])} ngày làm việc, {count(row['dossiers'])} hồ sơ "
            "chờ)"
            for row in first
        )
        yield f"{count(len(asked))} cơ quan không gửi từ {LEAST_SILENT_DAYS} ngày làm việc liền, lâu nhất: {named}."


def _waiting_vi(agencies: Table, week: Week) -> Iterator[str]:
    """What waits in all, and what nobody is known to have taken over."""
    sums = {name: sum(row[name] or 0 for row in agencies.rows) for name in ("documents", "to_scan", "in_review")}
    unscanned, to_scan, in_review = (count(sums[name]) for name in ("documents", "to_scan", "in_review"))
    yield (
        f"Đến ngày {day(week.last)} còn chờ: {unscanned} tài liệu chưa quét, {to_scan} tài liệu phải quét lại và "
        f"{in_review} tài liệu chờ người kiểm tra (phải quét lại và chờ kiểm tra: của các lô quét trong {WEEKS} tuần)."
    )
    left, offices = left_behind(agencies)
    if left:
        yield (
            f"{count(offices)} cơ quan đã kết thúc hoạt động còn {count(left)} tài liệu chờ chưa quét hoặc phải quét "
            "lại mà chưa rõ cơ quan kế thừa: Văn phòng UBND tỉnh xác định."
        )


def left_behind(agencies: Table) -> tuple[int, int]:
    """Count the documents to scan, for the first time or again, of agencies that are no more and that nobody is known
    to have taken over; and those agencies.
    """
    waiting = [row["documents"] + row["to_scan"] for row in agencies.rows if row["has_ended"]]
    return sum(waiting), sum(number > 0 for number in waiting)


def states_table(agencies: Table, week: Week) -> Table:
    """Count the agencies of the annex in each state."""
    counts = Counter(row["state"] for row in agencies.rows)
    columns = (
        Column("state", "Tình trạng", "State", "label", labels="activity_states"),
        Column("agencies", "Số cơ quan", "Agencies", "count", "cơ quan"),
    )
    rows = tuple({"state": state, "agencies": counts[state]} for state in ACTIVITY_STATES if counts[state])
    return Table("agency_states", f"Tình hình gửi lô ngày {day(report_day(week))}", "What agencies sent", columns, rows)


def agencies_table(overview: AgencyOverview, week: Week) -> Table:
    """List every agency: state, days without a batch, queue and how long it takes."""
    columns: tuple[Column, ...] = (
        AGENCY,
        AGENCY_NAME,
        Column("state", "Tình trạng", "State", "label", labels="activity_states", note="note"),
        Column("days_without_batch", "Ngày không gửi", "Days without batch", "count", "ngày làm việc"),
        Column("last_batch", "Lô cuối", "Last batch", "date"),
        Column("dossiers", "Hồ sơ chờ", "Dossiers waiting", "count", "hồ sơ"),
        Column("documents", "Tài liệu chờ", "Documents waiting", "count", "tài liệu"),
        Column("oldest", "Hồ sơ lâu nhất", "Oldest dossier", "date"),
        _INHERITED,
        Column("to_scan", "Phải quét lại", "To scan again", "count", "tài liệu"),
        Column("in_review", "Chờ người kiểm tra", "Waiting for a person", "count", "tài liệu"),
        Column("devices", "Máy quét", "Scanners", "count", "máy"),
        Column("documents_per_day", "Đã quét mỗi ngày gửi lô", "Scanned on a day with a batch", "count", "tài liệu"),
        Column("never_scanned", "Tờ khổ lớn chưa quét", "Large sheets never scanned", "count", "tờ"),
        Column("rejected", "Trang khổ lớn bị loại", "Large pages rejected", "count", "trang"),
    )
    needs = {(need.agency, need.valid_from): need for need in overview.large_format}
    rows = [_agency_row(found, overview, needs.get(found.office), week) for found in _with_scans_alone(overview, week)]
    title = f"Các cơ quan: gửi lô, hàng chờ và máy quét, ngày {day(report_day(week))}"
    note = (
        "Số đã quét mỗi ngày là việc đã làm trong bốn tuần, không phải năng lực của máy. Việc của UBND xã cũ tính cho "
        "UBND xã nay quản lý địa bàn; việc của UBND huyện đã kết thúc tính theo xã ghi trong hồ sơ, hồ sơ không ghi xã "
        "để lại ở tên cũ."
    )
    found = tuple(_passed_on(rows, overview, week))
    if not any(row["inherited_from"] for row in found):
        columns = tuple(column for column in columns if column != _INHERITED)
    return Table("agencies", title, "Every agency", columns, found, note)


def _with_scans_alone(overview: AgencyOverview, week: Week) -> list[AgencyActivity]:
    """The agencies with dossiers or batches, and those with nothing but earlier scans that wait, or large sheets."""
    known = {found.office for found in overview.agencies}
    needs = ((need.agency, need.valid_from) for need in overview.large_format)
    others = dict.fromkeys(office for office in (*overview.waiting, *needs) if office not in known)
    return overview.agencies + [_idle(office, week) for office in others]


def _idle(office: Office, week: Week) -> AgencyActivity:
    """An agency of which no dossier waits."""
    state: ActivityState = "nothing_waits" if stands(office, week.last) else "no_agency"
    return AgencyActivity(office[0], state, None, None, 0, 0, 0, None, None, office[1])


def _passed_on(rows: list[dict[str, Any]], overview: AgencyOverview, week: Week) -> Iterator[Row]:
    """The rows, with what waits of agencies that are no more in the row of who has it now, where that is known."""
    by_office = {(row["agency"], row["valid_from"]): row for row in rows}
    for found in overview.agencies:
        for part in found.passed_on:
            if part.office is None:
                continue
            own, into = by_office[found.office], by_office[part.office]
            for name in ("dossiers", "documents"):
                into[name] += getattr(part, name)
                own[name] -= getattr(part, name)
            into["forerunners"].add(found.office)
            into["oldest"] = min(part.oldest, into["oldest"] or part.oldest)
        if found.passed_on:
            left = (part.oldest for part in found.passed_on if part.office is None)
            by_office[found.office]["oldest"] = min(left, default=None)
    for row in by_office.values():
        names = sorted(full_name(code, own_day, own_day or week.last) for code, own_day in row.pop("forerunners"))
        row["inherited_from"] = "; ".join(names) or None
    yield from (row for row in by_office.values() if row["state"] != "no_agency" or _waits(row))


def _waits(row: Row) -> bool:
    return any(row[name] for name in ("dossiers", "to_scan", "in_review"))


def _agency_row(
    found: AgencyActivity, overview: AgencyOverview, need: LargeFormatNeed | None, week: Week
) -> dict[str, Any]:
    queue, waiting = overview.capacity.get(found.office), overview.waiting.get(found.office)
    return {
        "agency": found.agency,
        "agency_name": found.agency
        if _is_to_come(found, week)
        else full_name(found.agency, found.valid_from, week.last),
        "state": found.state,
        "note": found.note or _sent_after(found),
        "days_without_batch": found.days_without_batch,
        "last_batch": found.last_batch,
        "dossiers": found.dossiers,
        "documents": found.documents,
        "oldest": found.oldest,
        "valid_from": found.valid_from,
        "inherited": found.inherited,
        "has_ended": found.state == "no_agency" and found.valid_from is not None and found.valid_from <= week.last,
        "forerunners": set(waiting.forerunners if waiting else ()),
        "to_scan": waiting.to_scan if waiting else 0,
        "in_review": waiting.in_review if waiting else 0,
        "devices": queue and queue.devices,
        "documents_per_day": queue and queue.documents_per_day,
        "never_scanned": need and need.never_scanned,
        "rejected": need and need.rejected,
    }


def _is_to_come(found: AgencyActivity, week: Week) -> bool:
    """Tell whether nobody bears the code yet: a wrong code has not the name of who will bear it."""
    return found.valid_from is not None and found.valid_from > week.last


def _sent_after(found: AgencyActivity) -> str | None:
    """Say until when an agency that is no more has gone on sending."""
    owner = None if found.valid_from is None else bearer_at(found.agency, found.valid_from)
    end = None if owner is None else owner.last_day
    if found.state != "no_agency" or end is None or found.last_batch is None or found.last_batch <= end:
        return None
    return f"đã kết thúc, còn gửi lô đến ngày {day(found.last_batch)}"


def silent_table(agencies: Table) -> Table:
    """List the silent agencies, most dossiers waiting first: one day without a batch says little."""
    found = (row for row in agencies.rows if row["state"] == "silent")
    rows = tuple(sorted(found, key=lambda row: (-row["dossiers"], -row["days_without_batch"], row["agency"])))
    return Table(
        "silent",
        "Cơ quan còn hồ sơ chờ mà không gửi lô (nhiều hồ sơ chờ trước)",
        "Silent agencies",
        agencies.columns,
        rows,
    )


def queue_table(agencies: Table) -> Table:
    """List the agencies by what is to be scanned, for the first time or again."""
    known = (row for row in agencies.rows if row["documents"] + row["to_scan"])
    rows = tuple(sorted(known, key=lambda row: (-row["documents"] - row["to_scan"], row["agency"])))
    return Table(
        "queue", "Cơ quan còn nhiều tài liệu chờ và phải quét lại nhất", "Longest queues", agencies.columns, rows
    )


def large_format_table(overview: AgencyOverview, week: Week, most: int | None = MAX_ROWS) -> Table:
    """List who lacks a large-format scanner, in four weeks: so many rows, all of them where None."""
    columns = (
        AGENCY_NAME,
        Column("never_scanned", "Tờ chưa quét", "Sheets never scanned", "count", "tờ"),
        Column("rejected", "Trang bị loại", "Pages rejected", "count", "trang"),
        Column("documents", "Tài liệu", "Documents", "count", "tài liệu"),
        Column("papers", "Khổ", "Papers", "labels", labels="papers"),
    )
    needs = [need for need in overview.large_format if stands((need.agency, need.valid_from), week.last)]
    rows = tuple(
        {"agency_name": full_name(need.agency, need.valid_from, week.last), **asdict(need)} for need in needs[:most]
    )
    note = shown_of(most, len(needs), "cơ quan") if most and len(needs) > most else ""
    return Table("large_format", "Cơ quan cần máy quét khổ lớn (bốn tuần)", "Large format needed", columns, rows, note)


def _notices(rows: list[dict[str, Any]], week: Week) -> Table:
    columns = (
        AGENCY_NAME,
        Column("notice_kind", "Báo", "Notice", "label", labels="notice_kinds"),
        Column("start", "Từ ngày", "First day", "date"),
        Column("end", "Đến ngày", "Last day", "date"),
        Column("note", "Ghi chú", "Note", "text"),
    )
    inside = (row for row in rows if row["start"] <= week.last and _last_day(row) >= max(row["start"], week.first))
    found = {
        (full_name(row["agency"], row["start"], week.last), row["start"], row["notice_kind"], row["end"], row["note"])
        for row in inside
    }
    names = ("agency_name", "start", "notice_kind", "end", "note")
    ordered = sorted(found, key=lambda values: [*map(str, values)])
    given = tuple(dict(zip(names, values, strict=True)) for values in ordered)
    title = "Cơ quan báo mất kết nối, hỏng máy hoặc không có việc trong tuần"
    return Table("notices", title, "Notices", columns, given)


def _last_day(notice: Row) -> date:
    """The last day that a notice covers: that of an agency that is no more ends with it at the latest."""
    owner = owner_at(notice["agency"], notice["start"])
    return min(notice["end"] or date.max, (owner and owner.last_day) or date.max)
