"""From verdicts of pages to verdicts of documents and batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.quality.rules import Levels, error_pattern, no_levels, raise_levels, with_verdict
from sohoa.quality.thresholds import Thresholds
from sohoa.schema import TABLES, VERDICTS

_SCHEMA = TABLES["documents"]
_Ints = npt.NDArray[np.int64]
_Mask = npt.NDArray[np.bool_]


def worst(verdicts: Iterable[str | None]) -> str | None:
    """The worst of the verdicts; null ones say nothing, and of none at all the answer is None."""
    return max((verdict for verdict in verdicts if verdict is not None), key=VERDICTS.index, default=None)


def judge_batch(documents: pa.Table) -> str | None:
    """The verdict of a batch: the worst of its documents; None where nothing was scanned."""
    return worst(pc.unique(documents["verdict"]).to_pylist())


def judge_documents(documents: pa.Table, pages: pa.Table, thresholds: Thresholds) -> pa.Table:
    """Documents with what their pages tell: received, page counts, verdict, and the defects of their own.

    A document is received when every file is there with the declared hash. Its pages are counted against the manifest
    unless it holds a tile or a reference, of which several make up one sheet, or a file that cannot be read to its end:
    how many pages that one has is not known. Its verdict is the worst of its pages and its own defects.

    Args:
        documents: rows with all that the manifests declare (``schema.TABLES``); other columns are replaced.
        pages: judged page rows; a document is known by agency, batch and document_id.
        thresholds: severity of a document's own defects.

    Returns:
        Rows of the table ``documents``, in the given order. A document that was not scanned has no verdict.
    """
    facts = _gather(documents, pages)
    scanned = _mask(pc.is_null(documents["not_scanned"]))
    judged = with_verdict(documents.select([]), _own_levels(documents, facts, scanned, thresholds))
    rank = np.maximum(_ranks(judged["verdict"]), facts["rank"])
    values: dict[str, Any] = {name: documents[name] for name in documents.column_names} | {
        "received": pa.array(scanned & (facts["rows"] > 0) & (facts["missing"] + facts["changed"] == 0)),
        "pages_found": pa.array(facts["rows"] - facts["missing"]),
        "pages_accepted": pa.array(facts["accepted"]),
        "verdict": pa.array(VERDICTS).take(pa.array(rank, pa.int64(), mask=~scanned)),
        "defects": judged["defects"],
        "notes": judged["notes"],
    }
    return pa.table({name: values[name] for name in _SCHEMA.names}).cast(_SCHEMA)


def _gather(documents: pa.Table, pages: pa.Table) -> dict[str, _Ints]:
    """For each document: counts of its page rows by what they are, and the rank of its worst page."""
    place = pc.index_in(_names(pages), _names(documents).combine_chunks())
    pages, place = pages.filter(pc.is_valid(place)), pc.drop_null(place).to_numpy()
    kinds = {
        "rows": np.ones(len(pages), np.bool_),
        "missing": _has_error(pages, "missing"),
        "changed": _has_error(pages, "hash_mismatch"),
        "faulty": _mask(pc.is_valid(pages["error"])),
        "parts": _mask(pc.not_equal(pages["role"], pa.scalar("page"))),
        "accepted": _mask(pc.equal(pages["verdict"], pa.scalar("accepted"))),
    }
    facts = {name: np.bincount(place[mask], minlength=len(documents)) for name, mask in kinds.items()}
    rank = np.zeros(len(documents), np.int64)
    np.maximum.at(rank, place, _ranks(pages["verdict"]))
    return facts | {"rank": rank}


def _own_levels(documents: pa.Table, facts: dict[str, _Ints], scanned: _Mask, thresholds: Thresholds) -> Levels:
    found, declared = facts["rows"] - facts["missing"], documents["pages_declared"].to_numpy()
    countable = (facts["parts"] == 0) & (facts["faulty"] == 0)
    has = {
        "missing_page": (facts["missing"] > 0) | (countable & (found < declared)),
        "extra_page": countable & (found > declared),
        "hash_mismatch": facts["changed"] > 0,
    }
    levels = no_levels(len(documents))
    for defect, severity in thresholds.documents.items():
        raise_levels(levels, scanned & has[defect], defect, severity)
    return levels


def _names(rows: pa.Table) -> Any:
    # neither an agency code nor a batch id holds a slash, so two documents never read alike
    parts: list[Any] = [rows["agency"], rows["batch"], rows["document_id"], "/"]
    return pc.binary_join_element_wise(*parts)


def _has_error(pages: pa.Table, code: str) -> _Mask:
    return _mask(pc.match_substring_regex(pages["error"], error_pattern([code])))


def _ranks(verdicts: Any) -> _Ints:
    """Place of each verdict in ``VERDICTS``, the worst last."""
    return np.asarray(pc.index_in(verdicts, pa.array(VERDICTS)).to_numpy(), np.int64)


def _mask(values: Any) -> _Mask:
    return np.asarray(pc.fill_null(values, False).to_numpy(), np.bool_)
