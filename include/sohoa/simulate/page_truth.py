"""What is true of the simulated province, counted from its events and from nothing the pipeline makes.

``pages.csv`` (file, page, defect): one row a page of each file, page from 1, ``defect`` empty for none. Where a file
as a whole is at fault the row of page 1 carries the defect: a file that is ``truncated``, ``unreadable`` or of other
bytes than declared (``hash_mismatch``) has that one row; of a file that lacks pages (``missing_page``) the pages that
it has keep their rows, all but page 1 without defect. A document of bare JPEG files has a file a page.

``progress.csv`` (unit_code, dossier_date, definition, stage, numerator, denominator): as known at the end, one row for
each day from the first to the last dossier day, each of the five pairs of definition and stage, and each unit that the
day has: the leaf unit of every office, every commune that a dossier names, and all units above these; also where the
denominator is 0. A dossier counts where the register has it with a status other than 1, 3 or 7, without exemption and
not void; a scan counts where nothing is wrong with it and no later one replaces it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sohoa.registry import ancestors, leaf_unit
from sohoa.simulate.dossiers import FINISHED, Dossier
from sohoa.simulate.offices import Office
from sohoa.simulate.plan_scans import Document

NOT_COUNTED = (1, 3, 7)
OF_WHOLE_FILE = {"truncated", "unreadable", "hash_mismatch"}


@dataclass(frozen=True)
class Standing:
    """A dossier that counts, with its good scans."""

    components_wanted: int
    result_wanted: bool
    is_finished: bool
    components: int
    results: int


Count = Callable[[Standing], tuple[int, int]]


def _dn_and(s: Standing) -> tuple[int, int]:
    return int((s.components > 0 or not s.components_wanted) and (s.results > 0 or not s.result_wanted)), 1


def _dn_or(s: Standing) -> tuple[int, int]:
    return int(s.components + s.results > 0), 1


def _dn_store(s: Standing) -> tuple[int, int]:
    stored = min(s.components_wanted, s.components) + min(s.result_wanted, s.results)
    return stored, s.components_wanted + s.result_wanted


def _components(s: Standing) -> tuple[int, int]:
    asked = s.components_wanted > 0
    return int(asked and s.components > 0), int(asked)


def _result(s: Standing) -> tuple[int, int]:
    asked = s.result_wanted and s.is_finished
    return int(asked and s.results > 0), int(asked)


COUNTS: dict[tuple[str, str], Count] = {
    ("dn_and", "all"): _dn_and,
    ("dn_or", "all"): _dn_or,
    ("dn_store", "all"): _dn_store,
    ("by_stage", "components"): _components,
    ("by_stage", "result"): _result,
}
"""(definition, stage) -> numerator and denominator of one dossier."""


def page_rows(document: Document, names: tuple[str, ...]) -> list[tuple[str, int, str]]:
    """The rows of ``pages.csv`` of one document, given the names of its files."""
    rows = []
    for number, name in enumerate(names, start=1):
        pages = range(number, number + 1) if document.format == "jpeg" else range(1, document.images + 1)
        if document.defect in OF_WHOLE_FILE and document.bad_pages & set(pages):
            rows.append((name, 1, document.defect))
            continue
        defects = [document.defect if page in document.bad_pages else "" for page in pages]
        rows += [(name, at, defect) for at, defect in enumerate(defects, start=1)]
    return rows


def progress_rows(
    dossiers: list[Dossier], documents: list[Document], offices: tuple[Office, ...], start: date, end: date
) -> Iterator[tuple[str, str, str, str, int, int]]:
    """The rows of ``progress.csv``."""
    totals: dict[tuple[date, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for dossier, standing in _standings(dossiers, documents):
        for unit in _units(dossier.office, dossier.commune, dossier.day):
            for (definition, stage), count in COUNTS.items():
                total = totals[dossier.day, unit, definition, stage]
                for place, value in enumerate(count(standing)):
                    total[place] += value
    places = {(o, "") for o in offices} | {(d.office, d.commune) for d in dossiers}
    for day in (start + timedelta(n) for n in range((end - start).days + 1)):
        for unit in sorted({unit for office, commune in places for unit in _units(office, commune, day)}):
            for definition, stage in COUNTS:
                numerator, denominator = totals.get((day, unit, definition, stage), (0, 0))
                yield unit, day.isoformat(), definition, stage, numerator, denominator


def _units(office: Office, commune: str, day: date) -> tuple[str, ...]:
    leaf = leaf_unit(office.agency.code, commune or None, day)
    return () if leaf is None else (leaf, *ancestors(leaf, day))


def _standings(dossiers: list[Dossier], documents: list[Document]) -> Iterator[tuple[Dossier, Standing]]:
    replaced = {document.replaces for document in documents}
    good: dict[tuple[str, str], int] = defaultdict(int)
    for document in documents:
        if document.dossier is not None and document.is_good and document.id not in replaced:
            good[document.dossier.code, document.kind] += 1
    for dossier in dossiers:
        if dossier.status in NOT_COUNTED or dossier.exemption or dossier.is_void:
            continue
        yield (
            dossier,
            Standing(
                components_wanted=dossier.components,
                result_wanted=dossier.has_paper_result,
                is_finished=dossier.status in FINISHED,
                components=good[dossier.code, "component"],
                results=good[dossier.code, "result"],
            ),
        )
