"""Loose scans become documents by being moved, and nothing is ever lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sohoa.desk import sort_scans
from sohoa.desk.read_scans import read_scans
from sohoa.desk.scans import OWN_FOLDER
from sohoa.desk.sort_scans import (
    group_files,
    recover,
    remove_files,
    replace_files,
    safe_folder_name,
    ungroup_document,
    write_notes,
)
from sohoa.errors import InputError
from tests.batch_builder import DOSSIER
from tests.desk.agency_folder import DECLARED, PROCEDURE, put_scan

SAID: dict[str, Any] = {
    "dossier_code": DOSSIER,
    "procedure_code": PROCEDURE,
    "kind": "component",
    "title": "Tờ khai: A/B",
    "paper": "a3",
    "cover": "glossy",
    "content": "text",
    "physical_pages": 2,
}
PLACE = f"{DOSSIER}_{PROCEDURE}/thanh-phan/Tờ khai_ A_B"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(1, 4):
        put_scan(tmp_path, f"scan{number}.jpg", str(number).encode())
    return tmp_path


def test_a_document_has_its_pages_in_the_order_chosen(folder: Path) -> None:
    """Its title stays whole, whatever a folder may be called; what was said of it is what is sent."""
    group_files(folder, ["scan3.jpg", "scan1.jpg"], SAID)
    scans = read_scans(folder, DECLARED)
    (document,) = scans.documents
    assert [file.path.read_bytes() for file in document.files] == [b"3", b"1"]
    told = {name: document.fields[name] for name in SAID}
    assert told == SAID
    assert [file.name for file in scans.loose] == ["scan2.jpg"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": ""}, "loại"),
        ({"title": " "}, "tên tài liệu"),
        ({"dossier_code": "H37.80.01-231306-1"}, "Mã hồ sơ sai cấu trúc"),
        ({"procedure_code": "../1"}, "mã thủ tục"),
        ({"procedure_code": ""}, "mã thủ tục"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_moved(folder: Path, change: dict[str, str], words: str) -> None:
    """Before the first file has moved."""
    with pytest.raises(InputError, match=words):
        group_files(folder, ["scan1.jpg"], SAID | change)
    assert len(read_scans(folder, DECLARED).loose) == 3


@pytest.mark.parametrize("name", ["../other.jpg", "/etc/passwd", "none.jpg", f"{OWN_FOLDER}/x"])
def test_only_files_of_the_folder(folder: Path, name: str) -> None:
    """Whatever a page asks for."""
    (folder.parent / "other.jpg").write_bytes(b"x")
    for work in (lambda: remove_files(folder, [name]), lambda: group_files(folder, [name], SAID)):
        with pytest.raises(InputError):
            work()
    assert (folder.parent / "other.jpg").exists()


def test_two_of_one_name_are_refused(folder: Path) -> None:
    """The second does not mix with the first."""
    group_files(folder, ["scan1.jpg"], SAID)
    with pytest.raises(InputError, match="tên khác"):
        group_files(folder, ["scan2.jpg"], SAID)


def test_a_crash_while_sorting_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the files gathered: the next start shows all of them again."""
    rename, left = Path.rename, [2]

    def crash(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", crash)
    with pytest.raises(KeyboardInterrupt):
        group_files(folder, ["scan1.jpg", "scan2.jpg", "scan3.jpg"], SAID)
    monkeypatch.undo()
    assert len(read_scans(folder, DECLARED).loose) == 1
    recover(folder)
    loose = read_scans(folder, DECLARED).loose
    assert sorted(file.path.read_bytes() for file in loose) == [b"1", b"2", b"3"]


@pytest.mark.parametrize("is_said", [True, False])
def test_a_new_scan_is_not_sent_anyway(folder: Path, is_said: bool) -> None:
    """What was said of the scan before is not said of this one; the rest is."""
    group_files(folder, ["scan1.jpg"], {**SAID, "paper": "a3"})
    if is_said:
        write_notes(folder, PLACE, send_anyway=True)
    replace_files(folder, PLACE, ["scan2.jpg"])
    (document,) = read_scans(folder, DECLARED).documents
    assert not document.fields.get("send_anyway")
    assert document.fields["paper"] == "a3"


def test_taken_apart_replaced_and_put_away(folder: Path) -> None:
    """Everything that was there lies somewhere still."""
    group_files(folder, ["scan1.jpg"], SAID)
    replace_files(folder, PLACE, ["scan2.jpg"])
    assert [file.path.read_bytes() for file in read_scans(folder, DECLARED).documents[0].files] == [b"2"]
    ungroup_document(folder, PLACE)
    remove_files(folder, ["scan3.jpg"])
    scans = read_scans(folder, DECLARED)
    assert ([file.path.read_bytes() for file in scans.loose], scans.documents) == ([b"2"], [])
    away = folder / OWN_FOLDER / sort_scans._REMOVED
    assert sorted(path.read_bytes() for path in away.iterdir()) == [b"1", b"3"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("a/b", "a_b"),
        ("con", "_con"),
        ("COM1.jpg", "_COM1.jpg"),
        ("Tờ khai.", "Tờ khai"),
        ('<>:"|?*', "_______"),
        ("x" * 200, "x" * 80),
        ("...", "_"),
    ],
)
def test_folder_names_that_any_system_has(title: str, name: str) -> None:
    """Those of Windows: signs, devices, ends."""
    assert safe_folder_name(title) == name
