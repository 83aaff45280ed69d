"""Pictures of the pages that an agency has to scan again, made where pages are measured: in a guarded process."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sohoa import layout
from sohoa.errors import ObjectMissing, ObjectTooLarge
from sohoa.intake.check_run import Entry
from sohoa.pages.guard.guard import Guard
from sohoa.slips.receipt import PageKey, Place
from sohoa.store import Store

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
    chosen = _choose([page for page in pages if _can_be_seen(page)], store.settings.pictures_per_batch)
    files: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for page in chosen:
        files[page["file"]].append(page)
    pictures: dict[PageKey, Picture] = {}
    for file, wanted in files.items():
        for page, drawn in zip(wanted, _draw_file(store, guard, entry, wanted, columns), strict=False):
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


def _draw_file(
    store: Store, guard: Guard, entry: Entry, pages: list[dict[str, Any]], columns: dict[PageKey, list[str]]
) -> list[dict[str, Any]]:
    """What ``drawing.draw_pages`` makes of the pages of one file; nothing where the file has gone or changed since."""
    file = pages[0]["file"]
    key = layout.batch_prefix(entry.marker.agency, entry.scan_date, entry.name) + file
    wanted = [
        {name: page[name] for name in ("page_no", "width_mm")} | {"columns": columns.get((file, page["page_no"]), [])}
        for page in pages
    ]
    with guard.place():
        try:
            data = store.get_spelled(layout.LANDING, key, store.settings.max_file_bytes)
        except (ObjectMissing, ObjectTooLarge):
            return []
        if hashlib.sha256(data).hexdigest() != pages[0]["sha256"]:
            return []
        return guard.draw_pages(data, file, wanted)
