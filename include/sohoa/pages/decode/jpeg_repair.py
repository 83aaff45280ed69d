"""Flaws of a JPEG stream that harm no pixel: each is known by libjpeg's warning, and taken out of a copy.

A copy must then be decoded without a warning: a stream that was cut or damaged stays so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sohoa.pages.decode.file_data import FileData
from sohoa.pages.decode.jpeg_header import EOI, SOS, segments

_APP2, _APP14 = 0xE2, 0xEE
_TRANSFORM = 11  # the byte of Adobe's segment that names the colours; 1 is YCbCr, which libjpeg takes other codes for
_YCBCR = b"\1"
# Zeros between coded data and a marker, which some devices write. One of them may be coded data itself.
_ZEROS = tuple(re.compile(zeros + rb"(?=\xff[\xd0-\xd9])") for zeros in (rb"\x00{2,}", rb"\x00+", rb"(?<=\x00)\x00+"))


def repair_jpeg(data: FileData, warning: str) -> Iterator[bytes]:
    """Yield copies of a JPEG stream without the flaw that a warning of libjpeg names; none where that is damage."""
    if "ICC marker" in warning:
        yield b"".join(_rewrite_header(data, lambda marker, body: None if marker == _APP2 else body))
    elif "Adobe color transform" in warning:
        yield b"".join(_rewrite_header(data, _name_transform))
    elif "extraneous bytes before marker" in warning:
        head, rest = _rewrite_header(data, lambda _, body: body)
        if len(head) + len(rest) < len(data):
            yield head + rest
        else:
            yield from (head + zeros.sub(b"", rest) for zeros in _ZEROS)


def _name_transform(marker: int, body: bytes) -> bytes:
    is_adobe = marker == _APP14 and body[:5] == b"Adobe" and len(body) > _TRANSFORM
    return body[:_TRANSFORM] + _YCBCR + body[_TRANSFORM + 1 :] if is_adobe else body


def _rewrite_header(data: FileData, change: Callable[[int, bytes], bytes | None]) -> tuple[bytes, bytes]:
    """Return what comes before the first scan, its segments changed or left out and nothing between them; the rest."""
    head = [data[:2]]
    for marker, start, end in segments(data):
        if marker in (SOS, EOI):
            return b"".join(head), data[start:]
        body = change(marker, data[start:end])
        if body is not None:
            head.append(bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body)
    return b"".join(head), b""
