"""The dossiers behind a figure of one day: in or out of numerator and denominator, with the reason of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.count_progress import MEASURES, RATES, measure_dossiers, placed_dossiers
from sohoa.counting.document_states import REACHED, document_states
from sohoa.counting.join_dossiers import list_documents
from sohoa.enums import GROUPS, Group
from sohoa.progress.carry_forward import Place, find_place
from sohoa.progress.dossier_reasons import Documents, what_lacks, why_counted, why_out
from sohoa.progress.unit_progress import Figure, ProgressQuery, make_figure
from sohoa.settings import Settings
from sohoa.store import Store

_SHOWN = ("dossier_key", "unit_code", "handling_agency", "procedure_code", "status", "exemption")


@dataclass(frozen=True)
class DossierInFigure:
    """One dossier and what it adds to the figure; the sums over all are the figure."""

    dossier_key: str
    unit_code: str
    """Leaf unit on the dossier's own day."""
    handling_agency: str
    procedure_code: str | None
    status: int
    denominator: int
    declared: int
    received: int
    accepted: int
    """The numerator."""
    waived: int
    finished: int
    interim_results: int
    """Accepted papers between reception and result: a count, in no rate."""
    reasons: tuple[str, ...]
    """Codes of ``enums.DOSSIER_REASONS``."""
    exemption: str | None
    is_approximate: bool
    """Its commune was split, on the way to the map or by its day: whether it belongs here is not known."""


def explain_day(day: date, dossiers: pa.Table, query: ProgressQuery) -> list[DossierInFigure]:
    """List the dossiers of one unit and day: out of the numerator, then in it, then out of the denominator.

    A dossier that a split commune may have left to this unit, but that is counted in another, is listed with zeros and
    the reason ``counted_elsewhere``.

    Args:
        day: the dossier day.
        dossiers: all rows of the table ``dossiers`` of that day.
        query: unit, definition, stage and map.

    Raises:
        InputError: no unit bears the code, or a dossier's unit is younger than the map.
    """
    unit = query.key_on(day)
    known = placed_dossiers(dossiers)
    measures = measure_dossiers(known)[:, :, RATES.index((query.definition, query.stage))]
    documents = _documents_by_row(known)
    found = []
    for number, row in enumerate(known.drop_columns("documents").to_pylist()):
        place = find_place(unit, row["unit_code"], day, query.map_day)
        if place is not None:
            counts = dict(zip(MEASURES, measures[number].tolist(), strict=True))
            found.append(_explain(row, counts, documents[number], place, query))
    return sorted(found, key=lambda line: (GROUPS.index(group_of(line)), line.reasons, line.dossier_key))


def read_figure_dossiers(store: Store, day: date, query: ProgressQuery) -> list[DossierInFigure]:
    """Read the dossiers of a day from the store and explain them as ``explain_day`` does."""
    return explain_day(day, store.read_table("dossiers", [day], name=layout.DAY), query)


def count_unregistered(store: Store, day: date) -> int:
    """Count the dossiers of a day that have scans and that the register does not know; they are in no rate."""
    dossiers = store.read_table("dossiers", [day], name=layout.DAY)
    return int(pc.sum(pc.invert(dossiers["in_register"])).as_py() or 0)


def group_of(line: DossierInFigure) -> Group:
    """Tell which of ``enums.GROUPS`` a dossier is in; one that is digitised in part lacks something."""
    if line.denominator == 0:
        return "out"
    return "counted" if line.accepted == line.denominator else "lacking"


def _documents_by_row(dossiers: pa.Table) -> dict[int, Documents]:
    """Return position of a dossier -> the states of its documents by kind."""
    documents = list_documents(dossiers)
    columns = (documents["row"].to_pylist(), documents["kind"].to_pylist(), document_states(documents).to_pylist())
    found: defaultdict[int, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row, kind, state in zip(*columns, strict=True):
        found[row][kind].append(state)
    return dict(found) | {row: {} for row in range(len(dossiers)) if row not in found}


def _explain(
    row: dict[str, Any], counts: dict[str, int], documents: Documents, place: Place, query: ProgressQuery
) -> DossierInFigure:
    rate = (query.definition, query.stage)
    reasons: tuple[str, ...]
    if not place.is_counted:
        counts, reasons = dict.fromkeys(counts, 0), ("counted_elsewhere",)
    elif counts["denominator"] == 0:
        reasons = (why_out(row, query.stage),)
    elif counts["accepted"] == counts["denominator"]:
        reasons = why_counted(counts["waived"], documents)
    else:
        reasons = what_lacks(row, *rate, documents)
    values: dict[str, Any] = {name: row[name] for name in _SHOWN} | counts
    interim_results = sum(state in REACHED["accepted"] for state in documents.get("interim_result", ()))
    values |= {
        "interim_results": interim_results,
        "reasons": reasons,
        "is_approximate": place.is_approximate or bool(row["is_split"]),
    }
    return DossierInFigure(**values)


def sum_up(lines: list[DossierInFigure], day: date, settings: Settings) -> Figure:
    """Return the figure that the dossiers of a day add up to."""
    sums = {name: sum(getattr(line, name) for line in lines) for name in MEASURES}
    return make_figure(day, day, sums, any(line.is_approximate for line in lines), settings)


def count_reasons(lines: list[DossierInFigure]) -> Counter[str]:
    """Count the dossiers with each reason."""
    return Counter(reason for line in lines for reason in line.reasons)
