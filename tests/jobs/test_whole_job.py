"""A small simulated province through the whole pipeline: verdicts and rates equal the truth, by two other ways."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sohoa import jobs, layout
from sohoa.days import Week
from sohoa.demo.compare_report import compare_report
from sohoa.demo.compare_slips import compare_slips
from sohoa.demo.compare_truth import compare_pages, compare_progress, compare_reconciliation
from sohoa.intake import judging_groups
from sohoa.intake.manifest import Manifest
from sohoa.report.build_report import build_report
from sohoa.simulate import Truth, simulate
from sohoa.simulate.upload_folder import load_folder
from sohoa.store import Store
from tests.batch_builder import AGENCY, document, manifest, page_jpeg, put_files
from tests.batch_builder import commit as commit_batch
from tests.oracle.oracle import CELL_KEY, PROGRESS_KEY, ask_oracle, differences
from tests.servers import empty_buckets

pytestmark = pytest.mark.timeout(600)
Made = tuple[Path, Truth]


def quiet(done: int, total: int) -> None:
    """Take progress and drop it."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Six agencies over two weeks, as files, and their truth."""
    folder = tmp_path_factory.mktemp("province")
    return folder, simulate(
        folder, agencies=6, start=date(2023, 3, 6), end=date(2023, 3, 19), pages_per_day=12, seed=3, report=quiet
    )


@pytest.fixture(scope="module")
def counted(made: Made, store: Store) -> Store:
    """The province uploaded, checked, imported, summarised and reconciled; a pipe among the files is skipped."""
    empty_buckets(store)
    pipe = made[0] / "landing" / "batches" / "pipe.jpg"
    os.mkfifo(pipe)
    loaded = load_folder(made[0], store.settings, quiet)
    pipe.unlink()
    assert [line.split(":")[0] for line in loaded.skipped] == [str(pipe)]
    checked = jobs.check()
    assert (checked["refused"], checked["problems"]) == (0, [])
    assert checked["admitted"] == loaded.manifests > 20
    for job in (jobs.import_all, jobs.summarise, jobs.reconcile):
        assert job()["problems"] == []
    return store


def test_every_page_is_judged_as_it_was_made(made: Made, counted: Store) -> None:
    """Each page with the defect that was put into it, a lie in its document."""
    pages = counted.read_table("pages").to_pylist()
    found = {(page["file"].rpartition("/")[2], page["page_no"]): page for page in pages}
    truth = {(row["file"], row["page"]): row["defect"] for row in made[1].pages.to_pylist()}
    assert found.keys() == truth.keys()
    for place, defect in truth.items():
        if defect in {"", "missing_page"}:
            assert found[place]["defects"] == [], place
        else:  # what spoils a page may spoil it in more than one way
            assert defect in found[place]["defects"], place
    documents = counted.read_table("documents").to_pylist()
    short = {(row["agency"], row["document_id"]) for row in documents if "missing_page" in row["defects"]}
    lies = [found[place] for place, defect in truth.items() if defect == "missing_page"]
    assert {(page["agency"], page["document_id"]) for page in lies} == short


def test_the_demo_would_end_without_a_difference(made: Made, counted: Store) -> None:
    """What ``sohoa demo`` holds against the truth, and ends red for: every count, page and slip, and the report."""
    week, province = Week.parse("2023-W11"), made[0]
    report = build_report(counted, week.name)
    counted.put(layout.REPORTS, layout.report_key(week.name, "report.json"), report.to_json())
    tables = (compare_progress, compare_reconciliation, compare_pages, compare_slips)
    comparisons = [*(compare(counted, province) for compare in tables), compare_report(counted, province, week)]
    assert [line for comparison in comparisons for line in comparison.differences] == []
    assert all(comparison.compared > 0 for comparison in comparisons)


def test_every_figure_can_be_counted_again_in_sql(made: Made, counted: Store, tmp_path: Path) -> None:
    """Plain SQL on the feeds as they came and on `documents`: the same rates and differences, and both the truth."""
    province, truth = made
    for name in ("feeds", "landing"):
        (tmp_path / name).symlink_to(province / name)
    for name in ("documents", "reviews"):
        rows = counted.read_table(name)
        for day in {date(2023, 3, 6), *rows["scan_date"].to_pylist()}:
            path = tmp_path / "warehouse" / layout.table_key(name, day, layout.DAY)
            path.parent.mkdir(parents=True)
            of_day = rows.filter(pc.equal(rows["scan_date"], pa.scalar(day)))
            pq.write_table(of_day.drop_columns("scan_date"), path)
    oracle = ask_oracle(tmp_path)
    progress, reconciliation = counted.read_table("progress_daily"), counted.read_table("reconciliation_daily")
    assert differences(progress, oracle["progress"], PROGRESS_KEY) == []
    assert differences(progress, truth.progress, PROGRESS_KEY) == []
    assert differences(reconciliation, oracle["reconciliation"], CELL_KEY) == []
    assert differences(reconciliation, truth.reconciliation, CELL_KEY) == []


def test_a_closed_gate_stops_its_batch_alone(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that stands twice: its batch is not written and stays in the inbox, the one beside it goes through."""
    good = page_jpeg(1)
    names = []
    for number in (1, 2):
        body = manifest([document(f"D{number}", {"a.jpg": good})], number)
        put_files(clean_store, body["batch"], {"a.jpg": good})
        commit_batch(clean_store, body)
        names.append(body["batch"])
    in_order = judging_groups.in_order

    def with_a_page_twice(rows: pa.Table, manifest: Manifest) -> pa.Table | None:
        found = in_order(rows, manifest)
        return found if manifest.batch != names[0] else pa.concat_tables([found, found])

    monkeypatch.setattr(judging_groups, "in_order", with_a_page_twice)
    counts = jobs.check()
    assert [line.split(":")[0] for line in counts["problems"]] == [names[0]]
    assert "page_no" in counts["problems"][0]
    assert clean_store.read_table("batches")["batch"].to_pylist() == [names[1]]
    assert [item.key for item in clean_store.list_objects(layout.LANDING, layout.INBOX)] == [
        layout.inbox_key(AGENCY, names[0])
    ]
    monkeypatch.undo()
    assert jobs.check()["problems"] == []
    assert sorted(clean_store.read_table("batches")["batch"].to_pylist()) == names
