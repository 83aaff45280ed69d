"""The row of a file: what is known of it before it is decoded, and the columns in their order.

A file that is not measured has such a row too. This module imports no library that decodes.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any, BinaryIO, cast

from sohoa.pages.decode import HEAD_BYTES, file_format
from sohoa.pages.decode.file_data import FileData, reading_through
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.page_row import COLUMNS, PageRow


def identify_file(data: FileData, file: str) -> dict[str, Any]:
    """Return the columns that any file has, whatever it holds."""
    with reading_through(data):
        digest = hashlib.sha256(data).hexdigest()
    return {"file": file, "sha256": digest, "bytes": len(data), "format": file_format(data)}


def identify_open(stream: BinaryIO, file: str) -> dict[str, Any]:
    """Do as ``identify_file`` with an open file, read piece by piece: one that is cut short meanwhile harms nobody.

    Raises:
        BadPage: unreadable.
    """
    try:
        stream.seek(0)
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
        size = os.fstat(stream.fileno()).st_size
    except OSError as error:  # a failing disk
        raise BadPage("unreadable", type(error).__name__) from None
    return {"file": file, "sha256": digest, "bytes": size, "format": file_format(head)}


def fault_row(known: dict[str, Any], fault: BadPage) -> PageRow:
    """Return the one row of a file in which no page can be told apart."""
    return make_row(known | {"page_no": 1, "error": fault.text})


def make_row(values: dict[str, Any]) -> PageRow:
    """Return all columns in order, floats rounded as ``COLUMNS`` says."""
    row = {name: values.get(name) for name in COLUMNS}
    for name, value in row.items():
        if isinstance(value, float):
            row[name] = round(value, COLUMNS[name].decimals)
        elif isinstance(value, tuple):
            row[name] = [round(part, COLUMNS[name].decimals) for part in value]
    return cast(PageRow, row)
