"""Discovery and admission: which markers lie in the inbox, and which of them become batches.

The only reader of manifests: what they declare goes from here to the later steps.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

import pyarrow as pa

from sohoa import layout
from sohoa.capacity.inbox import list_inbox
from sohoa.capacity.quotas import Ledger
from sohoa.errors import ObjectDamaged, ObjectMissing, ObjectRefused, ObjectTooLarge
from sohoa.intake.check_run import ADMITTED, HELD, OTHER_CONTENT, REFUSED, REPEATED, Entry, Marker
from sohoa.intake.manifest import Document, Manifest
from sohoa.intake.manifest_faults import Fault, Refusal
from sohoa.intake.manifest_rules import Arrival, read_and_check
from sohoa.known_documents import KnownDocument, find_documents, load_documents
from sohoa.logs import get_logger
from sohoa.settings import TIME_ZONE, Settings
from sohoa.store import THREADS, ObjectInfo, Store

log = get_logger(__name__)


class Admission(NamedTuple):
    """What was decided about one marker; its manifest where one of its size is kept."""

    entry: Entry
    body: bytes | None


class Committed(NamedTuple):
    """The content that was admitted under a batch id; settled once its manifest has been kept."""

    sha256: str
    is_settled: bool


@dataclass
class _Used:
    """What a run has taken of one agency."""

    batches: int = 0
    documents: int = 0
    bytes: int = 0


def discover_markers(store: Store, owed: list[Marker]) -> list[Marker]:
    """List the inbox, one LIST and a stat of each marker; with ``owed`` ones, in the order in which they were received.

    Of each agency at most ``settings.share_batches``, the oldest first: what is left waits for the next run. An owed
    marker stays to be done when its agency has withdrawn it or written another over it.
    """
    inbox = list_inbox(store)
    for agency, count in sorted(inbox.left.items()):
        log.warning("batches_wait", agency=agency, waiting=count)
    markers = [marker for marker in store.each(partial(_stat_marker, store), inbox.taken) if marker is not None]
    return sorted(dict.fromkeys([*owed, *markers]), key=_order)


def _stat_marker(store: Store, listed: ObjectInfo) -> Marker | None:
    try:
        found = store.stat(layout.LANDING, listed.key)
    except ObjectRefused:  # told as a refusal when it is to be read
        found = listed
    if found is None:
        return None
    received = found.last_modified.astimezone(TIME_ZONE).isoformat()
    return Marker(found.key, found.version_id, found.etag, found.size, received)


def _order(marker: Marker) -> tuple[datetime, str, str]:
    """Sort key: a batch of an earlier scan date may be replaced by one that came in the same second."""
    found = layout.BatchId.parse(marker.batch)
    return marker.received, found.scan_date.isoformat() if found else "", marker.key


class Documents:
    """The document ids in use: those in the store, and those of this run that are not there yet."""

    def __init__(self, store: Store) -> None:
        """Look documents up in ``store``."""
        self._store, self.settings = store, store.settings
        self._known: dict[str, pa.Table] = {}
        self._new: dict[tuple[str, str], KnownDocument] = {}

    def find(self, agency: str, documents: Iterable[Document]) -> dict[str, KnownDocument]:
        """Find what is known of the ids that documents of an agency use or replace, by id."""
        if agency not in self._known:
            self._known[agency] = load_documents(self._store, agency)
        ids = {name for one in documents for name in (one.document_id, one.replaces) if name is not None}
        new = {name: self._new[agency, name] for name in ids if (agency, name) in self._new}
        return find_documents(self._known[agency], ids) | new

    def add(self, manifest: Manifest) -> None:
        """Take the documents of a batch admitted in this run."""
        for document in list_known(manifest):
            self._new[manifest.agency, document.document_id] = document


def list_known(manifest: Manifest) -> list[KnownDocument]:
    """List what is to be kept of the documents of a batch."""
    return [
        KnownDocument(document.document_id, manifest.batch, document.dossier_key, document.kind)
        for document in manifest.documents
    ]


def admit(store: Store, markers: list[Marker]) -> Iterator[Admission]:
    """Decide about markers one at a time, in the order given: a later batch may replace documents of an earlier one.

    A batch with which its agency would pass its share of documents or bytes is not decided about: it waits for the
    next run, and so does all that the agency sent after it. So does, held, a batch of an agency of which an object is
    damaged.
    """
    documents, ledger, admitted = Documents(store), Ledger(store), dict[str, Committed]()
    used = defaultdict[str, _Used](_Used)
    is_waiting: Counter[str] = Counter()
    for start in range(0, len(markers), THREADS):
        chunk = markers[start : start + THREADS]
        committed = store.each(partial(_committed, store), chunk)
        for marker, body, known in zip(
            chunk, store.each(partial(_read_manifest, store), chunk), committed, strict=True
        ):
            if isinstance(body, _Gone):
                continue
            if is_waiting[marker.agency]:
                is_waiting[marker.agency] += 1
                continue
            try:
                found, manifest = _decide(documents, ledger, marker, body, admitted.get(marker.key, known))
            except ObjectDamaged as error:
                is_waiting[marker.agency] += 1
                yield Admission(_held(marker, error), None)
                continue
            if manifest is not None and not _fits(used[marker.agency], manifest, store.settings):
                is_waiting[marker.agency] += 1
                continue
            if manifest is not None:
                documents.add(manifest)
                ledger.take(marker.agency, marker.batch, marker.received.date(), *_size(manifest))
                admitted[marker.key] = Committed(found.sha256, is_settled=True)
                log.info(
                    "manifest_admitted", agency=marker.agency, batch=marker.batch, documents=len(manifest.documents)
                )
            yield Admission(found, body or None)
    ledger.save()
    for agency, count in sorted(is_waiting.items()):
        log.warning("batches_wait", agency=agency, waiting=count)


def _fits(used: _Used, manifest: Manifest, settings: Settings) -> bool:
    """Count a batch as taken, unless the agency has its share already; the first of an agency always fits."""
    size, _ = _size(manifest)
    documents = used.documents + len(manifest.documents)
    if used.batches and (documents > settings.share_documents or used.bytes + size > settings.share_bytes):
        return False
    used.batches, used.documents, used.bytes = used.batches + 1, documents, used.bytes + size
    return True


class _Gone:
    """The manifest was withdrawn meanwhile."""


def _read_manifest(store: Store, marker: Marker) -> bytes | _Gone | None:
    """The manifest's bytes of that very version: empty where there are too many, None where the store refuses it."""
    limit = store.settings.max_manifest_bytes
    try:
        return store.get(layout.LANDING, marker.key, limit, marker.version_id) if marker.size <= limit else b""
    except ObjectMissing:
        return _Gone()
    except ObjectTooLarge:  # another was put over it meanwhile
        return b""
    except ObjectRefused as error:
        log.warning("manifest_not_given", agency=marker.agency, batch=marker.batch, reason=str(error))
        return None


def _committed(store: Store, marker: Marker) -> Committed | ObjectDamaged | None:
    """The batch already admitted under this marker's id; the error where its row cannot be read."""
    day = layout.batch_date(marker.batch, marker.agency)
    try:
        rows = [] if day is None else store.read_table("batches", [day], name=marker.batch).to_pylist()
    except ObjectDamaged as error:
        return error
    if not rows or rows[0]["refusal"] is not None:
        return None
    sha256 = rows[0]["manifest_sha256"]
    kept = layout.manifest_key(marker.agency, marker.batch, sha256)
    return Committed(sha256, store.stat(layout.WAREHOUSE, kept) is not None)


def _decide(
    documents: Documents,
    ledger: Ledger,
    marker: Marker,
    body: bytes | None,
    committed: Committed | ObjectDamaged | None,
) -> tuple[Entry, Manifest | None]:
    if isinstance(committed, ObjectDamaged):
        raise committed
    entry = _entry(marker, body)
    sha256 = entry.sha256
    if committed is not None and committed.sha256 != sha256:
        return replace(entry, status=OTHER_CONTENT, code="batch_already_committed"), None
    if committed is not None and committed.is_settled:
        return replace(entry, status=REPEATED), None
    try:
        if body is None:
            raise Refusal("manifest_not_given")
        manifest = _check(documents, ledger, marker, body)
    except Refusal as refusal:
        log.warning("manifest_refused", agency=marker.agency, batch=marker.batch, reason=refusal.code)
        return replace(entry, code=refusal.code, problems=refusal.problems), None
    return replace(entry, status=ADMITTED), manifest


def _entry(marker: Marker, body: bytes | None) -> Entry:
    """A marker as one that is refused."""
    day = layout.batch_date(marker.batch, marker.agency)
    name = marker.batch if day is not None else layout.stand_in(marker.key)
    sha256 = hashlib.sha256(body or b"").hexdigest()
    return Entry(marker, REFUSED, sha256, name, day or marker.received.date(), has_copy=bool(body))


def _held(marker: Marker, error: ObjectDamaged) -> Entry:
    log.warning("batch_held", agency=marker.agency, batch=marker.batch, reason=str(error))
    return replace(_entry(marker, None), status=HELD, code=str(error))


def _check(documents: Documents, ledger: Ledger, marker: Marker, body: bytes) -> Manifest:
    """Return the manifest, or raise one Refusal with all that is wrong, as far as the manifest can be read."""
    arrival = Arrival(marker.agency, marker.batch, marker.received.date(), marker.size)
    reading = read_and_check(arrival, body, partial(documents.find, marker.agency), documents.settings)
    if reading.manifest is None:
        raise Refusal.of(reading.faults)
    manifest = reading.manifest
    fault = ledger.over_quota(manifest.agency, manifest.batch, marker.received.date(), *_size(manifest))
    if fault is not None:
        raise Refusal(fault.code, [Fault("", (), words) for words in fault.words])
    return manifest


def _size(manifest: Manifest) -> tuple[int, int]:
    """Bytes and number of the files that a manifest names."""
    sizes = [file.bytes for document in manifest.documents for file in document.files]
    return sum(sizes), len(sizes)
