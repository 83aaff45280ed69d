"""Scans as pictures for a browser: drawn in guarded processes, the last ones kept on this machine, none public."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from shutil import rmtree
from typing import Any

from fastapi import HTTPException

from sohoa import layout
from sohoa.errors import ObjectMissing, ObjectTooLarge
from sohoa.guarded.process import Cause, ProcessEnded
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.store import Store
from sohoa.web.kept_files import part_suffix, remove_leftovers, touch

MOST_FILE_BYTES = 256 << 20
"""A larger file is not shown: all of it would lie in the memory of the server."""
MOST_PIXEL_BYTES = 430_000_000
"""What the pixels of a page may take while it is cut into tiles: A0 at 300 dpi comes whole, at 600 dpi halved."""
MOST_MEMORY_BYTES = 1_100_000_000
"""What the process that draws may take: twice the pixels, since a page that lies on its side is copied, and itself."""
MOST_SECONDS = 30
"""CPU time after which drawing a page is given up: somebody waits for it."""
WAIT_SECONDS = 5.0
"""So long somebody waits for the process that draws; then another try is asked for: a request holds a thread."""
_PROCESSES = 1  # beside the pages themselves in the memory of one server
_FACTS = "facts.json"


@dataclass(frozen=True)
class Drawn:
    """A page as drawn: its size in pixels, and where on it metrics saw what they measured, as shares of it."""

    width: int
    height: int
    places: dict[str, list[float]]


_NOTHING = Drawn(0, 0, {})
"""What is kept of a page that cannot be drawn."""


class Scans:
    """The pictures of one store's scans. Threads may share it; one file is drawn at a time."""

    def __init__(self, store: Store, folder: Path, most_bytes: int) -> None:
        """Keep pictures in ``folder``, which takes at most about ``most_bytes``."""
        self._store, self._folder, self._most_bytes = store, folder, most_bytes
        bounds = FileBounds.of(store.settings)
        seconds = min(MOST_SECONDS, bounds.max_file_seconds)
        self._bounds = replace(bounds, max_file_seconds=seconds, max_memory_bytes=MOST_MEMORY_BYTES)
        self._guard: Guard | None = None
        self._lock = threading.Lock()
        self._places = threading.Semaphore(_PROCESSES)
        remove_leftovers(folder)

    def fitted(self, day: date, page: dict[str, Any], columns: list[str]) -> Drawn | None:
        """Draw a page to fit a screen; None where nothing of it can be shown.

        Args:
            day: scan date.
            page: its row.
            columns: metrics to find the place of.

        Raises:
            HTTPException: 503 while other pages are drawn.
        """
        return self._draw(day, page, columns, tiles=False)

    def tiled(self, day: date, page: dict[str, Any]) -> Drawn | None:
        """Draw all of a page in tiles, as fine as the memory allows; None where nothing of it can be shown.

        Raises:
            HTTPException: 503 while other pages are drawn.
        """
        return self._draw(day, page, [], tiles=True)

    def picture(self, page: dict[str, Any], place: str, tiles: bool) -> bytes | None:
        """Return a picture of a page that was drawn before; None where it is not there any more."""
        try:
            return (self._home(page, tiles) / f"{place}.jpg").read_bytes()
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """End the process that draws; another one starts when it is needed."""
        with self._lock:
            if self._guard is not None:
                self._guard.__exit__(None, None, None)
                self._guard = None

    def _draw(self, day: date, page: dict[str, Any], columns: list[str], tiles: bool) -> Drawn | None:
        home = self._home(page, tiles)
        known = _read_facts(home)
        if known is None:
            if not self._places.acquire(timeout=WAIT_SECONDS):
                raise HTTPException(503)
            try:
                known = _read_facts(home) or self._draw_new(home, day, page, columns, tiles)
            finally:
                self._places.release()
        touch(home)
        return None if known == _NOTHING else known

    def _draw_new(self, home: Path, day: date, page: dict[str, Any], columns: list[str], tiles: bool) -> Drawn | None:
        data = self._read(day, page)
        if data is None:
            return None
        try:
            drawn = self._ask(data, page, columns, tiles)
        except ProcessEnded as end:
            if end.cause is Cause.OUTSIDE:  # another time it may be drawn
                return None
            drawn = None
        self._keep(home, drawn or {**asdict(_NOTHING), "pictures": {}})
        return _read_facts(home)

    def _ask(self, data: bytes, page: dict[str, Any], columns: list[str], tiles: bool) -> dict[str, Any] | None:
        sides = sorted((page["width_px"] or 0, page["height_px"] or 0))
        view = {
            "page_no": page["page_no"], "width_mm": page["width_mm"], "columns": columns, "tiles": tiles,
            "long_side_px": sides[1], "short_side_px": sides[0], "most_bytes": MOST_PIXEL_BYTES,
        }  # fmt: skip
        return self._running_guard().draw_view(data, page["file"], view)

    def _running_guard(self) -> Guard:
        with self._lock:
            if self._guard is None:
                self._guard = Guard(self._bounds, _PROCESSES)
            return self._guard

    def _read(self, day: date, page: dict[str, Any]) -> bytes | None:
        """The bytes of the page's file; None where it has gone, or is not any more what was measured."""
        key = layout.batch_prefix(page["agency"], day, page["batch"]) + page["file"]
        try:
            data = self._store.get_spelled(layout.LANDING, key, MOST_FILE_BYTES)
        except (ObjectMissing, ObjectTooLarge):
            return None
        return data if hashlib.sha256(data).hexdigest() == page["sha256"] else None

    def _home(self, page: dict[str, Any], tiles: bool) -> Path:
        """Where the pictures of a page lie: by what its file holds, whatever it is called."""
        return self._folder / f"{page['sha256']}-{page['page_no']}-{'tiles' if tiles else 'fit'}"

    def _keep(self, home: Path, drawn: dict[str, Any]) -> None:
        part = home.with_name(f"{home.name}{part_suffix()}")
        part.mkdir(parents=True, exist_ok=True, mode=0o700)
        for place, jpeg in drawn.pop("pictures").items():
            (part / f"{place}.jpg").write_bytes(base64.b64decode(jpeg))
        (part / _FACTS).write_text(json.dumps(drawn), encoding="utf-8")
        self._make_room()
        if not home.exists():
            part.replace(home)
        else:
            rmtree(part)

    def _make_room(self) -> None:
        found = [(home.stat().st_mtime, home) for home in self._folder.iterdir() if not home.name.endswith(".part")]
        sizes = {home: sum(file.stat().st_size for file in home.iterdir()) for _, home in found}
        total = sum(sizes.values())
        for _, home in sorted(found):
            if total <= self._most_bytes:
                return
            rmtree(home)
            total -= sizes[home]


def _read_facts(home: Path) -> Drawn | None:
    try:
        return Drawn(**json.loads((home / _FACTS).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
