"""What documents lie in a folder: dossier folders, lists, and what cannot be made a document."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from openpyxl import Workbook

from sohoa.desk.read_scans import read_scans
from sohoa.desk.scans import Scans, natural_key
from sohoa.errors import InputError
from tests.desk.agency_folder import DECLARED, in_dossier, put_scan


def read(folder: Path) -> Scans:
    return read_scans(folder, DECLARED)


def test_dossier_folders_are_documents(tmp_path: Path) -> None:
    """A file or a folder is a document, its pages in the order in which people count; other files are loose."""
    for name in ("10.jpg", "2.jpg", "1.jpg"):
        put_scan(tmp_path, in_dossier(f"Tờ khai/{name}"), b"x")
    put_scan(tmp_path, in_dossier("Giấy khai sinh.pdf", "ket-qua", "000.01.80.H37-230306-0001"), b"x")
    put_scan(tmp_path, "ton-dong/Sổ đỏ 12.pdf", b"x")
    for name in ("lạc.jpg", "H37.80.01-230306-0001_1.1/lạc.jpg", "không phải mã/thanh-phan/a.jpg"):
        put_scan(tmp_path, name, b"x")
    for name in (".a.jpg", "Thumbs.db", "b.pdf.part", "_sohoa/slip.html"):
        put_scan(tmp_path, name, b"x")
    scans = read(tmp_path)
    found = {
        document.title: (
            document.fields["kind"],
            document.fields["dossier_code"],
            document.fields["procedure_code"],
            [file.path.name for file in document.files],
        )
        for document in scans.documents
    }
    assert found == {
        "Tờ khai": ("component", "H37.80.01-230306-0001", "1.001193", ["1.jpg", "2.jpg", "10.jpg"]),
        "Giấy khai sinh": ("result", "000.01.80.H37-230306-0001", "1.001193", ["Giấy khai sinh.pdf"]),
        "Sổ đỏ 12": ("backlog_result", None, None, ["Sổ đỏ 12.pdf"]),
    }
    assert len(scans.loose) == 3 and not scans.problems


def test_names_in_a_batch_are_in_one_normal_form(tmp_path: Path) -> None:
    """A name that a Mac wrote is the same document as that of Windows."""
    put_scan(tmp_path, unicodedata.normalize("NFD", in_dossier("Tờ khai/1.jpg")), b"x")
    (document,) = read(tmp_path).documents
    assert document.files[0].name == unicodedata.normalize("NFC", document.files[0].name)
    assert document.title == "Tờ khai"


def test_two_of_one_name_are_a_problem(tmp_path: Path) -> None:
    """Two spellings of one dossier with a document of the same name: which one was sent before could not be told."""
    put_scan(tmp_path, in_dossier("a.jpg"), b"x")
    put_scan(tmp_path, in_dossier("a.jpg", dossier="000.01.80.H37-230306-0001"), b"x")
    scans = read(tmp_path)
    assert (len(scans.documents), len(scans.problems)) == (0, 2)


def test_names_that_no_batch_can_hold_are_problems(tmp_path: Path) -> None:
    """Control characters, a backslash, bytes that are no UTF-8."""
    for name in (b"a\x01.jpg", b"a\\b.jpg", b"a\xff.jpg"):
        Path(bytes(tmp_path).decode() + "/").joinpath(name.decode(errors="surrogateescape")).write_bytes(b"x")
    scans = read(tmp_path)
    assert (len(scans.problems), scans.loose) == (3, [])


HEADER = "dossier_code,procedure_code,kind,title,paper,physical_pages,files,role,sheet"
ROWS = [
    "H37.80.01-230306-0001,1.001193,component,Tờ khai,a4,2,a/*.jpg,,",
    "H37.80.01-230306-0002,1.001193,result,Bản đồ,a1,1,b 1.jpg; b 2.jpg,tile,1",
    "H37.80.01-230306-0002,1.001193,result,Bản đồ,a1,1,b 0.jpg,reference,1",
]


def write_list(folder: Path, name: str, header: str, rows: list[str]) -> None:
    lines = [header, *rows]
    if name.endswith(".csv"):
        text = "\r\n".join(lines).replace(",", ";") if ";" not in "".join(rows) else "\r\n".join(lines)
        (folder / name).write_text(text, encoding="utf-8-sig")
        return
    book = Workbook()
    for line in lines:
        book.active.append([int(cell) if cell.isdecimal() else cell or None for cell in line.split(",")])
    book.save(folder / name)


@pytest.mark.parametrize("name", ["danh-sach.csv", "danh-sach.xlsx"])
def test_a_list_names_documents(tmp_path: Path, name: str) -> None:
    """Patterns, several files, a sheet in tiles over two rows; what no row names is loose."""
    for file in ("a/2.jpg", "a/1.jpg", "b 0.jpg", "b 1.jpg", "b 2.jpg", "c.jpg"):
        put_scan(tmp_path, file, b"x")
    write_list(tmp_path, name, HEADER, ROWS)
    scans = read(tmp_path)
    assert not scans.problems
    first, second = scans.documents
    assert [file.name for file in first.files] == ["a/1.jpg", "a/2.jpg"]
    assert [(file.name, file.role, file.sheet) for file in second.files] == [
        ("b 1.jpg", "tile", 1),
        ("b 2.jpg", "tile", 1),
        ("b 0.jpg", "reference", 1),
    ]
    assert (first.fields["physical_pages"], second.fields["paper"], first.fields["cover"]) == (2, "a1", "matte")
    assert [file.name for file in scans.loose] == ["c.jpg"]


def test_a_line_that_is_wrong_is_a_problem(tmp_path: Path) -> None:
    """It names its line, and the others are read."""
    put_scan(tmp_path, "a.jpg", b"x")
    rows = ["H37.80.01-230306-0001,,component,A,a4,1,a.jpg,,", "X,,component,B,a4,1,b.jpg,,", "X,,,C,a4,,a.jpg,,"]
    write_list(tmp_path, "danh-sach.csv", HEADER, [*rows, "X,,component,D,a4,hai,a.jpg,,"])
    scans = read(tmp_path)
    assert [document.title for document in scans.documents] == ["A"]
    assert sorted(problem.place for problem in scans.problems) == [f"danh-sach.csv, dòng {line}" for line in (3, 4, 5)]


@pytest.mark.parametrize("header", ["title,kind,files", HEADER + ",ghi_chú", "dossier_code,kind,title,files,kind"])
def test_a_list_with_other_columns_is_refused(tmp_path: Path, header: str) -> None:
    """A column that is not known may hold what the agency meant to say."""
    write_list(tmp_path, "danh-sach.csv", header, ROWS)
    with pytest.raises(InputError, match="dòng đầu phải là tên cột"):
        read(tmp_path)


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    """And so is a folder that is not there."""
    (tmp_path / "danh-sach.xlsx").write_bytes(b"PK\x03\x04 no")
    with pytest.raises(InputError, match="không đọc được danh sách"):
        read(tmp_path)
    with pytest.raises(InputError, match="không có thư mục"):
        read(tmp_path / "none")


@pytest.mark.parametrize(("one", "other"), [("2.jpg", "10.jpg"), ("a.jpg", "b.jpg"), ("trang 9", "trang 10")])
def test_pages_are_ordered_as_people_count(one: str, other: str) -> None:
    """Page 2 before page 10."""
    assert natural_key(Path(one)) < natural_key(Path(other))
