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

from sohoa.arrow import Bools, as_mask
from sohoa.counting.document_states import REACHED, document_states, has_reached
from sohoa.counting.join_dossiers import list_documents
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

MEASURES = ("denominator", "declared", "received", "accepted", "waived", "finished")
OUT_OF_SCOPE = {1: "only_registered", 3: "refused", 7: "withdrawn"}
"""Statuses that leave the denominator."""
FINISHED = (9, 10)

_LEVELS = tuple(REACHED)
_Ints = npt.NDArray[np.int64]


def progress_of_day(day: date, dossiers: pa.Table) -> pa.Table:
    """Count what is known now of one day's dossiers.

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
    known = placed_dossiers(dossiers)
    leaves = pc.dictionary_encode(known["unit_code"].combine_chunks())
    sums = np.zeros((len(leaves.dictionary), len(MEASURES), len(RATES)), np.int64)
    np.add.at(sums, leaves.indices.to_numpy(), measure_dossiers(known))
    return _rows(_add_up(day, dict(zip(leaves.dictionary.to_pylist(), sums, strict=True))))


def placed_dossiers(dossiers: pa.Table) -> pa.Table:
    """Return the dossiers that can be in a rate: the register knows them and their unit."""
    return dossiers.filter(pc.and_(dossiers["in_register"], pc.is_valid(dossiers["unit_code"])))


def measure_dossiers(dossiers: pa.Table) -> _Ints:
    """Measure what each dossier adds to each rate: dossier × ``MEASURES`` × ``RATES``."""
    components, results = _due(dossiers)
    is_finished = as_mask(pc.is_in(dossiers["status"], pa.array(FINISHED, pa.int64())))
    ones = np.ones(len(dossiers), np.int64)
    due = [ones, ones, components + results, components > 0, (results > 0) & is_finished]
    denominator = np.stack(due, axis=1).astype(np.int64) * is_counted(dossiers)[:, None]
    documents = list_documents(dossiers)
    states = document_states(documents)
    found = (_counts(documents.filter(has_reached(states, level)), len(dossiers)) for level in _LEVELS)
    reached = dict(zip(_LEVELS, (_digitised(components, results, *f) * (denominator > 0) for f in found), strict=True))
    values = {
        "denominator": denominator,
        **reached,
        "waived": reached["accepted"] - reached["unaided"],
        "finished": denominator * is_finished[:, None],
    }
    return np.stack([values[name] for name in MEASURES], axis=1)


def _due(dossiers: pa.Table) -> tuple[_Ints, _Ints]:
    """Return components and paper results of each dossier that are to be digitised."""
    components = pc.fill_null(dossiers["components"], 0).to_numpy()
    return components, as_mask(dossiers["has_paper_result"]).astype(np.int64)


def is_counted(dossiers: pa.Table) -> Bools:
    """Return which dossiers are in the denominator: not refused or withdrawn, not exempt, not void."""
    is_out = as_mask(pc.is_in(dossiers["status"], pa.array(OUT_OF_SCOPE, pa.int64()))) | as_mask(dossiers["is_void"])
    return ~is_out & as_mask(pc.is_null(dossiers["exemption"]))


def _digitised(components: _Ints, results: _Ints, found_components: _Ints, found_results: _Ints) -> _Ints:
    """Return dossier × ``RATES``: how much of each dossier is digitised, by the documents found at one level."""
    has_component, has_result = found_components > 0, found_results > 0
    both = (has_component | (components == 0)) & (has_result | (results == 0))
    stored = np.minimum(components, found_components) + np.minimum(results, found_results)
    return np.stack([both, has_component | has_result, stored, has_component, has_result], axis=1).astype(np.int64)


def _counts(documents: pa.Table, dossiers: int) -> tuple[_Ints, _Ints]:
    """Return component and result documents of each dossier."""
    kinds = (documents.filter(pc.equal(documents["kind"], kind)) for kind in ("component", "result"))
    components, results = (np.bincount(rows["row"].to_numpy(), minlength=dossiers) for rows in kinds)
    return components, results


def _add_up(day: date, leaves: Mapping[str, _Ints]) -> dict[str, _Ints]:
    """Return the sums of each unit and all below it, by unit code in order."""
    totals: dict[str, _Ints] = {}
    for leaf, sums in leaves.items():
        for unit in (leaf, *ancestors(leaf, day)):
            totals[unit] = totals.get(unit, 0) + sums
    return dict(sorted(totals.items()))


def _rows(totals: Mapping[str, _Ints]) -> pa.Table:
    """Return the table's rows from unit code -> ``MEASURES`` × ``RATES``."""
    sums = np.array(list(totals.values()), np.int64).reshape(len(totals), len(MEASURES), len(RATES))
    columns: dict[str, Any] = {name: sums[:, i, :].ravel() for i, name in enumerate(MEASURES)}
    columns["unit_code"] = pa.array([unit for unit in totals for _ in RATES], pa.string())
    columns["definition"] = [definition for _ in totals for definition, _ in RATES]
    columns["stage"] = [stage for _ in totals for _, stage in RATES]
    columns["numerator"] = columns["accepted"]
    schema = TABLES["progress_daily"]
    return pa.table({name: columns[name] for name in schema.names}, schema)
