"""Section VI: who is asked to do what by when, drawn from the tables of the sections before.

A proposal names one unit that can do it, the figure that it rests on and how much lies behind that; less than ``LEAST``
is no reason to ask anybody for anything. They stand in the order of what is held up, the first three on page 1, and
each is looked at again a week later.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sohoa.days import ONE_DAY, Week
from sohoa.defects import DEFECTS
from sohoa.format_value import count, day, percent
from sohoa.progress.rate import rate_percent
from sohoa.registry import Bearer, bearer_at, full_name, working_days
from sohoa.report.model import Column, Row, Table
from sohoa.report.sections.agency_attention import left_behind
from sohoa.report.sections.part import Part
from sohoa.report.sentences import LEAST_SILENT_DAYS, UNCHANGED_POINTS, share, span
from sohoa.steering.waiting_documents import WEEKS

Tables = Mapping[str, Table]
LEAST = 10
"""Dossiers, documents or pages that a proposal rests on at least."""
LEAST_RATE = 30
"""Dossiers of a unit in the settled week below which its rate says nothing about it."""
_BEYOND_CHANCE = 2
"""Standard deviations of chance below the province's rate from which a unit's rate is its own: one unit in forty lies
there without any reason."""
LEAST_POINTS, LEAST_SHARE_OF_GAP = UNCHANGED_POINTS, 0.1
"""Share of the week's documents, in per cent, that a defect alone must hold back before the province is asked about it:
a point, since a change of less is called hardly any, and a tenth of what is missing to the path. At best all the
documents that it holds back would count, so with less its mending moves the rate by less than chance does, or leaves
nine tenths of the way to the path and more for other causes."""
LEAST_DAYS = 3
"""Working days from the Monday of the report that a unit has to have left: with less it can do nothing."""
FIRST = 3
"""Proposals that stand on page 1."""
_OFFICE = "Văn phòng UBND tỉnh"
_IT = "Bộ phận vận hành Hệ thống thông tin giải quyết TTHC của tỉnh"
_HELD_UP = {"hồ sơ", "tài liệu"}
"""What citizens wait for stands before pages, and before the results of earlier years."""
_SOON, _LATER = 1, 4
"""Weeks that a unit is given."""


@dataclass(frozen=True)
class Proposal:
    """What one unit should do."""

    key: str
    """Which kind it is."""
    who: str
    """Its name, with its district."""
    code: str | None
    valid_from: date | None
    """With the code it names the unit; None for an office that has no code."""
    level: str
    """Whose responsibility it is, a label of ``responsible``."""
    what: str
    figure: int
    """How many are held up."""
    unit: str
    """What is counted."""
    least: int
    """How many lie behind the figure."""
    weeks: int = _SOON
    about: str | None = None
    """Which of the unit's scanners or defects it is about, where that is not the only one of its kind."""


@dataclass(frozen=True)
class Kind:
    """A kind of proposal: everybody whom it could be made to, None where the source of its figures is missing."""

    key: str
    measure: Callable[[Tables], list[Proposal] | None]


def build(tables: Tables, week: Week, before: Sequence[Row] | None) -> Part:
    """Make the last section.

    Args:
        tables: the tables of the sections before.
        week: the week.
        before: the proposals of the week before as they were printed; None where it was not printed.
    """
    now = propose(tables, week)
    table = proposals_table(now, week)
    lines = tuple(f"{row['rank']}. {_line_vi(row)}" for row in table.rows)
    what_became = last_proposals_table(tables, week, before or ())
    told = _became_vi(what_became, before)
    first = tuple(f"Việc cần làm {line}" for line in lines[:FIRST])
    message = (*(first or ("Tuần này không có kiến nghị.",)), told)
    said = (*(lines[:FIRST] or ("Không có kiến nghị từ số liệu của tuần.",)), told)
    return Part(said, (table, what_became), message=message)


def propose(tables: Tables, week: Week) -> list[Proposal]:
    """The proposals that the tables of a week give reason for, of each kind the one that holds up most; most held up
    first. Nobody is asked who is about to end: his work passes on within days.
    """
    found = []
    for kind in KINDS:
        able = [one for one in kind.measure(tables) or () if one.least >= LEAST and _has_time(one, week)]
        if able:
            found.append(max(able, key=lambda one: (one.figure, one.who)))
    return sorted(found, key=lambda one: (one.unit not in _HELD_UP, -one.figure, one.key))


def proposals_table(found: list[Proposal], week: Week) -> Table:
    """Make one row per proposal, in order."""
    columns = (
        Column("rank", "Số", "No", "count"),
        Column("what", "Việc", "What", "text"),
        Column("who", "Ai làm", "Who", "text"),
        Column("level", "Cấp chịu trách nhiệm", "Responsible", "label", labels="responsible"),
        Column("due", "Xong trước", "Due", "date"),
        Column("figure", "Số đang vướng", "Held up", "count"),
        Column("counted", "Đơn vị tính", "Unit", "text"),
        Column("least", "Tính trên", "Out of", "count"),
    )
    rows = tuple(
        {
            "rank": rank,
            **{
                name: getattr(one, name)
                for name in ("key", "who", "code", "valid_from", "level", "what", "figure", "about")
            },
            "counted": one.unit,
            "least": one.least,
            "due": _own_due_day(one, week),
        }
        for rank, one in enumerate(found, start=1)
    )
    note = (
        f"Chỉ nêu khi có từ {LEAST} hồ sơ, tài liệu hoặc trang trở lên; xếp theo số đang vướng, hồ sơ và tài liệu "
        "trước, trang và kết quả giấy sau."
    )
    return Table("proposals", "Kiến nghị", "Proposals", columns, rows, note)


def due_day(week: Week, weeks: int) -> date:
    """The last working day of the week that is so many weeks later."""
    then = week.back(-weeks)
    return max(working_days(then.first, then.last), default=then.last)


def _has_time(one: Proposal, week: Week) -> bool:
    """Tell whether a unit stands until it should be done, or for some working days at least."""
    due = _own_due_day(one, week)
    return due == due_day(week, one.weeks) or len(working_days(week.last + ONE_DAY, due)) >= LEAST_DAYS


def _own_due_day(one: Proposal, week: Week) -> date:
    """The day by which a unit should be done: one that ends before it has until its last day."""
    due = due_day(week, one.weeks)
    owner = None if one.code is None or one.valid_from is None else bearer_at(one.code, one.valid_from)
    return due if owner is None or owner.last_day is None else min(due, owner.last_day)


def last_proposals_table(tables: Tables, week: Week, before: Sequence[Row]) -> Table:
    """Make one row per proposal of the week before: what was held up then, and what is now."""
    columns = (
        Column("what", "Việc đã kiến nghị tuần trước", "What", "text"),
        Column("who", "Ai làm", "Who", "text"),
        Column("due", "Xong trước", "Due", "date"),
        Column("then", "Khi đó", "Then", "count"),
        Column("now", "Nay", "Now", "count"),
        Column("state", "Kết quả", "State", "label", labels="proposal_states", note="heirs"),
    )
    kinds = {kind.key: kind for kind in KINDS}
    rows = tuple(_looked_at(row, kinds.get(str(row["key"])), tables, week) for row in before)
    return Table("last_proposals", "Kết quả kiến nghị tuần trước", "Last week's proposals", columns, rows)


def _looked_at(row: Row, kind: Kind | None, tables: Tables, week: Week) -> Row:
    """What became of a proposal: done, fewer, as many, more, or late; not known where its source is missing."""
    measured = None if kind is None else kind.measure(tables)
    now, is_named = None, "about" in row or not any(one.about for one in measured or ())
    if measured is not None and is_named:  # an older print does not say which of several it was about
        then = row["code"], row["who"], row.get("about")
        now = sum(one.figure for one in measured if (one.code, one.who, one.about) == then)
    due = row["due"] if isinstance(row["due"], date) else date.fromisoformat(str(row["due"]))
    is_over = row["code"] is not None and not _stands(row, week)
    state = "moved" if is_over else _state(row["figure"], now, is_late=due <= week.last)
    if row["key"] == "silent" and state == "done" and (left := _dossiers_left(row, tables)):
        state, now = "answered", left
    shown = {name: row[name] for name in ("what", "who", "key")}
    heirs = _heirs_vi(row, week) if is_over else None
    return {**shown, "due": due, "then": row["figure"], "now": None if is_over else now, "state": state, "heirs": heirs}


def _dossiers_left(row: Row, tables: Tables) -> int:
    """The dossiers that wait of an agency that was asked to send: it is silent no more, and they may wait on."""
    rows = _rows(tables, "agencies") or ()
    return sum(one["dossiers"] for one in rows if (one["agency"], one["agency_name"]) == (row["code"], row["who"]))


def _state(then: int, now: int | None, is_late: bool) -> str:
    if now is None:
        return "unknown"
    if now == 0:
        return "done"
    if now > then:
        return "worse"
    return "late" if is_late else "open"


def _stands(row: Row, week: Week) -> bool:
    found = _asked(row, week)
    return found is not None and found.stands_on(week.last)


def _asked(row: Row, week: Week) -> Bearer | None:
    """Who was asked: the unit or agency that a proposal of the week before names."""
    valid_from = row["valid_from"]
    own = valid_from if isinstance(valid_from, date) or valid_from is None else date.fromisoformat(str(valid_from))
    return bearer_at(str(row["code"]), own or week.first)


def _heirs_vi(row: Row, week: Week) -> str | None:
    """Who goes on with what an agency or unit was asked that is no more: its heirs, of a district's office those of
    the communes in which the dossiers lie. None where the registry does not say.
    """
    asked = _asked(row, week)
    if asked is None:
        return None
    names = [full_name(one.code, one.valid_from, week.last) for one in asked.heirs_on(week.last)]
    return ", ".join(names) or ("UBND các xã nơi có hồ sơ" if asked.level == "district" else None)


def _became_vi(table: Table, before: Sequence[Row] | None) -> str:
    if before is None:
        return "Kiến nghị tuần trước: không có báo cáo đã in để đối chiếu."
    if not table.rows:
        return "Tuần trước không có kiến nghị."
    states = [row["state"] for row in table.rows]
    parts = [
        f"{count(states.count(state))} {words}"
        for state, words in (
            ("done", "đã xong"), ("answered", "đã gửi lô hoặc báo lý do"), ("open", "đang làm"),
            ("late", "quá hạn, chưa xong"), ("worse", "xấu hơn"), ("moved", "đã chuyển đơn vị"),
            ("unknown", "chưa rõ vì thiếu nguồn"),
        )
        if states.count(state)
    ]  # fmt: skip
    return f"Trong {count(len(states))} kiến nghị tuần trước: {', '.join(parts)}."


def _line_vi(row: Row) -> str:
    return f"{row['who']}: {row['what']}, trước ngày {day(row['due'])}."


def _rows(tables: Tables, name: str) -> tuple[Row, ...] | None:
    """The rows of a table; None where the report has no such table, because its source is missing."""
    return tables[name].rows if name in tables else None


def _each(rows: Iterable[Row] | None, make: Callable[[Row], Proposal | None]) -> list[Proposal] | None:
    return None if rows is None else [one for one in map(make, rows) if one is not None]


def _agency(row: Row, key: str, what: str, figure: int, unit: str, about: str | None = None) -> Proposal:
    """A proposal to an agency of the annex."""
    owner = bearer_at(row["agency"], row["valid_from"]) if row["valid_from"] else None
    level = "commune" if owner is None else owner.level
    owner_key = row["agency"], row["valid_from"]
    return Proposal(key, row["agency_name"], *owner_key, level, what, figure, unit, figure, about=about)


def _reviews(tables: Tables) -> list[Proposal] | None:
    """Documents that wait for a person: the province's own office looks at them."""
    rows = _rows(tables, "agencies")
    if rows is None:
        return None
    waiting = sum(row["in_review"] for row in rows)
    what = f"kiểm tra, kết luận {count(waiting)} tài liệu quét trong {WEEKS} tuần đang chờ người kiểm tra"
    return [Proposal("reviews", _OFFICE, None, None, "province", what, waiting, "tài liệu", waiting)]


def _rescans(tables: Tables) -> list[Proposal] | None:
    def make(row: Row) -> Proposal | None:
        if row["state"] == "no_agency":
            return None
        what = f"quét lại {count(row['to_scan'])} tài liệu theo phiếu trả lại"
        return _agency(row, "rescans", what, row["to_scan"], "tài liệu")

    return _each(_rows(tables, "agencies"), make)


def _left_behind(tables: Tables) -> list[Proposal] | None:
    """What nobody is known to have taken over of agencies that are no more: the province's office says who does."""
    if "agencies" not in tables:
        return None
    left, offices = left_behind(tables["agencies"])
    what = f"xác định cơ quan kế thừa cho {count(left)} tài liệu phải quét của {count(offices)} cơ quan đã kết thúc"
    return [Proposal("left_behind", _OFFICE, None, None, "province", what, left, "tài liệu", left)]


def _silent(tables: Tables) -> list[Proposal] | None:
    def make(row: Row) -> Proposal | None:
        if row["state"] != "silent" or row["days_without_batch"] < LEAST_SILENT_DAYS:
            return None
        what = (
            f"gửi lô quét của {count(row['dossiers'])} hồ sơ đang chờ, hoặc báo lý do: "
            f"{count(row['days_without_batch'])} ngày làm việc liền chưa gửi"
        )
        return _agency(row, "silent", what, row["dossiers"], "hồ sơ")

    return _each(_rows(tables, "agencies"), make)


def _overdue(tables: Tables) -> list[Proposal] | None:
    """What is overdue of each unit and of those that it took in; of whom nobody has taken over nobody is asked."""
    rows = _rows(tables, "all_late_units")
    if rows is None:
        return None
    groups: dict[tuple[str, date, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row["level"] is not None and (heir := row["heir"]) is not None:
            groups[heir["unit_code"], heir["valid_from"], row["level"]].append(row)
    found = []
    for (code, valid_from, level), group in groups.items():
        figure = sum(row["open_overdue"] for row in group)
        inherited = "" if all(row["stands"] for row in group) else " (cả của đơn vị cũ nhập vào)"
        what = f"giải quyết dứt điểm {count(figure)} hồ sơ chưa xong đã quá hạn{inherited}"
        who = group[0]["heir"]["unit"]
        found.append(Proposal("overdue", who, code, valid_from, level, what, figure, "hồ sơ", figure))
    return found


def _overdue_communes(tables: Tables) -> list[Proposal] | None:
    found = _overdue(tables)
    return None if found is None else [replace(one, key="overdue_communes") for one in found if one.level == "commune"]


def _overdue_above(tables: Tables) -> list[Proposal] | None:
    found = _overdue(tables)
    return None if found is None else [one for one in found if one.level != "commune"]


def _lowest_rates(tables: Tables) -> list[Proposal] | None:
    """Units below the province in the settled week: a young week says nothing of anybody."""
    rates, blocks = _rows(tables, "rates"), _rows(tables, "blocks")
    if rates is None or blocks is None:
        return None
    province = next(row["settled_percent"] for row in rates if row["rate"] == "dn_and")

    def make(row: Row) -> Proposal | None:
        rate, due = row["settled_percent"], row["settled_denominator"]
        if not row["stands"] or rate is None or province is None or due < LEAST_RATE:
            return None
        chance = math.sqrt(province * (100 - province) / due)
        if rate > province - max(UNCHANGED_POINTS, _BEYOND_CHANCE * chance):
            return None
        left = due - row["settled_numerator"]
        what = (
            f"rà soát, số hóa bổ sung {count(left)} hồ sơ còn thiếu của tuần ổn định mới nhất: đạt {percent(rate)} "
            f"({count(row['settled_numerator'])}/{count(due)}), toàn tỉnh {percent(province)}"
        )
        return Proposal(
            "lowest_rates", row["unit"], row["unit_code"], row["valid_from"], row["level"], what, left, "hồ sơ", due
        )

    return _each(blocks, make)


def _synchronise(tables: Tables) -> list[Proposal] | None:
    rows = _rows(tables, "unsynchronised")
    if not rows:
        return None
    (row,) = rows
    missing = row["entries"]
    what = (
        f"đồng bộ lên Cổng Dịch vụ công quốc gia {count(missing)} hồ sơ tiếp nhận {span(row['first'], row['last'])} "
        "còn thiếu"
    )
    return [Proposal("synchronise", _IT, None, None, "province", what, missing, "hồ sơ", missing)]


def _large_format(tables: Tables) -> list[Proposal] | None:
    rows = _rows(tables, "all_large_format")
    if rows is None:
        return None
    documents = sum(row["documents"] for row in rows)
    sheets, pages = (sum(row[name] for row in rows) for name in ("never_scanned", "rejected"))
    what = (
        f"bố trí máy quét khổ lớn dùng chung cho {count(len(rows))} cơ quan còn {count(documents)} tài liệu khổ lớn "
        f"({count(sheets)} tờ chưa quét, {count(pages)} trang bị loại)"
    )
    return [Proposal("large_format", _OFFICE, None, None, "province", what, documents, "tài liệu", documents, _LATER)]


def _dirty_glass(tables: Tables) -> list[Proposal] | None:
    def make(row: Row) -> Proposal | None:
        what = f"lau mặt kính máy {row['device_id'] or 'không tên'}: {count(row['pages'])} trang có sọc lặp lại"
        return _agency(row, "dirty_glass", what, row["pages"], "trang", row["device_id"] or "")

    return _each(_rows(tables, "dirty_glass"), make)


def _defects(tables: Tables) -> list[Proposal] | None:
    """What each defect alone holds back; proposed where that is a share that matters."""
    verdicts = _rows(tables, "verdicts")
    if verdicts is None:
        return None
    received = next(row["received"] for row in verdicts if row["week"] == "this")
    least = math.ceil(received * least_share(tables) / 100)

    def make(row: Row) -> Proposal | None:
        defect, held = DEFECTS[row["defect"]], row["documents_held"]
        what = (
            f"hướng dẫn lại người quét của các cơ quan về lỗi “{defect.label_vi}”: {count(held)} tài liệu chỉ vướng "
            f"lỗi này, bằng {percent(rate_percent(held, received))} số tài liệu nhận trong tuần"
        )
        weight = held if held >= least else 0
        return Proposal("defects", _OFFICE, None, None, "province", what, held, "tài liệu", weight, about=row["defect"])

    return _each(_rows(tables, "defects"), make)


def least_share(tables: Tables) -> float:
    """Return the share of the week's documents that a defect must hold back, in per cent."""
    province = next((row for row in _rows(tables, "units") or () if row["level"] == "province"), None)
    if province is None or province["so_far_percent"] is None:
        return LEAST_POINTS
    gap = float(province["expected_percent"] - province["so_far_percent"])
    return max(LEAST_POINTS, LEAST_SHARE_OF_GAP * gap)


def _backlog(tables: Tables) -> list[Proposal] | None:
    rows = _rows(tables, "backlog")
    if not rows:
        return None
    (row,) = rows
    left = row["denominator"] - row["accepted"]
    what = (
        f"đôn đốc số hóa kết quả giấy còn hiệu lực: mới đạt {count(row['accepted'])}/{count(row['denominator'])} "
        f"kết quả ({share(row['rate_percent'])})"
    )
    return [Proposal("backlog", _OFFICE, None, None, "province", what, left, "kết quả", row["denominator"], _LATER)]


KINDS = (
    Kind("reviews", _reviews),
    Kind("rescans", _rescans),
    Kind("left_behind", _left_behind),
    Kind("silent", _silent),
    Kind("overdue", _overdue_above),
    Kind("overdue_communes", _overdue_communes),
    Kind("lowest_rates", _lowest_rates),
    Kind("synchronise", _synchronise),
    Kind("large_format", _large_format),
    Kind("dirty_glass", _dirty_glass),
    Kind("defects", _defects),
    Kind("backlog", _backlog),
)


def printed_before(report: dict[str, Any] | None) -> Sequence[Row] | None:
    """The proposals of a report as ``WeekReport.to_json`` wrote it; None for no report."""
    if report is None:
        return None
    tables = (table for section in report["sections"] for table in section["tables"])
    return next((table["rows"] for table in tables if table["name"] == "proposals"), ())
