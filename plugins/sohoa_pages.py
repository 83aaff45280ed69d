"""Registers the pages of ``sohoa.web`` under ``/sohoa``, for those whom Airflow lets read DAG runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ClassVar
from urllib.parse import quote

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import BaseOperatorLink

PREFIX = "/sohoa"
OWNER = "sohoa"
"""Of the tasks of this project's DAGs, as ``dag_policy`` has it."""
PAGES = {
    ("review_pages", "draw_samples"): "audit",
    ("review_pages", "ask_reviewers"): "audit",
    ("review_pages", "settle_samples"): "quality",
    ("check_scan_batches", "discover_batches"): "batches",
    ("summarise_progress", "count_progress"): "progress",
    ("summarise_progress", "count_quality"): "quality",
    ("reconcile_portal", "reconcile_days"): "reconciliation",
    ("weekly_quality_report", "update_incidents"): "quality",
    ("weekly_quality_report", "build_report"): "reports",
    ("weekly_quality_report", "deliver_reports"): "reports",
    ("weekly_quality_report", "report_undelivered"): "reports",
}
"""(DAG, task) -> the page that shows what it did; of all other tasks that of their run."""
Message = MutableMapping[str, Any]


class PagesOnDemand:
    """The application, made at the first request: a plugin is imported in every process, the pages serve in one."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._app: Any = None
        self._lock = asyncio.Lock()

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer one request."""
        if self._app is None:
            async with self._lock:
                if self._app is None:
                    self._app = await asyncio.to_thread(make_app)
        await self._app(scope, receive, send)


def make_app() -> Any:
    """Make the application with Airflow's login and roles."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, HTTPException

    from sohoa.settings import load_settings
    from sohoa.web.app import create_app
    from sohoa.web.site import Access, Viewer

    def viewer(user: Any = Depends(get_user)) -> Viewer:
        manager = get_auth_manager()
        may_see = manager.is_authorized_view(access_view=AccessView.WEBSITE, user=user)
        if not may_see or not manager.is_authorized_dag(method="GET", access_entity=DagAccessEntity.RUN, user=user):
            raise HTTPException(403)
        may_edit = manager.is_authorized_dag(method="PUT", access_entity=DagAccessEntity.RUN, user=user)
        return Viewer(user.get_name(), may_edit)

    def login_address(address: str) -> str:
        return str(get_auth_manager().get_url_login(next_url=address))

    return create_app(load_settings(), Access(viewer, login_address))


class PageLink(BaseOperatorLink):
    """Leads from a task to the page that shows what it did."""

    @property
    def name(self) -> str:
        """The words on its button."""
        return "Số hóa"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the page's address on this server; none for the tasks of others in the same Airflow."""
        if operator.owner != OWNER:
            return ""
        page = PAGES.get((ti_key.dag_id, ti_key.task_id))
        return f"{PREFIX}/{page or f'runs/{quote(ti_key.dag_id)}/{quote(ti_key.run_id)}'}"


class SohoaPages(AirflowPlugin):
    """What Airflow shows of them."""

    name = "sohoa_pages"
    fastapi_apps: ClassVar[list[Any]] = [{"app": PagesOnDemand(), "url_prefix": PREFIX, "name": "sohoa"}]
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Số hóa",
            "href": f"{PREFIX}/progress",
            "destination": "nav",
            "url_route": "sohoa",
            "nav_top_level": True,
        },
        {
            "name": "Lô và kết quả",
            "href": f"{PREFIX}/runs/{{DAG_ID}}/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "sohoa-run",
        },
    ]
    global_operator_extra_links: ClassVar[list[Any]] = [PageLink()]
