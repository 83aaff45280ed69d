"""What all DAGs here keep to: who owns a task, how it is tried again, when it is given up, what it tells others.

A DAG file takes ``**POLICY``, ``late_after``, the assets that its tasks write, ``tell``, ``pass_on`` and
``report_closed``; the rest of it is wiring. Airflow puts this folder on the import path, and ``.airflowignore`` keeps
it from reading this file as a DAG.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

from airflow.sdk import (  # type: ignore[attr-defined]  # its stub lacks the deadlines
    Asset,
    DeadlineAlert,
    DeadlineReference,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    SyncCallback,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowTaskTimeout

from sohoa import layout
from sohoa.errors import GateClosed, InputError, MailError, SettingsError, StoreError, Undelivered, describe_failure
from sohoa.logs import get_logger
from sohoa.notify import run_alerts
from sohoa.task_notes import note_done

log = get_logger(__name__)
Counts = TypeVar("Counts", bound=Mapping[str, Any])

MAX_TASK_TIME = timedelta(hours=1)
"""A task takes minutes. Without an end, one that hangs would keep every later run of its DAG waiting, unseen."""
MAX_MEASURING_TIME = timedelta(hours=3)
"""A shard takes 1 to 5 minutes on one core; files that are given up, each after two minutes, may take much longer."""

_SOON = timedelta(seconds=20)
_RETRY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=[StoreError, AirflowTaskTimeout], action=RetryAction.RETRY, retry_delay=_SOON),
        RetryRule(exception=MailError, action=RetryAction.RETRY, retry_delay=timedelta(minutes=15)),
        RetryRule(  # trying again heals none of these
            exception=[GateClosed, Undelivered, InputError, SettingsError], action=RetryAction.FAIL
        ),
    ]
)


def _tell_operators(context: Any) -> None:
    run_alerts.tell_failed_task(
        context["dag"].dag_id, context["task"].task_id, context["run_id"], describe_failure(context["exception"])
    )


def _say_why(context: Any) -> None:
    """End the log with one line: what to do, and why it failed."""
    log.error("task_failed", failure=describe_failure(context["exception"]))


def _say_again(context: Any) -> None:
    """End the log with one line: why it failed, and that another try follows."""
    log.warning("task_tried_again", failure=describe_failure(context["exception"]))


POLICY: dict[str, Any] = {
    "catchup": False,
    "max_active_runs": 1,  # one writer per table; a run takes all that waits
    "default_args": {
        "owner": "sohoa",
        "retries": 3,
        "retry_delay": _SOON,
        "retry_policy": _RETRY,
        "execution_timeout": MAX_TASK_TIME,
        "show_return_value_in_logs": False,  # what a task did stands there in words
        "on_retry_callback": _say_again,
        "on_failure_callback": [_tell_operators, _say_why],
    },
}
"""For ``@dag(…, **POLICY)``."""


def late_after(dag_id: str, hours: float) -> DeadlineAlert:
    """Make the alert of a run that has not ended so many hours after it was queued: its operators are told."""
    callback = SyncCallback(run_alerts.tell_late_run, {"dag_id": dag_id, "hours": hours})
    return DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, timedelta(hours=hours), callback, name=f"{dag_id}_late")


def day_param(title: str, description: str, example: str = "2024-04-15") -> Param:
    """Make a parameter that is a day or empty, with a calendar in the form."""
    return Param(None, type=["null", "string"], format="date", title=title, description=description, examples=[example])


def _asset(name: str, bucket: str, prefix: str) -> Asset:
    return Asset(name=name, uri=f"s3://{bucket}/{prefix.rstrip('/')}")


INBOX = _asset("inbox", layout.LANDING, layout.INBOX)
FEEDS = _asset("feeds", layout.FEEDS, "")
PAGES = _asset("pages", layout.WAREHOUSE, layout.table_prefix("pages"))
BATCHES = _asset("batches", layout.WAREHOUSE, layout.table_prefix("batches"))
SCAN_BATCHES = _asset("scan_batches", layout.WAREHOUSE, f"{layout.PENDING}scans")
RECHECKED = _asset("rechecked_documents", layout.WAREHOUSE, layout.table_prefix("documents"))
REGISTER = _asset("register", layout.WAREHOUSE, f"{layout.PENDING}register")
PROGRESS_DAILY = _asset("progress_daily", layout.WAREHOUSE, layout.table_prefix("progress_daily"))
QUALITY_DAILY = _asset("quality_daily", layout.WAREHOUSE, layout.table_prefix("quality_daily"))
PAGES_DAILY = _asset("pages_daily", layout.WAREHOUSE, layout.table_prefix("pages_daily"))
DEVICE_DAILY = _asset("device_daily", layout.WAREHOUSE, layout.table_prefix("device_daily"))
RECONCILIATION_DAILY = _asset("reconciliation_daily", layout.WAREHOUSE, layout.table_prefix("reconciliation_daily"))
REPORTED = [PROGRESS_DAILY, QUALITY_DAILY, DEVICE_DAILY, RECONCILIATION_DAILY]
WEEKLY_REPORT = _asset("weekly_report", layout.REPORTS, layout.WEEKLY)


def tell(found: Counts) -> Counts:
    """Say in the log what this task did, keep it for the table ``events``, and return it."""
    for line in note_done(found):
        log.info("task_done", told=line)
    return found


def pass_on(before: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what this task has found, and add it to what the tasks before it have.

    The event of each asset that the task writes carries all of it, lists apart.
    """
    context, results = get_current_context(), {**before, **tell(found)}
    for asset in context["task"].outlets:
        context["outlet_events"][asset].extra = {k: v for k, v in results.items() if not isinstance(v, list)}
    return results


@task(task_display_name="Báo cổng đóng")
def report_closed(settled: Any) -> None:
    """End red where a gate stayed closed; all that could be written has been."""
    from sohoa import jobs

    jobs.report_closed(settled["problems"])
