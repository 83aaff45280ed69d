"""What is planned: its curve, its number, its habits."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sohoa.enums import DOCUMENT_KINDS, NOT_SCANNED_REASONS
from sohoa.errors import InputError
from sohoa.registry import find_agency
from sohoa.simulate.offices import choose_offices, weekdays
from sohoa.simulate.plan_documents import NONE, RESCANNED_AFTER
from sohoa.simulate.plan_dossiers import TAIL_DAYS
from sohoa.simulate.plan_levels import ACCEPTED, target_share
from sohoa.simulate.plan_scans import COVER_DEFECT, LARGE_DEFECTS, LIES, PAGE_DEFECTS, Scan, plan_scans
from sohoa.simulate.portal_feed import write_portal
from sohoa.simulate.seeded_draws import generator
from sohoa.simulate.simulate_province import Plan, plan_pages, plan_province

DEMO = (12, date(2023, 3, 6), date(2023, 4, 30), 30)
RUNS = [(*DEMO, seed) for seed in range(4)] + [
    (5, date(2023, 3, 6), date(2023, 3, 26), 12, 4),
    (1, date(2024, 4, 1), date(2024, 4, 28), 10, 5),
    (60, date(2024, 11, 18), date(2024, 12, 15), 60, 6),  # communes merge on 2024-12-01
]
LARGE = [name for names in LARGE_DEFECTS.values() for name in names]
FOREIGN = ("quality", "counting", "progress", "feeds", "intake", "pages.metrics", "reconcile", "jobs", "dossier_code")


@pytest.fixture(scope="module")
def demo() -> Plan:
    return plan_pages(*DEMO, seed=1)


@pytest.fixture(scope="module")
def scans(demo: Plan) -> list[Scan]:
    return plan_scans(demo.offices, demo.documents, generator(1, "scans"))


def shares_by_fifth(plan: Plan, start: date, end: date) -> list[float]:
    """Share of the dossiers that count with all that is wanted accepted, in each fifth of the days."""
    dossiers, length = plan.dossiers, (end - start).days + 1
    got = {kind: plan.documents.counts(kind, len(dossiers))[:, ACCEPTED] > 0 for kind in ("component", "result")}
    done = (got["component"] | (dossiers.components == 0)) & (got["result"] | ~dossiers.has_paper)
    fifth = (dossiers.codes.day - np.datetime64(start)).astype(np.int64) * 5 // length
    return [float(done[dossiers.counts & (fifth == number)].mean()) for number in range(5)]


def test_importing_it_loads_nothing_that_judges_or_counts() -> None:
    """Neither such modules nor their libraries."""
    code = "import sys, sohoa.simulate; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "sohoa.simulate.province_truth" in loaded
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
    plan = plan_pages(*run)
    shares = shares_by_fifth(plan, start, end)
    assert shares[0] < 0.25 and shares[-1] > 0.70
    assert shares[0] < shares[2] < shares[4]
    assert plan.pages / ((end - start).days + 1) == pytest.approx(pages_per_day, rel=0.2)
    first, last = np.datetime64(start), np.datetime64(end)
    assert ((plan.dossiers.codes.day >= first) & (plan.dossiers.codes.day <= last)).all()
    assert ((plan.documents.scan >= first) & (plan.documents.scan <= last + TAIL_DAYS)).all()


def test_both_sizes_are_of_one_plan() -> None:
    """Without images, at full size: the same curve, and decisions of people besides."""
    start, end = date(2024, 8, 1), date(2024, 11, 30)
    plan = plan_province(None, start, end, 20_000, seed=3)
    shares = shares_by_fifth(plan, start, end)
    assert shares == sorted(shares) and shares[0] < 0.12 and shares[-1] > 0.75
    assert (plan.documents.level == ACCEPTED).any()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_hardly_any_dossiers_are_planned_too(count: int) -> None:
    """One department without communes, one day."""
    plan = plan_province(1, date(2023, 3, 6), date(2023, 3, 6), count, seed=1)
    assert len(plan.dossiers) == count


def test_mix_of_agencies() -> None:
    """Of twelve: one department, two district offices, nine communes of many districts; at most all 231."""
    chosen = [office.agency for office in choose_offices(12, *DEMO[1:3], seed=1).all[:-1]]
    assert Counter(a.kind for a in chosen) == {"department": 1, "district": 2, "commune": 9}
    assert len({a.code[:6] for a in chosen if a.kind == "commune"}) >= 5
    everyone = choose_offices(231, date(2024, 4, 1), date(2024, 4, 2), seed=1).all[:-1]
    assert len({office.agency.code for office in everyone}) == 231
    assert all(find_agency(office.agency.code) for office in everyone)
    with pytest.raises(InputError, match="231"):
        choose_offices(232, date(2024, 4, 1), date(2024, 4, 2), seed=1)


def test_habits_show(demo: Plan) -> None:
    """The late office scans days after the paper, the silent one keeps its days, Saturdays are some, nobody Sundays."""
    documents, offices = demo.documents, demo.offices.all
    late, silent = (
        np.array([bool(getattr(o, name)) for o in offices])[documents.agency]
        for name in ("delay_days", "silent_weekdays")
    )
    saturdays = np.array([o.works_saturdays for o in offices])[documents.agency]
    has_dossier = documents.owner != NONE
    assert ((documents.scan - documents.codes.day)[late & has_dossier] >= np.timedelta64(3, "D")).all()
    assert not np.isin(weekdays(documents.scan)[silent], [1, 3]).any()
    days = weekdays(documents.scan)
    assert saturdays[days == 5].all() and (days == 5).any()
    assert not (days == 6).any()


def test_defects_and_second_scans(demo: Plan, scans: list[Scan]) -> None:
    """About a tenth is bad at first, every defect occurs, only the liar lies, most are scanned again."""
    first = [d for d in scans if not d.replaces]
    by_id = {d.full_id: d for d in scans}
    again = {d.full_id: by_id[f"{d.office.agency.code}.{d.replaces}"] for d in scans if d.replaces}
    bad = [d for d in first if d.defect]
    redone = {old.full_id for old in again.values()}
    assert 0.07 <= len(bad) / len(first) <= 0.13
    assert {d.defect for d in scans} == {"", *PAGE_DEFECTS, COVER_DEFECT, *LARGE, *LIES}
    assert all(d.office.lies == (d.defect in LIES) for d in scans if d.defect)
    assert 0.6 <= len([d for d in bad if d.full_id in redone]) / len(bad) <= 0.9
    for name, old in again.items():
        new = by_id[name]
        same = ("dossier_code", "kind", "office", "paper_id", "pages", "content")
        assert [getattr(new, field) for field in same] == [getattr(old, field) for field in same]
        assert RESCANNED_AFTER[0] <= (new.scan_date - old.scan_date).days <= 10


def test_every_kind_of_dossier_and_document_occurs(demo: Plan, scans: list[Scan]) -> None:
    """What the pipeline has to tell apart is there to be told apart."""
    dossiers = demo.dossiers
    assert set(dossiers.status.tolist()) >= {1, 2, 3, 4, 7, 9, 10}
    assert set(dossiers.components.tolist()) >= {0, 1, 2, 3}
    assert set(dossiers.channel.tolist()) == {1, 2, 3}
    assert (dossiers.exemption != "").any() and dossiers.is_void.any()
    assert set((dossiers.commune != "").tolist()) == {True, False}
    wanted: dict[str, Any] = {
        "kind": set(DOCUMENT_KINDS),
        "format": {"pdf", "jpeg", "tiff"},
        "cover": {"matte", "glossy"},
        "not_scanned": {"", *NOT_SCANNED_REASONS},
        "by_post": {True, False},
    }
    assert {name: {getattr(scan, name) for scan in scans} for name in wanted} == wanted
    assert {scan.paper for scan in scans} >= {"a4", "a3"}
    assert any(scan.note_pages for scan in scans)
    assert all(scan.kind == "backlog_result" for scan in scans if scan.dossier_code is None)


def test_no_two_spellings_of_a_code_on_the_portal_are_of_one_moment(tmp_path: Path) -> None:
    """Which of them holds would be a matter of the order of its files, which nothing here knows."""
    plan = plan_province(None, date(2024, 11, 24), date(2024, 12, 7), 30_000, seed=8)
    offices, dossiers = plan.offices, plan.dossiers
    nothing = np.zeros(len(dossiers), np.int64)
    rows = write_portal(tmp_path, offices, dossiers, nothing, nothing > 0, generator(8, "portal")).messages
    moments = Counter(zip(offices.keys(rows.codes).to_pylist(), rows.synced.tolist(), strict=True))
    assert len(rows) > len(set(offices.keys(rows.codes).to_pylist())) + 100
    assert [moment for moment, count in moments.items() if count > 1] == []
