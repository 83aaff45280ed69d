"""A simulated province of five weeks, scans included, and the report of its last week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from sohoa.report.build_report import build_report
from sohoa.store import Store
from tests.province.report_province import fill
from tests.report.reported_week import MONDAY, WEEK, Reported
from tests.servers import empty_buckets


@pytest.fixture(scope="module")
def reported(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reported]:
    """The report of the province's last week."""
    empty_buckets(store)
    fill(store, tmp_path_factory.mktemp("week") / "province", end=date(2023, 4, 23), weeks=5, dossiers=1_500)
    yield Reported(store, WEEK, MONDAY, build_report(store, WEEK))
    empty_buckets(store)
