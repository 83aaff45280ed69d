"""Uploading a folder of batches and feeds the way agencies do: each with its own key, manifests last."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import SecretStr

from sohoa import layout
from sohoa.clean_text import escape_name
from sohoa.errors import InputError
from sohoa.settings import Settings
from sohoa.store import THREADS, Store

Report = Callable[[int, int], None]


@dataclass
class Loaded:
    """What was uploaded, and what could not be."""

    files: int = 0
    manifests: int = 0
    feeds: int = 0
    skipped: list[str] = field(default_factory=list)


def load_folder(folder: Path, settings: Settings, report: Report) -> Loaded:
    """Upload ``folder/landing`` and ``folder/feeds``; pages first, then feeds, then the manifests by scan date.

    What is not a regular file, or has a name that no key can have, is skipped and named. An agency's files go up with
    its own identity where the embedded store has one for it, else with this process's own.

    Raises:
        InputError: the folder holds neither ``landing`` nor ``feeds``.
    """
    landing, feeds = folder / "landing", folder / "feeds"
    if not landing.is_dir() and not feeds.is_dir():
        raise InputError(f"{folder}: there is no landing/ or feeds/ in it; `sohoa simulate --out {folder}` makes them")
    loaded = Loaded()
    stores = _Stores(settings)
    batches = list(_regular(landing / "batches", loaded))
    inbox = sorted(_regular(landing / "inbox", loaded), key=_by_scan_date)
    others = list(_regular(feeds, loaded))
    total, done = len(batches) + len(inbox) + len(others), 0
    with ThreadPoolExecutor(THREADS) as pool:
        for group, bucket, root in ((batches, layout.LANDING, landing), (others, layout.FEEDS, feeds)):
            for _ in pool.map(lambda path, bucket=bucket, root=root: stores.upload(bucket, root, path), group):
                done += 1
                report(done, total)
    for path in inbox:
        stores.upload(layout.LANDING, landing, path)
        done += 1
        report(done, total)
    loaded.files, loaded.feeds, loaded.manifests = len(batches), len(others), len(inbox)
    return loaded


def _by_scan_date(path: Path) -> tuple[date, str]:
    """Sort key of a manifest; one without a well-formed batch id comes first."""
    found = layout.BatchId.parse(path.stem)
    return (found.scan_date if found else date.min, path.stem)


def _regular(folder: Path, loaded: Loaded) -> Iterable[Path]:
    links = [path for path in (folder, folder.parent) if path.is_symlink()]
    if links:  # below the folder that was named: what it holds lies elsewhere
        loaded.skipped.append(f"{escape_name(links[-1])}: a link to another folder; only what lies here is uploaded")
        return
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        name, below = escape_name(path), path.relative_to(folder)
        if not stat.S_ISREG(path.lstat().st_mode):
            loaded.skipped.append(f"{name}: not a regular file; only plain files are uploaded")
        elif escape_name(below) != str(below):
            loaded.skipped.append(f"{name}: its name is not UTF-8; rename it and load it again")
        else:
            yield path


class _Stores:
    """One store an identity."""

    def __init__(self, settings: Settings) -> None:
        self._own = Store(settings)
        self._agencies: dict[str, Store] = {}
        if settings.uses_embedded_store:
            keys = json.loads(settings.agency_keys_file.read_text(encoding="utf-8"))
            for agency, pair in keys.items():
                identity = {f"s3_{name}": SecretStr(pair[name]) for name in ("access_key", "secret_key")}
                self._agencies[agency] = Store(settings.model_copy(update=identity))

    def upload(self, bucket: str, root: Path, path: Path) -> None:
        key = path.relative_to(root).as_posix()
        agency = key.split("/")[1] if bucket == layout.LANDING else ""
        self._agencies.get(agency, self._own).put(bucket, key, path.read_bytes())
