"""Draw the pictures of ``docs/ui.md`` and ``docs/runbook.md``: the pages in the Airflow UI, on a run of the demo.

    DEMO_EXIT=1 make demo
    .venv/bin/python -m tools.draw_ui

It starts the servers with what that run has left, signs in, and draws each page in Vietnamese as Airflow serves it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Page, expect

from sohoa import stack
from sohoa.settings import Settings, load_settings
from sohoa.store import Store, open_store
from tools.draw_in_browser import browser, save

WIDTH, HEIGHT = 1280, 1000
CHECK = "check_scan_batches"
FORMS = {"recheck_scans": "start", "summarise_progress": "start", "weekly_quality_report": "week"}
"""DAG whose form is drawn -> a field of it."""


def main() -> None:
    """Write all pictures to ``docs/pictures/ui``."""
    stack.up(load_settings(), "all", print)
    settings = load_settings()
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        url = _sign_in(page, settings)
        for name, address in _addresses(open_store()).items():
            _draw(page, name, f"{url}/sohoa{address}", _wait_for_charts)
        run = _longest_run(settings)
        place = f"{url}/dags/{CHECK}/runs/{quote(run)}"
        _draw(page, "airflow", f"{url}/plugin/sohoa", _wait_for_frame)
        _draw(page, "run", f"{place}/plugin/sohoa-run", _wait_for_frame)
        _draw(page, "task", f"{place}/tasks/judge_batches", _wait_for_log)
        _draw(page, "task-link", f"{place}/tasks/judge_batches/details", _wait_for_link)
        for dag, field in FORMS.items():
            _draw(page, f"form-{dag}", f"{url}/dags/{dag}", partial(_open_form, field))


def _sign_in(page: Page, settings: Settings) -> str:
    """Sign in, and return Airflow's address."""
    found = stack.status(settings)["airflow"]
    assert found.user is not None and found.secrets is not None, "the embedded Airflow has a user"
    page.goto(f"{found.url}/auth/login")
    page.fill("input[name=username]", found.user)
    page.fill("input[name=password]", json.loads(found.secrets.read_text(encoding="utf-8"))[found.user])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{found.url}/", timeout=60_000)
    return str(found.url)


def _addresses(store: Store) -> dict[str, str]:
    """Picture -> the address of its page below the prefix: of the newest page with a box on its defect."""
    pages = store.read_table("pages").to_pylist()
    shown = max(
        (page for page in pages if page["verdict"] in ("rejected", "review") and not page["error"]),
        key=lambda page: (bool(page["glare_box"]) and "glare" in page["defects"], page["scan_date"], page["file"]),
    )
    batch = f"{shown['scan_date']}/{quote(shown['batch'])}"
    days = sorted({page["scan_date"] for page in pages})
    period = f"?start={days[0]}&end={days[-1]}"
    return {
        "progress": f"/progress{period}",
        "batches": "/batches",
        "batch": f"/batches/{batch}",
        "scan": f"/scans/{batch}?file={quote(shown['file'])}&page={shown['page_no']}",
        "reconciliation": f"/reconciliation{period}",
        "quality": f"/quality{period}",
        "reports": "/reports",
        "decisions": "/decisions",
        "audit": "/audit",
        "visits": "/visits",
    }


def _longest_run(settings: Settings) -> str:
    client = stack.airflow_client(settings)
    runs: list[dict[str, Any]] = client.call("GET", f"/dags/{CHECK}/dagRuns?order_by=-run_after&limit=50")["dag_runs"]
    return str(max(runs, key=lambda run: run["duration"] or 0)["dag_run_id"])


def _draw(page: Page, name: str, address: str, wait: Callable[[Page], Any]) -> None:
    page.goto(address)
    wait(page)
    page.wait_for_timeout(1_500)  # what is drawn after the text
    save(f"ui/{name}", Image.open(io.BytesIO(page.screenshot())))


def _wait_for_charts(page: Page) -> None:
    page.locator("main h1").wait_for(timeout=60_000)
    expect(page.locator("[data-chart]:not([data-drawn=yes])")).to_have_count(0, timeout=60_000)
    page.wait_for_load_state("networkidle")


def _wait_for_frame(page: Page) -> None:
    frame = page.frame_locator("iframe")
    frame.locator("main h1").wait_for(timeout=60_000)
    expect(frame.locator("[data-chart]:not([data-drawn=yes])")).to_have_count(0, timeout=60_000)


def _wait_for_log(page: Page) -> None:
    page.get_by_text("task_done").first.wait_for(timeout=60_000)


def _wait_for_link(page: Page) -> None:
    page.locator("a[href^='/sohoa/runs/']").first.wait_for(timeout=60_000)


def _open_form(field: str, page: Page) -> None:
    page.get_by_role("button", name="Trigger").first.click()
    page.locator(f"[name='element_{field}'], #element_{field}").first.wait_for(timeout=60_000)


if __name__ == "__main__":
    main()
