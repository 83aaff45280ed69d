"""Figures as printed, and what was revised since: every cause alone, and all of them adding up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from sohoa import layout
from sohoa.counting.count_progress import progress_of_day
from sohoa.counting.own_days import with_valid_from
from sohoa.enums import REVISION_CAUSES
from sohoa.errors import InputError
from sohoa.progress.revisions import keep_reported, newest_print, revised_since, revisions
from sohoa.schema import TABLES
from sohoa.store import Store, with_path_key
from tests.counting_cases import DAY, document, dossier, key, merged, provinces, review, table

OTHERS = [
    document("c", 2, batch="H37.80.01-20240418-001"),
    document("d", 2, kind="result", batch="H37.80.01-20240418-001"),
]
AND = ("20", "dn_and", "all")
RESULT = {"kind": "result", "batch": "H37.80.01-20240417-001"}
SCANNED = [document("a"), document("b", **RESULT)]


def figures(dossiers: pa.Table) -> pa.Table:
    """One day is the whole week."""
    return with_valid_from(with_path_key("progress_daily", progress_of_day(DAY, dossiers), DAY))


def snapshot(dossiers: pa.Table) -> pa.Table:
    return with_path_key("dossiers", dossiers, DAY)


def changes(old: pa.Table, new: pa.Table, now: pa.Table | None = None) -> dict[str, tuple[int, int]]:
    """Cause -> (numerator, denominator) of the province, dn_and."""
    found = revisions(figures(old), snapshot(old), figures(new) if now is None else now, snapshot(new)).to_pylist()
    rows = [row for row in found if (row["unit_code"], row["definition"], row["stage"]) == AND]
    return {row["cause"]: (row["numerator_change"], row["denominator_change"]) for row in rows}


def test_late_is_what_was_sent_late():
    """Of two batches since the print one was scanned later, and is not late; the parts still add up."""
    old, new = merged([dossier(1), dossier(2)], SCANNED[:1]), merged([dossier(1), dossier(2)], [*SCANNED, *OTHERS])
    late = {("H37.80.01", OTHERS[0]["batch"])}
    found = revisions(figures(old), snapshot(old), figures(new), snapshot(new), late).to_pylist()
    mine = {row["cause"]: row["numerator_change"] for row in found if (row["unit_code"], row["definition"]) == AND[:2]}
    assert mine == {"new_batch": 1, "late_batch": 1}


def test_the_same_again_is_no_revision():
    """Nothing changed, nothing is said."""
    now = merged([dossier(1)], SCANNED)
    assert revisions(figures(now), snapshot(now), figures(now), snapshot(now)).num_rows == 0


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (([dossier(1)], []), ([dossier(1), dossier(2)], []), {"late_register": (0, 1)}),
        (([], SCANNED), ([dossier(1)], SCANNED), {"late_register": (1, 1)}),
        (([dossier(1)], SCANNED), ([dossier(1, exemption="secret")], SCANNED), {"corrected_register": (-1, -1)}),
        (([dossier(1)], SCANNED[:1]), ([dossier(1)], SCANNED), {"new_batch": (1, 0)}),
        (
            ([dossier(1)], [SCANNED[0], SCANNED[1] | {"verdict": "review"}]),
            ([dossier(1)], [SCANNED[0], SCANNED[1] | {"verdict": "review"}], [review("b", "uphold")]),
            {"review": (1, 0)},
        ),
        (
            ([dossier(1)], [SCANNED[0], SCANNED[1] | {"verdict": "rejected"}]),
            ([dossier(1)], SCANNED),
            {"judged_again": (1, 0)},
        ),
        (
            ([dossier(1)], SCANNED),
            ([dossier(1)], [*SCANNED, document("c", batch="H37.80.01-20240418-001", replaces="a", verdict="rejected")]),
            {"new_batch": (-1, 0)},
        ),
    ],
    ids=[
        "dossier_named_later", "scans_were_there_first", "exempted", "new_batch", "upheld", "other_limits",
        "replaced_by_a_bad_scan",
    ],
)  # fmt: skip
def test_each_cause_alone(old, new, expected):
    """One thing changed between the print and now, and it is the one that is named."""
    assert changes(merged(*old), merged(*new)) == expected


def test_causes_are_told_apart():
    """A dossier exempted, one digitised by a late batch, one named later: three lines that add up."""
    old = merged([dossier(1), dossier(2, has_paper_result=False)], SCANNED)
    late = document("z", 2, batch="H37.80.01-20240419-001")
    new = merged([dossier(1, is_void=True), dossier(2, has_paper_result=False), dossier(3)], [*SCANNED, late])
    assert changes(old, new) == {"late_register": (0, 1), "corrected_register": (-1, -1), "new_batch": (1, 0)}


def test_a_move_between_units_is_seen_in_both():
    """The corrected register takes the dossier out of one commune and into another; the province does not change."""
    old, new = merged([dossier(1)], SCANNED), merged([dossier(1, unit_code="05974")], SCANNED)
    rows = revisions(figures(old), snapshot(old), figures(new), snapshot(new)).to_pylist()
    moved = {row["unit_code"]: row["denominator_change"] for row in rows if row["definition"] == "dn_and"}
    assert moved == {"05971": -1, "05974": 1}
    assert {row["cause"] for row in rows} == {"corrected_register"}


def test_what_the_dossiers_do_not_explain_is_said():
    """A day whose gate is closed keeps its old rows: the difference is not put down to a late batch."""
    old, new = merged([dossier(1)], SCANNED[:1]), merged([dossier(1)], SCANNED)
    assert changes(old, new, now=figures(old)) == {"new_batch": (1, 0), "recounted": (-1, 0)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(provinces(), provinces())
def test_causes_always_add_up(first, second):
    """Whatever changes between two states: printed + all causes = now, and only known causes are named."""
    old, new = merged(*first), merged(*second)
    found = revisions(figures(old), snapshot(old), figures(new), snapshot(new)).to_pylist()
    assert {row["cause"] for row in found} <= set(REVISION_CAUSES[:-1])
    for name in ("numerator", "denominator", "received"):
        sums: dict[tuple[str, ...], int] = {}
        for sign, table_ in ((-1, figures(old)), (1, figures(new))):
            for row in table_.to_pylist():
                place = (row["unit_code"], row["definition"], row["stage"])
                sums[place] = sums.get(place, 0) + sign * row[name]
        for row in found:
            sums[row["unit_code"], row["definition"], row["stage"]] -= row[f"{name}_change"]
        assert not any(sums.values())


def write(store: Store, register: list[dict[str, Any]], documents: list[dict[str, Any]]) -> None:
    dossiers = merged(register, documents)
    store.write_table("dossiers", DAY, layout.DAY, dossiers)
    store.write_table("progress_daily", DAY, layout.DAY, progress_of_day(DAY, dossiers))


def prints(store: Store) -> list[str]:
    return [item.key for item in store.list_objects(layout.WAREHOUSE, layout.table_prefix("reported", DAY))]


def test_a_print_is_kept_once_and_read_back(clean_store):
    """The same figures make the same object; other figures another; what was printed first can still be compared."""
    write(clean_store, [dossier(1)], SCANNED[:1])
    first = keep_reported(clean_store, DAY)
    assert keep_reported(clean_store, DAY) == first == newest_print(clean_store, DAY)
    assert len(prints(clean_store)) == 1
    write(clean_store, [dossier(1)], SCANNED)
    printed, revised = revised_since(clean_store, DAY, first)
    assert printed.schema.names == TABLES["reported"].names
    province = [row for row in printed.to_pylist() if (row["unit_code"], row["definition"]) == AND[:2]]
    assert (province[0]["numerator"], province[0]["denominator"]) == (0, 1)
    assert {row["cause"] for row in revised.to_pylist()} == {"new_batch"}
    second = keep_reported(clean_store, DAY)
    assert second != first
    assert len(prints(clean_store)) == 2
    assert revised_since(clean_store, DAY, second)[1].num_rows == 0


def test_a_week_that_was_never_printed(clean_store):
    """The message says how to print it."""
    with pytest.raises(InputError, match="sohoa run keep"):
        newest_print(clean_store, date(2024, 4, 8))


def test_a_week_is_seven_days(clean_store):
    """Days of the next week stay out."""
    write(clean_store, [dossier(1)], [])
    next_week = DAY + timedelta(7)
    clean_store.write_table("dossiers", next_week, layout.DAY, table("dossiers", [{"dossier_key": key(9)}]))
    name = keep_reported(clean_store, DAY)
    assert clean_store.read_table("reported_dossiers", [DAY], name)["dossier_key"].to_pylist() == [key(1)]
