"""The local cache of tables and document ids: what it reads is what the store has, and no more than has changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sohoa import layout
from sohoa.errors import ObjectDamaged, StoreError, TableBeingRead
from sohoa.known_documents import KnownDocument, save_documents
from sohoa.schema import TABLES
from sohoa.store import Store
from sohoa.web import kept_rows, listing, table_cache
from sohoa.web.cached_store import CachedStore
from sohoa.web.document_index import DocumentIndex
from sohoa.web.table_cache import TableCache
from tests.spoil import spoil

DAYS = [date(2024, 3, 30), date(2024, 3, 31), date(2024, 4, 1)]
DOSSIER = "H37.1-240305-1"
FIRST, LATER, OTHER = "H37.1-20240306-001", "H37.1-20250102-001", "H37.2-20240307-001"
PLACES = {
    FIRST: (date(2024, 3, 6), FIRST),
    LATER: (date(2025, 1, 2), LATER),
    OTHER: (date(2024, 3, 7), OTHER),
}


class Counted(Store):
    """A store that says what was asked of it."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.read: list[str] = []
        self.lists = 0

    def get_parquet(self, key: str, schema: pa.Schema | None = None) -> pa.Table:
        self.read.append(key)
        return super().get_parquet(key, schema)

    def list_objects(self, *args: Any, **named: Any) -> Iterator[Any]:
        self.lists += 1
        return super().list_objects(*args, **named)

    def list_folders(self, *args: Any, **named: Any) -> list[str]:
        self.lists += 1
        return super().list_folders(*args, **named)


def rows(*reasons: str) -> pa.Table:
    return pa.Table.from_pylist([{"agency": "H37.1", "reason": reason} for reason in reasons], TABLES["reviews"])


@pytest.fixture
def counted(clean_store: Store) -> Counted:
    for day in DAYS:
        for name in ("a", "b"):
            clean_store.write_table("reviews", day, name, rows(f"{day} {name} 1", f"{day} {name} 2"))
    return Counted(clean_store.settings)


def cache_of(counted: Counted, folder: Path, most_bytes: int = 10**9) -> TableCache:
    return TableCache(counted, folder, most_bytes)


def test_it_reads_what_the_store_reads(counted: Counted, tmp_path: Path) -> None:
    """All days, some days, one object's name, some columns, a condition: as the store itself, in the same order."""
    cache = cache_of(counted, tmp_path)
    assert cache.read("reviews").equals(counted.read_table("reviews"))
    assert cache.read("reviews", DAYS[1:]).equals(counted.read_table("reviews", DAYS[1:]))
    assert cache.read("reviews", DAYS, name="b").equals(counted.read_table("reviews", DAYS, name="b"))
    one = cache.read("reviews", columns=["reason"], where=pc.field("reason") == f"{DAYS[0]} a 2")
    assert one.to_pylist() == [{"scan_date": DAYS[0], "reason": f"{DAYS[0]} a 2"}]
    assert len(cache.read("reviews", [date(2020, 1, 1)])) == 0
    assert cache.read("incidents").column_names == ["first_day", *TABLES["incidents"].names]


def test_one_list_and_only_what_changed(counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_cache, "BY_MONTH", frozenset())
    cache = cache_of(counted, tmp_path)
    cache.read("reviews")
    assert (counted.lists, len(counted.read)) == (1, 6)
    cache.read("reviews", DAYS[:1])
    assert (counted.lists, len(counted.read)) == (1, 6)
    counted.write_table("reviews", DAYS[2], "a", rows("changed"))
    counted.delete(layout.WAREHOUSE, layout.table_key("reviews", DAYS[2], "b"))
    cache.expire("reviews")
    found = cache.read("reviews", DAYS[2:])["reason"].to_pylist()
    assert found == ["changed"]
    assert (counted.lists, counted.read[6:]) == (2, [layout.table_key("reviews", DAYS[2], "a")])


def test_of_a_large_table_only_the_months_asked_for_are_listed(counted: Counted, tmp_path: Path) -> None:
    """One question tells which days there are; then one a month, and none again for what was asked."""
    cache = cache_of(counted, tmp_path)
    cache.read("reviews", DAYS[2:])
    assert (counted.lists, len(counted.read)) == (2, 2)
    assert cache.days("reviews")[-3:] == DAYS  # the store may name some that had objects once
    assert cache.newest_day("reviews") == DAYS[2]
    april = cache.version("reviews", days=DAYS[2:])
    assert counted.lists == 2
    counted.write_table("reviews", DAYS[0], "c", rows("new"))
    counted.write_table("reviews", DAYS[0].replace(year=2023), "a", rows("older"))
    cache.expire("reviews")
    assert cache.version("reviews", days=DAYS[2:]) == april
    assert cache.version("reviews") != cache.version("reviews", days=DAYS)
    assert cache.read("reviews", name="c")["reason"].to_pylist() == ["new"]
    assert cache.read("reviews")["reason"].to_pylist()[0] == "older"


def test_a_day_whose_objects_have_gone_is_not_the_newest(counted: Counted, tmp_path: Path) -> None:
    """A store may still name its folder."""
    for name in ("a", "b"):
        counted.delete(layout.WAREHOUSE, layout.table_key("reviews", DAYS[2], name))
    cache = cache_of(counted, tmp_path)
    assert cache.newest_day("reviews") == DAYS[1]
    assert len(cache.read("reviews", DAYS[2:])) == 0
    assert cache.newest_day("incidents") is None and cache.newest_day("batches") is None


def test_it_survives_a_restart_and_a_spoiled_file(counted: Counted, tmp_path: Path) -> None:
    before = cache_of(counted, tmp_path).read("reviews")
    counted.read.clear()
    assert cache_of(counted, tmp_path).read("reviews").equals(before)
    assert counted.read == []
    file = next(tmp_path.glob("reviews/2024-03*"))
    file.write_bytes(file.read_bytes()[:40])
    assert cache_of(counted, tmp_path).read("reviews").equals(before)
    assert len(counted.read) == 4


def test_the_folder_stays_bounded(counted: Counted, tmp_path: Path) -> None:
    """Of two months the one that was asked for last stays; the other is read again when it is wanted."""
    cache = cache_of(counted, tmp_path, most_bytes=1)
    whole = cache.read("reviews", DAYS[:2])
    (march,) = tmp_path.glob("reviews/*.parquet")
    os.utime(march, (time.time() - table_cache.USED_SECONDS - 1,) * 2)
    cache.read("reviews", DAYS[2:])
    assert [file.name[:7] for file in tmp_path.glob("reviews/*.parquet")] == ["2024-04"]
    assert cache.read("reviews", DAYS[:2]).equals(whole)


def test_a_file_that_another_read_is_about_to_open_stays(counted: Counted, tmp_path: Path) -> None:
    cache = cache_of(counted, tmp_path, most_bytes=1)
    cache.read("reviews", DAYS[:2])
    cache.read("reviews", DAYS[2:])
    assert len(list(tmp_path.glob("reviews/*.parquet"))) == 2


def test_a_file_that_has_just_been_removed_is_not_made_empty(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = cache_of(counted, tmp_path)
    cache.read("reviews", DAYS[:2])
    (march,) = tmp_path.glob("reviews/*.parquet")
    known = kept_rows._objects_in(march)
    monkeypatch.setattr(kept_rows, "_objects_in", lambda file: (file.unlink(), known)[1])
    with pytest.raises(FileNotFoundError):
        cache.read("reviews", DAYS[:2])
    assert not march.exists()


def test_half_written_files_of_a_killed_server_go(counted: Counted, tmp_path: Path) -> None:
    cache_of(counted, tmp_path).read("reviews")
    for name, age in {"old.1.part": 4_000, "new.2.part": 10}.items():
        part = tmp_path / "reviews" / name
        part.write_bytes(b"half")
        os.utime(part, (time.time() - age,) * 2)
    cache_of(counted, tmp_path)
    assert [part.name for part in tmp_path.rglob("*.part")] == ["new.2.part"]


def test_a_name_of_what_there_is_is_made_with_the_listing(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at each request, of tens of thousands of keys."""
    cache = cache_of(counted, tmp_path)
    first = cache.version("reviews", "incidents")
    monkeypatch.setattr(table_cache, "sha256", lambda _: pytest.fail("made again"))
    assert cache.version("reviews", "incidents") == first != cache.version("reviews")


def test_a_store_that_is_away_leaves_the_older_listing(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = cache_of(counted, tmp_path)
    before = cache.infos("reviews")

    def away(*_: object, **__: object) -> Iterator[Any]:
        raise StoreError("away")

    monkeypatch.setattr(counted, "list_objects", away)
    monkeypatch.setattr(counted, "list_folders", away)
    monkeypatch.setattr(listing, "FRESH_SECONDS", 0.0)
    for one in (cache._days["reviews"], *cache._listings.values()):
        one._renew()
    assert cache.infos("reviews") == before and len(before) == 6


def test_months_of_one_question_are_not_thrown_out_by_each_other(counted: Counted, tmp_path: Path) -> None:
    cache = cache_of(counted, tmp_path, most_bytes=1)
    assert len(cache.read("reviews")) == 12


def test_one_object_is_read_anew_when_it_has_changed_alone(clean_store: Store, tmp_path: Path) -> None:
    store = CachedStore(clean_store.settings.model_copy(update={"home": tmp_path}))
    gets: list[str] = []
    get = store.get_parquet
    store.get_parquet = lambda key: (gets.append(key), get(key))[1]  # type: ignore[method-assign]
    assert len(store.read_object("reviews", DAYS[0], "a")) == 0
    clean_store.write_table("reviews", DAYS[0], "a", rows("first"))
    clean_store.write_table("reviews", DAYS[0], "b", rows("other"))
    for _ in range(3):
        assert store.read_object("reviews", DAYS[0], "a")["reason"].to_pylist() == ["first"]
        assert store.read_object("reviews", DAYS[0], "b")["reason"].to_pylist() == ["other"]
    assert len(gets) == 3
    clean_store.write_table("reviews", DAYS[0], "a", rows("second"))
    assert store.read_object("reviews", DAYS[0], "a")["reason"].to_pylist() == ["second"]


def test_an_older_listing_serves_while_it_is_renewed(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = cache_of(counted, tmp_path)
    cache.read("reviews")
    version = cache.version("reviews")
    counted.write_table("reviews", DAYS[2], "c", rows("new"))
    monkeypatch.setattr(listing, "FRESH_SECONDS", 0.0)
    deadline = time.monotonic() + 20
    while "new" not in cache.read("reviews")["reason"].to_pylist():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert cache.version("reviews") != version


def test_a_table_of_which_much_is_new_is_read_behind_the_request(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks is told at once how much there is to read, also while it is read; then the rows are there."""
    cache, gate = cache_of(counted, tmp_path), threading.Event()
    get = counted.get_parquet
    monkeypatch.setattr(counted, "get_parquet", lambda key: (gate.wait(20), get(key))[1])
    monkeypatch.setattr(table_cache, "MOST_AT_ONCE", 5)
    for _ in range(2):
        with pytest.raises(TableBeingRead) as told:
            cache.read("reviews")
        assert told.value.objects == 6
    gate.set()
    assert until_read(cache).equals(counted.read_table("reviews"))
    assert len(set(counted.read)) == 6


def test_a_table_that_could_not_be_read_behind_is_begun_again(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, get = cache_of(counted, tmp_path), counted.get_parquet

    def away(key: str) -> pa.Table:
        monkeypatch.setattr(counted, "get_parquet", get)
        raise StoreError("away")

    monkeypatch.setattr(counted, "get_parquet", away)
    monkeypatch.setattr(table_cache, "MOST_AT_ONCE", 0)
    assert len(until_read(cache)) == 12


@pytest.mark.parametrize("most_at_once", [table_cache.MOST_AT_ONCE, 0])
def test_a_damaged_object_is_named_and_its_month_stays_as_it_was(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_at_once: int
) -> None:
    """The other months are as new as ever; brought back, it is read again. Read behind a request it is no other way."""
    monkeypatch.setattr(listing, "FRESH_SECONDS", 0)
    monkeypatch.setattr(listing, "KEPT_SECONDS", 0)
    monkeypatch.setattr(table_cache, "DAMAGED_SECONDS", 0.2)
    cache, key = cache_of(counted, tmp_path), layout.table_key("reviews", DAYS[0], "a")
    before = cache.read("reviews")
    monkeypatch.setattr(table_cache, "MOST_AT_ONCE", most_at_once)
    good = spoil(counted, key)
    counted.write_table("reviews", DAYS[2], "a", rows("new"))
    found = until_read(cache)
    assert found.filter(pc.field("scan_date") < DAYS[2]).equals(before.filter(pc.field("scan_date") < DAYS[2]))
    assert "new" in found["reason"].to_pylist()
    assert [(one.error.key, one.shown_from is not None) for one in cache.damages()] == [(f"warehouse/{key}", True)]
    assert cache.is_damaged("reviews", "batches")
    assert not cache.is_damaged("batches")
    counted.put(layout.WAREHOUSE, key, good)
    time.sleep(0.2)
    assert until_read(cache).equals(counted.read_table("reviews"))
    assert cache.damages() == []


def test_damage_that_no_read_has_met_lately_is_told_no_more(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of other tables went on telling of it once it was brought back; read again, it is told again."""
    monkeypatch.setattr(listing, "FRESH_SECONDS", 0)
    monkeypatch.setattr(listing, "KEPT_SECONDS", 0)
    monkeypatch.setattr(table_cache, "DAMAGED_SECONDS", 0.1)
    monkeypatch.setattr(table_cache, "TOLD_SECONDS", 0.5)
    cache = cache_of(counted, tmp_path)
    cache.read("reviews")
    spoil(counted, layout.table_key("reviews", DAYS[0], "a"))
    for _ in range(2):
        cache.read("reviews")
        assert cache.is_damaged("reviews") and len(cache.damages()) == 1
        time.sleep(0.6)
        assert not cache.is_damaged("reviews") and not cache.damages()


@pytest.mark.parametrize("most_at_once", [table_cache.MOST_AT_ONCE, 0])
def test_a_damaged_object_of_which_no_older_rows_are_kept_is_an_error(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_at_once: int
) -> None:
    """Its month is not shown without it; the others are."""
    monkeypatch.setattr(table_cache, "MOST_AT_ONCE", most_at_once)
    key = layout.table_key("reviews", DAYS[2], "b")
    spoil(counted, key)
    cache = cache_of(counted, tmp_path)
    for _ in range(2):
        with pytest.raises(ObjectDamaged, match=f"{key} is damaged"):
            until_read(cache)
    assert counted.read.count(key) == 1, "it is not read again at once"
    assert until_read(cache, DAYS[:2]).equals(Store(counted.settings).read_table("reviews", DAYS[:2]))


def until_read(cache: TableCache, days: list[date] | None = None) -> pa.Table:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            return cache.read("reviews", days)
        except TableBeingRead:
            time.sleep(0.02)
    raise AssertionError("it is never read")


def keep(store: Store, batch: str, *ids: str, dossier: str | None = DOSSIER) -> None:
    save_documents(store, batch[:5], [KnownDocument(name, batch, dossier, "component") for name in ids])


@pytest.fixture
def indexed(clean_store: Store) -> Counted:
    keep(clean_store, LATER, "c")
    keep(clean_store, OTHER, "a", "d", dossier=None)
    keep(clean_store, FIRST, "a", "b")
    return Counted(clean_store.settings)


def test_documents_are_found_by_id_and_by_dossier(indexed: Counted, tmp_path: Path) -> None:
    """Of all agencies and years, by day; a document each, so that a batch stands there as often as it has them."""
    index = DocumentIndex(indexed, tmp_path)
    assert index.find("document_id", "a") == [PLACES[FIRST], PLACES[OTHER]]
    assert index.find("dossier_key", DOSSIER) == [PLACES[FIRST], PLACES[FIRST], PLACES[LATER]]
    assert index.find("dossier_key", DOSSIER, since=2025) == [PLACES[LATER]]
    assert index.find("document_id", "z") == []
    assert (indexed.lists, len(indexed.read)) == (1, 3)


def test_a_restart_reads_only_what_has_changed(indexed: Counted, tmp_path: Path) -> None:
    DocumentIndex(indexed, tmp_path).find("document_id", "a")
    indexed.read.clear()
    keep(indexed, FIRST, "a", "new")
    indexed.read.clear()
    assert DocumentIndex(indexed, tmp_path).find("document_id", "new") == [PLACES[FIRST]]
    assert indexed.read == ["_documents/H37.1/2024.parquet"]


def test_a_store_without_documents_has_none(clean_store: Store, tmp_path: Path) -> None:
    assert DocumentIndex(clean_store, tmp_path).find("document_id", "a") == []
