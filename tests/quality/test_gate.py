"""Great Expectations as the engine: the same verdicts as numpy, and gates that close and name the rows."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from expectations import batches, documents, invariants, pages, progress_daily
from sohoa.counting.count_progress import RATES
from sohoa.enums import CONTENTS, COVERS, DEVICE_KINDS, DOCUMENT_KINDS, ERROR_CODES, PAPERS, VERDICTS
from sohoa.errors import GateClosed
from sohoa.quality import gate, rules
from sohoa.quality.thresholds import Rule, Thresholds, load_thresholds
from sohoa.schema import TABLES, VERDICT
from sohoa.store import with_path_key
from tests.quality.limit_files import limit, read
from tests.quality.quality_rows import page_table, table_of

LIMITS = load_thresholds("tthc")
ERRORS = [f"{code}: why; what to do" for code in (*ERROR_CODES, "other")]
SCOPES = list(product((*PAPERS, None), (*COVERS, None), (*CONTENTS, None)))


def around(rule: Rule) -> list[Any]:
    """Values at the limit, just beside it on both sides, far away, and null."""
    if rule.column == "error":
        return [*ERRORS, None]
    if isinstance(rule.limit, tuple):
        return [*rule.limit, {str: "x", int: 90, bool: False}[type(rule.limit[0])], None]
    edge = 200.0 if rule.limit is None else float(rule.limit)
    beside = math.nextafter(edge, math.inf), math.nextafter(edge, -math.inf)
    near = [edge, *beside, edge * 10, None, math.nan, *rule.rounded]
    return [*near, *(-value for value in near[:4])] if rule.test == "max_abs" else near


def assert_engines_agree(changes: Sequence[dict[str, Any]], thresholds: Thresholds) -> None:
    rows = page_table(changes)
    judged = rules.judge_pages(rows, thresholds.rules), gate.judge_pages(rows, thresholds)
    by_numpy, by_gx = (table.select(VERDICT.names).to_pylist() for table in judged)
    assert [found for found in zip(changes, by_numpy, by_gx, strict=True) if found[1] != found[2]] == []
    assert judged[0].schema.equals(judged[1].schema, check_metadata=True)


def test_both_engines_agree_at_every_limit_in_every_scope() -> None:
    """At each limit, one step beside it, at null and NaN: for all declared paper, cover and content."""
    changes = [
        {rule.column: value, "kind": kind, "paper": paper, "cover": cover, "content": content, "device_kind": device}
        for rule in LIMITS.rules
        for value in around(rule)
        for device in (("camera", "adf", None) if "device_kind" in rule.scope else (None,))
        for kind in (DOCUMENT_KINDS if "kind" in rule.scope else (None,))
        for paper, cover, content in (SCOPES if isinstance(rule.limit, float) else SCOPES[::7])
    ]
    assert_engines_agree(changes, LIMITS)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    column: st.sampled_from([value for rule in LIMITS.rules if rule.column == column for value in around(rule)])
    for column in sorted({rule.column for rule in LIMITS.rules})
} | {
    "kind": st.sampled_from([*DOCUMENT_KINDS, None]),
    "paper": st.sampled_from([*PAPERS, None]),
    "cover": st.sampled_from([*COVERS, None]),
    "content": st.sampled_from([*CONTENTS, None]),
    "device_kind": st.sampled_from([*DEVICE_KINDS, None]),
}
CHANGES = st.lists(st.sampled_from(sorted(VALUES)), max_size=8, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: VALUES[name] for name in names})
)


@settings(
    max_examples=6, deadline=None, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck)
)
@given(st.lists(CHANGES, min_size=0, max_size=40))
def test_both_engines_agree_on_any_rows(changes: list[dict[str, Any]]) -> None:
    """Several things at once: errors beside defects, defects beside notes, anything unknown."""
    assert_engines_agree(changes, LIMITS)


def test_both_engines_agree_where_scopes_of_several_columns_replace_each_other(tmp_path: Path) -> None:
    """Limits on paper, cover and content that overlap: the same one holds in both engines."""
    thresholds = read(
        tmp_path,
        limit(),
        limit(paper=["a0", "a1"], cover=["glossy"], limit=2.0),
        limit(content=["map"], paper=["a1", "a2"], limit=3.0),
        limit(content=["map"], cover=["matte"], limit=4.0),
    )
    changes = [
        {"skew_deg": skew, "paper": paper, "cover": cover, "content": content}
        for skew in (0.9, 1.5, 2.5, 3.5, 4.5)
        for paper, cover, content in SCOPES
    ]
    assert_engines_agree(changes, thresholds)


def test_a_limit_that_cannot_be_checked_stops_the_judging() -> None:
    """Great Expectations keeps an exception as a result; taken as "no failing rows" it would accept every page."""
    broken = LIMITS.rules[0].model_copy(update={"column": "file", "test": "min", "limit": 1.0})
    with pytest.raises(GateClosed, match="could not be checked"):
        gate.judge_pages(page_table([{}]), Thresholds("tthc", (broken,), {}, (), ""))


def test_the_validation_result_can_name_the_failing_rows() -> None:
    """With a key, the result tells a failing row by its file and page."""
    failing = gate.validate_pages(page_table([{}, {"skew_deg": 5.0, "page_no": 2}]), LIMITS, ("file", "page_no"))
    assert {check.expectation_config.meta["defect"] for check in failing} == {"skewed"}
    assert [(row["file"], row["page_no"]) for row in failing[0].result["unexpected_index_list"]] == [("d1.pdf", 2)]


def test_standard_output_stays_clean() -> None:
    """Where a process logs to standard output, as Airflow's do, the library would write 200 lines there."""
    code = (
        "import logging, sys\n"
        "logging.basicConfig(stream=sys.stdout, level=logging.INFO)\n"
        "from tests.quality.quality_rows import page_table\n"
        "from sohoa.quality import gate, thresholds\n"
        "gate.judge_pages(page_table([{'skew_deg': 5.0}]), thresholds.load_thresholds('tthc'))\n"
    )
    here = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=here, check=True, capture_output=True).stdout == b""


# gates of tables

PAGE = {"agency": "H37.1", "batch": "H37.1-20240415-001", "document_id": "d1", "file": "a.pdf", "page_no": 1}
GOOD: dict[str, list[dict[str, Any]]] = {
    "pages": [
        PAGE | {"verdict": "accepted"},
        PAGE | {"page_no": 2, "verdict": "rejected"},
        PAGE | {"file": "b.pdf", "page_no": None, "verdict": "review"},
    ],
    "documents": [
        {
            **PAGE,
            "is_received": True,
            "pages_declared": 2,
            "pages_found": 2,
            "pages_accepted": 1,
            "verdict": "rejected",
        },
        {**PAGE, "document_id": "d2", "is_received": False, "not_scanned": "fragile"}
        | {"pages_declared": 4, "pages_found": 0, "pages_accepted": 0},
    ],
    "batches": [
        {"agency": "H37.1", "batch": "b1", "documents_declared": 3, "documents_received": 2, "documents_accepted": 1}
        | {"pages_declared": 5, "pages_found": 6, "pages_accepted": 1, "verdict": "rejected"},
        {"agency": "H37.1", "batch": "b2", "refusal": "not_json"},
    ],
}


def select(table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in TABLES[table].names}


def check(table: str, changes: dict[str, Any] | None = None, at: int = 0) -> list[gate.Violation]:
    """Violations of good rows of a table with one row changed."""
    rows = [select(table, row) for row in GOOD[table]]
    rows[at] |= changes or {}
    return gate.check_rows(table, table_of(table, rows))


@pytest.mark.parametrize("table", list(GOOD))
def test_gates_are_open_for_good_rows_and_for_none(table: str) -> None:
    """Neither good rows nor an empty table close the gate."""
    assert check(table) == []
    assert gate.check_rows(table, TABLES[table].empty_table()) == []


@pytest.mark.parametrize(
    ("table", "at", "changes", "what"),
    [
        ("pages", 1, {"page_no": 1}, "one row for each agency, batch, file, page_no"),
        ("pages", 1, {"verdict": "good"}, "verdict is accepted, review, rejected"),
        ("pages", 2, {"verdict": None}, "verdict is not null"),
        ("documents", 1, {"document_id": "d1"}, "one row for each agency, batch, document_id"),
        ("documents", 0, {"pages_accepted": 3}, "pages_found >= pages_accepted"),
        ("documents", 0, {"pages_accepted": -1}, "pages_accepted >= 0"),
        ("documents", 0, {"pages_found": None}, "pages_found is not null"),
        ("documents", 0, {"verdict": None}, "verdict is not null"),
        ("documents", 0, {"verdict": "ok"}, "verdict is accepted, review, rejected"),
        ("documents", 0, {"verdict": "accepted", "is_received": False}, "an accepted document is received"),
        ("documents", 1, {"is_received": True}, "a document that was not scanned is not received"),
        ("documents", 1, {"verdict": "accepted", "is_received": None}, "verdict is null"),
        ("batches", 1, {"batch": "b1"}, "one row for each agency, batch"),
        ("batches", 0, {"documents_received": 4}, "documents_declared >= documents_received"),
        ("batches", 0, {"documents_accepted": 3}, "documents_received >= documents_accepted"),
        ("batches", 0, {"documents_accepted": -1}, "documents_accepted >= 0"),
        ("batches", 0, {"pages_accepted": 7}, "pages_found >= pages_accepted"),
        ("batches", 0, {"pages_found": None}, "pages_found is not null"),
        ("batches", 0, {"verdict": "ok"}, "verdict is accepted, review, rejected"),
        ("batches", 1, {"documents_declared": 0}, "documents_declared is null"),
        ("batches", 1, {"verdict": "accepted"}, "verdict is null"),
        ("batches", 1, {"refusal": None}, "pages_accepted is not null"),
    ],
)
def test_a_gate_closes_and_names_the_rows(table: str, at: int, changes: dict[str, Any], what: str) -> None:
    """The violation carries the key of the row at fault, and says in words what is wrong."""
    found = {violation.what: violation for violation in check(table, changes, at)}
    assert what in found
    key = {"pages": pages, "documents": documents, "batches": batches}[table].KEY
    expected = {name: (select(table, GOOD[table][at]) | changes).get(name) for name in key}
    assert expected in [{name: row[name] for name in key} for row in found[what].rows]
    assert what in found[what].message and str(expected[key[1]]) in found[what].message


def test_a_violation_carries_all_rows_and_shows_a_few() -> None:
    """Who keeps closed batches back needs each row; who reads the message needs not."""
    rows = [select("pages", PAGE | {"batch": f"b{n}", "verdict": "good"}) for n in range(100)]
    [violation] = gate.check_rows("pages", table_of("pages", rows))
    assert {row["batch"] for row in violation.rows} == {f"b{n}" for n in range(100)}
    assert violation.columns == ("verdict",)
    assert len(violation.message) < 600 and "95 more" in violation.message


# progress_daily

DAY = date(2024, 4, 15)

PARENTS = {"05977": "178", "05983": "178", "06001": "180", "178": "20", "180": "20", "H37.61": "20"}
LEAVES = {"05977": 3, "06001": 5, "H37.61": 2}


def progress() -> list[dict[str, Any]]:
    """Good rows of a day with three leaf units; each leaf has accepted one less than it has."""
    sums: dict[str, list[int]] = {}
    for leaf, dossiers in LEAVES.items():
        unit: str | None = leaf
        while unit is not None:
            old = sums.setdefault(unit, [0, 0])
            sums[unit] = [old[0] + dossiers - 1, old[1] + dossiers]
            unit = PARENTS.get(unit)
    return [
        {"unit_code": unit, "definition": definition, "stage": stage, "numerator": accepted, "denominator": all_}
        | {"declared": all_, "received": all_, "accepted": accepted, "waived": 0, "finished": accepted}
        for unit, (accepted, all_) in sums.items()
        for definition, stage in RATES
    ]


def check_progress(rows: list[dict[str, Any]], leaves: Sequence[str] = tuple(LEAVES)) -> Iterator[tuple[str, set[str]]]:
    """(invariant, units named) of each violation."""
    table = with_path_key("progress_daily", table_of("progress_daily", rows), DAY)
    parents = {(DAY, unit): above for unit, above in PARENTS.items()}
    for violation in gate.check_rows("progress_daily", table, parents, {(DAY, leaf) for leaf in leaves}):
        assert {row["dossier_date"] for row in violation.rows} == {DAY}
        yield violation.what, {row["unit_code"] for row in violation.rows}


def test_the_gate_of_progress_is_open_for_good_days() -> None:
    """Neither whole days nor no day at all close the gate."""
    assert list(check_progress(progress())) == []
    assert list(check_progress([], leaves=())) == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"numerator": 1}, "numerator = accepted"),
        ({"accepted": 4, "numerator": 4}, "received >= accepted"),
        ({"received": 4}, "declared >= received"),
        ({"declared": 4}, "denominator >= declared"),
        ({"waived": 3}, "accepted >= waived"),
        ({"waived": -1}, "waived >= 0"),
        ({"finished": 4}, "denominator >= finished"),
        ({"received": None}, "no unit is lost: received is there"),
        ({"stage": "everything"}, "the rate is defined"),
        ({"definition": "dn_or"}, "one row for each dossier_date, unit_code, definition, stage"),
        ({"unit_code": "99999"}, "unit_code is a unit of the day"),
    ],
)
def test_the_gate_of_progress_closes_and_names_the_unit(changes: dict[str, Any], what: str) -> None:
    """One wrong count closes the gate, which says the invariant and the unit."""
    rows = progress()
    assert rows[0]["unit_code"] == "05977" and rows[0]["accepted"] == 2
    rows[0] |= changes
    found = dict(check_progress(rows))
    assert what in found
    assert rows[0]["unit_code"] in found[what]


@pytest.mark.parametrize("lost", ["05977", "178", "20", "H37.61"])
def test_a_lost_unit_closes_the_gate(lost: str) -> None:
    """Leaf, district or province: it is missed by name, and the unit above no longer adds up."""
    found = dict(check_progress([row for row in progress() if row["unit_code"] != lost]))
    assert found["no unit is lost: numerator is there"] == {lost}
    if lost in PARENTS:
        assert PARENTS[lost] in found["denominator is the sum of the units right below"]


def test_a_branch_lost_with_its_sums_is_missed_by_name() -> None:
    """All sums still agree; only the dossiers know of the unit."""
    rows = [row for row in progress() if row["unit_code"] not in {"06001", "180"}]
    for row in rows:
        if row["unit_code"] == "20":
            row |= {"numerator": 3, "accepted": 3, "denominator": 5, "declared": 5, "received": 5, "finished": 3}
    found = dict(check_progress(rows))
    assert all(units == {"06001", "180"} and what.startswith("no unit is lost") for what, units in found.items())
    assert len(found) == len(progress_daily.COUNTS)


def test_only_the_bad_day_is_named() -> None:
    """Two days in one check, each with units of its own: a row is bad, or a unit unknown, on its own day alone."""
    other = date(2024, 4, 16)
    bad = [{**row, "numerator": 0} if row["unit_code"] == "06001" else row for row in progress()]
    days = {DAY: progress(), other: bad}
    whole = [with_path_key("progress_daily", table_of("progress_daily", rows), day) for day, rows in days.items()]
    parents = {(day, unit): above for day in days for unit, above in PARENTS.items()}
    del parents[other, "H37.61"]
    leaves = {(day, leaf) for day in days for leaf in LEAVES if (day, leaf) != (other, "H37.61")}
    found = {v.what: v.rows for v in gate.check_rows("progress_daily", pa.concat_tables(whole), parents, leaves)}
    assert {row["unit_code"] for row in found["unit_code is a unit of the day"]} == {"H37.61"}
    assert {row["dossier_date"] for rows in found.values() for row in rows} == {other}


def test_all_rows_lost_closes_the_gate() -> None:
    """Every unit that has dossiers, and all above it, is named as lost."""
    found = dict(check_progress([]))
    assert found["no unit is lost: numerator is there"] == {"20", "178", "180", *LEAVES}


def test_the_suites_speak_of_the_columns_and_values_of_the_contract() -> None:
    """The suites import nothing of sohoa; this keeps their names equal to it."""
    for table, module in {"pages": pages, "documents": documents, "batches": batches}.items():
        assert set(module.COLUMNS) <= set(TABLES[table].names)
    assert list(progress_daily.COLUMNS) == ["dossier_date", *TABLES["progress_daily"].names]
    assert invariants.VERDICTS == VERDICTS
    assert progress_daily.RATES == RATES
    assert all(PARENTS[a] == b for a, b in pairwise(("05977", "178", "20")))
