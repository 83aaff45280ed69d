"""What is kept of pages that were made, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.store import Store
from sohoa.web import listing, table_cache
from sohoa.web.site import Access, Site
from tests.counting_cases import review, table
from tests.spoil import spoil
from tests.web.pages_server import viewer

DAY = date(2024, 4, 16)


@pytest.mark.parametrize("kept", [Site.remember, Site.keep])
def test_nothing_that_was_made_from_a_damaged_table_is_kept(
    clean_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Callable[..., list[str]]
) -> None:
    """It is older than what the store holds by then, also once no read has met the damage lately."""
    for module, name in ((listing, "FRESH_SECONDS"), (listing, "KEPT_SECONDS"), (table_cache, "DAMAGED_SECONDS")):
        monkeypatch.setattr(module, name, 0)
    site = Site(clean_store.settings.model_copy(update={"home": tmp_path}), Access(viewer, lambda address: address))
    made: list[list[str]] = []

    def make() -> list[str]:
        made.append(site.store.read_table("reviews")["document_id"].to_pylist())
        return made[-1]

    def ask() -> list[str]:
        return kept(site, ("reviews",), ("documents",), make)

    def write(document_id: str) -> pa.Table:
        clean_store.write_table("reviews", DAY, "one", table("reviews", [review(document_id, "waive")]))

    write("a")
    assert [ask(), ask(), made] == [["a"], ["a"], [["a"]]]
    write("b")
    before = spoil(clean_store, layout.table_key("reviews", DAY, "one"))
    assert [ask(), ask(), len(made)] == [["a"], ["a"], 3]
    monkeypatch.setattr(table_cache, "TOLD_SECONDS", 0)
    assert [ask(), len(made)] == [["a"], 4]
    clean_store.put(layout.WAREHOUSE, layout.table_key("reviews", DAY, "one"), before)
    assert [ask(), ask(), len(made)] == [["b"], ["b"], 5]
