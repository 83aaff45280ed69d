"""The pages in a real Chromium: charts drawn, scans zoomed, keys obeyed; nothing blocked, nothing from elsewhere."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sohoa.labels import LABELS
from tests.batch_builder import DAY
from tests.servers import free_port
from tests.web.conftest import BATCH, END, Province

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LOW = f"/scans/{DAY}/{BATCH}?file=th%E1%BA%A5p.jpg"
WIDTHS = (1280, 768)

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
