"""Whether fax-coded data (ITU-T T.4 and T.6) hold all rows of their picture: libtiff leaves rows out without a word.

Data with the mark that their encoder sets at the end are whole. Rows of group 3 are counted by the mark before each;
of those without marks, nothing is said. Behind other data, in place of any zeros there, a code word is laid that there
is not: libtiff meets it if it still looks for rows. Zeros within the data, more in a row than code words hold, end them
too: it takes them for the end.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np

from sohoa.pages.decode import pillow
from sohoa.pages.guard.faults import BadPage

_GROUP_3 = 3
CODINGS = {2, _GROUP_3, 4, 32771}
"""Values of the tag Compression that are fax codings."""
_HOLE = bytes(4)  # code words side by side hold 10 zeros in a row, and their padding to whole words 15 more
_END_ZEROS = 11  # at the least, before the one of an end-of-line code
_END4 = bytes([*[0] * _END_ZEROS, 1] * 2)  # bit by bit: two end-of-line codes, which no other code contains
_NO_CODE = np.array([*[0] * 8, 1] * 64, np.uint8)  # begun anywhere in it, three code words on at the most there is none
_CHUNK = 1 << 20
_TWO_WAYS = 1  # bit of T4Options: rows may rest on the row above
_LOW_BIT_FIRST = 2
_TURNED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


@dataclass(frozen=True)
class FaxCoding:
    """How a picture is coded: values of the TIFF tags Compression, T4Options and FillOrder, and its sides."""

    compression: int
    options: int
    fill_order: int
    width: int
    height: int


def has_end_mark(data: bytes) -> bool:
    """Return whether the mark at the end of group 4 stands in it, at any bit and in either order of bits."""
    for start in range(0, len(data), _CHUNK):
        part = np.frombuffer(data, np.uint8, min(_CHUNK + len(_END4), len(data) - start), start)
        if any(_END4 in np.unpackbits(part, bitorder=order).tobytes() for order in ("big", "little")):
            return True
    return False


def check_rows(data: bytes, coding: FaxCoding) -> None:
    """Refuse fax-coded data, sound as far as they go, that end before the last row.

    Raises:
        BadPage: truncated; unreadable where there is a hole in them.
    """
    data = data.rstrip(b"\0")
    if coding.fill_order == _LOW_BIT_FIRST:
        data = data.translate(_TURNED)
    if coding.compression == _GROUP_3:
        rows = _count_rows(data, bool(coding.options & _TWO_WAYS))
        if rows is not None and rows < coding.height:
            raise BadPage("truncated", f"fax-coded data have {rows} rows of {coding.height}")
        return
    head = data.split(_HOLE, 1)[0]
    if not has_end_mark(head) and not _is_enough(head, coding):
        code = "truncated" if len(head) == len(data) else "unreadable"
        raise BadPage(code, "fax-coded data end before the last row")


def _count_rows(data: bytes, is_two_way: bool) -> int | None:
    """Return the rows of group 3 by the marks between them; null where there are none, or that of the end is there."""
    ones = np.flatnonzero(np.unpackbits(np.frombuffer(data, np.uint8)))
    marks = np.flatnonzero(np.diff(ones, prepend=-1) > _END_ZEROS)
    if not len(marks):
        return None
    following = np.diff(marks, append=len(ones)) - 1
    if is_two_way:  # a bit behind each mark says how its row is coded
        following -= np.diff(ones, append=-1)[marks] == 1
    is_row = following > 0
    return None if not is_row[:-1].all() else int(is_row.sum()) + (int(marks[0]) > 0)


def _is_enough(data: bytes, coding: FaxCoding) -> bool:
    """Return whether libtiff finds all rows in data without a mark at their end."""
    bits = np.trim_zeros(np.unpackbits(np.frombuffer(data, np.uint8)), "b")
    behind = np.packbits(np.concatenate([bits, _NO_CODE])).tobytes()
    try:
        pillow.decode_grey(pillow.open_image(io.BytesIO(_tiff(behind, coding))), 8)
    except BadPage:
        return False
    return True


def _tiff(data: bytes, coding: FaxCoding) -> bytes:
    """Return a TIFF file of one strip."""
    fields = {
        256: coding.width, 257: coding.height, 258: 1, 259: coding.compression, 262: 0, 277: 1,
        278: coding.height, 279: len(data), 292: coding.options,
    }  # fmt: skip
    head = 8 + 2 + 12 * (len(fields) + 1) + 4
    fields[273] = head
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, fields[tag]) for tag in sorted(fields))
    return struct.pack("<2sHIH", b"II", 42, 8, len(fields)) + entries + bytes(4) + data
