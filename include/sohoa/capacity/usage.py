"""What each agency uses of the store, as ``maintain_store`` last counted it, and what it sent on a day."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from sohoa import layout
from sohoa.store import Store


class Used(TypedDict):
    """What lies under an agency's ``batches/``."""

    bytes: int
    """All versions."""
    objects: int
    """All versions."""
    newest_bytes: int
    newest_objects: int
    uncommitted_bytes: int
    """All versions, in batches without a manifest."""
    uncommitted: dict[str, int]
    """The largest batches without a manifest -> their bytes."""


class Received(TypedDict):
    """What an agency sent in admitted batches of one day."""

    bytes: int
    files: int
    batches: int


class Usage(TypedDict):
    """What all agencies use."""

    counted_at: str
    agencies: dict[str, Used]
    day: str
    received: dict[str, Received]
    """What each sent on ``day`` so far."""


Sent = dict[str, list[int]]
"""Batch -> its bytes and files, as its manifest says."""


def read_usage(store: Store) -> Usage | None:
    """What the agencies use, None before the first count, and where it has to be counted again."""
    nothing: Usage | None = None
    return store.find_json(layout.WAREHOUSE, layout.USAGE_KEY, nothing)


def read_sent(store: Store, day: date, agency: str) -> Sent:
    """The batches that were admitted of an agency on a day."""
    return store.find_json(layout.WAREHOUSE, layout.received_key(day, agency), Sent())


def sum_received(store: Store, day: date) -> dict[str, Received]:
    """What each agency sent on a day, by its code as it stands in a key."""
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.received_prefix(day))]
    found = store.each(lambda key: store.find_json(layout.WAREHOUSE, key, Sent()), keys)
    return {
        key.rpartition("/")[2].removesuffix(".json"): Received(
            bytes=sum(bytes_ for bytes_, _ in sent.values()),
            files=sum(files for _, files in sent.values()),
            batches=len(sent),
        )
        for key, sent in zip(keys, found, strict=True)
    }
