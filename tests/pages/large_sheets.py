"""Sheets too large to draw: one strip of a page, coded once and repeated inside the JPEG stream."""

from __future__ import annotations

import io
import re

import numpy as np
from PIL import Image

from tests.pages.page_files import a4_image

A0_300, A0_600 = (9_933, 14_043), (19_866, 28_087)
_STRIP = 1_600  # rows, whole blocks


def large_jpeg(size: tuple[int, int], dpi: int, quality: int = 91, **options: object) -> bytes:
    """A colour JPEG of that size, without a bitmap of it in memory.

    Each row of blocks is coded apart (a restart marker between any two), so that the coded rows of a strip can follow
    one another as often as needed; the frame header then gets the full height.
    """
    width, height = size
    strip = _strip(width, dpi)
    out = io.BytesIO()
    strip.save(out, "JPEG", quality=quality, dpi=(dpi, dpi), restart_marker_rows=1, subsampling=2, **options)
    data = out.getvalue()
    start = data.index(b"\xff\xda")
    start += 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    rows = re.split(rb"\xff[\xd0-\xd7]", data[start:-2])
    needed = -(-height // (_STRIP // len(rows)))
    coded = [rows[number % len(rows)] + bytes((0xFF, 0xD0 + number % 8)) for number in range(needed)]
    head = re.sub(rb"(\xff[\xc0-\xc2]..\x08)..", lambda m: m[1] + height.to_bytes(2, "big"), data[:start], flags=re.S)
    return head + b"".join(coded)[:-2] + b"\xff\xd9"


def _strip(width: int, dpi: int) -> Image.Image:
    page = np.asarray(a4_image(dpi, _STRIP))
    return Image.fromarray(np.tile(page, (1, -(-width // page.shape[1]), 1))[:, :width])
