"""Registers the listener that writes what each try of a task did to the table ``events``.

The row is written by a thread beside Airflow, which waits for it at the end of a task for some seconds at most: a store
that is away costs rows, never a task, and neither scheduler nor API server wait at all.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any, ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from sohoa.errors import describe_failure
from sohoa.logs import get_logger
from sohoa.settings import TIME_ZONE
from sohoa.task_notes import take_notes

log = get_logger(__name__)
LONGEST_WAIT_S = 5.0


class TaskListener:
    """Told by Airflow of each task that ends."""

    def __init__(self) -> None:
        """Nothing is being written yet."""
        self._writing: list[threading.Thread] = []

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        """Write that a task is done."""
        self._write(task_instance, "done", None)

    @hookimpl
    def on_task_instance_skipped(self, task_instance: Any) -> None:
        """Write that a task skipped itself."""
        self._write(task_instance, "skipped", None)

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: BaseException | str | None) -> None:
        """Write that a try failed, and whether there is another."""
        is_tried_again = str(getattr(task_instance, "state", "")).endswith("up_for_retry")
        self._write(task_instance, "tried_again" if is_tried_again else "failed", describe_failure(error))

    @hookimpl
    def before_stopping(self) -> None:
        """Wait for what is being written; what is not then is lost."""
        for thread in self._writing:
            thread.join(LONGEST_WAIT_S)
        self._writing.clear()

    def _write(self, ti: Any, outcome: str, failure: str | None) -> None:
        is_own = type(ti).__name__ == "RuntimeTaskInstance"  # else scheduler or API server tell of another process
        told, batches = take_notes() if is_own else (None, [])
        found = {
            "dag_id": ti.dag_id,
            "run_id": ti.run_id,
            "task_id": ti.task_id,
            "task_name": str(getattr(getattr(ti, "task", None), "task_display_name", ti.task_id)),
            "map_index": -1 if ti.map_index is None else ti.map_index,
            "try_number": ti.try_number,
            "task_outcome": outcome,
            "began_at": _local(ti.start_date),
            "ended_at": _local(ti.end_date or datetime.now(UTC)),
            "told": told,
            "failure": failure,
            "batches_written": batches,
        }
        thread = threading.Thread(target=_put, args=(found, is_own), daemon=True)
        self._writing = [*(one for one in self._writing if one.is_alive()), thread]
        thread.start()


def _put(found: dict[str, Any], is_own: bool) -> None:
    from sohoa.errors import SohoaError
    from sohoa.run_events import TaskEvent, write_event
    from sohoa.store import open_store

    try:
        write_event(open_store(), TaskEvent(**found), replaces=is_own)
    except SohoaError as error:  # the task has ended well or badly without it
        log.warning("event_not_written", task_id=found["task_id"], run_id=found["run_id"], reason=str(error))


def _local(moment: datetime | None) -> datetime | None:
    """The wall clock of the province, as in all tables."""
    return None if moment is None else moment.astimezone(TIME_ZONE).replace(tzinfo=None)


class SohoaEvents(AirflowPlugin):
    """What Airflow tells of tasks."""

    name = "sohoa_events"
    listeners: ClassVar[list[Any]] = [TaskListener()]
