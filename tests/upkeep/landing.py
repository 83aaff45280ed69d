"""An agency at work in ``landing``, and what must still be there afterwards."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Any

from sohoa import layout
from sohoa.settings import TIME_ZONE
from sohoa.store import Store
from sohoa.upkeep.sweep import Swept, sweep
from tests.batch_builder import document, manifest
from tests.servers import s3_client

AGENCY, DAY = "H37.80.01", date(2023, 3, 6)


def batch_id(number: int) -> str:
    return f"{AGENCY}-{DAY:%Y%m%d}-{number:03d}"


def key_of(number: int, path: str) -> str:
    return layout.batch_prefix(AGENCY, DAY, batch_id(number)) + path


def upload(store: Store, number: int, path: str, data: bytes) -> None:
    store.put(layout.LANDING, key_of(number, path), data)


def commit(store: Store, number: int, files: dict[str, bytes], **changes: Any) -> bytes:
    """Put the manifest of these files into the inbox."""
    body = json.dumps(manifest([document(f"D{number}", files)], number) | changes).encode()
    store.put(layout.LANDING, layout.inbox_key(AGENCY, batch_id(number)), body)
    return body


def settle(store: Store, number: int) -> None:
    """What the end of a check does to a marker: keep its manifest, then delete its version."""
    key = layout.inbox_key(AGENCY, batch_id(number))
    found = store.stat(layout.LANDING, key)
    assert found is not None
    sha256 = hashlib.sha256(store.get(layout.LANDING, key)).hexdigest()
    target = layout.manifest_key(AGENCY, batch_id(number), sha256)
    store.copy((layout.LANDING, key, found.version_id), (layout.WAREHOUSE, target))
    store.delete(layout.LANDING, key, found.version_id)


def sweep_after(store: Store, days: int, **more: int) -> Swept:
    """What a run does that comes so many days later."""
    return sweep(store, datetime.now(TIME_ZONE) + timedelta(days, minutes=1), **more)


def contents_of(store: Store, key: str) -> list[bytes | None]:
    """Every version of an object, the newest first; None where it was deleted."""
    client = s3_client(store)
    found = [version for version in store.list_versions(layout.LANDING, key) if version.key == key]
    return [
        None if one.is_deletion else client.get_object(layout.LANDING, key, version_id=one.version_id).data
        for one in found
    ]
