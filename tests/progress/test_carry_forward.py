"""A dossier keeps its figure whatever map shows it: carried forward to successors, never back, nothing lost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sohoa.counting.count_progress import progress_of_day
from sohoa.errors import InputError
from sohoa.progress.carry_forward import (
    Carried,
    carry_forward,
    map_dates,
    places,
    progress_on_map,
    unit_name,
    unit_on_map,
)
from sohoa.registry import agencies_at, agencies_of, unit_at, units_at
from sohoa.schema import TABLES
from sohoa.store import with_path_key
from tests.counting_cases import dossier, merged

FIRST, MERGER, REFORM = map_dates()
DAY = timedelta(days=1)
COUNTS = ("numerator", "denominator", "declared", "received", "accepted", "waived", "finished")


def test_the_maps_are_the_days_on_which_units_change():
    """Every commune begins with the first map's units, or on the day of a later map."""
    starts = {unit.valid_from for day in map_dates() for unit in units_at(day) if unit.level == "commune"}
    assert {start for start in starts if start > FIRST} == {MERGER, REFORM}
    assert all(len(units_at(FIRST)) == len(units_at(day)) for day in (FIRST - 300 * DAY, MERGER - DAY))


@pytest.mark.parametrize(
    ("code", "day", "map_day", "carried"),
    [
        ("05971", FIRST, FIRST, Carried("05971", False)),
        ("05995", FIRST, MERGER, Carried("06040", False)),
        ("06007", FIRST, REFORM, Carried("06001", False)),
        ("06040", FIRST, MERGER, Carried("06040", True)),
        ("06040", MERGER, REFORM, Carried("06040", False)),
        ("06025", FIRST, REFORM, Carried("06004", False)),
        ("06622", MERGER, REFORM, Carried("06613", True)),
        ("06625", FIRST, REFORM, Carried("06625", True)),
        ("05971", MERGER + DAY, FIRST, Carried("05971", False)),
        ("H37.60", FIRST, REFORM, Carried("H37.60", False)),
        ("H37.80", FIRST, REFORM, Carried("H37.80", False)),
        ("20", FIRST, REFORM, Carried("20", False)),
    ],
    ids=str,
)
def test_where_a_unit_goes(code, day, map_day, carried):
    """By hand: unchanged, renumbered, merged twice, split, split and merged; offices stay themselves."""
    assert carry_forward(code, day, map_day) == carried


def test_a_map_older_than_the_unit_is_refused_with_what_can_be_shown():
    """Thất Khê has been 06040 since the merger: the first map knows another unit under that code."""
    with pytest.raises(InputError) as refused:
        carry_forward("06040", MERGER, FIRST)
    for shown in ("2024-12-01", "2025-07-01", "days until 2024-11-30"):
        assert shown in str(refused.value)
    with pytest.raises(InputError, match="use --map 2025-07-01,"):
        carry_forward("06187", REFORM, MERGER)


def test_a_unit_younger_than_every_map_is_refused_with_the_days_before_it(monkeypatch):
    """A merger that the maps do not know yet: no map is advised, and nothing breaks."""
    young = date(2027, 1, 1)
    unit = replace(unit_at("06187", REFORM), valid_from=young)
    monkeypatch.setitem(carry_forward.__wrapped__.__globals__, "_commune", lambda *_: unit)
    with pytest.raises(InputError, match="since 2027-01-01: use days until 2026-12-31"):
        carry_forward.__wrapped__("06187", young, REFORM)


@pytest.mark.parametrize(("code", "day"), [("180", FIRST), ("06007", MERGER), ("nowhere", FIRST), ("H37.80", REFORM)])
def test_only_leaves_of_the_day_are_carried(code, day):
    """A district, a commune or office that has ended, and a code never used are no leaves."""
    with pytest.raises(InputError, match="no leaf unit"):
        carry_forward(code, day, REFORM)


@pytest.mark.parametrize(("start", "communes"), [(FIRST, (200, 194, 65)), (MERGER, (194, 65)), (REFORM, (65,))])
def test_every_unit_of_a_later_map_is_reached(start, communes):
    """All leaves of one map carried to each later one are exactly that one's communes, and the offices."""
    leaves = [unit.code for unit in units_at(start) if unit.level == "commune"]
    for map_day, count in zip(map_dates()[-len(communes) :], communes, strict=True):
        reached = {carry_forward(code, start, map_day).code for code in leaves}
        assert reached == {unit.code for unit in units_at(map_day) if unit.level == "commune"}
        assert len(reached) == count


def test_offices_without_district_lie_under_the_province():
    """A department always; a district office as soon as districts have ended."""

    def line(code: str, map_day: date) -> tuple[str, ...]:
        return tuple(place.unit_code for place in places(code, FIRST, map_day))

    assert line("H37.60", MERGER) == line("H37.60", FIRST) == ("H37.60", "20")
    assert line("H37.80", MERGER) == ("H37.80", "178", "20")
    assert line("H37.80", REFORM) == ("H37.80", "20")


def test_a_split_is_approximate_only_where_it_matters():
    """Đại Đồng went to Thất Khê and Đội Cấn, both in Tràng Định: district and province stay exact."""
    found = {place.unit_code: (place.is_counted, place.is_approximate) for place in places("06040", FIRST, MERGER)}
    assert found == {"06040": (True, True), "06025": (False, True), "180": (True, False), "20": (True, False)}
    assert {place.is_approximate for place in places("06040", FIRST, None)} == {False}


def test_a_unit_is_named_or_the_question_refused():
    """Names follow the map; the office of a commune is answered with the commune's code."""
    assert [unit_name("06040", day, day) for day in map_dates()] == ["Xã Đại Đồng", "Thị trấn Thất Khê", "Xã Thất Khê"]
    for map_day in (FIRST, REFORM):
        assert unit_name("H37.80", map_day, REFORM - timedelta(1)) == "UBND thành phố Lạng Sơn"
        assert unit_name("H37.80", map_day, REFORM) == "UBND thành phố Lạng Sơn (đến hết 30/06/2025)"
    with pytest.raises(InputError, match="05971"):
        unit_name("H37.80.01", FIRST, FIRST)
    with pytest.raises(InputError, match="names no unit"):
        unit_name("180", REFORM, REFORM)


def line_of(code: str, map_day: date) -> tuple[str, ...]:
    """A leaf and what is above it on a map: here an office bears its code for good, from its first day on."""
    day = map_day if unit_at(code, map_day) else agencies_of(code)[0].valid_from
    return tuple(place.unit_code for place in places(code, day, map_day) if place.is_counted)


def leaves_of(day: date) -> list[str]:
    offices = [agency.code for agency in agencies_at(day) if agency.kind != "commune"]
    return [unit.code for unit in units_at(day) if unit.level == "commune"] + offices


def progress_of(counts: dict[tuple[date, str], int]) -> pa.Table:
    """Progress of days on which each leaf has so many dossiers, half of them without anything to scan."""
    by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for number, ((day, leaf), dossiers) in enumerate(counts.items()):
        for part in range(dossiers):
            due = {"components": part % 2, "has_paper_result": False}
            by_day[day].append(dossier(unit_code=leaf, dossier_key=f"H37-240101-{number}{part}", **due))
    parts = [
        with_path_key("progress_daily", progress_of_day(day, merged(rows, [])), day) for day, rows in by_day.items()
    ]
    empty = pa.schema([pa.field("dossier_date", pa.date32()), *TABLES["progress_daily"]]).empty_table()
    return pa.concat_tables([empty, *parts])


@st.composite
def periods(draw: st.DrawFn) -> dict[tuple[date, str], int]:
    days = draw(st.lists(st.sampled_from([FIRST - 90 * DAY, FIRST, MERGER - DAY, MERGER, REFORM]), min_size=1))
    days = list(dict.fromkeys(days))
    likely = ("05995", "06040", "06025", "06622", "06625", "H37.60", "H37.80")
    return {
        (day, leaf): draw(st.integers(0, 3))
        for day in days
        for leaf in draw(st.lists(st.sampled_from(leaves_of(day)), max_size=4, unique=True))
        + [code for code in likely if code in leaves_of(day)]
    }


@settings(max_examples=25, deadline=None)
@given(periods())
def test_leaves_add_up_to_the_province_on_each_map(counts):
    """For every rate and count; districts hold what lies below them; the province is what it was on its own maps."""
    progress = progress_of(counts)
    newest = max(unit_at(leaf, day).valid_from for day, leaf in counts if unit_at(leaf, day))
    for map_day in [day for day in map_dates() if day >= newest]:
        rows = progress_on_map(progress, map_day).to_pylist()
        sums: dict[Any, int] = defaultdict(int)
        for row in rows:
            is_leaf = row["unit_code"] in leaves_of(map_day) or row["unit_code"].startswith("H37.")
            for name in COUNTS:
                where = (row["dossier_date"], row["definition"], row["stage"], name)
                sums["leaves" if is_leaf else row["unit_code"], *where] += row[name]
                if is_leaf and len(line := line_of(row["unit_code"], map_day)) == 3:
                    sums["below", line[1], *where] += row[name]
        for row in progress.filter(pa.compute.equal(progress["unit_code"], "20")).to_pylist():
            for name in COUNTS:
                where = (row["dossier_date"], row["definition"], row["stage"], name)
                assert sums["leaves", *where] == sums["20", *where] == row[name]
        for key, total in sums.items():
            assert key[0] in {"leaves", "20", "below"} or sums["below", *key] == total


def test_a_period_that_the_map_cannot_show_is_refused():
    """One dossier in a unit younger than the map is enough; without it the map shows the period."""
    young = {(MERGER, "06040"): 1, (MERGER, "05971"): 1}
    with pytest.raises(InputError, match="2024-11-30"):
        progress_on_map(progress_of(young), FIRST)
    assert progress_on_map(progress_of({(MERGER, "05971"): 1}), FIRST)["unit_code"].to_pylist()[0] == "05971"


def test_a_split_marks_both_successors_where_something_counts():
    """The default one and the one that lost its part; a split commune without dossiers due marks nothing."""

    def marked(dossiers: int) -> set[str]:
        rows = progress_on_map(progress_of({(FIRST, "06040"): dossiers, (FIRST, "06025"): 1}), MERGER).to_pylist()
        return {row["unit_code"] for row in rows if row["is_approximate"]}

    assert marked(1) == {"06040", "06025"}
    assert marked(0) == set()


_OFFICES = "code,name,kind,unit_code,valid_from,valid_to"
REUSED = "H37.92,Old,district,183,2020-01-01,2025-07-01\nH37.92,New,department,20,2025-07-01,"
MOVED = "H37.92,Old,district,183,2020-01-01,2024-12-01\nH37.92,New,district,184,2024-12-01,2025-07-01"
WITHIN = "H37.92,Old,department,20,2020-01-01,2024-08-01\nH37.92,New,district,183,2024-08-01,2025-07-01"
LATER = "H37.92,New,district,183,2025-03-01,2025-07-01"


@pytest.mark.parametrize(
    ("offices", "days", "map_day", "asked", "name", "own", "districts"),
    [
        (REUSED, (REFORM - DAY, REFORM), REFORM, REFORM, "New", 2, {}),
        (REUSED, (REFORM - DAY, REFORM), REFORM, REFORM - DAY, "Old", 1, {}),
        (REUSED, (REFORM - DAY, REFORM), MERGER, REFORM, "New", 2, {"183": 1}),
        (MOVED, (MERGER - DAY, MERGER), MERGER, MERGER, "New", 2, {"183": 1, "184": 2}),
        (MOVED, (MERGER - DAY, MERGER), FIRST, MERGER - DAY, "Old", 1, {"183": 1, "184": 2}),
        (WITHIN, (date(2024, 7, 31), date(2024, 8, 1)), FIRST, MERGER, "New", 2, {"183": 2}),
        (WITHIN, (date(2024, 7, 31), date(2024, 8, 1)), REFORM, date(2024, 7, 31), "Old", 1, {}),
        (LATER, (date(2025, 3, 1),), MERGER, MERGER, "New", 1, {"183": 1}),
    ],
)
def test_an_office_keeps_its_own_dossiers_on_every_map(own_file, offices, days, map_day, asked, name, own, districts):
    """One code, one dossier of the first office and two of the next: each in its own district, on whatever map."""
    own_file("agencies", f"{_OFFICES}\n{offices}")
    progress = progress_of({(day, "H37.92"): number for number, day in enumerate(days, 1)})
    unit = unit_on_map("H37.92", map_day, asked)
    assert unit.name == name

    def denominator(key: tuple[str, date | None]) -> int:
        rows = progress_on_map(progress, map_day, key)
        rows = rows.filter(pa.compute.equal(rows["definition"], "dn_and"))
        return sum(rows["denominator"].to_pylist())

    assert denominator(("H37.92", unit.valid_from)) == own
    found = {code: denominator((code, date(2020, 1, 1))) for code in ("183", "184", "20")}
    assert found == {"183": 0, "184": 0, "20": sum(range(len(days) + 1))} | districts
    leaves = [row for row in progress_on_map(progress, map_day).to_pylist() if row["unit_code"] == "H37.92"]
    assert len({row["valid_from"] for row in leaves}) == len(days)


def test_a_code_that_named_nobody_on_the_day_is_not_carried():
    """An office that the registry has lost is refused, not guessed."""
    row = progress_of({(FIRST, "H37.80"): 1}).to_pylist()[0] | {"unit_code": "H37.999"}
    lost = pa.Table.from_pylist([row], progress_of({}).schema)
    with pytest.raises(InputError, match=r"H37\.999 names no unit"):
        progress_on_map(lost, FIRST)
