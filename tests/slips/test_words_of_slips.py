"""What a slip says: every limit, defect and error has words; values and limits never read alike."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sohoa.intake.manifest import Document
from sohoa.quality.quantities import QUANTITIES, explain_limit
from sohoa.quality.thresholds import load_thresholds
from sohoa.slips.apply_decisions import next_id, with_decisions
from sohoa.slips.make_receipt import way_back
from sohoa.slips.resend_page import make_resend_page
from sohoa.slips.slip_page import first_causes
from tests.batch_builder import AGENCY, DOSSIER

RULES = load_thresholds("tthc").rules


def measured(column: str, test: str, limit: Any, value: Any) -> dict[str, Any]:
    return {"column": column, "test": test, "limit": limit, "value": value}


def test_everything_that_can_be_wrong_has_words() -> None:
    """Each column with a limit has a name."""
    assert {rule.column for rule in RULES} - {"error"} == QUANTITIES.keys()


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        (measured("blur_mm", "max", 0.3, 0.62), "Độ nhòe của nét chữ: 0,62 mm, không được quá 0,3 mm"),
        (measured("dpi_x", "min", 199.5, 100.0), "Độ phân giải: 100 dpi, cần từ 200 dpi trở lên"),
        (measured("skew_deg", "max_abs", 2.0, -5.51), "Độ nghiêng: 5,5 độ, không được quá 2 độ"),
        (measured("glare_ratio", "max", 0.015, 0.0154), "Phần trang bị lóa: 1,54 %, không được quá 1,5 %"),
        (measured("colour_mode", "one_of", ["colour"], "grey"), "Chế độ màu: thang xám, phải là màu"),
        (measured("dpi_x", "not_null", None, None), "Độ phân giải: không rõ, phải xác định được"),
        (measured("pdf_version", "none_of", ["1.2", "1.3"], "1.3"), "Phiên bản PDF: 1.3, không được là 1.2, 1.3"),
    ],
)
def test_a_failed_limit_in_words(failed: dict[str, Any], words: str) -> None:
    """Measured value and limit with their unit, numbers the Vietnamese way."""
    found = explain_limit(failed)
    assert found is not None
    assert f"{found.quantity}: {found.measured}, {found.limit}".replace("\u00a0", " ") == words


@given(st.sampled_from([rule for rule in RULES if isinstance(rule.limit, float | int)]), st.floats(1e-4, 1e3))
@example(next(rule for rule in RULES if rule.limit == 50 and rule.test == "min"), 100.0)
def test_a_value_past_its_limit_never_reads_like_it(rule: Any, beyond: float) -> None:
    """However little it is past: 0,3 mm is not told to be more than 0,3 mm."""
    value = rule.limit + (-beyond if rule.test == "min" else beyond)
    found = explain_limit(measured(rule.column, rule.test, rule.limit, value))
    assert found is not None
    number = r"[-\u2212]?[\d.,]+"  # a value far past its limit may be negative
    assert re.findall(number, found.measured)[:1] != re.findall(number, found.limit)[:1]


def test_ids_of_new_scans_count_on() -> None:
    """D1, D1-L2, D1-L3; an id of the greatest length stays within it, and every one is an id."""
    assert [next_id(old) for old in ("D1", "D1-L2", "D1-L9", "D1-L0", "-L2")] == [
        "D1-L2", "D1-L3", "D1-L10", "D1-L0-L2", "-L2-L2",
    ]  # fmt: skip
    longest = next_id("a" * 80)
    assert len(longest) == 80
    assert longest.endswith("a-L2")
    assert next_id(longest).endswith("a-L3")


DECLARED = {
    "dossier_code": DOSSIER, "procedure_code": "1.001193", "kind": "component", "title": "Tờ khai \u202e<b>",
    "content": "text", "paper": "a4", "cover": "matte",
}  # fmt: skip
REJECTED = DECLARED | {
    "document_id": "D1", "verdict": "rejected", "decision": None, "physical_pages": 2, "note_pages": 0,
    "pages_found": 2, "pages_accepted": 1,
}  # fmt: skip


def listed(resend: dict[str, Any]) -> dict[str, Any]:
    """What the page that makes the next manifest lists of a document."""
    facts = {"pages": [], "defects": [], "sheets": [], "note_pages": 0, "not_scanned": None, "outcome": "to_scan"}
    receipt = {
        "status": "admitted",
        "agency": AGENCY,
        "batch": "b",
        "manifest_sha256": "0" * 64,
        "operator": "Hoa",
        "operator_org": None,
        "device_id": "M1",
        "documents": [REJECTED | facts | {"resend": resend}],
    }
    page = make_resend_page(receipt)  # type: ignore[arg-type]
    found = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    (document,) = found["documents"]
    return dict(document["listed"])


def test_what_is_to_be_sent_again_is_a_document_that_a_manifest_takes() -> None:
    """Once its file is filled in; it names the old document, its dossier and its kind."""
    (told,) = with_decisions({"agency": AGENCY, "documents": [REJECTED]}, {})["documents"]
    again = listed(told["resend"])
    again["files"] = [{"path": "moi.pdf", "sha256": "0" * 64, "bytes": 1}]
    taken = Document.model_validate_json(json.dumps(again))
    assert (taken.document_id, taken.replaces, taken.dossier_code, taken.kind) == ("D1-L2", "D1", DOSSIER, "component")
    assert taken.pages_declared == 2
    assert "\u202e" not in json.dumps(again, ensure_ascii=False)


def test_what_is_to_be_sent_again_reads_the_same_from_the_store() -> None:
    """The store sorts keys; the page does not depend on their order."""
    (told,) = with_decisions({"documents": [REJECTED]}, {})["documents"]
    again = listed(json.loads(json.dumps(told["resend"], sort_keys=True)))
    assert list(again.items()) == list(listed(told["resend"]).items())


@pytest.mark.parametrize(
    ("found", "order"),
    [
        (["blurred", "foreign_object"], ["foreign_object", "blurred"]),
        (["glare", "uneven_light"], ["uneven_light", "glare"]),
        (["blurred", "glare"], ["glare", "blurred"]),  # blurred was only likely here: the sure fault first
        (["low_dpi", "blurred", "skewed"], ["low_dpi", "skewed", "blurred"]),
    ],
)
def test_the_first_cause_comes_first(found: list[str], order: list[str]) -> None:
    """What may be the consequence of another comes after it, and what only waits for a person after what is sure."""
    severities = {name: "review" if found == ["blurred", "glare"] and name == "blurred" else "reject" for name in found}
    page = {
        "defects": [{"name": name} for name in found],
        "measured": [{"defect": name, "severity": severity} for name, severity in severities.items()],
    }
    assert first_causes(page) == order  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ({"invalid_manifest", "malformed_hash"}, "đúng mã lô này"),
        ({"not_json"}, "đúng mã lô này"),
        ({"scan_date_mismatch", "missing"}, "Nếu ngày trong mã lô sai"),
        ({"malformed_batch_id", "batch_mismatch"}, "một mã lô mới"),
        ({"abandoned"}, "đúng mã lô này"),
        ({"batch_already_committed"}, ""),
        ({"over_quota"}, ""),
    ],
)
def test_a_refusal_says_whether_the_batch_id_may_be_used_again(codes: set[str], words: str) -> None:
    """Empty only where the words of the refusal say it themselves."""
    assert (words in way_back(codes)) if words else (way_back(codes) == "")
