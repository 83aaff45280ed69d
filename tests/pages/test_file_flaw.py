"""A file that had to be put right before it could be read says so; a sound one does not, nor does a damaged one."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sohoa.quality.rules import judge_pages
from sohoa.quality.thresholds import load_thresholds
from sohoa.schema import MEASURED, TABLES
from tests.pages.page_files import measure, pdf_file
from tests.pages.pdf_scans import scan_pdf
from tests.pages.sound_files import make_seeds
from tests.pages.test_flaws import HARMLESS, PAGE, PLAIN, PNG, after_start, segment, with_chunk
from tests.pages.test_pdf_open import FILE, with_length, with_start
from tests.pages.test_tiff_kinds import COLOUR_TAGS, COUNTS, DEFLATED, LONG, SHORT, STRIP_TAGS, write_tiff

SOUND = {name: data for name, data in make_seeds().items() if name != "jpeg cmyk"}
PIXELS = PAGE.tobytes()


def jpeg_without_height() -> bytes:
    """The height in the header is 0, and follows the scan."""
    at = PLAIN.index(b"\xff\xc0") + 5
    return PLAIN[:at] + b"\0\0" + PLAIN[at + 2 : -2] + b"\xff\xdc\0\4" + PLAIN[at : at + 2] + PLAIN[-2:]


def broken_exif() -> bytes:
    """Its resolution is said to lie far beyond its end."""
    block = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 282, 5, 1, 1_000_000) + bytes(4)
    return after_start(PLAIN, segment(0xE1, b"Exif\0\0" + block))


def narrow_map() -> bytes:
    """A palette of greys of 8 bits."""
    tags = COLOUR_TAGS | {258: (SHORT, [8]), 262: (SHORT, [3]), 277: (SHORT, [1]), 320: (SHORT, [*range(256)] * 3)}
    return write_tiff((tags, [np.ascontiguousarray(PAGE[..., 0]).tobytes()]))


REPAIRED = {
    "jpeg, zeros before the end": HARMLESS["many zeros before the end"],
    "jpeg, bytes between two segments": HARMLESS["bytes between two segments"],
    "jpeg, empty colour profile": HARMLESS["empty colour profile"],
    "jpeg, unknown transform": HARMLESS["unknown transform"],
    "jpeg, height after the scan": jpeg_without_height(),
    "jpeg, exif": broken_exif(),
    "png, checksum of a text": with_chunk(b"tEXt", b"Comment\0text"),
    "png, checksum of a colour profile": with_chunk(b"iCCP", b"profile"),
    "png, bytes after its end": PNG + bytes(512),
    "tiff, no sizes": write_tiff((COLOUR_TAGS | {COUNTS: (LONG, [])}, [PIXELS])),
    "tiff, sizes of 0": write_tiff((STRIP_TAGS | {COUNTS: (LONG, [0] * len(DEFLATED))}, DEFLATED)),
    "tiff, a strip left out": write_tiff((STRIP_TAGS, [*DEFLATED[:-1], None])),
    "tiff, palette of 8 bits": narrow_map(),
    "pdf, zeros after its end": FILE + bytes(2048),
    "pdf, bytes before its header": b"\xef\xbb\xbf" + FILE,
    "pdf, place of its table": with_start(FILE, 1),
    "pdf, length": with_length(FILE, -30),
    "pdf, deflated image without its end": scan_pdf(zlib.compress(PIXELS)[:-4], (400, 560), ("/FlateDecode",)),
    "pdf, sides of an image": scan_pdf(PLAIN, (401, 560)),
    "pdf, flaw of a jpeg": pdf_file([HARMLESS["zeros before the scan"]], (400, 560)),
    "pdf, crop box beside the page": pdf_file([PLAIN], (400, 560), keys={"/CropBox": [2000, 2000, 2595, 2842]}),
}
DAMAGED = {
    "jpeg": HARMLESS["bytes between two segments"][:2000],
    "png": with_chunk(b"tEXt", b"text")[:2000],
    "pdf": with_start(FILE, 1)[: len(FILE) // 2],
    "tiff": write_tiff((STRIP_TAGS, [*DEFLATED[:-1], None]))[:4000],
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_has_no_flaw(name: str) -> None:
    """Of every format and coding."""
    assert {(row["file_flaw"], row["error"]) for row in measure(SOUND[name])} == {(None, None)}


@pytest.mark.parametrize("name", REPAIRED)
def test_a_file_that_was_put_right_says_so(name: str) -> None:
    """Whatever was put right, and though the page is whole."""
    (row, *_) = measure(REPAIRED[name])
    assert (row["file_flaw"], row["error"]) == ("repaired", None)


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_has_its_error_alone(name: str) -> None:
    """What stopped it tells more than what was put right before."""
    rows = measure(DAMAGED[name])
    assert all(row["error"] and row["file_flaw"] is None for row in rows)


def test_a_flaw_is_of_its_page() -> None:
    """The next page, and the next file, begin anew."""
    first, second = measure(pdf_file([HARMLESS["unknown transform"], PLAIN], (400, 560)))
    assert (first["file_flaw"], second["file_flaw"], measure(PLAIN)[0]["file_flaw"]) == ("repaired", None, None)


def judged(row: dict[str, Any]) -> dict[str, Any]:
    declared = {"kind": "component", "content": "text", "paper": "a4", "cover": "matte", "device_kind": "adf"}
    schema = pa.schema([*MEASURED, *(TABLES["pages"].field(name) for name in declared)])
    (found,) = judge_pages(pa.Table.from_pylist([row | declared], schema), load_thresholds("tthc").rules).to_pylist()
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("change", "notes"),
    [
        ({"file_flaw": "repaired"}, {"flawed_file"}),
        ({"signature_state": "unchecked"}, {"unchecked_signature"}),
        ({"signature_state": "fits"}, set()),
        ({}, set()),
    ],
)
def test_a_note_is_given_and_no_verdict_changes(change: dict[str, str], notes: set[str]) -> None:
    """The same page with and without."""
    (row,) = measure(pdf_file([PLAIN], (400, 560)))
    sound, found = judged(dict(row)), judged(dict(row) | change)
    assert set(found["notes"]) - set(sound["notes"]) == notes
    assert (found["verdict"], found["defects"]) == (sound["verdict"], sound["defects"])
