"""Large pages in colour in every format, made fast: one strip of a page, coded once and repeated."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pikepdf
from PIL import Image

from tests.pages.page_files import pdf_file, text_page
from tests.pages.tiff_writer import LONG, SHORT, page_tags, write_tiff

ROWS = 500
"""Rows of the strip that is repeated."""
_TILE = 1000
_POINTS = (595.28, 595.28)
_STAMP = b" BT /F1 12 Tf 20 20 Td (Da so hoa) Tj ET 0 0 1 rg 40 40 60 20 re f"


def strip(width: int, channels: int = 3) -> np.ndarray:
    """The strip that is repeated: lines of text in colour, (ROWS, width, channels)."""
    text = text_page((_TILE, ROWS), 6)
    text[:90, :200] = (200, 30, 30)
    whole = np.tile(text, (1, -(-width // _TILE), 1))[:, :width]
    if channels == 4:
        whole = np.dstack([whole, np.full(whole.shape[:2], 255, np.uint8)])
        whole[:50, :, 3] = 128
    return np.ascontiguousarray(whole)


def _deflated(part: bytes, times: int) -> bytes:
    """One zlib stream of a part repeated: each repetition is coded from a clean start."""
    coder = zlib.compressobj(1, zlib.DEFLATED, -15)
    coded = coder.compress(part) + coder.flush(zlib.Z_FULL_FLUSH)
    total = 1
    for _ in range(times):
        total = zlib.adler32(part, total)
    return b"\x78\x01" + coded * times + b"\x03\0" + total.to_bytes(4, "big")


def tiff_raw(side: int) -> bytes:
    """Uncompressed, in one strip."""
    whole = strip(side).tobytes() * (side // ROWS)
    return write_tiff((page_tags(side, side), [whole]))


def tiff_lzw(side: int) -> bytes:
    """LZW in strips, all of which lie in one place."""
    return _tiff_coded(side, "tiff_lzw", 5)


def tiff_deflate(side: int) -> bytes:
    """Deflate in strips, all of which lie in one place."""
    return _tiff_coded(side, "tiff_adobe_deflate", 8)


def _tiff_coded(side: int, name: str, compression: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(strip(side)).save(out, "TIFF", compression=name, strip_size=1 << 30)
    image = Image.open(out)
    at, size = image.tag_v2[273][0], image.tag_v2[279][0]
    times = side // ROWS
    tags = page_tags(side, side, rows=ROWS) | {
        259: (SHORT, [compression]), 273: (LONG, [8] * times), 279: (LONG, [size] * times)
    }  # fmt: skip
    return write_tiff((tags, [out.getvalue()[at : at + size]]))


def png_of(side: int, channels: int) -> bytes:
    """PNG of three channels or four, whose rows have the filter 1 (left) and 2 (above) in turns."""
    lines = strip(side, channels).reshape(ROWS, -1).astype(np.int16)
    left, above = lines.copy(), lines.copy()
    left[:, channels:] -= lines[:, :-channels]
    above[1:] -= lines[:-1]
    filtered = np.empty((ROWS, 1 + lines.shape[1]), np.uint8)
    filtered[::2] = np.hstack([np.ones((ROWS, 1), np.int16), left])[::2].astype(np.uint8)
    filtered[1::2] = np.hstack([np.full((ROWS, 1), 2, np.int16), above])[1::2].astype(np.uint8)
    data = _deflated(filtered.tobytes(), side // ROWS)
    kind = {3: 2, 4: 6}[channels]
    head = struct.pack(">IIBBBBB", side, side, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"pHYs", struct.pack(">IIB", 5906, 5906, 1)), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def _pdf(side: int, data: bytes, coding: str, more: bytes = b"") -> bytes:
    content = b"q %g 0 0 %g 0 0 cm /Im0 Do Q" % _POINTS + more
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    whole = pdf_file([data], (side, side), content, coding, {"/MediaBox": [0, 0, *_POINTS]})
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        pdf.pages[0].obj["/Resources"]["/Font"] = pikepdf.Dictionary(F1=font)
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def pdf_flate(side: int) -> bytes:
    """A PDF page that is one deflated image."""
    return _pdf(side, _deflated(strip(side).tobytes(), side // ROWS), "/FlateDecode")


def pdf_stamped(side: int) -> bytes:
    """The same, drawn over: it takes a renderer."""
    return _pdf(side, _deflated(strip(side).tobytes(), side // ROWS), "/FlateDecode", _STAMP)


def jpx(side: int) -> bytes:
    """A JPEG 2000 codestream of square tiles, all of which hold the same."""
    out = io.BytesIO()
    one = np.vstack([strip(_TILE), strip(_TILE)])
    Image.fromarray(one).save(
        out, "JPEG2000", no_jp2=True, quality_mode="rates", quality_layers=[20], irreversible=True
    )
    data = bytearray(out.getvalue())
    data[8:16] = struct.pack(">II", side, side)
    start = data.index(b"\xff\x90")
    head, part = bytes(data[:start]), bytes(data[start:-2])
    tiles = (part[:4] + struct.pack(">H", k) + part[6:] for k in range((side // _TILE) ** 2))
    return head + b"".join(tiles) + b"\xff\xd9"


def pdf_jpx(side: int) -> bytes:
    """A PDF page that is one JPEG 2000 image."""
    return _pdf(side, jpx(side), "/JPXDecode")


def pdf_jpx_stamped(side: int) -> bytes:
    """The same, drawn over."""
    return _pdf(side, jpx(side), "/JPXDecode", _STAMP)


FORMATS: dict[str, Callable[[int], bytes]] = {
    "tiff raw": tiff_raw,
    "tiff lzw": tiff_lzw,
    "tiff deflate": tiff_deflate,
    "pdf flate": pdf_flate,
    "pdf flate stamped": pdf_stamped,
    "png rgb": lambda side: png_of(side, 3),
    "png rgba": lambda side: png_of(side, 4),
    "pdf jpx": pdf_jpx,
    "pdf jpx stamped": pdf_jpx_stamped,
}
"""Name -> a square page of so many pixels a side (a multiple of 1000)."""
