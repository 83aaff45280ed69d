"""Perceptual hashes of real pages: the distances that the search for duplicates builds on."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sohoa.pages.metrics.phash import measure_phash
from sohoa.pages.views import PageViews

SAME_IMAGE, SAME_SHEET = 4, 10
REAL = Path(__file__).parents[1] / "data" / "pages"
Image = np.ndarray[Any, np.dtype[np.uint8]]


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
    """The same image within 4 bits, the same sheet within 10, a turned one far outside."""
    grey = real_page(name)
    assert distance(grey, saved_again(grey, 50, 1.0)) <= SAME_IMAGE
    assert distance(grey, saved_again(grey, 70, 0.7)) <= SAME_IMAGE
    assert distance(grey, laid_anew(grey, 0.05, 0.001)) <= SAME_SHEET
    assert distance(grey, laid_anew(grey, 2.5, 0.0)) > 2 * SAME_SHEET


def test_real_pages_of_other_documents_are_far_apart() -> None:
    """Any two differ in 60 bits or more, so no limit takes one for the other."""
    for one in PAGES:
        for other in PAGES:
            assert one == other or distance(real_page(one), real_page(other)) >= 60
