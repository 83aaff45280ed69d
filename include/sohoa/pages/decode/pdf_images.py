"""Images that a PDF embeds: what their dictionaries say, and whether their data is whole."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf

from sohoa.pages.decode import pillow
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.reduce import Grey

# What pikepdf raises on objects of the wrong type, missing keys and damaged streams: its own errors, and those of the
# Python protocols that its objects follow.
PIKEPDF_ERRORS = (
    pikepdf.PdfError, pikepdf.PikepdfError, ValueError, TypeError, KeyError, IndexError, AttributeError,
    NotImplementedError, RuntimeError, OverflowError, ArithmeticError,
)  # fmt: skip
_MAX_DEPTH = 6
_MAX_IMAGES = 2_000
_CHUNK = 1 << 20
_LOSSLESS = {"/FlateDecode", "/LZWDecode", "/RunLengthDecode", "/CCITTFaxDecode"}
_GREYS = {"/DeviceGray", "/CalGray", "/G", "None"}  # a mask has no colour space
_SPACES = {"/DeviceRGB": 3, "/CalRGB": 3, "/Lab": 3, "/RGB": 3, "/DeviceCMYK": 4, "/CMYK": 4}


def check_images(resources: Any, bounds: FileBounds) -> list[Any]:
    """Return all images that a page's resources name.

    Raises:
        BadPage: too_large or unreadable, where one of them breaks the bounds.
    """
    images = []
    for image in _images(resources, 0):
        width, height = int(image.get("/Width", 0)), int(image.get("/Height", 0))
        bounds.check_image(width, height, 1)
        images.append(image)
        if len(images) > _MAX_IMAGES:
            raise BadPage("too_large", f"more than {_MAX_IMAGES} images on one page")
    return images


def _images(resources: Any, depth: int) -> Iterator[Any]:
    found = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    if found is None or depth > _MAX_DEPTH:
        return
    for item in found.values():
        if item.get("/Subtype") == "/Image":
            yield item
        elif item.get("/Subtype") == "/Form":
            yield from _images(item.get("/Resources"), depth + 1)


def filters_of(image: Any) -> list[str]:
    """Return the names of an image's filters, in the order in which they are undone."""
    found = image.get("/Filter", pikepdf.Array())
    return [str(name) for name in (found if isinstance(found, pikepdf.Array) else [found])]


def colour_of(images: list[Any]) -> tuple[str | None, int | None]:
    """Return the richest colour mode and depth among images, nulls where there is none."""
    kinds = [_image_kind(image) for image in images]
    order = ("bilevel", "grey", "colour")
    return max(kinds, key=lambda kind: (order.index(kind[0]), kind[1]), default=(None, None))


def _image_kind(image: Any) -> tuple[str, int]:
    bits = 1 if image.get("/ImageMask", False) else int(image.get("/BitsPerComponent", 8))
    channels, is_grey = _channels(image)
    return ("colour" if channels > 1 or not is_grey else "bilevel" if bits == 1 else "grey"), bits


def _channels(image: Any) -> tuple[int, bool]:
    """Return the channels of an image, and whether one alone means grey."""
    space = image.get("/ColorSpace")
    name = str(space[0] if isinstance(space, pikepdf.Array) else space)
    if name == "/ICCBased":
        return int(space[1].get("/N", 3)), True
    return _SPACES.get(name, 1), name in _GREYS


def unpack_grey(image: Any, filters: list[str], factor: int) -> Grey | None:
    """Return the pixels of a losslessly coded image, uint8 (height, width); null where it takes a renderer to read it.

    Raises:
        BadPage: truncated, unreadable, or too_large where it unpacks to far more than its header says.
    """
    if filters == ["/FlateDecode"]:
        _check_flate(image)
    if len(filters) != 1 or filters[0] not in _LOSSLESS or "/Decode" in image:
        return None
    try:
        picture = pikepdf.PdfImage(image).as_pil_image()
    except (NotImplementedError, pikepdf.PikepdfError):  # a colour space or coding that pikepdf does not read
        return None
    return pillow.decode_grey(picture, factor)


def _check_flate(image: Any) -> None:
    """Unpack a deflated image to nothing: it must be whole and as long as its header says."""
    (_, bits), (channels, _) = _image_kind(image), _channels(image)
    needed = -(-int(image.get("/Width")) * channels * bits // 8) * int(image.get("/Height"))
    unpacker, size, rest = zlib.decompressobj(), 0, bytes(image.read_raw_bytes())
    try:
        while rest and not unpacker.eof and size <= 2 * needed + _CHUNK:
            size += len(unpacker.decompress(rest, _CHUNK))
            rest = unpacker.unconsumed_tail
    except zlib.error as error:
        raise BadPage("unreadable", f"an image is damaged: {error}") from None
    if size > 2 * needed + _CHUNK:
        raise BadPage("too_large", "an image unpacks to far more than its header says")
    if not unpacker.eof or size < needed:
        raise BadPage("truncated", "an image has fewer bytes than its header says")
