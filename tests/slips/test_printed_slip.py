"""The slip on paper, printed by a real Chromium, and what it says of an original that has faded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from sohoa import jobs, layout
from sohoa.store import Store
from tests.batch_builder import AGENCY, document, page_image, page_jpeg
from tests.slips.slip_reader import deliver, saved, slip, turned

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.usefixtures("judged_by_numpy")


def faded(share: float) -> bytes:
    """Text whose ink has only this share of its contrast left."""
    page, sheet = (np.asarray(page_image(7, lines=lines), np.float64) for lines in (40, 0))
    return saved(Image.fromarray((sheet - (sheet - page) * share).clip(0, 255).astype(np.uint8)))


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}: apt-get install chromium")
def test_one_faulty_document_prints_on_one_sheet(clean_store: Store, tmp_path: Path) -> None:
    """With its picture, beside accepted ones and some that were not scanned."""
    good = {f"{number}.jpg": page_jpeg(100 + number) for number in range(3)}
    documents = [document("X", {"x.jpg": turned()})]
    documents += [document(name, {name: data}) for name, data in good.items()]
    documents += [document(f"N{number}", {}, not_scanned="too_large", paper="a0") for number in range(2)]
    place = deliver(clean_store, documents, {"x.jpg": turned()} | good)
    jobs.check()
    slip_file = tmp_path / "slip.html"
    slip_file.write_bytes(clean_store.get(layout.LANDING, layout.receipt_key(AGENCY, *place, "html")))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(slip_file.as_uri())
        printed = page.pdf(prefer_css_page_size=True)
        browser.close()
    assert len(pypdfium2.PdfDocument(printed)) == 1


def test_a_faded_original_is_never_called_blank(clean_store: Store) -> None:
    """From a quarter to a tenth of its contrast it waits for a person, with the way to a waiver."""
    files = {f"{share}.jpg": faded(share / 100) for share in (22, 15, 10)}
    place = deliver(clean_store, [document(f"D{name}", {name: data}) for name, data in files.items()], files)
    jobs.check()
    told = slip(clean_store, *place)
    assert "3 tài liệu chờ người kiểm tra" in told.text
    assert "mực trên bản gốc đã phai" in told.text
    assert "Nếu không thể quét tốt hơn" in told.text
    assert "Trang trắng" not in told.text
    assert "bỏ trang" not in told.text
