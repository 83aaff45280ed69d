"""The folder: the same bytes from the same seed, and files that agree with each other."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path

import pytest

from sohoa import layout
from sohoa.errors import InputError
from sohoa.intake.manifest import parse_manifest
from sohoa.registry import ancestors, leaf_unit
from sohoa.simulate import simulate
from tests.simulate.simulate_cases import END, SMALL, START, manifests, quiet, read_csv, register_rows, same_code


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
    simulate(again, *SMALL, lambda done, total: told.append((done, total)), workers=2)
    assert digests(again) == digests(province)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]


def test_other_folder_is_not_touched(tmp_path: Path) -> None:
    """A folder that holds something else is refused and kept, and so are impossible dates."""
    (tmp_path / "landing").mkdir()
    with pytest.raises(InputError, match="something else"):
        simulate(tmp_path, *SMALL, quiet, workers=1)
    assert (tmp_path / "landing").exists()
    with pytest.raises(InputError, match="--to"):
        simulate(tmp_path / "new", 1, END, START, 1, 1, quiet)


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


def test_register_carries_dirt_that_does_no_harm(province: Path) -> None:
    """Under 1 % of the rows cannot be used, and proper rows carry their dossiers; rows repeat; codes have two faces."""
    rows, bad = list(register_rows(province)), []
    proper = set()
    for row in rows:
        try:
            datetime.strptime(row["NgayTiepNhan"], "%Y%m%d%H%M%S")  # noqa: DTZ007 (local by contract)
            int(row["TrangThaiHoSo"])
            proper.add(same_code(row["MaHoSo"]))
        except ValueError:
            bad.append(row)
    assert len(bad) < 0.01 * len(rows)
    assert {same_code(row["MaHoSo"]) for row in bad} <= proper
    assert len({tuple(row.values()) for row in rows}) < len(rows)
    assert {row["MaHoSo"].startswith("000.") for row in rows} == {True, False}


def test_progress_follows_from_the_files(province: Path) -> None:
    """The truth, counted again from feeds, manifests and pages.csv alone, row by row."""
    newest: dict[str, dict[str, str]] = {}
    for row in register_rows(province):
        key = same_code(row["MaHoSo"])
        if row["TrangThaiHoSo"].isdigit() and row["NgayCapNhat"] >= newest.get(key, row)["NgayCapNhat"]:
            newest[key] = row
    bad_files = {row["file"] for row in read_csv(province / "truth/pages.csv") if row["defect"]}
    documents = [document for manifest in manifests(province) for document in manifest["documents"]]
    replaced = {document.get("replaces") for document in documents}
    accepted: Counter[tuple[str, str]] = Counter()
    for document in documents:
        good = document["files"] and not any(file["path"] in bad_files for file in document["files"])
        if good and document["document_id"] not in replaced and document["dossier_code"]:
            accepted[same_code(document["dossier_code"]), document["kind"]] += 1
    sums: Counter[tuple[str, ...]] = Counter()
    for key, row in newest.items():
        if row["TrangThaiHoSo"] in {"1", "3", "7"} or row["MienSoHoa"] or row["LoaiBo"] == "1":
            continue
        n, paper = int(row["SoThanhPhan"]), int(row["CoKetQuaGiay"])
        c, r = accepted[key, "component"], accepted[key, "result"]
        day = date.fromisoformat("20" + key.split("-")[1])
        leaf = leaf_unit(row["DonViXuLy"], row["MaDonViHanhChinh"] or None, day)
        assert leaf
        counts = {
            ("dn_and", "all"): ((c > 0 or n == 0) and (r > 0 or not paper), 1),
            ("dn_or", "all"): (c + r > 0, 1),
            ("dn_store", "all"): (min(n, c) + min(paper, r), n + paper),
            ("by_stage", "components"): (n > 0 and c > 0, n > 0),
            ("by_stage", "result"): (
                paper and row["TrangThaiHoSo"] in {"9", "10"} and r > 0,
                paper and row["TrangThaiHoSo"] in {"9", "10"},
            ),
        }
        for unit in (leaf, *ancestors(leaf, day)):
            for pair, (numerator, denominator) in counts.items():
                sums[unit, day.isoformat(), *pair, "numerator"] += int(numerator)
                sums[unit, day.isoformat(), *pair, "denominator"] += int(denominator)
    told = read_csv(province / "truth/progress.csv")
    for row in told:
        where = (row["unit_code"], row["dossier_date"], row["definition"], row["stage"])
        assert int(row["numerator"]) == sums.pop((*where, "numerator"), 0), where
        assert int(row["denominator"]) == sums.pop((*where, "denominator"), 0), where
    assert not sums
    days = (END - START).days + 1
    assert len(told) == days * 5 * len({row["unit_code"] for row in told})


def test_mark_names_the_arguments(province: Path) -> None:
    """Whoever finds the folder can make it again."""
    agencies, start, end, pages, seed = SMALL
    mark = json.loads((province / "simulated.json").read_text())
    assert mark == {
        "agencies": agencies,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "pages_per_day": pages,
        "seed": seed,
    }
