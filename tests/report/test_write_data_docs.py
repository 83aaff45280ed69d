"""Great Expectations' own pages of a week: complete, harmless, and never more than so many weeks of them."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from sohoa import layout
from sohoa.report.write_data_docs import write_data_docs
from sohoa.schema import TABLES
from sohoa.store import Store
from tests.servers import empty_buckets

pytestmark = pytest.mark.timeout(300)
DAY = date(2024, 4, 10)
EVIL = "<script>window.hacked = true</script>"
SUITES = {"page_limits", "pages", "documents", "batches", "progress_daily"}


def write_week(store: Store) -> None:
    page = {"agency": "H37.80.01", "batch": EVIL, "file": EVIL, "page_no": 1, "verdict": "accepted"}
    bad = page | dict.fromkeys(("verdict", "colour_mode", "format", "paper"), EVIL) | {"page_no": None}
    rows = pa.Table.from_pylist([page, bad, bad], TABLES["pages"])
    store.write_table("pages", DAY, "batch", rows)


def pages(store: Store, prefix: str = layout.DATA_DOCS) -> dict[str, str]:
    """Key -> text of the pages under a prefix."""
    keys = [item.key for item in store.list_objects(layout.REPORTS, prefix) if item.key.endswith(".html")]
    return {key: store.get(layout.REPORTS, key).decode() for key in keys}


@pytest.fixture(scope="module")
def written(store: Store) -> tuple[dict[str, int], dict[str, str]]:
    """What is counted of a week with a hostile text in it, and its pages."""
    empty_buckets(store)
    write_week(store)
    return write_data_docs(store, "2024-W15"), pages(store)


def test_the_pages_of_a_week(written: tuple[dict[str, int], dict[str, str]]):
    """One page a suite with its results, linked from the week's contents, and those from the list of weeks."""
    counts, found = written
    assert counts["checks"] > counts["failed"] > 0
    assert counts["weeks"] == 1
    week = layout.data_docs_prefix("2024-W15")
    results = {key.removeprefix(week).split("/")[1]: key for key in found if "/validations/" in key}
    assert set(results) == SUITES
    contents = found[week + "index.html"]
    assert all(key.removeprefix(week) in contents for key in results.values())
    assert "2024-W15/index.html" in found[layout.DATA_DOCS + "index.html"]


def test_a_page_asks_no_other_site_and_runs_no_text_of_an_agency(written: tuple[dict[str, int], dict[str, str]]):
    """Great Expectations escapes nothing and loads scripts from other sites: the pages must not."""
    found = written[1]
    assert any("window.hacked" in text for text in found.values()), "the text is shown"
    for key, text in found.items():
        assert EVIL not in text, key
        assert '<head><meta http-equiv="Content-Security-Policy" content="default-src \'none\'' in text, key
        assert "<link" not in text.partition("Content-Security-Policy")[0], key


def test_the_pages_do_not_grow_without_bound(clean_store: Store):
    """Old weeks go, and a week that is done again replaces its pages."""
    store = Store(clean_store.settings.model_copy(update={"data_docs_weeks": 2}))
    for week in ("2023-W52", "2024-W15"):
        store.put(layout.REPORTS, layout.data_docs_prefix(week) + "validations/page.html", b"written before")
    write_data_docs(store, "2024-W16")
    kept = {key.split("/")[1] for key in pages(store) if key.count("/") > 1}
    assert kept == {"2024-W15", "2024-W16"}
    before = [item.key for item in store.list_objects(layout.REPORTS, layout.DATA_DOCS)]
    store.put(layout.REPORTS, layout.data_docs_prefix("2024-W16") + "validations/gone/page.html", b"old")
    write_data_docs(store, "2024-W16")
    assert [item.key for item in store.list_objects(layout.REPORTS, layout.DATA_DOCS)] == before
    size = sum(item.size for item in store.list_objects(layout.REPORTS, layout.data_docs_prefix("2024-W16")))
    assert size < 5_000_000
