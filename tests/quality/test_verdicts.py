"""Documents and batches: what their pages make of them, and the defects of their own."""

from __future__ import annotations

from typing import Any

import pytest

from sohoa.quality.rules import judge_pages
from sohoa.quality.thresholds import load_thresholds
from sohoa.quality.verdicts import judge_documents, worst
from sohoa.schema import TABLES
from tests.quality.quality_rows import page_table, table_of

LIMITS = load_thresholds("tthc")
KEY = {"agency": "H37.1", "batch": "H37.1-20240415-001"}


def document(document_id: str = "d1", pages: int = 1, **changes: Any) -> dict[str, Any]:
    return {**KEY, "document_id": document_id, "kind": "component", "pages_declared": pages, **changes}


def judge(documents: list[dict[str, Any]], pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    judged = judge_pages(page_table(pages), LIMITS.rules)
    return judge_documents(table_of("documents", documents), judged, LIMITS).to_pylist()


def test_worst() -> None:
    """The worst verdict is that of all; what was not scanned has none and says nothing."""
    assert worst(["accepted", "rejected", "review"]) == "rejected"
    assert worst(["accepted", None, "review"]) == "review"
    assert worst([None]) is worst([]) is None


def test_a_whole_document_is_received_and_accepted() -> None:
    """As many sound pages as declared: no defect and no note."""
    [row] = judge([document(pages=2)], [{"page_no": 1}, {"page_no": 2}])
    assert (row["is_received"], row["verdict"], row["defects"], row["notes"]) == (True, "accepted", [], [])
    assert (row["pages_found"], row["pages_accepted"]) == (2, 2)


def test_a_document_is_as_bad_as_its_worst_page() -> None:
    """Page defects are the pages' own: the document lists only what is its own."""
    bad, unsure = {"skew_deg": 5.0}, {"dpi_x": None}
    rows = judge(
        [document("d1", 2), document("d2", 2), document("d3", 2)],
        [
            {"document_id": d, **p}
            for d, both in (("d1", ({}, bad)), ("d2", ({}, unsure)), ("d3", ({}, {})))
            for p in both
        ],
    )
    assert [row["verdict"] for row in rows] == ["rejected", "review", "accepted"]
    assert [row["pages_accepted"] for row in rows] == [1, 1, 2]
    assert all(row["defects"] == [] and row["is_received"] for row in rows)


@pytest.mark.parametrize(("declared", "defects"), [(5, ["missing_page"]), (3, []), (2, ["extra_page"])])
def test_the_number_of_pages_is_the_number_declared(declared: int, defects: list[str]) -> None:
    """Too few or too many pages reject a document that is received."""
    [row] = judge([document(pages=declared)], [{"page_no": n} for n in (1, 2, 3)])
    assert row["defects"] == defects
    assert row["verdict"] == ("rejected" if defects else "accepted")
    assert row["is_received"]


def test_an_absent_file_is_not_a_page_and_its_document_is_not_received() -> None:
    """It counts as a missing page."""
    [row] = judge([document(pages=2)], [{"file": "a.pdf"}, {"file": "b.pdf", "error": "missing: send it again"}])
    assert (row["is_received"], row["pages_found"], row["defects"]) == (False, 1, ["missing_page"])
    assert row["verdict"] == "rejected"


def test_an_absent_file_is_a_missing_page_whatever_the_count() -> None:
    """Even where the other file has as many pages as were declared."""
    [row] = judge([document(pages=1)], [{"file": "a.pdf"}, {"file": "b.pdf", "error": "missing: send it again"}])
    assert row["defects"] == ["missing_page"]


def test_a_file_of_other_bytes_is_a_page_but_its_document_is_not_received() -> None:
    """The page is counted, the defect is the hash."""
    [row] = judge([document(pages=1)], [{"error": "hash_mismatch: send it again"}])
    assert (row["is_received"], row["pages_found"], row["defects"]) == (False, 1, ["hash_mismatch"])


def part(number: int, role: str, sheet: int | None, **changes: Any) -> dict[str, Any]:
    return {"file": f"{number}.tif", "role": role, "sheet": sheet, **changes}


@pytest.mark.parametrize(
    ("physical", "parts", "defects"),
    [
        (1, [("tile", 1)] * 4 + [("reference", 1)], []),
        (1, [("tile", None)] * 4 + [("reference", None)], []),
        (2, [("reference", 1), ("tile", 1), ("tile", 1), ("tile", 2), ("tile", 2)], []),
        (2, [("tile", 1), ("tile", 1)], ["missing_page"]),
        (2, [("tile", 1), ("reference", 2)], ["missing_page"]),
        (1, [("tile", 1), ("tile", 2)], ["extra_page"]),
        (2, [("tile", None), ("tile", None)], []),
        (3, [("page", None), ("page", None), ("tile", 3), ("tile", 3)], []),
        (2, [("page", None), ("page", None), ("tile", 3), ("tile", 3)], ["extra_page"]),
        (1, [("reference", 1)], ["missing_page"]),
    ],
)
def test_a_sheet_captured_in_tiles_is_one_page(
    physical: int, parts: list[tuple[str, int | None]], defects: list[str]
) -> None:
    """However many tiles; a reference alone is not a capture; tiles of an unnamed sheet are not counted."""
    pages = [part(number, role, sheet) for number, (role, sheet) in enumerate(parts)]
    [row] = judge([document(pages=physical, content="map")], pages)
    assert (row["pages_found"], row["defects"]) == (len(parts), defects)
    assert row["verdict"] == ("rejected" if defects else "accepted")


@pytest.mark.parametrize(("uncovered", "defects"), [(None, []), (0.0, []), (0.02, []), (0.04, ["missing_page"])])
def test_tiles_that_leave_out_a_part_of_their_sheet(uncovered: float | None, defects: list[str]) -> None:
    """More than tiles cut at random leave; where it cannot be said, nothing is."""
    reference = part(0, "reference", 1, uncovered_ratio=uncovered)
    [row] = judge([document(content="map")], [reference, part(1, "tile", 1), part(2, "tile", 1)])
    assert row["defects"] == defects


def test_a_tile_that_never_came_is_a_missing_page() -> None:
    """Also where other tiles of its sheet are there."""
    gone = part(2, "tile", 1, error="missing: send it again")
    [row] = judge([document(content="map")], [part(1, "tile", 1), gone])
    assert (row["is_received"], row["defects"]) == (False, ["missing_page"])


def twin(document_id: str = "d1", bits: int = 3, batch: str = KEY["batch"]) -> dict[str, Any]:
    """What makes a page a copy of one of that document."""
    return {"twin": {"batch": batch, "document_id": document_id, "file": "a.jpg", "page_no": 1, "bits": bits}}


def test_a_page_that_was_scanned_twice_is_a_duplicate_of_the_document_that_came_later() -> None:
    """Within one document, in another dossier, in another batch; a person decides."""
    [row] = judge([document(pages=3)], [{}, {}, twin()])
    assert (row["defects"], row["verdict"], row["pages_accepted"]) == (["duplicate_page"], "review", 3)
    copy = {"document_id": "d2"}
    rows = judge([document("d1", 2), document("d2", 1)], [{}, {}, twin() | copy])
    assert [row["defects"] for row in rows] == [[], ["duplicate_page"]]
    [row] = judge([document()], [twin(batch="H37.1-20240401-001")])
    assert row["defects"] == ["duplicate_page"], "a document of that name in another batch is another one"


@pytest.mark.parametrize(("bits", "defects"), [(0, ["duplicate_page"]), (10, ["duplicate_page"]), (11, [])])
def test_how_near_a_twin_must_be_is_a_limit(bits: int, defects: list[str]) -> None:
    """Up to 10 differing bits, as the file of limits says."""
    [row] = judge([document(pages=2)], [{}, twin(bits=bits)])
    assert row["defects"] == defects


@pytest.mark.parametrize(("notes", "defects"), [(0, ["duplicate_page"]), (1, ["duplicate_page"]), (2, []), (3, [])])
def test_pages_scanned_twice_for_a_note_are_no_duplicates(notes: int, defects: list[str]) -> None:
    """As many as the manifest names: two of these five repeat an earlier one."""
    [row] = judge([document(pages=5, note_pages=notes)], [{}, twin(), {}, twin(), {}])
    assert row["defects"] == defects


def test_a_note_allows_no_copy_in_another_document() -> None:
    """A document's note about its pages excuses no page that another document has."""
    rows = judge([document("d1"), document("d2", note_pages=5)], [{}, twin() | {"document_id": "d2"}])
    assert "duplicate_page" in rows[1]["defects"]


@pytest.mark.parametrize(
    ("kind", "chroma", "defects"),
    [
        ("result", (4.0, 55.0), []),
        ("result", (4.0, 20.0), []),
        ("result", (4.0, 12.0), ["wrong_colour"]),
        ("backlog_result", (4.0, None), ["wrong_colour"]),
        ("result", (None, None), []),
        ("component", (4.0, 4.0), []),
    ],
)
def test_a_result_shows_the_colour_of_a_seal_somewhere(
    kind: str, chroma: tuple[float | None, ...], defects: list[str]
) -> None:
    """On one page of it; what was not looked at says nothing."""
    pages = [{"page_no": n, "kind": kind, "chroma": value} for n, value in enumerate(chroma, 1)]
    [row] = judge([document(pages=2, kind=kind)], pages)
    assert row["defects"] == defects


def test_a_document_that_was_not_scanned_has_no_verdict() -> None:
    """With a reason for not scanning, its absence is no defect, and the others are judged."""
    rows = judge([document("d1"), document("d2", 3, not_scanned="too_large")], [{}])
    assert rows[1] | {"is_received": False, "pages_found": 0, "pages_accepted": 0, "verdict": None} == rows[1]
    assert rows[1]["defects"] == rows[1]["notes"] == []
    assert rows[0]["verdict"] == "accepted"


def test_a_document_without_a_page_row_is_not_received() -> None:
    """It is rejected for missing pages."""
    [row] = judge([document(pages=1)], [])
    assert (row["is_received"], row["verdict"], row["defects"]) == (False, "rejected", ["missing_page"])


def test_a_person_decides_where_the_agency_asks() -> None:
    """Of what would be rejected, whether for a page or for its own defect; what was not received stays rejected."""
    asks = {"ask_reviewer": "Bản gốc in lệch"}
    bad, altered = {"skew_deg": 5.0}, {"error": "hash_mismatch: other bytes"}
    rows = judge(
        [document("d1", **asks), document("d2", 2, **asks), document("d3", **asks), document("d4", **asks)],
        [{"document_id": "d1", **bad}, {"document_id": "d2"}, {"document_id": "d3", **altered}, {"document_id": "d4"}],
    )
    assert [row["verdict"] for row in rows] == ["review", "review", "rejected", "accepted"]
    assert rows[1]["defects"] == ["missing_page"] and rows[0]["pages_accepted"] == 0


def test_documents_of_one_name_in_other_batches_are_others() -> None:
    """The defect of one leaves the other accepted."""
    other = {"batch": "H37.1-20240416-001"}
    rows = judge([document(), document(**other)], [{}, {**other, "skew_deg": 5.0}])
    assert [row["verdict"] for row in rows] == ["accepted", "rejected"]


def test_the_answer_is_rows_of_the_table_in_the_given_order() -> None:
    """Schema and order are the table's, and what was declared is kept."""
    documents = table_of("documents", [document("d2", title="Giấy khai sinh"), document("d1")])
    judged = judge_documents(documents, judge_pages(page_table([{}]), LIMITS.rules), LIMITS)
    assert judged.schema.equals(TABLES["documents"], check_metadata=True)
    assert judged["document_id"].to_pylist() == ["d2", "d1"]
    assert judged["title"].to_pylist() == ["Giấy khai sinh", None]


def test_no_documents_give_no_rows() -> None:
    """An empty batch is no error."""
    assert judge([], []) == []
