"""Why a dossier is in a rate's denominator and numerator, or out of them: codes of ``enums.DOSSIER_REASONS``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sohoa.counting.count_progress import FINISHED, OUT_OF_SCOPE
from sohoa.counting.document_states import STATES

UNDECLARED = "undeclared"
_ACCEPTED = STATES.index("waived")

Documents = Mapping[str, list[str]]
"""Kind of document -> the states (``states.STATES``) of a dossier's documents of this kind."""


def why_out(row: Mapping[str, Any], stage: str) -> str:
    """Say why a dossier is not in the denominator.

    Args:
        row: a row of the table ``dossiers`` that is out of this rate's denominator.
        stage: stage of the rate.
    """
    if row["is_void"]:
        return "void"
    if row["status"] in OUT_OF_SCOPE:
        return OUT_OF_SCOPE[row["status"]]
    if row["exemption"] is not None:
        return "exempt"
    if stage == "components":
        return "no_component_due"
    if stage == "result":
        return "not_finished" if row["has_paper_result"] and row["status"] not in FINISHED else "no_result_due"
    return "nothing_due"


def why_counted(waived: int, documents: Documents) -> tuple[str, ...]:
    """Say why a dossier is fully in the numerator; ``waived`` is the part of it that is there by waiver."""
    if waived:
        return ("waived",)
    states = (state for kind in ("component", "result") for state in documents.get(kind, ()))
    is_scanned = any(STATES.index(state) >= _ACCEPTED for state in states)
    return ("digitised",) if is_scanned else ("nothing_to_scan",)


def what_lacks(row: Mapping[str, Any], definition: str, stage: str, documents: Documents) -> tuple[str, ...]:
    """Say what keeps a dossier of the denominator out of the numerator: at most one reason per kind of document."""
    found = []
    for kind, needed in _needed(row, definition, stage).items():
        places = sorted(STATES.index(state) for state in documents.get(kind, ()))
        standing = [place for place in places if place > 0]
        if sum(place >= _ACCEPTED for place in standing) < needed:
            waiting = [place for place in standing if place < _ACCEPTED]
            found.append(f"{kind}_{STATES[waiting[-1]] if waiting else UNDECLARED}")
    return tuple(found)


def _needed(row: Mapping[str, Any], definition: str, stage: str) -> dict[str, int]:
    """Return kind -> accepted documents that the rate asks of this dossier."""
    components, results = row["components"] or 0, int(bool(row["has_paper_result"]))
    if definition == "dn_store":
        return {"component": components, "result": results}
    if definition == "by_stage":
        return {"component": 1} if stage == "components" else {"result": 1}
    if definition == "dn_or":
        return {"component": 1, "result": 1}
    return {"component": min(components, 1), "result": results}
