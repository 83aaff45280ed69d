"""The index of a package: a row per dossier and a row per file, as CSV that spreadsheets open.

Fields of circular 05/2025/TT-BNV that nothing here knows (how long a dossier is kept, who may see it …) are there and
empty: whoever receives the package fills them in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sohoa.archive.marks import Marks
from sohoa.archive.originals import ArchivedDossier, Original
from sohoa.format_value import day as format_day
from sohoa.labels import LABELS, label_vi
from sohoa.quality.limit_entry import FILE_CODE, FileLimit
from sohoa.registry import full_name

DOSSIER_FIELDS = (
    "fileCode", "title", "maintenance", "mode", "language", "startDate", "endDate", "keyword", "totalDoc",
    "numberOfPaper", "numberOfPage", "format", "inforSign", "confidenceLevel", "paperFileCode", "riskRecovery",
    "riskRecoveryStatus", "description",
)  # fmt: skip
"""The 18 fields of a dossier in annexes I and III of the circular, in their order."""
DOSSIER_COLUMNS = (*DOSSIER_FIELDS, "procedure", "unit", "handling_agency")
FILE_COLUMNS = (
    "docCode", "fileCode", "docOrdinal", "subject", "typeName", "numberOfPage", "confidenceLevel", "path", "sent_as",
    "bytes", "sha256", "file_format", "pdf_a", "signature", "signature_place", "agency", "batch", "document_id",
    "procedure", "scan_date", "operator", "verdict", "defects", "notes", "decision", "approver", "reason",
    "decided_at", "limits", "remarks",
)  # fmt: skip
DIGITISED = "02"
"""Code of the circular for a level of trust: digitised from paper."""
_ACTIVE = re.compile(r"[=+\-@\t\r]")
"""What makes a spreadsheet take a cell for a formula."""


@dataclass(frozen=True)
class CheckedFile:
    """A file of a dossier, as read from where it was written."""

    original: Original
    marks: Marks | None
    """None where it is no PDF, or where they cannot be told."""
    broken: tuple[FileLimit, ...]
    """Limits of the archive that it breaks."""


def broken_limits(
    limits: Iterable[FileLimit], code: str, original: Original, marks: Marks | None
) -> tuple[FileLimit, ...]:
    """Return the limits of the archive that a file breaks; what cannot be told breaks none.

    Args:
        limits: of a profile.
        code: of its dossier.
        original: the file.
        marks: of a PDF; None where there are none to be told.
    """
    return tuple(limit for limit in limits if not _holds(limit, code, original, marks))


def dossiers_csv(dossiers: Sequence[ArchivedDossier]) -> bytes:
    """Write the index of dossiers."""
    return _csv(DOSSIER_COLUMNS, (_dossier_row(one) for one in dossiers))


def files_csv(dossiers: Sequence[ArchivedDossier], checked: Mapping[str, CheckedFile]) -> bytes:
    """Write the index of files.

    Args:
        dossiers: in their order.
        checked: path in the package -> the file.
    """
    rows = (
        _file_row(dossier, number, f"{dossier.folder}/{one.name}", checked[f"{dossier.folder}/{one.name}"])
        for dossier in dossiers
        for number, one in enumerate(dossier.originals, start=1)
    )
    return _csv(FILE_COLUMNS, rows)


def left_csv(named: Iterable[tuple[str, str, str]]) -> bytes:
    """Write the list of what was not handed over: reason, dossier or agency, document."""
    rows = ({"reason": label_vi("archive_reasons", why), "fileCode": where, "document_id": what}
            for why, where, what in named)  # fmt: skip
    return _csv(("fileCode", "document_id", "reason"), rows)


def _holds(limit: FileLimit, code: str, original: Original, marks: Marks | None) -> bool:
    if limit.check == "file_name":
        stem = original.file.path.rpartition("/")[2].rpartition(".")[0]
        return re.fullmatch(str(limit.limit).replace(FILE_CODE, re.escape(code)), stem) is not None
    if limit.check == "signature_place":
        places = _places(original, marks)
        return "unknown" in places or set(places) <= set(limit.limit)
    return original.page.get("format") != "pdf" or marks is None or (marks["pdf_a"] or "none") in limit.limit


def _places(original: Original, marks: Marks | None) -> list[str]:
    if original.page.get("format") != "pdf" or not original.page.get("has_signature"):
        return ["none"]
    return ["unknown"] if marks is None else marks["places"] or ["hidden"]


def _dossier_row(dossier: ArchivedDossier) -> dict[str, Any]:
    known = dossier.dossier
    documents = {(one.row["agency"], one.row["document_id"]): one for one in dossier.originals}.values()
    results = [one.document.title for one in documents if one.document.kind in {"result", "backlog_result"}]
    scanned = [one.row["scan_date"] for one in documents]
    start, end = known.get("lodged_at") or min(scanned), known.get("finished_at") or max(scanned)
    day = min(scanned)
    return {
        "fileCode": dossier.code,
        "title": results[0] if results else next(iter(documents)).document.title,
        "startDate": _day(start),
        "endDate": _day(end),
        "totalDoc": len(documents),
        "numberOfPage": sum(one.row["pages_found"] for one in documents),
        "confidenceLevel": DIGITISED,
        "paperFileCode": known.get("dossier_code") or dossier.code,
        "procedure": known.get("procedure_code") or next(iter(documents)).document.procedure_code,
        "unit": _name(known.get("unit_code"), known.get("dossier_date") or day),
        "handling_agency": _name(known.get("handling_agency"), known.get("dossier_date") or day),
    }


def _file_row(dossier: ArchivedDossier, number: int, path: str, checked: CheckedFile) -> dict[str, Any]:
    one, marks = checked.original, checked.marks
    page, row = one.page, one.row
    return {
        "docCode": one.name.rpartition(".")[0],
        "fileCode": dossier.code,
        "docOrdinal": number,
        "subject": one.document.title,
        "typeName": label_vi("document_kinds", one.document.kind),
        "numberOfPage": row["pages_found"],
        "confidenceLevel": DIGITISED,
        "path": f"data/{path}",
        "sent_as": one.file.path,
        "bytes": one.file.bytes,
        "sha256": one.file.sha256,
        "file_format": " ".join(filter(None, (page.get("format"), page.get("pdf_version")))),
        "pdf_a": marks["pdf_a"] if marks else "",
        "signature": _signature(page),
        "signature_place": "; ".join(label_vi("signature_places", place) for place in _places(one, marks)),
        "agency": _name(row["agency"], row["scan_date"]),
        "batch": row["batch"],
        "document_id": row["document_id"],
        "procedure": one.document.procedure_code,
        "scan_date": _day(row["scan_date"]),
        "operator": row["operator"],
        "verdict": label_vi("verdicts", row["verdict"]),
        "defects": "; ".join(label_vi("defects", name) for name in row["defects"] or ()),
        "notes": "; ".join(label_vi("defects", name) for name in row["notes"] or ()),
        "decision": label_vi("decisions", one.decision["decision"]) if one.decision else "",
        "approver": one.decision.get("approver"),
        "reason": one.decision.get("reason"),
        "decided_at": one.decision.get("decided_at"),
        "limits": one.batch["thresholds_version"],
        "remarks": "; ".join(label_vi("archive_checks", limit.check) for limit in checked.broken),
    }


def _signature(page: Mapping[str, Any]) -> str:
    if not page.get("has_signature"):
        return label_vi("signature_places", "none")
    return label_vi("signature_states", page.get("signature_state") or "unchecked")


def _name(code: str | None, day: date) -> str:
    return "" if code is None else f"{code} {full_name(code, day, day)}"


def _day(value: date | datetime) -> str:
    return format_day(value.date() if isinstance(value, datetime) else value)


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Write UTF-8 with a byte-order mark, by which spreadsheets know it; no cell of it is a formula."""
    names, sink = LABELS["archive_columns"], io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(f"{names[column].vi} ({column})" for column in columns)
    writer.writerows([_text(row.get(column)) for column in columns] for row in rows)
    return sink.getvalue().encode("utf-8-sig")


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if _ACTIVE.match(text) else text
