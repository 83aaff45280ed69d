"""Running DAGs and saying how far they are; what keeps one from ever ending is said at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sohoa import layout, stack
from sohoa.errors import StackError
from sohoa.settings import Settings
from sohoa.stack import AirflowClient
from sohoa.stack.airflow_client import FINISHED, TaskState
from sohoa.store import Store

PATIENCE_S = 1_800
LOOK_S, SAY_AGAIN_S = 4.0, 30.0
"""How often a run is looked at, and after how long the same line is said again."""
_MADE = {
    "import_feeds": ("register/", "days of the register imported"),
    "check_scan_batches": ("batches/", "batches checked"),
    "summarise_progress": ("progress_daily/", "days counted"),
    "reconcile_portal": ("reconciliation_daily/", "days reconciled"),
}
"""DAG -> prefix in ``warehouse`` under which it makes an object for each piece of its work, and what that is."""


@dataclass
class Watch:
    """Runs DAGs one after another on the embedded stack, within a time."""

    settings: Settings
    client: AirflowClient
    store: Store
    say: Callable[[str], None]
    deadline: float = field(default_factory=lambda: time.monotonic() + PATIENCE_S)
    _said: tuple[str, float] = ("", 0.0)
    _looked: float = 0.0

    def run(self, dag: str, params: dict[str, Any] | None = None) -> None:
        """Run a DAG and wait until it has ended well.

        Raises:
            StackError: it is paused, it fails, a server has stopped, or it takes too long.
        """
        self._check(dag)
        self.say(f"Airflow runs {dag}")
        run = self.client.trigger(dag, params)
        while (state := self.client.run_state(dag, run)) not in FINISHED:
            self._look(dag)
        if state != "success":
            raise StackError(f"the run {run} of {dag} ended as {state}; its log is in the Airflow UI")
        self._tell(self.describe(dag, []))

    def wait_until_empty(self, dag: str, queue: str) -> None:
        """Wait until a DAG that others wake has emptied its queue in ``warehouse``.

        Raises:
            StackError: as ``run``.
        """
        before = {run for run, state in self.client.runs(dag).items() if state == "failed"}
        self.say(f"Airflow runs {dag}, woken by what was before it")
        while not self.is_empty(layout.WAREHOUSE, queue):
            runs = self.client.runs(dag)
            failed = sorted(run for run, state in runs.items() if state == "failed" and run not in before)
            if failed:
                raise StackError(f"the run {failed[-1]} of {dag} ended as failed; its log is in the Airflow UI")
            self._look(dag)
        self._tell(self.describe(dag, []))

    def is_empty(self, bucket: str, queue: str) -> bool:
        """Tell whether nothing waits under a prefix."""
        return not any(True for _ in self.store.list_objects(bucket, queue, most=1))

    def describe(self, dag: str, tasks: Sequence[TaskState]) -> str:
        """Say how far a DAG is: what it has made so far, and its tasks."""
        return "; ".join([*self._made(dag), *describe_tasks(tasks)])

    def _made(self, dag: str) -> Iterator[str]:
        if dag == "check_scan_batches":
            measured = {_batch_of(item.key) for item in self.store.list_objects(layout.WAREHOUSE, layout.MEASURED)}
            waiting = sum(1 for _ in self.store.list_objects(layout.LANDING, layout.INBOX))
            if 0 < len(measured) <= waiting:  # as it settles, batches leave the inbox before what was measured of them
                yield f"{len(measured)} of {waiting} batches measured"
        if dag in _MADE:
            prefix, what = _MADE[dag]
            yield f"{sum(1 for _ in self.store.list_objects(layout.WAREHOUSE, prefix))} {what}"

    def _look(self, dag: str) -> None:
        """Make sure every few seconds that the DAG can go on, and say how far the run at work is: the clock's, too."""
        time.sleep(1)
        if time.monotonic() > self._looked + LOOK_S:
            self._check(dag)
            run = next((run for run, state in self.client.runs(dag).items() if state == "running"), None)
            self._tell(self.describe(dag, self.client.task_states(dag, run) if run else []))
            self._looked = time.monotonic()

    def _check(self, dag: str) -> None:
        stack.require_running(self.settings)
        if self.client.is_paused(dag):
            raise StackError(
                f"the DAG {dag} is paused, so that none of its runs would begin: `sohoa stack up`, switch it on at "
                f"{self.client.url}/dags/{dag}, and run the demo again; it goes on where it was"
            )
        if time.monotonic() > self.deadline:
            raise StackError(f"{dag} is not done after {PATIENCE_S} s; its runs are at {self.client.url}/dags/{dag}")

    def _tell(self, line: str) -> None:
        text, at = self._said
        if line and (line != text or time.monotonic() > at + SAY_AGAIN_S):
            self.say(f"  {line}")
            self._said = (line, time.monotonic())


def describe_tasks(tasks: Sequence[TaskState]) -> list[str]:
    """Say which tasks are at work, how many of many are done, and which are tried again."""
    ended, all_of = (Counter(task.task_id for task in some) for some in (_ended(tasks), tasks))
    lines = [
        name + (f" {ended[name]} of {count} done" if count > 1 else "")
        for name, count in all_of.items()
        if any(task.task_id == name and task.state in {"running", "queued"} for task in tasks)
    ]
    again = sorted({task.task_id for task in tasks if task.state == "up_for_retry"})
    return [*lines, *(f"{name} failed and will be tried again (its log is in the Airflow UI)" for name in again)]


def _ended(tasks: Sequence[TaskState]) -> list[TaskState]:
    return [task for task in tasks if task.state in {"success", "skipped"}]


def _batch_of(key: str) -> str:
    return key.removeprefix(layout.MEASURED).split("/")[1]
