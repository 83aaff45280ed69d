"""The PDF as it is printed: every figure of the tables, official layout, no missing glyph, nothing that acts."""

from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from dataclasses import replace
from datetime import date

import pikepdf
import pypdfium2 as pdfium
import pytest

from sohoa.days import Week
from sohoa.format_value import count
from sohoa.report.formats import write_pdf
from sohoa.report.formats.font_glyphs import LACKING, printable
from sohoa.report.letterhead import letterhead
from sohoa.report.model import UNSIGNED, Column, Table, WeekReport
from sohoa.report.sections.proposals import Proposal, proposals_table
from sohoa.settings import Settings
from tests.report.report_samples import HOSTILE, sample_charts, sample_report

A4 = (595.3, 841.9)
MM = 72 / 25.4
LETTERS = "ươệậỷữĂÂĐÊÔƠƯấầẩẫậắằẳẵặếềểễệốồổỗộớờởỡợứừửữựỳýỷỹỵ"


def pages_of(data: bytes) -> list[str]:
    """The text of each page."""
    return [page.get_textpage().get_text_bounded() for page in pdfium.PdfDocument(data)]


def flat(text: str) -> str:
    """Text without what depends on where lines end: white space, and hyphens, which the reader takes for such ends."""
    return re.sub("[\\s\u0002\u200b·\ufffe\ufffd-]", "", text)


@pytest.fixture(scope="module")
def sample() -> bytes:
    """The sample report, long enough for tables over several pages."""
    return write_pdf.render(sample_report(rows=120))


@pytest.mark.parametrize("sizes", [(1,), (2, 3), (1, 40, 2)])
def test_rows_of_pages_go_to_the_typesetter_once(sizes: tuple[int, ...]):
    """A table with a page for each value of a column: each row lies in its page alone, in order."""
    columns = (Column("district", "Huyện", "District", "text"), Column("unit", "Đơn vị", "Unit", "text"))
    names = [(f"Huyện {place}", f"Xã {place}/{number}") for place, size in enumerate(sizes) for number in range(size)]
    rows = tuple({"district": district, "unit": unit} for district, unit in names)
    found = write_pdf._table(Table("districts", "Huyện", "Districts", columns, rows, page_by="district"))
    assert found["rows"] == []
    assert [(page["title"], cell) for page in found["pages"] for (cell,) in page["rows"]] == names


@pytest.mark.timeout(600)
def test_every_figure_of_every_table_is_printed(week_report: WeekReport):
    """Each row of each table, annex included: all its figures and texts, in their order, as often as it is there.

    Of the lists that are not for paper, it says how long they are.
    """
    pages = list(map(flat, pages_of(write_pdf.render(week_report))))
    text = "".join(pages)
    rows: Counter[str] = Counter()
    paged = 0
    for table in week_report.tables:
        if table in write_pdf.unprinted(week_report):
            assert flat(f"{table.title_vi} ({count(len(table.rows))} dòng)") in text
            continue
        for row in table.rows:
            if table.page_by:  # the title of its page stands for that column
                shown = flat("".join(column.text(row) for column in table.columns if column.key != table.page_by))
                assert [page for page in pages if shown in page and flat(row[table.page_by]) in page], row
                paged += 1
                continue
            rows[flat("".join(table.texts(row)))] += 1
    assert paged == 11 + 11 + 200 + 1 + 20 - 3  # three units have no dossier and nothing that waits
    assert sum(rows.values()) > 80
    assert [row for row, number in rows.items() if text.count(row) < number] == []


@pytest.mark.timeout(600)
def test_each_district_has_a_page_of_its_own(week_report: WeekReport):
    """Its office and all its communes on one page with its name as title, and nothing of another district."""
    table = next(table for table in week_report.annex if table.name == "districts")
    names = list(dict.fromkeys(row["district"] for row in table.rows))
    assert len(names) == 11 + 1
    pages = pages_of(write_pdf.render(replace(week_report, sections=week_report.sections[-1:], annex=(table,))))
    own = [page for page in pages if "Lũy kế: tỷ lệ" in re.sub(r"\s+", " ", page)]
    assert len(own) == len(names)
    for name, page in zip(names, own, strict=True):
        shown = {row["unit"]: flat(row["unit"]) in flat(page) for row in table.rows if row["district"] == name}
        assert all(shown.values()), shown
        assert not [other for other in names if other != name and flat(other) in flat(page)]


def test_the_text_leads_to_its_annexes_and_a_district_to_its_page():
    """Each annex that the text names, and each district in a table of it; what is only on the page is named too."""
    columns = (Column("district", "Huyện", "District", "text"), Column("unit", "Đơn vị", "Unit", "text"))
    rows = tuple({"district": name, "unit": f"Xã của {name}"} for name in ("Huyện Cao Lộc", "Huyện Lộc Bình"))
    whole = sample_report(rows=2)
    short = replace(whole.annex[0], name="revisions")
    blocks = Table("blocks", "Theo huyện", "Blocks", columns[1:], tuple({"unit": row["district"]} for row in rows))
    sections = (replace(whole.sections[1], charts=(), tables=(blocks,)),)
    annex = (Table("districts", "Từng huyện", "Districts", columns, rows, page_by="district"), short, *whole.annex)
    data = write_pdf.render(replace(whole, sections=sections, annex=annex))
    with pikepdf.open(io.BytesIO(data)) as document:
        asked = {str(one.Dest) for page in document.pages for one in page.get("/Annots", ())}
        places = pikepdf.NameTree(document.Root.Names.Dests)
        found = {name: pikepdf.Page(pikepdf.Array(places[name])[0]).index for name in asked}
    texts = pages_of(data)
    assert sorted(found) == ["annex 1", "annex 2", "annex 3", "page 1", "page 2"]
    named = ("Phụ lục I ", "Phụ lục II ", "Phụ lục III ", "Huyện Cao Lộc", "Huyện Lộc Bình")
    for name, words in zip(sorted(found), named, strict=True):
        assert words in " ".join(texts[found[name]].split())
    said = " ".join(" ".join(texts).split())
    assert "Chỉ có trong bảng tính và trang web của báo cáo: Kết quả theo đơn vị (2 dòng); Danh sách tệp lỗi" in said


@pytest.mark.timeout(600)
def test_every_word_said_is_printed(week_report: WeekReport):
    """Paragraphs, titles and headers, letter for letter: no diacritic is lost on the way."""
    text = flat("".join(pages_of(write_pdf.render(week_report))))
    for section in week_report.sections:
        assert flat(f"{section.number}. {section.title_vi.upper()}") in text
        for said in (*section.paragraphs, *(table.title_vi for table in section.tables)):
            assert flat(said) in text, said


def test_the_heading_is_that_of_an_official_report(sample: bytes):
    """National heading, agency, a number and a date left blank, nobody's signature, and who made it."""
    first, text = pages_of(sample)[0], "\n".join(pages_of(sample))
    for line in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "UBND TỈNH LẠNG SƠN", "BÁO CÁO"):
        assert line in first
    assert re.search(r"Số:\s+/BC-VP", first)
    assert re.search(r"Lạng Sơn, ngày\s+tháng\s+năm 2024", first)
    assert UNSIGNED in first
    assert text.count(UNSIGNED.rstrip(".")) == 2, "at the head and where the signature would be"
    assert "CHÁNH VĂN PHÒNG" in text
    assert "TL." not in text, "the office signs its own report"
    assert "./." in text


def test_the_letterhead_is_the_office_s_own(sample: bytes):
    """Another office's heading, number, signature, recipients and drafting unit, without a change of the code."""
    office = Settings.model_validate(
        {
            "office_parent": "UBND tỉnh Bắc Sơn", "office_name": "Sở Nội vụ", "office_symbol": "SNV",
            "office_place": "Bắc Sơn", "office_signatory": "KT. Giám đốc; Phó Giám đốc", "office_drafter": "VP",
            "office_recipients": "Bộ Nội vụ; Các sở, ban, ngành",
        }
    )  # fmt: skip
    text = re.sub(r"[\s\u00a0]+", " ", "\n".join(pages_of(write_pdf.render(sample_report(rows=120), office))))
    for line in (
        "UBND TỈNH BẮC SƠN", "SỞ NỘI VỤ", "/BC-SNV", "Bắc Sơn, ngày", "KT. GIÁM ĐỐC PHÓ GIÁM ĐỐC", "- Bộ Nội vụ;",
        "- Các sở, ban, ngành;", "- Lưu: VT, VP.", "của Sở Nội vụ UBND tỉnh Bắc Sơn)",
    ):  # fmt: skip
        assert line in text, line
    assert "Lạng Sơn" not in text.replace("Thành phố Lạng Sơn", "")
    assert "- Lưu: VT, KSTTHC." in re.sub(r"[\s\u00a0]+", " ", "\n".join(pages_of(sample)))


@pytest.mark.parametrize(
    ("last_day", "named"),
    [
        (date(2024, 4, 14), ["UBND các huyện, thành phố;", "UBND các xã, phường, thị trấn;"]),
        (date(2025, 6, 29), ["UBND các huyện, thành phố;", "UBND các xã, phường, thị trấn;"]),
        (date(2025, 7, 6), ["UBND các xã, phường;"]),
    ],
)
def test_the_recipients_are_units_that_stand(last_day: date, named: list[str]):
    """After the districts ended the report goes to the communes alone."""
    usual = letterhead(Settings(), last_day).recipients
    assert [*usual[2:-1]] == named
    assert usual[0] == "UBND tỉnh Lạng Sơn (báo cáo);"


def test_the_text_names_each_annex_and_each_annex_the_report(sample: bytes):
    """By its number and title before the signature; under its title number and date left blank, and whose it is."""
    report = sample_report(rows=3)
    annex = tuple(replace(report.annex[0], name=f"t{n}", title_vi=f"Bảng số {n}") for n in (1, 2, 3))
    data = write_pdf.render(replace(report, annex=annex))
    pages = [re.sub(r"[\s\u00a0]+", " ", text) for text in pages_of(data)]
    (signed,) = (text for text in pages if "Nơi nhận" in text)
    listed = "Phụ lục I: Bảng số 1; Phụ lục II: Bảng số 2; Phụ lục III: Bảng số 3; Phụ lục IV: Cách tính tỷ lệ"
    assert f"có 4 phụ lục. {listed} và cách so sánh." in signed
    assert "Cách tính tỷ lệ và cách so sánh: phụ lục IV." in pages[0]
    assert all(line in pages[-1] for line in report.definitions_vi)
    for number, page in zip(("I", "II", "III"), pages[-4:-1], strict=True):
        assert page.strip().startswith(f"Phụ lục {number} BẢNG SỐ {len(number)} (Kèm theo Báo cáo số /BC-VP ngày tháng")
        assert "năm 2024 của Văn phòng UBND tỉnh Lạng Sơn)" in page
    with pikepdf.open(io.BytesIO(data)) as file, file.open_outline() as outline:
        assert [item.title for item in outline.root][-4:-1] == [
            f"Phụ lục {number} BẢNG SỐ {len(number)}" for number in ("I", "II", "III")
        ]
        assert str(file.docinfo["/Title"]).endswith("Tuần 15 năm 2024 (từ ngày 08/04/2024 đến ngày 14/04/2024)")


@pytest.mark.parametrize("figures", [84, 93_600, 400_593])
def test_no_figure_runs_into_the_next_column(figures: int):
    """The proposals: a day beside figures between two broad columns of text, all unbroken."""
    found = [
        Proposal("backlog", f"Bộ phận vận hành Hệ thống số {n}", None, None, "province", "đôn đốc số hóa kết quả " * 3,
                 figures, "kết quả", figures + n) for n in range(4)
    ]  # fmt: skip
    table = proposals_table(found, Week.parse("2025-W26"))
    report = sample_report(rows=1)
    section = replace(report.sections[-1], tables=(table,), charts=())
    with pdfium.PdfDocument(write_pdf.render(replace(report, sections=(section,), annex=()))) as document:
        for page in document:
            text = page.get_textpage()
            boxes = sorted(text.get_rect(n) for n in range(text.count_rects()))
            for one, other in itertools.combinations(boxes, 2):
                across, down = (min(one[n + 2], other[n + 2]) - max(one[n], other[n]) for n in (0, 1))
                assert across < 0.5 or down < 3, (one, other)


@pytest.mark.parametrize("units", [40, 66, 95])
def test_every_unit_of_a_tall_chart_is_on_paper(units: int):
    """Ranking and heat map go over to a next page where their units do not fit on one; none is lost, in their order."""
    names = tuple(f"Xã số {n:03d}" for n in range(units))
    charts = sample_charts(names, "Bảng nhiệt 1 đơn vị")
    report = sample_report(rows=1)
    for name in ("ranking", "heat"):
        section = replace(report.sections[0], charts=(charts[name],), tables=())
        pages = pages_of(write_pdf.render(replace(report, sections=(section,), annex=())))
        shown = [n for page in pages for n in re.findall(r"Xãsố\d{3}", flat(page))]
        assert shown == list(map(flat, names)), name
        assert any(f"(1/{-(-units // 40)})" in page for page in pages) == (units > 40)


@pytest.mark.parametrize("rows", [18, 22, 26, 30, 34])
def test_the_signature_never_stands_alone_on_a_page(rows: int):
    """Wherever the text ends, its last words are on the page of the signature."""
    report = sample_report(rows=3)
    section = replace(report.sections[-1], paragraphs=tuple(f"Kiến nghị số {n}." for n in range(rows)), charts=())
    report = replace(report, sections=(section,))
    (signed,) = (text for text in pages_of(write_pdf.render(report)) if "CHÁNH VĂN PHÒNG" in text)
    assert f"Kiến nghị số {rows - 1}." in signed
    assert "./." in signed


def test_pages_are_numbered_from_the_second_in_the_middle_of_the_top_margin(sample: bytes):
    """None on page 1, nor on the first of an annex, which counts its own; A4 all through, a broad annex turned."""
    document, number = pdfium.PdfDocument(sample), 0
    for page in document:
        number = 1 if page.get_textpage().get_text_bounded().strip().startswith("Phụ lục") else number + 1
        width, height = page.get_size()
        assert sorted((width, height)) == pytest.approx(sorted(A4), abs=0.5)
        margin = page.get_textpage().get_text_bounded(0, height - 23 * MM, width, height).strip()
        assert margin == ("" if number == 1 else str(number))
        middle = page.get_textpage().get_text_bounded(width / 2 - 20, height - 23 * MM, width / 2 + 20, height).strip()
        assert middle == margin


def test_nothing_stands_in_the_margins(sample: bytes):
    """Left 30 mm, right 20 mm, bottom 20 mm (the turned annex 20 mm on each side)."""
    for page in pdfium.PdfDocument(sample):
        width, height = page.get_size()
        left = 30 * MM if height > width else 20 * MM
        for box in ((0, 0, left - 2, height), (width - 20 * MM + 2, 0, width, height), (0, 0, width, 20 * MM - 2)):
            assert page.get_textpage().get_text_bounded(*box).strip() == "", box


def test_a_long_table_repeats_its_header_on_each_page(sample: bytes):
    """The annex of 120 rows: every page of it begins with the header."""
    pages = [text for text in pages_of(sample) if "Xã Bằng Mạc" in text and "Độc lập" not in text]
    assert len(pages) >= 3
    assert all(re.search(r"Mã đơn vị[\s\S]*Đơn vị[\s\S]*Tỷ lệ", text) for text in pages)


def test_the_same_report_gives_the_same_bytes_dated_by_its_week(sample: bytes):
    """No clock: the dates in the file are the week's last day."""
    assert write_pdf.render(sample_report(rows=120)) == sample
    with pikepdf.open(io.BytesIO(sample)) as file:
        assert str(file.docinfo["/CreationDate"]).startswith("D:20240414")
        assert str(file.trailer.Root.Lang) == "vi"
    other = replace(sample_report(rows=120), last_day=date(2024, 4, 21))
    assert write_pdf.render(other) != sample


def test_only_the_report_s_own_font_is_used_and_embedded(sample: bytes):
    """Liberation Serif, whole in the file, charts included."""
    with pikepdf.open(io.BytesIO(sample)) as file:
        fonts = [
            item
            for item in file.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor"
        ]
        assert fonts
        for font in fonts:
            assert "LiberationSerif" in str(font.FontName)
            assert "/FontFile2" in font or "/FontFile3" in font


def test_every_vietnamese_letter_is_drawn():
    """As text in the file, and as a glyph of the font; what the font lacks is a ■ and no empty box."""
    column = (Column("text", "Chữ", "Letters", "text"),)
    table = Table(
        "letters", f"Chữ {LETTERS}", "Letters", column, tuple({"text": letters} for letters in (LETTERS, "漢 🙂 "))
    )
    report = replace(sample_report(rows=1), annex=(table,))
    text = flat(pages_of(write_pdf.render(report))[-2])
    assert text.count(LETTERS) >= 1
    assert printable(LETTERS) == LETTERS
    assert printable("漢🙂ệ") == LACKING * 2 + "ệ"
    assert printable("e\u0302\u0323") == "ệ"
    assert "漢" not in text


def test_hostile_texts_are_only_text():
    """Markup of typst, HTML and spreadsheets is printed as it is; nothing turns the line, links or runs."""
    markup = ("#panic()", "$x$ *b* _i_ `c`", "@label <label>", '#read("/etc/passwd")', "https://evil.example/")
    data = write_pdf.render(sample_report(rows=3, hostile=(*HOSTILE, *markup)))
    text = "".join(pages_of(data))
    for sign in (
        "#panic()",
        "<script>window.hacked=true</script>",
        "=cmd|'/CcalcA0"[:5],
        "@label<label>",
        '#read("/etc/passwd")',
    ):
        assert flat(sign) in flat(text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f]", text)
    with pikepdf.open(io.BytesIO(data)) as file:
        links = [one for page in file.pages for one in page.get("/Annots", ())]
        assert all(one.Subtype == "/Link" and "/A" not in one for one in links)  # within the document alone
        assert {str(one.Dest).split()[0] for one in links} <= {"annex", "page"}
        assert not {"/OpenAction", "/AA", "/AcroForm"} & set(file.Root.keys())
        assert "/JavaScript" not in str(file.Root.get("/Names", ""))
    assert text.count("Ộ") < 40 * write_pdf.MAX_CHARACTERS


def test_a_table_is_never_wider_than_the_page():
    """The longest words there can be are broken, not pushed over the edge."""
    columns = tuple(Column(f"c{n}", f"Cột số {n}", "c", "text") for n in range(6))
    table = Table("wide", "Rộng", "Wide", columns, ({column.key: "W" * 150 for column in columns},))
    last = list(pdfium.PdfDocument(write_pdf.render(replace(sample_report(rows=1), annex=(table,)))))[-1]
    width, height = last.get_size()
    assert last.get_textpage().get_text_bounded(width - 19 * MM, 0, width, height).strip() == ""


@pytest.mark.parametrize("has_districts", [False, True])
def test_in_a_week_of_a_merger_paper_has_who_is_there(has_districts: bool):
    """Of the units that ended within the week, and of a long table of the text that the annex has whole, it says where
    the other rows are."""
    columns = (Column("unit", "Đơn vị", "Unit", "text"), Column("district", "Huyện", "District", "text"))
    rows = tuple({"unit": f"Xã {n}", "district": "Huyện A", "stands": n % 2 == 0} for n in range(40))
    units, blocks = (Table(name, name, name, columns, rows) for name in ("units", "blocks"))
    pages = (replace(units, name="districts", page_by="district"),) if has_districts else ()
    sample = sample_report(rows=1)
    sections = (replace(sample.sections[0], tables=(blocks,), charts=()),)
    report = replace(sample, sections=sections, annex=(*pages, units))
    content = write_pdf._content(report, letterhead(Settings(), report.last_day))
    shown = content["sections"][0]["parts"][0]
    if has_districts:
        assert len(shown["rows"]) == 40
        assert [len(one["pages"]) for one in content["annex"]] == [1]
        return
    assert len(shown["rows"]) == 15
    assert shown["note"].startswith("Bảng nêu 15 trong tổng số 40 dòng; đủ danh sách trong phụ lục I.")
    (annex,) = content["annex"]
    assert [row[0] for row in annex["rows"]] == [f"Xã {n}" for n in range(0, 40, 2)]
    assert annex["note"] == "20 dòng của đơn vị đã kết thúc trong tuần chỉ có trong bảng tính và trang web của báo cáo."


def test_days_and_codes_of_an_annex_stand_on_one_line():
    """The columns of words give way to days and codes, on turned pages too."""
    words = tuple(Column(f"w{n}", f"Chữ {n}", "Words", "text") for n in range(6))
    days = tuple(Column(f"d{n}", f"Từ ngày {n}", "Days", "date") for n in range(5))
    row = {
        **{one.key: "một câu dài hơn cột của nó " * 4 for one in words},
        **{one.key: date(2025, 7, 4) for one in days},
    }
    found = write_pdf._annex(Table("agencies", "x", "x", (*words, *days), (row,)))
    line = sum(column["weight"] for column in found["columns"])
    assert found["is_turned"]
    for column in found["columns"][6:]:
        assert column["weight"] / line * write_pdf._TURNED_LINE >= len("04/07/2025")
