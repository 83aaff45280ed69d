"""Lots of documents that the program decided alike, the samples drawn of them, and what people found there.

A lot is what one agency sent since its last one and the program accepted, or rejected for its pages, or left to a
person. Only the sample is stored; what became of a lot, and how strictly the next one is inspected, follows from the
decisions about its pages.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.audit.draw_sample import choose_documents
from sohoa.audit.error_rates import ReviewedPage
from sohoa.audit.sampling_plan import InspectedLot, next_severity, sampling_plan
from sohoa.days import in_chunks
from sohoa.enums import InspectionSeverity, LotOutcome, Stratum
from sohoa.schema import TABLES
from sohoa.settings import Settings
from sohoa.store import Store

DAYS = 92
"""Scan days up to the newest one of which documents are drawn."""
LONGEST_DAYS = 56
"""After so many days what an agency sent makes a lot, however little it is."""
_DAYS_AT_ONCE = 7
_DOCUMENTS = ["scan_date", "agency", "batch", "document_id", "verdict", "defects", "is_received", "not_scanned"]
_STRATUM: dict[str, Stratum] = {"accepted": "accepted", "rejected": "rejected", "review": "borderline"}
"""Verdict of a document -> its stratum."""
_LOT = ["lot", "agency", "stratum", "lot_documents", "sample_documents", "inspection", "aql_percent", "accept_number"]
_LOT += ["reject_number", "drawn_at"]
_PAGE = ["batch", "document_id", "file", "page_no"]
SAMPLE_COLUMNS = [*_LOT, *_PAGE, "defects", "weight"]
"""Of ``audit_sample``, what ``list_lots`` needs."""
REVIEW_COLUMNS = ["agency", *_PAGE, "true_defects", "reviewer", "decided_at", "lot"]
"""Of ``page_reviews``, likewise."""
_NO_DEFECT = frozenset[str]()
Place = tuple[str, str, str, int]
"""Batch, document, file and number of a page."""
Series = tuple[str, Stratum]
"""Agency and stratum, whose lots follow each other."""


@dataclass(frozen=True)
class SamplePage:
    """A page of a sample, and what people said of it."""

    batch: str
    document_id: str
    file: str
    page_no: int
    found: frozenset[str]
    """Defects that the program found."""
    answers: dict[str, frozenset[str]]
    """Reviewer -> the defects that are truly there, as the newest decision says; the first to decide comes first."""

    @property
    def true_defects(self) -> frozenset[str]:
        """Those that at least half of its reviewers name."""
        named = Counter(name for answer in self.answers.values() for name in answer)
        return frozenset(name for name, number in named.items() if 2 * number >= len(self.answers))


@dataclass(frozen=True)
class Lot:
    """A lot, its sample and what became of it."""

    name: str
    agency: str
    stratum: Stratum
    size: int
    sample_size: int
    inspection: InspectionSeverity | None
    """Of the plan; null where there is no plan, as for documents that are left to a person."""
    aql: float | None
    accept_number: int | None
    reject_number: int | None
    drawn_at: datetime
    pages: tuple[SamplePage, ...]

    @property
    def pages_reviewed(self) -> int:
        """Pages that somebody decided about."""
        return sum(bool(page.answers) for page in self.pages)

    @property
    def is_reviewed(self) -> bool:
        """Whether somebody decided about every page."""
        return self.pages_reviewed == len(self.pages)

    @property
    def nonconforming(self) -> int | None:
        """Documents of the sample that the program decided wrongly; null while pages are left, or for a person."""
        if not self.is_reviewed or self.stratum == "borderline":
            return None
        faulty = {page.document_id for page in self.pages if page.true_defects}
        documents = {page.document_id for page in self.pages}
        return len(faulty if self.stratum == "accepted" else documents - faulty)

    @property
    def outcome(self) -> LotOutcome | None:
        """What the sample says of the lot; null where there is no plan."""
        if self.reject_number is None:
            return None
        wrong = self.nonconforming
        return "open" if wrong is None else "failed" if wrong >= self.reject_number else "passed"

    @property
    def weight(self) -> float:
        """Documents that each document of the sample stands for."""
        return self.size / self.sample_size

    def reviewed_pages(self) -> Iterator[ReviewedPage]:
        """Its pages as error rates are estimated from them; none while some are left."""
        for page in self.pages if self.is_reviewed else ():
            yield ReviewedPage(
                f"{self.agency}\n{page.document_id}", self.weight, page.found, tuple(page.answers.values())
            )


def read_lots(store: Store) -> list[Lot]:
    """Read all lots with the decisions about their pages."""
    return list_lots(
        *(
            store.read_table(table).select(columns)
            for table, columns in (("audit_sample", SAMPLE_COLUMNS), ("page_reviews", REVIEW_COLUMNS))
        )
    )


def list_lots(sample: pa.Table, reviews: pa.Table) -> list[Lot]:
    """List lots in the order in which they were drawn.

    Args:
        sample: rows of ``audit_sample``.
        reviews: rows of ``page_reviews``; those of no lot are left out.
    """
    answers: dict[str, dict[Place, dict[str, frozenset[str]]]] = defaultdict(lambda: defaultdict(dict))
    for row in reviews.filter(pc.is_valid(reviews["lot"])).sort_by("decided_at").to_pylist():
        answers[row["lot"]][_place(row)][row["reviewer"]] = frozenset(row["true_defects"])
    ordered = sample.sort_by([("drawn_at", "ascending"), ("lot", "ascending")]).combine_chunks()
    found = []
    for first, last in _runs(ordered["lot"]):
        own = ordered.slice(first, last - first)
        head = own.slice(0, 1).to_pylist()[0]
        found.append(_lot(head, _pages_in(own, answers.get(head["lot"], {}))))
    return found


def _runs(names: pa.ChunkedArray) -> Iterator[tuple[int, int]]:
    """Where each run of equal names begins, and where it has ended."""
    ends = pc.run_end_encode(names.combine_chunks()).run_ends.to_pylist()
    return zip([0, *ends], ends, strict=False)


def _pages_in(sample: pa.Table, answers: Mapping[Place, dict[str, frozenset[str]]]) -> Iterator[SamplePage]:
    """The pages of the sample of one lot, with the answers about each."""
    columns = (sample[name].to_pylist() for name in (*_PAGE, "defects"))
    for batch, document, file, number, found in zip(*columns, strict=True):
        place = batch, document, file, number
        yield SamplePage(*place, frozenset(found) if found else _NO_DEFECT, answers.get(place, {}))


def draw_lots(store: Store, drawn_at: datetime) -> list[Lot]:
    """Draw the samples that are due and write each down as one object.

    Args:
        store: the store.
        drawn_at: wall clock of the province.

    Returns:
        The lots drawn.
    """
    series: dict[Series, list[Lot]] = defaultdict(list)
    for lot in read_lots(store):
        series[lot.agency, lot.stratum].append(lot)
    waiting = _waiting(store)
    newest = max((row["scan_date"] for documents in waiting.values() for row in documents), default=None)
    return [
        _draw(store, key, documents, series[key], drawn_at)
        for key, documents in sorted(waiting.items())
        if newest is not None and _is_due(store.settings, key[1], documents, newest)
    ]


def severity_of(lots: Sequence[Lot]) -> InspectionSeverity:
    """Say how the next lot of a series is inspected, from those whose samples people have looked at."""
    return next_severity(
        InspectedLot(lot.size, lot.inspection, lot.aql, lot.nonconforming)
        for lot in lots
        if lot.inspection is not None and lot.aql is not None and lot.nonconforming is not None
    )


def _lot(row: dict[str, Any], pages: Iterable[SamplePage]) -> Lot:
    return Lot(
        name=row["lot"],
        agency=row["agency"],
        stratum=row["stratum"],
        size=row["lot_documents"],
        sample_size=row["sample_documents"],
        inspection=row["inspection"],
        aql=row["aql_percent"],
        accept_number=row["accept_number"],
        reject_number=row["reject_number"],
        drawn_at=row["drawn_at"],
        pages=tuple(pages),
    )


def _place(row: dict[str, Any]) -> Place:
    return row["batch"], row["document_id"], row["file"], row["page_no"]


def _is_due(settings: Settings, stratum: Stratum, documents: Sequence[dict[str, Any]], newest: date) -> bool:
    """Whether documents make a lot: they are many, or the oldest has waited long; those left to a person always do."""
    if stratum == "borderline":
        return settings.audit_borderline_documents > 0
    oldest = min(row["scan_date"] for row in documents)
    return len(documents) >= settings.audit_lot_documents or (newest - oldest).days >= LONGEST_DAYS


def _waiting(store: Store) -> dict[Series, list[dict[str, Any]]]:
    """The documents of each series that are of no lot yet."""
    known = _batches_drawn(store)
    waiting: dict[Series, list[dict[str, Any]]] = defaultdict(list)
    for row in _judged(store):
        series = row["agency"], _STRATUM[row["verdict"]]
        if row["batch"] not in known[series]:
            waiting[series].append(row)
    return waiting


def _batches_drawn(store: Store) -> dict[Series, set[str]]:
    sample = store.read_table("audit_sample").select(["lot", "agency", "stratum", "lot_batches"])
    found: dict[Series, set[str]] = defaultdict(set)
    lots = sample["lot"].to_pylist()
    firsts = [place for place, lot in enumerate(lots) if place == 0 or lot != lots[place - 1]]
    for row in sample.take(pa.array(firsts, pa.int64())).to_pylist():
        found[row["agency"], row["stratum"]].update(row["lot_batches"])
    return found


def _judged(store: Store) -> Iterator[dict[str, Any]]:
    """Documents of the last scan days that were judged by their pages: what is missing or altered needs no eye."""
    days = sorted(map(layout.table_day, store.list_folders(layout.WAREHOUSE, layout.table_prefix("documents"))))
    for some in in_chunks([day for day in days if (days[-1] - day).days < DAYS], _DAYS_AT_ONCE):
        rows = store.read_table("documents", some).select(_DOCUMENTS)
        is_own_fault = pc.greater(pc.fill_null(pc.list_value_length(rows["defects"]), 0), 0)
        is_scanned = pc.and_(rows["is_received"], pc.is_null(rows["not_scanned"]))
        is_judged = pc.and_(pc.and_(is_scanned, pc.invert(is_own_fault)), pc.is_valid(rows["verdict"]))
        with_pages = pa.array(sorted(_batches_with_pages(store, some)), pa.string())
        yield from rows.filter(pc.and_(is_judged, pc.is_in(rows["batch"], with_pages))).to_pylist()


def _batches_with_pages(store: Store, days: Iterable[date]) -> set[str]:
    """Batches of these scan days whose page rows are kept."""
    prefixes = [layout.table_prefix("pages", day) for day in days]
    keys = [info.key for prefix in prefixes for info in store.list_objects(layout.WAREHOUSE, prefix)]
    return {key.rpartition("/")[2].removesuffix(".parquet") for key in keys}


def _draw(
    store: Store, series: Series, documents: Sequence[dict[str, Any]], before: Sequence[Lot], drawn_at: datetime
) -> Lot:
    agency, stratum = series
    name = f"{agency}-{stratum}-{len(before) + 1:04d}"
    settings, size = store.settings, len(documents)
    head: dict[str, Any] = dict.fromkeys(("inspection", "aql_percent", "accept_number", "reject_number"))
    most = settings.audit_borderline_documents
    if stratum != "borderline":
        inspection, aql = severity_of(before), settings.audit_aql_percent
        plan = sampling_plan(size, aql, inspection)
        most = plan.sample_size
        numbers = {"accept_number": plan.accept_number, "reject_number": plan.reject_number}
        head |= {"inspection": inspection, "aql_percent": aql, **numbers}
    by_id = {row["document_id"]: row for row in documents}
    chosen = choose_documents(name, by_id, most)
    head |= {
        "lot": name, "stratum": stratum, "lot_documents": size, "sample_documents": len(chosen),
        "weight": size / len(chosen), "drawn_at": drawn_at,
        "lot_batches": sorted({row["batch"] for row in documents}),
    }  # fmt: skip
    rows = [page | head for page in _pages_of(store, [by_id[one] for one in chosen])]
    table = pa.Table.from_pylist(rows, TABLES["audit_sample"])
    store.write_table("audit_sample", drawn_at.date(), name, table)
    return _lot(rows[0], [SamplePage(*_place(row), frozenset(row["defects"] or ()), {}) for row in rows])


def _pages_of(store: Store, documents: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The pages of these documents, batch by batch."""
    batches: dict[tuple[date, str], list[str]] = defaultdict(list)
    for row in documents:
        batches[row["scan_date"], row["batch"]].append(row["document_id"])
    for (day, batch), names in sorted(batches.items()):
        rows = store.read_table("pages", [day], name=batch)
        rows = rows.filter(pc.is_in(rows["document_id"], pa.array(names, pa.string())))
        yield from rows.select(["agency", *_PAGE, "verdict", "defects"]).to_pylist()
