"""Rows of fax-coded data in two dimensions (ITU-T T.6), each from a whole byte on: libtiff does not read them.

They are followed code word by code word, and nothing is drawn: that is for who renders them.
"""

from __future__ import annotations

import numpy as np

from sohoa.pages.guard.faults import BadPage

Table = list[tuple[int, int] | None]
"""Number of 13 bits -> the meaning and the length of the code word that it begins with."""

_PASS, _HORIZONTAL = 100, 101  # other modes are the steps by which a change lies off the one above
_MODES = {
    "0001": _PASS, "001": _HORIZONTAL, "1": 0, "011": 1, "000011": 2, "0000011": 3,
    "010": -1, "000010": -2, "0000010": -3,
}  # fmt: skip
_WHITE = [
    "00110101", "000111", "0111", "1000", "1011", "1100", "1110", "1111", "10011", "10100", "00111", "01000",
    "001000", "000011", "110100", "110101", "101010", "101011", "0100111", "0001100", "0001000", "0010111", "0000011",
    "0000100", "0101000", "0101011", "0010011", "0100100", "0011000", "00000010", "00000011", "00011010", "00011011",
    "00010010", "00010011", "00010100", "00010101", "00010110", "00010111", "00101000", "00101001", "00101010",
    "00101011", "00101100", "00101101", "00000100", "00000101", "00001010", "00001011", "01010010", "01010011",
    "01010100", "01010101", "00100100", "00100101", "01011000", "01011001", "01011010", "01011011", "01001010",
    "01001011", "00110010", "00110011", "00110100", "11011", "10010", "010111", "0110111", "00110110", "00110111",
    "01100100", "01100101", "01101000", "01100111", "011001100", "011001101", "011010010", "011010011", "011010100",
    "011010101", "011010110", "011010111", "011011000", "011011001", "011011010", "011011011", "010011000",
    "010011001", "010011010", "011000", "010011011",
]  # fmt: skip
_BLACK = [
    "0000110111", "010", "11", "10", "011", "0011", "0010", "00011", "000101", "000100", "0000100", "0000101",
    "0000111", "00000100", "00000111", "000011000", "0000010111", "0000011000", "0000001000", "00001100111",
    "00001101000", "00001101100", "00000110111", "00000101000", "00000010111", "00000011000", "000011001010",
    "000011001011", "000011001100", "000011001101", "000001101000", "000001101001", "000001101010", "000001101011",
    "000011010010", "000011010011", "000011010100", "000011010101", "000011010110", "000011010111", "000001101100",
    "000001101101", "000011011010", "000011011011", "000001010100", "000001010101", "000001010110", "000001010111",
    "000001100100", "000001100101", "000001010010", "000001010011", "000000100100", "000000110111", "000000111000",
    "000000100111", "000000101000", "000001011000", "000001011001", "000000101011", "000000101100", "000001011010",
    "000001100110", "000001100111", "0000001111", "000011001000", "000011001001", "000001011011", "000000110011",
    "000000110100", "000000110101", "0000001101100", "0000001101101", "0000001001010", "0000001001011",
    "0000001001100", "0000001001101", "0000001110010", "0000001110011", "0000001110100", "0000001110101",
    "0000001110110", "0000001110111", "0000001010010", "0000001010011", "0000001010100", "0000001010101",
    "0000001011010", "0000001011011", "0000001100100", "0000001100101",
]  # fmt: skip
_LONG = [
    "00000001000", "00000001100", "00000001101", "000000010010", "000000010011", "000000010100", "000000010101",
    "000000010110", "000000010111", "000000011100", "000000011101", "000000011110", "000000011111",
]  # fmt: skip
_RUNS = [*range(64), *range(64, 1729, 64)]
_LONG_RUNS = range(1792, 2561, 64)
_LEAST_PART = 64  # a run as long is followed by the rest of it
_BITS = 13  # of the longest code word


def _by_window(codes: dict[str, int]) -> Table:
    """Return for each number of 13 bits the meaning and the length of the code word that it begins with, or null."""
    found: Table = [None] * (1 << _BITS)
    for code, meaning in codes.items():
        free = _BITS - len(code)
        first = int(code, 2) << free
        found[first : first + (1 << free)] = [(meaning, len(code))] * (1 << free)
    return found


def _run_table(codes: list[str]) -> Table:
    return _by_window(dict(zip(codes, _RUNS, strict=True)) | dict(zip(_LONG, _LONG_RUNS, strict=True)))


_MODE_AT = _by_window(_MODES)
_RUN_AT = (_run_table(_WHITE), _run_table(_BLACK))


def row_ends(data: bytes, width: int, height: int, is_aligned: bool) -> list[int]:
    """Return the bits at which the rows of fax-coded data end.

    Args:
        data: coded in two dimensions.
        width: pixels of a row.
        height: rows that there must be.
        is_aligned: whether each row begins at a whole byte.

    Raises:
        BadPage: truncated, where the data end before the last row; unreadable where there is no code word.
    """
    reader = _Reader(data, width)
    ends: list[int] = []
    row: list[int] = []
    for _ in range(height):
        if is_aligned:
            reader.at = -(-reader.at // 8) * 8
        row = reader.read_row(row)
        ends.append(reader.at)
    return ends


class _Reader:
    """Reads rows one after another, each as the pixels at which its colour changes."""

    def __init__(self, data: bytes, width: int) -> None:
        self._count, self._width, self.at = 8 * len(data), width, 0
        bits = np.unpackbits(np.frombuffer(data + bytes(2), np.uint8)).astype(np.uint16)
        windows = np.zeros(self._count + 1, np.uint16)
        for k in range(_BITS):
            windows += bits[k : k + len(windows)] << (_BITS - 1 - k)
        self._windows = memoryview(windows.data)  # whose items are plain numbers

    def read_row(self, above: list[int]) -> list[int]:
        """Return the changes of the row at ``at``, which rests on the one above.

        Raises:
            BadPage: truncated or unreadable.
        """
        width, changes, place, k = self._width, list[int](), -1, 0
        edges = [*above, width, width, width]
        while place < width:
            colour, before = len(changes) % 2, max(place, 0)
            k = max(0, k - 2) // 2 * 2 + colour
            while edges[k] <= place:
                k += 2
            mode = self._read(_MODE_AT)
            if mode == _PASS:
                place = edges[k + 1]
                continue
            if mode == _HORIZONTAL:
                middle = before + self._read_run(colour)
                place = middle + self._read_run(1 - colour)
                _change(changes, middle)
            else:
                place = edges[k] + mode
            _change(changes, place)
            if not before <= place <= width:
                raise _damaged()
        return changes

    def _read_run(self, colour: int) -> int:
        run = length = self._read(_RUN_AT[colour])
        while run >= _LEAST_PART:
            run = self._read(_RUN_AT[colour])
            length += run
        return length

    def _read(self, table: Table) -> int:
        if self.at >= self._count:
            raise BadPage("truncated", "fax-coded data end before the last row")
        window = self._windows[self.at]
        found = table[window]
        if found is None:
            raise _damaged() if window >> 2 else BadPage("truncated", "fax-coded data end before the last row")
        self.at += found[1]
        return found[0]


def _change(changes: list[int], place: int) -> None:
    """Change the colour at a place; twice at one is no change."""
    if changes and changes[-1] == place:
        changes.pop()
    else:
        changes.append(place)


def _damaged() -> BadPage:
    return BadPage("unreadable", "fax-coded data are damaged")
