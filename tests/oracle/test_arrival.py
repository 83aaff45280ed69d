"""However the files of a feed arrive, in which order, how often and in how many pieces: the figures are the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sohoa import jobs, layout
from sohoa.counting.count_progress import progress_of_day
from sohoa.counting.join_dossiers import merge_dossiers, split_by_dossier_day
from sohoa.counting.record_review import add_decisions
from sohoa.reconcile.count_categories import count_entries
from sohoa.reconcile.match_dossiers import Sides, classify
from sohoa.reconcile.received_documents import received_scans
from sohoa.simulate import simulate
from sohoa.store import Store, with_path_key

pytestmark = pytest.mark.timeout(600)
TABLES = ("register", "portal", "ministry", "status")


@dataclass(frozen=True)
class Piece:
    """One file on its way: its key, its header, its rows."""

    key: str
    header: list[str]
    rows: list[list[str]]

    def text(self) -> bytes:
        sink = io.StringIO()
        csv.writer(sink, lineterminator="\n").writerows([self.header, *self.rows])
        return sink.getvalue().encode()


@dataclass(frozen=True)
class Arrivals:
    """The CSV files of some days of the province, and the documents of each dossier day."""

    files: list[Piece]
    scanned: dict[date, pa.Table]


@pytest.fixture(scope="module")
def arrivals(tmp_path_factory: pytest.TempPathFactory) -> Arrivals:
    """Three days around the merger."""
    folder = tmp_path_factory.mktemp("arrival") / "province"
    simulate(folder, start=date(2024, 11, 29), end=date(2024, 12, 1), dossiers=90, seed=4)
    feeds = folder / "feeds"
    files = [_read(path, feeds) for source in TABLES for path in sorted((feeds / source).rglob("*.csv"))]
    documents, reviews = (pq.read_table(folder / "warehouse" / name) for name in ("documents", "reviews"))
    return Arrivals(files, split_by_dossier_day(add_decisions(documents, reviews)))


def _read(path: Path, feeds: Path) -> Piece:
    with path.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    return Piece(path.relative_to(feeds).as_posix(), header, rows)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=False), rounds=st.integers(1, 4))
def test_order_repetition_and_splitting_of_files_change_no_figure(
    arrivals: Arrivals, store: Store, empty: Callable[[], None], random: Random, rounds: int
) -> None:
    """Files in any order over several runs, cut in pieces, with rows and whole files twice: the same rows in force.

    Rows of one code stay in one piece: between rows of one moment and one day's files the later line decides.
    """
    expected = _figures(_import(store, empty, [arrivals.files]), arrivals.scanned)
    pieces = [piece for file in arrivals.files for piece in _cut(file, random)]
    pieces += [_again(piece) for piece in pieces if random.random() < 0.2]
    random.shuffle(pieces)
    ends = sorted(random.randrange(len(pieces)) for _ in range(rounds - 1))
    parts = [pieces[start:end] for start, end in zip([0, *ends], [*ends, len(pieces)], strict=True)]
    found = _figures(_import(store, empty, parts), arrivals.scanned)
    assert [name for name in expected if found[name] != expected[name]] == []


def _import(store: Store, empty: Callable[[], None], parts: list[list[Piece]]) -> dict[str, pa.Table]:
    empty()
    for part in parts:
        for piece in part:
            store.put(layout.FEEDS, piece.key, piece.text())
        jobs.import_all()
    return {name: store.read_table(name) for name in TABLES}


def _cut(file: Piece, random: Random) -> list[Piece]:
    """One to three files of the same day, with all rows of a code in one of them; some rows stand twice there."""
    places = random.choice([1, 2, 3])
    rows: list[list[list[str]]] = [[] for _ in range(places)]
    home: dict[str, int] = {}
    for row in file.rows:
        place = home.setdefault(row[0], random.randrange(places))
        rows[place] += [row] * random.choice([1, 1, 1, 2])
    stem = file.key.removesuffix(".csv")
    return [Piece(f"{stem}-{place}.csv", file.header, part) for place, part in enumerate(rows) if part]


def _again(piece: Piece) -> Piece:
    return Piece(piece.key.replace(".csv", "-again.csv"), piece.header, piece.rows)


def _figures(tables: dict[str, pa.Table], scanned: dict[date, pa.Table]) -> dict[str, Any]:
    """What follows from the tables: all rows but for the file and line they stood on, rates, reconciliation."""
    rates, dossiers = [], []
    for day in sorted(scanned):
        of_day = tables["register"].filter(pc.equal(tables["register"]["dossier_date"], pa.scalar(day)))
        found = merge_dossiers(None, of_day.drop_columns("dossier_date"), scanned[day])
        rates += progress_of_day(day, found).to_pylist()
        dossiers.append(with_path_key("dossiers", found, day))
    sides = Sides(*(tables[name] for name in TABLES[:3]), received_scans(pa.concat_tables(dossiers)))
    rows = {
        name: sorted(map(str, table.drop_columns(["feed_file", "line"]).to_pylist())) for name, table in tables.items()
    }
    return {**rows, "rates": rates, "counts": count_entries(classify(sides)).to_pylist()}
