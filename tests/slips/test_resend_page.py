"""The page that makes the next manifest, used as a clerk does in a real Chromium; what it makes, on the real store."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from sohoa import jobs, layout
from sohoa.errors import ObjectMissing
from sohoa.store import Store
from tests.batch_builder import AGENCY, document, page_jpeg, page_pdf
from tests.slips.slip_reader import NOON, deliver

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "</script><script>window.hacked = 1</script>\u202eđảo & \"'"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("judged_by_numpy"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


def send_faulty(store: Store) -> tuple[str, str]:
    """One sound document, two to scan again, one that was not scanned; checked."""
    files = {"a.jpg": page_jpeg(1), "b.jpg": page_jpeg(2, dpi=100), "c.jpg": page_jpeg(3)[:-9_000]}
    documents = [
        document("D1", {"a.jpg": files["a.jpg"]}),
        document("D2", {"b.jpg": files["b.jpg"]}, title=HOSTILE, physical_pages=1),
        document("D3", {"c.jpg": files["c.jpg"]}),
        document("D4", {}, not_scanned="too_large", paper="a1", physical_pages=2),
    ]
    place = deliver(store, documents, files)
    jobs.check()
    return place


def resend_page(store: Store, place: tuple[str, str]) -> bytes:
    return store.get(layout.LANDING, layout.resend_key(AGENCY, *place))


@pytest.fixture
def opened(clean_store: Store, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of a faulty batch, opened from a folder; nothing is fetched and nothing goes wrong in it."""
    (tmp_path / "gui-lai.html").write_bytes(resend_page(clean_store, send_faulty(clean_store)))
    page = browser.new_page()
    asked, said = list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((tmp_path / "gui-lai.html").as_uri())
    yield page
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert said == []
    page.close()


def test_nothing_keeps_anybody_out_and_it_fits_a_telephone(
    clean_store: Store, browser: Browser, tmp_path: Path
) -> None:
    """What axe-core finds of any weight, on a desk and in a hand."""
    (tmp_path / "gui-lai.html").write_bytes(resend_page(clean_store, send_faulty(clean_store)))
    for width in (1280, 360):
        page = browser.new_context(viewport={"width": width, "height": 740}, bypass_csp=True).new_page()
        page.goto((tmp_path / "gui-lai.html").as_uri())
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        page.context.close()


def choose(page: Page, number: int, *files: Path) -> None:
    page.locator("input[type=file]").nth(number).set_input_files(files)


def make(page: Page) -> dict[str, Any]:
    with page.expect_download() as download:
        page.click("button")
    made: dict[str, Any] = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert download.value.suggested_filename == f"{made['batch']}.json"
    return made


def test_a_clerk_sends_again_what_the_slip_asks_for(opened: Page, clean_store: Store, tmp_path: Path) -> None:
    """Files chosen, uploaded where the page says, the manifest last: the check takes it, it replaces the old ones."""
    new = {"đơn mới.pdf": page_pdf(2, seed=20), "c2.jpg": page_jpeg(30)}
    for name, data in new.items():
        (tmp_path / name).write_bytes(data)
    choose(opened, 0, tmp_path / "đơn mới.pdf")
    opened.locator("input[type=number]").nth(0).fill("2")
    choose(opened, 1, tmp_path / "c2.jpg")
    made = make(opened)
    folder, inbox = opened.inner_text("#folder"), opened.inner_text("#inbox")
    assert opened.locator("#names li").all_inner_texts() == list(new)
    for name, data in new.items():
        clean_store.put(layout.LANDING, f"{folder}{name}".removeprefix("landing/"), data)
    body = json.dumps(made, ensure_ascii=False).encode()
    clean_store.put(layout.LANDING, f"{inbox}{made['batch']}.json".removeprefix("landing/"), body)
    counts = jobs.check()
    assert (counts["admitted"], counts["refused"]) == (1, 0)
    rows = clean_store.read_table("documents", [layout.batch_date(made["batch"], AGENCY)], name=made["batch"])
    told = {row["document_id"]: (row["replaces"], row["verdict"], row["pages_found"]) for row in rows.to_pylist()}
    assert told == {"D2-L2": ("D2", "accepted", 2), "D3-L2": ("D3", "accepted", 1)}
    assert pc.all(rows["is_received"]).as_py()
    with pytest.raises(ObjectMissing):
        resend_page(clean_store, (made["batch"], hashlib.sha256(body).hexdigest()))  # nothing left to send again


def test_the_page_says_what_is_missing_and_makes_nothing(opened: Page, tmp_path: Path) -> None:
    """No file, one name twice, a day that has not come, a number that is none: each is told at its place."""
    opened.click("button")
    faults = [text for text in opened.locator(".fault").all_inner_texts() if text]
    assert len(faults) == 2
    assert all("Chọn tệp mới" in text for text in faults)
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    choose(opened, 0, tmp_path / "a.pdf")
    choose(opened, 1, tmp_path / "a.pdf")
    opened.click("button")
    assert "trùng tên" in " ".join(opened.locator(".fault").all_inner_texts())
    opened.locator("input[type=checkbox]").nth(1).uncheck()
    for field, bad, words in (
        ("number", "12", "3 chữ số"),
        ("operator", " ", "người quét"),
        ("scan_date", "2999-01-01", "sau"),
    ):
        before = opened.input_value(f"[name={field}]")
        opened.fill(f"[name={field}]", bad)
        opened.click("button")
        assert words in opened.inner_text("#head-fault")
        opened.fill(f"[name={field}]", before)
    assert opened.is_hidden("#done")
    assert [one["replaces"] for one in make(opened)["documents"]] == ["D2"]


def test_what_was_not_scanned_can_be_sent_later_in_tiles(opened: Page, tmp_path: Path) -> None:
    """It is not asked for; choosing files for it takes it in, with what each shows of the sheet."""
    for name in ("p1.tif", "p2.tif", "all.jpg"):
        (tmp_path / name).write_bytes(name.encode())
    for number in (0, 1):
        opened.locator("input[type=checkbox]").nth(number).uncheck()
    choose(opened, 2, *(tmp_path / name for name in ("p1.tif", "p2.tif", "all.jpg")))
    for number, role in enumerate(("tile", "tile", "reference")):
        opened.locator(".parts select").nth(number).select_option(role)
    (made,) = make(opened)["documents"]
    assert (made["document_id"], made["replaces"], made["physical_pages"]) == ("D4-L2", "D4", 2)
    assert [(file["role"], file["sheet"]) for file in made["files"]] == [("tile", 1), ("tile", 1), ("reference", 1)]
    assert made["files"][0]["sha256"] == hashlib.sha256(b"p1.tif").hexdigest()


def test_hashes_are_those_of_sha_256(opened: Page) -> None:
    """Around the edges of a block and of a piece that is read at a time."""
    for size in (0, 1, 55, 56, 63, 64, 65, (4 << 20) - 1, 4 << 20, (4 << 20) + 57):
        told = opened.evaluate("(size) => sha256(new File([new Uint8Array(size).fill(97)], 'a'), () => {})", size)
        assert told == hashlib.sha256(b"a" * size).hexdigest(), size


def test_a_hostile_title_is_text(opened: Page) -> None:
    """It is shown, runs nothing and turns no line; the manifest has it as it is shown."""
    assert opened.evaluate("() => window.hacked") is None
    assert "window.hacked" in opened.locator("h3 bdi").nth(0).inner_text()
    assert "\u202e" not in opened.content()


def test_the_page_follows_decisions(clean_store: Store) -> None:
    """A waived document leaves it; when nothing is left to send, the page goes."""
    files = {"b.jpg": page_jpeg(2, dpi=100), "c.jpg": page_jpeg(3)[:-9_000]}
    place = deliver(clean_store, [document(f"D{n}", {n: data}) for n, data in files.items()], files)
    jobs.check()
    ids = re.compile(rb'"replaces": "(D[^"]*)"')
    assert ids.findall(resend_page(clean_store, place)) == [b"Db.jpg", b"Dc.jpg"]
    jobs.review(AGENCY, "Db.jpg", "waive", "Trần Văn Bình", "Bản gốc mờ", NOON)
    assert ids.findall(resend_page(clean_store, place)) == [b"Dc.jpg"]
    jobs.review(AGENCY, "Dc.jpg", "waive", "Trần Văn Bình", "Không có máy khác", NOON)
    keys = [item.key for item in clean_store.list_objects(layout.LANDING, layout.RECEIPTS)]
    assert not [key for key in keys if "gui-lai" in key]
