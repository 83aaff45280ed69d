"""The page says what the report says, in one file that stands alone."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from sohoa.report.formats import write_html
from sohoa.report.model import Column, Table
from tests.report.page_reader import read_page
from tests.report.report_samples import sample_charts, sample_report

REPORT = sample_report(40)


@pytest.fixture(scope="module")
def text() -> str:
    return write_html.render(REPORT)


def test_every_value_of_every_table_is_printed(text: str) -> None:
    """The cells of the page are the values of the report, written the Vietnamese way, in order."""
    tables = read_page(text).tables
    assert len(tables) == len(REPORT.tables)
    for table in REPORT.tables:
        assert tables[f"table-{table.name}"][1:] == [table.texts(row) for row in table.rows]


def test_headers_name_the_column_and_its_unit(text: str) -> None:
    """A header is the Vietnamese label with the unit in brackets."""
    header = read_page(text).tables["table-units"][0]
    assert header[:3] == ["Mã đơn vị", "Đơn vị", "Hồ sơ phải số hóa"]
    assert "Độ mờ (mm)" in header


def test_an_empty_table_says_so() -> None:
    """A table without rows is a sentence, its note or that there is nothing, not an empty frame."""
    report = sample_report(0)
    parsed = read_page(write_html.render(report))
    assert "table-units" not in parsed.tables
    assert report.annex[0].note_vi in parsed.text
    assert "Không có." not in parsed.text
    silent = replace(report, annex=(replace(report.annex[0], note_vi=""),))
    assert "Không có." in read_page(write_html.render(silent)).text


def test_paragraphs_definition_and_versions_are_printed(text: str) -> None:
    """What the report says in words stands on the page, with what it was made by."""
    said = [paragraph for section in REPORT.sections for paragraph in section.paragraphs]
    for words in (*said, *REPORT.definitions_vi, *REPORT.versions, REPORT.content_hash):
        assert words in read_page(text).text


def test_charts_hold_the_specification_and_its_description(text: str) -> None:
    """Each chart's data is in the page as it is in the report, with its text for those who do not see it."""
    parsed = read_page(text)
    charts = [chart for section in REPORT.sections for chart in section.charts]
    for chart in charts:
        assert json.loads(parsed.data[f"spec-{chart.name}"]) == chart.spec
    pictures = [tag for tag in parsed.tags if tag.attributes.get("role") == "img"]
    assert [picture.attributes["aria-label"] for picture in pictures] == [chart.alt_vi for chart in charts]
    images = [tag.attributes for tag in parsed.tags if tag.name == "img"]
    assert [image["alt"] for image in images] == [chart.alt_vi for chart in charts]
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in images)


def test_a_tall_chart_has_a_picture_for_each_page() -> None:
    """66 units are two pictures on paper, and one chart on the screen."""
    ranking = sample_charts(tuple(f"Xã {n}" for n in range(66)), "Xếp hạng")["ranking"]
    section = replace(REPORT.sections[0], charts=(ranking,))
    tags = read_page(write_html.render(replace(REPORT, sections=(section,)))).tags
    assert len([tag for tag in tags if tag.attributes.get("class") == "paper"]) == 2
    assert len([tag for tag in tags if "data-spec" in tag.attributes]) == 1


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        ("unit_code unit level denominator rate_percent change_points", "unit rate_percent change_points"),
        ("agency agency_name state documents oldest days_to_clear", "agency_name state documents days_to_clear"),
        ("agency_name batch file title defects verdict", "agency_name defects verdict"),
        ("rank what who level due figure counted", "what who due"),
        ("agency_name notice_kind start end note", "agency_name notice_kind end"),
        ("first second third fourth fifth", "first second third fourth"),
    ],
)
def test_a_phone_shows_the_name_and_what_decides(keys: str, kept: str) -> None:
    """Other columns carry the class that hides them there; a table of unknown columns shows its first ones."""
    names = keys.split()
    columns = tuple(Column(key, key, key, "text") for key in names)
    table = Table("units", "T", "T", columns, (dict.fromkeys(names, "x"),))
    tags = read_page(write_html.render(replace(REPORT, annex=(table,)))).tags
    heads = [tag.attributes for tag in tags if tag.attributes.get("data-key") in names][-len(names) :]
    assert {head["data-key"] for head in heads if "x" not in head["class"].split()} == set(kept.split())


def test_a_list_of_thousands_is_not_printed_unasked() -> None:
    """It is marked; tables of some hundred rows are printed though they are folded on the screen."""
    for rows, is_list in ((write_html.PRINTED_ROWS + 1, True), (write_html.PRINTED_ROWS, False)):
        tags = read_page(write_html.render(sample_report(rows))).tags
        folded = next(tag for tag in tags if tag.name == "details")
        assert ("data-list" in folded.attributes) == is_list


def test_structure_serves_screen_readers(text: str) -> None:
    """Vietnamese, one first heading, a heading a section, no level skipped, headers with scope, labelled regions."""
    tags = read_page(text).tags
    assert next(tag for tag in tags if tag.name == "html").attributes["lang"] == "vi"
    levels = [int(tag.name[1]) for tag in tags if re.fullmatch("h[1-6]", tag.name)]
    assert levels.count(1) == 1
    assert levels.count(2) == len(REPORT.sections) + 3  # the summary before them, annex and definitions behind
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert {tag.attributes.get("scope") for tag in tags if tag.name == "th"} == {"col", "row"}
    ids = [tag.attributes["id"] for tag in tags if "id" in tag.attributes]
    assert len(ids) == len(set(ids))
    assert {tag.attributes["aria-labelledby"] for tag in tags if "aria-labelledby" in tag.attributes} <= set(ids)


def test_nothing_is_fetched_from_elsewhere(text: str) -> None:
    """Every address in the page is within it."""
    for tag in read_page(text).tags:
        for key in ("src", "href", "action", "data", "poster"):
            assert tag.attributes.get(key, "#").startswith(("#", "data:")), tag
    assert "@import" not in text.split("</style>")[0]


def test_only_the_pages_own_scripts_may_run(text: str) -> None:
    """The policy names the hash of each script, and allows neither inline handlers nor any address."""
    parsed = read_page(text)
    policy = next(tag.attributes["content"] for tag in parsed.tags if "http-equiv" in tag.attributes)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in parsed.scripts]
    first, second = (f"'sha256-{digest}'" for digest in digests)
    assert f"script-src {first} {second};" in policy
    assert policy.startswith("default-src 'none'")


def test_the_library_cannot_end_its_own_script(text: str) -> None:
    """No script holds what a browser would take for the end or the hiding of a script."""
    for script in read_page(text).scripts:
        assert not re.search("</script|<!--", script, re.IGNORECASE)


def test_the_libraries_licences_are_in_the_page(text: str) -> None:
    """The page carries copies of Vega, so it carries their notices."""
    assert "University of Washington Interactive Data Lab" in read_page(text).text
    assert "Redistributions in binary form" in read_page(text).text


def test_same_report_same_page(text: str) -> None:
    """The same report gives the same page, to the letter, in another process, time zone and order of hashing too."""
    script = (
        "import sys; from tests.report.test_write_html import REPORT, write_html; "
        "sys.stdout.buffer.write(write_html.render(REPORT).encode())"
    )
    surroundings = {**os.environ, "TZ": "America/New_York", "PYTHONHASHSEED": "77", "LC_ALL": "C"}
    here = Path(__file__).parents[2]
    again = subprocess.run([sys.executable, "-c", script], cwd=here, env=surroundings, capture_output=True, check=True)
    assert again.stdout.decode() == text


def test_a_province_week_fits_into_five_megabytes() -> None:
    """A page of 3,000 rows, scripts included, can be sent by mail."""
    assert len(write_html.render(sample_report(3000)).encode()) < 5_000_000
