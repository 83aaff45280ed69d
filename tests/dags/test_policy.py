"""What every DAG of this project keeps to, read from the DAGs as Airflow parses them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sohoa import layout

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "dags" / "dag_policy.py"
DAG_FILES = sorted(set((ROOT / "dags").glob("*.py")) - {POLICY})
PLUGIN_FILES = sorted((ROOT / "plugins").glob("*.py"))
PARSED = [*DAG_FILES, POLICY, *PLUGIN_FILES]
HEAVY = ("great_expectations", "pandas", "pyarrow", "cv2", "numpy")

READ_DAGS = """
import json, sys
from airflow.dag_processing.dagbag import BundleDagBag
bag = BundleDagBag(sys.argv[1], bundle_path=sys.argv[1])
facts = {
    dag.dag_id: {
        "file": dag.fileloc,
        "display_name": dag.dag_display_name,
        "tags": sorted(dag.tags),
        "doc": dag.doc_md or "",
        "max_active_runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "late_h": [alert.interval.total_seconds() / 3600 for alert in dag.deadline or []],
        "params": {name: dag.params.get_param(name).dump() for name in dag.params},
        "woken_by": sorted(asset.uri for asset in condition.objects) if condition else [],
        "tasks": {
            task.task_id: {
                "owner": task.owner,
                "retries": task.retries,
                "has_policy": task.retry_policy is not None,
                "limit_s": task.execution_timeout and task.execution_timeout.total_seconds(),
                "display_name": task.task_display_name,
                "is_mapped": task.is_mapped,
                "outlets": sorted(asset.uri for asset in task.outlets),
            }
            for task in dag.tasks
        },
    }
    for dag in bag.dags.values()
    for condition in [getattr(dag.timetable, "asset_condition", None)]
}
print("FACTS" + json.dumps({"errors": bag.import_errors, "dags": facts}))
"""

PARSE_EACH = """
import importlib.util, json, os, sys, time
import airflow.sdk
for path in json.loads(sys.argv[1]):
    child = os.fork()  # each file alone, in a process that has loaded Airflow and nothing else
    if child:
        if os.waitpid(child, 0)[1]:
            sys.exit(path + " cannot be parsed")
        continue
    start = time.perf_counter()
    spec = importlib.util.spec_from_file_location("parsed", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    seconds = time.perf_counter() - start
    print("FACTS" + json.dumps({"file": path, "seconds": seconds, "modules": sorted(sys.modules)}), flush=True)
    os._exit(0)
"""


DECIDE = """
import json
import dag_policy
from airflow.sdk.exceptions import AirflowTaskTimeout
from sohoa import errors
policy = dag_policy.POLICY["default_args"]["retry_policy"]
ours = ["StoreError", "ObjectMissing", "MailError", "GateClosed", "Undelivered", "InputError", "SettingsError"]
causes = [*(getattr(errors, name) for name in ours), AirflowTaskTimeout, MemoryError]
decided = {cause.__name__: policy.evaluate(cause("why"), try_number=1, max_tries=3) for cause in causes}
print("FACTS" + json.dumps({
    name: [found.action.value, found.retry_delay and found.retry_delay.total_seconds()]
    for name, found in decided.items()
}))
"""


def run_python(code: str, argument: Path, home: Path) -> Any:
    """What a fresh interpreter finds out."""
    return json.loads(said_by_python(code, str(argument), home).rpartition("FACTS")[2])


def said_by_python(code: str, argument: str, home: Path) -> str:
    """What a fresh interpreter prints; a home of its own keeps Airflow from using the user's."""
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "PATH": str(Path(sys.executable).parent),
        "PYTHONPATH": str(ROOT / "dags"),  # where Airflow's own parser puts it
    }
    done = subprocess.run(
        [sys.executable, "-c", code, argument], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run_python(READ_DAGS, ROOT / "dags", tmp_path_factory.mktemp("airflow"))


def test_airflow_reads_every_dag_file(bag: Any) -> None:
    """No import error, and each file holds the one DAG that it is named after."""
    assert bag["errors"] == {}
    assert {Path(dag["file"]).stem: name for name, dag in bag["dags"].items()} == {
        path.stem: path.stem for path in DAG_FILES
    }
    assert {"check_scan_batches", "import_feeds", "summarise_progress"} <= set(bag["dags"])


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_is_explained_in_both_languages(bag: Any, path: Path) -> None:
    """Display name, tags and a documentation that an official and a developer can each read."""
    dag = bag["dags"][path.stem]
    assert dag["display_name"] != path.stem
    assert dag["tags"]
    assert "**Tiếng Việt.**" in dag["doc"]
    assert "**English.**" in dag["doc"]
    assert not [name for name, task in dag["tasks"].items() if task["display_name"] == name]


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_has_one_run_at_a_time(bag: Any, path: Path) -> None:
    """One writer a table; a run takes all that is pending, so days missed are not run one by one."""
    assert bag["dags"][path.stem]["max_active_runs"] == 1
    assert bag["dags"][path.stem]["catchup"] is False


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_every_task_has_an_owner_retries_and_an_end(bag: Any, path: Path) -> None:
    """Not Airflow's anonymous owner, no retry and no time limit; mapped tasks emit no event."""
    for name, task in bag["dags"][path.stem]["tasks"].items():
        assert task["owner"] not in {"", "airflow"}, name
        assert task["retries"] > 0, name
        assert task["has_policy"], name
        assert 0 < task["limit_s"] <= 3 * 3600, name
        assert not (task["is_mapped"] and task["outlets"]), name


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_operators_hear_of_a_run_that_does_not_end(bag: Any, path: Path) -> None:
    """Of every DAG but the one that waits for people for days."""
    hours = bag["dags"][path.stem]["late_h"]
    assert hours == [] if path.stem == "review_pages" else len(hours) == 1 and 1 <= hours[0] <= 6


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_a_form_says_what_it_asks_for(bag: Any, path: Path) -> None:
    """Each parameter has a type, words of both languages, and, where it is written, an example and a form."""
    for name, param in bag["dags"][path.stem]["params"].items():
        schema = param["schema"]
        assert schema["type"], name
        assert " · " in schema["title"] and " · " in param["description"], name
        if schema["type"] != "boolean":
            assert schema["examples"] and (schema.get("format") or schema.get("pattern")), name


def test_every_event_that_a_dag_waits_for_is_sent(bag: Any) -> None:
    """The asset is spelled the same in the DAG that sends it and in the one that it wakes."""
    sent = {uri for dag in bag["dags"].values() for task in dag["tasks"].values() for uri in task["outlets"]}
    awaited = {uri for dag in bag["dags"].values() for uri in dag["woken_by"]}
    assert awaited
    assert awaited <= sent


def test_every_table_that_people_read_is_an_asset_of_the_task_that_writes_it(bag: Any) -> None:
    """And of no other task; where it lies is what the layout says."""
    writers = {
        uri: f"{dag_id}.{name}"
        for dag_id, dag in bag["dags"].items()
        for name, task in dag["tasks"].items()
        for uri in task["outlets"]
    }
    assert writers == {
        f"s3://{layout.WAREHOUSE}/pages": "check_scan_batches.publish_batches",
        f"s3://{layout.WAREHOUSE}/batches": "check_scan_batches.publish_batches",
        f"s3://{layout.WAREHOUSE}/{layout.PENDING}scans": "check_scan_batches.settle_batches",
        f"s3://{layout.WAREHOUSE}/{layout.PENDING}register": "import_feeds.settle_feeds",
        f"s3://{layout.WAREHOUSE}/documents": "recheck_scans.recheck_days",
        f"s3://{layout.WAREHOUSE}/progress_daily": "summarise_progress.count_progress",
        f"s3://{layout.WAREHOUSE}/quality_daily": "summarise_progress.count_quality",
        f"s3://{layout.WAREHOUSE}/pages_daily": "summarise_progress.count_quality",
        f"s3://{layout.WAREHOUSE}/device_daily": "summarise_progress.count_quality",
        f"s3://{layout.WAREHOUSE}/reconciliation_daily": "reconcile_portal.reconcile_days",
        f"s3://{layout.REPORTS}/weekly": "weekly_quality_report.build_report",
    }
    outlets = [uri for dag in bag["dags"].values() for task in dag["tasks"].values() for uri in task["outlets"]]
    assert len(outlets) == len(writers)


def test_what_is_tried_again(tmp_path: Path) -> None:
    """The store, the mail server and a task that took too long; what no second try heals ends at once."""
    found = run_python(DECIDE, POLICY, tmp_path)
    assert found == {
        "StoreError": ["retry", 20],
        "ObjectMissing": ["retry", 20],
        "AirflowTaskTimeout": ["retry", 20],
        "MailError": ["retry", 900],
        "GateClosed": ["fail", None],
        "Undelivered": ["fail", None],
        "InputError": ["fail", None],
        "SettingsError": ["fail", None],
        "MemoryError": ["default", None],
    }


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_wiring_only(path: Path) -> None:
    """Short enough to read at once."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """File -> the seconds that parsing it takes, and the modules that are loaded then."""
    files = json.dumps([str(path) for path in PARSED])
    said = said_by_python(PARSE_EACH, files, tmp_path_factory.mktemp("airflow"))
    facts = [json.loads(part.splitlines()[0]) for part in said.split("FACTS")[1:]]
    return {fact["file"]: fact for fact in facts}


@pytest.mark.parametrize("path", PARSED, ids=lambda path: path.stem)
def test_parsing_loads_nothing_heavy(path: Path, parsed: dict[str, Any], summary: Callable[[str], None]) -> None:
    """Airflow parses these files again and again, in every process; the summary says how long it took."""
    found = parsed[str(path)]
    summary(f"{path.name}: parsed in {found['seconds']:.2f} s")
    assert not set(HEAVY) & set(found["modules"])


def test_airflow_rules_of_ruff() -> None:
    """Nothing that Airflow 3 has removed or moved."""
    command = [sys.executable, "-m", "ruff", "check", "--preview", "--select", "AIR", "dags", "plugins", "include"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
