"""Images that a PDF embeds: what their own data says, whatever their dictionaries say, and whether it is whole.

A renderer mends damage without a word: every image that a page places is decoded here first, strictly.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pikepdf

from sohoa.pages.decode import fax, fax_rows, jpeg, jpeg_header, pdf_jbig2, pdf_jpeg2000, pillow
from sohoa.pages.decode.fax import FaxCoding
from sohoa.pages.decode.flaws import note_repair
from sohoa.pages.decode.jpeg_header import JpegHeader
from sohoa.pages.decode.pdf_jpeg2000 import Jpeg2000Header
from sohoa.pages.decode.pdf_palette import holds_only_greys
from sohoa.pages.decode.pixel_rows import read_bands
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
_MAX_FILTERS = 8
_MAX_CODED = 268_435_456  # bytes of a coded image inside another coding
_CODECS = {"/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode"}
_LOSSLESS = {"/FlateDecode", "/LZWDecode", "/RunLengthDecode", "/CCITTFaxDecode"}
_GREYS = {"/DeviceGray", "/CalGray", "/G", "None"}  # a mask has no colour space
_SPACES = {"/DeviceRGB": 3, "/CalRGB": 3, "/Lab": 3, "/RGB": 3, "/DeviceCMYK": 4, "/CMYK": 4}
_PLAIN = {
    "/Indexed": 0,
    "/Separation": 0,
    "/DeviceN": 0,
    "/Lab": 0,
}  # whose samples are not grey, nor red, green and blue
_TINTS = {"/Indexed", "/Separation", "/DeviceN"}
_PNG_PREDICTOR = 10  # from here on, each row has one byte more
_PREDICTED = (("/Colors", 1), ("/BitsPerComponent", 8), ("/Columns", 1))
_ROWS = {"L": 1, "RGB": 3, "CMYK": 4}  # pikepdf's names of samples that stand as they are -> channels
_RENDERED_SAMPLE = 6  # bytes
_CMYK = 4
_CHECK_FACTOR = 8
_LZW_END, _LZW_TAIL = "100000001", 3  # of 9 bits or of more with zeros before; in so many bytes at the end


@dataclass(frozen=True)
class Picture:
    """An embedded image by its own data: sides in pixels, channels and bits; colour as it shows."""

    image: Any
    coded: bytes
    filters: tuple[str, ...]
    header: JpegHeader | Jpeg2000Header | None
    width: int
    height: int
    channels: int
    bits: int
    colour_mode: str

    @property
    def quantisation(self) -> tuple[tuple[int, ...], ...]:
        """Quantisation tables of a JPEG, else empty."""
        return self.header.quantisation if isinstance(self.header, JpegHeader) else ()


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


def kind_of(image: Any) -> tuple[str, int]:
    """Return colour mode and depth by an image's dictionary alone."""
    channels, bits = _dictionary_kind(image)
    return _colour_mode(image, channels, bits, ()), bits


def richest(kinds: Iterable[tuple[str, int]]) -> tuple[str | None, int | None]:
    """Return the richest of colour modes, with its greatest depth; nulls where there is none."""
    order = ("bilevel", "grey", "colour")
    return max(kinds, key=lambda kind: (order.index(kind[0]), kind[1]), default=(None, None))


def read_picture(image: Any, bounds: FileBounds) -> Picture:
    """Return what the data of an image says of it, before it is decoded.

    Raises:
        BadPage: truncated or unreadable, where its header or a coding around it is damaged; too_large.
    """
    coded, filters = _peel(image)
    width, height = int(image.get("/Width", 0)), int(image.get("/Height", 0))
    channels, bits = _dictionary_kind(image)
    palette: tuple[tuple[int, ...], ...] = ()
    header: JpegHeader | Jpeg2000Header | None = None
    if filters == ("/DCTDecode",):
        coded, header = _whole_jpeg(coded, width, height, bounds)
        width, height, channels, bits = header.width, header.height, header.components, header.bits
    elif filters == ("/JPXDecode",):
        header = pdf_jpeg2000.read_header(coded)
        width, height, channels, bits = header.width, header.height, header.components, header.bits
        palette = header.palette
    note_repair((width, height) != (int(image.get("/Width", 0)), int(image.get("/Height", 0))))
    mode = _colour_mode(image, channels, bits, palette)
    return Picture(image, coded, filters, header, width, height, channels, bits, mode)


def _peel(image: Any) -> tuple[bytes, tuple[str, ...]]:
    """Return the data with general codings undone down to that of a picture, and the codings that are left."""
    filters, params = _listed(image.get("/Filter")), _listed(image.get("/DecodeParms"))
    if len(filters) > _MAX_FILTERS:
        raise BadPage("too_large", f"an image is coded {len(filters)} times over")
    names, data = [str(name) for name in filters], bytes(image.read_raw_bytes())
    while len(names) > 1 and names[0] not in _CODECS:
        data = _undo(data, names.pop(0), params.pop(0) if params else None)
    return data, tuple(names)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, pikepdf.Array) else [] if value is None else [value]


def _undo(data: bytes, name: str, params: Any) -> bytes:
    if name == "/FlateDecode" and not (isinstance(params, pikepdf.Dictionary) and params.get("/Predictor", 1) != 1):
        return b"".join(_inflated(data, _MAX_CODED))
    with pikepdf.new() as pdf:
        stream = pdf.make_stream(data)
        stream["/Filter"] = pikepdf.Name(name)
        if isinstance(params, pikepdf.Dictionary) and "/EarlyChange" in params:
            stream["/DecodeParms"] = pikepdf.Dictionary(EarlyChange=int(params["/EarlyChange"]))
        return bytes(stream.read_bytes(pikepdf.StreamDecodeLevel.specialized))  # run lengths are no general coding


def _inflated(data: bytes, most: int, enough: int | None = None) -> Iterator[bytes]:
    """Yield unpacked parts of a deflated stream; one without its end is as long as it is.

    Raises:
        BadPage: unreadable, also where it goes on after ``enough`` bytes and has no end, as zeros in place of what is
            lost make it; too_large after ``most``.
    """
    unpacker, size = zlib.decompressobj(), 0
    try:
        while data and not unpacker.eof:
            part = unpacker.decompress(data, _CHUNK)
            size, data = size + len(part), unpacker.unconsumed_tail
            yield part
            if size > most:
                raise BadPage("too_large", "an image unpacks to far more than its header says")
    except zlib.error as error:
        raise BadPage("unreadable", f"an image is damaged: {error}") from None
    if not unpacker.eof and enough is not None and size > enough:
        raise BadPage("unreadable", "an image is damaged: it does not end")
    note_repair(not unpacker.eof)


def _whole_jpeg(data: bytes, width: int, height: int, bounds: FileBounds) -> tuple[bytes, JpegHeader]:
    """Return a JPEG with the height that it has: scanners that feed paper write 0, or more than came.

    The dictionary's height is the right one where the data ends with it.
    """
    header = jpeg_header.read_header(data)
    if not header.height:
        data = bytes(jpeg_header.with_counted_height(data, header))
        header = jpeg_header.read_header(data)
    if header.width != width or not (header.height == 0 or header.height > height > 0):
        return data, header
    shorter = jpeg_header.with_height(data, header, height)
    found = jpeg_header.read_header(shorter)
    try:
        jpeg.decode_grey(shorter, found, _CHECK_FACTOR, bounds)
    except BadPage as fault:
        if header.height and fault.code != "truncated":  # there is more data than the dictionary says
            return data, header
    note_repair()
    return shorter, found


def _dictionary_kind(image: Any) -> tuple[int, int]:
    """Return channels and bits, as the dictionary has them."""
    bits = 1 if image.get("/ImageMask", False) else int(image.get("/BitsPerComponent", 8))
    name = _space_name(image)
    if name == "/ICCBased":
        return int(image["/ColorSpace"][1].get("/N", 3)), bits
    return len(image["/ColorSpace"][1]) if name == "/DeviceN" else _SPACES.get(name, 1), bits


def _space_name(image: Any) -> str:
    space = image.get("/ColorSpace")
    return str(space[0] if isinstance(space, pikepdf.Array) else space)


def _colour_mode(image: Any, channels: int, bits: int, palette: tuple[tuple[int, ...], ...]) -> str:
    if palette:
        is_grey = all(len(set(colour[:3])) == 1 for colour in palette)
    elif _space_name(image) in _TINTS:
        is_grey = holds_only_greys(image, channels)
    else:
        is_grey = channels < min(_SPACES.values())
    return ("bilevel" if bits == 1 else "grey") if is_grey else "colour"


def plain_jpeg(image: Any) -> bytes | None:
    """Return the JPEG that an image is, as high as its dictionary says at the most; null where it takes a renderer."""
    coded, filters = _peel(image)
    if filters != ("/DCTDecode",):
        return None
    header, height = jpeg_header.read_header(coded), int(image.get("/Height", 0))
    if header.height == 0 or header.height > height > 0:
        coded = jpeg_header.with_height(coded, header, height)
    return coded if _is_plain(image, header.components) else None


def painted_share(image: Any, bounds: FileBounds) -> float:
    """Return the share of an image that its mask lets paint, 1 without one; 0 where that cannot be read.

    Raises:
        BadPage: the mask is damaged, or too large.
    """
    if image.get("/ImageMask", False):
        return 0.0
    soft, hard = image.get("/SMask"), image.get("/Mask")
    mask = soft if soft is not None else hard
    if not isinstance(mask, pikepdf.Stream):
        return 1.0 if mask is None else 0.0
    picture = read_picture(mask, bounds)
    grey = decode_grey(picture, 1, bounds) if _has_usual_range(mask) else None
    if grey is None:
        return 0.0
    return float(np.mean(grey) / 255) if soft is not None else float(np.mean(grey == 0))


def decode_grey(picture: Picture, factor: int, bounds: FileBounds) -> Grey | None:
    """Return the pixels of a picture, uint8 (height, width), decoded strictly; null where it takes a renderer to read.

    Args:
        picture: as read.
        factor: 1, 2, 4 or 8, by which the sides are divided.
        bounds: what may be spent.

    Raises:
        BadPage: truncated, unreadable, or too_large where it unpacks to far more than its header says.
    """
    bounds.check_image(picture.width, picture.height, 1 / factor**2)
    grey = None
    if isinstance(picture.header, Jpeg2000Header):
        grey = pdf_jpeg2000.decode_grey(picture.coded, picture.header, factor, bounds)
    elif isinstance(picture.header, JpegHeader):
        if picture.channels != _CMYK:
            grey = jpeg.decode_grey(picture.coded, picture.header, factor, bounds)
        else:
            jpeg.check_stream(picture.coded, bounds)
    else:
        return _unpack_grey(picture, factor, bounds)
    return grey if _is_plain(picture.image, picture.channels) else None


def check_rendering(picture: Picture, bounds: FileBounds) -> None:
    """Refuse an image that a renderer would decode to far more than its pixels: JPEG 2000, to numbers of four bytes.

    Raises:
        BadPage: too_large.
    """
    if isinstance(picture.header, Jpeg2000Header):
        bounds.check_image(picture.width, picture.height, picture.channels * _RENDERED_SAMPLE)


def _is_plain(image: Any, channels: int) -> bool:
    """Return whether samples mean what they do in any picture: no palette, tint, mask, turned range or transform."""
    if any(key in image for key in ("/ImageMask", "/SMaskInData")) or not _has_usual_range(image):
        return False
    space, params = image.get("/ColorSpace"), _listed(image.get("/DecodeParms"))
    if any(isinstance(part, pikepdf.Dictionary) and "/ColorTransform" in part for part in params):
        return False
    return space is None or _PLAIN.get(_space_name(image), _dictionary_kind(image)[0]) == channels


def _has_usual_range(image: Any) -> bool:
    """Return whether the least sample is the least of its colour, and the greatest the greatest."""
    found = image.get("/Decode")
    return found is None or [float(value) for value in found] == [0.0, 1.0] * (len(found) // 2)


def _unpack_grey(picture: Picture, factor: int, bounds: FileBounds) -> Grey | None:
    image, filters = picture.image, _listed(picture.image.get("/Filter"))
    if picture.filters == ("/JBIG2Decode",):
        pdf_jbig2.check_segments(picture.coded, _shared_segments(image), picture.height)
    is_palette_of_fax = picture.filters == ("/CCITTFaxDecode",) and not _is_plain(picture.image, picture.channels)
    is_read = len(filters) == 1 and picture.filters[0] in _LOSSLESS and "/Decode" not in image and not is_palette_of_fax
    predictor = _predictor(picture)
    if is_read and predictor is not None and picture.width * picture.height > pillow.BAND_PX:
        size, needed = (picture.width, picture.height), picture.width * picture.channels * picture.height
        parts = _inflated(picture.coded, 2 * (needed + picture.height) + _CHUNK, needed + 2 * picture.height)
        mode = "CMYK" if picture.channels == _CMYK else None
        bands = read_bands(parts, size, picture.channels, factor, predictor >= _PNG_PREDICTOR, mode)
        return pillow.decode_bands(bands, size, factor)
    if picture.filters[-1:] == ("/FlateDecode",):
        _check_flate(picture)
    elif picture.filters[-1:] in (("/LZWDecode",), ("/RunLengthDecode",)):
        _check_length(picture)
    if picture.filters == ("/CCITTFaxDecode",):
        grey = _decode_fax(picture, factor, bounds)
        return grey if is_read else None
    if not is_read:
        return None
    try:
        found = pikepdf.PdfImage(image).as_pil_image()
    except (NotImplementedError, pikepdf.PikepdfError):  # a colour space or coding that pikepdf does not read
        return None
    return pillow.decode_grey(found, factor)


def _shared_segments(image: Any) -> bytes:
    """Return what a JBIG2 image has in common with others."""
    params = _listed(image.get("/DecodeParms"))
    found = params[-1].get("/JBIG2Globals") if params and isinstance(params[-1], pikepdf.Dictionary) else None
    return b"" if found is None else bytes(found.read_bytes())


def _decode_fax(picture: Picture, factor: int, bounds: FileBounds) -> Grey | None:
    """Return what fax-coded data are; null where their rows are as wide as no image of the page, or begin at bytes."""
    params = _listed(picture.image.get("/DecodeParms"))
    said = params[-1] if params and isinstance(params[-1], pikepdf.Dictionary) else pikepdf.Dictionary()
    way, width, is_aligned = (
        int(said.get("/K", 0)),
        int(said.get("/Columns", 1728)),
        bool(said.get("/EncodedByteAlign", False)),
    )
    bounds.check_image(width, picture.height, 1)
    if is_aligned and way < 0:
        fax_rows.row_ends(picture.coded, width, picture.height, is_aligned)
        return None
    compression = 4 if way < 0 else 2 if is_aligned and not way and not fax.begins_with_mark(picture.coded) else 3
    coding = FaxCoding(compression, int(way > 0), 1, width, picture.height)
    grey = fax.decode_grey(picture.coded, coding, bool(said.get("/BlackIs1", False)), factor)
    return None if is_aligned or width != picture.width else grey


def _predictor(picture: Picture) -> int | None:
    """Return how the rows of a deflated image were predicted; null where it is not read row by row."""
    if picture.filters != ("/FlateDecode",) or picture.bits != 8:
        return None
    try:
        found = pikepdf.PdfImage(picture.image)
        if _ROWS.get(found.mode) != picture.channels or (_space_name(picture.image) == "/ICCBased" and not found.icc):
            return None
    except (NotImplementedError, pikepdf.PikepdfError):  # a colour space that pikepdf does not read
        return None
    params = _listed(picture.image.get("/DecodeParms"))
    if not (params and isinstance(params[-1], pikepdf.Dictionary)):
        return 1
    predictor = int(params[-1].get("/Predictor", 1))
    said = tuple(int(params[-1].get(key, usual)) for key, usual in _PREDICTED)
    is_own = said == (picture.channels, picture.bits, picture.width)
    return predictor if predictor == 1 or (predictor >= _PNG_PREDICTOR and is_own) else None


def _params(picture: Picture) -> Any:
    """Return what the dictionary says of the innermost coding."""
    params = _listed(picture.image.get("/DecodeParms"))
    return params[-1] if params and isinstance(params[-1], pikepdf.Dictionary) else pikepdf.Dictionary()


def _row_bytes(picture: Picture) -> int:
    """Return the bytes of an unpacked row, before its prediction is undone."""
    is_png = int(_params(picture).get("/Predictor", 1)) >= _PNG_PREDICTOR
    return -(-picture.width * picture.channels * picture.bits // 8) + is_png


def _check_length(picture: Picture) -> None:
    """Unpack an image to nothing: it must be as long as its header says, or longer and have its end mark."""
    row = _row_bytes(picture)
    size = len(_undo(picture.coded, picture.filters[-1], _params(picture)))
    if size < row * picture.height:
        raise BadPage("truncated", "an image has fewer bytes than its header says")
    if size > row * (picture.height + 1) and not _has_end(picture.coded.rstrip(b"\r\n"), picture.filters[-1]):
        raise BadPage("unreadable", "an image is damaged: it does not end")


def _has_end(data: bytes, name: str) -> bool:
    if name == "/RunLengthDecode":
        return data.endswith(b"\x80")
    bits = "".join(f"{byte:08b}" for byte in data[-_LZW_TAIL:])
    return bits.rstrip("0").endswith(_LZW_END) and not bits.endswith("0" * 8)


def _check_flate(picture: Picture) -> None:
    """Unpack a deflated image to nothing: it must be as long as its header says."""
    row = _row_bytes(picture)
    needed = row * picture.height
    if sum(len(part) for part in _inflated(picture.coded, 2 * needed + _CHUNK, needed + row)) < needed:
        raise BadPage("truncated", "an image has fewer bytes than its header says")
