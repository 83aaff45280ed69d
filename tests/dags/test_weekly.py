"""When the weekly report runs, and for which week."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sohoa import jobs

ROOT = Path(__file__).parents[2]

RUNS = """
import json, sys
from datetime import UTC, datetime
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.timetables.base import TimeRestriction
bag = BundleDagBag(sys.argv[1], bundle_path=sys.argv[1])
timetable = coerce_to_core_timetable(bag.dags["weekly_quality_report"].timetable)
info, runs = None, []
for _ in range(60):
    limits = TimeRestriction(earliest=datetime(2023, 12, 20, tzinfo=UTC), latest=None, catchup=True)
    info = timetable.next_dagrun_info_v2(last_dagrun_info=info, restriction=limits)
    read_back = timetable.resolve_partition_date(info.partition_key)
    runs.append([info.run_after.isoformat(), info.partition_key, read_back.isoformat()])
print("FACTS" + json.dumps(runs))
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(when, partition key, the day that Airflow reads back from the key) of 60 runs from December 2023."""
    environment = {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PATH": str(Path(sys.executable).parent),
    }
    command = [sys.executable, "-c", RUNS, str(ROOT / "dags")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.rpartition("FACTS")[2])


def test_it_runs_on_mondays_at_six_local_time_for_the_week_before(runs: Any):
    """23:00 on Sunday in UTC; one partition an ISO week, none left out, the turn of the year included."""
    keys = [key for _, key, _ in runs]
    assert keys[:3] == ["2023-W51-1", "2023-W52-1", "2024-W01-1"]
    assert len(set(keys)) == len(keys)
    for when, key, _ in runs:
        moment = datetime.fromisoformat(when).astimezone(UTC)
        assert (moment.isoweekday(), moment.hour, moment.minute) == (7, 23, 0)
        assert jobs.choose_week(key, None, moment) == jobs.choose_week(None, None, moment) == key[:8]


def test_a_past_week_can_be_asked_for(runs: Any):
    """Airflow reads the Monday back from a key, as when somebody asks for a partition; a parameter works too."""
    for _, key, day in runs:
        assert f"{datetime.fromisoformat(day):%G-W%V-%u}" == key
    now = datetime(2024, 6, 3, tzinfo=UTC)
    assert jobs.choose_week(None, "2024-W15", now) == "2024-W15"
    assert jobs.choose_week("2024-W15-1", None, now) == "2024-W15"
