"""The events: their curve, their number, their habits."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

import sohoa.simulate
from sohoa.errors import InputError
from sohoa.registry import find_agency
from sohoa.simulate.dossiers import TAIL_DAYS, target_share
from sohoa.simulate.offices import choose_offices
from sohoa.simulate.page_truth import progress_rows
from sohoa.simulate.plan_scans import LIES, PAGE_DEFECTS, RESCAN_AFTER, RESCAN_BEFORE
from sohoa.simulate.simulate_province import Plan, plan_province

DEMO = (12, date(2023, 3, 6), date(2023, 4, 30), 30)
RUNS = [(*DEMO, seed) for seed in range(4)] + [
    (5, date(2023, 3, 6), date(2023, 3, 26), 12, 4),
    (1, date(2024, 4, 1), date(2024, 4, 28), 10, 5),
    (60, date(2024, 11, 18), date(2024, 12, 15), 60, 6),  # communes merge on 2024-12-01
]
FOREIGN = ("quality", "counting", "progress", "feeds", "intake", "pages", "reconcile", "jobs", "dossier_code")


@pytest.fixture(scope="module")
def demo() -> Plan:
    return plan_province(*DEMO, seed=1)


def shares_by_fifth(plan: Plan, start: date, end: date) -> list[float]:
    length = (end - start).days + 1
    sums = [[0, 0] for _ in range(5)]
    for unit, day, definition, _, numerator, denominator in progress_rows(
        plan.dossiers, plan.documents, plan.offices, start, end
    ):
        if unit == "20" and definition == "dn_and":
            fifth = sums[(date.fromisoformat(day) - start).days * 5 // length]
            fifth[0] += numerator
            fifth[1] += denominator
    return [numerator / denominator for numerator, denominator in sums]


def test_imports_nothing_that_judges_or_counts() -> None:
    """No file of the simulator names such a module, and importing it loads none of them or of their libraries."""
    folder = Path(sohoa.simulate.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{a.name}" for a in node.names]
            for name in names:
                assert name.split(".")[0] != "expectations", path
                assert not (name.startswith("sohoa.") and name.split(".")[1] in FOREIGN), (path, name)
    code = "import sys, sohoa.simulate; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "sohoa.simulate.page_truth" in loaded
    assert not loaded & {"great_expectations", "expectations", *(f"sohoa.{name}" for name in FOREIGN)}


def test_target_climbs_from_baseline_to_target() -> None:
    """The curve starts at 5.6 %, ends at 86 %, and never falls."""
    curve = [target_share(step / 50) for step in range(51)]
    assert curve[0] == pytest.approx(0.056) and curve[-1] == pytest.approx(0.86)
    assert curve == sorted(curve)


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_share_climbs_and_pages_are_as_asked(run: tuple[int, date, date, int, int]) -> None:
    """Accepted dn_and: below 25 % in the first fifth, above 70 % in the last; pages within 20 % of those asked for."""
    _, start, end, pages_per_day, _ = run
    plan = plan_province(*run)
    shares = shares_by_fifth(plan, start, end)
    assert shares[0] < 0.25 and shares[-1] > 0.70
    assert shares[0] < shares[2] < shares[4]
    assert plan.pages / ((end - start).days + 1) == pytest.approx(pages_per_day, rel=0.2)
    assert all(start <= d.day <= end for d in plan.dossiers)
    assert all(start <= d.scan_date <= end + timedelta(TAIL_DAYS) for d in plan.documents)


def test_mix_of_agencies() -> None:
    """Of twelve: one department, two district offices, nine communes of many districts; at most all 231."""
    chosen = [office.agency for office in choose_offices(12, *DEMO[1:3], seed=1)]
    assert Counter(a.kind for a in chosen) == {"department": 1, "district": 2, "commune": 9}
    assert len({a.code[:6] for a in chosen if a.kind == "commune"}) >= 5
    everyone = choose_offices(231, date(2024, 4, 1), date(2024, 4, 2), seed=1)
    assert len({office.agency.code for office in everyone}) == 231
    assert all(find_agency(office.agency.code) for office in everyone)
    with pytest.raises(InputError, match="231"):
        choose_offices(232, date(2024, 4, 1), date(2024, 4, 2), seed=1)


def test_habits_show(demo: Plan) -> None:
    """The late office scans days after the paper, the silent one keeps its days, Saturdays are some, nobody Sundays."""
    scanned = [(d.office, d.scan_date) for d in demo.documents]
    late = next(o for o in demo.offices if o.delay_days)
    silent = next(o for o in demo.offices if o.silent_weekdays)
    saturdays = [o for o in demo.offices if o.works_saturdays]
    for document in demo.documents:
        if document.office is late and document.dossier and not document.replaces:
            assert document.scan_date >= document.dossier.day + timedelta(late.delay_days)
    assert not {day.weekday() for office, day in scanned if office is silent} & silent.silent_weekdays
    assert {office.agency.code for office, day in scanned if day.weekday() == 5} <= {o.agency.code for o in saturdays}
    assert any(day.weekday() == 5 for _, day in scanned)
    assert not any(day.weekday() == 6 for _, day in scanned)


def test_defects_and_second_scans(demo: Plan) -> None:
    """About a tenth is bad at first, every defect occurs, only the liar lies, four in five are scanned again."""
    first = [d for d in demo.documents if not d.replaces]
    bad = {d.id: d for d in first if d.defect}
    again = [d for d in demo.documents if d.replaces]
    assert 0.08 <= len(bad) / len(first) <= 0.12
    assert {d.defect for d in bad.values()} == {*PAGE_DEFECTS, *LIES}
    assert all(d.office.lies == (d.defect in LIES) for d in bad.values())
    assert 0.7 <= len(again) / len(bad) <= 0.9
    for document in again:
        old = bad[document.replaces]
        assert (document.dossier, document.kind, document.office) == (old.dossier, old.kind, old.office)
        assert RESCAN_AFTER <= (document.scan_date - old.scan_date).days <= RESCAN_BEFORE
        assert document.is_good


def test_every_kind_of_dossier_and_document_occurs(demo: Plan) -> None:
    """What the pipeline has to tell apart is there to be told apart."""
    assert {d.status for d in demo.dossiers} >= {1, 2, 3, 4, 7, 9, 10}
    assert {d.components for d in demo.dossiers} == {0, 1, 2, 3}
    assert {d.channel for d in demo.dossiers} == {1, 2, 3}
    assert any(d.exemption for d in demo.dossiers) and any(d.is_void for d in demo.dossiers)
    assert {bool(d.commune) for d in demo.dossiers} == {True, False}
    assert {d.has_paper_result for d in demo.dossiers} == {True, False}
    assert {d.kind for d in demo.documents} == {"component", "interim_result", "result", "backlog_result"}
    assert {d.format for d in demo.documents} == {"pdf", "jpeg", "tiff"}
    assert {d.paper for d in demo.documents} >= {"a4", "a3"} and {d.cover for d in demo.documents} == {
        "matte",
        "glossy",
    }
    assert {d.not_scanned for d in demo.documents} == {"", "too_large", "glossy"}
    assert any(d.note_pages for d in demo.documents)
    assert all((d.dossier is None) == (d.kind == "backlog_result") for d in demo.documents)
