"""Check scans before they are sent: the measure, limits and words by which the pipeline will judge them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

import pyarrow as pa
from pydantic import ValidationError

from sohoa import layout
from sohoa.desk.scans import Problem, ScanFile, ScannedDocument, Scans
from sohoa.enums import SEALED_KINDS
from sohoa.intake.check_run import ADMITTED, Entry, Marker
from sohoa.intake.earlier_pages import list_captures
from sohoa.intake.manifest import Device, Document, File, Manifest
from sohoa.intake.manifest_faults import fault_of
from sohoa.intake.measured_pages import PAGES
from sohoa.intake.publish_batches import declared_documents
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.faults import NEXT_STEPS
from sohoa.pages.guard.guard import Guard
from sohoa.pages.page_row import ENGINE_VERSION
from sohoa.quality import duplicate_pages, failed_limits, rules, tile_coverage, verdicts
from sohoa.quality.thresholds import Thresholds, load_thresholds
from sohoa.schema import MEASURED, TABLES
from sohoa.settings import TIME_ZONE, Settings
from sohoa.slips.make_receipt import make_receipt
from sohoa.slips.page_pictures import Picture, draw_chosen, draw_file
from sohoa.slips.receipt import PageKey, ReceiptDocument
from sohoa.slips.receipt_facts import ReceiptFacts, collect_receipt_facts

_PROCESSES = 2
_AGENCY, _DAY = "H37", date(2000, 1, 1)  # of a batch that is made to be judged, and is sent nowhere
_BATCH = f"{_AGENCY}-{_DAY:%Y%m%d}-001"

Row = dict[str, Any]
Report = Callable[[int, int], None]


class Rows(Protocol):
    """Keeps what was measured, so that nothing is measured twice."""

    def find_rows(self, key: str) -> list[Row] | None:
        """The rows under a key, None where there are none."""

    def keep_rows(self, key: str, rows: list[Row]) -> None:
        """Keep rows under a key."""


class MemoryRows:
    """Keeps what was measured for the time of one process."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._rows: dict[str, list[Row]] = {}

    def find_rows(self, key: str) -> list[Row] | None:
        """The rows under a key, None where there are none."""
        return self._rows.get(key)

    def keep_rows(self, key: str, rows: list[Row]) -> None:
        """Keep rows under a key."""
        self._rows[key] = rows


class Artist:
    """Draws pages, each once, with a guard that stays open between two looks at a folder."""

    def __init__(self, settings: Settings) -> None:
        """Start the guard; it has to be closed."""
        self.guard, self._settings = Guard(FileBounds.of(settings), _PROCESSES), settings
        self._drawn: dict[tuple[str, int, tuple[str, ...]], Row] = {}

    def close(self) -> None:
        """End the guard."""
        self.guard.__exit__(None, None, None)

    def draw(self, facts: ReceiptFacts, files: Mapping[str, tuple[ScanFile, str]]) -> dict[PageKey, Picture]:
        """Draw the pages that fail, with the places of what they fail by; of very many some, as a slip does."""
        columns = {page: [failure["column"] for failure in failures] for page, failures in facts.failures.items()}

        def draw(pages: list[Row]) -> list[Row]:
            return self._draw(files[pages[0]["file"]][0], pages, columns)

        return draw_chosen(facts.faulty_pages(), self._settings.pictures_per_batch, draw)

    def draw_page(self, file: ScanFile, sha256: str, page_no: int) -> Row:
        """Draw one page; empty where nothing can be seen of it."""
        page = {"file": file.name, "sha256": sha256, "page_no": page_no, "width_mm": None}
        return self._draw(file, [page], {})[0]

    def forget_others(self, hashes: Container[str]) -> None:
        """Keep pictures of files of these SHA-256 alone."""
        self._drawn = {key: drawn for key, drawn in list(self._drawn.items()) if key[0] in hashes}

    def _draw(self, file: ScanFile, pages: list[Row], columns: Mapping[PageKey, list[str]]) -> list[Row]:
        """Draw the pages of a file that have not been drawn; the file is read once."""
        keys = [(page["sha256"], page["page_no"], tuple(columns.get(_page_key(page), ()))) for page in pages]
        lacking = {key: page for key, page in zip(keys, pages, strict=True) if key not in self._drawn}
        if lacking:
            drawn = draw_file(self.guard, list(lacking.values()), columns, lambda _: self._read(file))
            if drawn is not None:
                self._drawn |= {key: drawn[n] if n < len(drawn) else {} for n, key in enumerate(lacking)}
        return [self._drawn.get(key, {}) for key in keys]

    def _read(self, file: ScanFile) -> bytes | None:
        try:
            return file.path.read_bytes() if file.path.stat().st_size <= self._settings.max_file_bytes else None
        except OSError:  # it was taken away just now
            return None


@dataclass(frozen=True)
class CheckedDocument:
    """A document, its files as a manifest lists them, and what a receipt would say of it now.

    ``fields`` are those of a manifest's document, but for its ids.
    """

    scanned: ScannedDocument
    fields: dict[str, Any]
    receipt: ReceiptDocument
    pictures: dict[str, str] = field(default_factory=dict)
    """Name -> JPEG in base64, of the pages that fail."""

    @property
    def is_bad(self) -> bool:
        """Whether it would have to be scanned again."""
        return self.receipt["outcome"] == "to_scan"

    @property
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 of its files, in order."""
        return tuple(file["sha256"] for file in self.fields["files"])


@dataclass
class Checkup:
    """What was found in a folder: documents that can be sent, pages that belong to none, and what is wrong."""

    documents: list[CheckedDocument] = field(default_factory=list)
    loose: list[CheckedDocument] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_bad(self) -> bool:
        """Whether anything is to be scanned again or put right."""
        return bool(self.problems) or any(document.is_bad for document in (*self.documents, *self.loose))


@dataclass(frozen=True)
class _Measured:
    sha256: str
    bytes: int
    rows: list[Row]


def judge_scans(
    scans: Scans,
    device_kind: str | None,
    settings: Settings,
    kept: Rows,
    report: Report,
    artist: Artist | None = None,
) -> Checkup:
    """Measure all files of a folder and judge pages and documents.

    Pages are compared with those of the same folder alone: whether one was sent in an earlier batch only the pipeline
    can tell.

    Args:
        scans: what the folder holds.
        device_kind: of the scanner; None where it is not known.
        settings: profile and bounds.
        kept: what was measured before.
        report: is told how many files are done, of how many.
        artist: draws pictures of pages that fail; without one there are none.
    """
    found = _measure(scans, settings, kept, report, artist)
    checkup = Checkup(problems=list(scans.problems))
    sound, parsed, loose = [], [], list(scans.loose)
    for scanned in scans.documents:
        document, problems = _parse(scanned, found)
        checkup.problems += problems
        if document is None:
            loose += scanned.files
        else:
            sound.append(scanned)
            parsed.append(document)
    limits = load_thresholds(settings.profile)
    checkup.documents = _judge(sound, parsed, found, device_kind, limits, artist)
    piles = [_pile(place, files) for place, files in _by_folder(loose)]
    if artist is not None:
        artist.forget_others({one.sha256 for one in found.values()})
    checkup.loose = _judge(piles, [_stand_in(pile, found) for pile in piles], found, device_kind, limits, artist)
    return checkup


def _page_key(page: Row) -> PageKey:
    return page["file"], page["page_no"]


def _by_folder(files: Iterable[ScanFile]) -> Iterator[tuple[str, list[ScanFile]]]:
    folders = defaultdict[str, list[ScanFile]](list)
    for file in files:
        folders[file.name.rpartition("/")[0]].append(file)
    return iter(folders.items())


def _pile(place: str, files: list[ScanFile]) -> ScannedDocument:
    """Files that belong to no document, as one."""
    return ScannedDocument(
        "", place, {"title": place or "(chưa rõ tài liệu)"}, tuple(replace(file, role="page") for file in files)
    )


# measuring


def _measure(
    scans: Scans, settings: Settings, kept: Rows, report: Report, artist: Artist | None
) -> dict[str, _Measured]:
    """The rows of each file by its name in the batch."""
    files: dict[str, tuple[ScanFile, object]] = {file.name: (file, None) for file in scans.loose}
    for scanned in scans.documents:
        files |= {file.name: (file, scanned.fields.get("kind")) for file in scanned.files}
    found: dict[str, _Measured] = {}
    report(0, len(files))
    own = nullcontext(artist.guard) if artist is not None else Guard(FileBounds.of(settings), _PROCESSES)
    with own as guard, ThreadPoolExecutor(_PROCESSES) as pool:
        measured = pool.map(lambda item: _measure_file(guard, item[0], item[1], settings, kept), files.values())
        for name, one in zip(files, measured, strict=True):
            found[name] = one
            report(len(found), len(files))
    return found


def _measure_file(guard: Guard, file: ScanFile, kind: object, settings: Settings, kept: Rows) -> _Measured:
    with guard.place():
        try:
            size = file.path.stat().st_size
            data = file.path.read_bytes() if size <= settings.max_file_bytes else b""
        except OSError as error:  # it was taken away, or may not be read
            return _Measured("", 0, [_fault(file, f"missing: {error.strerror or error}")])
        if size > settings.max_file_bytes:
            return _Measured(
                "", size, [_fault(file, f"too_large: {size} bytes, the limit is {settings.max_file_bytes}")]
            )
        sha256, with_colour, with_sketch = hashlib.sha256(data).hexdigest(), kind in SEALED_KINDS, file.role != "page"
        key = f"{sha256} {ENGINE_VERSION} {int(with_colour)}{int(with_sketch)}"
        rows = kept.find_rows(key)
        if rows is None:
            measured = guard.measure_bytes(data, file.name, with_colour, with_sketch)
            rows = [dict(row) for row in measured]
            kept.keep_rows(key, rows)
    return _Measured(sha256, len(data), [{**row, "file": file.name} for row in rows])


def _fault(file: ScanFile, error: str) -> Row:
    return dict.fromkeys(MEASURED.names) | {"file": file.name, "page_no": 1, "error": error}


# documents


def _parse(scanned: ScannedDocument, found: Mapping[str, _Measured]) -> tuple[Document | None, list[Problem]]:
    """The document as a manifest has it, under a number for its id; or what is wrong with it."""
    unread = [file for file in scanned.files if not found[file.name].sha256]
    if unread:
        codes = [str(found[file.name].rows[0]["error"]).partition(":")[0] for file in unread]
        words = [
            f"{file.name}: {NEXT_STEPS[code].partition(' / ')[0]}." for file, code in zip(unread, codes, strict=True)
        ]
        return None, [Problem(scanned.place, one) for one in words]
    fields = _fields(scanned, found)
    lacking = [name for name in ("procedure_code", "content", "paper", "cover") if fields.get(name) is None]
    problems = [Problem(scanned.place, f"Thiếu {name}. Ghi vào danh sách hoặc tệp cấu hình.") for name in lacking]
    try:
        document = Document.model_validate({"document_id": "1", **fields}, strict=False)
    except ValidationError as error:
        whole = {"documents": [fields]}
        faults = [fault_of({**item, "loc": ("documents", 0, *item["loc"])}, whole) for item in error.errors()]
        named = [fault for fault in faults if fault.steps[-1] not in lacking]
        problems += [Problem(scanned.place, f"{fault.words.vi} {fault.place}".strip()) for fault in named]
        return None, problems
    return (None if problems else document), problems


def _fields(scanned: ScannedDocument, found: Mapping[str, _Measured]) -> dict[str, Any]:
    files = [
        {
            "path": file.name,
            "sha256": found[file.name].sha256,
            "bytes": found[file.name].bytes,
            **({"role": file.role} if file.role != "page" else {}),
            **({"sheet": file.sheet} if file.sheet is not None else {}),
        }
        for file in scanned.files
    ]
    fields = {**{name: value for name, value in scanned.fields.items() if name != "send_anyway"}, "files": files}
    if fields.get("physical_pages") is None:
        fields["physical_pages"] = max(1, _count_sheets(scanned, found))
    return fields


def _count_sheets(scanned: ScannedDocument, found: Mapping[str, _Measured]) -> int:
    """Pages as they lie on paper: a sheet captured in tiles is one."""
    pages = sum(len(found[file.name].rows) for file in scanned.files if file.role == "page")
    return pages + len({file.sheet for file in scanned.files if file.role == "tile"})


def _stand_in(pile: ScannedDocument, found: Mapping[str, _Measured]) -> Document:
    """A document for files of which nothing is known."""
    unknown = dict.fromkeys(("dossier_code", "procedure_code", "kind", "content", "paper", "cover"))
    files = tuple(
        File.model_construct(path=file.name, sha256=found[file.name].sha256, bytes=found[file.name].bytes)
        for file in pile.files
    )
    pages = sum(len(found[file.name].rows) for file in pile.files)
    return Document.model_construct(**unknown, title=pile.title, physical_pages=pages, files=files)


# judging


def _judge(
    scanned: list[ScannedDocument],
    documents: list[Document],
    found: Mapping[str, _Measured],
    device_kind: str | None,
    limits: Thresholds,
    artist: Artist | None,
) -> list[CheckedDocument]:
    """Judge documents as one batch."""
    if not documents:
        return []
    numbered = tuple(
        document.model_copy(update={"document_id": str(number)}) for number, document in enumerate(documents, start=1)
    )
    entry = _entry()
    declared = declared_documents([_manifest(numbered)])
    rows = [row for document in numbered for row in _page_rows(document, found, device_kind)]
    pages = rules.judge_pages(pa.Table.from_pylist(rows, schema=PAGES), limits.rules)
    captures = list_captures([entry], declared, pages)
    values = {
        "twin": duplicate_pages.find_twins(captures, captures.slice(0, 0), 0),
        "uncovered_ratio": tile_coverage.find_uncovered(pages),
    }
    for name, column in values.items():
        pages = pages.set_column(pages.column_names.index(name), TABLES["pages"].field(name), column)
    pages = pages.drop_columns("sketch")
    judged = verdicts.judge_documents(declared, pages, limits)
    failed = failed_limits.find_failures(pages, limits)
    tables = {"pages": pages, "documents": judged, "batches": pa.Table.from_pylist([{"batch": _BATCH}])}
    (facts,) = collect_receipt_facts([entry], tables, limits.own_limit("duplicate_page"), failed)
    files = {file.name: (file, found[file.name].sha256) for one in scanned for file in one.files}
    pictures = {} if artist is None else artist.draw(facts, files)
    receipt = make_receipt(facts, pictures)
    assert receipt["status"] == "admitted"
    drawn = {picture.name: picture.jpeg for picture in pictures.values()}
    return [
        CheckedDocument(
            one, document.model_dump(mode="json", exclude={"document_id"}, exclude_defaults=True), told, drawn
        )
        for one, document, told in zip(scanned, documents, receipt["documents"], strict=True)
    ]


def _entry() -> Entry:
    now = datetime.now(TIME_ZONE).isoformat()
    marker = Marker(layout.inbox_key(_AGENCY, _BATCH), None, "", 0, now)
    return Entry(marker, ADMITTED, "", _BATCH, _DAY)


def _manifest(documents: tuple[Document, ...]) -> Manifest:
    device = Device.model_construct(id=None, model=None, kind=None)
    return Manifest.model_construct(
        agency=_AGENCY,
        batch=_BATCH,
        scan_date=_DAY,
        operator=None,
        operator_org=None,
        device=device,
        documents=documents,
    )


def _page_rows(document: Document, found: Mapping[str, _Measured], device_kind: str | None) -> Iterator[Row]:
    for file in document.files:
        declared = {
            "agency": _AGENCY,
            "batch": _BATCH,
            "document_id": document.document_id,
            "kind": document.kind,
            "content": document.content,
            "paper": document.paper,
            "cover": document.cover,
            "device_kind": device_kind,
            "role": file.role,
            "sheet": file.sheet,
        }
        for row in found[file.path].rows:
            yield {name: {**row, **declared}.get(name) for name in PAGES.names}
