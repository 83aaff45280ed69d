"""Pillow as PNG and TIFF use it: an image to grey, and the names of everything it raises."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

from sohoa.pages.decode.libtiff import refusing_damaged_fax
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

Image.MAX_IMAGE_PIXELS = None  # our own bounds are checked on the header first
TiffImagePlugin.READ_LIBTIFF = True  # for pixels without compression too: of them Pillow itself reads few kinds

# What Pillow's readers let through when a file lies: no decoder or cut data (OSError), malformed structures
# (SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error, zlib.error), numbers that do not
# fit (OverflowError), states its plugins do not expect (RuntimeError, AttributeError), and its warnings where the
# caller turns warnings into errors.
PILLOW_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error, zlib.error,
    OverflowError, RuntimeError, AttributeError, Warning,
)  # fmt: skip
BAND_PX = 16_000_000
"""Pixels held in colour at a time: A4 at 300 dpi in one piece."""
_COPIES = 4  # of a band, while transparency is laid on white
_PREMULTIPLIED = {"La", "RGBa"}
_MODES = {"1": "bilevel", "L": "grey", "LA": "grey", "La": "grey", "I": "grey", "F": "grey"}


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except PILLOW_ERRORS as error:
        raise BadPage.from_library("Pillow", error) from None


def open_image(stream: BinaryIO) -> Image.Image:
    """Return the image whose header ``stream`` starts with; no pixel is decoded yet.

    Raises:
        BadPage: unreadable.
    """
    with _faults():
        return Image.open(stream, formats=("PNG", "TIFF"))


def colour_mode(image: Image.Image, bits: int) -> str:
    """Return one of bilevel, grey, colour, as the file stores it; a palette of greys is no colour.

    Raises:
        BadPage: truncated or unreadable, where Pillow has to decode an image to know its palette.
    """
    if image.mode not in ("P", "PA"):
        return "grey" if image.mode.startswith("I;16") else _MODES.get(image.mode, "colour")
    with _faults():
        palette = np.array(image.getpalette() or [0, 1, 2]).reshape(-1, 3)
    is_grey = bool((palette == palette[:, :1]).all())
    return ("bilevel" if bits == 1 else "grey") if is_grey else "colour"


def bytes_per_pixel(channels: int, bits: int) -> float:
    """Return the memory that ``decode_grey`` needs for each pixel: Pillow keeps several channels in four bytes."""
    return 1.0 + (4 if channels > 1 else max(1, bits // 8))


def decode_grey(image: Image.Image, factor: int) -> Grey:
    """Return all pixels in grey on white paper, uint8 (height, width).

    Args:
        image: as opened.
        factor: by which the sides are divided, rounded up; each pixel is then a mean.

    Raises:
        BadPage: truncated or unreadable; wrong_format where its colours are multiplied by its transparency.
    """
    if image.mode in _PREMULTIPLIED:
        raise BadPage("wrong_format", "the image is transparent, and its colours are multiplied by that")
    with _faults(), refusing_damaged_fax():
        image.load()
    with _faults():
        width, height = image.size
        rows = max(1, BAND_PX // (_COPIES * width * factor)) * factor
        if height <= rows:
            return _reduced(_grey(image), factor)
        whole = np.empty((-(-height // factor), -(-width // factor)), np.uint8)
        for top in range(0, height, rows):
            band = image.crop((0, top, width, min(height, top + rows)))
            whole[top // factor : (top + rows) // factor] = _reduced(_grey(band), factor)
        return whole


def decode_bands(bands: Iterable[Image.Image], size: tuple[int, int], factor: int) -> Grey:
    """Return what ``decode_grey`` says of the picture that bands make up, from top to bottom.

    Args:
        bands: each but the last of a multiple of ``factor`` rows.
        size: width and height of the whole.
        factor: by which the sides are divided.

    Raises:
        BadPage: as ``decode_grey``.
    """
    whole, top = np.empty((-(-size[1] // factor), -(-size[0] // factor)), np.uint8), 0
    for band in bands:
        grey = decode_grey(band, factor)
        whole[top : top + len(grey)] = grey
        top += len(grey)
        del band, grey  # else two bands are held while the next one is opened
    return whole


def to_bytes(image: Image.Image) -> bytes:
    """Return the pixels as they are.

    Raises:
        BadPage: truncated or unreadable.
    """
    with _faults():
        return image.tobytes()


def _grey(image: Image.Image) -> Grey:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return (np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        whole = image.convert("RGBA")
        paper = Image.new("RGBA", whole.size, "white")
        image = Image.alpha_composite(paper, whole)
    if image.mode == "P":
        return np.asarray(cv2.LUT(np.asarray(image), _palette_levels(image)), np.uint8)
    if image.mode == "L":  # else a copy
        return np.asarray(image, np.uint8)
    return np.asarray((_from_lab(image) if image.mode == "LAB" else image).convert("L"), np.uint8)


def _palette_levels(image: Image.Image) -> Grey:
    """Return the grey of each number of a palette: Pillow converts pixel by pixel in five times the time."""
    numbers = image.crop((0, 0, 256, 1))
    numbers.putdata(range(256))
    return np.asarray(numbers.convert("L"), np.uint8)


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an image in red, green and blue, of 8 bits each."""
    if image.mode == "I" or image.mode.startswith("I;16"):
        image = Image.fromarray(_grey(image))
    return _from_lab(image) if image.mode == "LAB" else image.convert("RGB")


def to_small_rgb(image: Image.Image, factor: int) -> Image.Image:
    """Return ``to_rgb`` with its sides divided; of a picture in greys, its one channel is averaged instead of three."""
    if "transparency" not in image.info and (image.mode in ("1", "L") or _is_of_greys(image)):
        image, factor = Image.fromarray(_reduced(_grey(image), factor)), 1
    return to_rgb(image).reduce(factor)


def _is_of_greys(image: Image.Image) -> bool:
    return image.mode == "P" and colour_mode(image, 8) == "grey"


def _from_lab(image: Image.Image) -> Image.Image:
    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    return transform.apply(image)


def _reduced(grey: Grey, factor: int) -> Grey:
    return grey if factor == 1 else np.asarray(Image.fromarray(grey).reduce(factor), np.uint8)
