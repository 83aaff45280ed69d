"""Whatever an agency writes into a title or a file's name stays a text, in the page and in the workbook."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from sohoa.clean_text import clean, shorten
from sohoa.report.formats import write_html, write_workbook
from sohoa.report.model import WeekReport
from tests.report.page_reader import read_page
from tests.report.report_samples import HOSTILE, file_rows, sample_report

PLAIN = sample_report(1)
HARMLESS = tuple(f"Tờ khai {i}" for i in range(len(HOSTILE)))
FILES_SHEET = "Danh sách tệp lỗi"
ANY_TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(HOSTILE)


@pytest.fixture(scope="module")
def hostile() -> WeekReport:
    return sample_report(5, hostile=HOSTILE)


def shape(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The tags of a page with the names of their attributes."""
    return [(tag.name, tuple(tag.attributes)) for tag in read_page(text).tags]


def test_hostile_texts_change_no_tag_of_the_page(hostile: WeekReport) -> None:
    """The page has the same elements and attributes as one with harmless texts, and shows each text as it is."""
    text = write_html.render(hostile)
    assert shape(text) == shape(write_html.render(sample_report(5, hostile=HARMLESS)))
    assert not [spec for spec in read_page(text).data.values() if re.search("[<>&]", spec)]
    shown = [row[2] for row in read_page(text).tables["table-faulty_files"][1:]]
    assert shown == [shorten(clean(name), write_html.MAX_CHARACTERS) for name in HOSTILE]


def test_hostile_texts_make_no_formula_link_or_markup(hostile: WeekReport) -> None:
    """Every part of the workbook is sound XML without a formula or an address outside; each text is read back."""
    data = write_workbook.render(hostile)
    with zipfile.ZipFile(BytesIO(data)) as parts:
        for name in parts.namelist():
            root = ElementTree.fromstring(parts.read(name))
            assert not [element for element in root.iter() if element.tag.rpartition("}")[2] == "f"], name
            assert "External" not in parts.read(name).decode(), name
    sheet = openpyxl.load_workbook(BytesIO(data))[FILES_SHEET]
    rows = list(sheet.iter_rows(min_row=write_workbook.HEADER_ROW + 2))
    assert [unescape(row[2].value).rstrip() for row in rows] == [clean(name).rstrip() for name in HOSTILE]
    assert {row[2].data_type for row in rows} == {"s"}


def test_texts_stay_texts_when_a_cell_is_edited(hostile: WeekReport) -> None:
    """Every cell of text carries the quote mark, so that a spreadsheet does not read it anew as a formula."""
    sheet = openpyxl.load_workbook(BytesIO(write_workbook.render(hostile)))[FILES_SHEET]
    for row in sheet.iter_rows(min_row=write_workbook.HEADER_ROW + 2, max_col=4):
        assert all(cell.style and cell.quotePrefix for cell in row)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_TEXT, min_size=1, max_size=3))
def test_any_text_is_read_back_from_the_workbook(texts: list[str]) -> None:
    """No text at all breaks the file or comes back as anything but itself."""
    files = replace(PLAIN.annex[1], rows=file_rows(texts))
    data = write_workbook.render(replace(PLAIN, annex=(files,)))
    rows = openpyxl.load_workbook(BytesIO(data))[FILES_SHEET].iter_rows(min_row=write_workbook.HEADER_ROW + 2)
    read = [unescape(row[1].value or "") for row in rows]
    assert [text.rstrip() for text in read] == [clean(text).rstrip() for text in texts]


@settings(max_examples=60, deadline=None)
@given(ANY_TEXT)
def test_clean_texts_are_seen_and_can_be_written(text: str) -> None:
    """A clean text is one line, has no control or direction character, can be encoded, and is clean already."""
    result = clean(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]", result)
    assert clean(result.encode().decode()) == result


def test_vietnamese_is_left_as_it_is() -> None:
    """Composed and decomposed Vietnamese letters pass unchanged."""
    name = "Thị trấn Đồng Đăng, quyển sổ hộ tịch; ơ\u0323 ư\u0309"
    assert clean(name) == name
