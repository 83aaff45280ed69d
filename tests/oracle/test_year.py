"""Product, oracle and truth say the same of every unit, day, definition, stage and category."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sohoa import jobs
from sohoa.counting.count_backlog import backlog_of
from sohoa.progress.carry_forward import progress_on_map
from sohoa.progress.lateness import LATENESS, judge_lateness, read_lateness
from sohoa.simulate import Truth, simulate
from sohoa.simulate.plan_dossiers import TAIL_DAYS
from sohoa.store import Store
from tests.oracle.oracle import CELL_KEY, PROGRESS_KEY, ask_oracle, ask_oracle_lateness, ask_oracle_on_map, differences
from tests.province.upload_province import upload_province
from tests.servers import empty_buckets

pytestmark = pytest.mark.timeout(600)
MERGER, REFORM = date(2024, 12, 1), date(2025, 7, 1)
WINDOWS = {
    "around the merger": {"start": date(2024, 11, 20), "end": date(2024, 12, 10), "dossiers": 3_000, "seed": 20},
    "around the reform": {"start": date(2025, 6, 24), "end": date(2025, 7, 7), "dossiers": 2_000, "seed": 21},
}
PARTS = {"around the merger": 1, "around the reform": 3}
"""In how many runs the jobs see what arrives."""


@dataclass(frozen=True)
class Answers:
    """What the three of them say; ``progress`` with all columns of the product."""

    first: date
    end: date
    folder: Path
    truth: Truth
    oracle: dict[str, pa.Table]
    progress: pa.Table
    reconciliation: pa.Table

    @property
    def last(self) -> date:
        """The last day on which anything happens."""
        return self.end + timedelta(TAIL_DAYS)

    @property
    def halfway(self) -> date:
        """The day of ``truth.lateness_before``."""
        return self.first + (self.end - self.first + timedelta(1)) // 2


@pytest.fixture(scope="module", params=WINDOWS)
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, store: Store) -> Answers:
    """One stretch of the year through import, summaries and reconciliation."""
    empty_buckets(store)
    folder = tmp_path_factory.mktemp("oracle") / "province"
    window: dict[str, Any] = WINDOWS[request.param]
    truth = simulate(folder, **window)
    for part in _parts(folder, PARTS[request.param]):
        upload_province(part, store)
        for run in (jobs.import_all, jobs.summarise, jobs.reconcile):
            assert run()["problems"] == []
    tables = (store.read_table(name) for name in ("progress_daily", "reconciliation_daily"))
    return Answers(window["start"], window["end"], folder, truth, ask_oracle(folder), *tables)


def _parts(folder: Path, count: int) -> Iterator[Path]:
    """The folder as it is, or dealt out to several: feeds file by file, what was scanned day by day."""
    if count == 1:
        yield folder
        return
    for place in range(count):
        part = folder.with_name(f"part-{place}")
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            owner = path.parent.name if name.startswith("warehouse") else name
            if path.is_file() and (name.startswith("landing") or crc32(owner.encode()) % count == place):
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                (part / name).hardlink_to(path)
        yield part


def test_the_oracle_finds_the_truth(answers):
    """Plain SQL on the raw files counts what was decided when they were made."""
    assert differences(answers.oracle["progress"], answers.truth.progress, PROGRESS_KEY) == []
    assert differences(answers.oracle["reconciliation"], answers.truth.reconciliation, CELL_KEY) == []
    assert differences(answers.oracle["backlog"], answers.truth.backlog, ("agency",)) == []


def test_every_rate_is_the_oracle_s(answers):
    """Each unit, day, definition and stage, all seven counts."""
    assert differences(answers.progress, answers.oracle["progress"], PROGRESS_KEY) == []
    assert {"20", "H37.60"} < set(answers.progress["unit_code"].to_pylist())


def test_every_count_of_the_reconciliation_is_the_oracle_s(answers):
    """Each unit, day and category, with its ages."""
    assert differences(answers.reconciliation, answers.oracle["reconciliation"], CELL_KEY) == []


def test_the_backlog_of_every_agency_is_the_oracle_s(answers, store):
    """A stream of its own: what each agency has scanned so far, over its newest number of results to digitise."""
    found = backlog_of(store.read_table("backlog_documents"), store.read_table("backlog")).drop_columns(
        ["last_day", "valid_from"]
    )
    assert differences(found, answers.oracle["backlog"], ("agency",)) == []
    assert pc.sum(found["accepted"]).as_py() > 0


def test_every_cell_balances_with_nothing_unexplained(answers):
    """Portal − province = R1 + R2 + R3 + R5 − R4 + moves in − moves out, for each unit on each day."""
    cells: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for row in answers.reconciliation.to_pylist():
        cells[row["unit_code"], row["dossier_date"]][row["category"]] += row["entries"]
    for place, n in cells.items():
        moves = n["R7_in"] - n["R7_out"] + n["R8_in"] - n["R8_out"]
        assert n["portal"] - n["province"] == n["R1"] + n["R2"] + n["R3"] + n["R5"] - n["R4"] + moves, place


def test_the_lateness_of_every_dossier_is_the_oracle_s(answers, store):
    """At the end and halfway, each dossier; and the product's counts by level and unit are theirs."""
    for truth, as_of in ((answers.truth.lateness, answers.last), (answers.truth.lateness_before, answers.halfway)):
        oracle = ask_oracle_lateness(answers.folder, as_of)
        assert differences(oracle, truth, ("dossier_key",)) == []
        register, history = (of_days(store.read_table(name), as_of) for name in ("register", "status"))
        judged = pa.table({"dossier_key": register["dossier_key"], "state": judge_lateness(register, history, as_of)})
        judged = judged.filter(pc.is_valid(judged["state"]))
        assert differences(judged, oracle.select(judged.column_names), ("dossier_key",)) == []
        counted = Counter(tuple(row.values()) for row in oracle.drop_columns("dossier_key").to_pylist())
        for row in read_lateness(store, answers.first, as_of, as_of).to_pylist():
            for state in LATENESS:
                place = row["level"], row["unit_code"], row["valid_from"], state
                assert counted.pop(place, 0) == row[state], row
        assert not counted


def of_days(table: pa.Table, last: date) -> pa.Table:
    return table.filter(pc.less_equal(table["dossier_date"], pa.scalar(last)))


@pytest.mark.parametrize(("map_day", "before"), [(MERGER, REFORM), (REFORM, date(2026, 1, 1))])
def test_rates_on_a_later_map_are_the_oracle_s_and_leaves_make_the_province(answers, map_day, before):
    """Carried forward by the product and by SQL, wherever a denominator is not 0; all leaves are the province."""
    known = answers.progress.filter(pc.less(answers.progress["dossier_date"], pa.scalar(before)))
    tables = progress_on_map(known, map_day), ask_oracle_on_map(answers.folder, map_day, before)
    found, expected = (table.filter(pc.greater(table["denominator"], 0)) for table in tables)
    assert differences(found.drop_columns(["is_approximate", "valid_from"]), expected, PROGRESS_KEY) == []
    is_leaf = pc.greater(pc.utf8_length(found["unit_code"]), len("178"))
    sums = [
        part.group_by(PROGRESS_KEY[1:]).aggregate([("denominator", "sum"), ("numerator", "sum")])
        for part in (found.filter(is_leaf), found.filter(pc.equal(found["unit_code"], "20")))
    ]
    assert differences(*sums, PROGRESS_KEY[1:]) == []
