"""``sohoa check``: the pipeline's verdicts, offline, in the words of the slip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sohoa import jobs
from sohoa.desk.judge_scans import Checkup, MemoryRows, judge_scans
from sohoa.desk.read_scans import read_scans
from sohoa.settings import load_settings
from sohoa.store import Store
from tests.batch_builder import document, page_jpeg, page_pdf, send
from tests.command_line import app
from tests.desk.agency_folder import BAD, DECLARED, GOOD, OTHER, in_dossier, put_scan

OPTIONS = ["--paper", "a4", "--cover", "matte", "--content", "text"]


def check(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["check", str(folder), *OPTIONS, *options], env={"COLUMNS": "200"})


def judge(folder: Path, kept: MemoryRows | None = None) -> Checkup:
    scans = read_scans(folder, DECLARED)
    return judge_scans(scans, "adf", load_settings(), kept or MemoryRows(), lambda done, total: None)


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))


def test_a_good_folder(tmp_path: Path) -> None:
    """Exit 0, nothing to scan again."""
    put_scan(tmp_path / "f", in_dossier("a.jpg"), GOOD)
    done = check(tmp_path / "f")
    assert done.exit_code == 0, done.output
    assert "Phải quét lại" not in done.output and "1 tài liệu, 1 trang" in done.output


def test_a_bad_page_is_named_with_what_to_do(tmp_path: Path) -> None:
    """In the words of the slip, with what was measured; exit 1."""
    put_scan(tmp_path / "f", in_dossier("a/1.jpg"), GOOD)
    put_scan(tmp_path / "f", in_dossier("a/2.jpg"), BAD)
    done = check(tmp_path / "f")
    assert done.exit_code == 1
    for words in ("2.jpg, trang 1", "Độ phân giải thấp", "100 dpi (cần từ 200 dpi trở lên)", "rồi quét lại"):
        assert words in done.output.replace("\xa0", " "), done.output


def test_files_that_belong_nowhere_are_checked(tmp_path: Path) -> None:
    """A folder that only holds what the scanner wrote."""
    put_scan(tmp_path / "f", "1.jpg", GOOD)
    put_scan(tmp_path / "f", "2.jpg", GOOD[:5000])
    done = check(tmp_path / "f")
    assert done.exit_code == 1
    assert "2.jpg, trang 1" in done.output and "1.jpg, trang" not in done.output
    assert "2 tệp chưa thuộc tài liệu nào" in done.output


def test_what_lacks_a_field_is_a_problem(tmp_path: Path) -> None:
    """No procedure code anywhere; the pages are checked all the same."""
    put_scan(tmp_path / "f", "H37.80.01-230306-0001/thanh-phan/a.jpg", BAD)
    done = check(tmp_path / "f")
    assert done.exit_code == 1
    assert "Thiếu procedure_code" in done.output and "Độ phân giải thấp" in done.output
    assert "Thiếu" not in check(tmp_path / "f", "--procedure", "1.001193").output


def test_usage(tmp_path: Path) -> None:
    """A folder that is not there, an option that is none."""
    assert CliRunner().invoke(app, ["check", str(tmp_path / "none")]).exit_code != 0
    assert check(tmp_path, "--device", "camera2").exit_code == 2


def test_pages_are_counted_and_nothing_is_measured_twice(tmp_path: Path) -> None:
    """Counted in the files where no list says how many; a second look measures nothing."""
    put_scan(tmp_path, in_dossier("a.pdf"), page_pdf(3))
    kept = MemoryRows()
    (first,) = judge(tmp_path, kept).documents
    assert first.fields["physical_pages"] == 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sohoa.pages.guard.guard.Guard.measure_bytes", None)
        assert judge(tmp_path, kept).documents == [first]


CASES = {
    "sound": ({"1.jpg": GOOD, "2.jpg": OTHER}, {}),
    "low": ({"1.jpg": BAD}, {}),
    "cut": ({"1.jpg": GOOD[:20_000]}, {}),
    "missing": ({"1.jpg": GOOD}, {"physical_pages": 2}),
    "extra": ({"1.jpg": GOOD, "2.jpg": OTHER}, {"physical_pages": 1}),
    "twice": ({"1.jpg": GOOD, "2.jpg": page_jpeg(1, quality=70)}, {}),
    "grey result": ({"1.jpg": GOOD}, {"kind": "result"}),
}


@pytest.mark.usefixtures("judged_by_numpy")
@pytest.mark.parametrize("case", CASES)
def test_the_verdict_is_the_pipelines(clean_store: Store, tmp_path: Path, case: str) -> None:
    """Of the same files, declared alike, ``sohoa check`` says what the receipt will say, defect by defect."""
    files, changes = CASES[case]
    send(clean_store, files, **changes)
    jobs.check()
    (row,) = clean_store.read_table("documents").to_pylist()
    pages = clean_store.read_table("pages").to_pylist()
    declared = document("D1", files, **changes)
    names = ["dossier_code", "procedure_code", "kind", "title", "content", "paper", "cover", "physical_pages"]
    for name, data in files.items():
        put_scan(tmp_path, name, data)
    header = ",".join([*names, "files"])
    line = ",".join([*(str(declared[name]) for name in names), ";".join(files)])
    (tmp_path / "danh-sach.csv").write_text(f"{header}\n{line}\n", encoding="utf-8")
    (found,) = judge(tmp_path).documents
    assert found.receipt["verdict"] == row["verdict"]
    assert [one["name"] for one in found.receipt["defects"]] == row["defects"]
    told = {page["file"]: [one["name"] for one in page["defects"]] for page in found.receipt["pages"]}
    assert {name: defects for name, defects in told.items() if defects} == {
        page["file"]: page["defects"] for page in pages if page["defects"]
    }
    assert json.dumps(found.fields)


def test_watching_goes_on_past_a_list_that_is_being_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said; each state of the folder is shown once."""
    put_scan(tmp_path / "f", in_dossier("a.jpg"), GOOD)

    def looks(folder: Path, _: float) -> Iterator[bool]:
        put_scan(folder, "danh-sach.csv", b"no\n")
        yield True
        (folder / "danh-sach.csv").unlink()
        yield True
        yield False

    monkeypatch.setattr("sohoa.desk.upload.watch_folder", looks)
    done = check(tmp_path / "f", "--procedure", "1.001193", "--watch")
    assert done.exit_code == 0, done.output
    assert done.output.count("dòng đầu phải là tên cột") == 1
    assert done.output.count(check(tmp_path / "f").stdout.strip()) == 1
