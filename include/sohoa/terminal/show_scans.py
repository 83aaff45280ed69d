"""What is to be scanned again or put right in a folder of scans, in the words of the slip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sohoa.clean_text import clean, escape_name
from sohoa.desk.judge_scans import CheckedDocument, Checkup
from sohoa.desk.scans import Problem
from sohoa.desk.state import PlannedBatch, SentDocument
from sohoa.desk.upload import Sent
from sohoa.desk.write_manifests import Written, places_of
from sohoa.format_value import count
from sohoa.labels import label_vi
from sohoa.slips.slip_page import SlipDefect, show_document
from sohoa.terminal.grid import Grid


def show_checkup(checkup: Checkup) -> Iterator[Grid | str]:
    """Tables of pages to scan again, of pages that a person will look at, and of what is to be put right."""
    documents = [*checkup.documents, *checkup.loose]
    yield from _show_pages("Phải quét lại", [one for one in documents if one.receipt["outcome"] == "to_scan"])
    reviewed = [one for one in checkup.documents if one.receipt["outcome"] == "review"]
    yield from _show_pages("Sẽ chờ người kiểm tra", reviewed)
    yield from _show_problems("Phải sửa", checkup.problems)
    if checkup.loose:
        files = sum(len(one.scanned.files) for one in checkup.loose)
        yield f"{count(files)} tệp chưa thuộc tài liệu nào: chỉ kiểm tra, không gửi được."
    pages = sum(one.receipt["pages_found"] for one in documents)
    bad = sum(one.is_bad for one in checkup.documents)
    checked = f"Đã kiểm tra {count(len(checkup.documents))} tài liệu, {count(pages)} trang"
    yield f"{checked}; {count(bad)} tài liệu phải quét lại."


def show_sent(sent: Sent) -> Iterator[Grid | str]:
    """What was sent, what came back, and what is left."""
    yield from show_checkup(sent.checkup)
    yield from _show_problems("Không gửi được", sent.problems)
    yield from _show_batches("Đã gửi", sent.committed)
    yield from _show_batches("Đã có giấy báo", sent.answered)
    if sent.to_scan:
        yield _show_to_scan(sent.to_scan)
    for batch in sent.waiting:
        yield f"Lô {batch.batch}: chưa có giấy báo; chạy lại lệnh này sau ít phút để lấy."


def show_written(agency: str, written: Written) -> Iterator[Grid | str]:
    """The manifests that were written, and where files and manifest go."""
    yield from show_checkup(written.checkup)
    yield from _show_problems("Không kê được", written.problems)
    for batch, file in written.files.items():
        files, manifest = places_of(agency, batch)
        yield f"Bản kê: {escape_name(file)}"
        yield f"1. Tải các tệp lên {files}, giữ nguyên tên và thư mục con."
        yield f"2. Sau cùng, tải bản kê lên {manifest}"


def show_counted(documents: Sequence[CheckedDocument]) -> Grid:
    """How many pages were counted in the files of documents, to be held against the paper."""
    table = Grid("Đối chiếu với giấy")
    table.text("Tài liệu")
    table.figures("Số trang đếm được")
    for one in documents:
        table.row(clean(one.scanned.place), count(one.fields["physical_pages"]))
    return table


def _show_pages(title: str, documents: Iterable[CheckedDocument]) -> Iterator[Grid]:
    table = Grid(title, leading=1)
    table.text("Tài liệu", "Tệp, trang", "Lỗi", "Việc cần làm")
    for one in documents:
        shown, name = show_document(one.receipt), clean(one.scanned.title)
        for page, defects in shown.pages:
            where = f"{clean(page['file'].rpartition('/')[2])}, trang {page['page_no']}"
            table.row(name, where, _defects(defects), _advice(defects))
            name = ""
        if shown.own:
            table.row(name, "cả tài liệu", _defects(shown.own), _advice(shown.own))
    if table.row_count:
        yield table


def _defects(defects: Iterable[SlipDefect]) -> str:
    lines = []
    for defect in defects:
        lines.append(defect.label)
        lines += [f"  {limit.quantity}: {limit.measured} ({limit.limit})" for limit in defect.limits]
    return "\n".join(lines)


def _advice(defects: Iterable[SlipDefect]) -> str:
    return "\n".join(defect.advice for defect in defects if defect.advice)


def _show_problems(title: str, problems: Iterable[Problem]) -> Iterator[Grid]:
    table = Grid(title, leading=1)
    table.text("Ở đâu", "Vì sao, và việc cần làm")
    for problem in problems:
        table.row(clean(problem.place), clean(problem.words))
    if table.row_count:
        yield table


def _show_batches(title: str, batches: Iterable[PlannedBatch]) -> Iterator[Grid]:
    table = Grid(title)
    table.keys("Lô")
    table.text("Kết quả")
    for batch in batches:
        receipt = batch.receipt
        words = "" if receipt is None else receipt["message_vi"]
        if receipt is not None and receipt["status"] == "refused":
            words = "\n".join([words, *(f"{one['vi']} {'; '.join(one['places'])}" for one in receipt["problems"])])
        table.row(batch.batch, clean(words) if "\n" not in words else words)
    if table.row_count:
        yield table


def _show_to_scan(documents: Iterable[SentDocument]) -> Grid:
    title = "Quét lại, ghi đè tệp cũ trong thư mục, rồi chạy lại lệnh này"
    table = Grid(title)
    table.keys("Lô", "Hồ sơ")
    table.text("Loại", "Tài liệu")
    for one in documents:
        fields = one.fields
        kind = label_vi("document_kinds", fields["kind"])
        table.row(one.batch.batch, fields.get("dossier_code") or "", kind, clean(fields["title"]))
    return table
