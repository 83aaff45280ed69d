"""The process behind ``guard``: measures or draws what it is asked to, one file at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from sohoa.guarded.serve import serve
from sohoa.pages.decode.file_data import FileData, read_open
from sohoa.pages.file_row import fault_row
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.measure_page import measure_bytes
from sohoa.pages.page_row import PageRow

Rows = Sequence[Mapping[str, object]]


def main() -> None:
    """Answer requests until the caller goes."""
    serve(_answer)


def _answer(request: dict[str, Any], file: BinaryIO | None) -> Iterator[bytes]:
    assert file is not None  # each question of ``guard`` is about one
    yield json.dumps(_rows(request, file, FileBounds(**request["bounds"]))).encode()


def _rows(request: dict[str, Any], file: BinaryIO, bounds: FileBounds) -> Rows:
    name = request["file"]
    try:
        data = read_open(file)
    except BadPage as fault:
        return [fault_row({"file": name}, fault)]
    if request.get("wanted"):
        from sohoa.pages.draw_pages import draw_pages  # of few files

        return draw_pages(data, request["wanted"])
    if request.get("view"):
        from sohoa.pages.draw_views import draw_view  # of few files

        return [found for found in [draw_view(data, request["view"])] if found is not None]
    rows = measure_bytes(data, name, bounds, request["with_colour"])
    return _with_sketches(rows, data, bounds) if request.get("with_sketch") else rows


def _with_sketches(rows: list[PageRow], data: FileData, bounds: FileBounds) -> Rows:
    from sohoa.pages.draw_sketches import draw_sketches  # of few files

    if any(row["error"] for row in rows):
        return rows
    return [{**row, "sketch": sketch} for row, sketch in zip(rows, draw_sketches(data, bounds), strict=True)]


if __name__ == "__main__":
    main()
