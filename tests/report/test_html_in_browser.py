"""The page in a real Chromium, on a desktop and on a phone: charts drawn, nothing overflows, nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sohoa.report.formats import write_html
from sohoa.report.model import Column, Table, WeekReport
from tests.report.report_samples import HOSTILE, MARKS, MONDAY, records, sample_report

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZES = {"desktop": (1280, 900), "phone": (360, 740)}
UNITS = (
    Column("unit_code", "Mã", "Code", "code"), Column("unit", "Đơn vị", "Unit", "text"),
    Column("district", "Huyện", "District", "text"), Column("denominator", "Phải số hóa", "Due", "count", "hồ sơ"),
    Column("rate_percent", "Tỷ lệ đạt", "Rate", "percent", "%"), Column("seen", "Từ ngày", "First day", "date"),
    Column("change_points", "Tăng, giảm", "Change", "number", "điểm %"),
)  # fmt: skip
PLACES = records(
    UNITS,
    [
        ("06103", "Xã Hòa Bình", "Huyện Bình Gia", 1_234, 9.5, MONDAY, -2.0),
        ("06274", "Xã Hòa Bình", "Huyện Văn Quan", 20, 100.0, date(2023, 5, 1), 10.25),
        ("06067", "Xã Hưng Đạo", "Huyện Bình Gia", 3, None, None, None),
        *((f"1{n:04d}", f"Xã số {n}", "Huyện Bình Gia", 40 + n, 50.0 + n / 7, MONDAY, 0.5) for n in range(30)),
        ("H37.60", "Văn phòng UBND tỉnh", None, 800, 80.0, MONDAY, 1.0),
    ],
)


def of_districts() -> WeekReport:
    """A report with the column of districts, and a proposal that names units and a defect."""
    report = sample_report(60)
    units = Table("units", "Kết quả theo đơn vị", "Units", UNITS, PLACES)
    said = ("1. Đề nghị Xã Hưng Đạo và Văn phòng UBND tỉnh sửa lỗi “Bị lóa sáng”.",)
    sections = (report.sections[0], replace(report.sections[1], paragraphs=said))
    return replace(report, sections=sections, annex=(units, report.annex[1]))


REPORTS = {"plain": sample_report(60), "hostile": sample_report(20, hostile=HOSTILE), "places": of_districts()}
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


@pytest.fixture(params=[(name, size) for name in ("plain", "hostile") for size in SIZES], ids="-".join)
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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", REPORTS)
def test_axe_finds_no_fault_and_every_chart_has_its_words(
    chromium: Browser, files: dict[str, Path], name: str, size: str
) -> None:
    """By the rules of WCAG and of good practice, folded tables open; a chart without words would be found."""
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, bypass_csp=True)
    tab = context.new_page()
    tab.goto(files[name].as_uri())
    expect(tab.locator("[data-drawn]")).to_have_count(len(MARKS))
    tab.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    assert _axe(tab) == []
    said = [chart.alt_vi for section in REPORTS[name].sections for chart in section.charts]
    for place in tab.locator("[data-drawn]").all():
        assert place.get_attribute("role") == "img"
        words = place.get_attribute("aria-label")
        assert words and words[:40] in {alt[:40] for alt in said}
    tab.evaluate("document.querySelector('[data-drawn]').removeAttribute('aria-label')")
    assert any(fault.startswith("role-img-alt") for fault in _axe(tab))
    context.close()


def _axe(tab: Page) -> list[str]:
    found = Axe().run(tab).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("chart", MARKS)
@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_pointing_at_a_mark_tells_its_figures(chromium: Browser, files: dict[str, Path], name: str, chart: str) -> None:
    """The charts answer to the pointer with labelled figures, days alike everywhere; a hostile name is told as text."""
    tab = chromium.new_page(timezone_id="America/New_York")
    tab.goto(files[name].as_uri())
    expect(tab.locator("[data-drawn]")).to_have_count(len(MARKS))
    mark = tab.locator(f"[data-spec=spec-{chart}] {MARKS[chart][0]}").last
    mark.evaluate("mark => mark.scrollIntoView({block: 'center'})")  # not under the bar that stays at the top
    mark.hover(force=True)
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
    pictures = tab.locator("figure img:visible")
    assert pictures.count() == len(MARKS)
    assert all(picture.bounding_box()["width"] > 200 for picture in pictures.all())
    assert "Huyện Cao Lộc" in pictures.first.get_attribute("alt")
    context.close()


@pytest.fixture
def places(chromium: Browser, files: dict[str, Path]) -> Iterator[Page]:
    """The report with districts on a desktop, its annex unfolded."""
    tab = chromium.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(files["places"].as_uri())
    tab.locator("summary", has_text="Kết quả theo đơn vị").click()
    yield tab
    tab.close()


def column_of(tab: Page, number: int) -> list[str]:
    """The cells of a column of the units' rows that are shown, in order."""
    return tab.locator(f"table[aria-labelledby=table-units] tbody tr:visible > :nth-child({number})").all_inner_texts()


@pytest.mark.parametrize(
    ("heading", "number", "first", "last"),
    [
        ("Phải số hóa", 4, "1.234", "3"),  # numbers: the largest first
        ("Tỷ lệ đạt", 5, "100,00\u00a0%", "–"),  # what is not known comes last
        ("Tăng, giảm", 7, "10,25", "–"),
        ("Từ ngày", 6, "01/05/2023", "–"),  # days by the calendar, not by their digits
        ("Đơn vị", 2, "Văn phòng UBND tỉnh", "Xã số 29"),
    ],
)
def test_a_heading_orders_the_rows(places: Page, heading: str, number: int, first: str, last: str) -> None:
    """By value and not by letters; once more turns the order, and what is not known stays last."""
    button = places.locator("table[aria-labelledby=table-units] th button", has_text=heading)
    button.click()
    before = column_of(places, number)
    assert (before[0], before[-1]) == (first, last)
    head = places.locator("table[aria-labelledby=table-units] th[aria-sort]")
    way = head.get_attribute("aria-sort")
    button.click()
    after = column_of(places, number)
    known = [text for text in before if text != "–"]
    assert next(text for text in after if text != "–") == known[-1]
    assert (after[-1] == "–") == (before[-1] == "–")
    assert head.get_attribute("aria-sort") != way
    assert sorted(before) == sorted(after)


def test_one_choice_leaves_a_district_s_rows_in_all_tables(places: Page) -> None:
    """And with a name beside it one of the communes of that name; a second choice takes it back."""
    places.locator("#district").select_option("Huyện Văn Quan")
    assert column_of(places, 1) == ["06274"]
    places.locator("#district").select_option("")
    places.locator("#find").fill("hoa binh")
    assert column_of(places, 1) == ["06103", "06274"]
    assert places.locator("#found").inner_text() == "2 dòng trong 1 bảng"
    places.locator("button[type=reset]").click()
    expect(places.locator("table[aria-labelledby=table-units] tbody tr:visible")).to_have_count(len(PLACES))


def test_an_address_opens_the_page_at_a_unit(chromium: Browser, files: dict[str, Path]) -> None:
    """As a mail gives it: the annex is unfolded, and only the unit's rows are shown."""
    tab = chromium.new_page()
    tab.goto(f"{files['places'].as_uri()}#tim=X%C3%A3%20H%C3%B2a%20B%C3%ACnh&huyen=Huy%E1%BB%87n%20B%C3%ACnh%20Gia")
    expect(tab.locator("#found")).to_have_text("1 dòng trong 1 bảng")
    assert column_of(tab, 1) == ["06103"]
    tab.close()


def test_a_proposal_leads_to_its_rows(places: Page) -> None:
    """Each unit that it names, and what it puts in quotation marks, is a button that leaves their rows."""
    buttons = places.locator(".rows")
    assert {text.removeprefix("Xem các dòng: ") for text in buttons.all_inner_texts()} == {
        "Xã Hưng Đạo", "Văn phòng UBND tỉnh", "Bị lóa sáng",
    }  # fmt: skip
    buttons.filter(has_text="Hưng Đạo").click()
    assert column_of(places, 1) == ["06067"]
    assert places.locator("#table-units").evaluate("head => head.getBoundingClientRect().top < window.innerHeight")


def test_a_phone_shows_what_decides_and_tells_on_tap(chromium: Browser, files: dict[str, Path]) -> None:
    """390 px: name, rate and change are in sight; all columns when asked; a tap tells of a mark."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    tab = context.new_page()
    tab.goto(files["places"].as_uri())
    expect(tab.locator("[data-drawn]")).to_have_count(len(MARKS))
    tab.locator("summary", has_text="Kết quả theo đơn vị").tap()
    heads = tab.locator("table[aria-labelledby=table-units] th[scope=col]:visible")
    assert [text.split(" ↕")[0] for text in heads.all_inner_texts()] == ["Đơn vị", "Tỷ lệ đạt", "Tăng, giảm (điểm %)"]
    assert all(
        box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in (head.bounding_box() for head in heads.all())
    )
    tab.locator("details .columns").first.tap()
    assert heads.count() == len(UNITS)
    mark = tab.locator(f"[data-spec=spec-map] {MARKS['map'][0]}").last
    mark.scroll_into_view_if_needed()
    mark.tap(force=True)
    assert "Tỷ lệ đạt" in tab.locator("#vg-tooltip-element.visible").inner_text()
    context.close()


def test_what_is_printed_is_whole(chromium: Browser, files: dict[str, Path]) -> None:
    """Pictures in place of the charts, whole rows of folded tables, headings on each page, no tools of the screen."""
    tab = chromium.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(files["places"].as_uri())
    expect(tab.locator("[data-drawn]")).to_have_count(len(MARKS))
    pages = [page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(tab.pdf(format="A4"))]
    text = "\n".join(pages)
    for row in PLACES:
        assert row["unit_code"] in text
    of_units = [page for page in pages if "Xã số" in page]
    assert all("Tỷ lệ" in page and "Tăng" in page for page in of_units)
    for word in ("Tìm đơn vị", "Bỏ lọc", "Xem các dòng", "↕"):
        assert word not in text
    tab.emulate_media(media="print")
    assert tab.locator("figure img:visible").count() == len(MARKS)
    assert tab.locator(".chart:visible").count() == 0
    assert tab.locator(".scroll").evaluate_all("all => all.every((one) => getComputedStyle(one).maxHeight === 'none')")
    tab.close()
