"""Scans gathered into the batches that an office sends, and the manifest of each."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sohoa.simulate.offices import Office
from sohoa.simulate.plan_scans import HASH_MISMATCH, MISSING_PAGE, Scan
from sohoa.simulate.sample_names import person
from sohoa.simulate.seeded_draws import generator

MISSING_PAGES = 2  # pages promised that are in no file
LARGE_SCANNER, SCANNER = "KL1", "MQ1"
"""What the id of a scanner ends with."""


@dataclass(frozen=True)
class Batch:
    """One batch: what one office scanned on one device in one day, itself or through the post office."""

    id: str
    scans: tuple[Scan, ...]

    @property
    def office(self) -> Office:
        """Who sends it."""
        return self.scans[0].office

    @property
    def scan_date(self) -> date:
        """The day inside its id."""
        return self.scans[0].scan_date


@dataclass(frozen=True)
class FileFacts:
    """A file as written: name, true SHA-256 and size in bytes."""

    name: str
    sha256: str
    bytes: int


def batch_id(agency: str, day: date, number: int) -> str:
    """Return the id of a batch."""
    return f"{agency}-{day:%Y%m%d}-{number:03d}"


def gather_batches(scans: Iterable[Scan]) -> list[Batch]:
    """Return the batches in the order of their days and ids."""
    groups: dict[tuple[date, str], list[Scan]] = defaultdict(list)
    for scan in scans:
        groups[scan.scan_date, batch_id(scan.office.agency.code, scan.scan_date, scan.batch)].append(scan)
    return [Batch(name, tuple(group)) for (_, name), group in sorted(groups.items())]


def manifest(batch: Batch, files: dict[str, Sequence[FileFacts]], seed: int) -> dict[str, Any]:
    """Return the manifest of a batch as its office declares it; ``files`` are those of each full id."""
    agency, first = batch.office.agency, batch.scans[0]
    operator = person(generator(seed, "operator", agency.code, str(first.by_post)))
    return {
        "schema_version": 1,
        "agency": agency.code,
        "batch": batch.id,
        "scan_date": batch.scan_date.isoformat(),
        "operator": operator,
        **({"operator_org": batch.office.post} if first.by_post else {}),
        "device": _device(batch.office, is_large=first.paper != "a4"),
        "documents": [_declared(scan, files.get(scan.full_id, ())) for scan in batch.scans],
    }


def _device(office: Office, is_large: bool) -> dict[str, str]:
    code = office.agency.code
    if is_large:
        return {"id": f"{code}-{LARGE_SCANNER}", "model": "Máy quét khổ lớn (mẫu)", "kind": "large_format"}
    kind = "flatbed" if office.agency.kind == "commune" else "adf"
    return {"id": f"{code}-{SCANNER}", "model": f"Máy quét A4 {office.dpi} dpi (mẫu)", "kind": kind}


def _declared(scan: Scan, files: Sequence[FileFacts]) -> dict[str, Any]:
    lost = MISSING_PAGES if scan.defect == MISSING_PAGE else 0
    return {
        "document_id": scan.id,
        "dossier_code": scan.dossier_code,
        "procedure_code": scan.procedure.code,
        "kind": scan.kind,
        "title": scan.title,
        "content": scan.content,
        "paper": scan.paper,
        "cover": scan.cover,
        "physical_pages": scan.pages + lost,
        "note_pages": list(scan.note_pages),
        **({"replaces": scan.replaces} if scan.replaces else {}),
        **({"not_scanned": scan.not_scanned} if scan.not_scanned else {}),
        "files": [
            {"path": file.name, "sha256": _claimed_hash(scan, number, file), "bytes": file.bytes, "role": "page"}
            for number, file in enumerate(files, start=1)
        ],
    }


def _claimed_hash(scan: Scan, number: int, file: FileFacts) -> str:
    lies = scan.defect == HASH_MISMATCH
    if lies and (scan.format != "jpeg" or number in scan.bad_pages):
        return hashlib.sha256(b"another version of " + file.name.encode()).hexdigest()
    return file.sha256
