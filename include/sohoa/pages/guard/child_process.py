"""The process behind ``guard``: measures what it is asked to, one file at a time, under the system's own bounds.

Requests come on standard input and answers go to standard output, one line of JSON each; a request may be followed by
the bytes of the file. What decoders print goes to standard error. The first line holds the bounds, the first answer
is null.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sohoa.pages.decode.file_data import FileData, read_file, read_piped
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import BadPage
from sohoa.pages.measure_page import fault_row, identify_file, measure_bytes, measure_file
from sohoa.pages.page_row import PageRow

Answer = Sequence[Mapping[str, object]]

_LIBRARIES = 67_108_864  # bytes of program code in memory, which RLIMIT_DATA does not count


def main() -> None:
    """Answer requests until standard input ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not garble an answer
    bounds = FileBounds(**json.loads(requests.readline()))
    _set_limit(resource.RLIMIT_CORE, 0)
    _set_limit(resource.RLIMIT_DATA, bounds.max_memory_bytes - _LIBRARIES)
    _answer(answers, None)
    for line in requests:
        _allow_seconds(bounds.max_file_seconds)
        _answer(answers, _rows(json.loads(line), requests, bounds))


def _rows(request: dict[str, Any], requests: BinaryIO, bounds: FileBounds) -> Answer:
    file, size, fault, with_colour = (request[name] for name in ("file", "size", "fault", "with_colour"))
    if size is not None:
        data = read_piped(requests, size)
    elif fault is None:
        return measure_file(Path(file), bounds, with_colour)
    else:
        try:
            data = read_file(Path(file), bounds)
        except BadPage as gone:
            return [fault_row({"file": file}, gone)]
    if fault is not None:
        return [fault_row(identify_file(data, file), BadPage(*fault))]
    if request.get("wanted"):
        from sohoa.pages.draw_pages import draw_pages  # of few files

        return draw_pages(data, request["wanted"])
    rows = measure_bytes(data, file, bounds, with_colour)
    return _with_sketches(rows, data, bounds) if request.get("with_sketch") else rows


def _with_sketches(rows: list[PageRow], data: FileData, bounds: FileBounds) -> Answer:
    from sohoa.pages.draw_sketches import draw_sketches  # of few files

    if any(row["error"] for row in rows):
        return rows
    return [{**row, "sketch": sketch} for row, sketch in zip(rows, draw_sketches(data, bounds), strict=True)]


def _answer(answers: BinaryIO, value: object) -> None:
    answers.write(json.dumps(value).encode() + b"\n")
    answers.flush()


def _allow_seconds(seconds: int) -> None:
    """Let the system end this process once it has used that much more CPU time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + seconds)


def _set_limit(kind: int, value: int) -> None:
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if most == resource.RLIM_INFINITY else min(value, most), most))


if __name__ == "__main__":
    main()
