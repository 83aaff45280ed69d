"""Ways to break a page file that reach deep into its decoder."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable

from tests.pages.sound_files import wrap_in_pdf

_EXTREMES = (0, 1, 2, 255, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_PDF_WORDS = (
    b"/DCTDecode", b"/FlateDecode", b"/LZWDecode", b"/CCITTFaxDecode", b"/JBIG2Decode", b"/JPXDecode",
    b"/RunLengthDecode", b"/ASCII85Decode", b"/Crypt", b"/DeviceRGB", b"/DeviceGray", b"/DeviceCMYK", b"/Indexed",
    b"/ICCBased", b"/Separation", b"/Kids", b"/Parent", b"/Pages", b"/Page", b"/Image", b"/Form", b"/Prev", b"/ObjStm",
    b"null", b"true", b"[", b"]", b"<<", b">>", b"1 0 R", b"3 0 R", b"7 0 R", b"endobj", b"endstream",
)  # fmt: skip

Mutation = Callable[[bytes, random.Random], bytes]


def flip_bits(data: bytes, rng: random.Random) -> bytes:
    """One to 64 bits, near the start as often as anywhere."""
    out = bytearray(data)
    for _ in range(1 << rng.randrange(7)):
        at = rng.randrange(min(len(out), rng.choice((512, 2048, len(out)))))
        out[at] ^= 1 << rng.randrange(8)
    return bytes(out)


def truncate(data: bytes, rng: random.Random) -> bytes:
    """The first part, sometimes with the file's own end put after it."""
    keep = rng.randrange(len(data))
    return data[:keep] + (data[-rng.randrange(1, 40) :] if rng.random() < 0.3 else b"")


def splice(data: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """The head of one file on the tail of another, or of itself."""
    other = other or data
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def lie_about_numbers(data: bytes, rng: random.Random) -> bytes:
    """Lengths, counts, sides and offsets that are not true: binary ones, and decimal ones in a PDF."""
    if data[:5] == b"%PDF-" and rng.random() < 0.8:
        return _lie_in_pdf(data, rng)
    out = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        layout = rng.choice(("<H", "<I", ">H", ">I"))
        size = struct.calcsize(layout)
        at = rng.randrange(max(1, min(len(out), rng.choice((64, 512, len(out)))) - size))
        struct.pack_into(layout, out, at, rng.choice(_EXTREMES) & ((1 << 8 * size) - 1))
    return bytes(out)


def _lie_in_pdf(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randrange(1, 4)):
        found = list(re.finditer(rb"(?<![\w.])\d+|/[A-Z]\w+", data))
        if not found:
            break
        at = rng.choice(found)
        word = rng.choice(_PDF_WORDS) if at[0][:1] == b"/" else b"%d" % rng.choice((*_EXTREMES, -1, 10**12))
        data = data[: at.start()] + word + data[at.end() :]
    return data


def shuffle_blocks(data: bytes, rng: random.Random) -> bytes:
    """A block zeroed, doubled, dropped or moved."""
    start = rng.randrange(len(data))
    block = data[start : start + (1 << rng.randrange(12))]
    rest = data[:start] + data[start + len(block) :]
    at = rng.randrange(len(rest) + 1)
    kinds = (
        data[:start] + bytes(len(block)) + data[start + len(block) :],
        data[:start] + 3 * block + data[start:],
        rest,
    )
    return rng.choice((*kinds, rest[:at] + block + rest[at:]))


def break_below_checksums(data: bytes, rng: random.Random) -> bytes:
    """A PNG broken inside its chunks with the checksums put right again; other formats as a PDF's image, broken."""
    if data[:4] == b"\x89PNG":
        return _broken_png(data, rng)
    coding = {b"\xff\xd8": "/DCTDecode", b"II": "/CCITTFaxDecode"}.get(
        data[:2], rng.choice(("/FlateDecode", "/JPXDecode"))
    )
    return wrap_in_pdf(rng.choice((flip_bits, truncate, lie_about_numbers))(data, rng), (331, 468), coding)


def _broken_png(data: bytes, rng: random.Random) -> bytes:
    out, at = [data[:8]], 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if name == b"IDAT" and rng.random() < 0.5:
            body = zlib.compress(flip_bits(zlib.decompressobj().decompress(body), rng)) if len(out) == 2 else body
        elif body and rng.random() < 0.6:
            body = rng.choice((flip_bits, lie_about_numbers))(body, rng) if len(body) > 4 else body
        out.append(struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)))
        at += 12 + size
    return b"".join(out)


MUTATIONS: dict[str, Mutation] = {
    "bits flipped": flip_bits,
    "cut short": truncate,
    "numbers that lie": lie_about_numbers,
    "blocks moved": shuffle_blocks,
    "broken below the checksums": break_below_checksums,
}
"""What is done to one file. ``splice`` takes two."""


def mutate(seeds: dict[str, bytes], number: int, seed: int) -> tuple[str, str, bytes]:
    """The mutated file of that number: which seed it comes from, what was done, and its bytes."""
    rng = random.Random(f"{seed}/{number}")
    name = rng.choice(sorted(seeds))
    what = rng.choice(("spliced", *MUTATIONS))
    if what == "spliced":
        return name, what, splice(seeds[name], rng, seeds[rng.choice(sorted(seeds))])
    data = MUTATIONS[what](seeds[name], rng)
    return name, what, MUTATIONS["bits flipped"](data, rng) if data and rng.random() < 0.1 else data
