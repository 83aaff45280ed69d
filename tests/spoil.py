"""Objects of the store that are damaged on purpose."""

from __future__ import annotations

from sohoa import layout
from sohoa.store import Store


def spoil(store: Store, key: str) -> bytes:
    """Cut off the end of an object of ``warehouse``; what it was before."""
    before = store.get(layout.WAREHOUSE, key)
    store.put(layout.WAREHOUSE, key, before[: len(before) * 2 // 3])
    return before
