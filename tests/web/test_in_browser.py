"""The pages in a real Chromium: charts drawn, scans zoomed, keys obeyed; nothing blocked, nothing from elsewhere."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sohoa.labels import LABELS
from sohoa.run_events import TaskEvent, write_event
from tests.batch_builder import DAY
from tests.servers import free_port
from tests.web.conftest import BATCH, END, Province

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LOW = f"/scans/{DAY}/{BATCH}?file=th%E1%BA%A5p.jpg"
WIDTHS = (1280, 768)
NOON = datetime(2023, 3, 7, 12)  # noqa: DTZ001 (wall clock)
RUN = TaskEvent(
    "check_scan_batches", "manual__2023-03-07", "publish_batches", "Ghi bảng, trả biên nhận", -1, 1, "done", NOON,
    NOON, "published 1 · receipts 1", None, [f"{DAY}/{BATCH}"],
)  # fmt: skip
FOCUS = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  const path = [];
  for (let one = at; one.parentElement; one = one.parentElement)
    path.push([...one.parentElement.children].indexOf(one));
  const seen = box.width > 0 && box.bottom > 0 && box.top < innerHeight
    && (style.outlineStyle !== "none" || style.boxShadow !== "none");
  return {tag: at.tagName, href: at.getAttribute("href"), seen, path: path.join("/"), html: at.outerHTML.slice(0, 200)};
}"""
"""Which element has the focus, where it stands, and whether it can be seen that it has."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def address(province: Province) -> Iterator[str]:
    """Where the pages of the province are served."""
    port = free_port()
    config = uvicorn.Config(province.pages.client.app, port=port, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(params=WIDTHS)
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of an editor, in which nothing may go wrong."""
    context = browser.new_context(viewport={"width": request.param, "height": 900}, base_url=address)
    context.set_extra_http_headers({"x-user": "editor"})
    opened, wrong = context.new_page(), list[str]()
    opened.on("console", lambda said: wrong.append(f"{opened.url}: {said.text}") if said.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith(address) else wrong.append(asked.url))
    yield opened
    context.close()
    assert wrong == []


@pytest.mark.parametrize(
    "path", ["/progress", "/batches", f"/batches/{DAY}/{BATCH}", LOW, "/reconciliation", "/quality", "/audit"]
)
def test_each_page_fits_and_draws_its_charts(page: Page, path: str) -> None:
    """No page is wider than the window; each chart is there, also after its forecast has come."""
    page.goto(path)
    expect(page.locator("[data-chart]:not([data-drawn=yes])")).to_have_count(0, timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    if path == "/progress":
        expect(page.locator(".chart svg")).to_have_count(2)
        expect(page.locator("[data-outlook]")).not_to_be_empty(timeout=60_000)


EVERY_PAGE = (
    "/progress", f"/progress/dossiers?day={DAY}", "/batches", f"/batches?q={BATCH}", f"/batches/{DAY}/{BATCH}", LOW,
    "/reconciliation", "/reconciliation/R2", "/quality", "/reports", "/decisions", "/audit",
    "/visits", f"/runs/{RUN.dag_id}/{RUN.run_id}", "/runs/check_scan_batches/manual__none",
)  # fmt: skip


@pytest.fixture(scope="module")
def run_page(province: Province) -> None:
    """A run whose tasks have told what they did: one failed, one wrote the batch."""
    write_event(province.store, RUN)
    failure = "Look at the rows that are named. GateClosed: 1 fault"
    write_event(province.store, replace(RUN, task_id="report_closed", task_outcome="failed", failure=failure))


@pytest.mark.parametrize("path", [*EVERY_PAGE, "/nothing"])
@pytest.mark.usefixtures("run_page")
def test_nothing_keeps_anybody_out(address: str, browser: Browser, path: str) -> None:
    """What axe-core finds of the rules of WCAG and of good practice, in both languages and widths."""
    for width, language in zip(WIDTHS, ("vi", "en"), strict=True):
        context = browser.new_context(viewport={"width": width, "height": 900}, base_url=address, bypass_csp=True)
        context.set_extra_http_headers({"x-user": "editor"})
        opened = context.new_page()
        opened.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        expect(opened.locator("[data-chart]:not([data-drawn=yes])")).to_have_count(0, timeout=60_000)
        found = Axe().run(opened).response["violations"]
        told = [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]
        assert told == [], (path, width, language)
        context.close()


def test_axe_finds_what_is_wrong(browser: Browser) -> None:
    """Else that it finds nothing would say nothing."""
    context = browser.new_context(bypass_csp=True)
    opened = context.new_page()
    opened.set_content(
        "<html lang=vi><title>x</title><main><h1>x</h1><button></button><img src='data:,'></main></html>"
    )
    found = {one["id"] for one in Axe().run(opened).response["violations"]}
    assert {"button-name", "image-alt"} <= found
    context.close()


@pytest.mark.usefixtures("run_page")
def test_a_run_shows_its_batches_and_why_a_task_failed(page: Page) -> None:
    page.goto(f"/runs/{RUN.dag_id}/{RUN.run_id}")
    expect(page.locator("main table").first).to_contain_text(BATCH)
    expect(page.locator("main table").nth(1).locator("tbody tr").first).to_contain_text("GateClosed: 1 fault")
    page.get_by_role("link", name=BATCH, exact=True).click()
    expect(page.locator("h1")).to_contain_text(BATCH)


@pytest.mark.parametrize("path", EVERY_PAGE)
@pytest.mark.usefixtures("run_page")
def test_every_control_is_reached_by_tab_and_seen(page: Page, path: str) -> None:
    """The first is the link to the content; each link, field and button comes in turn, inside what is shown."""
    page.goto(path)
    wanted = page.locator(
        "a[href]:visible, button:visible, input:not([type=hidden]):visible, select:visible, summary:visible"
    ).count()
    reached = set[str]()
    for place in range(wanted + 40):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if place == 0:
            assert focus["href"] == "#main"
        if focus["tag"] == "BODY":
            break
        assert focus["seen"] or focus["path"] in reached, focus  # inside a date the browser marks the part
        reached.add(focus["path"])
    assert len(reached) >= wanted


def test_a_forecast_that_fails_leaves_the_chart(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address)
    context.set_extra_http_headers({"x-user": "editor"})
    opened = context.new_page()
    opened.route("**/trend.json*forecast=1*", lambda route: route.abort())
    with opened.expect_event("requestfailed"):
        opened.goto("/progress")
    expect(opened.locator(".chart svg")).to_have_count(2)
    expect(opened.locator("[data-drawn=failed]")).to_have_count(0)
    context.close()


def test_a_scan_is_zoomed_by_keys_and_paged_by_letters(page: Page) -> None:
    page.goto(LOW)
    page.locator("#scan").focus()
    for _ in range(4):
        page.keyboard.press("+")
    expect(page.locator("#scan .tiles image").first).to_be_attached(timeout=30_000)
    expect(page.locator("[data-state]")).to_contain_text("744")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(r"file=cut\.jpg"))


def test_a_page_is_decided_by_keys(page: Page) -> None:
    """Tab, space and one letter: a defect is named, then the page is good after all; both times the page says so."""
    page.goto(LOW)
    page.locator("input[name=defect]").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    chosen = page.locator("input[name=defect]:checked")
    expect(chosen).to_have_count(1)
    named = LABELS["defects"][chosen.get_attribute("value")].vi
    page.keyboard.press("f")
    expect(page.locator(".decide .notice").first).to_contain_text(named)
    time.sleep(1.1)  # a decision is of a second
    page.locator("#scan").focus()
    page.keyboard.press("g")
    expect(page.locator(".decide .notice").first).to_contain_text(LABELS["page_words"]["page_sound"].vi)


def test_hostile_texts_run_nothing(page: Page) -> None:
    for path in (f"/batches/{DAY}/{BATCH}", LOW, "/decisions", "/batches?agency=H37.80.01"):
        page.goto(path)
        assert page.evaluate("window.hacked") is None


def test_from_the_province_to_a_dossier_by_links_alone(page: Page) -> None:
    page.goto(f"/progress?start={END}&end={END}")
    page.locator("main table").first.locator("a", has_text="Huyện").first.click()
    expect(page.locator(".crumbs")).to_contain_text("Tỉnh Lạng Sơn")
    page.locator("main table").first.locator("a").first.click()
    page.goto(f"/batches?q={BATCH}")
    page.get_by_role("link", name=BATCH).click()
    expect(page.locator("h1")).to_contain_text(BATCH)
