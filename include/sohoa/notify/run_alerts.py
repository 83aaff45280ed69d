"""What operators are told of the runs in Airflow: a task failed for good, or a run takes too long.

Each is told once a day for each task and DAG: a job that fails every quarter of an hour would else be a flood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tell_failed_task(dag_id: str, task_id: str, run_id: str, failure: str) -> None:
    """Tell the operators that a task has failed for good; ``failure`` says why, the next step first.

    Raises:
        StoreError: what has been told cannot be read.
    """
    _notify(
        f"task_failed_{dag_id}_{task_id}",
        f"Việc {task_id} của {dag_id} thất bại",
        f"Lượt chạy {run_id} của {dag_id} dừng ở việc {task_id}. Mở việc này trong Airflow, xem dòng cuối của nhật ký: "
        f"{failure}",
        f"The run {run_id} of {dag_id} ended at the task {task_id}. {failure}",
    )


def tell_late_run(dag_id: str, hours: float, context: Mapping[str, Any] | None = None) -> None:
    """Tell the operators that a run has not ended in time: what Airflow calls when a deadline has passed.

    Args:
        dag_id: the DAG.
        hours: what a run may take from when it was queued.
        context: what Airflow says of the run.

    Raises:
        StoreError: what has been told cannot be read.
    """
    run = ((context or {}).get("dag_run") or {}).get("dag_run_id") or ""
    _notify(
        f"run_late_{dag_id}",
        f"{dag_id} chạy quá lâu",
        f"Lượt chạy {run} của {dag_id} đã quá {hours:g} giờ mà chưa xong. Xem việc nào đang chạy, kho lưu trữ và máy "
        "chủ có còn trả lời không (`sohoa status`).",
        f"The run {run} of {dag_id} has not ended within {hours:g} hours. See which task is at work, and whether store "
        "and server answer (`sohoa status`).",
    )


def _notify(key: str, subject_vi: str, text_vi: str, text_en: str) -> None:
    from sohoa.notify.alerts import Alert, notify  # this module is imported where DAGs are parsed: it stays light
    from sohoa.store import open_store

    notify(open_store(), Alert(key, subject_vi, text_vi, text_en, stands=False))
