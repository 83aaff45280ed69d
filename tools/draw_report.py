"""Draw the pictures of ``docs/report.md`` from a report: pages of its PDF, and its page on a desk and on a telephone.

    sohoa run report --week 2023-W39 --out report/
    .venv/bin/python -m tools.draw_report report/

The same report gives the same pictures.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image
from playwright.sync_api import Page

from tools.draw_in_browser import browser, save

PAGES = {
    "pdf-page-2": "Tỷ lệ số hóa của tỉnh theo tuần",
    "pdf-page-3": "Tỷ lệ số hóa (%) theo đơn vị",
    "pdf-page-4": "Tỷ lệ số hóa của các xã",
    "pdf-page-5": "Bản quét theo khổ giấy",
    "pdf-page-sign": "Nơi nhận:",
    "pdf-page-district": "Lũy kế: tỷ lệ",
}
"""Picture -> a part of what stands on its page; the first page that has it is drawn."""
SCALE = 1.25
DESK, PHONE = (1280, 1530), (390, 880)
SEEN = ("header", "figure", "#section-II", "#table-proposals")
"""What stands at the top of the telephone, from left to right."""
GAP = 15


def main(folder: Path) -> None:
    """Write all pictures of a report that lies in a folder."""
    with pdfium.PdfDocument(folder / "report.pdf") as document:
        texts = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
        save("pdf-page-1", document[0].render(scale=SCALE).to_pil())
        for name, part in PAGES.items():
            place = next(number for number, text in enumerate(texts) if part in text)
            save(name, document[place].render(scale=SCALE).to_pil())
    with browser() as chromium:
        address = (folder / "report.html").absolute().as_uri()
        desk = chromium.new_page(viewport={"width": DESK[0], "height": DESK[1]})
        _open(desk, address)
        save("report-page", _shot(desk).resize((960, round(960 * DESK[1] / DESK[0])), Image.Resampling.LANCZOS))
        phone = chromium.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
        _open(phone, address)
        save("report-phone", _side_by_side([_at(phone, seen) for seen in SEEN]))


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
    main(Path(sys.argv[1]))
