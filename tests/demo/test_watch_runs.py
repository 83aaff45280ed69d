"""A run is told about while it goes on, and what would keep it from ever ending is said at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sohoa import stack
from sohoa.demo import run_demo, watch_runs
from sohoa.demo.watch_runs import Watch, describe_tasks
from sohoa.errors import StackError
from sohoa.settings import load_settings
from sohoa.stack.airflow_client import TaskState
from tests.demo.small_province import Item
from tests.servers import new_home


def task(name: str, state: str | None, index: int = -1) -> TaskState:
    return TaskState(name, index, None, state)


class Airflow:
    """An Airflow whose runs go through some states, one at each look."""

    url = "http://127.0.0.1:1"

    def __init__(self, *states: str, paused: tuple[str, ...] = ()) -> None:
        self.states, self.paused = iter(states), paused
        self.asked: list[tuple[str, Any]] = []
        self.known: dict[str, str] = {"before": "failed"}
        """Run -> state; the one that was asked for may wait for one that the clock has begun."""

    def is_paused(self, dag: str) -> bool:
        return dag in self.paused

    def trigger(self, dag: str, params: dict[str, Any] | None) -> str:
        self.asked.append((dag, params))
        return "now"

    def run_state(self, dag: str, run: str) -> str:
        return next(self.states)

    def runs(self, dag: str) -> dict[str, str]:
        return self.known

    def task_states(self, dag: str, run: str) -> list[TaskState]:
        return [task("measure_shard", "success", 0), task("measure_shard", "running", 1), task("judge_batches", None)]


class Queue:
    """A store with so many objects under each prefix, and one fewer in the queue at each look."""

    def __init__(self, waiting: int = 0) -> None:
        self.waiting = waiting

    def list_objects(self, _bucket: str, prefix: str, most: int | None = None) -> Iterator[Item]:
        if prefix == "_pending/":
            self.waiting -= 1
            return iter([Item("x")] * max(0, self.waiting))
        keys = ("a/b1/0/1/1", "a/b1/0/1/2", "a/b2/0/1/1") if prefix == "_measured/" else ("1", "2", "3", "4")
        return iter([Item(prefix + key) for key in keys])


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is told; all servers live, and no time passes between two looks."""
    monkeypatch.setattr(watch_runs.stack, "require_running", lambda _: None)
    monkeypatch.setattr(watch_runs.time, "sleep", lambda _: None)
    monkeypatch.setattr(watch_runs, "LOOK_S", -1)
    return []


def watch(client: Any, said: list[str], store: Any = None) -> Watch:
    return Watch(load_settings(), client, store or Queue(), said.append)


def test_a_run_gives_signs_of_life(said: list[str]) -> None:
    """What has been made so far and which tasks are at work; the same line is not said twice in a row."""
    airflow = Airflow("queued", "running", "running", "success")
    airflow.known |= {"of the clock": "running"}
    watch(airflow, said).run("check_scan_batches", {"week": "2023-W17"})
    assert airflow.asked == [("check_scan_batches", {"week": "2023-W17"})]
    assert said == [
        "Airflow runs check_scan_batches",
        "  2 of 4 batches measured; 4 batches checked; measure_shard 1 of 2 done",
        "  2 of 4 batches measured; 4 batches checked",
    ]


def test_a_run_that_fails_is_named(said: list[str]) -> None:
    """With its DAG, and where its log is."""
    with pytest.raises(StackError, match="run now of import_feeds ended as failed; its log is in the Airflow UI"):
        watch(Airflow("running", "failed"), said).run("import_feeds")


@pytest.mark.parametrize("dag", ["import_feeds", "weekly_quality_report"])
def test_a_paused_dag_is_said_before_it_is_asked(said: list[str], dag: str) -> None:
    """Its run would wait for ever; the message says where it is switched on."""
    airflow = Airflow(paused=(dag,))
    with pytest.raises(StackError, match=rf"{dag} is paused.*sohoa stack up.*/dags/{dag}"):
        watch(airflow, said).run(dag)
    assert airflow.asked == []


def test_a_dag_that_others_wake_is_waited_for(said: list[str]) -> None:
    """Until its queue is empty; one that is paused or fails is said at once, an earlier failure is not its own."""
    watch(Airflow(), said, Queue(3)).wait_until_empty("summarise_progress", "_pending/")
    assert said == ["Airflow runs summarise_progress, woken by what was before it", "  4 days counted"]
    paused = Airflow(paused=("summarise_progress",))
    with pytest.raises(StackError, match="summarise_progress is paused"):
        watch(paused, said, Queue(9)).wait_until_empty("summarise_progress", "_pending/")

    class Failing(Airflow):
        def is_paused(self, dag: str) -> bool:
            self.known = {"before": "failed", "later": "failed"}
            return False

    with pytest.raises(StackError, match="the run later of summarise_progress ended as failed"):
        watch(Failing(), said, Queue(9)).wait_until_empty("summarise_progress", "_pending/")


def test_a_server_that_has_stopped_is_said(said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name, its log and how it starts again, within one look."""
    monkeypatch.undo()
    new_home(monkeypatch, tmp_path)
    with pytest.raises(StackError, match=r"weed has stopped, see .*weed.log: `sohoa stack up`"):
        watch(Airflow("running"), said).run("import_feeds")


def test_too_long_is_too_long(said: list[str]) -> None:
    """Whatever is still running."""
    late = watch(Airflow("running", "running"), said)
    late.deadline = 0.0
    with pytest.raises(StackError, match="import_feeds is not done after"):
        late.run("import_feeds")


def test_tasks_are_counted_and_retries_told() -> None:
    """Mapped tasks by how many are done; what has not begun or is over is not listed."""
    states = ("success", "success", "running", "queued", "scheduled")
    shards = [task("measure_shard", state, number) for number, state in enumerate(states)]
    assert describe_tasks([task("plan_shards", "success"), *shards]) == ["measure_shard 2 of 5 done"]
    assert describe_tasks([task("publish_batches", "running")]) == ["publish_batches"]
    (line,) = describe_tasks([task("judge_batches", "up_for_retry")])
    assert line.startswith("judge_batches failed and will be tried again")
    assert describe_tasks([]) == []


def test_all_five_jobs_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import, check until the inbox is empty, the summaries that they wake, reconciliation, the report of the week."""
    ran: list[Any] = []

    class Runs:
        def __init__(self, *_: Any) -> None:
            self.left = {"inbox/": 2, "_unreconciled/": 1}

        def run(self, dag: str, params: Any = None) -> None:
            ran.append((dag, params) if params else dag)

        def wait_until_empty(self, dag: str, queue: str) -> None:
            ran.append(dag)

        def is_empty(self, _: str, queue: str) -> bool:
            self.left[queue] -= 1
            return self.left[queue] == 0

    monkeypatch.setattr(run_demo, "Watch", Runs)
    monkeypatch.setattr(run_demo, "open_store", lambda: None)
    monkeypatch.setattr(stack, "airflow_client", lambda _: None)
    monkeypatch.setattr(run_demo.show_result, "found_defects", lambda _: run_demo.show_result.Counter(skewed=2))
    said: list[str] = []
    run_demo._run_dags(load_settings(), said.append)
    assert ran == [
        "import_feeds", "check_scan_batches", "check_scan_batches", "summarise_progress", "reconcile_portal",
        ("weekly_quality_report", {"week": "2023-W17"}),
    ]  # fmt: skip
    assert said == ["  2 defects so far: skewed 2"]
