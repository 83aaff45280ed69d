"""Which documents go to the archive: accepted ones of dossiers that have ended, and accepted results of the backlog.

Read day by day, so that a year of a province is never in memory at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout, registry
from sohoa.counting.document_states import REACHED, document_states
from sohoa.counting.join_dossiers import list_documents
from sohoa.days import each_day
from sohoa.enums import DOCUMENT_KINDS
from sohoa.errors import InputError, ObjectMissing, ObjectTooLarge
from sohoa.intake.manifest import Document, File, Manifest, parse_manifest
from sohoa.intake.manifest_faults import Refusal
from sohoa.store import Store

ENDED = (9, 10)
"""Statuses of dossiers whose work has ended with a result."""
_SUFFIXES = (".pdf", ".jpg", ".jpeg", ".png", ".tif", ".tiff")
_PAGE_COLUMNS = ("document_id", "file", "format", "pdf_version", "has_signature", "signature_state")


@dataclass(frozen=True)
class Original:
    """One file of an accepted document."""

    document: Document
    file: File
    row: dict[str, Any]
    """The document's row of the table ``documents``."""
    batch: dict[str, Any]
    """The row of its batch."""
    page: dict[str, Any]
    """What was measured of its first page: format, version and signature; empty where nothing was."""
    decision: dict[str, Any]
    """The newest decision of a person about the document; empty where there is none."""
    name: str
    """Path in the package, without the folder of its dossier."""

    @property
    def prefix(self) -> str:
        """Where the files of its batch lie in ``landing``."""
        return layout.batch_prefix(self.row["agency"], self.row["scan_date"], self.row["batch"])


@dataclass(frozen=True)
class ArchivedDossier:
    """One dossier, or one result of the backlog, with what of it goes to the archive."""

    code: str
    """Code of the dossier; of a result of the backlog its agency and document id."""
    folder: str
    """Its folder in the package."""
    dossier: dict[str, Any]
    """Its row of the table ``dossiers``, and of the register; empty for a result of the backlog."""
    originals: tuple[Original, ...]

    @property
    def bytes(self) -> int:
        """Size of its files, as their manifests say, bytes."""
        return sum(one.file.bytes for one in self.originals)


@dataclass
class LeftOut:
    """What stays here, and why: reason of ``LABELS["archive_reasons"]`` -> how many, and the first of them by name."""

    counts: Counter[str] = field(default_factory=Counter)
    named: list[tuple[str, str, str]] = field(default_factory=list)
    """Reason, dossier or agency, document."""

    def add(self, reason: str, where: str, document: str = "") -> None:
        """Note one document, or one dossier whole."""
        self.counts[reason] += 1
        self.named.append((reason, where, document))


def asked_owner(code: str, first: date, last: date) -> str:
    """Return the name of the one unit or office that bears a code on all of these days that it has.

    Raises:
        InputError: nobody bears it, it is the office of a commune, which is asked for by the commune's code, or it
            passes from one to another: each is asked for by its own days.
    """
    found = registry.bearers_within(code, first, last)
    registry.asked_unit(code, min(last, found[-1].last_day or last))
    if len(found) > 1:
        spans = "; ".join(f"{one.name} from {one.valid_from} to {one.last_day or 'now'}" for one in found)
        raise InputError(f"{code} is borne by {len(found)} units in these days ({spans}): ask for each by its own days")
    return found[0].name


def read_dossiers(store: Store, unit: str, first: date, last: date, left: LeftOut) -> Iterator[ArchivedDossier]:
    """Yield what goes to the archive of a unit and all below it, by day and code; what does not is noted.

    Args:
        store: only read.
        unit: code of a unit, or of an office that is a leaf.
        first: first dossier day; of the backlog, scan day.
        last: last one.
        left: takes what stays here.
    """
    backlog = _BacklogReader(store, first, last)
    for day in each_day(first, last):
        yield from _dossiers_of_day(store, unit, day, left)
        yield from backlog.dossiers_of_day(unit, day, left)


def _dossiers_of_day(store: Store, unit: str, day: date, left: LeftOut) -> Iterator[ArchivedDossier]:
    rows = store.read_table("dossiers", [day], name=layout.DAY)
    rows = rows.filter(pa.array([_lies_under(code, unit, day) for code in rows["unit_code"].to_pylist()], pa.bool_()))
    if not rows.num_rows:
        return
    register = {row["dossier_key"]: row for row in store.read_table("register", [day]).to_pylist()}
    entries = list_documents(rows)
    by_row: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in entries.append_column("state", document_states(entries)).to_pylist():
        by_row[one["row"]].append(one)
    files = _BatchFiles(store)
    for number, row in enumerate(rows.drop_columns("documents").to_pylist()):
        own = by_row[number]
        accepted = [one for one in own if one["state"] in REACHED["accepted"]]
        if not accepted:
            continue
        if row["status"] not in ENDED:
            left.add("not_ended", row["dossier_key"])
            continue
        for one in own:
            if one["state"] not in {*REACHED["accepted"], "replaced"}:
                left.add(one["state"], row["dossier_key"], one["document_id"])
        if found := _with_files(files, row["dossier_key"], accepted, left):
            known = row | register.get(row["dossier_key"], {})
            yield ArchivedDossier(row["dossier_key"], f"ho-so/{row['dossier_key']}", known, found)


class _BacklogReader:
    """Accepted results of the backlog by scan day; which were replaced is known from all days."""

    def __init__(self, store: Store, first: date, last: date) -> None:
        rows = store.read_table("backlog_documents")
        rows = rows.append_column("state", document_states(rows))
        is_asked = pc.and_(pc.greater_equal(rows["scan_date"], first), pc.less_equal(rows["scan_date"], last))
        self._store, self._rows = store, rows.filter(is_asked).to_pylist()

    def dossiers_of_day(self, unit: str, day: date, left: LeftOut) -> Iterator[ArchivedDossier]:
        files = _BatchFiles(self._store)
        for row in self._rows:
            leaf = registry.leaf_unit(row["agency"], None, day)
            if row["scan_date"] != day or not _lies_under(leaf, unit, day):
                continue
            if row["state"] not in REACHED["accepted"]:
                if row["state"] != "replaced":
                    left.add(row["state"], row["agency"], row["document_id"])
                continue
            code = f"{row['agency']}-{row['document_id']}"
            if found := _with_files(files, code, [row | {"kind": "backlog_result"}], left):
                yield ArchivedDossier(code, f"ket-qua-ton-dong/{row['batch']}/{row['document_id']}", {}, found)


@lru_cache(maxsize=65_536)
def _lies_under(code: str | None, unit: str, day: date) -> bool:
    return code is not None and (code == unit or unit in registry.ancestors(code, day))


class _Known(NamedTuple):
    """A document as declared, its row, its batch's row, its pages by file, and the newest decision about it."""

    document: Document
    row: dict[str, Any]
    batch: dict[str, Any]
    pages: dict[str, dict[str, Any]]
    decision: dict[str, Any]


class _BatchFiles:
    """Manifests and rows of batches, each read once in a day."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batches: dict[tuple[str, str], dict[str, _Known]] = {}

    def find(self, agency: str, batch: str, document_id: str) -> _Known | None:
        """Return what is known of a document; None where its manifest or its rows are not there."""
        if (agency, batch) not in self._batches:
            self._batches[agency, batch] = self._read(agency, batch)
        return self._batches[agency, batch].get(document_id)

    def _read(self, agency: str, batch: str) -> dict[str, _Known]:
        day = layout.batch_date(batch, agency)
        rows = self._store.read_table("batches", [] if day is None else [day], name=batch).to_pylist()
        manifest = self._manifest(agency, batch, rows[0]["manifest_sha256"]) if rows else None
        if manifest is None or day is None:
            return {}
        own = {one["document_id"]: one for one in self._store.read_table("documents", [day], name=batch).to_pylist()}
        decisions = _newest(self._store.read_table("reviews", [day]).to_pylist(), agency)
        pages: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        for page in self._store.read_table("pages", [day], name=batch).select(_PAGE_COLUMNS).to_pylist():
            pages[page["document_id"]].setdefault(page["file"], page)
        return {
            name: _Known(one, own[name], rows[0], pages[name], decisions.get(name, {}))
            for name, one in ((one.document_id, one) for one in manifest.documents)
            if name in own
        }

    def _manifest(self, agency: str, batch: str, sha256: str) -> Manifest | None:
        key = layout.manifest_key(agency, batch, sha256)
        try:
            return parse_manifest(self._store.get(layout.WAREHOUSE, key, self._store.settings.max_manifest_bytes))
        except (ObjectMissing, ObjectTooLarge, Refusal):
            return None


def _newest(reviews: list[dict[str, Any]], agency: str) -> dict[str, dict[str, Any]]:
    """The newest decision about each document of an agency."""
    own = (row for row in reviews if row["agency"] == agency)
    ordered = sorted(own, key=lambda row: (row["decided_at"], row["decision"], row["approver"]))
    return {row["document_id"]: row for row in ordered}


def _with_files(
    files: _BatchFiles, code: str, documents: Sequence[dict[str, Any]], left: LeftOut
) -> tuple[Original, ...]:
    """The files of documents in their order, numbered through as the circular names them: ``<code>.<number>``."""
    found: list[Original] = []
    ordered = sorted(documents, key=lambda one: (_KIND_ORDER[one["kind"]], one["batch"], one["document_id"]))
    for entry in ordered:
        known = files.find(entry["agency"], entry["batch"], entry["document_id"])
        if known is None:
            left.add("manifest_gone", code, entry["document_id"])
            continue
        if known.decision.get("decision") == "reject":  # the summaries have not counted it yet
            left.add("rejected", code, entry["document_id"])
            continue
        for file in known.document.files:
            page = known.pages.get(file.path, {})
            suffix = PurePosixPath(file.path).suffix.lower()
            ending = suffix if suffix in _SUFFIXES else f".{page.get('format') or 'bin'}"
            name = f"{code}.{len(found) + 1:03d}{ending}"
            found.append(Original(known.document, file, known.row, known.batch, page, known.decision, name))
    return tuple(found)


_KIND_ORDER = {kind: place for place, kind in enumerate(DOCUMENT_KINDS)}
