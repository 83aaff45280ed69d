"""TIFF files tag by tag: what libraries refuse to write."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

BYTE, SHORT, LONG, RATIONAL, FLOAT, DOUBLE = 1, 3, 4, 5, 11, 12
_CODES = {BYTE: "B", SHORT: "H", LONG: "I", RATIONAL: "II", FLOAT: "f", DOUBLE: "d"}
OFFSETS, COUNTS, TILE_OFFSETS, TILE_COUNTS = 273, 279, 324, 325

Tags = Mapping[int, tuple[int, Sequence[Any]]]
"""Tag -> type and values."""


def write_tiff(*directories: tuple[Tags, Sequence[bytes | None]], order: str = "<", places: int = OFFSETS) -> bytes:
    """A TIFF of some directories, each with its tags and its strips or tiles; a null one is left out of the file.

    Where a directory has no tag ``places`` or ``places + 6`` of its own, offsets and sizes are the true ones;
    a tag with no values is left out.
    """
    out = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    link = 4
    for tags, pieces in directories:
        offsets = []
        for piece in pieces:
            offsets.append(len(out) if piece is not None else 0)
            out += piece or b""
        sizes = [len(piece or b"") for piece in pieces]
        counts = COUNTS if places == OFFSETS else TILE_COUNTS
        whole = {places: (LONG, offsets), counts: (LONG, sizes)} | dict(tags)
        out += bytes(len(out) % 2)
        out[link : link + 4] = struct.pack(order + "I", len(out))
        link = _add_directory(out, {tag: value for tag, value in whole.items() if value[1]}, order)
    return bytes(out)


def _add_directory(out: bytearray, tags: Tags, order: str) -> int:
    """Append a directory and return where it keeps the offset of the next one."""
    start, behind = len(out), bytearray()
    values_at = start + 2 + 12 * len(tags) + 4
    out += struct.pack(order + "H", len(tags))
    for tag in sorted(tags):
        kind, values = tags[tag]
        count = len(values) // len(_CODES[kind])
        body = struct.pack(order + _CODES[kind] * count, *values)
        if len(body) > 4:
            body, behind = struct.pack(order + "I", values_at + len(behind)), behind + body + bytes(len(body) % 2)
        out += struct.pack(order + "HHI", tag, kind, count) + body.ljust(4, b"\0")
    out += bytes(4) + behind
    return values_at - 4


def page_tags(width: int, height: int, bits: Sequence[int] = (8, 8, 8), photometric: int = 2, rows: int = 0) -> dict:
    """Tags of an uncompressed page at 150 dpi, one strip unless ``rows`` says how many rows each has."""
    return {
        256: (LONG, [width]), 257: (LONG, [height]), 258: (SHORT, list(bits)), 259: (SHORT, [1]),
        262: (SHORT, [photometric]), 277: (SHORT, [len(bits)]), 278: (LONG, [rows or height]),
        282: (RATIONAL, [150, 1]), 283: (RATIONAL, [150, 1]), 296: (SHORT, [2]),
    }  # fmt: skip
