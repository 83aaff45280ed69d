"""The return slip, end to end on the real store: what it says, hostile texts, refusals, decisions."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from typing import Any

import pytest
from PIL import Image

from sohoa import jobs, layout
from sohoa.defects import DEFECTS
from sohoa.store import Store
from tests.batch_builder import AGENCY, commit, document, manifest, put_files
from tests.servers import empty_buckets
from tests.slips.slip_reader import GOOD, NOON, Slip, deliver_all_and_check, pictured, slip

CODE_WORDS = re.compile(r"replaces|JSON|json|reviews|physical_pages|note_pages|reference|[{}]|_[a-z]")
"""What a clerk must not need to know."""

pytestmark = pytest.mark.usefixtures("judged_by_numpy")  # what is shown is what the check makes of verdicts


@pytest.fixture(scope="module")
def full(store: Store) -> tuple[Slip, dict[str, Any]]:
    """Slip and receipt of a batch with many defects."""
    empty_buckets(store)
    batch, sha256 = deliver_all_and_check(store)
    return slip(store, batch, sha256), store.get_json(layout.LANDING, layout.receipt_key(AGENCY, batch, sha256))


def test_a_clerk_reads_what_to_do_about_each_defect(full: tuple[Slip, Any]) -> None:
    """Counts, measured value against limit, cause, advice, marks on pictures, and the file that leads back."""
    told, receipt = full
    resend = f"{receipt['manifest_sha256'][:12]}.gui-lai.html"
    for words in (
        "1 tài liệu đạt", "5 tài liệu phải gửi lại", "2 tài liệu chờ người kiểm tra", "1 tài liệu kê nhưng không quét",
        "Độ phân giải: 100 dpi , cần từ 200 dpi trở lên", "Độ nghiêng: 5 độ , không được quá 2 độ",
        "Thiếu 2 trang: bản kê ghi 3 trang, trong tệp có 1 trang",
        "Không xem được trang này", "Không phải tệp PDF", "Giấy dễ rách", "Nếu không thể quét tốt hơn",
        "Văn phòng UBND tỉnh", "Không gửi lại tài liệu đã đạt", resend, "Ai quét:", "Chờ từ",
    ):  # fmt: skip
        assert words in told.text, words
    for defect in ("low_dpi", "skewed", "truncated", "wrong_format", "missing_page"):
        assert DEFECTS[defect].advice_vi.replace("`", "")[:40] in re.sub(r" ?` ?", "", told.text), defect
    assert not CODE_WORDS.search(told.text), CODE_WORDS.search(told.text)
    assert len(told.pictures) == 5
    assert all(max(Image.open(io.BytesIO(picture)).size) <= 320 for picture in told.pictures)


def test_marks_stand_where_the_defects_are(full: tuple[Slip, dict[str, Any]]) -> None:
    """The receipt holds the places as shares of the page; a metric without a place has none."""
    drawn, body = full
    places = {
        page["file"]: {measured["column"]: measured["place"] for measured in page["measured"]}
        for told in body["documents"]
        for page in told["pages"]
    }
    assert places["streaks.jpg"]["streak_strength"][0] == pytest.approx(0.5, abs=0.01)
    assert places["border.jpg"]["border_dark"][0] > 0.9
    assert places["skewed.jpg"] == {"skew_deg": None}
    assert set(places["coarse.jpg"].values()) == {None}
    assert "rotate(" in "".join(part.get("transform") or "" for part in drawn.all("path"))


HOSTILE = (
    "<script>alert(1)</script><img src=http://x.test/a.png onerror=alert(1)>\u202eđảo\u2066 &amp; \"'`{{7*7}}</bdi>"
)


def test_hostile_texts_are_harmless(clean_store: Store) -> None:
    """Titles, names and files of an agency are text, cut to length; no direction is turned, nothing fetched or run."""
    bad = {f"a b<b onclick=1>&{'x' * 120}.jpg": b"xin chao"}
    documents = [
        document("D1", bad, title=HOSTILE),
        document("D2", {"b.jpg": GOOD}, title="A" * 1000),
        document("D3", {}, not_scanned="fragile", title=HOSTILE),
    ]
    body = manifest(documents, operator=HOSTILE[:150], operator_org=HOSTILE[:150])
    body["device"]["id"] = HOSTILE[:150]
    put_files(clean_store, body["batch"], bad | {"b.jpg": GOOD})
    place = body["batch"], commit(clean_store, body)
    jobs.check()
    jobs.review(AGENCY, "D2", "reject", HOSTILE, HOSTILE, NOON)
    told = slip(clean_store, *place)
    assert "<script>alert(1)</script>" in told.text
    assert not {"script", "img", "b onclick", "iframe", "object", "link rel"} & {tag for tag, _ in told.tags}
    assert not [name for _, attributes in told.tags for name in attributes if name.startswith("on")]
    assert not {"\u202e", "\u2066"} & set(told.text)
    assert "A" * 201 not in told.text
    assert "{{7*7}}" in told.text


def test_a_slip_needs_nothing_but_itself(full: tuple[Slip, Any]) -> None:
    """Every address in it is its own or data; the policy lets its own style in and nothing else."""
    told, _ = full
    addresses = [value or "" for _, found in told.tags for name, value in found.items() if name in ("src", "href")]
    assert addresses
    assert all(address.startswith("data:") or address.endswith(".gui-lai.html") for address in addresses)
    assert not [address for address in addresses if "/" in address and not address.startswith("data:")]
    assert "url(" not in told.style
    assert "@import" not in told.style
    (policy,) = [m["content"] or "" for m in told.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(told.style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:" in policy
    assert not [found for _, found in told.tags if "style" in found]


def test_a_refused_manifest_gets_a_slip_without_pictures(clean_store: Store) -> None:
    """What is wrong, where, in Vietnamese; hostile keys of the manifest are text."""
    body = manifest([document("D1", {"a.jpg": GOOD}) | {"<b>x</b>": 1}], 2)
    refused = body["batch"], commit(clean_store, body)
    broken = f"{AGENCY}-20230306-003", commit(clean_store, b"{", f"{AGENCY}-20230306-003")
    jobs.check()
    told = slip(clean_store, *refused)
    assert "Bản kê chưa được nhận" in told.text
    assert "Tài liệu 1 (mã D1), <b>x</b>" in told.text
    assert "Trường này không có trong quy định" in told.text
    assert "gửi lại đúng mã lô này" in told.text
    assert "Bản kê không phải là JSON hợp lệ" in slip(clean_store, *broken).text
    assert not told.pictures
    assert not pictured(clean_store)


def test_a_decision_is_told_and_a_waiver_counted_apart(clean_store: Store) -> None:
    """Who, why and when, in receipt and slip; the pictures of the others stay; the newest decision holds."""
    place = deliver_all_and_check(clean_store)
    before = slip(clean_store, *place)
    assert "được duyệt miễn" not in before.text.partition("Nếu không thể")[0]
    jobs.review(AGENCY, "skewed.jpg", "waive", "Trần Văn Bình", "Bản gốc cong, không ép phẳng được", NOON)
    jobs.review(AGENCY, "streaks.jpg", "uphold", "Lê Thị Mai", "Sọc không qua chữ", NOON)
    jobs.review(AGENCY, "border.jpg", "uphold", "Lê Thị Mai", "Không che chữ", NOON)
    jobs.review(AGENCY, "border.jpg", "reject", "Lê Thị Mai", "Che mất dấu", NOON.replace(hour=13))
    told = slip(clean_store, *place)
    for words in (
        "1 tài liệu được duyệt miễn quét lại (tính riêng)", "2 tài liệu đạt", "5 tài liệu phải gửi lại",
        "Được duyệt miễn quét lại: Bản gốc cong, không ép phẳng được – Trần Văn Bình , 07/03/2023",
        "Người kiểm tra yêu cầu quét lại. Người quyết định: Lê Thị Mai . Lý do: Che mất dấu",
    ):  # fmt: skip
        assert words in told.text, words
    again = clean_store.get(layout.LANDING, layout.resend_key(AGENCY, *place)).decode()
    assert '"replaces": "skewed.jpg"' not in again
    assert '"replaces": "border.jpg"' in again
    assert set(told.pictures) < set(before.pictures)
    body = clean_store.get_json(layout.LANDING, layout.receipt_key(AGENCY, *place))
    counts = {name: body["counts"][name] for name in ("accepted", "to_scan", "review", "waived", "not_scanned")}
    assert counts == {"accepted": 2, "to_scan": 5, "review": 0, "waived": 1, "not_scanned": 1}
    decided = {told["document_id"]: told["decision"] for told in body["documents"] if told["decision"]}
    assert (decided["skewed.jpg"]["approver"], decided["border.jpg"]["decision"]) == ("Trần Văn Bình", "reject")
