"""What can go of one folder: superseded versions that nobody needs, and the files of a batch left half-way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from sohoa.settings import Settings
from sohoa.store import ObjectVersion
from sohoa.upkeep.folders import Folder
from sohoa.upkeep.needed_files import Sizes, is_named


@dataclass(frozen=True)
class Terms:
    """The moments before which things are old."""

    versions: datetime
    abandoned: datetime

    @classmethod
    def of(cls, settings: Settings, now: datetime) -> Terms:
        """The terms of the settings at this moment."""
        return cls(now - timedelta(settings.old_versions_days), now - timedelta(settings.abandoned_days))


def superseded(versions: Iterable[ObjectVersion], before: datetime) -> list[tuple[ObjectVersion, ObjectVersion]]:
    """Versions of one folder that another took the place of before a moment, each with the newest of its object."""
    return [
        (version, own[0])
        for own in _by_object(versions)
        for newer, version in pairwise(own)
        if newer.last_modified < before and own[0].is_newest
    ]


def removable(
    folder: Folder, versions: list[ObjectVersion], sizes: Sizes | None, before: datetime
) -> list[ObjectVersion]:
    """Versions that can be deleted, the oldest first: never the newest of an object, nor one that a manifest may name.

    One that a manifest may name can go where the newest is the same file. What says that an object was deleted can go
    once nothing else of it is left.

    Args:
        folder: where they lie.
        versions: all versions in it, as ``Store.list_versions`` gives them.
        sizes: what the batch's manifests name; None where that is not known.
        before: what was superseded before this moment is old.
    """
    old = [
        version
        for version, newest in superseded(versions, before)
        if version.is_deletion
        or _is_same(version, newest)
        or (sizes is not None and not is_named(version, folder, sizes))
    ]
    lone = [own[0] for own in _by_object(versions) if len(own) == 1 and own[0].is_deletion]
    old += [version for version in lone if version.last_modified < before]
    return sorted(old, key=lambda version: (version.last_modified, version.key))


def live(versions: Iterable[ObjectVersion]) -> list[ObjectVersion]:
    """The newest version of each object that is there."""
    return [version for version in versions if version.is_newest and not version.is_deletion]


def is_left(versions: list[ObjectVersion], before: datetime) -> bool:
    """Whether there are files, and nothing has come or gone since this moment."""
    return bool(live(versions)) and all(version.last_modified < before for version in versions)


def _is_same(version: ObjectVersion, newest: ObjectVersion) -> bool:
    return not newest.is_deletion and (version.etag, version.size) == (newest.etag, newest.size)


def _by_object(versions: Iterable[ObjectVersion]) -> Iterator[list[ObjectVersion]]:
    for _, own in groupby(versions, key=lambda version: version.key):
        yield list(own)
