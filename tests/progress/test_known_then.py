"""What was known at an earlier moment: by the day on which a file named it, a batch was received, a person decided."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from sohoa.counting.count_progress import progress_of_day
from sohoa.days import Week
from sohoa.progress.known_then import Moment, WeekRecord
from sohoa.progress.young_weeks import Estimate, estimate, link_ratios, progress_at
from sohoa.store import with_path_key
from tests.counting_cases import DAY, document, dossier, key, merged, review, table

RESULT = {"kind": "result", "batch": "H37.80.01-20240417-001"}
SCANS = [document("a"), document("b", **RESULT)]
"""A component scanned on the 16th, a result scanned on the 17th: complete from the 17th on."""


def at(day: int) -> Moment:
    """All that came in up to the end of a day of April 2024."""
    return Moment(date(2024, 4, day), datetime(2024, 4, day) + timedelta(1))  # noqa: DTZ001 (wall clock)


def record(
    dossiers: list[dict[str, Any]],
    scans: list[dict[str, Any]],
    *,
    received: dict[str, datetime] | None = None,
    statuses: list[dict[str, Any]] | None = None,
    reviews: list[dict[str, Any]] | None = None,
) -> WeekRecord:
    """The day's dossiers; a register row came with the file of its day unless ``dt`` and ``first_seen`` say more."""
    rows = [{"dt": DAY, "first_seen": DAY, **row} for row in dossiers]
    batches = [{"agency": "H37.80.01", "batch": name, "received_at": when} for name, when in (received or {}).items()]
    return WeekRecord(
        with_path_key("dossiers", merged([_in_register(row) for row in rows], scans, reviews), DAY),
        table("register", rows).select(["dossier_key", "dt", "first_seen", "finished_at"]),
        table("status", statuses or []).select(["dossier_key", "status", "changed_at", "dt", "line"]),
        table("batches", batches).select(["agency", "batch", "received_at"]),
        table("reviews", reviews or []).select(["agency", "document_id", "decided_at"]),
    )


def _in_register(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"dt", "first_seen", "finished_at"}}


def counted(found: WeekRecord, moment: Moment, rate: tuple[str, str] = ("dn_and", "all")) -> tuple[int, int]:
    """Numerator and denominator of the province."""
    rows = progress_at(found, moment).to_pylist()
    mine = [row for row in rows if (row["unit_code"], row["definition"], row["stage"]) == ("20", *rate)]
    return sum(row["numerator"] for row in mine), sum(row["denominator"] for row in mine)


@pytest.mark.parametrize(("day", "expected"), [(14, (0, 0)), (15, (0, 1)), (16, (0, 1)), (17, (1, 1)), (30, (1, 1))])
def test_a_dossier_is_known_from_its_file_on_and_a_scan_from_its_day_on(day: int, expected: tuple[int, int]):
    """Nothing is known before it came in, and at the end all of it is."""
    assert counted(record([dossier(1)], SCANS), at(day)) == expected


def test_a_batch_counts_from_when_the_store_took_it():
    """Scanned on the 17th and sent on the 24th is known on the 24th."""
    sent = {RESULT["batch"]: datetime(2024, 4, 24, 8)}  # noqa: DTZ001 (wall clock)
    found = record([dossier(1)], SCANS, received=sent)
    assert [counted(found, at(day))[0] for day in (17, 23, 24)] == [0, 0, 1]


def test_a_site_that_loads_its_past_is_known_by_its_scan_days():
    """Its batches were not sent two years late: they were loaded, and nothing would be known of the week else."""
    loaded = {name: datetime(2026, 1, 5) for name in (RESULT["batch"], SCANS[0]["batch"])}  # noqa: DTZ001 (wall clock)
    found = record([dossier(1)], SCANS, received=loaded)
    assert [counted(found, at(day))[0] for day in (16, 17)] == [0, 1]
    assert found.moment is not None
    assert found.moment.last_day == date(2024, 4, 17), "the moment is that of its scans, not that of the loading"


def test_a_dossier_named_later_is_no_dossier_before():
    """The register names the second one on the 22nd."""
    late = dossier(2, dt=date(2024, 4, 22), first_seen=date(2024, 4, 22))
    found = record([dossier(1), late], SCANS)
    assert [counted(found, at(day)) for day in (21, 22)] == [(1, 1), (1, 2)]


def test_a_status_is_the_one_that_had_been_told():
    """Withdrawn on the 25th: until then it is to be digitised; without any history the one in force stands."""
    withdrawn = dossier(1, status=7, dt=date(2024, 4, 25))
    history = [
        {"dossier_key": key(1), "status": status, "changed_at": moment.batches, "dt": moment.register, "line": 1}
        for status, moment in ((4, at(15)), (7, at(25)))
    ]
    found = record([withdrawn], SCANS, statuses=history)
    assert [counted(found, at(day)) for day in (18, 24, 25)] == [(1, 1), (1, 1), (0, 0)]
    assert counted(record([withdrawn], SCANS), at(24)) == (0, 0)


def test_a_dossier_finished_later_was_not_finished_then():
    """The rate of results counts finished dossiers alone."""
    done = dossier(1, status=9, dt=date(2024, 4, 20), finished_at=datetime(2024, 4, 19, 10))  # noqa: DTZ001 (wall clock)
    found = record([done], SCANS)
    assert [counted(found, at(day), ("by_stage", "result")) for day in (18, 19)] == [(0, 0), (1, 1)]


def test_a_decision_counts_from_when_it_was_made():
    """Upheld on the 17th at nine; the document waits for its reviewer until then."""
    scans = [SCANS[0], SCANS[1] | {"verdict": "review", "batch": "H37.80.01-20240416-002"}]
    found = record([dossier(1)], scans, reviews=[review("b", "uphold")])
    assert [counted(found, at(day))[0] for day in (16, 17)] == [0, 1]


def test_at_the_newest_moment_everything_is_as_it_is_now():
    """The whole recount equals the table in force, column by column."""
    reviews = [review("b", "uphold")]
    scans = [SCANS[0], SCANS[1] | {"verdict": "review"}]
    told = {"dt": date(2024, 4, 20), "first_seen": DAY}
    found = record([dossier(1, **told), dossier(2, status=9, unit_code="H37.60")], scans, reviews=reviews)
    assert found.moment is not None
    now = progress_of_day(DAY, found.dossiers.drop_columns("dossier_date"))
    assert progress_at(found, found.moment).drop_columns(["dossier_date", "valid_from"]).equals(now)


def test_seven_days_earlier_is_the_same_weekday():
    """Both sources go back together."""
    assert at(22).earlier(1) == at(15)
    assert at(21).last_day == Week(date(2024, 4, 15)).last


def test_ratios_are_pooled_over_the_weeks():
    """Two weeks went from 30 of 200 to 90 of 200, threefold; nothing is said beyond what was seen."""
    run_off = [[(10, 100)], [(20, 100), (40, 100)], [(10, 100), (50, 100), (55, 100)], []]
    assert [(round(ratio, 6), weeks) for ratio, _, weeks in link_ratios(run_off)] == [(3, 2), (1.1, 1)]
    assert link_ratios([[(1, 2)]]) == link_ratios([[]]) == []


def test_a_young_week_is_estimated_from_enough_weeks_alone():
    """Weeks that all went from 30 over 50, 55 and 57 to 58 of 100 leave no doubt; three tell nothing yet."""
    ages = [30, 50, 55, 57, 58]
    run_off = [[(10 * rate, 1000) for rate in ages[: back + 1]] for back in range(5)]
    assert estimate(run_off) == Estimate(*[pytest.approx(58)] * 3)
    assert estimate(run_off, 3) == Estimate(*[pytest.approx(58)] * 3)
    assert estimate(run_off[:4]) is None
    assert estimate([[], *run_off[1:]]) is None


def test_a_rising_province_is_estimated_by_its_own_level():
    """Each week doubles in its first week and stands then; the newest starts higher than any before."""
    run_off = [
        [(40, 100)],
        *([(level, 100), *[(2 * level, 100)] * back] for back, level in enumerate((30, 20, 10, 5), 1)),
    ]
    assert estimate(run_off) == Estimate(*[pytest.approx(80)] * 3)


def test_weeks_that_disagree_widen_the_interval():
    """The interval holds what they did."""
    run_off = [[(30, 100)], *([(30, 100), *[(last, 100)] * back] for back, last in enumerate((45, 60, 75, 60), 1))]
    found = estimate(run_off)
    assert found is not None
    assert found.middle == pytest.approx(60)
    assert found.low < 45 < 75 < found.high <= 100


def test_empty_tables_have_no_moment():
    """Without a dossier nothing is known, and nothing is made up."""
    none = record([], [])
    assert none.moment is None
    assert progress_at(none, at(20)).num_rows == 0
    assert isinstance(none.dossiers, pa.Table)
