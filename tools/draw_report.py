"""Draw the pictures of ``docs/report.md`` from a report: pages of its PDF, and its page on a desk and on a telephone.

    sohoa run report --week 2023-W17 --out report/
    .venv/bin/python -m tools.draw_report small report/

``tools.monday_sites`` makes the sites; the same report gives the same pictures.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image
from playwright.sync_api import Page

from tools.draw_in_browser import FOLDER, browser, save

LAST = "Nơi nhận:"
"""Stands on the last page of the text; it and the first page of the annex are drawn, and all before."""
SCALE = 1.25
DESK, PHONE = (1280, 1530), (390, 880)
SEEN = ("header", "figure", "#section-II", "#table-proposals")
"""What stands at the top of the telephone, from left to right."""
GAP = 15
ON_SCREEN = "small"
"""The site whose page is drawn as on a desk and on a telephone."""


def main(name: str, folder: Path) -> None:
    """Write the pictures of a site's report that lies in a folder, as ``report/<name>-…``."""
    (FOLDER / "report").mkdir(exist_ok=True)
    for old in (FOLDER / "report").glob(f"{name}-*.png"):
        old.unlink()
    with pdfium.PdfDocument(folder / "report.pdf") as document:
        texts = [page.get_textpage().get_text_range() for page in document]
        last = next(number for number, text in enumerate(texts) if LAST in text)
        for number in range(min(last + 2, len(document))):
            save(f"report/{name}-{number + 1:02d}", document[number].render(scale=SCALE).to_pil())
    if name == ON_SCREEN:
        _draw_page(name, folder)


def _draw_page(name: str, folder: Path) -> None:
    with browser() as chromium:
        address = (folder / "report.html").absolute().as_uri()
        desk = chromium.new_page(viewport={"width": DESK[0], "height": DESK[1]})
        _open(desk, address)
        shot = _shot(desk).resize((960, round(960 * DESK[1] / DESK[0])), Image.Resampling.LANCZOS)
        save(f"report/{name}-page", shot)
        phone = chromium.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
        _open(phone, address)
        save(f"report/{name}-phone", _side_by_side([_at(phone, seen) for seen in SEEN]))


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("document.querySelectorAll('.chart svg, .chart canvas').length > 0")
    page.wait_for_timeout(500)


def _at(page: Page, seen: str) -> Image.Image:
    page.evaluate("(seen) => document.querySelector(seen).scrollIntoView()", seen)
    page.wait_for_timeout(500)
    return _shot(page)


def _shot(page: Page) -> Image.Image:
    return Image.open(BytesIO(page.screenshot())).convert("RGB")


def _side_by_side(shots: list[Image.Image]) -> Image.Image:
    width, height = shots[0].size
    whole = Image.new("RGB", (len(shots) * (width + GAP) + GAP, height + 2 * GAP), "#d9dce3")
    for number, shot in enumerate(shots):
        whole.paste(shot, (GAP + number * (width + GAP), GAP))
    return whole


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
