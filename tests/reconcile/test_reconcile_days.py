"""The reconciliation on the real store: days touched are redone, moves follow, a closed day keeps what it had."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from sohoa import jobs, layout
from sohoa.errors import InputError, ObjectDamaged
from sohoa.pending import mark_scan
from sohoa.reconcile import reconcile_days as reconciliation
from sohoa.reconcile.list_dossiers import read_entries, read_lines
from sohoa.schema import TABLES
from sohoa.store import Store
from tests.jobs.kills import contents
from tests.reconcile.reconcile_cases import DAY, NEXT_DAY, OTHER_AGENCY, UNIT, on_portal, registered, table
from tests.spoil import spoil

THIRD_DAY = date(2024, 4, 17)


def write(store: Store, name: str, *rows: dict[str, Any]) -> None:
    """The rows of one day of a table, and the marker of that day."""
    found = table(name, list(rows))
    day = found["dossier_date"][0].as_py()
    store.write_table(name, day, "day", found.drop_columns("dossier_date"))
    store.put_json(layout.WAREHOUSE, layout.unreconciled_key(day, name), {})


def received(day: int, **changes: Any) -> dict[str, Any]:
    return on_portal(lodged_at=datetime(2024, 4, day, 8), **changes)  # noqa: DTZ001 (the wall clock)


def counts(store: Store, unit: str = "20") -> dict[tuple[date, str], int]:
    rows = store.read_table("reconciliation_daily").to_pylist()
    return {(row["dossier_date"], row["category"]): row["entries"] for row in rows if row["unit_code"] == unit}


def test_a_day_is_counted_in_every_cell_that_it_touches(clean_store: Store):
    """A moved dossier is counted on both days; the markers are gone and nothing intermediate stays."""
    write(clean_store, "register", registered())
    write(clean_store, "portal", received(16))
    assert jobs.reconcile() | {"work": ""} == {
        "work": "",
        "markers": 2,
        "reconciled_days": 1,
        "closed_gates": 0,
        "problems": [],
        "settled": 2,
    }
    assert counts(clean_store) == {
        (DAY, "R7_out"): 1,
        (DAY, "province"): 1,
        (NEXT_DAY, "R7_in"): 1,
        (NEXT_DAY, "portal"): 1,
    }
    assert jobs.reconcile()["markers"] == 0
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.WORK))


def test_what_moves_on_leaves_nothing_behind(clean_store: Store):
    """From the 16th to the 17th: the 16th counts only what others left there, or is gone."""
    other = "H37.81.03-240416-0001"
    write(clean_store, "register", registered())
    write(clean_store, "portal", received(16))
    write(clean_store, "register", registered(dossier_code=other))
    jobs.reconcile()
    assert counts(clean_store)[NEXT_DAY, "R7_in"] == counts(clean_store)[NEXT_DAY, "R4"] == 1
    write(clean_store, "portal", received(17))
    assert jobs.reconcile()["reconciled_days"] == 1
    found = counts(clean_store)
    assert {name for day, name in found if day == NEXT_DAY} == {"province", "R4"}
    assert found[THIRD_DAY, "R7_in"] == 1
    write(clean_store, "portal", received(15))
    jobs.reconcile()
    assert {day for day, _ in counts(clean_store)} == {DAY, NEXT_DAY}
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.table_prefix("reconciliation", THIRD_DAY)))


def test_only_days_that_wait_are_done(clean_store: Store):
    """A day without marker keeps what it had, and is done where it is asked for."""
    write(clean_store, "register", registered())
    jobs.reconcile()
    rows = table("portal", [received(15)]).drop_columns("dossier_date")
    clean_store.write_table("portal", DAY, "day", rows)
    assert jobs.reconcile()["markers"] == 0
    assert counts(clean_store)[DAY, "R4"] == 1
    assert jobs.reconcile(DAY)["reconciled_days"] == 1
    assert (DAY, "R4") not in counts(clean_store)


def test_a_day_that_does_not_balance_keeps_what_it_had(clean_store: Store):
    """Its marker stays and the closing names it; another day of the same run is written."""
    write(clean_store, "register", registered())
    jobs.reconcile()
    write(clean_store, "portal", received(15))
    write(clean_store, "register", registered(dossier_code="H37.81.03-240416-0001"))
    work = reconciliation.take_markers(clean_store)["work"]
    reconciliation.classify_days(clean_store, work, lambda _: {DAY: ["no balance"]})
    assert reconciliation.delete_markers(clean_store, work) == {"settled": 1, "problems": ["2024-04-15: no balance"]}
    assert counts(clean_store)[DAY, "R4"] == counts(clean_store)[NEXT_DAY, "R4"] == 1
    assert jobs.reconcile()["reconciled_days"] == 1
    assert (DAY, "R4") not in counts(clean_store)


def test_a_marker_written_again_stays(clean_store: Store):
    """What changes while a run is under way is done by the next one."""
    write(clean_store, "register", registered())
    work = reconciliation.take_markers(clean_store)["work"]
    reconciliation.classify_days(clean_store, work, jobs.check_reconciliation)
    clean_store.put_json(layout.WAREHOUSE, layout.unreconciled_key(DAY, "register"), {"again": True})
    assert reconciliation.delete_markers(clean_store, work)["settled"] == 0
    assert reconciliation.delete_markers(clean_store, work) == {"settled": 0, "problems": []}
    assert jobs.reconcile()["markers"] == 1


def test_links_into_the_store_are_looked_up(clean_store: Store):
    """A result that is there is no R11, one that is not is; the link's bucket must be the store's own."""
    clean_store.put(layout.LANDING, "batches/x/kq.pdf", b"%PDF")
    links = ["landing/batches/x/kq.pdf", "s3://landing/batches/y/kq.pdf", "s3://other/kq.pdf"]
    code = "H37.81.03-240415-{:04}".format
    write(clean_store, "register", *(registered(dossier_code=code(n), status=9) for n in range(3)))
    write(
        clean_store, "portal", *(received(15, dossier_code=code(n), status=9, result_link=links[n]) for n in range(3))
    )
    jobs.reconcile()
    found = read_entries(clean_store, "20", [DAY], "R11")
    assert [entry.portal for entry in found] == ["s3://landing/batches/y/kq.pdf"]


def test_a_figure_leads_down_to_its_codes(clean_store: Store):
    """By unit with all below it; as many codes as the figure says."""
    codes = [f"H37.81.03-240415-{n:04}" for n in range(3)]
    write(clean_store, "register", *(registered(dossier_code=code) for code in codes))
    write(clean_store, "portal", received(15, dossier_code=codes[0], handling_agency=OTHER_AGENCY))
    jobs.reconcile()
    for unit, name, expected in ((UNIT, "R4", codes[1:]), ("20", "R8_in", codes[:1]), (UNIT, "R8_in", [])):
        assert [entry.dossier_code for entry in read_entries(clean_store, unit, [DAY], name)] == expected
        lines = {line.category: line.entries for line in read_lines(clean_store, unit, [DAY], DAY)}
        assert lines.get(name, 0) == len(expected)
    with pytest.raises(InputError):
        read_entries(clean_store, "20", [DAY], "R13")


def test_ages_are_counted_to_the_day_asked_for(clean_store: Store):
    """First seen on the 16th, asked about on the 26th: ten days; before it was seen, none."""
    write(clean_store, "register", registered())
    jobs.reconcile()
    for as_of, days in ((date(2024, 4, 26), 10), (date(2024, 4, 10), 0)):
        (line,) = [line for line in read_lines(clean_store, "20", [DAY], as_of) if line.category == "R4"]
        assert (line.oldest_days, line.mean_days) == (days, days)


def test_documents_ask_for_a_reconciliation(clean_store: Store):
    """A summary hands its dossier days on, and scans without a dossier are R0."""
    documents = pa.Table.from_pylist(
        [
            {
                "agency": "H37.81.03",
                "batch": "H37.81.03-20240420-001",
                "document_id": "D1",
                "dossier_key": "H37.81.03-240415-12",
                "kind": "component",
                "is_received": True,
                "verdict": "rejected",
            }
        ]
    )
    scanned = date(2024, 4, 20)
    empty = {name: pa.nulls(1) for name in TABLES["documents"].names if name not in documents.column_names}
    rows = pa.table({**{name: documents[name] for name in documents.column_names}, **empty})
    clean_store.write_table("documents", scanned, "H37.81.03-20240420-001", rows)
    mark_scan(clean_store, "H37.81.03", "H37.81.03-20240420-001", scanned)
    jobs.summarise()
    assert jobs.reconcile()["reconciled_days"] == 1
    (entry,) = read_entries(clean_store, "20", [DAY], "R0")
    assert (entry.unit_code, entry.province, entry.first_seen) == (UNIT, "H37.81.03/D1", scanned)


@pytest.mark.parametrize(
    "key",
    [
        layout.table_key("register", DAY, layout.DAY),
        layout.table_key("reconciliation", DAY, DAY.isoformat()),
        layout.reconciled_key(DAY),
    ],
)
def test_a_day_that_needs_a_damaged_object_waits_and_the_others_are_done(clean_store: Store, key: str) -> None:
    """What is made again is not missed; what is not is named, and brought back all is as if it had been whole."""
    other = registered(dossier_key="H37.80.01-240417-1", dossier_date=THIRD_DAY)
    for _ in range(2):
        write(clean_store, "register", registered())
        write(clean_store, "register", other)
        write(clean_store, "portal", received(16))
        jobs.reconcile()
    whole = contents(clean_store)
    write(clean_store, "register", registered())
    write(clean_store, "register", other)
    before = spoil(clean_store, key)
    clean_store.delete(layout.WAREHOUSE, layout.table_key("reconciliation_daily", THIRD_DAY, layout.DAY))
    problems = jobs.reconcile()["problems"]
    if key.startswith("register"):
        assert problems == [f"{DAY}: {one}" for one in {problem.partition(": ")[2] for problem in problems}]
        assert f"warehouse/{key} is damaged" in problems[0]
        assert (THIRD_DAY, "province") in counts(clean_store)
        clean_store.put(layout.WAREHOUSE, key, before)
        problems = jobs.reconcile()["problems"]
    assert problems == []
    assert contents(clean_store) == whole


def test_a_cell_of_which_an_object_is_damaged_stays_owed_and_holds_up_no_other(clean_store: Store) -> None:
    """The object is of another day's dossiers: that day is reconciled again, or it is brought back."""
    write(clean_store, "register", registered())
    write(clean_store, "portal", received(16))
    jobs.reconcile()
    write(clean_store, "register", registered(dossier_key="H37.80.01-240416-1", dossier_date=NEXT_DAY))
    whole_key = layout.table_key("reconciliation", NEXT_DAY, DAY.isoformat())
    before = spoil(clean_store, whole_key)
    assert f"warehouse/{whole_key} is damaged" in jobs.reconcile()["problems"][0]
    clean_store.delete_prefix(layout.WAREHOUSE, layout.UNRECONCILED)
    with pytest.raises(ObjectDamaged, match=whole_key):
        jobs.reconcile()
    clean_store.put(layout.WAREHOUSE, whole_key, before)
    assert jobs.reconcile()["problems"] == []
    assert counts(clean_store)[NEXT_DAY, "R7_in"] == 1
    assert counts(clean_store)[NEXT_DAY, "province"] == 1


@pytest.mark.parametrize("said", [b'["2024=04-15"]', b'{"other": 1}', b"[]\x00", b""])
def test_a_damaged_mark_of_cells_is_found_again_in_the_table(clean_store: Store, said: bytes) -> None:
    """A dossier that has moved back leaves the cell that it was counted in."""
    write(clean_store, "register", registered())
    write(clean_store, "portal", received(16))
    jobs.reconcile()
    write(clean_store, "portal", received(15))
    clean_store.put(layout.WAREHOUSE, layout.reconciled_key(DAY), said)
    assert jobs.reconcile()["problems"] == []
    assert {day for day, _ in counts(clean_store)} == {DAY}
