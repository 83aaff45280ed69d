"""Proposals from a real report: each figure counted once more another way, who is asked, and what became of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from sohoa.days import Week
from sohoa.registry import bearer_at
from sohoa.report.build_report import build_parts, build_report, tables_of
from sohoa.report.model import Row, Table
from sohoa.report.sections import proposals
from sohoa.report.sections.proposals import LEAST, LEAST_RATE, Proposal, due_day, last_proposals_table
from tests.report.reported_week import WEEK, Reported

pytestmark = pytest.mark.timeout(600)
Tables = dict[str, Table]


@pytest.fixture(scope="module")
def tables(reported: Reported) -> Tables:
    """Every table of the province's report."""
    return tables_of(build_parts(reported.store, Week.parse(reported.week)))


def propose(tables: Tables) -> list[Proposal]:
    """What is proposed in the province's week."""
    return proposals.propose(tables, Week.parse(WEEK))


def all_of(tables: Tables, key: str) -> list[Proposal]:
    """Everybody whom a kind could be proposed to."""
    return next(kind for kind in proposals.KINDS if kind.key == key).measure(tables) or []


def documents(reported: Reported) -> list[dict[str, Any]]:
    """The scans of twelve weeks, none that another one replaces, each with its newest decision."""
    last = Week.parse(reported.week).last
    days = [last - timedelta(n) for n in range(84)]
    found = reported.store.read_table("documents", days).to_pylist()
    reviews = sorted(reported.store.read_table("reviews", days).to_pylist(), key=lambda row: row["decided_at"])
    decided = {(row["agency"], row["document_id"]): row["decision"] for row in reviews}
    gone = {(row["agency"], row["replaces"]) for row in found if row["replaces"] not in {None, row["document_id"]}}
    for row in found:
        row["decision"] = decided.get((row["agency"], row["document_id"]))
    return [row for row in found if (row["agency"], row["document_id"]) not in gone]


def test_documents_waiting_for_a_person_are_the_offices_own(reported: Reported, tables: Tables):
    """Verdict review, files there, nobody has decided: counted from the documents."""
    waiting = [
        row for row in documents(reported)
        if row["is_received"] and row["verdict"] == "review" and row["decision"] is None
    ]  # fmt: skip
    (one,) = all_of(tables, "reviews")
    assert (one.who, one.figure) == ("Văn phòng UBND tỉnh", len(waiting))
    assert "12 tuần" in one.what, "older scans are not counted"


def test_scans_to_do_again_are_those_of_the_slips(reported: Reported, tables: Tables):
    """Rejected, or listed with files that are missing or altered; not what was waived or never scanned."""
    counted = Counter(
        row["agency"] for row in documents(reported)
        if row["not_scanned"] is None and row["decision"] not in {"waive", "uphold"}
        and (not row["is_received"] or row["verdict"] == "rejected" or row["decision"] == "reject")
    )  # fmt: skip
    found = {one.code: one.figure for one in all_of(tables, "rescans") if one.figure}
    assert found == dict(counted) != {}


def test_overdue_dossiers_are_asked_of_who_handles_them(tables: Tables):
    """The level is the unit's own, never the row of agencies that nobody knows."""
    found = [*all_of(tables, "overdue"), *all_of(tables, "overdue_communes")]
    assert found
    unknown = {
        "unit_code": "20",
        "level": None,
        "stands": True,
        "valid_from": None,
        "heir": None,
        "open_overdue": 10**6,
    }
    late = tables["all_late_units"]
    for one in found:
        owner = bearer_at(str(one.code), one.valid_from or date.max)
        assert owner is not None
        assert (owner.level == "commune") == (one.level == "commune")
    more = tables | {"all_late_units": replace(late, rows=(unknown, *late.rows))}
    assert {one.who for one in propose(more)} == {one.who for one in propose(tables)}


def test_a_unit_that_has_ended_is_asked_for_nothing(tables: Tables):
    """Its queue is its successor's."""
    late = tables["all_late_units"]
    ended = tuple({**row, "stands": False, "heir": None, "open_overdue": 10**6} for row in late.rows)
    kept = {one.key for one in propose(tables | {"all_late_units": replace(late, rows=ended)})}
    assert not kept & {"overdue", "overdue_communes"}


def test_one_day_of_silence_is_no_reason(tables: Tables):
    """Three working days and ten dossiers are."""
    agencies = tables["agencies"]
    quiet = next(row for row in agencies.rows if row["state"] == "silent")
    for days, dossiers, is_asked in ((1, 500, False), (2, 500, False), (3, LEAST - 1, False), (3, LEAST, True)):
        row = {**quiet, "days_without_batch": days, "dossiers": dossiers}
        found = propose({"agencies": replace(agencies, rows=(row,))})
        assert [one.who for one in found if one.key == "silent"] == [quiet["agency_name"]] * is_asked


def test_a_rate_is_named_of_the_settled_week_from_enough_dossiers(tables: Tables):
    """A unit of 1 in 1, or of a week that is too young, is never named."""
    blocks = tables["blocks"]
    asked = {one.who for one in all_of(tables, "lowest_rates")}
    province = next(row for row in tables["rates"].rows if row["rate"] == "dn_and")["settled_percent"]
    chance = {
        row["unit"]: (province * (100 - province) / max(1, row["settled_denominator"])) ** 0.5 for row in blocks.rows
    }
    expected = {
        row["unit"] for row in blocks.rows
        if row["unit_code"] and row["settled_denominator"] >= LEAST_RATE
        and row["settled_percent"] <= province - max(1, 2 * chance[row["unit"]])
    }  # fmt: skip
    assert asked == expected
    young = tuple({**row, "settled_percent": None} for row in blocks.rows)
    assert all_of(tables | {"blocks": replace(blocks, rows=young)}, "lowest_rates") == []


@pytest.mark.parametrize(
    ("done", "due", "is_asked"),
    [
        (3, 36, False),
        (14, 40, False),
        (13, 40, True),
        (480, 1_000, False),
        (460, 1_000, True),
        (49_200, 100_000, False),
    ],
)
def test_a_rate_is_named_where_it_lies_beyond_chance(tables: Tables, done: int, due: int, is_asked: bool):
    """Half of the province is done: of forty dossiers fourteen are within two deviations, thirteen are not."""
    blocks, rates = tables["blocks"], tables["rates"]
    province = 8.5 if due == 36 else 50.0
    unit = next(row for row in blocks.rows if row["unit_code"])
    counts = {"settled_denominator": due, "settled_numerator": done, "settled_percent": 100 * done / due}
    shown = {
        "blocks": replace(blocks, rows=({**unit, **counts},)),
        "rates": replace(rates, rows=tuple({**row, "settled_percent": province} for row in rates.rows)),
    }
    assert [one.least for one in propose(shown)] == [due] * is_asked


def test_what_rests_on_little_is_not_proposed(tables: Tables):
    """Each kind with the same table once just below and once at the least."""
    assert all(one.least >= LEAST for one in propose(tables))
    missing = tables["unsynchronised"]
    for entries in (LEAST - 1, LEAST):
        rows = tuple({**row, "entries": entries} for row in missing.rows)
        found = [one.key for one in propose({"unsynchronised": replace(missing, rows=rows)})]
        assert found == ["synchronise"] * (entries == LEAST)


def test_what_is_on_its_way_to_the_portal_is_not_missing(reported: Reported, tables: Tables):
    """Dossiers of four weeks up to Tuesday, three working days before the week is over; counted one by one."""
    days = [reported.first - timedelta(21) + timedelta(n) for n in range(21 + 2)]
    entries = reported.store.read_table("reconciliation", days).to_pylist()
    (row,) = tables["unsynchronised"].rows
    assert row["entries"] == sum(one["category"] == "R4" for one in entries) > 0
    assert (row["first"], row["last"]) == (days[0], days[-1])
    whole = reported.store.read_table("reconciliation", [days[-1] + timedelta(n) for n in range(1, 6)]).to_pylist()
    assert any(one["category"] == "R4" for one in whole), "later ones are not yet missing"
    (one,) = all_of(tables, "synchronise")
    assert one.figure == row["entries"]
    assert "từ ngày 27/03/2023 đến ngày 18/04/2023" in one.what


def with_defects(tables: Tables, held: int, gap: float | None, received: int = 1_000) -> Tables:
    """The tables with one defect that holds back so many of the documents received, so far behind the path."""
    defects, verdicts, units = (tables[name] for name in ("defects", "verdicts", "units"))
    so_far = {"so_far_percent": None if gap is None else 71.0 - gap, "expected_percent": 71.0}
    province = next(row for row in units.rows if row["level"] == "province")
    return {
        "defects": replace(defects, rows=({**defects.rows[0], "documents_held": held},)),
        "verdicts": replace(verdicts, rows=({**verdicts.rows[0], "received": received},)),
        "units": replace(units, rows=({**province, **so_far},)),
    }


@pytest.mark.parametrize(("gap", "least"), [(21.0, 21), (60.0, 60), (5.0, 10), (-12.0, 10), (None, 10)])
def test_a_defect_is_named_where_it_holds_back_enough_for_the_path(tables: Tables, gap: float | None, least: int):
    """A tenth of what is missing to the path, at least one document in a hundred: of 1,000 received so many."""
    for held, is_asked in ((least - 1, False), (least, True)):
        found = propose(with_defects(tables, held, gap))
        assert [(one.key, one.figure) for one in found] == [("defects", held)] * is_asked
    assert propose(with_defects(tables, 9, -12.0, received=100)) == [], "fewer than ten documents are never enough"


def test_what_a_defect_holds_back_is_counted_from_pages_and_documents(reported: Reported, tables: Tables):
    """A document that waits and has this defect alone, whether on one page or several; counted once more by hand."""
    days = [reported.first + timedelta(n) for n in range(7)]
    held = {
        (row["agency"], row["document_id"]): set(row["defects"] or ()) for row in documents(reported)
        if row["scan_date"] in days and row["is_received"] and row["not_scanned"] is None
        and (row["verdict"] == "rejected" or (row["verdict"] == "review" and row["decision"] is None))
        and row["decision"] != "waive"
    }  # fmt: skip
    for page in reported.store.read_table("pages", days).to_pylist():
        key = page["agency"], page["document_id"]
        if page["verdict"] != "accepted" and key in held:
            held[key] |= set(page["defects"])
    alone = Counter(next(iter(names)) for names in held.values() if len(names) == 1)
    shown = {row["defect"]: row["documents_held"] for row in tables["defects"].rows}
    assert shown == {defect: alone[defect] for defect in shown}
    assert sum(shown.values()) > 0


def test_a_proposal_about_one_of_several_is_looked_at_by_itself(tables: Tables):
    """The same defect a week later, not the one that is commonest then; a print that does not say which is unknown."""
    found = [one for one in all_of(tables, "defects") if one.figure]
    assert len(found) > 1
    week = Week(date(2023, 4, 17))
    for one in found:
        printed = {**vars(one), "due": date(2023, 4, 14)}
        (row,) = last_proposals_table(tables, week, [printed]).rows
        assert (row["now"], row["state"]) == (one.figure, "late")
        del printed["about"]
        (row,) = last_proposals_table(tables, week, [printed]).rows
        assert (row["now"], row["state"]) == (None, "unknown")


def test_without_a_source_nothing_is_proposed_and_nothing_is_done(tables: Tables):
    """No feed is not zero: last week's proposal is then neither done nor worse."""
    without = {name: table for name, table in tables.items() if name != "unsynchronised"}
    assert not [one for one in propose(without) if one.key == "synchronise"]
    printed = _printed(tables, "synchronise", 5)
    week = Week(date(2023, 4, 17))
    (row,) = last_proposals_table(without, week, [printed]).rows
    assert (row["now"], row["state"]) == (None, "unknown")


@pytest.mark.parametrize(
    ("change", "due", "state"),
    [
        (-1, date(2023, 4, 14), "worse"),
        (0, date(2023, 4, 14), "late"),
        (3, date(2023, 4, 21), "late"),
        (3, date(2023, 5, 5), "open"),
    ],
)
def test_last_weeks_proposals_are_looked_at_again(tables: Tables, change: int, due: date, state: str):
    """More than then is worse; as many or fewer is open, and late where it should be done by the week's end; the figure
    is that of the same unit.
    """
    (now,) = all_of(tables, "synchronise")
    printed = {**_printed(tables, "synchronise", now.figure + change), "due": due}
    (row,) = last_proposals_table(tables, Week(date(2023, 4, 17)), [printed]).rows
    assert (row["then"], row["now"], row["state"]) == (now.figure + change, now.figure, state)


def test_what_is_gone_is_done(tables: Tables):
    """An agency that has nothing left to scan again, though the table of all agencies is there."""
    someone = next(one for one in all_of(tables, "rescans") if one.figure)
    printed = {**vars(someone), "due": date(2023, 4, 14)}
    agencies = tables["agencies"]
    clean = tuple({**row, "to_scan": 0} for row in agencies.rows)
    (row,) = last_proposals_table(
        tables | {"agencies": replace(agencies, rows=clean)}, Week(date(2023, 4, 17)), [printed]
    ).rows
    assert (row["now"], row["state"]) == (0, "done")


def test_who_has_sent_since_has_answered_and_its_dossiers_may_wait(tables: Tables):
    """Silent no more: done where none waits, else what waits now is told."""
    someone = next(row for row in tables["agencies"].rows if row["state"] == "sent" and row["dossiers"])
    printed = {
        **_printed(tables, "synchronise", 40), "key": "silent", "who": someone["agency_name"],
        "code": someone["agency"], "valid_from": someone["valid_from"],
    }  # fmt: skip
    (row,) = last_proposals_table(tables, Week(date(2023, 4, 17)), [printed]).rows
    assert (row["now"], row["state"]) == (someone["dossiers"], "answered")
    gone = tuple({**row, "dossiers": 0} for row in tables["agencies"].rows)
    emptied = tables | {"agencies": replace(tables["agencies"], rows=gone)}
    (row,) = last_proposals_table(emptied, Week(date(2023, 4, 17)), [printed]).rows
    assert (row["now"], row["state"]) == (0, "done")


def test_a_proposal_to_a_unit_that_has_ended_since_has_passed_on(tables: Tables):
    """District 178 ended on 30/06/2025."""
    district = bearer_at("178", date(2025, 6, 1))
    assert district is not None
    printed = {
        **_printed(tables, "synchronise", 40), "key": "lowest_rates", "who": district.name, "code": "178",
        "valid_from": district.valid_from,
    }  # fmt: skip
    (row,) = last_proposals_table(tables, Week(date(2025, 6, 30)), [printed]).rows
    assert (row["now"], row["state"]) == (None, "moved")
    assert row["heirs"] == "UBND các xã nơi có hồ sơ"


@pytest.mark.parametrize(
    ("code", "day", "week", "heir"),
    [
        ("H37.80.01", date(2025, 6, 1), "2025-W27", "Phường Kỳ Lừa"),
        ("06007", date(2024, 11, 4), "2025-W27", "Xã Đoàn Kết"),  # by way of Khánh Long
        ("06007", date(2024, 11, 4), "2024-W49", "Xã Khánh Long, huyện Tràng Định"),
        ("H37.62", date(2025, 2, 3), "2025-W10", "Sở Tài chính"),
    ],
)
def test_it_is_told_to_whom_a_proposal_has_passed_on(tables: Tables, code: str, day: date, week: str, heir: str):
    """Who is there in the week, after two mergers too."""
    asked = bearer_at(code, day)
    assert asked is not None
    printed = {
        **_printed(tables, "synchronise", 40), "key": "silent", "who": asked.name, "code": code,
        "valid_from": asked.valid_from.isoformat(),
    }  # fmt: skip
    table = last_proposals_table(tables, Week.parse(week), [printed])
    (row,) = table.rows
    assert (row["state"], row["heirs"]) == ("moved", heir)
    assert f"({heir})" in table.texts(row)[-1]


def test_page_1_has_three_things_to_do_with_who_and_by_when(reported: Reported):
    """The first three of the table, word for word; without a print of the week before, it says so."""
    message = [line for line in reported.report.message_vi if line.startswith("Việc cần làm")]
    rows = next(table for table in reported.report.tables if table.name == "proposals").rows
    assert len(message) == min(3, len(rows)) > 0
    for line, row in zip(message, rows, strict=False):
        assert row["who"] in line
        assert row["what"] in line
        assert row["due"].strftime("%d/%m/%Y") in line
    assert "không có báo cáo đã in" in reported.report.message_vi[-1]


def test_a_deadline_is_a_working_day():
    """The Friday of the week after; in the week of Tết its last working day."""
    assert due_day(Week.parse("2023-W16"), 1) == date(2023, 4, 28)
    assert due_day(Week.parse("2024-W06"), 1) <= date(2024, 2, 18)


@pytest.mark.parametrize(
    ("code", "due"), [("H37.85", date(2025, 6, 30)), ("H37.60", date(2025, 7, 4)), (None, date(2025, 7, 4))]
)
def test_nobody_is_given_longer_than_it_stands(code: str | None, due: date):
    """The districts' offices ended on the Monday after week 26 of 2025."""
    week = Week.parse("2025-W26")
    owner = bearer_at(code, week.last) if code else None
    one = Proposal("silent", "x", code, owner and owner.valid_from, "district", "y", 20, "hồ sơ", 20)
    (row,) = proposals.proposals_table([one], week).rows
    assert row["due"] == due


@pytest.mark.parametrize(("week", "names"), [("2025-W26", {"Sở"}), ("2025-W25", {"Sở", "UBND huyện"})])
def test_nobody_is_asked_who_is_about_to_end(tables: Tables, week: str, names: set[str]):
    """On the Monday after week 26 the districts' offices have one day left, a week before six working days."""
    agencies, (some, other) = tables["agencies"], tables["agencies"].rows[:2]
    dated = {code: bearer_at(code, Week.parse(week).last) for code in ("H37.64", "H37.85")}
    found = []
    for row, (code, owner), name in zip((some, other), dated.items(), ("Sở", "UBND huyện"), strict=True):
        assert owner is not None
        asked = {
            **row,
            "agency": code,
            "valid_from": owner.valid_from,
            "agency_name": name,
            "state": "sent",
            "to_scan": 50,
        }
        found += proposals.propose({"agencies": replace(agencies, rows=(asked,))}, Week.parse(week))
    assert {one.who for one in found if one.key == "rescans"} == names


def test_the_proposals_of_the_report_before_come_from_its_own_file(reported: Reported):
    """What lies in the store of the week before is looked at again, line by line."""
    store, week = reported.store, Week.parse(reported.week)
    before = build_report(store, week.before.name)
    rows = proposals.printed_before(json.loads(before.to_json()))
    assert rows is not None
    assert [row["what"] for row in rows] == [
        row["what"] for table in before.tables if table.name == "proposals" for row in table.rows
    ]
    looked = last_proposals_table(tables_of(build_parts(store, week)), week, rows).rows
    assert [row["then"] for row in looked] == [row["figure"] for row in rows]


def _printed(tables: Tables, key: str, figure: int) -> Row:
    """A proposal of a kind as it was printed, with another figure."""
    one = all_of(tables, key)[0]
    return {**vars(one), "figure": figure, "due": "2023-04-14", "valid_from": None}
