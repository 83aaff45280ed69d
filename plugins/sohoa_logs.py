"""Keeps the log of each task in the store, for workers on several machines, which share no folder.

``AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS=sohoa_logs.CONFIG`` turns it on, for workers and API server alike. A log goes
to the store when its task ends; one that cannot be kept there stays on its worker, and Airflow says so in it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from airflow.config_templates.airflow_local_settings import BASE_LOG_FOLDER, DEFAULT_LOGGING_CONFIG

from sohoa import layout
from sohoa.errors import ObjectMissing

CONFIG = DEFAULT_LOGGING_CONFIG
"""Airflow's own; beside it Airflow looks for ``REMOTE_TASK_LOG``."""


class StoreLogs:
    """What Airflow asks of a place for logs."""

    processors = ()

    def upload(self, path: os.PathLike[str] | str, ti: Any = None) -> None:  # noqa: ARG002 (Airflow gives it)
        """Put a log into the store, after what it has of it: a task that waited may go on at another worker."""
        from sohoa.store import open_store

        local = Path(BASE_LOG_FOLDER) / path
        key = layout.log_key(local.relative_to(BASE_LOG_FOLDER).as_posix())
        store, written = open_store(), local.read_bytes()
        try:
            before = store.get(layout.WAREHOUSE, key)
        except ObjectMissing:
            before = b""
        whole = written if written.startswith(before) else before + written
        store.put(layout.WAREHOUSE, key, whole, "text/plain; charset=utf-8")

    def read(self, relative_path: str, ti: Any) -> tuple[list[str], list[str] | None]:  # noqa: ARG002 (Airflow gives it)
        """Return where a log lies, and its text; None where the store has none."""
        from sohoa.store import open_store

        key = layout.log_key(relative_path)
        try:
            text = open_store().get(layout.WAREHOUSE, key).decode(errors="replace")
        except ObjectMissing:
            return [f"{layout.WAREHOUSE}/{key} is not there"], None
        return [f"{layout.WAREHOUSE}/{key}"], [text]


REMOTE_TASK_LOG = StoreLogs()
