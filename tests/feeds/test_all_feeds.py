"""All feeds through the store: one run takes them all, each to its table, with the markers of what changed."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.feeds import message_fields as field
from sohoa.feeds.import_files import find_new_files, mark_imported, merge_files
from sohoa.feeds.sources import SOURCES, Source
from sohoa.schema import TABLES
from sohoa.store import Store
from tests.feeds.feed_rows import csv_bytes, row
from tests.feeds.source_rows import GOOD, OLD_SPELLING, csv_of

DAY = date(2024, 4, 15)
FOLDERS = {name: f"{name}/gplx" if name == "ministry" else name for name in GOOD}


def send(store: Store, name: str, *rows: dict[str, str], dt: str = "2024-04-16", file: str = "a.csv") -> None:
    store.put(layout.FEEDS, f"{FOLDERS[name]}/dt={dt}/{file}", csv_of(*rows))


def run(store: Store) -> dict:
    found = find_new_files(store)
    return found | merge_files(store, found["work"]) | mark_imported(store, found["work"])


def take_markers(store: Store) -> dict[str, list[date]]:
    """The days that each queue holds; the markers are taken away."""
    found = {}
    for prefix in (layout.PENDING, layout.UNRECONCILED):
        keys = [item.key for item in store.list_objects(layout.WAREHOUSE, prefix)]
        parts = sorted({part for key in keys for part in key.split("/") if part.startswith("20")})
        found[prefix] = [date.fromisoformat(part) for part in parts]
        store.delete_prefix(layout.WAREHOUSE, prefix)
    return found


def test_one_run_takes_every_feed(clean_store: Store):
    """Each table has its row, under the day that its path asks for."""
    for name in GOOD:
        send(clean_store, name, GOOD[name])
    clean_store.put(layout.FEEDS, "register/dt=2024-04-16/a.csv", csv_bytes(row()))
    found = run(clean_store)
    assert (found["files"], found["rows"], found["rejects"], found["problems"]) == (7, 7, 0, [])
    days = {name: clean_store.read_table(name).column(0).to_pylist() for name in GOOD}
    assert days == {name: [DAY if name in {"portal", "ministry", "status"} else date(2024, 4, 16)] for name in GOOD}
    assert clean_store.read_table("ministry")["system"].to_pylist() == ["gplx"]
    assert take_markers(clean_store) == {layout.PENDING: [DAY], layout.UNRECONCILED: [DAY]}
    assert run(clean_store)["files"] == 0


@pytest.mark.parametrize(("name", "is_compared"), [("portal", True), ("ministry", True), ("status", False)])
def test_what_is_compared_asks_for_a_reconciliation(clean_store: Store, name: str, is_compared: bool):
    """Neither wakes the summaries; a file that changes no row asks for nothing."""
    send(clean_store, name, GOOD[name])
    run(clean_store)
    expected = [DAY] if is_compared else []
    assert take_markers(clean_store) == {layout.PENDING: [], layout.UNRECONCILED: expected}
    send(clean_store, name, GOOD[name], file="b.csv", dt="2024-04-15")
    send(clean_store, name, {**GOOD[name], "MaHoSo": OLD_SPELLING.replace("0415", "0412")}, file="b.csv")
    run(clean_store)
    found = take_markers(clean_store)[layout.UNRECONCILED]
    assert (date(2024, 4, 12) in found) is is_compared


def test_a_small_feed_says_what_its_files_say_now(clean_store: Store):
    """A corrected file replaces what it said; other files stay."""
    send(clean_store, "backlog", GOOD["backlog"], {**GOOD["backlog"], "MaDonVi": "H37.61"})
    send(clean_store, "backlog", GOOD["backlog"], dt="2024-05-01")
    run(clean_store)
    send(clean_store, "backlog", {**GOOD["backlog"], "SoKetQua": "7"})
    run(clean_store)
    rows = clean_store.read_table("backlog").to_pylist()
    assert [(r["dt"], r["agency"], r["results"]) for r in rows] == [
        (date(2024, 4, 16), "H37.60", 7),
        (date(2024, 5, 1), "H37.60", 1200),
    ]


def test_systems_do_not_mix(clean_store: Store):
    """Two systems' files of one name and day keep their own rows and rejects; a file without system is refused."""
    for system in ("gplx", "dkkd"):
        key = f"ministry/{system}/dt=2024-04-16/a.csv"
        clean_store.put(layout.FEEDS, key, csv_of(GOOD["ministry"], {**GOOD["ministry"], "MaHoSo": system}))
    clean_store.put(layout.FEEDS, "ministry/dt=2024-04-16/a.csv", csv_of(GOOD["ministry"]))
    run(clean_store)
    assert sorted(clean_store.read_table("ministry")["system"].to_pylist()) == ["dkkd", "gplx"]
    rejects = clean_store.read_table("rejects").to_pylist()
    assert sorted((r["value"], r["line"]) for r in rejects if r["line"]) == [("dkkd", 3), ("gplx", 3)]
    (misplaced,) = [r for r in rejects if r["line"] is None]
    assert "ministry/<hệ thống>/dt=" in misplaced["problem"]


def test_a_file_that_returns_to_its_former_content_is_imported_again(clean_store: Store):
    """Only the content that was imported last is known."""
    send(clean_store, "backlog", GOOD["backlog"])
    run(clean_store)
    send(clean_store, "backlog", {**GOOD["backlog"], "SoKetQua": "7"})
    run(clean_store)
    send(clean_store, "backlog", GOOD["backlog"])
    assert run(clean_store)["files"] == 1
    assert clean_store.read_table("backlog")["results"].to_pylist() == [1200]


def test_a_new_feed_is_a_source_a_schema_and_a_path_key(clean_store: Store, monkeypatch: pytest.MonkeyPatch):
    """Nothing else has to know it: its rows are merged by dossier day, its rejects kept, its days marked."""
    names = [pa.field("dossier_key", pa.string()), pa.field("inspected_at", pa.timestamp("ms"))]
    origin = [pa.field("dt", pa.date32()), pa.field("line", pa.int64()), pa.field("first_seen", pa.date32())]
    source = Source(
        "inspections",
        (field.key(), field.time("NgayKiemTra", "inspected_at", is_required=True)),
        key=("dossier_key",),
        time="inspected_at",
        is_compared=True,
    )
    monkeypatch.setitem(SOURCES, "inspections", source)
    monkeypatch.setitem(TABLES, "inspections", pa.schema([*names, *origin]))
    monkeypatch.setitem(layout.PATH_KEY, "inspections", "dossier_date")
    code = "H37.81.03-240415-{:04}".format
    rows = [{"MaHoSo": code(n), "NgayKiemTra": day} for n, day in ((1, "20240415"), (2, "20240501"), (3, "?"))]
    rows = [{**row, "NgayKiemTra": f"{row['NgayKiemTra']}083000"} for row in rows]
    clean_store.put(layout.FEEDS, "inspections/dt=2024-04-16/a.csv", csv_of(*rows))
    assert run(clean_store)["rejects"] == 2
    (found,) = clean_store.read_table("inspections").to_pylist()
    assert (found["dossier_date"], found["dossier_key"]) == (DAY, "H37.81.03-240415-1")
    assert take_markers(clean_store) == {layout.PENDING: [], layout.UNRECONCILED: [DAY]}
