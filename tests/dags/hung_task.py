"""A DAG for the test of the time limit: its task waits for what never comes."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from dag_policy import POLICY


@dag(schedule=None, **POLICY)
def hung_task() -> None:
    """One task without an end of its own."""

    @task(execution_timeout=timedelta(seconds=2), retries=0)
    def wait() -> None:
        from threading import Event

        Event().wait()

    wait()


hung_task()
