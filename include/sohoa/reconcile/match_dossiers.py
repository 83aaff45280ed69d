"""Every dossier of some days into the categories R0 to R12: a pure function of what each side says.

A dossier is one key, however it is spelled. R1 to R5 exclude each other, in the order R3, R5, R1, R2, R4; R6 and R9 to
R12 are flags of matched dossiers and may overlap. A matched dossier that both sides count in other cells has moved: by
unit (R8) or, where both name one DonViXuLy or one unit, by day (R7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.arrow import as_mask, join_names
from sohoa.counting.own_days import UNIT_KEY, with_valid_from
from sohoa.reconcile.compare_fields import flag_pairs
from sohoa.reconcile.leaf_units import leaf_units
from sohoa.reconcile.ledger import entries

_NOT_RECEIVED = pa.array([1, 3], pa.int64())
_ORDER = ("code_day", "dossier_date", "unit_code", "category", "dossier_key", "dossier_code", "province", "portal")


@dataclass(frozen=True)
class Sides:
    """What is known of the dossiers of some days; ``dossier_date`` is the day in their code.

    Attributes:
        register: rows of ``register``.
        portal: rows of ``portal``.
        ministry: rows of ``ministry``.
        scans: rows of ``received_documents.SCANS``.
        absent_links: links to objects of the own store that are not there.
    """

    register: pa.Table
    portal: pa.Table
    ministry: pa.Table
    scans: pa.Table
    absent_links: frozenset[str] = frozenset()


def classify(sides: Sides) -> pa.Table:
    """Classify the dossiers: all entries, with the columns of ``ENTRY``, in one fixed order.

    Each live row of the register and each row of the portal is an entry of its side too. Where a portal row has no
    NgayTiepNhan, the day in its code stands for it; where an agency has no unit on the day, the province does.
    """
    register, portal = _place_register(sides.register), _place_portal(sides.portal)
    is_live = ~as_mask(register["is_void"])
    live, void = register.filter(pa.array(is_live)), register.filter(pa.array(~is_live))
    kept, further = _split_spellings(portal, register)
    is_matched = as_mask(pc.is_in(kept["dossier_key"], _keys_of(live)))
    matched, unmatched = kept.filter(pa.array(is_matched)), kept.filter(pa.array(~is_matched))
    province = live.take(pc.index_in(matched["dossier_key"], _keys_of(live)))
    first_seen = pc.max_element_wise(province["first_seen"], matched["first_seen"])
    province, matched = _with_first_seen(province, first_seen), _with_first_seen(matched, first_seen)
    is_synced = pc.is_in(live["dossier_key"], _keys_of(kept))
    not_synced = live.filter(pc.invert(is_synced))
    parts = [
        entries("portal", portal, portal=portal["status"]),
        entries("province", live, province=live["status"]),
        entries("R3", further, portal=further["status"]),
        *_only_on_portal(unmatched, void, sides.ministry),
        entries("R4", not_synced, province=not_synced["status"]),
        *_only_in_ministry(sides.ministry, register, kept),
        *_moves(province, matched),
        *flag_pairs(province, matched, _accepted(sides.scans), sides.absent_links),
        *_without_dossier(sides.scans, register),
    ]
    return pa.concat_tables(parts).sort_by([(name, "ascending") for name in _ORDER]).combine_chunks()


def _place_register(register: pa.Table) -> pa.Table:
    units = leaf_units(register["dossier_date"], register["handling_agency"])
    register = register.set_column(register.column_names.index("unit_code"), "unit_code", units)
    return register.append_column("code_day", register["dossier_date"])


def _place_portal(portal: pa.Table) -> pa.Table:
    days = pc.coalesce(portal["lodged_at"].cast(pa.date32()), portal["dossier_date"])
    placed = portal.rename_columns(["code_day" if name == "dossier_date" else name for name in portal.column_names])
    return placed.append_column("dossier_date", days).append_column(
        "unit_code", leaf_units(days, portal["handling_agency"])
    )


def _with_first_seen(rows: pa.Table, first_seen: Any) -> pa.Table:
    """Set ``first_seen`` to the later of both sides: before that there was nothing to compare."""
    return rows.set_column(rows.column_names.index("first_seen"), "first_seen", first_seen)


def _keys_of(rows: pa.Table) -> pa.Array:
    return rows["dossier_key"].combine_chunks()


def _split_spellings(portal: pa.Table, register: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Split the portal into one row per dossier and the rows of further spellings.

    Kept is the row spelled as the register spells it, else the one with the newest NgayDongBo; later dt and line
    decide ties.
    """
    spelled = register["dossier_code"].take(pc.index_in(portal["dossier_key"], _keys_of(register)))
    is_other = pc.fill_null(pc.not_equal(spelled, portal["dossier_code"]), True)
    ranked = portal.append_column("is_other", is_other.cast(pa.int8()))
    order: Any = [("dossier_key", "ascending"), ("is_other", "ascending")]
    order += [(name, "descending") for name in ("synced_at", "dt", "line", "dossier_code")]
    portal = portal.take(pc.sort_indices(ranked, sort_keys=order))
    keys = pc.dictionary_encode(_keys_of(portal)).indices.to_numpy()
    is_first = np.diff(keys, prepend=-1) != 0
    return portal.filter(pa.array(is_first)), portal.filter(pa.array(~is_first))


def _only_on_portal(rows: pa.Table, void: pa.Table, ministry: pa.Table) -> list[pa.Table]:
    """List R5, R1 and R2: kept portal rows that match no live dossier."""
    is_void = as_mask(pc.is_in(rows["dossier_key"], _keys_of(void)))
    of_ministry = ~is_void & as_mask(pc.is_in(rows["dossier_key"], _keys_of(ministry)))
    not_received = ~of_ministry & as_mask(pc.is_in(rows["status"], _NOT_RECEIVED))
    masks = {"R5": of_ministry, "R1": not_received, "R2": ~of_ministry & ~not_received}
    found = []
    for name, mask in masks.items():
        part = rows.filter(pa.array(mask))
        found.append(entries(name, part, portal=part["status"]))
    return found


def _only_in_ministry(ministry: pa.Table, register: pa.Table, kept: pa.Table) -> list[pa.Table]:
    """List the dossiers that neither the register nor the portal has, once each: in the first system by name."""
    known = pa.concat_arrays([_keys_of(register), _keys_of(kept)])
    rows = ministry.filter(pc.invert(pc.is_in(ministry["dossier_key"], known)))
    rows = rows.sort_by([("dossier_key", "ascending"), ("system", "ascending")])
    seen = rows.group_by("dossier_key", use_threads=False).aggregate([("first_seen", "min")])
    rows = rows.take(pc.index_in(seen["dossier_key"], _keys_of(rows)))
    days = pc.coalesce(rows["lodged_at"].cast(pa.date32()), rows["dossier_date"])
    rows = rows.rename_columns(["code_day" if name == "dossier_date" else name for name in rows.column_names])
    rows = _with_first_seen(rows, seen["first_seen_min"]).append_column("dossier_date", days)
    rows = rows.append_column("unit_code", leaf_units(days, communes=rows["commune_code"]))
    return [entries("R5_ministry", rows, portal=rows["system"])]


def _moves(province: pa.Table, portal: pa.Table) -> list[pa.Table]:
    """List R8, else R7, of pairs that lie in two cells: out of the province's, into the portal's.

    A unit is its code and its first day: of two days one code may name two units, whose dossiers have moved by unit.
    One agency that both name may have no unit, or another one, on the portal's day: it is the day that differs then.
    """
    is_other_day = as_mask(pc.not_equal(province["dossier_date"], portal["dossier_date"]))
    units = [with_valid_from(side) for side in (province, portal)]
    is_other_unit = np.logical_or.reduce([as_mask(pc.not_equal(*(unit[name] for unit in units))) for name in UNIT_KEY])
    is_other_unit &= ~as_mask(pc.equal(province["handling_agency"], portal["handling_agency"]))
    masks = {"R7": is_other_day & ~is_other_unit, "R8": is_other_unit}
    found = []
    for name, mask in masks.items():
        sides = province.filter(pa.array(mask)), portal.filter(pa.array(mask))
        shown = [_place_as_text(side) for side in sides]
        found += [entries(f"{name}_{way}", side, *shown) for way, side in zip(("out", "in"), sides, strict=True)]
    return found


def _place_as_text(rows: pa.Table) -> Any:
    """Return where a row lies, as text: day, unit, agency."""
    agency = pc.fill_null(rows["handling_agency"], "")
    return pc.binary_join_element_wise(rows["dossier_date"].cast(pa.string()), rows["unit_code"], agency, " ")


def _accepted(scans: pa.Table) -> pa.Array:
    return scans.filter(scans["is_accepted_component"])["dossier_key"].combine_chunks()


def _without_dossier(scans: pa.Table, register: pa.Table) -> list[pa.Table]:
    """List the received documents whose dossier the register lacks, under the agency that scanned them."""
    rows = scans.filter(pc.invert(pc.is_in(scans["dossier_key"], _keys_of(register))))
    units = leaf_units(rows["dossier_date"], rows["agency"])
    name = join_names(rows["agency"], rows["document_id"])
    rows = rows.append_column("unit_code", units).append_column("code_day", rows["dossier_date"])
    rows = rows.append_column("dossier_code", rows["dossier_key"])
    return [entries("R0", rows, province=name)]
