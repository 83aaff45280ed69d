"""The page about the data of a week: faults of the data apart from bad scans, harmless, only so many weeks."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from sohoa import layout
from sohoa.labels import LABELS
from sohoa.report.write_data_docs import write_data_docs
from sohoa.schema import TABLES
from sohoa.store import Store
from tests.servers import empty_buckets

pytestmark = pytest.mark.timeout(300)
CHROMIUM = Path("/usr/bin/chromium")
DAY = date(2024, 4, 10)
EVIL = "<script>window.hacked = true</script>\u202e"
PAGE = {
    "agency": "H37.80.01", "batch": "H37.80.01-20240410-001", "document_id": "D1", "page_no": 1, "verdict": "accepted",
    "kind": "component", "paper": "a4", "cover": "matte", "content": "text", "format": "pdf", "pdf_version": "1.7",
    "colour_mode": "colour", "dpi_x": 300.0, "dpi_y": 300.0, "has_signature": True, "ink_ratio": 0.05,
}  # fmt: skip


def write_pages(store: Store, *changes: dict[str, Any]) -> None:
    rows = [PAGE | {"file": f"{number}.pdf"} | change for number, change in enumerate(changes, start=1)]
    store.write_table("pages", DAY, "batch", pa.Table.from_pylist(rows, TABLES["pages"]))


def read(store: Store, key: str) -> str:
    return store.get(layout.REPORTS, key).decode()


def week_page(store: Store) -> str:
    return read(store, layout.data_docs_prefix("2024-W15") + "index.html")


BLURRED = {"blur_mm": 0.62, "verdict": "rejected", "file": EVIL}
CUT = {"error": "truncated: 3 of 5", "verdict": "rejected"}


@pytest.fixture(scope="module")
def bad_scans(store: Store) -> tuple[dict[str, int], str, str]:
    """What is counted of a week whose data are sound and of whose pages two are bad; its page, the list of weeks."""
    empty_buckets(store)
    write_pages(store, {}, {"blur_mm": 0.1}, BLURRED, CUT)
    counts = write_data_docs(store, "2024-W15")
    return counts, week_page(store), read(store, layout.DATA_DOCS + "index.html")


def test_bad_scans_are_no_fault_of_the_data(bad_scans: tuple[dict[str, int], str, str]) -> None:
    """No rule has failed; the limits stand apart, with pages judged, agency, file, page and value."""
    counts, page, weeks = bad_scans
    assert counts["checks"] > 30
    assert (counts["failed"], counts["pages_beyond"], counts["weeks"]) == (0, 2, 1)
    for words in (
        "✓ Dữ liệu đúng mọi quy tắc", "Ảnh bị mờ, nhòe", "0,62\u00a0mm", "UBND phường Hoàng Văn Thụ (H37.80.01)",
        "H37.80.01-20240410-001", "Tệp bị cắt cụt", "4 trang: đạt 2; chờ kiểm tra 0; không đạt 2", "50,00\u00a0%",
        "../../weekly/2024-W15/report.html",
    ):  # fmt: skip
        assert words in page, words
    assert "2024-W15/index.html" in weeks


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}: apt-get install chromium")
def test_nothing_keeps_anybody_out(bad_scans: tuple[dict[str, int], str, str]) -> None:
    """What axe-core finds of any weight; neither page is wider than a telephone."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 360, "height": 740}, bypass_csp=True).new_page()
        for text in bad_scans[1:]:
            page.set_content(text)
            assert Axe().run(page).response["violations"] == []
            assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        browser.close()


def test_the_pages_ask_for_nothing_and_run_nothing(bad_scans: tuple[dict[str, int], str, str]) -> None:
    """A file's name is text; styles stand in the page, and no other site is asked for anything."""
    for page in bad_scans[1:]:
        assert "<script" not in page and "\u202e" not in page
        assert "http:" not in page and "https:" not in page
        assert "default-src 'none'; style-src 'unsafe-inline'" in page
        assert "font: 1rem" in page
    assert "&lt;script&gt;" in bad_scans[1]


def test_a_rule_that_does_not_hold_is_named_with_its_rows(clean_store: Store) -> None:
    """A page twice, and a verdict that is none: two rules, the agency by its name, and no bad scan."""
    write_pages(clean_store, {"file": "a.pdf"}, {"file": "a.pdf"}, {"verdict": "maybe"})
    counts = write_data_docs(clean_store, "2024-W15")
    assert (counts["failed"], counts["pages_beyond"]) == (2, 0)
    page = week_page(clean_store)
    for words in (
        "✗ Dữ liệu sai quy tắc: 2 phép kiểm không đúng", "mỗi cơ quan, lô, tệp, số trang chỉ có một dòng (2 dòng sai)",
        "kết luận phải là giá trị cho phép (1 dòng sai)", "UBND phường Hoàng Văn Thụ (H37.80.01)", "maybe",
        "Không trang nào vượt ngưỡng",
    ):  # fmt: skip
        assert words in page, words


def test_the_pages_do_not_grow_without_bound(clean_store: Store) -> None:
    """Old weeks go, what else lay beside a week's page too, and a week that is done again has the same bytes."""
    store = Store(clean_store.settings.model_copy(update={"data_docs_weeks": 2}))
    for week in ("2023-W52", "2024-W14"):
        store.put(layout.REPORTS, layout.data_docs_prefix(week) + "index.html", b"written before")
    store.put(layout.REPORTS, layout.data_docs_prefix("2024-W15") + "validations/page.html", b"written before")
    write_data_docs(store, "2024-W15")
    assert "Không có dữ liệu của tuần này" in week_page(store), "nothing is not all well"
    before = [(item.key, item.etag) for item in store.list_objects(layout.REPORTS, layout.DATA_DOCS)]
    assert {key.split("/")[1] for key, _ in before} == {"2024-W14", "2024-W15", "index.html"}
    write_data_docs(store, "2024-W15")
    assert [(item.key, item.etag) for item in store.list_objects(layout.REPORTS, layout.DATA_DOCS)] == before


def test_every_column_that_a_rule_names_has_words() -> None:
    """Those that progress is compared with are sums of the units below."""
    from sohoa.quality import gate

    for name in ("pages", "documents", "batches", "progress_daily"):
        named = {column for test in gate.list_invariants(name) for column in test}
        assert {column.removesuffix("_below") for column in named} <= LABELS["checked_columns"].keys(), name
