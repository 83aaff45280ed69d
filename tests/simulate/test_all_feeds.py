"""The province without images keeps its promises: reproducible, every case in it, and its truth adds up."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sohoa.errors import InputError
from sohoa.registry import agencies_at, unit_at
from sohoa.simulate import Truth, simulate

SIZE: dict[str, Any] = {"start": date(2024, 11, 24), "end": date(2024, 12, 7), "dossiers": 1_500, "seed": 8}
ADDS = ("R1", "R2", "R3", "R5", "R7_in", "R8_in")
TAKES = ("R4", "R7_out", "R8_out")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """Two weeks around the merger of communes."""
    out = tmp_path_factory.mktemp("judged") / "province"
    return out, simulate(out, **SIZE)


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def province_counts(truth: Truth) -> Counter[str]:
    rows = truth.reconciliation.filter(pc.equal(truth.reconciliation["unit_code"], "20"))
    counts: Counter[str] = Counter()
    for row in rows.to_pylist():
        counts[row["category"]] += row["entries"]
    return counts


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(judged, tmp_path):
    """Written again over what an earlier run left."""
    simulate(tmp_path, **{**SIZE, "seed": 9})
    others = hashes(tmp_path)
    simulate(tmp_path, **SIZE)
    assert hashes(tmp_path) == hashes(judged[0])
    assert hashes(tmp_path) != others


@pytest.mark.parametrize("dossiers", [1, 2, 5])
def test_a_province_of_a_few_dossiers_has_its_files(tmp_path: Path, dossiers: int) -> None:
    """Also where some kind of file has no row."""
    truth = simulate(tmp_path, **{**SIZE, "dossiers": dossiers})
    assert truth.progress.num_rows and list((tmp_path / "feeds" / "register").glob("dt=*/*"))


def test_nothing_else_is_overwritten(tmp_path):
    """A folder with files of somebody else is refused."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else"):
        simulate(tmp_path, **SIZE)


def test_every_category_occurs_and_the_province_balances(judged):
    """R0 to R12 are all there; over all days moves cancel out, and portal − province is explained."""
    counts = province_counts(judged[1])
    categories = {f"R{n}" for n in range(13)} - {"R7", "R8"} | {"R7_in", "R7_out", "R8_in", "R8_out", "R5_ministry"}
    assert {name for name in categories if counts[name] == 0} == set()
    assert (counts["R7_in"], counts["R8_in"]) == (counts["R7_out"], counts["R8_out"])
    difference = counts["portal"] - counts["province"]
    assert difference == sum(counts[name] for name in ADDS) - sum(counts[name] for name in TAKES)


def test_the_feeds_carry_the_dirt_of_feeds(judged):
    """Repeated rows, late rows, rows of one moment and two contents, several spellings, unreadable rows, Parquet."""
    feeds = judged[0] / "feeds"
    rows = f"""(SELECT * FROM read_csv('{feeds}/register/*/*.csv', all_varchar = true, filename = true)
        UNION ALL BY NAME SELECT * FROM read_parquet('{feeds}/register/*/*.parquet', filename = true))"""
    made = "strptime(NgayCapNhat, '%Y%m%d%H%M%S')::DATE"
    sent = "regexp_extract(filename, 'dt=([0-9-]+)', 1)::DATE"
    questions = {
        "repeated": f"""SELECT count(*) - count(DISTINCT (MaHoSo, NgayCapNhat, TrangThaiHoSo, LoaiBo, SoThanhPhan))
            FROM {rows}""",
        "late": f"SELECT count(*) FROM {rows} WHERE NgayCapNhat <> '20240230083000' AND {sent} > {made} + 2",
        "tied": f"""SELECT count(*) FROM (SELECT 1 FROM {rows} GROUP BY MaHoSo, NgayCapNhat
            HAVING count(DISTINCT SoThanhPhan) > 1)""",
        "old": f"SELECT count(*) FROM {rows} WHERE MaHoSo LIKE '000.%'",
        "new": f"SELECT count(*) FROM {rows} WHERE MaHoSo NOT LIKE '000.%'",
        "unreadable": f"SELECT count(*) FROM {rows} WHERE TrangThaiHoSo = '11' OR SoThanhPhan = 'hai' OR LoaiBo = '2'",
    }
    with duckdb.connect() as connection:
        found = {name: connection.execute(question).fetchall()[0][0] for name, question in questions.items()}
    assert {name for name, count in found.items() if not count} == set()


def test_units_and_agencies_are_those_of_each_day(judged):
    """All agencies of the day receive dossiers; no unit has a figure on a day on which it does not stand."""
    leaves = {(row["unit_code"], row["dossier_date"]) for row in judged[1].progress.to_pylist()}
    offices = {(agency.code, day) for _, day in leaves for agency in agencies_at(day) if agency.kind != "commune"}
    assert not [(code, day) for code, day in leaves if unit_at(code, day) is None and (code, day) not in offices]
    assert [day for code, day in leaves if code == "05995"]
    assert not [code for code, day in leaves if code in {"05995", "06007"} and day >= date(2024, 12, 1)]


def test_levels_never_rise(judged):
    """Denominator >= declared >= received >= accepted >= waived in every row of the truth."""
    levels: pa.Table = judged[1].progress.select(["denominator", "declared", "received", "accepted", "waived"])
    for row in zip(*(column.to_pylist() for column in levels.columns), strict=True):
        assert list(row) == sorted(row, reverse=True)
    assert pc.sum(levels["waived"]).as_py() > 0
