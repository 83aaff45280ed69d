"""Discovery and admission: which markers lie in the inbox, and which of them become batches.

The only reader of manifests: what they declare goes from here to the later steps.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sohoa import layout, registry
from sohoa.days import ONE_DAY
from sohoa.dossier_code import dossier_day
from sohoa.errors import ObjectMissing
from sohoa.intake.check_run import ADMITTED, OTHER_CONTENT, REFUSED, REPEATED, Entry, Marker
from sohoa.intake.manifest import Document, Manifest, Refusal, parse_manifest
from sohoa.logs import get_logger
from sohoa.settings import TIME_ZONE, Settings
from sohoa.store import Store

log = get_logger(__name__)


class Admission(NamedTuple):
    """What was decided about one marker; the manifest where it was admitted."""

    entry: Entry
    manifest: Manifest | None = None


class Committed(NamedTuple):
    """The content that was admitted under a batch id; settled once its manifest has been kept."""

    sha256: str
    is_settled: bool


def discover_markers(store: Store, owed: list[Marker]) -> list[Marker]:
    """List the inbox, one LIST and a stat of each marker; with ``owed`` ones, in the order in which they were received.

    An owed marker stays to be done when its agency has withdrawn it or written another over it.
    """
    keys = [item.key for item in store.list_objects(layout.LANDING, layout.INBOX)]
    found = [info for info in store.each(partial(store.stat, layout.LANDING), keys) if info is not None]
    markers = [
        Marker(info.key, info.version_id, info.etag, info.size, info.last_modified.astimezone(TIME_ZONE).isoformat())
        for info in found
    ]
    return sorted(dict.fromkeys([*owed, *markers]), key=_order)


def _order(marker: Marker) -> tuple[datetime, str, str]:
    """Sort key: a batch of an earlier scan date may be replaced by one that came in the same second."""
    found = layout.BatchId.parse(marker.batch)
    return marker.received, found.scan_date.isoformat() if found else "", marker.key


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


def admit(store: Store, markers: list[Marker]) -> list[Admission]:
    """Decide about each marker, in the order given: a later batch may replace documents of an earlier one."""
    documents, admitted = Documents(store), dict[str, Committed]()
    bodies = store.each(partial(_read_manifest, store), markers)
    committed = store.each(partial(_committed, store), markers)
    decided = []
    for marker, body, known in zip(markers, bodies, committed, strict=True):
        if body is not None:
            found = _decide(documents, marker, body, admitted.get(marker.key, known), store.settings)
            if found.manifest is not None:
                admitted[marker.key] = Committed(found.entry.sha256, is_settled=True)
            decided.append(found)
    return decided


def _read_manifest(store: Store, marker: Marker) -> bytes | None:
    """The manifest's bytes of that very version: empty where there are too many, None where it is gone."""
    limit = store.settings.max_manifest_bytes
    try:
        return store.get(layout.LANDING, marker.key, limit, marker.version_id) if marker.size <= limit else b""
    except ObjectMissing:
        return None


def _committed(store: Store, marker: Marker) -> Committed | None:
    """The batch already admitted under this marker's id."""
    day = layout.batch_date(marker.batch, marker.agency)
    rows = [] if day is None else store.read_table("batches", [day], name=marker.batch).to_pylist()
    if not rows or rows[0]["refusal"] is not None:
        return None
    sha256 = rows[0]["manifest_sha256"]
    kept = layout.manifest_key(marker.agency, marker.batch, sha256)
    return Committed(sha256, store.stat(layout.WAREHOUSE, kept) is not None)


def _decide(
    documents: Documents, marker: Marker, body: bytes, committed: Committed | None, settings: Settings
) -> Admission:
    sha256 = hashlib.sha256(body).hexdigest()
    day = layout.batch_date(marker.batch, marker.agency)
    name = marker.batch if day is not None else layout.stand_in(marker.key)
    where = (sha256, name, day or marker.received.date())
    if committed is not None and committed.sha256 != sha256:
        return Admission(Entry(marker, OTHER_CONTENT, *where, code="batch_already_committed"))
    if committed is not None and committed.is_settled:
        return Admission(Entry(marker, REPEATED, *where))
    try:
        manifest = _check(documents, marker, body, settings)
    except Refusal as refusal:
        log.warning("manifest_refused", agency=marker.agency, batch=marker.batch, reason=refusal.code)
        return Admission(Entry(marker, REFUSED, *where, code=refusal.code, problems=refusal.problems))
    documents.add(manifest)
    log.info("manifest_admitted", agency=marker.agency, batch=marker.batch, documents=len(manifest.documents))
    return Admission(Entry(marker, ADMITTED, *where), manifest)


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
    if manifest.scan_date > marker.received.date():
        raise Refusal("scan_date_in_future")
    if manifest.scan_date < registry.agencies_of(marker.agency)[0].valid_from:
        raise Refusal("scan_date_before_agency")
    for document in manifest.documents:
        if any(file.bytes > settings.max_file_bytes for file in document.files):
            raise Refusal("absurd_size", [_about(document, "tệp quá lớn", "a file is too large")])
        key = document.dossier_key
        if key is not None and dossier_day(key) > marker.received.date() + ONE_DAY:
            raise Refusal("dossier_of_the_future", [_about(document, key, key)])
        _check_document(documents, manifest, document)
    return manifest


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
