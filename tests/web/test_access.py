"""Who may see what: every route needs a login, texts of agencies stay text, and what was opened is written down."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from sohoa.labels import LABELS
from sohoa.web.app import POLICY
from tests.batch_builder import DAY
from tests.web.conftest import BATCH, Province
from tests.web.pages_server import LOGIN, open_pages

SCAN = f"/scans/{DAY}/{BATCH}?file=th%E1%BA%A5p.jpg"
ADDRESSES = (
    "/", "/progress", "/progress/dossiers?day=2023-03-06", "/progress/trend.json", "/progress/map.json", "/batches",
    f"/batches/{DAY}/{BATCH}", f"/batches/{DAY}/{BATCH}/slip", SCAN, SCAN.replace("?", "/picture?"),
    SCAN.replace("?", "/tiles?"), SCAN.replace("?", "/tiles/0-0?"), "/reconciliation", "/reconciliation/R2", "/quality",
    "/quality/causes.json", "/quality/heat.json", "/reports", "/reports/2023-W10", "/reports/2023-W10/report.pdf",
    "/decisions", f"/decisions/{DAY}/{BATCH}/D1",
    "/runs/check_scan_batches/scheduled__2023-03-06T00:00:00+00:00",
    "/audit", "/audit/H37.60-accepted-0001", SCAN.replace("?", "/defects?"),
    "/visits", "/static/web.css", "/static/charts.js", "/static/vega.js", "/nothing",
)  # fmt: skip


def test_every_route_is_tried_here(province: Province) -> None:
    """A new route has to be added to the addresses above."""
    routes = [route for route in province.pages.client.app.routes if isinstance(route, APIRoute)]  # type: ignore[attr-defined]
    for route in routes:
        assert any(route.path_regex.match(address.partition("?")[0]) for address in ADDRESSES), route.path


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_is_led_to_the_login_and_an_outsider_is_refused(province: Province, address: str) -> None:
    answer = province.pages.get(address, user=None)
    assert answer.status_code == 303 and answer.headers["location"].startswith(LOGIN)
    assert province.pages.get(address, user=None, accept="*/*").status_code == 401
    assert province.pages.get(address, user="outsider").status_code == 403


@pytest.mark.parametrize(
    ("accept", "user", "status"), [("*/*", None, 401), ("application/json", None, 401), ("text/html", "outsider", 403)]
)
def test_who_is_refused_is_told_where_to_log_in(province: Province, accept: str, user: str | None, status: int) -> None:
    """A browser without a login is led there; all others find the address on the page that refuses them."""
    answer = province.pages.get("/quality?defect=glare&page=2", user=user, accept=accept)
    assert answer.status_code == status
    assert f'href="{LOGIN}?next=/quality?defect=glare&amp;page=2"' in answer.text
    assert LABELS["page_words"]["to_login"].vi in answer.text


def test_what_somebody_sent_whose_login_has_ended_leads_to_the_first_page(province: Province) -> None:
    """A form's own address shows nothing."""
    answer = province.pages.post(DECIDE, {"decision": "waive", "reason": "x"}, user=None, **SIMILAR)
    assert answer.status_code == 401 and f'href="{LOGIN}?next=/"' in answer.text


@pytest.mark.parametrize("address", [*ADDRESSES, "/progress?unit=77777"])
def test_every_answer_bears_the_headers(province: Province, address: str) -> None:
    for user in ("viewer", "outsider", None):
        headers = province.pages.get(address, user=user).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'self'" in policy
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
        assert headers["x-content-type-options"] == "nosniff"
        assert "no-store" in headers["cache-control"] or address.endswith("vega.js")


def test_the_policy_lets_no_inline_script_run() -> None:
    assert "script-src 'self';" in POLICY and "unsafe" not in POLICY and "default-src 'none'" in POLICY


class _Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.bad: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "script":
            self.scripts.append(values.get("src"))
        self.bad += [f"{tag} {name}" for name in values if name.startswith("on") or name == "style"]
        if tag == "img" and values.get("src") == "x":
            self.bad.append("img")


@pytest.mark.parametrize(
    "address",
    [
        f"/batches/{DAY}/{BATCH}", SCAN, "/batches", "/batches?q=D1", "/batches?agency=H37.80.01", "/quality",
        "/progress", "/batches?q=%3Cscript%3Ewindow.hacked=1%3C/script%3E",
        "/batches?agency=%22%3E%3Cscript%3E1%3C/script%3E", "/progress?unit=%3Cscript%3E1%3C/script%3E",
        "/visits?q=%22%3E%3Cscript%3E&visitor=%3Cscript%3E",
    ],
)  # fmt: skip
def test_texts_of_agencies_and_addresses_stay_text(province: Province, address: str) -> None:
    text = province.pages.get(address, user="editor").text
    found = _Elements(text)
    assert all(source and source.startswith("/static/") for source in found.scripts), found.scripts
    assert not found.bad
    assert "<script>window" not in text and "<img src=x" not in text


def test_the_hostile_texts_are_there_to_be_escaped(province: Province) -> None:
    """The test above would pass on pages that show nothing."""
    assert "&lt;script&gt;window.hacked=1&lt;/script&gt;" in province.pages.text(f"/batches/{DAY}/{BATCH}")
    assert "&lt;script&gt;" in province.pages.text(SCAN)


def test_a_slip_runs_nothing_in_the_pages_origin(province: Province) -> None:
    policy = province.pages.get(f"/batches/{DAY}/{BATCH}/slip").headers["content-security-policy"]
    assert policy.startswith("sandbox") and "allow-same-origin" not in policy and "allow-scripts" not in policy


def test_who_opened_what_is_written_down_and_found_by_editors_alone(province: Province) -> None:
    province.pages.text(f"/batches/{DAY}/{BATCH}")
    text = province.pages.text(f"/visits?q={BATCH}", user="editor")
    assert f"/batches/{DAY}/{BATCH}" in text and "viewer" in text
    assert province.pages.get("/visits").status_code == 403
    assert "/visits" not in province.pages.text("/progress")


@pytest.mark.parametrize(("language", "names"), [("vi", ("Lô", "Phiếu trả lại")), ("en", ("Batch", "Slip"))])
def test_visits_name_what_was_opened_as_readers_know_it(
    province: Province, tmp_path: Path, language: str, names: tuple[str, ...]
) -> None:
    """Not by the name that the table has."""
    pages = open_pages(province.store, tmp_path)
    for place in ("", "/slip"):
        pages.text(f"/batches/{DAY}/{BATCH}{place}")
    text = pages.text(f"/visits?q={BATCH}&lang={language}", user="editor")
    shown = set(re.findall(r"</bdi></th><td>(.*?)</td>", text))
    assert set(names) <= shown
    assert not {"batch", "slip"} & shown
    pages.close()


def test_tiles_of_a_page_are_one_visit_whichever_of_them(province: Province, tmp_path: Path) -> None:
    """Also who asks for tiles alone is written down, under the address of the page's tiles."""
    pages = open_pages(province.store, tmp_path)
    for place in ("0-0", "1-0", "0-1"):
        pages.get(SCAN.replace("?", f"/tiles/{place}?"))
    (journal,) = (tmp_path / "web" / "visits").glob("*.jsonl")
    (line,) = map(json.loads, journal.read_text(encoding="utf-8").split("\n")[1:])
    assert (line["visitor"], line["address"]) == ("viewer", SCAN.replace("?", "/tiles?"))
    pages.close()


def test_a_killed_server_loses_no_visit(province: Province, tmp_path: Path) -> None:
    """What the journal has is sent by the next start, half a line at its end or not."""
    first = open_pages(province.store, tmp_path)
    first.text("/batches?agency=H37.1.unseen")
    (journal,) = (tmp_path / "web" / "visits").glob("*.jsonl")
    journal.write_text(journal.read_text(encoding="utf-8") + '\n{"at": "2023', encoding="utf-8")
    second = open_pages(province.store, tmp_path)
    second.text("/batches?agency=H37.2.unseen")
    text = second.text("/visits?q=unseen", user="editor")
    assert "H37.1.unseen" in text and "H37.2.unseen" in text


SIMILAR = {"origin": "http://testserver", "host": "testserver"}
DECIDE = f"/decisions/{DAY}/{BATCH}/D2"


def test_an_editor_decides_and_the_slip_tells_of_it(province: Province) -> None:
    """The decision is kept with the login's name; the queue, the batch and the slip show it."""
    form = {"decision": "waive", "reason": "bản gốc đã mờ"}
    answer = province.pages.post(DECIDE, form, **SIMILAR)
    assert answer.status_code == 303 and answer.headers["location"] == f"/batches/{DAY}/{BATCH}"
    assert LABELS["decisions"]["waive"].vi in province.pages.text(f"/batches/{DAY}/{BATCH}")
    slip = province.pages.text(f"/batches/{DAY}/{BATCH}/slip")
    assert "bản gốc đã mờ" in slip and "editor" in slip
    (review,) = province.store.read_table("reviews", [DAY]).to_pylist()
    assert (review["document_id"], review["decision"], review["approver"]) == ("D2", "waive", "editor")


@pytest.mark.parametrize(
    ("user", "headers", "form", "status"),
    [
        ("viewer", SIMILAR, {"decision": "waive", "reason": "x"}, 403),
        ("editor", {"host": "testserver"}, {"decision": "waive", "reason": "x"}, 403),
        ("editor", SIMILAR | {"origin": "http://evil.example"}, {"decision": "waive", "reason": "x"}, 403),
        ("editor", SIMILAR | {"sec-fetch-site": "cross-site"}, {"decision": "waive", "reason": "x"}, 403),
        ("editor", SIMILAR, {"decision": "burn", "reason": "x"}, 422),
        ("editor", SIMILAR, {"decision": "waive", "reason": " "}, 422),
        ("editor", SIMILAR, {"decision": "waive", "reason": "x" * 501}, 422),
        ("editor", SIMILAR, {"decision": "waive"}, 422),
    ],
)
def test_no_other_decision_is_taken(
    province: Province, user: str, headers: dict[str, str], form: dict[str, str], status: int
) -> None:
    """Viewers, other sites' pages, and what is no decision; nothing is written."""
    address = f"/decisions/{DAY}/{BATCH}/D0"
    assert province.pages.post(address, form, user=user, **headers).status_code == status
    assert "D0" not in province.store.read_table("reviews", [DAY])["document_id"].to_pylist()


@pytest.mark.parametrize(
    ("document", "form", "word"),
    [
        ("D0", {"decision": "waive", "reason": " \n"}, "reason_missing"),
        ("D0", {"decision": "uphold", "reason": "x"}, "decision_unfit"),
        ("D0", {"decision": "burn", "reason": ""}, "decision_unfit"),
    ],
)
def test_a_decision_that_is_not_taken_says_why(
    province: Province, document: str, form: dict[str, str], word: str
) -> None:
    """Not that its address asks for what is not there."""
    text = province.pages.post(f"/decisions/{DAY}/{BATCH}/{document}", form, **SIMILAR).text
    assert LABELS["page_words"][word].vi in text


def test_viewers_see_no_form_and_no_queue(province: Province) -> None:
    assert '<form class="decide"' not in province.pages.text(SCAN)
    assert '<form class="decide"' in province.pages.text(SCAN, user="editor")
    assert province.pages.get("/decisions").status_code == 403
    assert province.pages.text("/decisions", user="editor")
