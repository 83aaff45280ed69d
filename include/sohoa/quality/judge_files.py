"""What ``sohoa measure`` does: measure files on this machine and judge their pages, without a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sohoa.clean_text import escape_name
from sohoa.enums import SEALED_KINDS
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.pages.page_row import PageRow
from sohoa.settings import Settings

_PROCESSES = 2
_CHUNK = 32  # files judged at a time
_DECLARED = ("kind", "content", "paper", "cover", "device_kind")


def measure_and_judge(
    files: list[Path], profile: str, declared: dict[str, str | None], settings: Settings
) -> Iterator[dict[str, Any]]:
    """Yield one dict per page, in the order of the files: a ``PageRow``, then verdict, defects and notes.

    Args:
        files: paths; one that is missing or cannot be read still gives its row, with ``error``. In a name that is
            not UTF-8 the bytes that are not are escaped.
        profile: profile of limits.
        declared: kind, paper, cover, content and device_kind, where they are known.
        settings: bounds on size, pages, time and memory.

    Raises:
        InputError: there is no such profile.
    """
    with Guard(FileBounds.of(settings), min(_PROCESSES, len(files))) as guard:
        threads = ThreadPoolExecutor(_PROCESSES)
        try:
            with_colour = declared.get("kind") in SEALED_KINDS
            measured = threads.map(lambda path: guard.measure_file(path, with_colour), files)
            # Judging takes 100 MB: its libraries are loaded when the first file, perhaps the only large one, is done.
            first = list(islice(measured, 1))
            yield from _judge(chain(first, measured), profile, declared)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _judge(
    measured: Iterable[list[PageRow]], profile: str, declared: dict[str, str | None]
) -> Iterator[dict[str, Any]]:
    import pyarrow as pa

    from sohoa.quality.rules import judge_pages
    from sohoa.quality.thresholds import asked_thresholds
    from sohoa.schema import MEASURED, TABLES, VERDICT

    rules = asked_thresholds(profile).rules
    schema = pa.schema([*MEASURED, *(TABLES["pages"].field(name) for name in _DECLARED)])
    names = [*MEASURED.names, *VERDICT.names]
    files = iter(measured)
    while chunk := list(islice(files, _CHUNK)):
        rows = [{**declared, **row, "file": escape_name(row["file"])} for found in chunk for row in found]
        yield from judge_pages(pa.Table.from_pylist(rows, schema=schema), rules).select(names).to_pylist()
