"""The report says what the tables say: every headline counted once more from the rows, another way."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pyarrow.compute as pc
import pytest

from sohoa import jobs, layout
from sohoa.days import Week
from sohoa.enums import COVERS, PAPERS
from sohoa.errors import InputError
from sohoa.known_documents import KnownDocument, save_documents
from sohoa.labels import LABELS
from sohoa.progress.revisions import keep_reported
from sohoa.report.build_report import build_report
from sohoa.report.formats import write_pdf
from sohoa.report.model import Row, Table, WeekReport
from sohoa.report.report_week import report_day
from sohoa.store import Store
from tests.report.reported_week import Reported

pytestmark = pytest.mark.timeout(600)
ROMAN = ["I", "II", "III", "IV", "V", "VI"]


def table(report: WeekReport, name: str) -> Table:
    return next(found for found in report.tables if found.name == name)


def rows(report: WeekReport, name: str) -> list[Row]:
    return [row for found in report.tables if found.name == name for row in found.rows]


def week_rows(reported: Reported, name: str) -> list[dict[str, Any]]:
    return reported.store.read_table(name, [reported.first + timedelta(n) for n in range(7)]).to_pylist()


def test_all_sections_are_there_in_order(reported: Reported):
    """I to VI with words in each, and the annex that the manager was promised."""
    report = reported.report
    assert [section.number for section in report.sections] == ROMAN
    assert all(section.paragraphs for section in report.sections)
    assert [found.name for found in report.annex] == [
        "districts", "units", "revisions", "agencies", "faulty_agencies", "faulty_files",
    ]  # fmt: skip
    assert {chart.name for section in report.sections for chart in section.charts} == {
        "trend", "ranking", "heat", "map", "pareto",
    }  # fmt: skip


def test_names_can_be_sheets_and_every_row_fits_its_columns(reported: Reported):
    """A workbook takes 31 characters and no name twice."""
    names = [found.name for found in reported.report.tables]
    assert len(set(names)) == len(names)
    for found in reported.report.tables:
        assert re.fullmatch(r"[a-z_]{1,31}", found.name)
        assert len({column.key for column in found.columns}) == len(found.columns)
        assert all(row.keys() >= {column.key for column in found.columns} for row in found.rows), found.name


def test_what_names_units_holds_names_alone(reported: Reported):
    """The page leads from a name in a sentence to its rows: what is counted is no name."""
    counted = {"hồ sơ", "tài liệu", "trang", "kết quả"}
    for found in reported.report.tables:
        for key in {"unit", "agency_name"} & {column.key for column in found.columns}:
            assert not counted & {row[key] for row in found.rows}, found.name


def test_codes_are_translated_where_they_are_printed(reported: Reported):
    """A column of labels holds codes of its table alone, so that nothing compares printed words."""
    for found in reported.report.tables:
        for column in (column for column in found.columns if column.kind in ("label", "labels")):
            values = (row[column.key] for row in found.rows)
            codes = {code for value in values for code in (value if column.kind == "labels" else (value,))}
            assert codes - {None} <= LABELS[column.labels].keys(), (found.name, column.key)


def test_the_rates_are_the_sums_of_progress_daily(reported: Reported):
    """Every unit of the annex, and the province by every definition."""
    sums: Counter[tuple[str, str, str, str]] = Counter()
    for row in week_rows(reported, "progress_daily"):
        for name in ("numerator", "denominator"):
            sums[row["unit_code"], row["definition"], row["stage"], name] += row[name]
    units = rows(reported.report, "units")
    assert len(units) == 243
    for row in units:
        for name in ("numerator", "denominator"):
            assert row[name] == sums[row["unit_code"], "dn_and", "all", name], row
    province = [(row["numerator"], row["denominator"]) for row in rows(reported.report, "rates")]
    asked = [
        ("dn_and", "all"),
        ("dn_or", "all"),
        ("dn_store", "all"),
        ("by_stage", "components"),
        ("by_stage", "result"),
    ]
    assert province == [tuple(sums["20", *rate, name] for name in ("numerator", "denominator")) for rate in asked]


def test_districts_and_departments_add_up_to_the_province(reported: Reported):
    """Nothing is counted twice and nothing is lost."""
    blocks = rows(reported.report, "blocks")
    assert len(blocks) == 12
    total = rows(reported.report, "rates")[0]
    for name in ("numerator", "denominator"):
        assert sum(row[name] for row in blocks) == total[name] > 0
    rates = [row["rate_percent"] for row in blocks]
    assert rates == sorted(rates, reverse=True)


_COUNTED = {"documents", "to_scan", "in_review", "faulty", "overdue", "so_far_percent", "settled_denominator"}


def test_the_pages_of_the_districts_add_up(reported: Reported):
    """The first row of each is the sum of its offices or communes; all have what all agencies have together, but
    for codes that nobody bears yet. Who has nothing at all has no row.
    """
    districts, units, agencies, files = (
        rows(reported.report, name) for name in ("districts", "units", "agencies", "faulty_files")
    )
    by_code = {row["unit_code"]: row for row in units}
    of_departments = [by_code[row["unit_code"]] for row in units if row["level"] == "department"]
    done, due = (sum(row[f"so_far_{name}"] or 0 for row in of_departments) for name in ("numerator", "denominator"))
    by_code[None] = {"so_far_percent": 100 * done / due}
    groups: dict[str, list[Row]] = {}
    for row in districts:
        groups.setdefault(row["district"], []).append(row)
        assert row["so_far_percent"] == by_code[row["unit_code"]]["so_far_percent"], row
    assert len(groups) == 11 + 1
    assert 11 + 1 < sum(map(len, groups.values())) <= 11 + 11 + 200 + 1 + 20
    assert all(any(value for key, value in row.items() if key in _COUNTED) for row in districts)
    for name in ("documents", "to_scan", "in_review", "faulty", "overdue"):
        for whole, *parts in groups.values():
            assert whole[name] == sum(part[name] for part in parts), (whole, name)
    for name in ("documents", "to_scan", "in_review"):
        borne = (row for row in agencies if row["valid_from"] is None or row["valid_from"] <= reported.report.last_day)
        assert sum(whole[name] for whole, *_ in groups.values()) == sum(row[name] for row in borne)
    assert sum(whole["faulty"] for whole, *_ in groups.values()) == len(files)


def test_defects_and_faulty_files_are_those_of_the_pages(reported: Reported):
    """Counted from the page rows; each page that is not accepted is in a listed file, no other file is listed."""
    pages = week_rows(reported, "pages")
    counts = Counter(name for page in pages for name in set(page["defects"]))
    found = rows(reported.report, "defects")
    assert sorted(row["pages_bad"] for row in found) == sorted(counts.values())
    assert found[-1]["cumulative_percent"] == pytest.approx(100)
    bad = {(page["batch"], page["file"]) for page in pages if page["verdict"] != "accepted"}
    listed = [(row["batch"], row["file"]) for row in rows(reported.report, "faulty_files")]
    assert bad <= set(listed)
    documents = {
        row["document_id"] for row in week_rows(reported, "documents") if row["verdict"] in ("review", "rejected")
    }
    assert all(file.removesuffix(".pdf") in documents for _, file in listed)


def test_classes_count_every_document_once_by_paper_and_once_by_cover(reported: Reported):
    """Large format and glossy covers are shown apart, and neither loses a page."""
    found = {row["class"]: row for row in rows(reported.report, "classes")}
    whole = rows(reported.report, "verdicts")[0]
    for name in ("received", "pages_found"):
        assert sum(row[name] for code, row in found.items() if code in PAPERS) == whole[name]
        assert sum(row[name] for code, row in found.items() if code in COVERS) == whole[name] > 0


def test_sheets_that_were_not_scanned_are_counted_as_declared(reported: Reported):
    """A map of two sheets that no scanner takes is two sheets: by reason, and by agency for large paper."""
    sheets: Counter[str] = Counter()
    for row in week_rows(reported, "documents"):
        if row["not_scanned"]:
            sheets[row["not_scanned"]] += row["pages_declared"] - row["note_pages"]
    assert {row["reason"]: row["sheets"] for row in rows(reported.report, "not_scanned")} == sheets
    assert sum(sheets.values()) > 0
    need = rows(reported.report, "large_format")
    assert sum(row["never_scanned"] for row in need) > 0
    assert not [row for row in need if "a4" in row["papers"]]


def test_the_same_tables_give_the_same_report_and_bytes(reported: Reported):
    """No clock and no order of arrival is in it."""
    again = build_report(reported.store, reported.week)
    assert again == reported.report
    assert again.to_json() == reported.report.to_json()
    assert write_pdf.render(again) == write_pdf.render(reported.report)


def test_what_was_printed_and_changed_since_is_told_with_its_cause(reported: Reported):
    """After a waiver the report names the review; the parts lead from the printed figure to the one now."""
    document = next(row for row in week_rows(reported, "documents") if _is_waivable(reported, row))
    keep_reported(reported.store, reported.first)
    assert table(build_report(reported.store, reported.week), "revisions").rows == ()
    then = rows(reported.report, "rates")[0]
    known = KnownDocument(document["document_id"], document["batch"], document["dossier_key"], document["kind"])
    save_documents(reported.store, document["agency"], [known])
    day = layout.batch_date(document["batch"], document["agency"])
    whole = reported.store.read_table("documents", [day])
    reported.store.write_table(
        "documents", day, document["batch"], whole.filter(pc.equal(whole["batch"], document["batch"]))
    )
    jobs.review(document["agency"], document["document_id"], "waive", "An", "mờ", datetime(2023, 5, 2, 9))  # noqa: DTZ001
    assert jobs.summarise()["problems"] == []
    now = build_report(reported.store, reported.week)
    (row,) = rows(now, "revisions")
    assert (row["week"], row["cause"]) == (reported.week, "review")
    assert (row["printed_numerator"], row["printed_denominator"]) == (then["numerator"], then["denominator"])
    assert row["printed_numerator"] + row["numerator_change"] == rows(now, "rates")[0]["numerator"]
    keep_reported(reported.store, reported.first)
    assert build_report(reported.store, reported.week) == now, "printing it again must not hide what changed"


def _is_waivable(reported: Reported, row: dict[str, Any]) -> bool:
    """The only thing that its dossier of this week lacks."""
    if row["verdict"] != "rejected" or not row["is_received"] or row["dossier_key"] is None:
        return False
    dossiers = [
        d for d in week_rows(reported, "dossiers") if d["dossier_key"] == row["dossier_key"] and d["in_register"]
    ]
    counted = [d for d in dossiers if d["exemption"] is None and not d["is_void"] and d["status"] not in (1, 3, 7)]
    done = {e["kind"] for d in counted for e in d["documents"] if e["verdict"] == "accepted" and e["is_received"]}
    kinds = {"component", "result"} - done
    return len(counted) == 1 and bool(counted[0]["components"]) and kinds == {row["kind"]} and _stands(counted[0], row)


def _stands(dossier: dict[str, Any], row: dict[str, Any]) -> bool:
    names = {e["replaces"] for e in dossier["documents"]} | {
        e["document_id"] for e in dossier["documents"] if e["replaces"]
    }
    return row["document_id"] not in names and not any(e["decision"] for e in dossier["documents"])


@pytest.mark.parametrize("week", ["2024-W15", "2025-W27", "2026-W01"])
def test_a_week_without_anything_is_still_a_report(clean_store: Store, week: str):
    """Sections with words, no table that says nothing, no rate made up; also across the reform and the new year."""
    report = build_report(clean_store, week)
    assert [section.number for section in report.sections] == ROMAN
    assert "chưa có hồ sơ" in report.sections[0].paragraphs[0]
    assert not any(section.charts for section in report.sections)
    assert all(row["rate_percent"] is None for row in rows(report, "units"))
    assert write_pdf.render(report).startswith(b"%PDF")


@pytest.mark.parametrize("text", ["2024-15", "2024-W54", "W15", "2024-W1x", ""])
def test_what_is_no_week_is_refused(text: str):
    """The message shows how a week is written."""
    with pytest.raises(InputError, match="2024-W15"):
        Week.parse(text)


def test_a_week_without_a_working_day_asks_about_its_sunday():
    """In the week of Tết offices are closed; in any other the last working day is asked about."""
    assert report_day(Week.parse("2024-W07")) == Week.parse("2024-W07").last - timedelta(2)
    tet = Week.parse("2025-W05")
    assert report_day(tet) <= tet.last
