"""Files to pages: the only importer of simplejpeg, Pillow, pikepdf and pypdfium2; one module a format.

A page that fails carries its fault and whatever its header said; a file in which no page can be told apart raises one
``BadPage``. Sizes are checked by the header before a decoder allocates.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from sohoa.pages.decode.file_data import FileData
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage

if TYPE_CHECKING:  # who only asks for a format needs no OpenCV
    from sohoa.pages.decode.page import Page

_MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)
HEAD_BYTES = 1024
"""What tells the format: readers accept that much before %PDF-."""


def file_format(data: FileData) -> str | None:
    """Return one of jpeg, png, tiff, pdf by the first bytes, whatever the name says; null where it is none of them."""
    head = data[:HEAD_BYTES]
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    return "pdf" if b"%PDF-" in head else None


def read_pages(data: FileData, name: str | None, bounds: FileBounds) -> Iterator[Page]:
    """Yield pages of a file one by one, decoded to grey.

    Args:
        data: the file.
        name: what ``file_format`` says of it.
        bounds: what may be spent on it.

    Raises:
        BadPage: the file as a whole cannot be read.
    """
    if not data:
        raise BadPage("truncated", "the file is empty")
    if name is None:
        raise BadPage("wrong_format", f"the file starts with {data[:8].hex(' ')}")
    reader = import_module(f"sohoa.pages.decode.{name}")  # only now: the libraries of all formats take 25 MB
    yield from reader.read_pages(data, bounds)
