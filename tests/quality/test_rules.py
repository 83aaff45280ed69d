"""The shipped limits as numpy applies them: what passes, what does not, what each page is told."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest

from sohoa.defects import DEFECTS
from sohoa.quality.rules import judge_pages
from sohoa.quality.thresholds import load_thresholds
from sohoa.schema import MEASURED, VERDICT
from tests.quality.quality_rows import PAGE_SCHEMA, page_table

RULES = load_thresholds("tthc").rules


def judge(**changes: Any) -> dict[str, Any]:
    """verdict, defects and notes of a sound page with these columns changed."""
    return judge_pages(page_table([changes]), RULES).select(VERDICT.names).to_pylist()[0]


@pytest.mark.parametrize(
    ("dpi", "content", "is_enough"),
    [(78 * 2.54, "text", True), (79 * 2.54, "text", True), (77 * 2.54, "text", False), (198.5, "text", False),
     (198.0, "text", False), (199.0, "text", False), (157 * 2.54, "map", True), (158 * 2.54, "map", True),
     (156 * 2.54, "map", False), (398.5, "map", False), (78 * 2.54, "map", False)],
)  # fmt: skip
def test_a_limit_holds_with_the_rounding_of_the_unit(dpi: float, content: str, is_enough: bool) -> None:
    """200 dpi cut to whole dots per centimetre is 78 of them, 400 dpi is 157; any other resolution below is too low."""
    page = {"dpi_x": round(dpi, 2), "dpi_y": round(dpi, 2), "content": content, "paper_class": "other"}
    assert ("low_dpi" not in judge(**page)["defects"]) == is_enough


def test_a_sound_page_is_accepted_without_a_word() -> None:
    """No defect and no note."""
    assert judge() == {"verdict": "accepted", "defects": [], "notes": []}


@pytest.mark.parametrize(
    ("column", "good", "bad", "defect"),
    [
        ("dpi_x", 200 * 1653 / 1654, 190.0, "low_dpi"),
        ("dpi_y", 200.0, 150.0, "low_dpi"),
        ("colour_mode", "colour", "grey", "wrong_colour"),
        ("pdf_version", "1.4", "1.3", "old_pdf"),
        ("pdf_version", "2.0", "1.0", "old_pdf"),
        ("jpeg_quality", 75.0, 40.0, "over_compressed"),
        ("ink_ratio", 0.003, 0.0001, "blank"),
        ("ink_ratio", 0.003, 0.001, "blank"),
        ("skew_deg", -0.5, -2.5, "skewed"),
        ("orientation_deg", 0, 180, "wrong_orientation"),
        ("blur_mm", 0.2, 0.31, "blurred"),
        ("glare_ratio", 0.0025, 0.011, "glare"),
        ("edge_cut", 3.0, 7.0, "cut_off"),
        ("border_dark", 0.3, 0.7, "dark_border"),
        ("illumination_range", 0.1, 0.3, "uneven_light"),
        ("contrast", 60.0, 30.0, "low_contrast"),
        ("noise", 2.0, 4.5, "noisy"),
        ("streak_strength", 8.0, 9.0, "streaks"),
        ("foreign_object", 0.003, 0.03, "foreign_object"),
    ],
)
def test_good_values_pass_and_bad_ones_name_their_defect(column: str, good: Any, bad: Any, defect: str) -> None:
    """The limit itself passes; what is not known passes too."""
    assert judge(**{column: good}) == judge()
    assert judge(**{column: bad})["defects"] == [defect]
    if not column.startswith("dpi"):
        assert judge(**{column: None}) == judge()


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"skew_deg": 0.8}, "skewed"),
        ({"jpeg_quality": 60.0}, "over_compressed"),
        ({"format": "jpeg", "pdf_version": None}, "wrong_format"),
        ({"has_signature": False}, "unsigned"),
        ({"bleed_through": 0.06}, "bleed_through"),
        ({"moire_strength": 31.0}, "moire"),
    ],
)
def test_a_note_leaves_a_page_accepted(changes: dict[str, Any], note: str) -> None:
    """What is worth a note alone is no reason to scan again."""
    assert judge(**changes) == {"verdict": "accepted", "defects": [], "notes": [note]}


def test_an_unknown_scale_is_for_a_person_to_decide() -> None:
    """Without a resolution, of one axis or of both, the verdict is review."""
    unknown = {"verdict": "review", "defects": ["unknown_scale"], "notes": []}
    assert judge(dpi_x=None, dpi_y=None) == judge(dpi_y=None) == unknown


@pytest.mark.parametrize(
    ("error", "defect"),
    [
        ("truncated", "truncated"),
        ("hash_mismatch", "hash_mismatch"),
        ("missing", "missing_page"),
        ("wrong_format", "wrong_format"),
        ("unreadable", "unreadable"),
        ("encrypted", "unreadable"),
        ("too_large", "unreadable"),
    ],
)
def test_with_an_error_nothing_else_is_said(error: str, defect: str) -> None:
    """Pixels that came out of a broken file prove nothing."""
    page = judge(error=f"{error}: why; what to do", dpi_x=None, skew_deg=9.0, colour_mode="grey")
    assert page == {"verdict": "rejected", "defects": [defect], "notes": []}


def test_maps_large_sheets_and_glossy_covers_are_judged_by_their_own_limits() -> None:
    """The same measure passes on one sort of page and fails on another."""
    assert judge(content="map")["defects"] == ["low_dpi"]
    assert judge(content="map", dpi_x=400.0, dpi_y=400.0, format="tiff") == judge()
    assert judge(skew_deg=1.5)["verdict"] == "accepted"
    assert judge(skew_deg=1.5, paper="a1")["defects"] == ["skewed"]
    assert judge(ink_ratio=0.002)["defects"] == ["blank"]
    assert judge(ink_ratio=0.002, paper="a1") == judge()
    objects = {cover: judge(foreign_object=0.03, cover=cover)["verdict"] for cover in ("matte", "glossy")}
    assert objects == {"matte": "rejected", "glossy": "review"}
    glare = {content: judge(glare_ratio=0.03, content=content)["defects"] for content in ("text", "photo")}
    assert glare == {"text": ["glare"], "photo": []}
    assert judge(seam_strength=2.0)["notes"] == ["bad_seam"]
    assert judge(seam_strength=2.0, paper="a1")["defects"] == ["bad_seam"]


def test_metrics_made_for_text_reject_no_photograph_and_no_map() -> None:
    """What a photograph shows may look like any defect of light and frame; a map's lines run to its frame."""
    doubtful = {"glare_ratio": 0.5, "edge_cut": 200.0}
    picture = {"skew_deg": 9.0, "illumination_range": 0.6, "blur_mm": 0.6, "border_dark": 0.9, "foreign_object": 0.2}
    assert judge(**doubtful, content="map", dpi_x=400.0, dpi_y=400.0)["verdict"] == "review"
    assert judge(**doubtful, **picture, content="photo")["verdict"] == "review"
    assert judge(**picture, content="photo")["verdict"] == "accepted"
    assert judge(**picture)["verdict"] == "rejected"


@pytest.mark.parametrize(
    ("dpi", "blur_mm", "is_blurred"),
    [(72.0, 0.5, False), (96.0, 0.34, False), (150.0, 0.41, False), (96.0, 1.1, True), (200.0, 0.34, True),
     (300.0, 0.31, True)],
)  # fmt: skip
def test_few_pixels_are_told_once_and_are_not_blur(dpi: float, blur_mm: float, is_blurred: bool) -> None:
    """Edges of one or two pixels, whatever a file that a screen has sized makes of them in millimetres."""
    assert ("blurred" in judge(dpi_x=dpi, dpi_y=dpi, blur_mm=blur_mm)["defects"]) == is_blurred


def test_defects_stand_in_one_order_once_and_notes_do_not_repeat_them() -> None:
    """A defect found by two limits or two columns is named once, at its worst."""
    page = judge(skew_deg=3.0, dpi_x=100.0, dpi_y=100.0, jpeg_quality=10.0, noise=3.0, blur_mm=0.25)
    assert page["defects"] == ["low_dpi", "skewed", "over_compressed"]
    assert page["notes"] == ["blurred", "noisy"]
    assert page["defects"] == sorted(page["defects"], key=list(DEFECTS).index)


def test_judging_again_replaces_the_older_verdict() -> None:
    """Limits are replayed over rows that were judged before."""
    once = judge_pages(page_table([{}, {"skew_deg": 5.0}]), RULES)
    assert judge_pages(once, RULES).equals(once)
    assert judge_pages(once, RULES[:0])["verdict"].to_pylist() == ["accepted", "accepted"]


def test_an_empty_table_gives_an_empty_table() -> None:
    """No rows in, no rows out, with the types of the contract."""
    judged = judge_pages(PAGE_SCHEMA.empty_table(), RULES)
    assert len(judged) == 0
    assert judged.schema.field("defects").type == VERDICT.field("defects").type


def test_columns_without_a_type_count_as_unknown() -> None:
    """A table made of rows without any value in a column has no type there."""
    rows = page_table([{}])
    names = [name for name in MEASURED.names if rows[name].null_count]
    for name in names:
        rows = rows.set_column(rows.column_names.index(name), name, pa.nulls(1))
    assert judge_pages(rows, RULES)["verdict"].to_pylist() == ["accepted"]


def test_measuring_never_pays_for_great_expectations() -> None:
    """Rules, limits and verdicts are imported without it."""
    code = (
        "import sys, sohoa.quality.rules as r, sohoa.quality.thresholds as t, sohoa.quality.verdicts\n"
        "t.load_thresholds('tthc')\n"
        "sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("kind", "chroma", "defects"),
    [
        ("result", 0.0, ["wrong_colour"]),
        ("result", 1.0, []),
        ("component", 0.0, []),
        (None, 0.0, []),
        ("result", None, []),
    ],
)
def test_a_grey_scan_stored_in_colour_is_seen_where_a_seal_is_expected(
    kind: str | None, chroma: float | None, defects: list[str]
) -> None:
    """The declared kind scopes a limit as paper, cover and content do."""
    assert judge(kind=kind, chroma=chroma)["defects"] == defects


def test_a_file_changed_after_it_was_signed_is_sent_back() -> None:
    """One defect of its own; not the note of a file that was never signed."""
    judged = judge(error="altered: sign it again", has_signature=True)
    assert (judged["verdict"], judged["defects"], judged["notes"]) == ("rejected", ["unsigned"], [])


@pytest.mark.parametrize(
    ("ink", "contrast", "blur", "defects"),
    [
        (0.0, 36.0, 0.0, ["low_contrast"]),  # ink at 15 %, sharp
        (0.0, 26.0, 0.02, ["low_contrast"]),  # at 10 %
        (0.001, 51.0, 0.1, ["low_contrast"]),  # a little of it dark enough to be ink
        (0.0, 20.0, 0.59, ["blank", "blurred", "low_contrast"]),  # the other side shows through an empty one
        (0.0, None, None, ["blank"]),
        (0.0, 200.0, 0.0, ["blank"]),  # the dark edge of a blank side
        (0.05, 50.0, 0.0, []),  # pale, still read as ink: a note, as before
    ],
)
def test_a_faded_original_is_no_blank_page(
    ink: float, contrast: float | None, blur: float | None, defects: list[str]
) -> None:
    """What is pale and sharp is writing: a person looks at it, and nobody is told to take the page out."""
    told = judge(ink_ratio=ink, contrast=contrast, blur_mm=blur, is_blank=ink < 3e-4)
    assert told["defects"] == defects
    if defects == ["low_contrast"]:
        assert told["verdict"] == "review"
