"""The listener that writes what tasks did, called as Airflow calls it: it fails no task, and holds none up for long."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sohoa.store import Store

PLUGIN = Path(__file__).parents[2] / "plugins" / "sohoa_events.py"
TELL = f"""
import runpy, sys, time
from datetime import UTC, datetime
from sohoa.task_notes import note_batches, note_done

found = runpy.run_path({str(PLUGIN)!r})
listener = found["TaskListener"]()

class RuntimeTaskInstance:
    dag_id, run_id, task_id, map_index, try_number = "check", "manual__1", "publish", None, 1
    start_date = end_date = datetime(2024, 4, 15, 20, tzinfo=UTC)
    state = "running"

start = time.monotonic()
note_done({{"published": 2}})
note_batches([(datetime(2024, 4, 15).date(), "A-1")])
listener.on_task_instance_success(task_instance=RuntimeTaskInstance())
handed = time.monotonic() - start
other = RuntimeTaskInstance()
other.task_id, other.state = "judge", "up_for_retry"
listener.on_task_instance_failed(task_instance=other, error=ValueError("x"))
listener.before_stopping()
print("HELD", handed, time.monotonic() - start)
"""


def tell(home: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds until the hook has returned, and until the task may end."""
    done = subprocess.run(
        [sys.executable, "-c", TELL], capture_output=True, text=True, check=False,
        env={**environment, "AIRFLOW_HOME": str(home), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    _, handed, held = next(line for line in done.stdout.splitlines() if line.startswith("HELD")).split()
    return float(handed), float(held)


def test_what_a_task_noted_is_a_row_in_local_time(clean_store: Store, tmp_path: Path) -> None:
    """The day is the province's, the hook returns at once, a try that is followed by another says so."""
    settings = clean_store.settings
    handed, _ = tell(tmp_path, {"SOHOA_HOME": str(settings.home), "SOHOA_PORT_S3": str(settings.port_s3)})
    assert handed < 1
    rows = {row["task_id"]: row for row in clean_store.read_table("events").to_pylist()}
    done, failed = rows["publish"], rows["judge"]
    assert (str(done["event_date"]), done["ended_at"].hour, done["map_index"]) == ("2024-04-16", 3, -1)
    assert (done["task_outcome"], done["told"], done["batches_written"]) == ("done", "published 2", ["2024-04-15/A-1"])
    assert (failed["task_outcome"], failed["told"], failed["batches_written"]) == ("tried_again", None, [])
    assert failed["failure"].endswith("ValueError: x")


def test_a_store_that_is_away_holds_no_task_up(tmp_path: Path) -> None:
    """For each row that cannot be written some seconds at most, and no error."""
    keys = {"SOHOA_S3_ACCESS_KEY": "x", "SOHOA_S3_SECRET_KEY": "y"}
    handed, held = tell(tmp_path, {"SOHOA_HOME": str(tmp_path), "SOHOA_S3_ENDPOINT": "http://127.0.0.1:9", **keys})
    assert handed < 1
    assert held < 15
