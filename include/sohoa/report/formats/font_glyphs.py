"""Which characters the report's font can draw, read from the font itself, so that no empty box is ever printed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from unicodedata import normalize

LACKING = "\u25a0"
"""■ stands for what cannot be drawn."""
FACES = ("Regular", "Bold", "Italic", "BoldItalic")


def printable(text: str) -> str:
    """The text with ■ in place of what the font cannot draw; letters and their accents made one where they can be."""
    known = _characters()
    return "".join(c if c in known else LACKING for c in normalize("NFC", text))


@cache
def _characters() -> frozenset[str]:
    """The characters that every face has."""
    faces = [
        frozenset(_mapped((files("sohoa") / "fonts" / f"LiberationSerif-{face}.ttf").read_bytes())) for face in FACES
    ]
    return frozenset.intersection(*faces)


def _mapped(font: bytes) -> Iterator[str]:
    """The characters that a TrueType font has a glyph for: cmap, platform 3, encoding 1, format 4."""
    tables = struct.unpack_from(">H", font, 4)[0]
    records = (struct.unpack_from(">4sLLL", font, 12 + 16 * n) for n in range(tables))
    cmap = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    count = struct.unpack_from(">H", font, cmap + 2)[0]
    parts = (struct.unpack_from(">HHL", font, cmap + 4 + 8 * n) for n in range(count))
    start = cmap + next(offset for platform, encoding, offset in parts if (platform, encoding) == (3, 1))
    segments = struct.unpack_from(">H", font, start + 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", font, start + 14)
    firsts = struct.unpack_from(f">{segments}H", font, start + 16 + 2 * segments)
    deltas = struct.unpack_from(f">{segments}H", font, start + 16 + 4 * segments)
    offsets = struct.unpack_from(f">{segments}H", font, start + 16 + 6 * segments)
    for place, (first, last, delta, offset) in enumerate(zip(firsts, ends, deltas, offsets, strict=True)):
        table = start + 16 + 6 * segments + 2 * place + offset  # where the segment's own list of glyphs begins
        for code in range(first, last + 1):
            glyph = struct.unpack_from(">H", font, table + 2 * (code - first))[0] if offset else code + delta
            if glyph % 0x10000:
                yield chr(code)
