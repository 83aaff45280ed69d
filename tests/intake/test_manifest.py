"""The manifest: what is taken and what is refused, each with its own reason code."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from sohoa.intake.manifest import parse_manifest
from sohoa.intake.manifest_faults import Refusal
from sohoa.labels import LABELS

HASH = "0" * 64


def manifest() -> dict[str, Any]:
    return {
        "schema_version": 1,
        "agency": "H37.80.01",
        "batch": "H37.80.01-20230306-001",
        "scan_date": "2023-03-06",
        "operator": "Nguyễn Thị Hoa",
        "device": {"id": "M1", "model": "ScanPro 200", "kind": "adf"},
        "documents": [
            {
                "document_id": "D1",
                "dossier_code": "H37.80.01-230306-0001",
                "procedure_code": "1.001193",
                "kind": "component",
                "title": "Tờ khai đăng ký khai sinh",
                "content": "text",
                "paper": "a4",
                "cover": "matte",
                "physical_pages": 2,
                "files": [{"path": "tờ khai.pdf", "sha256": HASH, "bytes": 10}],
            }
        ],
    }


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    body = manifest()
    change(body)
    return json.dumps(body).encode()


def document(body: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = body["documents"][0]
    return first


def test_a_good_manifest_is_taken() -> None:
    """Vietnamese names, defaults and the dossier's normal key."""
    parsed = parse_manifest(json.dumps(manifest()).encode())
    assert parsed.documents[0].dossier_key == "H37.80.01-230306-1"
    assert parsed.documents[0].pages_declared == 2
    assert parsed.documents[0].files[0].role == "page"


def test_a_byte_order_mark_is_no_part_of_the_manifest() -> None:
    """As Windows tools write it before UTF-8; one within the text stays where it is."""
    plain = json.dumps(manifest(), ensure_ascii=False).encode()
    assert parse_manifest(b"\xef\xbb\xbf" + plain) == parse_manifest(plain)
    pretty = json.dumps(manifest(), indent=4).replace("\n", "\r\n").encode()
    assert parse_manifest(b"\xef\xbb\xbf" + pretty) == parse_manifest(plain)
    titled = changed(lambda m: document(m).update(title="\ufeffTờ khai"))
    assert parse_manifest(b"\xef\xbb\xbf" + titled).documents[0].title == "\ufeffTờ khai"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1258"])
def test_another_encoding_is_refused_and_says_so(encoding: str) -> None:
    """The clerk learns what to change: the file looks right in every editor."""
    text = json.dumps(manifest() | {"operator": "Hòa ở đây"}, ensure_ascii=encoding != "cp1258")
    with pytest.raises(Refusal) as refusal:
        parse_manifest(text.encode(encoding, "replace"))
    (problem,) = refusal.value.problems
    assert refusal.value.code == "not_json"
    assert "UTF-8" in problem["vi"] and "UTF-8" in problem["en"]


def test_both_spellings_name_one_dossier() -> None:
    """The old spelling of a commune's code turns its groups round."""
    old = parse_manifest(changed(lambda m: document(m).update(dossier_code="000.01.80.H37-230306-0001")))
    assert old.documents[0].dossier_key == "H37.80.01-230306-1"


def test_a_page_with_a_note_is_counted_twice() -> None:
    """Circular 01/2023 article 8: scanned with and without the note."""
    noted = parse_manifest(changed(lambda m: document(m).update(note_pages=[2])))
    assert noted.documents[0].pages_declared == 3


@pytest.mark.parametrize(("pages", "reason"), [(1, "too_large"), (3, "no_device"), (9, "fragile")])
def test_what_was_not_scanned_is_declared_all_the_same(pages: int, reason: str) -> None:
    """The sheets of a map that no device takes: who lacks a large scanner is counted from them."""
    unscanned = {"physical_pages": pages, "not_scanned": reason, "files": []}
    parsed = parse_manifest(changed(lambda m: document(m).update(unscanned)))
    assert parsed.documents[0].pages_declared == pages


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("invalid_manifest", lambda m: m.update(surprise=1)),
        ("invalid_manifest", lambda m: m.update(schema_version=2)),
        ("invalid_manifest", lambda m: m.pop("operator")),
        ("invalid_manifest", lambda m: document(m).update(paper="a9")),
        ("invalid_manifest", lambda m: document(m).update(title="x" * 10_000)),
        ("invalid_manifest", lambda m: document(m).update(document_id="../D1")),
        ("empty_batch", lambda m: m.update(documents=[])),
        ("scan_date_mismatch", lambda m: m.update(scan_date="2023-03-07")),
        ("scan_date_mismatch", lambda m: m.update(batch="H37.80.01-20239999-001")),
        ("path_outside_batch", lambda m: document(m)["files"][0].update(path="../x.pdf")),
        ("path_outside_batch", lambda m: document(m)["files"][0].update(path="/etc/passwd")),
        ("path_outside_batch", lambda m: document(m)["files"][0].update(path="a\\..\\x.pdf")),
        ("path_outside_batch", lambda m: document(m)["files"][0].update(path="a//b.pdf")),
        ("malformed_hash", lambda m: document(m)["files"][0].update(sha256="A" * 64)),
        ("absurd_size", lambda m: document(m)["files"][0].update(bytes=-1)),
        ("absurd_size", lambda m: document(m)["files"][0].update(bytes=1 << 50)),
        ("duplicate_document", lambda m: m["documents"].append(document(m))),
        ("duplicate_file", lambda m: m["documents"].append({**document(m), "document_id": "D2"})),
        ("malformed_dossier_code", lambda m: document(m).update(dossier_code="H37-1")),
        ("dossier_code_missing", lambda m: document(m).update(dossier_code=None)),
        ("pages_inconsistent", lambda m: document(m).update(note_pages=[3])),
        ("pages_inconsistent", lambda m: document(m).update(note_pages=[1, 1])),
        ("files_inconsistent", lambda m: document(m).update(files=[])),
        ("files_inconsistent", lambda m: document(m).update(not_scanned="too_large")),
    ],
)
def test_a_broken_rule_has_its_reason_code(code: str, change: Callable[[dict[str, Any]], object]) -> None:
    """The refusal names the rule, and a clerk can read why."""
    with pytest.raises(Refusal) as refusal:
        parse_manifest(changed(change))
    assert refusal.value.code == code
    assert code in LABELS["refusals"]
    assert all(problem["vi"] and problem["en"] for problem in refusal.value.problems)


@pytest.mark.parametrize("data", [b"", b"not json", b"\xff\xfe{}", b"{", b"[" * 100_000, b'{"a": NaN'])
def test_bytes_that_are_not_json_are_refused(data: bytes) -> None:
    """Nothing that a file can hold raises anything else."""
    with pytest.raises(Refusal) as refusal:
        parse_manifest(data)
    assert refusal.value.code == "not_json"


def test_json_of_another_shape_is_refused() -> None:
    """A list where the manifest should be."""
    with pytest.raises(Refusal) as refusal:
        parse_manifest(b"[1, 2]")
    assert refusal.value.code == "invalid_manifest"


def test_a_refusal_lists_a_bounded_number_of_problems() -> None:
    """Ten thousand wrong fields do not make a receipt of megabytes."""
    with pytest.raises(Refusal) as refusal:
        parse_manifest(changed(lambda m: m.update({f"x{i}": 1 for i in range(10_000)})))
    assert len(refusal.value.problems) <= 20


def refused(data: bytes) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        parse_manifest(data)
    return refusal.value


def several(*changes: dict[str, Any], **of_manifest: Any) -> bytes:
    """A manifest of one sound document, and one more for each of these changes."""
    body = manifest()
    for number, change in enumerate(changes, start=2):
        file = {"path": f"{number}.pdf", "sha256": HASH, "bytes": 10}
        body["documents"].append(deepcopy(document(body)) | {"document_id": f"D{number}", "files": [file]} | change)
    return json.dumps(body | of_manifest).encode()


def test_all_faults_are_told_at_once() -> None:
    """Those of one field, those between fields and those between documents, whichever come first."""
    file = {"path": "tờ khai.pdf", "sha256": "A" * 64, "bytes": -1}
    told = refused(
        several(
            {"dossier_code": "abc", "physical_pages": 0, "note_pages": [2, 2]},
            {"document_id": "D2", "kind": "bản sao"},
            {"dossier_code": None},
            {"files": []},
            {"files": [file], "not_scanned": "fragile"},
            scan_date="2023-03-07",
            operator="",
        )
    )
    codes = [problem["code"] for problem in told.problems]
    assert sorted(codes) == sorted(
        ["scan_date_mismatch", "string_too_short", "malformed_dossier_code", "greater_than_equal", "pages_inconsistent",
         "literal_error", "malformed_hash", "absurd_size", "duplicate_document", "dossier_code_missing",
         "files_inconsistent", "duplicate_file"]
    )  # fmt: skip
    assert told.code == "scan_date_mismatch"
    twice = next(problem for problem in told.problems if problem["code"] == "files_inconsistent")
    assert twice["places"] == ["Tài liệu 5 (mã D5), danh sách tệp", "Tài liệu 6 (mã D6), danh sách tệp"]


@pytest.mark.parametrize(
    ("change", "words", "place"),
    [
        ({"paper": "A4"}, "a4 (A4), a3 (A3)", "Tài liệu 2 (mã D2), khổ giấy (paper): đang ghi “A4”"),
        ({"kind": "x"}, "backlog_result (Kết quả tồn đọng)", "Tài liệu 2 (mã D2), loại (kind): đang ghi “x”"),
        ({"title": "x" * 1001}, "quá 1.000 ký tự", "Tài liệu 2 (mã D2), tên tài liệu (title): đang ghi “xx"),
        ({"physical_pages": 2001}, "không được quá 2.000", "số trang giấy (physical_pages): đang ghi “2001”"),
        ({"document_id": "D 2"}, "chữ không dấu", "Tài liệu 2 (mã D 2), mã tài liệu (document_id): đang ghi “D 2”"),
        ({"note_pages": ["x"]}, "số nguyên", "trang có dán ghi chú thứ 1: đang ghi “x”"),
        ({"physical_pages": None}, "số nguyên", "số trang giấy (physical_pages)"),
    ],
)
def test_a_fault_says_what_is_allowed_and_what_stands_there(change: dict[str, Any], words: str, place: str) -> None:
    """In Vietnamese, with the place counted from 1 and the document's own id."""
    (problem,) = refused(several(change)).problems
    assert words in problem["vi"]
    assert place in problem["places"][0]


def test_one_kind_of_fault_in_many_documents_is_one_problem() -> None:
    """The first places are named, the others counted, and the kinds after it are not pushed out."""
    told = refused(several(*({"dossier_code": f"x{number}"} for number in range(300)), {"paper": "b5"}))
    codes, paper = told.problems
    assert (len(codes["places"]), codes["more"]) == (20, 280)
    assert "Tài liệu 2 (mã D2), mã hồ sơ (dossier_code): đang ghi “x0”" in codes["places"]
    assert paper["places"] == ["Tài liệu 302 (mã D302), khổ giấy (paper): đang ghi “b5”"]
