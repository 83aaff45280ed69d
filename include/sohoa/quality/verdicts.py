"""From verdicts of pages to verdicts of documents and batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.arrow import Bools, as_mask, join_names
from sohoa.enums import SEALED_KINDS, VERDICTS
from sohoa.quality.rules import Levels, error_pattern, no_levels, raise_levels, with_verdict
from sohoa.quality.thresholds import Thresholds
from sohoa.schema import TABLES

_SCHEMA = TABLES["documents"]
_Ints = npt.NDArray[np.int64]


def worst(verdicts: Iterable[str | None]) -> str | None:
    """Return the worst of the verdicts; null ones say nothing, and of none at all the answer is None."""
    return max((verdict for verdict in verdicts if verdict is not None), key=VERDICTS.index, default=None)


def judge_documents(documents: pa.Table, pages: pa.Table, thresholds: Thresholds) -> pa.Table:
    """Judge documents by what their pages tell: received, page counts, verdict, and the defects of their own.

    A document is received when every file is there with the declared hash. Its pages are counted against the manifest,
    where a sheet that was captured in tiles is one page however many they are, and none if there is only a reference of
    it; a sheet whose tiles leave out a part of its reference lacks a page. Not counted is a document with tiles of an
    unnamed sheet, or with a file that cannot be read to its end: how many pages that one has is not known. Whether the
    pages are in the right order is not looked at: the numbers printed on them would have to be read.

    A document has a duplicate page where the ``twin`` of one of its pages is in another document, or more of its pages
    have one in the document itself than were scanned twice for a note. A result on none of
    whose pages a colour is as strong as that of a seal has a wrong colour. The verdict is the worst of the pages and
    these defects; where that is rejected, everything was received and the agency asks a person, a person decides.

    Args:
        documents: rows with all that the manifests declare (``schema.TABLES``); other columns are replaced.
        pages: judged page rows in the order of the manifests; a document is known by agency, batch and document_id.
        thresholds: severity and limits of a document's own defects.

    Returns:
        Rows of the table ``documents``, in the given order. A document that was not scanned has no verdict.
    """
    facts = _gather(documents, pages, thresholds)
    scanned = as_mask(pc.is_null(documents["not_scanned"]))
    judged = with_verdict(documents.select([]), _own_levels(documents, facts, scanned, thresholds))
    is_received = scanned & (facts["rows"] > 0) & (facts["missing"] + facts["changed"] == 0)
    is_asked = is_received & as_mask(pc.is_valid(documents["ask_reviewer"]))
    rank = np.maximum(_ranks(judged["verdict"]), facts["rank"])
    rank = np.where(is_asked, np.minimum(rank, VERDICTS.index("review")), rank)
    values: dict[str, Any] = {name: documents[name] for name in documents.column_names} | {
        "is_received": pa.array(is_received),
        "pages_found": pa.array(facts["rows"] - facts["missing"]),
        "pages_accepted": pa.array(facts["accepted"]),
        "verdict": pa.array(VERDICTS).take(pa.array(rank, pa.int64(), mask=~scanned)),
        "defects": judged["defects"],
        "notes": judged["notes"],
    }
    return pa.table({name: values[name] for name in _SCHEMA.names}).cast(_SCHEMA)


def _gather(documents: pa.Table, pages: pa.Table, thresholds: Thresholds) -> dict[str, _Ints]:
    """Count for each document its page rows by what they are, and the rank of its worst page."""
    place = pc.index_in(_document_names(pages), _document_names(documents).combine_chunks())
    pages, place = pages.filter(pc.is_valid(place)), pc.drop_null(place).to_numpy()
    size = len(documents)
    is_page, is_faulty = as_mask(pc.equal(pages["role"], "page")), as_mask(pc.is_valid(pages["error"]))
    chroma = pages["chroma"].to_numpy()
    kinds = {
        "rows": np.ones(len(pages), np.bool_),
        "missing": _has_error(pages, "missing"),
        "changed": _has_error(pages, "hash_mismatch"),
        "faulty": is_faulty & is_page,
        "parts": ~is_page,
        "accepted": as_mask(pc.equal(pages["verdict"], "accepted")),
        "coloured": chroma >= thresholds.own_limit("wrong_colour"),
        "colourless": chroma < thresholds.own_limit("wrong_colour"),
        "uncovered": pages["uncovered_ratio"].to_numpy() > thresholds.own_limit("missing_page"),
    }
    facts = {name: np.bincount(place[mask], minlength=size) for name, mask in kinds.items()}
    rank = np.zeros(size, np.int64)
    np.maximum.at(rank, place, _ranks(pages["verdict"]))
    sheets = _count_sheets(documents, pages, place)
    return facts | sheets | _count_twins(documents, pages, place, thresholds) | {"rank": rank}


def _count_sheets(documents: pa.Table, pages: pa.Table, place: _Ints) -> dict[str, _Ints]:
    """Count for each document the sheets that there are tiles of, and tiles of which the sheet is not known."""
    is_tile = as_mask(pc.equal(pages["role"], "tile")) & ~_has_error(pages, "missing")
    owner, sheet = place[is_tile], pc.fill_null(pages["sheet"], 0).to_numpy()[is_tile]
    only = (_numbers(documents["pages_declared"]) - _numbers(documents["note_pages"]))[owner] == 1
    sheet = np.where((sheet == 0) & only, 1, sheet)
    distinct = np.unique(np.stack([owner, sheet]), axis=1)
    return {
        "sheets": np.bincount(distinct[0], minlength=len(documents)),
        "unnamed": np.bincount(owner[sheet == 0], minlength=len(documents)),
    }


def _count_twins(documents: pa.Table, pages: pa.Table, place: _Ints, thresholds: Thresholds) -> dict[str, _Ints]:
    """Count for each document the pages with an earlier twin in the document itself, and in another."""
    batch, document, bits = (pc.struct_field(pages["twin"], name) for name in ("batch", "document_id", "bits"))
    is_copy = as_mask(pc.less_equal(bits, thresholds.own_limit("duplicate_page")))
    is_own = as_mask(pc.and_(pc.equal(batch, pages["batch"]), pc.equal(document, pages["document_id"])))
    return {
        "repeats": np.bincount(place[is_copy & is_own], minlength=len(documents)),
        "copies": np.bincount(place[is_copy & ~is_own], minlength=len(documents)),
    }


def _own_levels(documents: pa.Table, facts: dict[str, _Ints], scanned: Bools, thresholds: Thresholds) -> Levels:
    declared = _numbers(documents["pages_declared"])
    found = facts["rows"] - facts["missing"] - facts["parts"] + facts["sheets"]
    countable = (facts["unnamed"] == 0) & (facts["faulty"] == 0)
    is_sealed = as_mask(pc.is_in(documents["kind"], pa.array(SEALED_KINDS)))
    has = {
        "missing_page": (facts["missing"] + facts["uncovered"] > 0) | (countable & (found < declared)),
        "extra_page": countable & (found > declared),
        "hash_mismatch": facts["changed"] > 0,
        "duplicate_page": (facts["copies"] > 0) | (facts["repeats"] > _numbers(documents["note_pages"])),
        "wrong_colour": is_sealed & (facts["colourless"] > 0) & (facts["coloured"] == 0),
    }
    levels = no_levels(len(documents))
    for defect, limit in thresholds.documents.items():
        raise_levels(levels, scanned & has[defect], defect, limit.severity)
    return levels


def _numbers(values: Any) -> _Ints:
    return np.asarray(pc.fill_null(values, 0).to_numpy(), np.int64)


def _document_names(rows: pa.Table) -> Any:
    return join_names(rows["agency"], rows["batch"], rows["document_id"])


def _has_error(pages: pa.Table, code: str) -> Bools:
    return as_mask(pc.match_substring_regex(pages["error"], error_pattern([code])))


def _ranks(verdicts: Any) -> _Ints:
    """Return the place of each verdict in ``VERDICTS``, the worst last."""
    return np.asarray(pc.index_in(verdicts, pa.array(VERDICTS)).to_numpy(), np.int64)
