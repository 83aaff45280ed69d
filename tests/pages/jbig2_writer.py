"""JBIG2 images as a PDF holds them: segments of own making, pixels by the arithmetic coder or as fax group 4."""

from __future__ import annotations

import struct

import numpy as np

SYMBOLS, TEXT, GENERIC, PAGE, PAGE_END, STRIPE_END, FILE_END = 0, 6, 38, 48, 49, 50, 51
UNKNOWN = 0xFFFFFFFF
# Of each state of the coder: size of the less probable part, next state after the more and the less probable value,
# whether the two change places (ISO/IEC 14492, table E.1).
_STATES = [
    (0x5601, 1, 1, 1), (0x3401, 2, 6, 0), (0x1801, 3, 9, 0), (0x0AC1, 4, 12, 0), (0x0521, 5, 29, 0),
    (0x0221, 38, 33, 0), (0x5601, 7, 6, 1), (0x5401, 8, 14, 0), (0x4801, 9, 14, 0),
    (0x3801, 10, 14, 0), (0x3001, 11, 17, 0),
    (0x2401, 12, 18, 0), (0x1C01, 13, 20, 0), (0x1601, 29, 21, 0), (0x5601, 15, 14, 1), (0x5401, 16, 14, 0),
    (0x5101, 17, 15, 0), (0x4801, 18, 16, 0), (0x3801, 19, 17, 0), (0x3401, 20, 18, 0), (0x3001, 21, 19, 0),
    (0x2801, 22, 19, 0), (0x2401, 23, 20, 0), (0x2201, 24, 21, 0), (0x1C01, 25, 22, 0), (0x1801, 26, 23, 0),
    (0x1601, 27, 24, 0), (0x1401, 28, 25, 0), (0x1201, 29, 26, 0), (0x1101, 30, 27, 0), (0x0AC1, 31, 28, 0),
    (0x09C1, 32, 29, 0), (0x08A1, 33, 30, 0), (0x0521, 34, 31, 0), (0x0441, 35, 32, 0), (0x02A1, 36, 33, 0),
    (0x0221, 37, 34, 0), (0x0141, 38, 35, 0), (0x0111, 39, 36, 0), (0x0085, 40, 37, 0), (0x0049, 41, 38, 0),
    (0x0025, 42, 39, 0), (0x0015, 43, 40, 0), (0x0009, 44, 41, 0), (0x0005, 45, 42, 0), (0x0001, 45, 43, 0),
]  # fmt: skip


def segment(number: int, kind: int, data: bytes, named: tuple[int, ...] = (), size: int | None = None) -> bytes:
    """A segment of page 1 that builds on others, by their numbers below 256."""
    size = len(data) if size is None else size
    return struct.pack(f">IBB{len(named)}BBI", number, kind, len(named) << 5, *named, 1, size) + data


def page(width: int, height: int, stripe: int = 0) -> bytes:
    """The segment that says how large the page is; in stripes of at most so many rows."""
    return segment(0, PAGE, struct.pack(">4IBH", width, height, 0, 0, 0, (1 << 15 | stripe) if stripe else 0))


def region(size: tuple[int, int], coded: bytes, top: int = 0, is_fax: bool = False) -> bytes:
    """The data of a generic region."""
    flags = b"\1" if is_fax else bytes([0, 3, 255, 253, 255, 2, 254, 254, 254])
    return struct.pack(">4IB", *size, 0, top, 0) + flags + coded


def arithmetic(black: np.ndarray) -> bytes:
    """Pixels, true where black, as the arithmetic coder codes them."""
    coder = _Coder()
    for context, value in zip(_contexts(black).ravel().tolist(), black.ravel().tolist(), strict=True):
        coder.code(context, int(value))
    return coder.finish()


def _contexts(black: np.ndarray) -> np.ndarray:
    """For each pixel, a number that the pixels before it and around it make up."""
    height, width = black.shape
    wide, found = np.pad(black.astype(np.int32), ((2, 0), (4, 4))), np.zeros(black.shape, np.int32)
    for row, first, end in ((0, -4, 0), (1, -3, 4), (2, -2, 3)):
        for column in range(first, end):
            found = found * 2 + wide[2 - row : 2 - row + height, 4 + column : 4 + column + width]
    return found


class _Coder:
    """The arithmetic coder of annex E, in the names of its flow charts."""

    def __init__(self) -> None:
        self.out, self.a, self.c, self.ct = bytearray(1), 0x8000, 0, 12
        self.states = [(0, 0)] * (1 << 16)

    def code(self, context: int, value: int) -> None:
        """Code one pixel."""
        state, likely = self.states[context]
        size, after_likely, after_other, is_switched = _STATES[state]
        self.a -= size
        if value == likely:
            if self.a & 0x8000:
                self.c += size
                return
            self.states[context] = after_likely, likely
            is_low = self.a < size
        else:
            self.states[context] = after_other, likely ^ is_switched
            is_low = self.a >= size
        if is_low:
            self.a = size
        else:
            self.c += size
        while not self.a & 0x8000:
            self.a, self.c, self.ct = self.a << 1, self.c << 1, self.ct - 1
            if self.ct == 0:
                self._put()

    def _put(self) -> None:
        if self.out[-1] != 0xFF and self.c >= 0x8000000:
            self.out[-1] += 1
            self.c &= 0x7FFFFFF
        self.ct = 7 if self.out[-1] == 0xFF else 8
        shift = 27 - self.ct
        self.out.append(self.c >> shift & 0xFF)
        self.c &= (1 << shift) - 1

    def finish(self) -> bytes:
        """Return all that was coded, with the end mark."""
        most = self.c + self.a
        self.c |= 0xFFFF
        self.c -= 0x8000 if self.c >= most else 0
        for _ in range(2):
            self.c <<= self.ct
            self._put()
        return bytes(self.out[1:]).removesuffix(b"\xff") + b"\xff\xac"
