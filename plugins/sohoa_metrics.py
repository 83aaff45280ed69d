"""Registers the listener that counts what tasks did for OpenTelemetry, beside Airflow's metrics and by their exporter.

Where ``[metrics] otel_on`` is not set nothing is counted and nothing is asked. A task is one process, whose counts go
out when it ends, as differences; the collector adds them up (docker/observability/collector.yaml).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from opentelemetry import metrics

from sohoa.task_notes import take_counts

COUNTED = {
    "shard_pages": ("sohoa.pages", None),
    "published": ("sohoa.batches", None),
    "verdicts": ("sohoa.verdicts", "verdict"),
    "defects": ("sohoa.defects", "defect"),
}
"""What a task counts -> its metric, and what tells its parts apart."""
MEASURING_SECONDS, FAILURES = "sohoa.measuring_seconds", "sohoa.failures"
INBOX_BATCHES, INBOX_AGE = "sohoa.inbox_batches", "sohoa.inbox_age_seconds"
NAMES = (*(name for name, _ in COUNTED.values()), MEASURING_SECONDS, FAILURES, INBOX_BATCHES, INBOX_AGE)


class MetricsListener:
    """Told by Airflow of each task that ends."""

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        """Count what a task did; who looks into the inbox says how much waits there, and how long."""
        if _is_own(task_instance):
            counts = take_counts()
            _count(counts)
            if "shard_pages" in counts:
                seconds = (task_instance.end_date - task_instance.start_date).total_seconds()
                _meter().create_counter(MEASURING_SECONDS).add(seconds)
            if task_instance.task_id == "discover_batches":
                _look_into_inbox()

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: BaseException | str | None) -> None:
        """Count a failure by its kind, whether it is tried again or not: ``StoreError`` is the store's."""
        if _is_own(task_instance):
            kind = error if isinstance(error, str) else type(error).__name__
            _meter().create_counter(FAILURES).add(1, {"task": task_instance.task_id, "kind": kind[:60]})

    @hookimpl
    def before_stopping(self) -> None:
        """Send what was counted: the process ends without a word to the exporter."""
        if (flush := _flush()) is not None:
            flush()


def _is_own(task_instance: Any) -> bool:
    """Tell whether this process ran the task and metrics are on."""
    return type(task_instance).__name__ == "RuntimeTaskInstance" and _flush() is not None


def _flush() -> Callable[[], object] | None:
    """What sends at once, None where Airflow has not turned metrics on."""
    found: Callable[[], object] | None = getattr(metrics.get_meter_provider(), "force_flush", None)
    return found


def _meter() -> metrics.Meter:
    return metrics.get_meter("sohoa")


def _count(counts: Mapping[str, Any]) -> None:
    for name, (metric, part) in COUNTED.items():
        found = counts.get(name)
        if isinstance(found, int):
            _meter().create_counter(metric).add(found)
        for key, count in found.items() if isinstance(found, Mapping) and part else ():
            _meter().create_counter(metric).add(count, {str(part): key})


def _look_into_inbox() -> None:
    from sohoa.capacity.inbox import list_inbox
    from sohoa.errors import StoreError
    from sohoa.store import open_store

    try:
        inbox = list_inbox(open_store())
    except StoreError:  # the task has ended well without it; the next one looks again
        return
    age = time.time() - inbox.taken[0].last_modified.timestamp() if inbox.taken else 0.0
    _meter().create_gauge(INBOX_BATCHES).set(len(inbox.taken) + len(inbox.later))
    _meter().create_gauge(INBOX_AGE).set(age)


class SohoaMetrics(AirflowPlugin):
    """What OpenTelemetry is told of tasks."""

    name = "sohoa_metrics"
    listeners: ClassVar[list[Any]] = [MetricsListener()]
