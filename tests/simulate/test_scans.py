"""The pages: clean ones are clean, bad ones are bad far past the limit, as an independent judge sees them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import sohoa.simulate
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.measure_page import measure_bytes
from sohoa.quality.duplicate_pages import SAME_SHEET_BITS
from sohoa.quality.rules import judge_pages
from sohoa.quality.thresholds import load_thresholds
from sohoa.schema import MEASURED
from sohoa.settings import Settings
from sohoa.simulate import draw_ink
from sohoa.simulate.draw_scans import draw_scan, file_names
from sohoa.simulate.page_truth import edge_seals_table, page_rows
from sohoa.simulate.plan_scans import COVER_DEFECT, LARGE_DEFECTS, PAGE_DEFECTS, Scan, plan_scans
from sohoa.simulate.seeded_draws import generator
from sohoa.simulate.simulate_province import plan_pages

HERE = Path(sohoa.simulate.__file__).parent
LARGE = [name for names in LARGE_DEFECTS.values() for name in names]
DECLARED = ("paper", "cover", "content", "kind")
ROWS = pa.schema([*MEASURED, *((name, pa.string()) for name in (*DECLARED, "device_kind"))])

CLEAN: dict[str, Callable[[Scan], bool]] = {
    "application of three pages": lambda d: d.kind == "component" and d.pages == 3,
    "result with a seal": lambda d: d.kind == "result" and d.cover == "matte",
    "glossy cover": lambda d: d.cover == "glossy",
    "page with a note": lambda d: bool(d.note_pages),
    "photo": lambda d: d.content == "photo",
    "bare JPEG": lambda d: d.format == "jpeg" and d.pages == 2,
    "TIFF": lambda d: d.format == "tiff" and d.pages == 2,
    "TIFF of one page": lambda d: d.format == "tiff" and d.pages == 1,
    "A3 text": lambda d: d.paper == "a3" and d.content == "text",
    "A3 map": lambda d: d.content == "map",
    "backlog": lambda d: d.kind == "backlog_result",
    "seal across the edges": lambda d: d.has_edge_seal,
    "seal across the edges of a backlog result": lambda d: d.has_edge_seal and d.kind == "backlog_result",
}


@pytest.fixture(scope="module")
def documents() -> list[Scan]:
    plan = plan_pages(12, date(2023, 3, 6), date(2023, 4, 30), 30, 1)
    return plan_scans(plan.offices, plan.documents, generator(1, "scans"))


def judged(document: Scan) -> list[dict[str, Any]]:
    """Every page of a document with its verdict."""
    limits = FileBounds.of(Settings())
    rows = [
        {**row, **{name: getattr(document, name) for name in DECLARED}}
        for name, data in zip(file_names(document), draw_scan(document), strict=True)
        for row in measure_bytes(data, name, limits)
    ]
    found: list[dict[str, Any]] = judge_pages(
        pa.Table.from_pylist(rows, schema=ROWS), load_thresholds("tthc").rules
    ).to_pylist()
    return found


@pytest.mark.parametrize("kind", CLEAN)
def test_clean_scan_is_accepted(kind: str, documents: list[Scan]) -> None:
    """A page without defect passes every rule on every kind of sheet, on paper of the declared size, in colour."""
    document = next(d for d in documents if CLEAN[kind](d) and d.is_good)
    rows = judged(document)
    assert [(row["file"], row["page_no"], "") for row in rows] == page_rows(document)
    for row in rows:
        assert (row["verdict"], row["defects"]) == ("accepted", [])
        assert (row["paper_class"], row["colour_mode"]) == (document.paper, "colour")
        assert row["skew_deg"] is None or abs(row["skew_deg"]) < 0.5


@pytest.mark.parametrize("defect", PAGE_DEFECTS)
def test_seeded_defect_is_found(defect: str, documents: list[Scan]) -> None:
    """In every format that has it, the judge names exactly the seeded defect, on exactly the pages of the truth."""
    bad = [d for d in documents if d.defect == defect and d.pages > 1]
    for made in {document.format: document for document in bad}.values():
        rows = judged(made)
        assert [(row["file"], row["page_no"], "".join(row["defects"])) for row in rows] == page_rows(made)
        assert "rejected" in {row["verdict"] for row in rows}
    assert bad


@pytest.mark.parametrize("defect", [COVER_DEFECT, *LARGE])
def test_what_spoils_covers_and_large_sheets_is_found(defect: str, documents: list[Scan]) -> None:
    """Nothing else is found; light and streaks go to a person, the others are rejected."""
    bad = [d for d in documents if d.defect == defect]
    for made in bad[:4]:  # the demo holds all of them against the truth
        rows = judged(made)
        assert [(row["file"], row["page_no"], "".join(row["defects"])) for row in rows] == page_rows(made)
        assert {row["verdict"] for row in rows} - {"accepted"} == {
            "review" if defect in {"glare", "streaks"} else "rejected"
        }
    assert len(bad) >= 3
    assert all((d.cover == "glossy") if defect == COVER_DEFECT else (d.paper != "a4") for d in bad)


def test_seals_across_edges_are_truth_of_their_own(documents: list[Scan]) -> None:
    """Of sound results of several sheets alone, each page once; each sheet bears another part."""
    rows = edge_seals_table(documents).to_pylist()
    sealed = [d for d in documents if d.has_edge_seal and d.is_good]
    assert len(rows) == sum(d.images for d in sealed) > 50
    assert {d.kind for d in sealed} == {"result", "backlog_result"} and all(d.pages > 1 for d in sealed)


def test_empty_file_is_a_file_cut_short(documents: list[Scan]) -> None:
    """Some files arrive with no bytes at all."""
    cut = [draw_scan(d) for d in documents if d.defect == "truncated"]
    assert {min(map(len, files)) == 0 for files in cut} == {True, False}


def test_pages_differ_and_a_second_scan_shows_the_same(documents: list[Scan]) -> None:
    """Two documents never share bytes; the second scan of a page that was only lied about shows the same."""
    some = [data for d in documents[:12] if d.is_good for data in draw_scan(d)]
    assert len(set(some)) == len(some)
    lie = next(d for d in documents if d.defect == "missing_page")
    second = next(d for d in documents if (d.office, d.replaces) == (lie.office, lie.id))
    named = replace(second, id=lie.id, replaces="", format=lie.format)
    assert draw_scan(named) == draw_scan(lie)


def test_two_pages_with_one_picture_are_not_one_page_twice(documents: list[Scan]) -> None:
    """Else they were duplicates that the truth knows nothing of."""
    photos = [d for d in documents if d.content == "photo" and d.is_good]
    hashes = [int(judged(document)[0]["phash"], 16) for document in photos]
    nearest = min((one ^ other).bit_count() for one, other in combinations(hashes, 2))
    assert len(photos) > 6 and nearest > 2 * SAME_SHEET_BITS


def test_font_has_every_vietnamese_letter() -> None:
    """No letter of the forms falls back on the empty box."""
    box = draw_ink.text_mask("\ue000", 20, 200)
    for letter in "ươệậỷữĂÂĐÊÔƠƯấầẩẫậắằẳẵặếềểễệốồổỗộớờởỡợứừửữựỳýỷỹỵ":
        for face in ("Regular", "Bold", "Italic"):
            mask = draw_ink.text_mask(letter, 20, 200, face)
            assert mask.any() and (mask.shape != box.shape or (mask != box).any()), letter


@pytest.mark.parametrize("folder", [HERE / "pages", HERE.parent / "fonts"], ids=lambda folder: folder.name)
def test_shipped_files_are_those_of_the_readme(folder: Path) -> None:
    """Each file has its hash in the README beside it, and a licence; the pages stay under 6 MB."""
    listed = dict(re.findall(r"\| `(\S+?)` \|.*?`([0-9a-f]{64})` \|", (folder / "README.md").read_text()))
    present = {p.name: p for p in folder.iterdir() if p.name not in {"README.md", "LICENSE"}}
    assert listed == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in present.items()}
    assert (folder / "LICENSE").stat().st_size > 1000
    assert sum(path.stat().st_size for path in present.values()) < 6_000_000
