"""Section II: what became of the week's scans, defects by cause, paper and cover, and the faulty files."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.count_devices import DirtyGlass, dirty_glass
from sohoa.days import Week, each_day
from sohoa.defects import DEFECTS
from sohoa.progress.rate import rate_percent
from sohoa.report.model import Column, Table
from sohoa.report.sentences import AGENCY_NAME, agency_name
from sohoa.store import Store

CLASSES_VI = {
    ("paper", "a4"): "Khổ A4",
    ("paper", "a3"): "Khổ A3",
    ("paper", "a2"): "Khổ A2",
    ("paper", "a1"): "Khổ A1",
    ("paper", "a0"): "Khổ A0",
    ("paper", "other"): "Khổ khác",
    ("cover", "matte"): "Bìa thường",
    ("cover", "glossy"): "Bìa bóng",
}
"""(column, value) -> class of documents, in the order of the table."""
NOT_SCANNED_VI = {
    "too_large": "Quá khổ máy quét",
    "glossy": "Bìa bóng",
    "fragile": "Giấy dễ rách",
    "no_device": "Không có máy quét",
}
VERDICTS_VI = {"accepted": "Đạt", "review": "Chờ kiểm tra", "rejected": "Phải quét lại"}
_DOCUMENTS = ["agency", "document_id", "dossier_code", "title", "paper", "cover", "not_scanned", "is_received"]
_DOCUMENTS += ["pages_found", "pages_accepted", "verdict", "defects", "batch"]
_PAGES = ["agency", "batch", "document_id", "file", "page_no", "verdict", "defects", "error"]


@dataclass(frozen=True)
class Scans:
    """What was scanned in a week."""

    documents: pa.Table
    before: pa.Table
    """The documents of the week before."""
    quality: pa.Table
    bad_pages: pa.Table
    """Rows of ``pages`` that are not accepted."""


def read_scans(store: Store, week: Week) -> Scans:
    """Read the scans of a week; of the pages only those that are not accepted, a day at a time."""
    documents, before = (store.read_table("documents", some.days).select(_DOCUMENTS) for some in (week, week.before))
    bad = [
        rows.select(_PAGES).filter(pc.fill_null(pc.not_equal(rows["verdict"], "accepted"), True))
        for day in week.days
        for rows in (store.read_table("pages", [day]),)
    ]
    return Scans(documents, before, store.read_table("quality_daily", week.days), pa.concat_tables(bad))


def verdicts_table(scans: Scans) -> Table:
    """What was received and how it was judged, this week and the one before."""
    columns = (
        Column("week", "Tuần", "Week", "text"),
        Column("received", "Tài liệu đã nhận", "Documents received", "count", "tài liệu"),
        *(
            Column(name, label, name.capitalize(), "count", "tài liệu")
            for name, label in zip(VERDICTS_VI, ("Đạt", "Chờ kiểm tra", "Phải quét lại"), strict=True)
        ),
        Column("pages_found", "Trang đã nhận", "Pages", "count", "trang"),
        Column("pages_accepted", "Trang đạt", "Pages accepted", "count", "trang"),
        Column("pages_percent", "Tỷ lệ trang đạt", "Share of pages accepted", "percent", "%"),
    )
    rows = tuple(
        (name, *_verdicts(rows)) for name, rows in (("Tuần này", scans.documents), ("Tuần trước", scans.before))
    )
    return Table("verdicts", "Kết quả kiểm tra bản quét", "Verdicts", columns, rows)


def defects_table(scans: Scans) -> Table:
    """Defects of pages by cause, most pages first, with the share that the causes so far make up."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in scans.quality.select(["defect", "pages_bad", "pages_judged"]).to_pylist():
        counts[row["defect"]][0] += row["pages_bad"]
        counts[row["defect"]][1] += row["pages_judged"]
    found = sorted(((name, bad, n) for name, (bad, n) in counts.items() if bad), key=lambda row: (-row[1], row[0]))
    total, so_far, rows = sum(row[1] for row in found), 0, []
    for name, bad, n in found:
        so_far += bad
        rows.append((_label(name), bad, n, rate_percent(bad, n), rate_percent(so_far, total)))
    columns = (
        Column("defect", "Lỗi", "Defect", "text"),
        Column("pages_bad", "Trang lỗi", "Bad pages", "count", "trang"),
        Column("pages_judged", "Trang kiểm tra được", "Pages judged", "count", "trang"),
        Column("bad_percent", "Tỷ lệ lỗi", "Share bad", "percent", "%"),
        Column("cumulative_percent", "Cộng dồn", "Cumulative", "percent", "%"),
    )
    note = "Một trang có thể có nhiều lỗi. Tỷ lệ lỗi: trang lỗi trên trang kiểm tra được lỗi đó."
    return Table("defects", "Lỗi bản quét theo nguyên nhân", "Defects by cause", columns, tuple(rows), note)


def document_defects_table(scans: Scans) -> Table:
    """Defects that a document has as a whole: pages missing, files that differ from the manifest."""
    found = Counter(name for defects in scans.documents["defects"].to_pylist() for name in set(defects or ()))
    rows = tuple((_label(name), count) for name, count in sorted(found.items(), key=lambda item: (-item[1], item[0])))
    columns = (
        Column("defect", "Lỗi", "Defect", "text"),
        Column("documents", "Tài liệu", "Documents", "count", "tài liệu"),
    )
    return Table("document_defects", "Lỗi của cả tài liệu", "Defects of whole documents", columns, rows)


def classes_table(scans: Scans) -> Table:
    """Documents by paper and by cover: how many pages are not accepted, and the commonest defect."""
    rows = []
    for (column, value), label in CLASSES_VI.items():
        documents = scans.documents.filter(pc.equal(scans.documents[column], value))
        received, found, accepted = _pages_of(documents)
        not_scanned = len(documents) - documents["not_scanned"].null_count
        if received or not_scanned:
            common = _commonest(scans.quality, column, value)
            bad = found - accepted
            rows.append((label, received, not_scanned, found, bad, rate_percent(bad, found), common))
    columns = (
        Column("class", "Loại", "Class", "text"),
        Column("received", "Tài liệu đã nhận", "Documents received", "count", "tài liệu"),
        Column("not_scanned", "Kê khai không quét", "Declared, not scanned", "count", "tài liệu"),
        Column("pages_found", "Trang đã nhận", "Pages", "count", "trang"),
        Column("pages_not_accepted", "Trang chưa đạt", "Pages not accepted", "count", "trang"),
        Column("bad_percent", "Tỷ lệ chưa đạt", "Share not accepted", "percent", "%"),
        Column("commonest", "Lỗi hay gặp nhất", "Commonest defect", "text"),
    )
    return Table("classes", "Bản quét theo khổ giấy và loại bìa", "By paper and cover", columns, tuple(rows))


def not_scanned_table(scans: Scans) -> Table:
    """Documents that were declared without a scan, by reason."""
    found = Counter(reason for reason in scans.documents["not_scanned"].to_pylist() if reason)
    columns = (
        Column("reason", "Lý do", "Reason", "text"),
        Column("documents", "Tài liệu", "Documents", "count", "tài liệu"),
    )
    rows = tuple((label, found[name]) for name, label in NOT_SCANNED_VI.items() if found[name])
    return Table("not_scanned", "Tài liệu kê khai nhưng không quét", "Declared without scan", columns, rows)


def read_glass(store: Store, week: Week) -> list[DirtyGlass]:
    """Streaks that stayed at one place in the four weeks up to the week's Sunday."""
    return dirty_glass(store.read_table("device_daily", each_day(week.back(3).first, week.last), layout.DAY))


def glass_table(found: list[DirtyGlass], week: Week) -> Table:
    """Scanners whose glass wants cleaning, and where."""
    columns = (
        AGENCY_NAME,
        Column("device_id", "Máy quét", "Scanner", "code"),
        Column("x_mm", "Vị trí từ mép trái", "From the left edge", "number", "mm"),
        Column("first_day", "Từ ngày", "First day", "date"),
        Column("last_day", "Đến ngày", "Last day", "date"),
        Column("days", "Số ngày có sọc", "Days with the streak", "count", "ngày"),
        Column("pages", "Trang có sọc", "Pages", "count", "trang"),
    )
    rows = tuple(
        (agency_name(g.agency, week.last), g.device_id, g.x_mm, g.first_day, g.last_day, g.days, g.pages) for g in found
    )
    return Table("dirty_glass", "Máy quét cần lau mặt kính (bốn tuần)", "Scanners to clean", columns, rows)


def faulty_files_table(scans: Scans, week: Week) -> Table:
    """Every file with a page that is not accepted, and every document that is not accepted as a whole."""
    documents = {(row["agency"], row["document_id"]): row for row in scans.documents.to_pylist()}
    files: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for page in scans.bad_pages.to_pylist():
        files[page["agency"], page["batch"], page["document_id"], page["file"] or ""].append(page)
    with_pages = {key[:3] for key in files}
    for row in documents.values():
        if (
            row["verdict"] in {"review", "rejected"}
            and (row["agency"], row["batch"], row["document_id"]) not in with_pages
        ):
            files[row["agency"], row["batch"], row["document_id"], ""] = []
    rows = [_faulty(key, pages, documents.get((key[0], key[2]), {}), week) for key, pages in sorted(files.items())]
    columns = (
        AGENCY_NAME,
        Column("batch", "Lô", "Batch", "code"),
        Column("file", "Tệp", "File", "text"),
        Column("pages", "Trang", "Pages", "text"),
        Column("dossier", "Mã hồ sơ", "Dossier", "code"),
        Column("title", "Tên giấy tờ", "Title", "text"),
        Column("defects", "Lỗi", "Defects", "text"),
        Column("verdict", "Kết luận", "Verdict", "text"),
    )
    return Table("faulty_files", "Danh sách tệp lỗi trong tuần", "Faulty files", columns, tuple(rows))


def _faulty(key: tuple[str, ...], pages: list[dict[str, Any]], document: dict[str, Any], week: Week) -> tuple[Any, ...]:
    agency, batch, document_id, file = key
    defects = {name for row in (*pages, document) for name in row.get("defects") or ()}
    order = [name for name in DEFECTS if name in defects]
    verdicts = {row.get("verdict") for row in (*pages, document)}
    worst = next((VERDICTS_VI[name] for name in ("rejected", "review") if name in verdicts), None)
    numbers = sorted({page["page_no"] for page in pages if page["page_no"] is not None})
    dossier, title = document.get("dossier_code"), document.get("title")
    name = agency_name(agency, week.last)
    return name, batch, file or document_id, _runs(numbers), dossier, title, "; ".join(map(_label, order)), worst


def _runs(numbers: list[int]) -> str | None:
    """Page numbers as 1, 3–5."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs) or None


def _verdicts(documents: pa.Table) -> tuple[Any, ...]:
    received = documents.filter(documents["is_received"])
    counts = Counter(received["verdict"].to_pylist())
    _, found, accepted = _pages_of(documents)
    return len(received), *(counts[name] for name in VERDICTS_VI), found, accepted, rate_percent(accepted, found)


def _pages_of(documents: pa.Table) -> tuple[int, int, int]:
    """Documents received, and of their pages those found and those accepted."""
    received = documents.filter(documents["is_received"])
    found, accepted = (int(pc.sum(received[name]).as_py() or 0) for name in ("pages_found", "pages_accepted"))
    return len(received), found, accepted


def _commonest(quality: pa.Table, column: str, value: str) -> str | None:
    found: Counter[str] = Counter()
    for row in quality.filter(pc.equal(quality[column], value)).select(["defect", "pages_bad"]).to_pylist():
        found[row["defect"]] += row["pages_bad"]
    best = max(found, key=lambda name: (found[name], name), default=None)
    return _label(best) if best is not None and found[best] else None


def _label(name: str) -> str:
    return DEFECTS[name].label_vi if name in DEFECTS else name
