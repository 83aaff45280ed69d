"""Pages captured twice: what is found, and what only looks alike."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from quality_rows import page_table

from sohoa.pages.phash import measure_phash
from sohoa.pages.views import PageViews
from sohoa.quality.duplicates import earlier_twins

BITS = 10
REAL = Path(__file__).parents[1] / "data" / "pages"
Image = np.ndarray[Any, np.dtype[np.uint8]]


def hash_of(seed: int, flipped: int = 0) -> str:
    """256 bits by a seed, the first of some places flipped."""
    rng = np.random.default_rng(seed)
    bits, places = rng.integers(0, 2, 256, np.uint8), rng.permutation(256)
    bits[places[:flipped]] ^= 1
    return np.packbits(bits).tobytes().hex()


def page(number: int, phash: str, **changes: Any) -> dict[str, Any]:
    return {"file": f"{number}.jpg", "sha256": f"{number:064x}", "phash": phash} | changes


def twins(*pages: dict[str, Any]) -> list[int]:
    return earlier_twins(page_table(pages), BITS).tolist()


def test_a_page_has_the_earlier_one_within_the_limit_as_its_twin() -> None:
    """The limit itself is a twin, one bit more is none."""
    assert twins(page(0, hash_of(1)), page(1, hash_of(2)), page(2, hash_of(1, BITS))) == [-1, -1, 0]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1, BITS + 1))) == [-1, -1]
    assert twins(page(0, hash_of(1))) == twins(page(0, hash_of(1)), page(1, hash_of(2)))[:1] == [-1]
    assert twins() == []


def test_the_nearest_is_the_twin_and_of_equal_ones_the_first() -> None:
    assert twins(page(0, hash_of(1, 3)), page(1, hash_of(1, 1)), page(2, hash_of(1))) == [-1, 0, 1]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1)), page(2, hash_of(1))) == [-1, 0, 0]


def test_forms_of_one_layout_are_not_duplicates() -> None:
    """Several sheets that lie near to each other are a printed form; two alone are one sheet, laid twice."""
    assert twins(page(0, hash_of(1)), page(1, hash_of(1, 8))) == [-1, 0]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1, 8)), page(2, hash_of(1, 16))) == [-1, -1, -1]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1, 8)), page(2, hash_of(1, 29))) == [-1, 0, -1]


def test_the_same_image_is_found_among_forms_of_its_layout() -> None:
    """Saved again it lies nearer than two sheets of the same form ever do."""
    forms = [page(n, hash_of(1, 8 * n)) for n in range(3)]
    assert twins(*forms, page(3, hash_of(1, 8 + 2))) == [-1, -1, -1, 1]


def test_the_same_file_under_another_name() -> None:
    """Also where its hash says nothing about it: page by page."""
    same = {"sha256": "a" * 64}
    pages = [page(n, hash_of(n % 2), page_no=1 + n % 2, **same) for n in range(4)]
    assert twins(*pages) == [-1, -1, 0, 1]
    assert twins(page(0, hash_of(1), **same), page(1, hash_of(2), page_no=2, **same)) == [-1, -1]


@pytest.mark.parametrize(
    "changes",
    [
        {"ink_ratio": 0.002},
        {"ink_ratio": None},
        {"role": "tile"},
        {"role": "reference"},
        {"error": "truncated: scan it again"},
        {"phash": None},
        {"phash": "ab"},
        {"batch": "H37.1-20240415-002"},
        {"agency": "H37.2"},
    ],
)
def test_what_is_not_compared(changes: dict[str, Any]) -> None:
    """Blank pages, parts of a sheet, pages in error or without hash, other batches."""
    assert twins(page(0, hash_of(1)), page(1, hash_of(1))) == [-1, 0]
    assert twins(page(0, hash_of(1)), page(1, hash_of(1)) | changes) == [-1, -1]
    assert twins(page(0, hash_of(1)) | changes, page(1, hash_of(1))) == [-1, -1]


def test_glossy_covers_are_printed_alike() -> None:
    """Of two booklets they are no duplicates; in one booklet, and as the same file, they are."""
    first, second = (page(n, hash_of(1), cover="glossy", document_id=f"d{n}") for n in range(2))
    assert twins(first, second) == [-1, -1]
    assert twins(first, second | {"document_id": "d0"}) == [-1, 0]
    assert twins(first, second | {"sha256": first["sha256"]}) == [-1, 0]
    assert twins(first, second | {"cover": "matte"}) == [-1, 0]


def test_batches_do_not_depend_on_each_other() -> None:
    """The same twins whether a batch is judged alone or beside others, in blocks or whole."""
    rng = np.random.default_rng(3)
    one = [page(n, hash_of(int(rng.integers(12)), int(rng.integers(14)))) for n in range(40)]
    others = [page(n, hash_of(n % 12), batch=f"H37.1-20240416-{n:03d}") for n in range(40)]
    alone = twins(*one)
    mixed = twins(*(p for pair in zip(others, one, strict=True) for p in pair))
    assert [(twin - 1) // 2 if twin >= 0 else -1 for twin in mixed[1::2]] == alone


def test_thirty_thousand_pages_of_many_batches_take_little_time() -> None:
    """A day of the whole province: far less than measuring one of its pages in a thousand."""
    pages = [page(n, hash_of(n), batch=f"H37.1-20240415-{n % 230:03d}") for n in range(30_000)]
    table = page_table(pages)
    start = time.process_time()
    assert (earlier_twins(table, BITS) == -1).all()
    assert time.process_time() - start < 2


# distances of real pages


@cache
def real_page(name: str) -> Image:
    grey = cv2.imread(str(REAL / name), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    return np.asarray(cv2.resize(grey, None, fx=(f := 1500 / max(grey.shape)), fy=f, interpolation=cv2.INTER_AREA))


def distance(one: Image, other: Image) -> int:
    hashes = (measure_phash(PageViews.of(np.ascontiguousarray(image), None)) for image in (one, other))
    first, second = (int(text, 16) for text in hashes)
    return (first ^ second).bit_count()


def laid_anew(grey: Image, degrees: float, share: float) -> Image:
    height, width = grey.shape
    move = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    move[:, 2] += share * height
    return np.asarray(cv2.warpAffine(grey, move, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def saved_again(grey: Image, quality: int, scale: float) -> Image:
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


PAGES = ("lept_candelabrum.011.jpg", "lept_cootoots.png", "lept_table.27.tif")


@pytest.mark.parametrize("name", PAGES)
def test_real_pages_saved_again_or_laid_anew(name: str) -> None:
    """The same image within four tenths of the limit, the same sheet within it, a turned one far outside."""
    grey = real_page(name)
    assert distance(grey, saved_again(grey, 50, 1.0)) <= 0.4 * BITS
    assert distance(grey, saved_again(grey, 70, 0.7)) <= 0.4 * BITS
    assert distance(grey, laid_anew(grey, 0.05, 0.001)) <= BITS
    assert distance(grey, laid_anew(grey, 2.5, 0.0)) > 2 * BITS


def test_real_pages_of_other_documents_are_far_apart() -> None:
    for one in PAGES:
        for other in PAGES:
            assert one == other or distance(real_page(one), real_page(other)) >= 60
