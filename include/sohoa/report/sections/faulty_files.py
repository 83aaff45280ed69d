"""The files of the week that are not accepted, in the annex."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pyarrow as pa

from sohoa.days import Week
from sohoa.defects import DEFECTS
from sohoa.layout import BatchId
from sohoa.registry import district_name, full_name, owner_at
from sohoa.report.model import Column, Row, Table
from sohoa.report.sentences import AGENCY_NAME

_COLUMNS = (
    AGENCY_NAME,
    Column("batch", "Lô", "Batch", "code"),
    Column("file", "Tệp", "File", "text"),
    Column("pages", "Trang", "Pages", "text"),
    Column("dossier", "Mã hồ sơ", "Dossier", "code"),
    Column("title", "Tên giấy tờ", "Title", "text"),
    Column("defects", "Lỗi", "Defects", "labels", labels="defects"),
    Column("verdict", "Kết luận", "Verdict", "label", labels="verdicts"),
)
_FILE = ("agency", "batch", "document_id", "file")
_FAULTY = ("rejected", "review")
"""Verdicts of which the worst is named."""


def faulty_files_table(documents: pa.Table, bad_pages: pa.Table, week: Week) -> Table:
    """List every file with a page that is not accepted, and every document that is not accepted as a whole."""
    by_id = {(row["agency"], row["document_id"]): row for row in documents.to_pylist()}
    pages: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for page in bad_pages.to_pylist():
        pages[tuple(page[name] or "" for name in _FILE)].append(page)
    have_pages = {key[:-1] for key in pages}
    for row in by_id.values():
        key = (row["agency"], row["batch"], row["document_id"])
        if row["verdict"] in _FAULTY and key not in have_pages:
            pages[*key, ""] = []
    rows = (
        _file_row(dict(zip(_FILE, key, strict=True)), found, by_id.get((key[0], key[2]), {}), week)
        for key, found in sorted(pages.items())
    )
    return Table("faulty_files", "Danh sách tệp lỗi trong tuần", "Faulty files", _COLUMNS, tuple(rows))


def faulty_agencies_table(files: Table, week: Week) -> Table:
    """Sum up the faulty files by agency, district by district: what is printed in place of the list."""
    columns = (
        Column("district", "Huyện, thành phố", "District", "text"),
        AGENCY_NAME,
        Column("files", "Tệp lỗi", "Faulty files", "count", "tệp"),
        Column("rejected", "Phải quét lại", "To scan again", "count", "tệp"),
        Column("review", "Chờ kiểm tra", "Waiting for review", "count", "tệp"),
        Column("commonest", "Lỗi hay gặp nhất", "Commonest defect", "label", labels="defects"),
    )
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in files.rows:
        groups[row["district"] or "", row["agency_name"]].append(row)
    rows = tuple(
        {
            "district": district or None,
            "agency_name": name,
            "files": len(group),
            **{verdict: sum(row["verdict"] == verdict for row in group) for verdict in _FAULTY},
            "commonest": _commonest(group),
            "stands": any(_stands(row, week) for row in group),
        }
        for (district, name), group in sorted(groups.items(), key=lambda item: (not item[0][0], item[0]))
    )
    note = "Danh sách từng tệp có trong báo cáo dạng trang web và bảng tính."
    return Table("faulty_agencies", "Số tệp lỗi trong tuần theo cơ quan", "Faulty files by agency", columns, rows, note)


def _stands(file: Row, week: Week) -> bool:
    """Tell whether a file's agency is still there at the end of the week."""
    batch = BatchId.parse(file["batch"])
    owner = owner_at(file["agency"], batch.scan_date if batch else week.last)
    return owner is not None and owner.stands_on(week.last)


def _commonest(files: list[Row]) -> str | None:
    counts = Counter(name for row in files for name in row["defects"])
    return max(sorted(counts), key=lambda name: counts[name], default=None)


def _file_row(file: dict[str, str], pages: list[dict[str, Any]], document: dict[str, Any], week: Week) -> Row:
    defects = {name for row in (*pages, document) for name in row.get("defects") or ()}
    verdicts = {row.get("verdict") for row in (*pages, document)}
    batch = BatchId.parse(file["batch"])
    own_day = batch.scan_date if batch else week.last
    return {
        "agency": file["agency"],
        "district": district_name(file["agency"], own_day),
        "agency_name": full_name(file["agency"], own_day, week.last),
        "batch": file["batch"],
        "file": file["file"] or file["document_id"],
        "pages": _runs(sorted({page["page_no"] for page in pages if page["page_no"] is not None})),
        "dossier": document.get("dossier_code"),
        "title": document.get("title"),
        "defects": tuple(name for name in DEFECTS if name in defects),
        "verdict": next((verdict for verdict in _FAULTY if verdict in verdicts), None),
    }


def _runs(numbers: list[int]) -> str | None:
    """Page numbers as 1, 3–5."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs) or None
