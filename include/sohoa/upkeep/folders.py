"""The folders of ``landing`` in the order of their keys, from a place on: batches of agencies, then receipts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sohoa import layout
from sohoa.store import ObjectVersion, Store

_DEPTHS = {layout.BATCHES: 3, layout.RECEIPTS: 2}
"""Folders between the top and the files: agency, day, batch; agency, batch."""
_PAGE = 1_000


_MAX_VERSIONS = 20_000
"""Versions of one folder that are looked at in one run; honest batches have fewer."""


@dataclass(frozen=True)
class Folder:
    """A folder with the files of one batch, or one stray object beside such folders."""

    prefix: str
    """What the keys in it begin with; of a stray object its key."""

    @property
    def is_batch(self) -> bool:
        """Whether agencies write here."""
        return self.prefix.startswith(layout.BATCHES)

    @property
    def agency(self) -> str:
        """The agency under whose name it lies."""
        return self.prefix.split("/")[1]

    @property
    def batch(self) -> str:
        """The batch id as spelled, of a stray object its name."""
        return self.prefix.rstrip("/").rpartition("/")[2]


def list_versions(store: Store, folder: Folder) -> list[ObjectVersion]:
    """The versions of a folder's objects, whole objects only; of a stray object those of no other key."""
    found = store.list_versions(layout.LANDING, folder.prefix, _MAX_VERSIONS)
    if len(found) == _MAX_VERSIONS:  # of the last object some may be missing
        found = [version for version in found if version.key != found[-1].key]
    is_stray = not folder.prefix.endswith("/")
    return [version for version in found if not is_stray or version.key == folder.prefix]


def list_folders(store: Store, after: str) -> Iterator[Folder]:
    """Every folder of a greater key than ``after``, the prefix of one or empty; each is listed when it is asked for."""
    for top, depth in _DEPTHS.items():
        if after < top or after.startswith(top):
            yield from _below(store, top, depth, after if after.startswith(top) else "")


def _below(store: Store, prefix: str, depth: int, after: str) -> Iterator[Folder]:
    """Folders under a prefix; ``after`` lies under it, or is empty."""
    start, done = (prefix + after.removeprefix(prefix).partition("/")[0]) if after else "", ""
    while names := _names(store, prefix, start, done):
        for name in names:
            is_begun = bool(after) and after.startswith(name)
            if name.endswith("/") and depth > 1:
                if is_begun or _order(name) > _order(after):
                    yield from _below(store, name, depth - 1, after if is_begun else "")
            elif _order(name) > _order(after):
                yield Folder(name)
        done = names[-1]
        start = done.rstrip("/")


def _names(store: Store, prefix: str, start: str, done: str) -> list[str]:
    """The next names under a prefix, in order: none when the last one is done."""
    names = store.list_names(layout.LANDING, prefix, start, _PAGE)
    return sorted((name for name in names if _order(name) > _order(done)), key=_order)


def _order(name: str) -> list[str]:
    """Sort key: name by name, as the store walks its folders; ``H37.84/`` comes before ``H37.84.09/``."""
    return name.rstrip("/").split("/")
