"""Draw the pictures of ``docs/agency-client.md``: each part of the desk, used as a clerk uses it on a store of its own.

    .venv/bin/python -m tools.draw_desk

It sends what it draws and checks it as the pipeline does, so that the pictures show what is true. It takes a minute.
"""

from __future__ import annotations

import json
import tempfile
import threading
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from benchmarks.own_store import own_store
from sohoa import jobs
from sohoa.desk.config import AgencyConfig
from sohoa.desk.desk import Desk
from sohoa.desk.serve_desk import DeskServer
from sohoa.store import Store
from tests.batch_builder import AGENCY, page_jpeg
from tests.desk.agency_folder import config_of, put_scan
from tools.draw_in_browser import browser, save

_DOSSIER, _PROCEDURE = "H37.80.01-230306-0001", "1.001193"
_SIZE = {"width": 1100, "height": 900}


def main() -> None:
    """Write the pictures."""
    with own_store() as store, tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "quet"
        for number, dpi in enumerate((200, 200, 100, 200, 100), start=1):
            put_scan(folder, f"quet{number:03d}.jpg", page_jpeg(number, dpi=dpi))
        keys = json.loads(store.settings.agency_keys_file.read_text(encoding="utf-8"))[AGENCY]
        desk = Desk(folder, _config(store, Path(name)), keys, store.settings)
        server = DeskServer(desk)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        desk.start()
        try:
            with browser() as chromium:
                page = chromium.new_page(viewport=_SIZE)  # type: ignore[arg-type]
                page.on("dialog", lambda dialog: dialog.accept("Bản gốc in mờ, đã quét ba lần"))
                page.goto(server.address)
                _use(page)
        finally:
            server.shutdown()
            server.server_close()
            desk.close()


def _config(store: Store, home: Path) -> AgencyConfig:
    return config_of(str(store.settings.s3_endpoint), home)


def _use(page: Page) -> None:
    """Sort two documents and two that are bad, ask about one, send, and fetch the slip."""
    page.locator("#loose .tag").nth(4).wait_for(timeout=120_000)
    page.check("input[value='quet001.jpg']")
    page.check("input[value='quet002.jpg']")
    _fill(page, "Tờ khai", 2)
    _draw(page, "desk-sort", "#loose")
    page.click("[data-act=group]")
    for title, file in (("Giấy chứng sinh", "quet003.jpg"), ("Đơn đề nghị", "quet005.jpg")):
        page.wait_for_selector(f"input[value='{file}']")
        page.check(f"input[value='{file}']")
        _fill(page, title, 1)
        page.click("[data-act=group]")
    page.locator("#documents article").nth(2).wait_for(timeout=60_000)
    page.click("article:has-text('Đơn đề nghị') >> [data-act=ask]")
    page.wait_for_selector("article:has-text('Đơn đề nghị') >> text=Đề nghị người kiểm tra", timeout=60_000)
    page.click("article:has-text('Giấy chứng sinh') >> [data-act=anyway]")
    page.wait_for_selector("article:has-text('Giấy chứng sinh') >> .tag:has-text('Vẫn gửi')", timeout=60_000)
    page.wait_for_timeout(1_500)
    _draw(page, "desk-documents", "#documents")
    page.click("[data-act=send]")
    page.wait_for_selector("#sent >> text=chờ giấy báo", timeout=60_000)
    jobs.check()
    page.click("[data-act=fetch]")
    page.wait_for_selector("#sent >> text=Phải quét lại (1)", timeout=60_000)
    page.wait_for_timeout(1_500)
    _draw(page, "desk-sent", "#sent")


def _fill(page: Page, title: str, pages: int) -> None:
    values = {"dossier_code": _DOSSIER, "procedure_code": _PROCEDURE, "title": title, "physical_pages": str(pages)}
    for name, value in values.items():
        page.fill(f"input[name={name}]", value)


def _draw(page: Page, name: str, part: str) -> None:
    """Draw what a clerk sees who has scrolled to a part; of what is longer than the window all."""
    page.evaluate("part => document.querySelector(part).scrollIntoView()", part)
    page.wait_for_timeout(300)
    shot = page.screenshot() if part == "#loose" else page.locator(part).screenshot()
    save(name, Image.open(BytesIO(shot)))


if __name__ == "__main__":
    main()
