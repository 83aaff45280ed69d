"""The page in a real Chromium, on a desktop and on a phone: charts drawn, nothing overflows, nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sohoa.report.formats import write_html
from tests.report.report_samples import HOSTILE, MARKS, sample_report

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZES = {"desktop": (1280, 900), "phone": (360, 740)}
REPORTS = {"plain": sample_report(60), "hostile": sample_report(20, hostile=HOSTILE)}
TOLD = {"trend": "08/04/2024", "ranking": "Đơn vị", "heat": "Đơn vị", "pareto": "Lỗi", "map": "Đơn vị"}
"""Chart -> a part of what it tells of its last mark."""
CONTRAST = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const behind = (text) => {  // in a chart: the mark under a text, or the light edge drawn round it
    text.scrollIntoView({ block: "center" });
    const box = text.getBoundingClientRect();
    for (const at of document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2)) {
      const { fill, stroke, opacity } = getComputedStyle(at);
      if (at.tagName === "text" && stroke !== "none") return parse(stroke);
      const seen = fill !== "none" && opacity !== "0" && parse(fill)[3] !== 0;
      if (at.tagName === "path" && seen) return parse(fill);
    }
    return ground(text);
  };
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const worst = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const svg = element.closest("svg");
    const ink = parse(svg ? getComputedStyle(element).fill : getComputedStyle(element).color);
    const [dark, bright] = [light(ink), light(svg ? behind(element) : ground(element))].sort((a, b) => a - b);
    worst.push([(bright + 0.05) / (dark + 0.05), walker.currentNode.data.slice(0, 30)]);
  }
  return worst.sort((a, b) => a[0] - b[0])[0];
}"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each report's page as a file, as a mail's reader opens it."""
    folder = tmp_path_factory.mktemp("pages")
    for name, report in REPORTS.items():
        (folder / f"{name}.html").write_text(write_html.render(report), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in REPORTS}


@pytest.fixture(params=[(name, size) for name in REPORTS for size in SIZES], ids="-".join)
def opened(
    request: pytest.FixtureRequest, chromium: Browser, files: dict[str, Path]
) -> Iterator[tuple[Page, list[str]]]:
    """A page that has drawn its charts, and everything that went wrong or out meanwhile."""
    name, size = request.param
    width, height = SIZES[size]
    tab = chromium.new_page(viewport={"width": width, "height": height})
    seen: list[str] = []
    tab.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: seen.append(f"error: {error}"))
    tab.on("request", lambda sent: None if sent.url == files[name].as_uri() else seen.append(f"request: {sent.url}"))
    tab.goto(files[name].as_uri())
    expect(tab.locator("[data-drawn]")).to_have_count(len(MARKS))
    yield tab, seen
    tab.close()


def test_nothing_overflows_fails_runs_or_leaves(opened: tuple[Page, list[str]]) -> None:
    """The body is as wide as the screen; no error on the console, no request but the file, no foreign script."""
    tab, seen = opened
    assert tab.evaluate("document.documentElement.scrollWidth") == tab.viewport_size["width"]
    tab.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") == tab.viewport_size["width"]
    assert tab.evaluate("window.hacked") is None
    assert seen == []


def test_charts_show_every_value(opened: tuple[Page, list[str]]) -> None:
    """Each chart has a mark for each of its rows, and is no wider than its place."""
    tab, _ = opened
    names = len(HOSTILE) if tab.url.endswith("hostile.html") else 3
    for chart, (marks, number) in MARKS.items():
        place = tab.locator(f"[data-spec=spec-{chart}]")
        assert place.locator(marks).count() == number(names), chart
        assert place.evaluate("place => place.scrollWidth <= place.clientWidth"), chart


def test_text_stands_out_from_its_ground(opened: tuple[Page, list[str]]) -> None:
    """Every text has a contrast of at least 4.5 to 1 with what is behind it (WCAG 2.2, 1.4.3)."""
    tab, _ = opened
    ratio, words = tab.evaluate(CONTRAST)
    assert ratio >= 4.5, words


@pytest.mark.parametrize("chart", MARKS)
@pytest.mark.parametrize("name", REPORTS)
def test_pointing_at_a_mark_tells_its_figures(chromium: Browser, files: dict[str, Path], name: str, chart: str) -> None:
    """The charts answer to the pointer with labelled figures, days alike everywhere; a hostile name is told as text."""
    tab = chromium.new_page(timezone_id="America/New_York")
    tab.goto(files[name].as_uri())
    expect(tab.locator("[data-drawn]")).to_have_count(len(MARKS))
    tab.locator(f"[data-spec=spec-{chart}] {MARKS[chart][0]}").last.hover(force=True)
    shown = tab.locator("#vg-tooltip-element.visible")
    shown.wait_for()
    assert TOLD[chart] in shown.inner_text()
    assert shown.locator("a, script, img").count() == 0
    assert tab.evaluate("window.hacked") is None
    tab.close()


def test_search_finds_a_unit_without_accents(chromium: Browser, files: dict[str, Path]) -> None:
    """Typing a name without accents leaves its rows alone, and says how many."""
    tab = chromium.new_page()
    tab.goto(files["plain"].as_uri())
    tab.locator("summary", has_text="Kết quả theo đơn vị").click()
    field = tab.locator("details input[type=search]")
    field.fill("dong dang 12")
    rows = tab.locator("table[aria-labelledby=table-units] tbody tr:visible")
    assert rows.count() == 1
    assert "Thị trấn Đồng Đăng 12" in rows.first.inner_text()
    field.fill("")
    assert rows.count() == 60
    tab.close()


def test_without_scripts_the_charts_are_pictures(chromium: Browser, files: dict[str, Path]) -> None:
    """A viewer that runs no script shows the same charts, with their descriptions."""
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(files["plain"].as_uri())
    pictures = tab.locator("figure img")
    assert pictures.count() == len(MARKS)
    assert all(picture.bounding_box()["width"] > 200 for picture in pictures.all())
    assert "Huyện Cao Lộc" in pictures.first.get_attribute("alt")
    context.close()
