"""Documents gathered into the batches that an office sends, and the manifest of each."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sohoa.simulate.offices import Office
from sohoa.simulate.plan_scans import Document
from sohoa.simulate.sample_names import person
from sohoa.simulate.seeded_draws import generator

MISSING_PAGES = 2  # pages promised that are in no file


@dataclass(frozen=True)
class Batch:
    """One batch: what one office scanned on one device in one day, itself or through the post office."""

    id: str
    office: Office
    scan_date: date
    is_large: bool
    by_post: bool
    documents: tuple[Document, ...]


@dataclass(frozen=True)
class FileFacts:
    """A file as written: name, true SHA-256 and size in bytes."""

    name: str
    sha256: str
    bytes: int


def gather_batches(documents: list[Document]) -> list[Batch]:
    """The batches in the order of their days and ids."""
    groups: dict[tuple[date, str, bool, bool], list[Document]] = defaultdict(list)
    for document in documents:
        large = document.paper != "a4"
        by_post = document.office.post is not None and document.dossier is not None and document.dossier.channel == 3
        groups[document.scan_date, document.office.agency.code, large, by_post].append(document)
    numbers: dict[tuple[date, str], int] = defaultdict(int)
    found = []
    for (day, agency, large, by_post), group in sorted(groups.items()):
        numbers[day, agency] += 1
        name = f"{agency}-{day:%Y%m%d}-{numbers[day, agency]:03d}"
        found.append(Batch(name, group[0].office, day, large, by_post, tuple(group)))
    return found


def manifest(batch: Batch, files: dict[str, Sequence[FileFacts]], seed: int) -> dict[str, Any]:
    """The manifest of a batch as its office declares it; ``files`` are those of each document id."""
    agency = batch.office.agency.code
    operator = person(generator(seed, "operator", agency, str(batch.by_post)))
    return {
        "schema_version": 1,
        "agency": agency,
        "batch": batch.id,
        "scan_date": batch.scan_date.isoformat(),
        "operator": operator,
        **({"operator_org": batch.office.post} if batch.by_post else {}),
        "device": _device(batch),
        "documents": [_declared(document, files.get(document.id, ())) for document in batch.documents],
    }


def _device(batch: Batch) -> dict[str, str]:
    agency = batch.office.agency
    if batch.is_large:
        return {"id": f"{agency.code}-KL1", "model": "Máy quét khổ lớn (mẫu)", "kind": "large_format"}
    kind = "flatbed" if agency.kind == "commune" else "adf"
    return {"id": f"{agency.code}-MQ1", "model": f"Máy quét A4 {batch.office.dpi} dpi (mẫu)", "kind": kind}


def _declared(document: Document, files: Sequence[FileFacts]) -> dict[str, Any]:
    lost = MISSING_PAGES if document.defect == "missing_page" else 0
    return {
        "document_id": document.id,
        "dossier_code": document.dossier.usual_code if document.dossier else None,
        "procedure_code": document.procedure.code,
        "kind": document.kind,
        "title": document.title,
        "content": document.content,
        "paper": document.paper,
        "cover": document.cover,
        "physical_pages": document.pages + lost,
        "note_pages": list(document.note_pages),
        **({"replaces": document.replaces} if document.replaces else {}),
        **({"not_scanned": document.not_scanned} if document.not_scanned else {}),
        "files": [
            {"path": file.name, "sha256": _claimed_hash(document, number, file), "bytes": file.bytes, "role": "page"}
            for number, file in enumerate(files, start=1)
        ],
    }


def _claimed_hash(document: Document, number: int, file: FileFacts) -> str:
    lies = document.defect == "hash_mismatch"
    if lies and (document.format != "jpeg" or number in document.bad_pages):
        return hashlib.sha256(b"another version of " + file.name.encode()).hexdigest()
    return file.sha256
