"""Where signatures show, what a file claims to be, and which limits of the archive it breaks."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from sohoa.archive.pdf_marks import read_marks
from sohoa.archive.read_marks import MarksReader
from sohoa.errors import SettingsError
from sohoa.quality.thresholds import load_thresholds, read_thresholds
from sohoa.settings import Settings
from tests.batch_builder import page_pdf
from tests.pages.test_pdf_signatures import TOP_LEFT, TOP_RIGHT, sign
from tests.quality.limit_files import HEAD

PLAIN = page_pdf(pages=2, seed=9)
FILE = """
[[file]]
profile = ["archive"]
check = "{check}"
limit = {limit}
severity = "{severity}"
reason = "Why."
source = "own rule"
"""


def turned(pdf: bytes, degrees: int) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.pages[0].rotate(degrees, relative=False)
        opened.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("boxes", "degrees", "places"),
    [
        ([], 0, []),
        ([TOP_LEFT], 0, ["top_left"]),
        ([TOP_RIGHT], 0, ["top_right"]),
        ([TOP_LEFT, TOP_RIGHT], 0, ["top_left", "top_right"]),
        ([(20, 20, 200, 60)], 0, ["page_1"]),
        ([(0, 0, 0, 0)], 0, ["hidden"]),
        ([TOP_LEFT], 90, ["top_right"]),
        ([TOP_LEFT], 180, ["page_1"]),
    ],
)
def test_where_signatures_show(boxes: list[tuple[int, int, int, int]], degrees: int, places: list[str]) -> None:
    """As the page is shown, whichever way it is turned."""
    pdf = PLAIN
    for number, box in enumerate(boxes):
        pdf = sign(pdf, f"signature {number}", box)
    assert read_marks(io.BytesIO(turned(pdf, degrees) if degrees else pdf)) == {"places": places, "pdf_a": ""}


def test_what_a_file_claims_to_be_is_read() -> None:
    """PDF/A stands in its metadata."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(PLAIN)) as pdf:
        with pdf.open_metadata() as metadata:
            metadata["pdfaid:part"], metadata["pdfaid:conformance"] = "2", "B"
        pdf.save(out)
    assert read_marks(io.BytesIO(out.getvalue()))["pdf_a"] == "2B"


def test_a_file_that_breaks_the_reader_has_unknown_marks_and_the_next_is_read(tmp_path: Path) -> None:
    """Each in a process of its own that nothing depends on."""
    for name, data in {"a.pdf": b"%PDF-1.7 broken", "b.pdf": sign(PLAIN, box=TOP_RIGHT)}.items():
        (tmp_path / name).write_bytes(data)
    with MarksReader(Settings()) as reader:
        assert reader.read(tmp_path / "a.pdf") is None
        found = reader.read(tmp_path / "b.pdf")
    assert found is not None and found["places"] == ["top_right"]


@pytest.mark.parametrize(
    ("check", "limit", "severity", "word"),
    [
        ("file_name", '"{code}("', "note", "is no pattern"),
        ("file_name", '["a"]', "note", "takes a pattern"),
        ("pdf_a", '"2B"', "note", "takes a list"),
        ("pdf_b", '["2B"]', "note", "check"),
        ("pdf_a", '["2B"]', "fatal", "severity"),
    ],
)
def test_a_limit_of_files_that_is_malformed_is_named(
    tmp_path: Path, check: str, limit: str, severity: str, word: str
) -> None:
    """As any other limit is."""
    path = tmp_path / "limits.toml"
    path.write_text(HEAD + FILE.format(check=check, limit=limit, severity=severity), encoding="utf-8")
    with pytest.raises(SettingsError, match=word):
        read_thresholds(path, "archive")


def test_dossiers_have_no_limits_of_files_and_the_archive_has_all_of_theirs() -> None:
    """What is accepted is not judged anew; what is measured for the archive is judged as for dossiers."""
    dossiers, archive = load_thresholds("tthc"), load_thresholds("archive")
    assert dossiers.files == ()
    assert {one.check for one in archive.files} == {"file_name", "signature_place", "pdf_a"}
    assert [rule.key for rule in dossiers.rules] == [rule.key for rule in archive.rules]
