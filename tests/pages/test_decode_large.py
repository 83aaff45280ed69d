"""Large sheets: decoded to half their sides, mapped instead of read, and within a bound on memory."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from sohoa.pages.decode import file_data, pillow, read_pages
from sohoa.pages.decode import page as page_module
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.measure_page import measure_bytes, measure_file
from sohoa.settings import Settings
from tests.pages.large_sheets import A0_300, A0_600, large_jpeg
from tests.pages.page_files import LIMITS, code, jpeg, measure, pdf_file, pillow_file, text_page

PAGE = text_page((1241, 1755))
FULL = {"width_px": 1241, "height_px": 1755}


@pytest.fixture
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes from which a sheet is reduced and a file is mapped, as if a page were a sheet."""
    monkeypatch.setattr(page_module, "MAX_GREY_PX", 1_000_000)
    monkeypatch.setattr(file_data, "_MAPPED_FROM", 10_000)


def at_dpi(dpi: int | None, kind: str = "JPEG", **options: object) -> bytes:
    return pillow_file(PAGE, kind, **({"dpi": (dpi, dpi)} if dpi else {}), **options)


def grey_of(data: bytes) -> np.ndarray:
    (page,) = read_pages(data, "jpeg", LIMITS)
    assert page.grey is not None
    return page.grey


@pytest.mark.parametrize("dpi", [600, 1200, None])
def test_a_large_sheet_is_halved_and_its_facts_are_those_of_the_file(small_is_large, dpi):
    """Half the sides, rounded up, hold the mean of 2 × 2 pixels; size and resolution are the file's own."""
    data = at_dpi(dpi)
    grey = grey_of(data)
    assert grey.shape == (878, 621)
    means = np.asarray(Image.fromarray(PAGE).convert("L").reduce(2), float)
    assert np.abs(grey[:877, :620] - means[:877, :620]).mean() < 2
    row = measure(data)[0]
    assert {name: row[name] for name in FULL} == FULL
    assert row["dpi_x"] == (None if dpi is None else pytest.approx(dpi, abs=0.1))


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "I;16"])
def test_bands_give_the_picture_that_one_piece_gives(monkeypatch, mode):
    """Converting a lossless image band by band changes no pixel, reduced or not."""
    image = (
        Image.fromarray(PAGE[..., 0].astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(PAGE).convert(mode)
    )
    for factor in (1, 2, 4):
        whole = pillow.decode_grey(image, factor)
        with monkeypatch.context() as context:
            context.setattr(pillow, "BAND_PX", 50_000)
            assert np.array_equal(pillow.decode_grey(image, factor), whole)
        assert whole.shape == (-(-1755 // factor), -(-1241 // factor))


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"compression": "jpeg"})]
)
def test_every_format_is_reduced_alike(small_is_large, kind, options):
    """A sheet at 600 dpi is halved in every format; size and resolution are the file's own."""
    row, as_jpeg = measure(at_dpi(600, kind, **options))[0], measure(at_dpi(600))[0]
    assert row["error"] is None and {name: row[name] for name in FULL} == FULL
    assert row["dpi_x"] == pytest.approx(600, abs=0.1)
    assert row["ink_ratio"] == pytest.approx(as_jpeg["ink_ratio"], rel=0.05)


@pytest.mark.parametrize("dpi", [200, 400])
def test_no_sheet_is_reduced_below_300_dpi(small_is_large, dpi):
    """Where half would leave less than 300 dpi, the sheet is decoded as it is."""
    assert grey_of(at_dpi(dpi)).shape == PAGE.shape[:2]


def test_a_sheet_is_reduced_no_further_than_needed(monkeypatch):
    """1200 dpi goes down to a quarter only where half is still too large."""
    for most, factor in ((10_000_000, 1), (1_000_000, 2), (200_000, 4)):
        monkeypatch.setattr(page_module, "MAX_GREY_PX", most)
        assert grey_of(at_dpi(1200)).shape == (-(-1755 // factor), -(-1241 // factor))


def test_a_turned_large_sheet_is_turned(small_is_large):
    """EXIF turns hold for the reduced picture, and exchange the sides that are told."""
    exif = Image.Exif()
    exif[274] = 6
    data = at_dpi(600, exif=exif)
    assert grey_of(data).shape == (621, 878)
    assert (measure(data)[0]["width_px"], measure(data)[0]["height_px"]) == (1755, 1241)


def test_a_large_scan_in_a_pdf_is_reduced_by_the_pages_own_scale(small_is_large, monkeypatch):
    """The stream of an A4 page at 150 dpi stays whole, whatever its own header says; a stamp-sized page is halved."""
    sheet, stamp = pdf_file([at_dpi(600)], (1241, 1755)), [0, 0, 595.28 / 4, 841.89 / 4]
    content = b"q %g 0 0 %g 0 0 cm /Im0 Do Q" % (595.28 / 4, 841.89 / 4)
    small = pdf_file([jpeg(PAGE)], (1241, 1755), content, keys={"/MediaBox": stamp})
    for data, shape in ((sheet, (1755, 1241)), (small, (878, 621))):
        (page,) = read_pages(data, "pdf", LIMITS)
        assert page.grey is not None and page.grey.shape == shape
        assert (page.width_px, page.height_px) == (1241, 1755)


def test_a_mapped_file_reads_as_its_bytes_do(small_is_large, tmp_path):
    """Whole, cut or not a JPEG at all: the row of a large file on disk is that of its bytes."""
    for data in (
        at_dpi(600),
        at_dpi(600)[:-2],
        at_dpi(600)[:60_000],
        at_dpi(600, progressive=True),
        at_dpi(600, "PNG"),
    ):
        (tmp_path / "page").write_bytes(data)
        path = tmp_path / "page"
        assert isinstance(file_data.read_file(path, LIMITS), bytes) == (data[:4] == b"\x89PNG")
        assert measure_file(path, LIMITS) == [row | {"file": str(path)} for row in measure(data)]


def test_a_large_sheet_that_is_cut_short_is_told(small_is_large):
    """Reduced decoding is as strict as any."""
    for keep in (0.3, 0.6, 0.999):
        data = at_dpi(600)
        assert code(measure(data[: int(keep * len(data))])[0]) == "truncated"


@pytest.mark.parametrize(("size", "dpi"), [(A0_300, 300), (A0_600, 600)])
def test_an_a0_sheet_stays_within_300_megabytes(tmp_path, size, dpi):
    """All processes of ``sohoa measure`` together; the sheet is measured whole."""
    path = tmp_path / "a0.jpg"
    path.write_bytes(large_jpeg(size, dpi))
    with (tmp_path / "rows").open("wb") as out:
        command = psutil.Popen([Path(sys.executable).with_name("sohoa"), "measure", path], stdout=out)
        most = 0
        while command.poll() is None:
            most = max(most, _memory_of(command))
            time.sleep(0.01)
    row = (tmp_path / "rows").read_text(encoding="utf-8")
    assert command.returncode == 0 and '"error": null' in row and '"paper_class": "a0"' in row
    assert 0 < most < 300_000_000


def _memory_of(process: psutil.Process) -> int:
    """Return the bytes that a process and its children hold."""
    try:
        return sum(one.memory_info().rss for one in (process, *process.children()))
    except psutil.Error:  # it ended between two looks
        return 0


def test_a_progressive_sheet_over_the_limit_says_what_to_do():
    """Its coefficients do not fit: one row, which advises baseline JPEG."""
    data = bytearray(large_jpeg((2000, 3200), 600))
    at = data.index(b"\xff\xc0")
    data[at + 1] = 0xC2  # as if it were progressive
    data[at + 5 : at + 9] = (28_087).to_bytes(2, "big") + (19_866).to_bytes(2, "big")
    (row,) = measure_bytes(bytes(data), "a0.jpg", FileBounds.of(Settings()))
    assert code(row) == "too_large" and "baseline JPEG" in row["error"]
    assert (row["width_px"], row["height_px"], row["paper_class"]) == (19_866, 28_087, "a0")
