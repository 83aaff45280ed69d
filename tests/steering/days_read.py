"""Which days of a table a piece of work reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.store import Store


def days_read(monkeypatch: pytest.MonkeyPatch, table: str, work: Callable[[], object]) -> list[date]:
    """Do the work; return the days whose objects it read whole, in their order."""
    read, found = Store.get_parquet, list[date]()

    def note(store: Store, key: str) -> pa.Table:
        if key.startswith(layout.table_prefix(table)):
            found.append(layout.table_day(key))
        return read(store, key)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "get_parquet", note)
        work()
    return sorted(found)
