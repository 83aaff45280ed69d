"""Scanners out of their own control limits: when an incident opens, closes, and in which report it stands."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.schema import TABLES
from sohoa.steering.control_charts import Point, control_limits
from sohoa.steering.scanner_incidents import find_opened, read_incidents, update_incidents
from sohoa.steering.watched_scanners import VOLUME, Incident
from sohoa.store import Store, with_path_key
from tests.steering.days_read import days_read
from tests.steering.incident_cases import find_incidents

MONDAY = date(2024, 1, 1)
AGENCY = "H37.80.01"


def scan_days(count: int) -> list[date]:
    """Working days from the first Monday of 2024."""
    return [MONDAY + timedelta(7 * (n // 5) + n % 5) for n in range(count)]


def row(day: date, pages: int = 200, device: str | None = "S1", agency: str = AGENCY, **defects: int) -> dict[str, Any]:
    counts = [{"defect": name, "pages": bad} for name, bad in defects.items()]
    return {
        "day": day,
        "agency": agency,
        "device_id": device,
        "pages_received": pages,
        "documents_received": 9,
        "defect_pages": counts,
    }


def steady(count: int, share: float = 0.03, seed: int = 0, pages: int = 200, **names: Any) -> list[dict[str, Any]]:
    """Days of a scanner that never changes."""
    rng = np.random.default_rng(seed)
    pages_of = rng.poisson(pages, count)
    return [
        row(day, int(n), skewed=int(rng.binomial(n, share)), **names)
        for day, n in zip(scan_days(count), pages_of, strict=True)
    ]


def device_daily(rows: list[dict[str, Any]]) -> pa.Table:
    parts = [
        with_path_key(
            "device_daily",
            pa.Table.from_pylist([{k: v for k, v in r.items() if k != "day"}], TABLES["device_daily"]),
            r["day"],
        )
        for r in rows
    ]
    return pa.concat_tables(parts)


def with_burst(rows: list[dict[str, Any]], first: int, last: int, bad: int) -> list[dict[str, Any]]:
    """The days ``first`` to ``last`` with so many skewed pages."""
    return [
        r | {"defect_pages": [{"defect": "skewed", "pages": bad}]} if first <= n <= last else r
        for n, r in enumerate(rows)
    ]


def test_a_burst_opens_one_incident_and_it_closes_by_itself():
    """First and last day are those out of limits; it closes on the first scan day that is back."""
    days = scan_days(60)
    (found,) = find_incidents(device_daily(with_burst(steady(60), 40, 43, 60)))
    assert (found.agency, found.device_id, found.measure) == (AGENCY, "S1", "skewed")
    assert (found.first_day, found.last_day, found.closed_day) == (days[40], days[43], days[44])
    assert found.days == tuple(days[40:44])
    assert found.pages_counted == 60
    assert found.lower <= found.centre < found.upper < found.pages_counted / found.sample_size


def test_an_incident_stays_open_while_nothing_is_back_in_limits():
    """The newest day is the last of the burst: nobody knows its end yet."""
    days = scan_days(45)
    (found,) = find_incidents(device_daily(with_burst(steady(45), 42, 44, 60)))
    assert found.closed_day is None
    assert found.last_day == days[44]


def test_fewer_defects_are_no_incident_but_fewer_pages_are():
    """The rate is watched upward only, the volume both ways."""
    clean = with_burst(steady(60, share=0.3), 40, 43, 0)
    assert find_incidents(device_daily(clean)) == []
    for pages in (40, 900):
        rows = steady(60)
        rows[40] |= {"pages_received": pages, "defect_pages": []}
        (found,) = find_incidents(device_daily(rows))
        assert (found.measure, found.pages_counted, found.sample_size) == (VOLUME, pages, 1)
        assert not found.lower <= pages <= found.upper


def test_each_scanner_has_limits_of_its_own():
    """A share that is usual for one scanner is an incident of another, in the same agency too."""
    usual = steady(60, share=0.3, seed=1, device="S2")
    other = steady(60, share=0.3, seed=2, agency="H37.80.02")
    rows = [*with_burst(steady(60), 40, 40, 60), *usual, *other]
    (found,) = find_incidents(device_daily(rows))
    assert (found.agency, found.device_id) == (AGENCY, "S1")


def test_a_scanner_without_history_is_not_judged():
    """Fewer scan days than limits are learned from."""
    assert find_incidents(device_daily(with_burst(steady(25), 20, 24, 150))) == []


def test_the_first_bad_page_of_a_clean_scanner_is_no_incident():
    """Limits of a series of zeros are not zero; many bad pages at once are out of them."""
    days = scan_days(40)
    for bad, is_out in ((1, False), (20, True)):
        rows = [row(day, 150 + n % 7) for n, day in enumerate(days)]
        rows[35] = row(days[35], 150, glare=bad)
        assert [found.measure for found in find_incidents(device_daily(rows))] == ["glare"] * is_out


def test_days_that_differ_more_than_chance_widen_the_limits():
    """Laney's chart: the same share that is out for a scanner of even days is in for one whose days always differ."""
    even = [Point(MONDAY, 6 if n % 2 else 7, 200) for n in range(25)]
    uneven = [Point(MONDAY, 1 if n % 2 else 12, 200) for n in range(25)]
    assert sum(p.count for p in even) > sum(p.count for p in uneven) - 10
    assert control_limits(uneven, 200, False).upper > control_limits(even, 200, False).upper + 0.02


def test_few_pages_have_wider_limits():
    """A day of ten pages may have a share that a day of a thousand may not."""
    known = [Point(MONDAY, 6, 200)] * 25
    uppers = [control_limits(known, n, False).upper for n in (10, 100, 1000)]
    assert uppers == sorted(uppers, reverse=True)
    assert uppers[0] > 2 * uppers[2]


def test_an_unchanged_province_has_hardly_any_incident(summary: Callable[[str], None]):
    """Scanners with usual defects over many weeks; false incidents are what the chosen tail says, not a flood."""
    rng = np.random.default_rng(7)
    rows = []
    for n in range(60):
        share = float(rng.uniform(0.001, 0.05))
        rows += steady(150, share=share, seed=n, pages=int(rng.integers(20, 300)), agency=f"A{n}")
    found = find_incidents(device_daily(rows))
    summary(f"incidents: {len(found)} false ones in {60 * 125 * 2:,} charted points without a change")
    assert len(found) <= 3


def test_a_new_level_that_stays_becomes_the_usual_one():
    """After as many days as limits are learned from, the incident ends; the next change is seen again."""
    days = scan_days(120)
    rows = with_burst(steady(120), 40, 119, 60)
    rows = with_burst(rows, 100, 101, 190)
    first, second = find_incidents(device_daily(rows))
    assert (first.first_day, first.last_day, first.closed_day) == (days[40], days[64], days[64])
    assert (second.first_day, second.closed_day) == (days[100], days[102])


def test_later_days_change_no_earlier_judgement():
    """What a report said of its week stays true: seen from that day, the incident is as it was then."""
    days = scan_days(60)
    rows = with_burst(steady(60), 40, 46, 60)
    whole, part = find_incidents(device_daily(rows)), find_incidents(device_daily(rows[:43]))
    assert part == [replace(whole[0], last_day=days[42], days=tuple(days[40:43]), closed_day=None)]


def write_days(store: Store, rows: list[dict[str, Any]]) -> None:
    for r in rows:
        table = device_daily([r]).drop_columns("scan_date")
        store.write_table("device_daily", r["day"], layout.DAY, table)


def snapshot(store: Store) -> dict[str, bytes]:
    prefix = layout.table_prefix("incidents")
    return {item.key: store.get(layout.WAREHOUSE, item.key) for item in store.list_objects(layout.WAREHOUSE, prefix)}


def test_the_order_of_days_changes_nothing(clean_store: Store, empty: Any):
    """Days that arrive late, corrected or twice end in the same objects, byte for byte."""
    rows = with_burst(with_burst(steady(45), 30, 31, 60), 40, 40, 80)
    write_days(clean_store, rows)
    assert update_incidents(clean_store) == {"incidents": 2, "open": 0}
    expected = snapshot(clean_store)
    update_incidents(clean_store)
    assert snapshot(clean_store) == expected
    empty()
    shuffled = random.Random(3).sample(rows, len(rows))
    write_days(
        clean_store,
        [r | {"pages_received": 200, "defect_pages": [{"defect": "skewed", "pages": 199}]} for r in rows[:28]],
    )
    update_incidents(clean_store)
    for start in range(0, len(shuffled), 15):
        write_days(clean_store, shuffled[start : start + 15])
        update_incidents(clean_store)
    assert snapshot(clean_store) == expected


def test_an_incident_stands_in_one_report(clean_store: Store):
    """It is listed in the week in which it opened, as it stood then, and in no later week."""
    days = scan_days(60)
    write_days(clean_store, with_burst(steady(60), 43, 46, 60))  # Thursday to Tuesday
    update_incidents(clean_store)
    weeks = [(MONDAY + timedelta(7 * n), MONDAY + timedelta(7 * n + 6)) for n in range(12)]
    listed: dict[int, list[Incident]] = {n: read_incidents(clean_store, *week) for n, week in enumerate(weeks)}
    assert listed == {n: find_opened(clean_store, *week) for n, week in enumerate(weeks)}
    assert [n for n, found in listed.items() if found] == [8]
    (found,) = listed[8]
    assert (found.first_day, found.last_day, found.closed_day) == (days[43], days[44], None)
    (later,) = read_incidents(clean_store, weeks[8][0], weeks[9][1])
    assert (later.last_day, later.closed_day) == (days[46], days[47])


@pytest.mark.parametrize(("week", "closed"), [(8, False), (9, True)])
def test_a_report_finds_its_incidents_without_the_table(clean_store: Store, week: int, closed: bool):
    """Written to a folder before the weekly run, it says what that run's report says."""
    rows = with_burst(steady(60), 43, 46, 60) if week == 8 else with_burst(steady(60), 46, 46, 60)
    write_days(clean_store, rows)
    (found,) = find_opened(clean_store, MONDAY + timedelta(7 * week), MONDAY + timedelta(7 * week + 6))
    assert (found.closed_day is not None) == closed
    assert snapshot(clean_store) == {}


def test_an_incident_that_corrected_days_refute_is_gone(clean_store: Store):
    """A batch judged again under other limits takes its false incident with it."""
    write_days(clean_store, with_burst(steady(45), 40, 41, 60))
    update_incidents(clean_store)
    assert snapshot(clean_store)
    write_days(clean_store, steady(45))
    assert update_incidents(clean_store) == {"incidents": 0, "open": 0}
    assert snapshot(clean_store) == {}


def restless(count: int) -> list[dict[str, Any]]:
    """Scanners that break down, change for good, rest for months, and find a defect that they never had."""
    rng, days = np.random.default_rng(7), scan_days(count)
    burst = with_burst(with_burst(steady(count), 30, 32, 60), 120, 190, 80)
    glare = [
        row(day, 900 if n == 100 else 90 + n % 9, device="S2", **({"glare": 30} if n in (33, 150) else {}))
        for n, day in enumerate(days)
    ]
    rare = [one for n, one in enumerate(steady(count, seed=3, device="S3")) if n % 7 == 0]
    wild = [row(day, int(rng.integers(1, 300)), device=None, blurred=int(rng.integers(0, 9))) for day in days]
    return sorted([*burst, *glare, *rare, *wild], key=lambda one: one["day"])


def write_all(store: Store, rows: list[dict[str, Any]]) -> None:
    """Days with all their scanners."""
    for day in sorted({one["day"] for one in rows}):
        table = device_daily([one for one in rows if one["day"] == day]).drop_columns("scan_date")
        store.write_table("device_daily", day, layout.DAY, table)


def test_charts_that_go_on_from_where_they_stood_say_what_all_days_say(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some weeks more each time: the table, the reports and all days told at once agree; old days are not read."""
    rows = restless(240)
    for number in range(0, 240, 40):
        days = scan_days(number + 40)
        write_all(clean_store, [one for one in rows if days[number] <= one["day"] <= days[-1]])
        expected = find_incidents(device_daily([one for one in rows if one["day"] <= days[-1]]))
        update_incidents(clean_store)
        assert read_incidents(clean_store, days[0], days[-1]) == expected
        for first in (days[0], days[-5]):
            opened = [one for one in expected if one.first_day >= first]
            assert find_opened(clean_store, first, days[-1]) == opened
    assert {one.measure for one in expected} >= {VOLUME, "skewed", "glare"}
    last = scan_days(240)[-1]
    for work in (lambda: update_incidents(clean_store), lambda: find_opened(clean_store, last, last)):
        read = days_read(monkeypatch, "device_daily", work)
        assert read[-1] == last and (last - read[0]).days <= 90 + 31


def test_a_day_counted_again_from_before_has_all_days_told_anew(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A correction of an old day that takes an incident away is not missed."""
    days = scan_days(240)
    write_days(clean_store, with_burst(steady(240), 30, 33, 60))
    assert update_incidents(clean_store) == {"incidents": 1, "open": 0}
    write_days(clean_store, steady(240)[30:34])
    assert find_opened(clean_store, MONDAY, days[-1]) == []
    assert update_incidents(clean_store) == {"incidents": 0, "open": 0}
    assert len(days_read(monkeypatch, "device_daily", lambda: update_incidents(clean_store))) < 100


def test_a_report_of_a_week_before_the_charts_that_are_kept_tells_of_it(clean_store: Store) -> None:
    write_days(clean_store, with_burst(steady(240), 43, 46, 60))
    update_incidents(clean_store)
    week = MONDAY + timedelta(7 * 8)
    (found,) = find_opened(clean_store, week, week + timedelta(6))
    assert (found.first_day, found.closed_day) == (scan_days(60)[43], None)


def test_a_day_that_was_another_while_it_was_read_is_not_kept_as_what_it_is_again(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A correction comes in between listing and reading, and is taken back later."""
    rows, read = steady(240), Store.get_parquet
    write_days(clean_store, rows)
    late = [with_burst(rows, 30, 33, 60)[30:34]]

    def read_late(store: Store, key: str) -> pa.Table:
        if late and key.startswith("device_daily/"):
            write_days(store, late.pop())
        return read(store, key)

    monkeypatch.setattr(Store, "get_parquet", read_late)
    update_incidents(clean_store)
    write_days(clean_store, rows[30:34])
    assert update_incidents(clean_store) == {"incidents": 0, "open": 0}


def test_charts_that_cannot_be_read_are_told_anew_and_kept_again(
    clean_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk was full, a machine stopped, a part is missing: incidents and report come out, and the log says it."""
    days = scan_days(160)
    write_days(clean_store, with_burst(steady(160), 30, 33, 60))
    found = update_incidents(clean_store)
    sound = clean_store.get(layout.WAREHOUSE, layout.CHARTS_KEY)
    parts = [{"scanners": [{}]}, {"scanners": None}, {"ended": [{"agency": "x"}]}, {"ended": [7]}, {"until": 3}]
    damaged = [json.dumps(json.loads(sound) | part).encode() for part in parts]
    for kept in (b"", sound[: len(sound) // 2], b"[]", b"null", b"{}", b"\xff", *damaged):
        clean_store.put(layout.WAREHOUSE, layout.CHARTS_KEY, kept)
        assert update_incidents(clean_store) == found
        assert "kept_charts_unreadable" in capsys.readouterr().err
        assert clean_store.get(layout.WAREHOUSE, layout.CHARTS_KEY) == sound
    clean_store.put(layout.WAREHOUSE, layout.CHARTS_KEY, b"")
    assert len(find_opened(clean_store, MONDAY, days[-1])) == 1
