"""R6 and R9 to R12: what both sides say of a dossier that both have, where it differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.arrow import Bools, as_mask
from sohoa.reconcile.ledger import entries
from sohoa.reconcile.result_links import is_well_formed

_PROCEDURE = r"(?P<code>\d\.\d{6})"
_HAS_RESULT = pa.array([9, 10], pa.int64())


def flag_pairs(
    province: pa.Table, portal: pa.Table, accepted: pa.Array, absent_links: frozenset[str]
) -> list[pa.Table]:
    """List the entries of the pairs that differ, in the province's cell.

    Args:
        province: rows of the register with their cells.
        portal: the portal's row of each, in the same order.
        accepted: keys of dossiers with at least one accepted component document.
        absent_links: links to objects of the own store that are not there.
    """
    is_digitised = pc.is_in(province["dossier_key"], accepted)
    codes = [_procedure(rows["procedure_code"]) for rows in (province, portal)]
    found = {
        "R6": (_differs(province["status"], portal["status"]), province["status"], portal["status"]),
        "R9": (_differs(*codes), province["procedure_code"], portal["procedure_code"]),
        "R10": (
            as_mask(pc.not_equal(is_digitised, portal["is_flagged_digitised"])),
            is_digitised,
            portal["is_flagged_digitised"],
        ),
        "R11": (_is_broken(province, portal, absent_links), None, portal["result_link"]),
        "R12": (_differs(province["due_at"], portal["due_at"]), province["due_at"], portal["due_at"]),
    }
    return [_entries_of(name, province, *parts) for name, parts in found.items()]


def _entries_of(name: str, rows: pa.Table, differs: Bools, province: Any, portal: Any) -> pa.Table:
    mask = pa.array(differs)
    return entries(
        name, rows.filter(mask), *(None if side is None else side.filter(mask) for side in (province, portal))
    )


def _differs(one: Any, other: Any) -> Bools:
    """Tell whether two values differ; null differs from every value, and from no null."""
    is_known = as_mask(pc.is_valid(one)), as_mask(pc.is_valid(other))
    return np.asarray((is_known[0] != is_known[1]) | as_mask(pc.not_equal(one, other)), np.bool_)


def _procedure(codes: Any) -> Any:
    """Return the first d.dddddd of each code: what follows is a local suffix."""
    return pc.struct_field(pc.extract_regex(codes, _PROCEDURE), "code")


def _is_broken(province: pa.Table, portal: pa.Table, absent_links: frozenset[str]) -> Bools:
    """Tell whether the portal shows no result, or one that cannot be there, though a paper result has been given."""
    is_due = as_mask(pc.is_in(province["status"], _HAS_RESULT)) & as_mask(province["has_paper_result"])
    links = pc.dictionary_encode(pc.fill_null(portal["result_link"], "").combine_chunks())
    is_bad = [not is_well_formed(link) or link in absent_links for link in links.dictionary.to_pylist()]
    return is_due & as_mask(pa.array(is_bad, pa.bool_()).take(links.indices))
