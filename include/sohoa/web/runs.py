"""The page of a DAG run: what each task did, which batches it wrote and what became of them.

It is also a tab on each run in Airflow, and where most tasks lead to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from sohoa import layout
from sohoa.registry import full_name
from sohoa.run_events import each_once
from sohoa.web.parameters import cut
from sohoa.web.site import Site, Viewer

MOST_TASKS = 300
"""Tries of tasks that are listed: those that failed first, then in the order of time."""


def routes(site: Site) -> APIRouter:
    """Return the routes of this page."""
    router = APIRouter()

    @router.get("/runs/{dag_id}/{run_id}")
    def show(
        request: Request, dag_id: str, run_id: str, viewer: Viewer = Depends(site.access.viewer), page: int = 1
    ) -> Response:
        tries = _tries(site, dag_id, run_id)
        names = sorted({name for one in tries for name in one["batches_written"] or ()})
        shown = cut(names, page)
        tries.sort(key=lambda one: one["task_outcome"] not in {"failed", "tried_again"})
        return site.page(
            request, viewer, "run", dag_id=dag_id, run_id=run_id, tries=tries[:MOST_TASKS], all_tries=len(tries),
            batches=shown, rows=_batches(site, shown.rows), name_of=full_name,
        )  # fmt: skip

    return router


def _tries(site: Site, dag_id: str, run_id: str) -> list[dict[str, Any]]:
    """What is known of a run, in the order of time."""
    where = (pc.field("dag_id") == dag_id) & (pc.field("run_id") == run_id)
    found: list[dict[str, Any]] = each_once(site.store.cache.read("events", where=where)).to_pylist()
    return found


def _batches(site: Site, names: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of batches as they are now, each named by its scan date and id; one that has gone is left out."""
    days = {date.fromisoformat(name.partition("/")[0]) for name in names}
    if not days:
        return []
    ids = pa.array([name.partition("/")[2] for name in names])
    rows = site.store.cache.read("batches", days, where=pc.field("batch").isin(ids)).to_pylist()
    found = {f"{row[layout.PATH_KEY['batches']]}/{row['batch']}": row for row in rows}
    return [found[name] for name in names if name in found]
