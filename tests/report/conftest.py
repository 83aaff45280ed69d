"""A simulated province of five weeks, scans included, and the report of its last week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from sohoa.report.build_report import build_report
from sohoa.report.model import WeekReport
from sohoa.store import Store
from tests.province.report_province import fill
from tests.report.reported_week import MONDAY, WEEK, Reported
from tests.servers import Objects, copy_of, empty_buckets, restore


@pytest.fixture(scope="session")
def simulated_week(store: Store, tmp_path_factory: pytest.TempPathFactory) -> tuple[Objects, WeekReport]:
    """The objects of the province's store and the report of its last week, made once for all modules."""
    empty_buckets(store)
    fill(store, tmp_path_factory.mktemp("week") / "province", end=date(2023, 4, 23), weeks=5, dossiers=1_500)
    objects, report = copy_of(store), build_report(store, WEEK)
    empty_buckets(store)
    return objects, report


@pytest.fixture(scope="session")
def week_report(simulated_week: tuple[Objects, WeekReport]) -> WeekReport:
    """The report of the province's last week."""
    return simulated_week[1]


@pytest.fixture(scope="module")
def reported(store: Store, simulated_week: tuple[Objects, WeekReport]) -> Iterator[Reported]:
    """The same report with the store that it tells of."""
    objects, report = simulated_week
    empty_buckets(store)
    restore(store, objects)
    yield Reported(store, WEEK, MONDAY, report)
    empty_buckets(store)
