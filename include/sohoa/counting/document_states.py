"""How far a scanned document has come: one word for each, from its files, its verdict and a reviewer's decision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.arrow import Bools, as_mask, join_names

STATES = ("replaced", "unreceived", "rejected", "in_review", "waived", "accepted")
"""From worst to best: another document stands in its place | listed, but files are missing or altered | not good enough
| waits for a reviewer | not good enough and accepted all the same | accepted as it is or upheld by a reviewer."""

REACHED = {
    "declared": STATES[1:],
    "received": STATES[2:],
    "accepted": ("waived", "accepted"),
    "unaided": ("accepted",),
}
"""Level -> the states that have reached it; ``unaided`` is accepted without any waiver."""


def document_states(documents: pa.Table) -> pa.Array:
    """Return the state of each document.

    Args:
        documents: rows with agency, document_id, replaces, is_received, verdict and decision; a document
            is replaced only by one that is among them.
    """
    verdict, decision = documents["verdict"], documents["decision"]
    is_refused = _equals(decision, "reject")
    is_good = _equals(verdict, "accepted") | (_equals(verdict, "review") & _equals(decision, "uphold"))
    tests = {
        "replaced": _is_replaced(documents),
        "unreceived": ~as_mask(documents["is_received"]),
        "rejected": is_refused,
        "accepted": is_good,
        "waived": _equals(decision, "waive"),
        "in_review": ~_equals(verdict, "rejected"),
    }
    places = np.select(list(tests.values()), [STATES.index(name) for name in tests], STATES.index("rejected"))
    return pa.array(STATES, pa.string()).take(pa.array(places, pa.int64()))


def has_reached(states: Any, level: str) -> Bools:
    """Return which documents have reached a level of ``REACHED``."""
    return as_mask(pc.is_in(states, pa.array(REACHED[level], pa.string())))


def _equals(column: Any, value: str) -> Bools:
    return as_mask(pc.equal(column, value))


def _is_replaced(documents: pa.Table) -> Bools:
    replacing = documents.filter(pc.not_equal(documents["replaces"], documents["document_id"]))
    replaced = pc.unique(join_names(replacing["agency"], replacing["replaces"]))
    return as_mask(pc.is_in(join_names(documents["agency"], documents["document_id"]), replaced))
