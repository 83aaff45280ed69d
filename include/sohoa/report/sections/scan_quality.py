"""Section II: what became of the week's scans, defects by cause, paper and cover, and the faulty files."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.counting.document_states import document_states
from sohoa.counting.record_review import add_decisions
from sohoa.days import Week
from sohoa.enums import COVERS, NOT_SCANNED_REASONS, PAPERS, VERDICTS
from sohoa.format_value import count, percent
from sohoa.labels import label_vi
from sohoa.progress.rate import rate_percent
from sohoa.registry import full_name, owner_at
from sohoa.report.model import Column, Row, Table
from sohoa.report.sections.charts import pareto_chart
from sohoa.report.sections.detector_errors import errors_table
from sohoa.report.sections.faulty_files import faulty_agencies_table, faulty_files_table
from sohoa.report.sections.opened_incidents import incidents_table
from sohoa.report.sections.part import Part
from sohoa.report.sentences import AGENCY_NAME, DEFECT
from sohoa.steering.dirty_glass import DirtyGlass, read_dirty_glass
from sohoa.store import Store

CLASSES = (*(("paper", paper) for paper in PAPERS), *(("cover", cover) for cover in COVERS))
"""(column, value) of the classes of documents, in the order of the table."""
_DOCUMENTS = ["agency", "document_id", "dossier_code", "title", "paper", "cover", "not_scanned", "is_received"]
_DOCUMENTS += [
    "pages_declared",
    "note_pages",
    "pages_found",
    "pages_accepted",
    "verdict",
    "defects",
    "batch",
    "replaces",
    "decision",
]
_PAGES = ["agency", "batch", "document_id", "file", "page_no", "verdict", "defects", "error"]

_OUTCOME = {
    "accepted": "accepted",
    "waived": "waived",
    "in_review": "review",
    "rejected": "rejected",
    "unreceived": "rejected",
    "replaced": "replaced",
}
"""State of a document -> where it is counted: as its return slip says, files missing or altered are scanned again."""


@dataclass(frozen=True)
class Scans:
    """What was scanned in a week."""

    documents: pa.Table
    before: pa.Table
    """The documents of the week before."""
    quality: pa.Table
    bad_pages: pa.Table
    """Rows of ``pages`` that are not accepted."""


def build(store: Store, week: Week) -> Part:
    """Make section II."""
    scans = read_scans(store, week)
    verdicts, defects = verdicts_table(scans), defects_table(scans)
    now = verdicts.row("week", "this")
    said = (
        f"Trong tuần nhận {count(now['received'])} tài liệu, {count(now['pages_found'])} trang; "
        f"{count(now['pages_accepted'])} trang đạt, bằng {percent(now['pages_percent'])}. Tài liệu: "
        f"{count(now['rejected'])} {label_vi('verdicts', 'rejected').lower()}, "
        f"{count(now['review'])} {label_vi('verdicts', 'review').lower()}."
    )
    tables = (
        verdicts,
        defects,
        document_defects_table(scans),
        classes_table(scans),
        not_scanned_table(scans),
        glass_table(read_dirty_glass(store, week.back(3).first, week.last), week),
        incidents_table(store, week),
        errors_table(store, week),
    )
    files = faulty_files_table(scans.documents, scans.bad_pages, week)
    return Part((said,), tables, (pareto_chart(defects),), (faulty_agencies_table(files, week), files))


def read_scans(store: Store, week: Week) -> Scans:
    """Read the scans of a week: of the pages only those that are not accepted, a day at a time."""
    documents, before = (
        add_decisions(*(store.read_table(name, some.days) for name in ("documents", "reviews"))).select(_DOCUMENTS)
        for some in (week, week.before)
    )
    bad = [
        rows.select(_PAGES).filter(pc.fill_null(pc.not_equal(rows["verdict"], "accepted"), True))
        for day in week.days
        for rows in (store.read_table("pages", [day]),)
    ]
    return Scans(documents, before, store.read_table("quality_daily", week.days), pa.concat_tables(bad))


def verdicts_table(scans: Scans) -> Table:
    """Make one row for this week and one for the week before: what was received and how it was judged."""
    columns = (
        Column("week", "Tuần", "Week", "label", labels="weeks"),
        Column("received", "Tài liệu đã nhận", "Documents received", "count", "tài liệu"),
        *(Column(name, label_vi("verdicts", name), name.capitalize(), "count", "tài liệu") for name in VERDICTS),
        Column("waived", label_vi("outcomes", "waived"), "Waived", "count", "tài liệu"),
        Column("pages_found", "Trang đã nhận", "Pages", "count", "trang"),
        Column("pages_accepted", "Trang đạt", "Pages accepted", "count", "trang"),
        Column("pages_percent", "Tỷ lệ trang đạt", "Share of pages accepted", "percent", "%"),
    )
    rows = tuple(
        {"week": week, **_count_verdicts(documents)}
        for week, documents in (("this", scans.documents), ("before", scans.before))
    )
    note = (
        f"“{label_vi('verdicts', 'rejected')}” gồm cả tài liệu có tệp thiếu hoặc bị thay đổi, như phiếu trả lại đã "
        "ghi; tài liệu đã được quét thay không tính vào cột nào."
    )
    return Table("verdicts", "Kết quả kiểm tra bản quét", "Verdicts", columns, rows, note)


def defects_table(scans: Scans) -> Table:
    """List defects of pages by cause, most pages first, with the share that the causes so far make up."""
    bad: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    for row in scans.quality.select(["defect", "pages_bad", "pages_judged"]).to_pylist():
        bad[row["defect"]] += row["pages_bad"]
        judged[row["defect"]] += row["pages_judged"]
    so_far, rows, alone = 0, [], held_alone(scans)
    for defect in _most_first(bad):
        so_far += bad[defect]
        rows.append(
            {
                "defect": defect,
                "pages_bad": bad[defect],
                "pages_judged": judged[defect],
                "bad_percent": rate_percent(bad[defect], judged[defect]),
                "cumulative_percent": rate_percent(so_far, bad.total()),
                "documents_held": alone[defect],
            }
        )
    columns = (
        DEFECT,
        Column("pages_bad", "Trang lỗi", "Bad pages", "count", "trang"),
        Column("pages_judged", "Trang kiểm tra được", "Pages judged", "count", "trang"),
        Column("bad_percent", "Tỷ lệ lỗi", "Share bad", "percent", "%"),
        Column("cumulative_percent", "Cộng dồn", "Cumulative", "percent", "%"),
        Column("documents_held", "Tài liệu chỉ vướng lỗi này", "Documents held back by it alone", "count", "tài liệu"),
    )
    note = (
        "Một trang có thể có nhiều lỗi. Tỷ lệ lỗi: trang lỗi trên trang kiểm tra được lỗi đó, kể cả trang của "
        "tài liệu chưa nhận đủ tệp. Cột cuối: tài liệu phải "
        "quét lại hoặc chờ người kiểm tra, và sẽ đạt nếu không có lỗi này."
    )
    return Table("defects", "Lỗi bản quét theo nguyên nhân", "Defects by cause", columns, tuple(rows), note)


def held_alone(scans: Scans) -> Counter[str]:
    """Count the documents that are held back by one defect alone, by that defect: those that mending it would free."""
    states = document_states(scans.documents)
    held = scans.documents.filter(pc.is_in(states, pa.array(["rejected", "in_review"])))
    found: dict[tuple[str, str], set[str]] = {
        (row["agency"], row["document_id"]): set(row["defects"] or ()) for row in held.to_pylist()
    }
    for page in scans.bad_pages.select(["agency", "document_id", "defects"]).to_pylist():
        if (key := (page["agency"], page["document_id"])) in found:
            found[key] |= set(page["defects"] or ())
    return Counter(name for names in found.values() if len(names) == 1 for name in names)


def document_defects_table(scans: Scans) -> Table:
    """List defects that a document has as a whole: pages missing, files that differ from the manifest."""
    found = Counter(name for defects in scans.documents["defects"].to_pylist() for name in set(defects or ()))
    rows = tuple({"defect": defect, "documents": found[defect]} for defect in _most_first(found))
    columns = (DEFECT, Column("documents", "Tài liệu", "Documents", "count", "tài liệu"))
    return Table("document_defects", "Lỗi của cả tài liệu", "Defects of whole documents", columns, rows)


def classes_table(scans: Scans) -> Table:
    """Make one row per paper and one per cover: how many pages are not accepted, and the commonest defect."""
    rows = []
    for column, value in CLASSES:
        documents = scans.documents.filter(pc.equal(scans.documents[column], value))
        received, found, accepted = _pages_of(documents)
        not_scanned = len(documents) - documents["not_scanned"].null_count
        if received or not_scanned:
            rows.append(
                {
                    "class": value,
                    "received": received,
                    "not_scanned": not_scanned,
                    "pages_found": found,
                    "pages_not_accepted": found - accepted,
                    "bad_percent": rate_percent(found - accepted, found),
                    "commonest": _commonest(scans.quality, column, value),
                }
            )
    columns = (
        Column("class", "Loại", "Class", "label", labels="classes"),
        Column("received", "Tài liệu đã nhận", "Documents received", "count", "tài liệu"),
        Column("not_scanned", "Kê khai không quét", "Declared, not scanned", "count", "tài liệu"),
        Column("pages_found", "Trang đã nhận", "Pages", "count", "trang"),
        Column("pages_not_accepted", "Trang chưa đạt", "Pages not accepted", "count", "trang"),
        Column("bad_percent", "Tỷ lệ chưa đạt", "Share not accepted", "percent", "%"),
        Column("commonest", "Lỗi hay gặp nhất", "Commonest defect", "label", labels="defects"),
    )
    return Table("classes", "Bản quét theo khổ giấy và loại bìa", "By paper and cover", columns, tuple(rows))


def not_scanned_table(scans: Scans) -> Table:
    """List documents that were declared without a scan, and their sheets on paper, by reason."""
    documents, sheets = Counter[str](), Counter[str]()
    for row in scans.documents.select(["not_scanned", "pages_declared", "note_pages"]).to_pylist():
        if row["not_scanned"]:
            documents[row["not_scanned"]] += 1
            sheets[row["not_scanned"]] += row["pages_declared"] - (row["note_pages"] or 0)
    columns = (
        Column("reason", "Lý do", "Reason", "label", labels="not_scanned_reasons"),
        Column("documents", "Tài liệu", "Documents", "count", "tài liệu"),
        Column("sheets", "Tờ chưa quét", "Sheets", "count", "tờ"),
    )
    rows = tuple(
        {"reason": reason, "documents": documents[reason], "sheets": sheets[reason]}
        for reason in NOT_SCANNED_REASONS
        if documents[reason]
    )
    note = "Lý do như cơ quan kê khai, có thể khác khổ giấy và loại bìa mà cơ quan kê trong bảng trên."
    return Table("not_scanned", "Tài liệu kê khai nhưng không quét", "Declared without scan", columns, rows, note)


def glass_table(found: list[DirtyGlass], week: Week) -> Table:
    """List the scanners whose glass needs cleaning, and where, most pages first; none of an office that is no more."""
    columns = (
        AGENCY_NAME,
        Column("device_id", "Máy quét", "Scanner", "code"),
        Column("x_mm", "Vị trí từ mép trái", "From the left edge", "count", "mm"),
        Column("first_day", "Từ ngày", "First day", "date"),
        Column("last_day", "Đến ngày", "Last day", "date"),
        Column("days", "Số ngày có sọc", "Days with the streak", "count", "ngày"),
        Column("pages", "Trang có sọc", "Pages", "count", "trang"),
    )
    standing = [glass for glass in found if _stands(glass, week)]
    ordered = sorted(standing, key=lambda glass: -glass.pages)
    rows = tuple(_glass_row(glass, week) for glass in ordered)
    return Table("dirty_glass", "Máy quét cần lau mặt kính (bốn tuần)", "Scanners to clean", columns, rows)


def _stands(glass: DirtyGlass, week: Week) -> bool:
    owner = owner_at(glass.agency, glass.last_day)
    return owner is not None and owner.stands_on(week.last)


def _glass_row(glass: DirtyGlass, week: Week) -> Row:
    owner = owner_at(glass.agency, glass.last_day)
    return {
        "agency_name": full_name(glass.agency, glass.last_day, week.last),
        "valid_from": owner and owner.valid_from,
        **asdict(glass),
    }


def _count_verdicts(documents: pa.Table) -> dict[str, Any]:
    rows = documents.append_column("state", document_states(documents)).select(["state", "not_scanned"]).to_pylist()
    counts = Counter(_OUTCOME[row["state"]] for row in rows if row["not_scanned"] is None)
    received, found, accepted = _pages_of(documents)
    return {
        "received": received,
        **{name: counts[name] for name in (*VERDICTS, "waived")},
        "pages_found": found,
        "pages_accepted": accepted,
        "pages_percent": rate_percent(accepted, found),
    }


def _pages_of(documents: pa.Table) -> tuple[int, int, int]:
    """Documents received, and of their pages those found and those accepted."""
    received = documents.filter(documents["is_received"])
    found, accepted = (int(pc.sum(received[name]).as_py() or 0) for name in ("pages_found", "pages_accepted"))
    return len(received), found, accepted


def _commonest(quality: pa.Table, column: str, value: str) -> str | None:
    """The defect that most pages of a class have."""
    bad: Counter[str] = Counter()
    for row in quality.filter(pc.equal(quality[column], value)).select(["defect", "pages_bad"]).to_pylist():
        bad[row["defect"]] += row["pages_bad"]
    best = max(bad, key=lambda name: (bad[name], name), default=None)
    return best if best is not None and bad[best] else None


def _most_first(counts: Counter[str]) -> list[str]:
    return sorted((name for name in counts if counts[name]), key=lambda name: (-counts[name], name))
