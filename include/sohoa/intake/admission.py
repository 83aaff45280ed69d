"""Discovery and admission: which markers lie in the inbox, and which of them become batches."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

from sohoa import layout, registry
from sohoa.errors import ObjectMissing
from sohoa.intake.check_run import ADMITTED, OTHER_CONTENT, REFUSED, REPEATED, Entry, Marker
from sohoa.intake.manifest import Document, Manifest, Refusal, parse_manifest
from sohoa.settings import TIME_ZONE, Settings
from sohoa.store import Store

_THREADS = 8


def discover_markers(store: Store) -> list[Marker]:
    """One LIST of the inbox, then a stat of each marker; in the order in which they were received."""
    keys = [item.key for item in store.list_objects(layout.LANDING, layout.INBOX)]
    with ThreadPoolExecutor(_THREADS) as pool:
        found = [info for info in pool.map(lambda key: store.stat(layout.LANDING, key), keys) if info is not None]
    markers = [
        Marker(info.key, info.version_id, info.etag, info.size, info.last_modified.astimezone(TIME_ZONE).isoformat())
        for info in found
    ]
    return sorted(markers, key=lambda marker: (marker.received, marker.batch.rpartition("-")[0][-8:], marker.key))


@dataclass(frozen=True)
class KnownDocument:
    """What is kept of a document id that an agency has used."""

    batch: str
    dossier_key: str | None
    kind: str


class Documents:
    """The document ids in use: those in the store, and those of this run that are not there yet."""

    def __init__(self, store: Store) -> None:
        """Look documents up in ``store``."""
        self._store = store
        self._new: dict[tuple[str, str], KnownDocument] = {}

    def find(self, agency: str, document_id: str) -> KnownDocument | None:
        """The document under that id, None where the agency has not used it."""
        if (agency, document_id) in self._new:
            return self._new[agency, document_id]
        try:
            row = self._store.get_json(layout.WAREHOUSE, layout.document_key(agency, document_id))
        except ObjectMissing:
            return None
        return KnownDocument(**row)

    def add(self, manifest: Manifest) -> None:
        """Take the documents of a batch admitted in this run."""
        for document in manifest.documents:
            known = KnownDocument(manifest.batch, document.dossier_key, document.kind)
            self._new[manifest.agency, document.document_id] = known


def admit(store: Store, markers: list[Marker]) -> list[Entry]:
    """Decide about each marker, in the order given: a later batch may replace documents of an earlier one."""
    limit = store.settings.max_manifest_bytes
    documents = Documents(store)
    with ThreadPoolExecutor(_THREADS) as pool:
        bodies = list(pool.map(lambda marker: read_manifest(store, marker, limit), markers))
        committed = list(pool.map(lambda marker: _committed(store, marker), markers))
    return [
        _decide(documents, marker, body, row, store.settings)
        for marker, body, row in zip(markers, bodies, committed, strict=True)
        if body is not None
    ]


def read_manifest(store: Store, marker: Marker, limit: int) -> bytes | None:
    """The manifest's bytes of that very version: empty where there are more than ``limit``, None where it is gone."""
    try:
        return store.get(layout.LANDING, marker.key, limit, marker.version_id) if marker.size <= limit else b""
    except ObjectMissing:
        return None


def _committed(store: Store, marker: Marker) -> dict[str, Any] | None:
    """The row of the batch already admitted under this marker's id, with whether it was settled."""
    day = layout.batch_date(marker.batch, marker.agency)
    if day is None:
        return None
    rows: list[dict[str, Any]] = store.read_table("batches", [day], name=marker.batch).to_pylist()
    if not rows or rows[0]["refusal"] is not None:
        return None
    key = layout.manifest_key(marker.agency, marker.batch, rows[0]["manifest_sha256"])
    return rows[0] | {"is_settled": store.stat(layout.WAREHOUSE, key) is not None}


def _decide(
    documents: Documents, marker: Marker, body: bytes, committed: dict[str, Any] | None, settings: Settings
) -> Entry:
    sha256 = hashlib.sha256(body).hexdigest()
    day = layout.batch_date(marker.batch, marker.agency)
    name = marker.batch if day is not None else _stand_in(marker)
    where = (sha256, name, day or marker.received.date())
    if committed is not None and committed["manifest_sha256"] != sha256:
        return Entry(marker, OTHER_CONTENT, *where, code="batch_already_committed")
    if committed is not None and committed["is_settled"]:
        return Entry(marker, REPEATED, *where)
    try:
        manifest = _check(documents, marker, body, settings)
    except Refusal as refusal:
        return Entry(marker, REFUSED, *where, code=refusal.code, problems=refusal.problems)
    documents.add(manifest)
    return Entry(marker, ADMITTED, *where)


def _stand_in(marker: Marker) -> str:
    return "invalid-" + hashlib.sha256(marker.key.encode()).hexdigest()[:12]


def _check(documents: Documents, marker: Marker, body: bytes, settings: Settings) -> Manifest:
    if not marker.batch or "/" in marker.batch:
        raise Refusal("stray_object")
    if registry.find_agency(marker.agency) is None:
        raise Refusal("unknown_agency")
    if layout.batch_date(marker.batch, marker.agency) is None:
        raise Refusal("malformed_batch_id")
    if marker.size > settings.max_manifest_bytes:
        raise Refusal("manifest_too_large")
    manifest = parse_manifest(body)
    if manifest.agency != marker.agency:
        raise Refusal("agency_mismatch")
    if manifest.batch != marker.batch:
        raise Refusal("batch_mismatch")
    if manifest.scan_date > _local_day(marker):
        raise Refusal("scan_date_in_future")
    for document in manifest.documents:
        if any(file.bytes > settings.max_file_bytes for file in document.files):
            raise Refusal("absurd_size", [_about(document, "tệp quá lớn", "a file is too large")])
        _check_document(documents, manifest, document)
    return manifest


def _local_day(marker: Marker) -> date:
    return marker.received.date()


def _check_document(documents: Documents, manifest: Manifest, document: Document) -> None:
    known = documents.find(manifest.agency, document.document_id)
    if known is not None and known.batch != manifest.batch:
        raise Refusal("document_id_used", [_about(document, f"đã có trong lô {known.batch}", f"is in {known.batch}")])
    if document.replaces is None:
        return
    old = documents.find(manifest.agency, document.replaces)
    if old is None or old.batch == manifest.batch:
        raise Refusal("replaces_unknown", [_about(document, f"không có {document.replaces}", "no such document")])
    if (old.dossier_key, old.kind) != (document.dossier_key, document.kind):
        raise Refusal(
            "replaces_mismatch",
            [_about(document, f"{document.replaces} thuộc hồ sơ hoặc loại khác", "another dossier or kind")],
        )


def _about(document: Document, vi: str, en: str) -> dict[str, str]:
    return {"where": document.document_id, "vi": vi, "en": en}
