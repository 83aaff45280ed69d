"""Progress of one dossier day: declared, received and accepted over the denominator, by unit and definition.

The official figure counts files only: it is received / denominator. The numerator of this table is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.progress.dossiers import list_documents
from sohoa.registry import ancestors
from sohoa.schema import TABLES

RATES = (
    ("dn_and", "all"),
    ("dn_or", "all"),
    ("dn_store", "all"),
    ("by_stage", "components"),
    ("by_stage", "result"),
)
"""(definition, stage) of every rate, in the order of the rows of a unit."""

_LEVELS = ("declared", "received", "accepted")
_MEASURES = ("denominator", *_LEVELS, "finished")
_OUT_OF_SCOPE = pa.array([1, 3, 7], pa.int64())
_FINISHED = pa.array([9, 10], pa.int64())
_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


def progress_of_day(day: date, dossiers: pa.Table) -> pa.Table:
    """What is known now of one day's dossiers.

    A document that another one ``replaces`` is at no level, whatever its verdict. A dossier that the register does not
    know, or knows without a unit, enters nothing.

    Args:
        day: the dossier day; its unit map is used.
        dossiers: all rows of the table ``dossiers`` of that day.

    Returns:
        Rows of ``progress_daily`` by unit_code and ``RATES``, for each unit that has a dossier of the day in the
        register, itself or below it; where none of them counts the denominator is 0. ``dn_store`` counts documents, the
        other definitions dossiers.
    """
    known = dossiers.filter(pc.and_(dossiers["in_register"], pc.is_valid(dossiers["unit_code"])))
    leaves = pc.dictionary_encode(known["unit_code"].combine_chunks())
    sums = np.zeros((len(leaves.dictionary), len(_MEASURES), len(RATES)), np.int64)
    np.add.at(sums, leaves.indices.to_numpy(), _measures_by_dossier(known))
    return _rows(_add_up(day, dict(zip(leaves.dictionary.to_pylist(), sums, strict=True))))


def _measures_by_dossier(dossiers: pa.Table) -> _Ints:
    """Dossier × ``_MEASURES`` × ``RATES``."""
    components = pc.fill_null(dossiers["components"], 0).to_numpy()
    results = _flags(dossiers["has_paper_result"]).astype(np.int64)
    is_finished = _flags(pc.is_in(dossiers["status"], _FINISHED))
    ones = np.ones(len(dossiers), np.int64)
    due = [ones, ones, components + results, components > 0, (results > 0) & is_finished]
    denominator = np.stack(due, axis=1).astype(np.int64) * _is_counted(dossiers)[:, None]
    documents = _standing_documents(dossiers)
    reached = [
        _digitised(components, results, *_counts(documents, level, len(dossiers))) * (denominator > 0)
        for level in _LEVELS
    ]
    return np.stack([denominator, *reached, denominator * is_finished[:, None]], axis=1)


def _is_counted(dossiers: pa.Table) -> _Bools:
    """Which dossiers are in the denominator: not refused or withdrawn, not exempt, not void."""
    is_out = _flags(pc.is_in(dossiers["status"], _OUT_OF_SCOPE)) | _flags(dossiers["is_void"])
    return ~is_out & _flags(pc.is_null(dossiers["exemption"]))


def _digitised(components: _Ints, results: _Ints, found_components: _Ints, found_results: _Ints) -> _Ints:
    """Dossier × ``RATES``: how much of each dossier is digitised, by the documents found at one level."""
    has_component, has_result = found_components > 0, found_results > 0
    both = (has_component | (components == 0)) & (has_result | (results == 0))
    stored = np.minimum(components, found_components) + np.minimum(results, found_results)
    return np.stack([both, has_component | has_result, stored, has_component, has_result], axis=1).astype(np.int64)


def _standing_documents(dossiers: pa.Table) -> pa.Table:
    """Documents that no other one replaces, with a flag for each level."""
    rows = list_documents(dossiers)
    replacing = rows.filter(pc.not_equal(rows["replaces"], rows["document_id"]))
    replaced = pc.unique(_document_names(replacing["agency"], replacing["replaces"]))
    is_replaced = _flags(pc.is_in(_document_names(rows["agency"], rows["document_id"]), replaced))
    received = _flags(rows["received"])
    accepted = received & _flags(pc.equal(rows["verdict"], "accepted"))
    levels = {"declared": np.ones(len(rows), np.bool_), "received": received, "accepted": accepted}
    return pa.table({"row": rows["row"], "kind": rows["kind"], **levels}).filter(pa.array(~is_replaced))


def _document_names(agency: Any, document_id: Any) -> Any:
    # no agency code holds a slash, so two documents never read alike
    return pc.binary_join_element_wise(agency, document_id, "/")


def _counts(documents: pa.Table, level: str, dossiers: int) -> tuple[_Ints, _Ints]:
    """Component and result documents of each dossier that reached a level."""
    reached = documents.filter(documents[level])
    kinds = (reached.filter(pc.equal(reached["kind"], kind)) for kind in ("component", "result"))
    components, results = (np.bincount(rows["row"].to_numpy(), minlength=dossiers) for rows in kinds)
    return components, results


def _add_up(day: date, leaves: Mapping[str, _Ints]) -> dict[str, _Ints]:
    """The sums of each unit and all below it, by unit code in order."""
    totals: dict[str, _Ints] = {}
    for leaf, sums in leaves.items():
        for unit in (leaf, *ancestors(leaf, day)):
            totals[unit] = totals.get(unit, 0) + sums
    return dict(sorted(totals.items()))


def _rows(totals: Mapping[str, _Ints]) -> pa.Table:
    """The table's rows from unit code -> ``_MEASURES`` × ``RATES``."""
    sums = np.array(list(totals.values()), np.int64).reshape(len(totals), len(_MEASURES), len(RATES))
    columns: dict[str, Any] = {name: sums[:, i, :].ravel() for i, name in enumerate(_MEASURES)}
    columns["unit_code"] = pa.array([unit for unit in totals for _ in RATES], pa.string())
    columns["definition"] = [definition for _ in totals for definition, _ in RATES]
    columns["stage"] = [stage for _ in totals for _, stage in RATES]
    columns |= {"numerator": columns["accepted"], "waived": np.zeros(len(totals) * len(RATES), np.int64)}
    schema = TABLES["progress_daily"]
    return pa.table({name: columns[name] for name in schema.names}, schema)


def _flags(column: Any) -> _Bools:
    """A boolean column as an array; null counts as false."""
    flags: _Bools = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return flags
