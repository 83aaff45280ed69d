"""The documents that were scanned for the dossiers, with the defects of the bad ones and their second scans."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from sohoa.simulate.dossiers import Dossier
from sohoa.simulate.offices import Office
from sohoa.simulate.sample_names import PROCEDURES, Procedure
from sohoa.simulate.seeded_draws import EvenDraws, generator

PAGE_DEFECTS = (
    "low_dpi",
    "blank",
    "skewed",
    "over_compressed",
    "truncated",
    "wrong_colour",
    "old_pdf",
    "unreadable",
)
LIES = ("missing_page", "hash_mismatch")
OF_ONE_PAGE = {"blank", "skewed"}

BAD_SHARE, LIAR_SHARE = 0.08, 0.22
BACKLOG_SHARE, INTERIM_SHARE, OUTSIDE_SHARE = 0.03, 0.12, 0.25
RESCAN_AFTER, RESCAN_BEFORE = 2, 10  # days after the first scan

SHEETS = {"plain": 0.936, "note": 0.02, "a3": 0.025, "photo": 0.01, "map": 0.006, "poster": 0.003}
FORMATS = {"pdf": 0.82, "jpeg": 0.10, "tiff": 0.08}


@dataclass(frozen=True)
class Document:
    """One document as scanned once.

    Attributes:
        id: unique in the run.
        office: who scans it.
        dossier: what it belongs to, None for a backlog result.
        procedure: what it is about.
        kind: component | interim_result | result | backlog_result.
        content: text | map | photo.
        paper: a4 | a3 | a2 | a1.
        cover: matte | glossy.
        pages: sheets of paper, one page each.
        note_pages: pages scanned twice because of a note stuck on them.
        format: pdf | jpeg (a file a page) | tiff.
        scan_date: day of the batch.
        not_scanned: why it is listed without files, empty where it is scanned.
        defect: what is wrong with it, empty where nothing is.
        defect_page: the one page of a defect that takes one page, from 1.
        replaces: id of the first scan, empty where this is it.
    """

    id: str
    office: Office
    dossier: Dossier | None
    procedure: Procedure
    kind: str
    content: str
    paper: str
    cover: str
    pages: int
    note_pages: tuple[int, ...]
    format: str
    scan_date: date
    not_scanned: str = ""
    defect: str = ""
    defect_page: int = 1
    replaces: str = ""

    @property
    def is_good(self) -> bool:
        """Scanned, and nothing is wrong with it."""
        return not self.not_scanned and not self.defect

    @property
    def title(self) -> str:
        """What it is called."""
        if self.kind != "component":
            return self.procedure.result
        return self.procedure.form if (self.replaces or self.id).endswith(".01") else "Giấy tờ kèm theo hồ sơ"

    @property
    def images(self) -> int:
        """Pages in its files."""
        return 0 if self.not_scanned else self.pages + len(self.note_pages)

    @property
    def bad_pages(self) -> frozenset[int]:
        """Pages that carry the defect: one, all, or page 1 where pages are missing; of JPEG files always one."""
        if not self.defect:
            return frozenset()
        if self.defect == "missing_page":
            return frozenset({1})
        if self.defect in OF_ONE_PAGE or self.format == "jpeg":
            return frozenset({self.defect_page})
        return frozenset(range(1, self.pages + 1))

    @property
    def dpi(self) -> int:
        """Resolution of a good scan: maps need 400, everything else what the scanner is set to."""
        return 400 if self.content == "map" else self.office.dpi


def plan_documents(dossiers: list[Dossier], offices: tuple[Office, ...], last: date, seed: int) -> list[Document]:
    """All documents up to the day ``last``, by scan date and id; a second scan stands after its first."""
    rng = generator(seed, "documents")
    first = [document for dossier in dossiers for document in _of_dossier(dossier, last, rng)]
    first += _backlog(offices, round(len(first) * BACKLOG_SHARE), [d.scan_date for d in first], rng)
    first.sort(key=lambda d: (d.scan_date, d.id))
    first = _with_sheets(first, rng)
    first = _with_defects(first, last, rng)
    again = [second for document in first for second in _rescan(document, last, rng)]
    return sorted([*first, *again], key=lambda d: (d.scan_date, d.id))


def _of_dossier(dossier: Dossier, last: date, rng: np.random.Generator) -> list[Document]:
    fate, found = dossier.fate, []
    if fate == "untouched" or (fate == "outside" and rng.random() >= OUTSIDE_SHARE):
        return []
    received = dossier.office.scan_day(dossier.day + timedelta(int(rng.integers(0, 2))), last)
    for number in range(1, dossier.components + 1):
        found.append(_scanned(f"{dossier.code}.{number:02d}", "component", dossier, received, rng))
    if fate == "withheld":
        found = [replace(d, not_scanned="glossy" if rng.random() < 0.4 else "too_large") for d in found]
    if dossier.finished is not None and fate not in {"partial", "outside"}:
        ready = dossier.office.scan_day(dossier.finished + timedelta(int(rng.integers(0, 2))), last)
        if dossier.has_paper_result:
            found.append(_scanned(f"{dossier.code}-KQ1", "result", dossier, ready, rng))
        if dossier.office.agency.kind != "commune" and rng.random() < INTERIM_SHARE:
            found.append(_scanned(f"{dossier.code}-TG1", "interim_result", dossier, received, rng))
    return found


def _scanned(name: str, kind: str, dossier: Dossier, day: date, rng: np.random.Generator) -> Document:
    pages = int(rng.choice([1, 2, 3], p=[0.45, 0.35, 0.2] if kind == "component" else [0.7, 0.3, 0.0]))
    return _document(name, dossier.office, dossier, dossier.procedure, kind, pages, day)


def _document(
    name: str, office: Office, dossier: Dossier | None, procedure: Procedure, kind: str, pages: int, day: date
) -> Document:
    glossy = procedure.is_glossy and kind in {"result", "backlog_result"}
    return Document(
        id=name,
        office=office,
        dossier=dossier,
        procedure=procedure,
        kind=kind,
        content="text",
        paper="a4",
        cover="glossy" if glossy else "matte",
        pages=max(2, pages) if glossy else pages,
        note_pages=(),
        format="pdf",
        scan_date=day,
    )


def _backlog(offices: tuple[Office, ...], count: int, days: list[date], rng: np.random.Generator) -> list[Document]:
    """Paper results issued in earlier years, scanned when there is time."""
    found = []
    for number in range(1, count + 1):
        office = offices[int(rng.integers(len(offices)))]
        day = office.scan_day(days[int(rng.integers(len(days)))], max(days))
        group = PROCEDURES[office.agency.kind]
        procedure = group[int(rng.integers(len(group)))]
        name = f"{office.agency.code}.TD-{number:04d}"
        found.append(_document(name, office, None, procedure, "backlog_result", int(rng.integers(1, 3)), day))
    return found


def _with_sheets(documents: list[Document], rng: np.random.Generator) -> list[Document]:
    """The same documents on sheets of many kinds, in files of three formats."""
    sheets, formats = EvenDraws(rng, 200), EvenDraws(rng)
    posters, found = 0, []
    for document in documents:
        document = replace(document, format=formats.choose(FORMATS))
        sheet = sheets.choose(SHEETS) if document.kind == "component" and not document.not_scanned else "plain"
        if sheet == "note":
            document = replace(document, note_pages=(int(rng.integers(1, document.pages + 1)),))
        elif sheet in {"a3", "map"}:
            document = replace(document, paper="a3", pages=1, content="map" if sheet == "map" else "text")
        elif sheet == "photo":
            document = replace(document, content="photo", pages=1)
        elif sheet == "poster":
            posters += 1
            document = replace(document, paper=("a2", "a1")[posters % 2], pages=1)
        found.append(document if document.paper == "a4" else replace(document, format="pdf"))
    return found


def _with_defects(documents: list[Document], last: date, rng: np.random.Generator) -> list[Document]:
    """Some of the plain documents are bad scans: each defect in its turn; the liar's are lies."""
    honest, lying, found = EvenDraws(rng), EvenDraws(rng), []
    turn, lie = int(rng.integers(len(PAGE_DEFECTS))), 0
    for document in documents:
        plain = document.paper == "a4" and document.content == "text" and not document.not_scanned
        liar, spoiled = document.office.lies, _is_spoiled(document)
        luck = (lying if liar else honest).draw()
        bad = plain and luck < (LIAR_SHARE if liar else BAD_SHARE) and bool(_rescan_days(document, last))
        if spoiled or bad:
            lie, turn = lie + liar, turn + (not liar)
            kind = LIES[lie % len(LIES)] if liar else PAGE_DEFECTS[turn % len(PAGE_DEFECTS)]
            document = _spoil(document, kind, rng)
        found.append(document)
    return found


def _is_spoiled(document: Document) -> bool:
    fate = document.dossier.fate if document.dossier else ""
    return fate == "spoiled" and document.kind == "component"


def _spoil(document: Document, defect: str, rng: np.random.Generator) -> Document:
    format_ = document.format
    if defect in {"old_pdf", "missing_page", "unreadable"} or (
        defect in {"truncated", "over_compressed"} and format_ == "tiff"
    ):
        format_ = "pdf"
    page = int(rng.integers(1, document.pages + 1))
    return replace(document, defect=defect, defect_page=page, format=format_, note_pages=(), paper="a4", content="text")


def _rescan_days(document: Document, last: date) -> list[date]:
    first = document.scan_date + timedelta(RESCAN_AFTER)
    return document.office.scan_days(first, min(last, document.scan_date + timedelta(RESCAN_BEFORE)))


def _rescan(document: Document, last: date, rng: np.random.Generator) -> list[Document]:
    """A bad scan is done again some days later, except the one that leaves its dossier short."""
    if not document.defect or _is_spoiled(document):
        return []
    days = _rescan_days(document, last)
    day = days[int(rng.integers(len(days)))]
    return [replace(document, id=f"{document.id}-L2", scan_date=day, defect="", replaces=document.id)]
