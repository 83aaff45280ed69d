"""Airflow's public HTTP interface, as far as this project needs it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import urllib3

from sohoa.errors import StackError

FINISHED = frozenset({"success", "failed"})
_PAGE = 100
_ALREADY_THERE = 409
_RETRIES = urllib3.Retry(
    total=5, backoff_factor=0.5, status_forcelist=(500, 502, 503), allowed_methods=None, raise_on_status=False
)
"""SQLite may be locked for a while; every request here may be sent twice."""


@dataclass(frozen=True)
class TaskState:
    """How far one task instance of a run has come; ``label`` names one of many mapped ones."""

    task_id: str
    map_index: int
    label: str | None
    state: str | None


@dataclass
class AirflowClient:
    """One user of one Airflow."""

    url: str
    user: str
    password: str = field(repr=False)
    _token: str | None = field(default=None, init=False, repr=False)

    def token(self) -> str:
        """Return a token for further requests, got with the user's password once.

        Raises:
            StackError: Airflow refuses the password or cannot be reached.
        """
        if self._token is None:
            answer = self._send("POST", "/auth/token", {"username": self.user, "password": self.password}, {})
            self._token = str(answer["access_token"])
        return self._token

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call ``/api/v2`` + ``path`` and return its JSON answer.

        Raises:
            StackError: Airflow refuses or cannot be reached; the message says what it answered.
        """
        return self._send(method, f"/api/v2{path}", body, {"Authorization": f"Bearer {self.token()}"})

    def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        headers: dict[str, str],
        retries: urllib3.Retry | int = _RETRIES,
    ) -> Any:
        try:
            answer = urllib3.request(method, self.url + path, json=body, headers=headers, timeout=90, retries=retries)
        except urllib3.exceptions.HTTPError as error:
            raise StackError(
                f"Airflow at {self.url} does not answer; `sohoa stack status airflow` tells more"
            ) from error
        if answer.status == _ALREADY_THERE and method == "POST":  # an earlier try got through, its answer did not
            return None
        if answer.status >= 400:
            raise StackError(f"Airflow answers {answer.status} to {method} {path}: {answer.data[:500].decode()}")
        return answer.json() if answer.data else None

    def is_healthy(self, since: datetime | None = None) -> bool:
        """Tell whether database, scheduler and DAG processor are well, with a sign of life from both after ``since``.

        Airflow calls a process well for some time after it was killed; ``since`` tells a new one from the one before.
        """
        try:
            health = self._send("GET", "/api/v2/monitor/health", None, {}, retries=0)
        except StackError:  # the API does not listen yet
            return False
        signs = [health[part].get(f"latest_{part}_heartbeat") for part in ("scheduler", "dag_processor")]
        is_fresh = since is None or all(sign and datetime.fromisoformat(sign) >= since for sign in signs)
        parts = ("metadatabase", "scheduler", "dag_processor")
        return is_fresh and all(health[part]["status"] == "healthy" for part in parts)

    def dag_ids(self) -> set[str]:
        """Return the DAGs that Airflow knows."""
        return {dag["dag_id"] for dag in self._pages("/dags", "dags")}

    def import_errors(self) -> dict[str, str]:
        """Return file in the DAG folder -> why Airflow cannot read it."""
        return {error["filename"]: error["stack_trace"] for error in self._pages("/importErrors", "import_errors")}

    def pause(self, dag_id: str, is_paused: bool) -> None:
        """Pause a DAG, or let it go on."""
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": is_paused})

    def set_pool(self, name: str, slots: int) -> None:
        """Make a pool of task slots, or set the size of the one there is."""
        size = {"slots": slots, "include_deferred": False}
        if name in {pool["name"] for pool in self._pages("/pools", "pools")}:
            self.call("PATCH", f"/pools/{name}", {"pool": name, **size})
        else:
            self.call("POST", "/pools", {"name": name, **size})

    def is_paused(self, dag_id: str) -> bool:
        """Tell whether a DAG is paused: a run that is asked for would wait until it goes on."""
        return bool(self.call("GET", f"/dags/{dag_id}")["is_paused"])

    def trigger(self, dag_id: str, params: dict[str, Any] | None = None) -> str:
        """Ask for a run of a DAG now, with these parameters; its run id."""
        run_id = f"sohoa__{uuid4()}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": params or {}}
        self.call("POST", f"/dags/{dag_id}/dagRuns", body)
        return run_id

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of one run."""
        return str(self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def runs(self, dag_id: str) -> dict[str, str]:
        """Return run id -> state of every run of a DAG."""
        return {run["dag_run_id"]: run["state"] for run in self._pages(f"/dags/{dag_id}/dagRuns", "dag_runs")}

    def wait_for(self, dag_id: str, run_id: str, timeout_s: float) -> str:
        """Wait until a run has ended: ``success`` or ``failed``.

        Raises:
            StackError: it has not ended after ``timeout_s``.
        """
        deadline = time.monotonic() + timeout_s
        while (state := self.run_state(dag_id, run_id)) not in FINISHED:
            if time.monotonic() > deadline:
                raise StackError(f"run {run_id} of {dag_id} is still {state} after {timeout_s:.0f} s; see {self.url}")
            time.sleep(1)
        return state

    def task_states(self, dag_id: str, run_id: str) -> list[TaskState]:
        """Return the task instances of a run."""
        found = self._pages(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances")
        return [
            TaskState(task["task_id"], task["map_index"], task["rendered_map_index"], task["state"]) for task in found
        ]

    def _pages(self, path: str, name: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        while True:
            page = self.call("GET", f"{path}?limit={_PAGE}&offset={len(items)}")
            items += page[name]
            if not page[name] or len(items) >= page["total_entries"]:
                return items
