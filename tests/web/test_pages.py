"""The pages on a small province: each opens, leads down to what it counts, and says it in both languages."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from sohoa import layout
from sohoa.days import Week
from sohoa.labels import LABELS
from sohoa.registry import agencies_at
from sohoa.report.sections.unit_rates import mondays
from sohoa.web import listing, table_cache, trend_chart
from tests.batch_builder import AGENCY, DAY, DOSSIER
from tests.web.conftest import BATCH, END, REFUSED, Province
from tests.web.pages_server import open_pages

PAGES = ("/progress", "/batches", "/reconciliation", "/quality")
SCAN = f"/scans/{DAY}/{BATCH}"
LOW = f"{SCAN}?file=th%E1%BA%A5p.jpg"


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_page_opens_in_both_languages(province: Province, address: str, language: str) -> None:
    text = province.pages.text(f"{address}?lang={language}")
    assert f'lang="{language}"' in text
    heading = LABELS["page_words"][f"page_{address[1:]}"]
    assert (heading.vi if language == "vi" else heading.en) in text


def test_the_choice_of_a_language_is_kept(province: Province) -> None:
    answer = province.pages.get("/batches?lang=en")
    assert "sohoa_language=en" in answer.headers["set-cookie"] and "HttpOnly" in answer.headers["set-cookie"]
    assert 'lang="en"' in province.pages.get("/batches", cookie="sohoa_language=en").text
    province.pages.client.cookies.clear()


def test_progress_leads_from_the_province_down_to_a_dossier(province: Province) -> None:
    text = province.pages.text("/progress")
    district = next(code for code in re.findall(r'unit=(\d{3})"', text))
    communes = re.findall(r"unit=(\d{5})", province.pages.text(f"/progress?unit={district}"))
    assert communes
    day = END - timedelta(3)
    assert f"day={day}" in province.pages.text(f"/progress?start={day}&end={day}")
    listed = province.pages.text(f"/progress/dossiers?day={day}&unit=20")
    dossier = re.findall(r"/batches\?q=(H37[^\"]+)", listed)[0]
    assert dossier in province.pages.text(f"/batches?q={dossier}")


def test_the_figures_of_a_page_are_those_of_the_command(province: Province) -> None:
    """The ladder says what ``sohoa progress`` prints for the same unit and days."""
    from sohoa.format_value import count
    from sohoa.progress.unit_progress import ProgressQuery, by_period, default_start, read_days

    query = ProgressQuery("20", "dn_and", "all", None)
    start = default_start(END)
    rows = read_days(province.store, query, start, END)
    (total,) = by_period(rows, start, END, "all", province.store.settings)
    text = province.pages.text(f"/progress?end={END}")
    shown = re.findall(r'<span class="big">([\d.]+)</span>', text)
    assert shown[:4] == [count(n) for n in (total.denominator, total.declared, total.received, total.accepted)]


def test_the_map_of_another_date_has_other_units(province: Province) -> None:
    today = province.pages.text(f"/progress?end={END}&map=2025-07-01")
    assert "unit=180" not in today  # districts ended
    assert re.findall(r"unit=(\d{5})", today)


@pytest.mark.parametrize(
    "chart", ["/progress/trend.json", "/progress/map.json", "/quality/causes.json", "/quality/heat.json"]
)
def test_charts_are_the_reports_own_specifications(province: Province, chart: str) -> None:
    found = province.pages.get(f"{chart}?end={END}").json()
    assert {"spec", "said"} <= found.keys() and found["said"]
    assert "http" not in str(found["spec"])


def test_a_chart_in_english_has_english_titles(province: Province) -> None:
    spec = str(province.pages.get(f"/progress/trend.json?end={END}&lang=en").json()["spec"])
    assert "Rate (%)" in spec and "Tỷ lệ" not in spec
    assert "target 86 %" in spec and "baseline 5.6 %" in spec and "chỉ tiêu" not in spec


@pytest.mark.parametrize("code", [DOSSIER, "000.01.80.H37-230306-0001", "H37.80.01-230306-1"])
def test_a_dossier_is_found_by_each_spelling(province: Province, code: str) -> None:
    assert f"/batches/{DAY}/{BATCH}" in province.pages.text(f"/batches?q={code}")


@pytest.mark.parametrize("text", [BATCH, "D1"])
def test_a_batch_is_found_by_its_id_and_by_a_documents(province: Province, text: str) -> None:
    assert f"/batches/{DAY}/{BATCH}" in province.pages.text(f"/batches?q={text}")


def test_an_agency_is_found_by_its_code(province: Province) -> None:
    assert f"agency={AGENCY}" in province.pages.text(f"/batches?q={AGENCY}")
    assert BATCH in province.pages.text(f"/batches?agency={AGENCY}&day={DAY}")


def test_nothing_found_says_what_can_be_searched_for(province: Province) -> None:
    assert LABELS["page_words"]["found_nothing"].vi[:30] in province.pages.text("/batches?q=khong-co")


def test_a_refused_batch_says_why_and_has_its_slip(province: Province) -> None:
    text = province.pages.text(f"/batches/{DAY}/{REFUSED}")
    assert "Lô không có tài liệu nào" in text
    assert province.pages.get(f"/batches/{DAY}/{REFUSED}/slip").status_code == 200


def test_a_batch_waits_until_it_is_taken(province: Province) -> None:
    from tests.batch_builder import commit, manifest

    body = manifest([], 7)
    commit(province.store, body)
    assert body["batch"] in province.pages.text("/batches")
    assert LABELS["page_words"]["why_inbox"].vi in province.pages.text(f"/batches?q={body['batch']}")
    province.store.delete_versions(layout.LANDING, layout.inbox_key(AGENCY, body["batch"]))


def test_the_inbox_is_listed_once_and_no_day_of_pages_at_all(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a batch that was refused, which has no pages."""
    site, listed = province.pages.client.app.state.site, []  # type: ignore[attr-defined]
    for store in (site.store, site.direct):
        own = store.list_objects
        monkeypatch.setattr(
            store,
            "list_objects",
            lambda bucket, prefix, *args, own=own: (listed.append(prefix), own(bucket, prefix, *args))[1],
        )
    province.pages.text("/batches")
    assert listed.count(layout.INBOX) == 1
    for batch in (REFUSED, BATCH):
        province.pages.text(f"/batches/{DAY}/{batch}")
    assert [prefix for prefix in listed if prefix.startswith("pages/")] == []


def test_a_bad_page_shows_its_value_against_the_limit(province: Province) -> None:
    text = province.pages.text(LOW)
    assert "✗ " in text and "Độ phân giải" in text
    assert re.search(r"90\s*dpi", text.replace("\xa0", " "))
    assert 'data-key="n"' in text or 'data-key="p"' in text


def test_a_scan_is_shown_whole_and_in_tiles(province: Province) -> None:
    picture = province.pages.get(f"{SCAN}/picture?file=th%E1%BA%A5p.jpg")
    assert picture.headers["content-type"] == "image/jpeg" and picture.content.startswith(b"\xff\xd8")
    size = province.pages.get(f"{SCAN}/tiles?file=th%E1%BA%A5p.jpg").json()
    assert size["height"] > size["width"] > 700
    tile = province.pages.get(f"{SCAN}/tiles/0-0?file=th%E1%BA%A5p.jpg")
    assert tile.content.startswith(b"\xff\xd8")
    assert province.pages.get(f"{SCAN}/tiles/99-99?file=th%E1%BA%A5p.jpg").status_code == 404


def test_what_cannot_be_shown_says_so(province: Province) -> None:
    """A page that no batch has, a batch that is none, a unit that nobody bears, a day that is none."""
    assert province.pages.get(f"{SCAN}?file=nothing.jpg").status_code == 404
    assert province.pages.get("/batches/2023-03-06/H37.1-20230306-009").status_code == 404
    assert "77777" in province.pages.get("/progress?unit=77777").text
    assert province.pages.get("/progress?end=yesterday").status_code == 422
    assert province.pages.get("/progress?map=2019-01-01").status_code == 422


@pytest.mark.parametrize("page", ["progress", "quality", "reconciliation", "visits", "progress/trend.json"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1989-12-31", "2100-01-01", "2023-02-30"])
def test_a_day_of_no_year_of_dossiers_is_no_day(province: Province, page: str, day: str) -> None:
    answer = province.pages.get(f"/{page}?end={day}", user="editor")
    assert answer.status_code == 422 and day in answer.text


def test_ages_of_a_reconciliation_are_those_of_the_day(province: Province, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of yesterday is not shown today."""
    from sohoa.web import reconciliation

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(1_000_000 // 24)

    before = province.pages.text("/reconciliation")
    assert province.pages.text("/reconciliation") == before
    monkeypatch.setattr(reconciliation, "datetime", Later)
    assert province.pages.text("/reconciliation") != before


def test_a_search_that_finds_more_than_it_lists_says_so(province: Province, monkeypatch: pytest.MonkeyPatch) -> None:
    from sohoa.web import batches

    words = LABELS["page_words"]["first_of"].vi
    assert words.format(2, 3) not in province.pages.text(f"/batches?q={DOSSIER}")
    monkeypatch.setattr(batches, "MOST_FOUND", 2)
    monkeypatch.setattr(province.pages.client.app.state.site, "_asked", OrderedDict())
    assert words.format(2, 3) in province.pages.text(f"/batches?q={DOSSIER}")


def test_a_district_leads_to_its_own_office_and_the_office_back(province: Province) -> None:
    """On both pages."""
    offices = [agency for agency in agencies_at(END) if agency.kind == "district"][:3]
    for page in ("progress", "reconciliation"):
        for office in offices:
            assert f"unit={office.code}" in province.pages.text(f"/{page}?unit={office.unit_code}")
    for office in offices:
        above = re.findall(r"unit=(\w+)", province.pages.text(f"/progress?unit={office.code}"))
        assert above.index("20") < above.index(office.unit_code)


@pytest.mark.parametrize(
    ("rates", "shown"),
    [
        ([None, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        ([1.0, None, 2.0, None], [1.0, None, 2.0, None]),
        ([None, 1.0, "no row", 2.0], [1.0, None, 2.0]),
        ([None, None], []),
    ],
)
def test_a_week_of_which_nothing_counts_breaks_the_line(
    rates: list[float | str | None], shown: list[float | None]
) -> None:
    weeks = mondays(Week.of(END), len(rates))
    known = {monday: rate for monday, rate in zip(weeks, rates, strict=True) if not isinstance(rate, str)}
    assert [week["rate"] for week in trend_chart._weeks(known, weeks, lambda _: False)] == shown


def test_reconciliation_leads_to_the_dossiers_of_a_category(province: Province) -> None:
    text = province.pages.text("/reconciliation")
    category = next(iter(re.findall(r"/reconciliation/(R\d+\w*)\?", text)))
    assert "H37." in province.pages.text(f"/reconciliation/{category}")
    assert "1.4" in text


def test_pages_name_a_damaged_object_and_show_what_they_last_read(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the moment from which that is; a server that has never read it says so instead of figures."""
    words, whole = LABELS["page_words"], province.pages.text("/progress")
    key = next(iter(province.store.list_objects(layout.WAREHOUSE, layout.table_prefix("progress_daily")))).key
    data = province.store.get(layout.WAREHOUSE, key)
    monkeypatch.setattr(listing, "FRESH_SECONDS", 0)
    monkeypatch.setattr(listing, "KEPT_SECONDS", 0)
    monkeypatch.setattr(table_cache, "DAMAGED_SECONDS", 0)
    pages = open_pages(province.store, tmp_path)
    try:
        province.store.put(layout.WAREHOUSE, key, data[:-9])
        answer = pages.get("/progress")
        assert answer.status_code == 503
        assert words["object_damaged"].vi.format(f"warehouse/{key}") in answer.text
        text = province.pages.text("/progress")
        assert re.search(words["shown_from"].vi.format("[0-9:]+ [0-9/]+", f"warehouse/{key}"), text)
        assert re.sub('<p class="notice" role="alert">.*</p>\n', "", text) == whole
    finally:
        province.store.put(layout.WAREHOUSE, key, data)
        pages.close()
    assert province.pages.text("/progress") == whole


def test_a_page_whose_figures_are_being_read_says_so_and_opens_again(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_cache, "MOST_AT_ONCE", 0)
    pages, deadline = open_pages(province.store, tmp_path), time.monotonic() + 30
    answer = pages.get("/quality")
    assert (answer.status_code, answer.headers["refresh"], answer.headers["retry-after"]) == (202, "5", "5")
    assert LABELS["page_words"]["being_read"].vi in answer.text
    while (answer := pages.get("/quality")).status_code == 202:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    assert answer.text == province.pages.text("/quality")
    pages.close()
