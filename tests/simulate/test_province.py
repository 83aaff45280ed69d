"""The folder: the same bytes from the same seed, and files that agree with each other."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pytest

from sohoa import layout
from sohoa.errors import InputError
from sohoa.intake.manifest import parse_manifest
from sohoa.simulate import Truth, simulate
from sohoa.simulate.register_feed import FAULTS
from tests.oracle.oracle import CELL_KEY, PROGRESS_KEY, ask_oracle, differences
from tests.simulate.simulate_cases import SMALL, manifests, read_csv, register_rows, same_code, write_documents


def digests(folder: Path) -> dict[str, str]:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_same_seed_same_bytes(province: Path, tmp_path: Path) -> None:
    """Two processes write what one wrote; a second run into the same folder replaces the first; progress is told."""
    told: list[tuple[int, int]] = []
    again = tmp_path / "again"
    (again / "landing" / "batches").mkdir(parents=True)
    (again / "simulated.json").touch()
    (again / "landing" / "batches" / "left over").touch()
    simulate(again, **SMALL, report=lambda done, total: told.append((done, total)), workers=2)
    assert digests(again) == digests(province)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]


def test_other_folder_is_not_touched(tmp_path: Path) -> None:
    """A folder that holds something else is refused and kept, and so are impossible dates."""
    (tmp_path / "landing").mkdir()
    with pytest.raises(InputError, match="something else"):
        simulate(tmp_path, **SMALL, workers=1)
    assert (tmp_path / "landing").exists()
    with pytest.raises(InputError, match="--to"):
        simulate(tmp_path / "new", **SMALL | {"end": date(2023, 3, 5)})
    with pytest.raises(InputError, match="--dossiers"):
        simulate(tmp_path / "new", **SMALL, dossiers=5)


def test_manifests_are_admissible_and_only_lies_differ(province: Path) -> None:
    """Each manifest passes the rules; each file lies under its batch with the declared hash, except a lie."""
    truth = {row["file"]: row["defect"] for row in read_csv(province / "truth/pages.csv") if row["page"] == "1"}
    seen = []
    for path in sorted(province.glob("landing/inbox/*/*.json")):
        found = parse_manifest(path.read_bytes())
        assert path == province / "landing" / layout.inbox_key(found.agency, found.batch)
        folder = province / "landing" / layout.batch_prefix(found.agency, found.scan_date, found.batch)
        for document in found.documents:
            for file in document.files:
                data = (folder / file.path).read_bytes()
                assert len(data) == file.bytes
                honest = hashlib.sha256(data).hexdigest() == file.sha256
                assert honest == (truth[file.path] != "hash_mismatch")
                seen.append(file.path)
    assert len(seen) == len(set(seen)) and set(seen) == set(truth)
    assert {p.name for p in province.glob("landing/batches/*/*/*/*")} == set(seen)


def test_page_counts_agree_with_the_manifest(province: Path) -> None:
    """Rows of pages.csv are the declared pages, unless a file is at fault as a whole or pages are missing."""
    rows = defaultdict(list)
    for row in read_csv(province / "truth/pages.csv"):
        rows[row["file"]].append(row)
    for manifest in manifests(province):
        for document in manifest["documents"]:
            found = [row for file in document["files"] for row in rows[file["path"]]]
            defects = {row["defect"] for row in found} - {""}
            assert len(defects) <= 1
            if defects & {"truncated", "unreadable", "hash_mismatch"}:
                continue
            missing = 2 if "missing_page" in defects else 0
            declared = document["physical_pages"] + len(document["note_pages"]) if document["files"] else 0
            assert len(found) == declared - missing


def test_unreadable_rows_are_few_and_readable_ones_carry_their_dossiers(province: Path) -> None:
    """Whoever drops the unreadable rows loses no dossier; rows repeat; codes have several faces."""
    rows = list(register_rows(province))
    bad = [row for row in rows if any(row[name] == fault for name, fault in FAULTS.items())]
    proper = {same_code(row["MaHoSo"]) for row in rows if row not in bad}
    assert len(bad) < 0.02 * len(rows)
    assert {same_code(row["MaHoSo"]) for row in bad if row["MaHoSo"] != FAULTS["MaHoSo"]} <= proper
    assert len({tuple(row.values()) for row in rows}) < len(rows)
    assert {row["MaHoSo"].startswith("000.") for row in rows} == {True, False}


def test_every_truth_follows_from_the_files(province: Path, truth: Truth, tmp_path: Path) -> None:
    """Plain SQL on the feeds, and on what manifests and pages.csv say of the scans, finds each row of each table."""
    for name in ("feeds", "landing"):
        (tmp_path / name).symlink_to(province / name)
    write_documents(tmp_path / "warehouse", province)
    oracle = ask_oracle(tmp_path)
    assert differences(oracle["progress"], truth.progress, PROGRESS_KEY) == []
    assert differences(oracle["reconciliation"], truth.reconciliation, CELL_KEY) == []
    assert differences(oracle["backlog"], truth.backlog, ("agency",)) == []
    assert pc.sum(truth.progress["waived"]).as_py() == 0


def test_the_truth_is_written_as_it_is_told(province: Path, truth: Truth) -> None:
    """Each table has a CSV file with its columns and as many rows."""
    for name, table in vars(truth).items():
        rows, told = read_csv(province / "truth" / f"{name}.csv"), table.to_pylist()
        assert len(rows) == len(told), name
        assert rows[0] == {key: "" if value is None else str(value) for key, value in told[0].items()}


def test_mark_names_the_arguments(province: Path) -> None:
    """Whoever finds the folder can make it again."""
    mark = json.loads((province / "simulated.json").read_text())
    assert mark == {
        "agencies": SMALL["agencies"],
        "from": SMALL["start"].isoformat(),
        "to": SMALL["end"].isoformat(),
        "pages_per_day": SMALL["pages_per_day"],
        "seed": SMALL["seed"],
    }
