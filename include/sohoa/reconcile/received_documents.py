"""The scanned documents of dossiers, as far as the reconciliation asks about them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.counting.document_states import document_states, has_reached
from sohoa.counting.join_dossiers import list_documents

SCANS = pa.schema(
    [
        pa.field("dossier_date", pa.date32()),
        pa.field("dossier_key", pa.string()),
        pa.field("agency", pa.string()),
        pa.field("document_id", pa.string()),
        pa.field("first_seen", pa.date32()),
        pa.field("is_accepted_component", pa.bool_()),
    ]
)
"""A received document that no other one replaces; ``first_seen`` is its scan date."""


def received_scans(dossiers: pa.Table) -> pa.Table:
    """List the received documents of dossiers that no other one replaces, with the columns of ``SCANS``.

    Args:
        dossiers: rows of the table ``dossiers`` with ``dossier_date``.
    """
    documents = list_documents(dossiers)
    states = document_states(documents)
    is_accepted = has_reached(states, "accepted") & pc.equal(documents["kind"], "component").to_numpy()
    columns = {
        "dossier_date": dossiers["dossier_date"].take(documents["row"]),
        **{name: documents[name] for name in ("dossier_key", "agency", "document_id")},
        "first_seen": _scan_dates(documents),
        "is_accepted_component": is_accepted,
    }
    return pa.table(columns).cast(SCANS).filter(pa.array(has_reached(states, "received")))


def _scan_dates(documents: pa.Table) -> pa.Array:
    """Return the scan date inside each batch id."""
    names = pc.dictionary_encode(documents["batch"].combine_chunks())
    days = [found and found.scan_date for found in map(layout.BatchId.parse, names.dictionary.to_pylist())]
    return pa.array(days, pa.date32()).take(names.indices)
