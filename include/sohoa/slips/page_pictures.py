"""Pictures of the pages that an agency has to scan again, made where pages are measured: in a guarded process."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sohoa import layout
from sohoa.errors import ObjectMissing, ObjectTooLarge
from sohoa.intake.check_run import Entry
from sohoa.pages.guard.guard import Guard
from sohoa.slips.receipt import PageKey, Place
from sohoa.store import Store

Row = dict[str, Any]

_SHOWN_ERRORS = ("truncated",)  # of other faulty files nothing is to be seen, or it is not what was declared


@dataclass(frozen=True)
class Picture:
    """A small JPEG of a page."""

    name: str
    """Unique on its slip."""
    jpeg: str
    """Base64."""
    width: int
    height: int
    places: dict[str, Place]
    """Metric -> x, y, width, height as shares of the page, of those whose place is not in the page's row."""


def draw_pictures(
    store: Store, guard: Guard, entry: Entry, pages: Sequence[dict[str, Any]], columns: dict[PageKey, list[str]]
) -> dict[PageKey, Picture]:
    """Draw pictures of at most ``settings.pictures_per_batch`` of these pages; none where nothing can be seen.

    Args:
        store: where the files of the batch are.
        guard: processes that draw.
        entry: the batch.
        pages: rows of the pages that deserve one, in the order of the manifest.
        columns: the metrics whose limits a page fails.
    """
    folder = layout.batch_prefix(entry.marker.agency, entry.scan_date, entry.name)

    def read(file: str) -> bytes | None:
        try:
            return store.get_spelled(layout.LANDING, folder + file, store.settings.max_file_bytes)
        except (ObjectMissing, ObjectTooLarge):
            return None

    draw = partial(draw_file, guard, columns=columns, read=read)
    return draw_chosen(pages, store.settings.pictures_per_batch, draw)


def draw_chosen(
    pages: Sequence[Row], most: int, draw: Callable[[list[Row]], list[Row] | None]
) -> dict[PageKey, Picture]:
    """Have pictures drawn of at most so many of these pages, file by file; none where nothing can be seen.

    Args:
        pages: rows of the pages that deserve one, in the order of the manifest.
        most: of them.
        draw: as ``draw_file``, for the pages of one file.
    """
    files: dict[str, list[Row]] = defaultdict(list)
    for page in _choose([page for page in pages if _can_be_seen(page)], most):
        files[page["file"]].append(page)
    pictures: dict[PageKey, Picture] = {}
    for file, wanted in files.items():
        for page, drawn in zip(wanted, draw(wanted) or (), strict=False):
            if drawn:
                pictures[file, page["page_no"]] = Picture(name=f"{len(pictures) + 1:04d}", **drawn)
    return pictures


def _can_be_seen(page: dict[str, Any]) -> bool:
    return page["error"] is None or page["error"].partition(":")[0] in _SHOWN_ERRORS


def _choose(pages: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The first page of every document before the second of any; those to scan again before those in review."""
    seen: dict[str, int] = defaultdict(int)
    ranks = []
    for place, page in enumerate(pages):
        seen[page["document_id"]] += 1
        ranks.append((page["verdict"] != "rejected", seen[page["document_id"]], place))
    return [pages[place] for *_, place in sorted(sorted(ranks)[:most], key=lambda rank: rank[-1])]


def draw_file(
    guard: Guard, pages: list[Row], columns: Mapping[PageKey, list[str]], read: Callable[[str], bytes | None]
) -> list[Row] | None:
    """What ``draw_pages.draw_pages`` makes of the pages of one file; None where the file has gone or changed since.

    Args:
        guard: processes that draw.
        pages: rows of that file.
        columns: the metrics whose limits a page fails.
        read: the bytes of a file; None where it has gone or is too large.
    """
    file = pages[0]["file"]
    wanted = [
        {name: page[name] for name in ("page_no", "width_mm")} | {"columns": columns.get((file, page["page_no"]), [])}
        for page in pages
    ]
    with guard.place():
        data = read(file)
        if data is None or hashlib.sha256(data).hexdigest() != pages[0]["sha256"]:
            return None
        return guard.draw_pages(data, file, wanted)
