"""Planned documents as they are drawn: each with its sheets, its files, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from sohoa.enums import DOCUMENT_KINDS, NOT_SCANNED_REASONS, SEALED_KINDS
from sohoa.simulate.offices import Office, Offices
from sohoa.simulate.plan_documents import FORMATS, NONE, NOTE, SHEETS, Documents
from sohoa.simulate.plan_levels import DECLARED, RECEIVED
from sohoa.simulate.sample_names import BY_CODE, Procedure

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
COVER_DEFECT, LARGE_DEFECTS = "glare", {"text": ("cut_off", "streaks"), "map": ("bad_seam",)}
"""What spoils glossy covers, and large sheets by their content, one page each: a seam shows where something is drawn
across it, a cut where text is cut."""
PREFIX = "TL"
"""What ids of documents begin with."""
MISSING_PAGE, HASH_MISMATCH = LIES = ("missing_page", "hash_mismatch")
OF_ONE_PAGE = {"blank", "skewed", COVER_DEFECT, *(name for names in LARGE_DEFECTS.values() for name in names)}
_PDF_ONLY = {"old_pdf", "missing_page", "unreadable"}
_NO_TIFF = {"truncated", "over_compressed"}


@dataclass(frozen=True)
class Scan:
    """One document as scanned once.

    Attributes:
        id: unique in its agency.
        paper_id: id of the first scan of the same paper, unique in the run.
        office: who scans it.
        batch: number of the batch in the office's day.
        dossier_code: code of its dossier as the manifest and the paper spell it, None where it names none.
        received: day of reception of the dossier, None where it names none.
        procedure: what it is about.
        kind: component | interim_result | result | backlog_result.
        content: text | map | photo.
        paper: a4 | a3 | a2 | a1.
        cover: matte | glossy.
        pages: sheets of paper, one page each.
        note_pages: pages scanned twice because of a note stuck on them.
        format: pdf | jpeg (one file per page) | tiff.
        scan_date: day of the batch.
        by_post: the post office scanned it.
        not_scanned: why it is listed without files, empty where it is scanned.
        defect: what is wrong with it, empty where nothing is.
        defect_page: the one page of a defect that takes one page, from 1.
        replaces: id of the scan that it replaces, empty where there is none.
    """

    id: str
    paper_id: str
    office: Office
    batch: int
    dossier_code: str | None
    received: date | None
    procedure: Procedure
    kind: str
    content: str
    paper: str
    cover: str
    pages: int
    note_pages: tuple[int, ...]
    format: str
    scan_date: date
    by_post: bool = False
    not_scanned: str = ""
    defect: str = ""
    defect_page: int = 1
    replaces: str = ""

    @property
    def full_id(self) -> str:
        """Its id, unique in the run."""
        return f"{self.office.agency.code}.{self.id}"

    @property
    def is_good(self) -> bool:
        """Scanned, and nothing is wrong with it."""
        return not self.not_scanned and not self.defect

    @property
    def title(self) -> str:
        """What it is called."""
        return title(self.procedure, self.kind)

    @property
    def images(self) -> int:
        """Pages in its files."""
        return 0 if self.not_scanned else self.pages + len(self.note_pages)

    @property
    def bad_pages(self) -> frozenset[int]:
        """Pages that carry the defect: one, all, or page 1 where pages are missing; of JPEG files always one."""
        if not self.defect:
            return frozenset()
        if self.defect == MISSING_PAGE:
            return frozenset({1})
        if self.defect in OF_ONE_PAGE or self.format == "jpeg":
            return frozenset({self.defect_page})
        return frozenset(range(1, self.pages + 1))

    @property
    def has_edge_seal(self) -> bool:
        """Whether the office put its seal across the edges of the sheets (dấu giáp lai), which is no defect."""
        return self.kind in SEALED_KINDS and self.cover == "matte" and self.pages > 1

    @property
    def dpi(self) -> int:
        """Resolution of a good scan: maps need 400, everything else what the scanner is set to."""
        return 400 if self.content == "map" else self.office.dpi


def title(procedure: Procedure, kind: str) -> str:
    """Return what a document of this kind is called."""
    return procedure.form if kind == "component" else procedure.result


def paper_of(sheet: str) -> str:
    """Return the size of paper of a sheet in ``SHEETS``."""
    return {"a3": "a3", "map": "a3", "a2": "a2", "a1": "a1"}.get(sheet, "a4")


def content_of(sheet: str) -> str:
    """Return the content of a sheet in ``SHEETS``."""
    return sheet if sheet in {"map", "photo"} else "text"


def plan_scans(offices: Offices, documents: Documents, rng: np.random.Generator) -> list[Scan]:
    """Plan the scans of all documents, in their order: each kind of bad scan of its sheet in its turn."""
    codes, glossy = offices.spell(documents.codes, documents.spelling).to_pylist(), documents.is_glossy
    turns = _Turns(int(rng.integers(len(PAGE_DEFECTS))))
    found = []
    for place in range(len(documents)):
        defect = ""
        if documents.level[place] == DECLARED and documents.reason[place] == NONE:
            defect = HASH_MISMATCH
        elif documents.level[place] == RECEIVED:
            lies, sheet = offices.lies[documents.agency[place]], list(SHEETS)[documents.sheet[place]]
            defect = MISSING_PAGE if lies else turns.take(sheet, bool(glossy[place]))
        page = int(rng.integers(1, documents.pages[place] + 1))
        page = 1 if defect == COVER_DEFECT else page
        found.append(_scan(offices, documents, place, codes[place], bool(glossy[place]), defect, page))
    return found


@dataclass
class _Turns:
    """Whose turn it is among the defects of each sort of sheet."""

    plain: int
    large: int = 0

    def take(self, sheet: str, is_glossy: bool) -> str:
        if is_glossy:
            return COVER_DEFECT
        if paper_of(sheet) != "a4":
            names = LARGE_DEFECTS[content_of(sheet)]
            self.large += 1
            return names[self.large % len(names)]
        self.plain += 1
        return PAGE_DEFECTS[(self.plain - 1) % len(PAGE_DEFECTS)]


def _scan(
    offices: Offices, documents: Documents, place: int, code: str, glossy: bool, defect: str, defect_page: int
) -> Scan:
    office, has_code = offices.all[documents.agency[place]], bool(documents.has_code[place])
    sheet, reason = list(SHEETS)[documents.sheet[place]], documents.reason[place]
    pages = int(documents.pages[place])
    return Scan(
        id=name(documents.name[place]),
        paper_id=f"{office.agency.code}.{name(documents.first[place])}",
        office=office,
        batch=int(documents.batch[place]),
        dossier_code=code if has_code else None,
        received=documents.codes.day[place].item() if has_code else None,
        procedure=BY_CODE[documents.procedure[place]],
        kind=DOCUMENT_KINDS[documents.kind[place]],
        content=content_of(sheet),
        paper=paper_of(sheet),
        cover="glossy" if glossy else "matte",
        pages=pages,
        note_pages=(min(pages, defect_page),) if documents.sheet[place] == NOTE else (),
        format=_format(list(FORMATS)[documents.format[place]], defect),
        scan_date=documents.scan[place].item(),
        by_post=bool(documents.by_post[place]),
        not_scanned="" if reason == NONE else NOT_SCANNED_REASONS[reason],
        defect=defect,
        defect_page=defect_page,
        replaces="" if documents.replaces[place] == NONE else name(documents.replaces[place]),
    )


def name(number: int) -> str:
    """Return the id of a document by its number."""
    return f"{PREFIX}-{number}"


def _format(planned: str, defect: str) -> str:
    return "pdf" if defect in _PDF_ONLY or (defect in _NO_TIFF and planned == "tiff") else planned
