"""The scanning desk in a real browser: what a clerk clicks, in the order in which she does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from sohoa.desk.desk import Desk
from sohoa.desk.serve_desk import DeskServer
from sohoa.store import Store
from tests.batch_builder import DOSSIER, page_jpeg
from tests.desk.agency_folder import BAD, GOOD, OTHER, PROCEDURE, agency_keys, config_at, put_scan

CHROMIUM = Path("/usr/bin/chromium")
SERIOUS = ("serious", "critical")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}: apt-get install chromium"),
]


@pytest.fixture
def is_examined(request: pytest.FixtureRequest) -> bool:
    """Whether axe-core is let into the page, whose own policy runs no other script."""
    return "axe" in request.node.name


@pytest.fixture
def page(clean_store: Store, tmp_path: Path, is_examined: bool) -> Iterator[tuple[Page, Path]]:
    """The desk of a folder with four scans, opened; errors of the page fail the test."""
    folder = tmp_path / "scans"
    for number, data in enumerate((GOOD, OTHER, BAD, page_jpeg(4)), start=1):
        put_scan(folder, f"scan{number}.jpg", data)
    desk = Desk(folder, config_at(clean_store, tmp_path), agency_keys(clean_store), clean_store.settings, 5)
    server = DeskServer(desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    desk.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1200, "height": 900}, bypass_csp=is_examined)
        opened, errors = context.new_page(), list[str]()
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        opened.goto(server.address)
        yield opened, folder
        assert not errors
        browser.close()
    server.shutdown()
    server.server_close()
    desk.close()


def test_a_stack_is_sorted_and_sent(page: tuple[Page, Path]) -> None:
    """Chosen in the order of the pages, which the boxes show; the dossier stays filled in for the next of its stack."""
    opened, folder = page
    opened.wait_for_selector("text=QUÉT LẠI")
    opened.check("input[value='scan2.jpg']")
    opened.check("input[value='scan1.jpg']")
    assert "1. scan2.jpg" in opened.inner_text("#loose") and "2. scan1.jpg" in opened.inner_text("#loose")
    opened.fill("input[name=dossier_code]", DOSSIER)
    opened.fill("input[name=procedure_code]", PROCEDURE)
    opened.fill("input[name=physical_pages]", "2")
    opened.click("[data-act=group]")
    opened.wait_for_selector("#said.bad:has-text('Chưa ghi tên tài liệu')")
    opened.wait_for_timeout(1200)  # the page asks for news meanwhile
    assert opened.is_checked("input[value='scan1.jpg']")
    opened.fill("input[name=title]", "Tờ khai")
    opened.click("[data-act=group]")
    opened.wait_for_selector("article:has-text('Tờ khai') >> text=Đạt")
    document = folder / f"{DOSSIER}_{PROCEDURE}" / "thanh-phan" / "Tờ khai"
    assert [(document / name).read_bytes() for name in ("01.jpg", "02.jpg")] == [OTHER, GOOD]
    assert opened.input_value("input[name=dossier_code]") == DOSSIER
    assert opened.input_value("input[name=title]") == ""
    opened.click("[data-act=send]")
    opened.wait_for_selector("#sent >> text=chờ giấy báo")


def test_it_can_be_used_without_a_mouse_and_read_aloud(page: tuple[Page, Path]) -> None:
    """Every field has a label, every picture words, every button a name, headings in order; messages are announced."""
    opened, _ = page
    opened.wait_for_selector("text=QUÉT LẠI")
    unnamed = opened.evaluate(
        """() => [...document.querySelectorAll("input, select, button, svg, progress")].filter((one) =>
          !(one.labels?.length && one.labels[0].innerText.trim()) && !one.ariaLabel && !one.innerText?.trim()
        ).map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []
    levels = opened.evaluate("() => [...document.querySelectorAll('h1, h2, h3')].map((one) => +one.tagName[1])")
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))
    assert opened.get_attribute("html", "lang") == "vi" and opened.get_attribute("#said", "role") == "status"
    opened.focus("input[value='scan1.jpg']")
    opened.keyboard.press("Space")
    assert opened.is_checked("input[value='scan1.jpg']")
    width = opened.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert width <= 0
    opened.set_viewport_size({"width": 400, "height": 800})
    assert opened.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def faults(opened: Page) -> list[str]:
    """What axe-core finds serious of the rules of WCAG and of good practice."""
    found = [one for one in Axe().run(opened).response["violations"] if one["impact"] in SERIOUS]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def test_axe_finds_no_serious_fault_in_any_part(page: tuple[Page, Path]) -> None:
    """New scans, good and bad; documents, one that asks a person; what was sent; a line of what cannot be done."""
    opened, _ = page
    assert "label" in " ".join(faults_of_a_bad_page(opened))
    opened.locator("#loose .tag").nth(3).wait_for()
    assert faults(opened) == []
    for title, file in (("Tờ khai", "scan1.jpg"), ("Đơn", "scan3.jpg")):
        opened.check(f"input[value='{file}']")
        opened.fill("input[name=dossier_code]", DOSSIER)
        opened.fill("input[name=procedure_code]", PROCEDURE)
        opened.fill("input[name=physical_pages]", "1")
        opened.fill("input[name=title]", title)
        opened.click("[data-act=group]")
        opened.wait_for_selector(f"article:has-text('{title}')")
    opened.on("dialog", lambda dialog: dialog.accept("Bản gốc in mờ"))
    opened.click("article:has-text('Đơn') >> [data-act=ask]")
    opened.wait_for_selector("article:has-text('Bản gốc in mờ')")
    opened.click("[data-act=send]")
    opened.wait_for_selector("#sent >> text=chờ giấy báo")
    opened.click("[data-act=rescan]")
    opened.wait_for_selector("#said.bad")
    assert faults(opened) == []
    opened.set_viewport_size({"width": 400, "height": 800})
    assert faults(opened) == []


def faults_of_a_bad_page(opened: Page) -> list[str]:
    """Else that it finds nothing would say nothing."""
    other = opened.context.new_page()
    other.set_content("<html lang=vi><title>x</title><main><h1>x</h1><input></main></html>")
    found = faults(other)
    other.close()
    return found
