"""Dossiers that are not scanned yet: what is due of them has not been received.

A dossier is unscanned if it has components to digitise and none was received, or a paper result and none was received
although it is finished. Papers that one document holds together are not asked for again.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.arrow import Bools, as_mask
from sohoa.counting.count_progress import FINISHED, is_counted
from sohoa.counting.document_states import document_states, has_reached
from sohoa.counting.join_dossiers import list_documents


def unscanned_dossiers(dossiers: pa.Table, day: date) -> pa.Table:
    """List the dossiers that are not scanned yet at the end of a day.

    What the register says is taken as known now; documents count if their batch was scanned by that day.

    Args:
        dossiers: rows of the table ``dossiers`` with their path key ``dossier_date``; later days are left out.
        day: the day.

    Returns:
        dossier_date, dossier_key, handling_agency, unit_code and documents, how many are to be scanned at least; oldest
        first.
    """
    known = dossiers.filter(pc.and_(dossiers["in_register"], pc.less_equal(dossiers["dossier_date"], day)))
    rows = known.filter(pa.array(is_counted(known)))
    has_component, has_result = _received(rows, day)
    components = pc.fill_null(rows["components"], 0).to_numpy()
    is_finished = as_mask(pc.is_in(rows["status"], pa.array(FINISHED, pa.int64())))
    lacks_result = as_mask(rows["has_paper_result"]) & is_finished & ~has_result
    documents = np.where(has_component, 0, components) + lacks_result
    found = rows.select(["dossier_date", "dossier_key", "handling_agency", "unit_code"]).append_column(
        "documents", pa.array(documents)
    )
    order = [("dossier_date", "ascending"), ("dossier_key", "ascending")]
    return found.filter(pc.greater(found["documents"], 0)).sort_by(order)


def scan_days(documents: pa.Table) -> pa.Array:
    """Return the scan day of each document's batch."""
    batches = pc.dictionary_encode(documents["batch"].combine_chunks())
    dates = [found and found.scan_date for found in map(layout.BatchId.parse, batches.dictionary.to_pylist())]
    return pa.array(dates, pa.date32()).take(batches.indices)


def _received(dossiers: pa.Table, day: date) -> tuple[Bools, Bools]:
    """Tell which dossiers have a component, and a result, received in a batch scanned by that day."""
    documents = list_documents(dossiers)
    documents = documents.filter(pc.less_equal(scan_days(documents), day))
    received = documents.filter(pa.array(has_reached(document_states(documents), "received")))
    kinds = (received.filter(pc.equal(received["kind"], kind)) for kind in ("component", "result"))
    components, results = (np.bincount(rows["row"].to_numpy(), minlength=len(dossiers)) > 0 for rows in kinds)
    return components, results
