"""The DAGs on a real Airflow and a real store."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from sohoa import layout
from sohoa.labels import label_vi
from sohoa.stack import AirflowClient
from sohoa.store import Store
from tests.batch_builder import AGENCY, DAY, page_jpeg, send

PATIENCE_S = 240


def run(airflow: AirflowClient, dag_id: str) -> tuple[str, dict[str, str | None]]:
    """Trigger a DAG and wait: the state of the run, and of each task that is not mapped."""
    run_id = airflow.trigger(dag_id)
    state = airflow.wait_for(dag_id, run_id, PATIENCE_S)
    return state, {task.task_id: task.state for task in airflow.task_states(dag_id, run_id)}


def told(airflow: AirflowClient, run_id: str) -> dict[str, list[dict[str, Any]]]:
    """Asset -> what each of its events in a run says."""
    found: dict[str, list[dict[str, Any]]] = {}
    for event in airflow.call("GET", f"/assets/events?source_run_id={quote(run_id)}&limit=100")["asset_events"]:
        found.setdefault(event["name"], []).append(event["extra"])
    return found


def log_of(airflow: AirflowClient, dag_id: str, run_id: str, task_id: str) -> list[dict[str, Any]]:
    """The lines of the first try of a task, as Airflow's page shows them."""
    path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/1"
    return list(airflow.call("GET", path)["content"])


@pytest.mark.parametrize("dag_id", ["check_scan_batches", "import_feeds", "summarise_progress", "reconcile_portal"])
def test_a_run_with_nothing_to_do_ends_well(airflow: AirflowClient, dag_id: str) -> None:
    """The first task finds nothing, all others are skipped, and the run is a success."""
    state, tasks = run(airflow, dag_id)
    assert state == "success"
    first, *others = sorted(tasks, key=lambda task: tasks[task] == "skipped")
    assert tasks[first] == "success"
    assert {tasks[task] for task in others} == {"skipped"}


def test_a_batch_with_nothing_to_measure_gets_its_receipt(airflow: AirflowClient, clean_store: Store) -> None:
    """A manifest that is not JSON: no page is measured, and the steps after measuring run all the same."""
    clean_store.put(layout.LANDING, layout.inbox_key("H37.60", "H37.60-20230306-001"), b"not JSON")
    state, tasks = run(airflow, "check_scan_batches")
    assert state == "success"
    assert tasks["measure_shard"] == "skipped"
    assert tasks["publish_batches"] == tasks["report_closed"] == "success"
    assert list(clean_store.list_objects(layout.LANDING, "receipts/H37.60/"))
    assert not list(clean_store.list_objects(layout.LANDING, layout.INBOX))


def test_a_batch_goes_from_the_inbox_to_the_summaries(airflow: AirflowClient, clean_store: Store) -> None:
    """Shards are measured under a label that names the agency, and the event wakes the run that takes the rest."""
    send(clean_store, {"a.jpg": page_jpeg(1)})
    run_id = airflow.trigger("check_scan_batches")
    assert airflow.wait_for("check_scan_batches", run_id, PATIENCE_S) == "success"
    labels = [task.label for task in airflow.task_states("check_scan_batches", run_id) if task.map_index >= 0]
    assert [AGENCY in (label or "") for label in labels] == [True]
    assert clean_store.read_table("pages").num_rows == 1
    deadline = time.monotonic() + PATIENCE_S
    while list(clean_store.list_objects(layout.WAREHOUSE, layout.PENDING)):
        assert time.monotonic() < deadline, airflow.runs("summarise_progress")
        time.sleep(1)
    assert clean_store.read_table("dossiers").num_rows == 1
    batches_told = {name: events[-1]["batches"] for name, events in told(airflow, run_id).items()}
    assert batches_told == {"pages": 1, "batches": 1, "scan_batches": 1}
    woken = [name for name in airflow.runs("summarise_progress") if name.startswith("asset_triggered")]
    (events,) = [events for name in woken if (events := told(airflow, name))]  # one of them had something to do
    assert set(events) == {"progress_daily", "quality_daily", "pages_daily", "device_daily"}
    assert all(extra["markers"] == 1 for extras in events.values() for extra in extras)


def test_a_run_tells_what_its_tasks_did(airflow: AirflowClient, clean_store: Store) -> None:
    """A row for each task that ran, and the batch that was written; each task leads to a page; no plugin is broken."""
    batch = send(clean_store, {"a.jpg": page_jpeg(1)[:-9_000]})
    run_id = airflow.trigger("check_scan_batches")
    assert airflow.wait_for("check_scan_batches", run_id, PATIENCE_S) == "success"
    rows = {row["task_id"]: row for row in clean_store.read_table("events").to_pylist() if row["run_id"] == run_id}
    assert set(rows) == {task.task_id for task in airflow.task_states("check_scan_batches", run_id)}
    assert {row["task_outcome"] for row in rows.values()} == {"done"}
    assert rows["publish_batches"]["batches_written"] == [f"{DAY}/{batch}"]
    assert f"{label_vi('defects', 'truncated')} (truncated) 1" in rows["judge_batches"]["told"]
    assert "pages 1" in rows["judge_batches"]["told"]
    said = [line.get("told", "") for line in log_of(airflow, "check_scan_batches", run_id, "judge_batches")]
    assert any("(truncated) 1" in line for line in said)
    task = f"/dags/check_scan_batches/dagRuns/{quote(run_id)}/taskInstances"
    for name, page in (
        ("judge_batches", f"/sohoa/runs/check_scan_batches/{quote(run_id)}"),
        ("discover_batches", "/sohoa/batches"),
    ):
        assert airflow.call("GET", f"{task}/{name}/links")["extra_links"] == {"Số hóa": page}
    assert airflow.call("GET", "/plugins/importErrors")["total_entries"] == 0


def test_a_form_filled_wrongly_ends_in_the_first_task(airflow: AirflowClient, clean_store: Store) -> None:
    """Nothing is touched; the last line of the log says what to do, and so does the table of what tasks did."""
    run_id = "wrong__days"
    asked = {"conf": {"start": "2024-04-16", "end": "2024-04-15"}, "logical_date": None}
    airflow.call("POST", "/dags/summarise_progress/dagRuns", {"dag_run_id": run_id, **asked})
    assert airflow.wait_for("summarise_progress", run_id, PATIENCE_S) == "failed"
    last = [line for line in log_of(airflow, "summarise_progress", run_id, "take_pending") if "failure" in line][-1]
    assert last["event"] == "task_failed"
    assert last["failure"].strip("'").startswith("Trigger it again with other parameters. InputError: the last day")
    rows = [row for row in clean_store.read_table("events").to_pylist() if row["run_id"] == run_id]
    assert [(row["task_id"], row["task_outcome"]) for row in rows] == [("take_pending", "failed")]
    assert not list(clean_store.list_objects(layout.WAREHOUSE, layout.PENDING))


def test_a_task_that_hangs_is_ended(airflow: AirflowClient) -> None:
    """When its time is up; the run behind it, of which only one may go on at a time, has its turn."""
    runs = [airflow.trigger("hung_task") for _ in range(2)]
    assert [airflow.wait_for("hung_task", run_id, PATIENCE_S) for run_id in runs] == ["failed", "failed"]


@pytest.mark.parametrize(
    "asked", [{"partition_key": "2024-W15-1", "conf": {"force": True}}, {"conf": {"week": "2024-W15", "force": True}}]
)
def test_the_report_of_a_past_week(airflow: AirflowClient, clean_store: Store, asked: dict[str, Any]) -> None:
    """Asked for by partition or by parameter, the report lies in the store; a site without mail ends well."""
    run_id = f"past__{'-'.join(asked)}"
    airflow.call("POST", "/dags/weekly_quality_report/dagRuns", {"dag_run_id": run_id, "logical_date": None, **asked})
    assert airflow.wait_for("weekly_quality_report", run_id, PATIENCE_S) == "success"
    states = {task.task_id: task.state for task in airflow.task_states("weekly_quality_report", run_id)}
    assert set(states.values()) == {"success"}
    found = {item.key for item in clean_store.list_objects(layout.REPORTS, layout.report_key("2024-W15", ""))}
    assert {layout.report_key("2024-W15", f"report.{name}") for name in ("pdf", "html", "xlsx", "json")} == found
    assert list(clean_store.list_objects(layout.REPORTS, layout.data_docs_prefix("2024-W15")))
    assert [extra["week"] for extra in told(airflow, run_id)["weekly_report"]] == ["2024-W15"]
    lines = {line["event"]: line for line in log_of(airflow, "weekly_quality_report", run_id, "build_report")}
    assert lines["report_published"]["week"] == "2024-W15"
    assert lines["report_published"]["report_pdf_bytes"] > 0
    assert lines["report_published"]["level"] == "info"
