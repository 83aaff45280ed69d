"""A small agency's batches as published: documents of two pages each, of any verdict."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pyarrow as pa

from sohoa.known_documents import KnownDocument, save_documents
from sohoa.schema import TABLES
from sohoa.store import Store

AGENCY = "H37.80.01"
DEFECT = {"accepted": (), "rejected": ("blurred",), "review": ("low_contrast",)}


def batch_of(day: date, number: int = 1, agency: str = AGENCY) -> str:
    return f"{agency}-{day:%Y%m%d}-{number:03d}"


def publish(store: Store, day: date, verdicts: Iterable[str], number: int = 1, agency: str = AGENCY) -> list[str]:
    """A batch whose documents have these verdicts; the first page of each has the defect. Returns their ids."""
    batch = batch_of(day, number, agency)
    documents, pages = [], []
    for place, verdict in enumerate(verdicts):
        name = f"{day:%m%d}-{number}-{place}"
        own: dict[str, Any] = {"agency": agency, "batch": batch, "document_id": name}
        code = f"H37.80.01-{day:%y%m%d}-{number:04d}"
        documents.append(
            own
            | {"verdict": verdict, "defects": [], "is_received": True, "kind": "component", "title": name}
            | {"dossier_key": f"H37.80.01-{day:%y%m%d}-{number}", "dossier_code": code}
        )
        for page_no, (page_verdict, defects) in enumerate([(verdict, DEFECT[verdict]), ("accepted", ())], 1):
            pages.append(
                own | {"file": f"{name}.pdf", "page_no": page_no, "verdict": page_verdict, "defects": list(defects)}
            )
    head = {"agency": agency, "batch": batch, "documents_declared": len(documents), "thresholds_version": "test"}
    store.write_table("batches", day, batch, pa.Table.from_pylist([head], TABLES["batches"]))
    store.write_table("documents", day, batch, pa.Table.from_pylist(documents, TABLES["documents"]))
    store.write_table("pages", day, batch, pa.Table.from_pylist(pages, TABLES["pages"]))
    known = [KnownDocument(one["document_id"], batch, one["dossier_key"], one["kind"]) for one in documents]
    save_documents(store, agency, known)
    return [str(one["document_id"]) for one in documents]
