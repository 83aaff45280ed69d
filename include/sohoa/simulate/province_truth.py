"""What is true of the province, counted from what was decided and from nothing that the pipeline makes.

``progress``: the columns of ``progress_daily``, for every unit and day that has a dossier in the register.

``reconciliation``: the columns of ``reconciliation_daily``, a unit with all below it; ages from the first file
day that named a row, for pairs from the later of both, for scans from the scan day. ``portal`` and
``province`` are what each side counts in the cell; R1, R2, R3, R5 lie in the cell of the portal's row, R4 and the
flags R6, R9 to R12 in the province's. ``R7_out`` and ``R8_out`` lie in the province's cell, ``R7_in`` and ``R8_in`` in
the portal's; a unit is its code and first day, and one agency that both name is R7 even where it has another unit on
the portal's day. ``R5_ministry`` are dossiers that only ministries know, by the commune and day that they name; ``R0``
scanned documents whose dossier the register lacks, by the day in the code and the agency that scanned them. Where an
agency or commune has no unit on that day the province is the cell; where NgayTiepNhan is empty, the day in the code.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.enums import DOCUMENT_KINDS
from sohoa.registry import PROVINCE
from sohoa.simulate.arrays import Bools, Ints, Texts, Times
from sohoa.simulate.ministry_feeds import Ministry
from sohoa.simulate.offices import Offices, first_days, lineage
from sohoa.simulate.plan_documents import NONE, Documents
from sohoa.simulate.plan_dossiers import Dossiers
from sohoa.simulate.plan_levels import LEVELS, RECEIVED
from sohoa.simulate.portal_feed import Portal
from sohoa.simulate.register_feed import Register

RATES = (("dn_and", "all"), ("dn_or", "all"), ("dn_store", "all"), ("by_stage", "components"), ("by_stage", "result"))
COUNTS = ("denominator", *LEVELS, "finished")
Cells = tuple[Texts, Times, Times]
"""Leaf unit, day and first file day of each of some things."""


@dataclass(frozen=True)
class Province:
    """All that was decided."""

    offices: Offices
    dossiers: Dossiers
    register: Register
    documents: Documents
    portal: Portal
    ministry: Ministry
    backlog: dict[str, int]
    """Agency -> results in force that it has to digitise."""


def progress_rows(province: Province) -> pa.Table:
    """Truth of ``progress_daily``."""
    dossiers = province.dossiers
    totals = _roll_up((dossiers.unit, dossiers.codes.day), _measures(dossiers, province.documents))
    places = sorted(totals)
    sums = np.array([totals[place] for place in places]).reshape(len(places), len(RATES), len(COUNTS))
    columns = {name: sums[:, :, number].ravel() for number, name in enumerate(COUNTS)}
    names = {
        "unit_code": [unit for _, unit in places for _ in RATES],
        "dossier_date": pa.array([day for day, _ in places for _ in RATES], pa.date32()),
        "definition": [definition for _ in places for definition, _ in RATES],
        "stage": [stage for _ in places for _, stage in RATES],
    }
    waived = columns["accepted"] - columns.pop("unaided")
    return pa.table({**names, "numerator": columns["accepted"], **columns, "waived": waived})


def reconciliation_rows(province: Province) -> pa.Table:
    """Truth of what differs between the province, the portal and the ministries."""
    cells = _cells(province)
    rows = [row for category, things in cells.items() for row in _aged(category, *things)]
    names = ("unit_code", "dossier_date", "category", "entries", "oldest_first_seen", "mean_first_seen")
    return pa.table(dict(zip(names, (list(column) for column in zip(*sorted(rows), strict=True)), strict=True)))


def backlog_rows(province: Province) -> pa.Table:
    """Results of the backlog that each agency has scanned, and ``denominator``, how many it has to digitise."""
    offices, documents = province.offices, province.documents
    documents = documents.take((documents.kind == DOCUMENT_KINDS.index("backlog_result")) & ~documents.is_replaced)
    found: dict[str, dict[str, int]] = {}
    for code, level in zip(offices.codes[documents.agency].tolist(), documents.level.tolist(), strict=True):
        counts = found.setdefault(code, dict.fromkeys(LEVELS, 0))
        for name in LEVELS[: level + 1]:
            counts[name] += 1
    rows = [
        {"agency": code, **found.get(code, dict.fromkeys(LEVELS, 0)), "denominator": province.backlog.get(code)}
        for code in sorted(found.keys() | province.backlog.keys())
    ]
    table = pa.Table.from_pylist(rows)
    waived = pc.subtract(table["accepted"], table["unaided"])
    return table.drop_columns("unaided").append_column("waived", waived)


def _measures(dossiers: Dossiers, documents: Documents) -> Ints:
    """Dossier × rate × count."""
    wanted, paper = dossiers.components, dossiers.has_paper.astype(np.int64)
    counts, done = dossiers.counts, dossiers.is_finished
    components, results = (documents.counts(kind, len(dossiers)) for kind in ("component", "result"))
    asked = np.stack([counts, counts, counts * (wanted + paper), counts & (wanted > 0), counts & (paper > 0) & done])
    levels = []
    for level in range(len(LEVELS)):
        c, r = components[:, level], results[:, level]
        both = ((c > 0) | (wanted == 0)) & ((r > 0) | (paper == 0))
        stored = np.minimum(c, wanted) + np.minimum(r, paper)
        levels.append(np.stack([both, (c > 0) | (r > 0), stored, c > 0, r > 0]) * (asked > 0))
    return np.stack([asked, *levels, asked * done]).transpose(2, 1, 0).astype(np.int64)


def _cells(province: Province) -> dict[str, Cells]:
    """Category -> leaf unit and day of each thing in it."""
    offices, dossiers, portal, ministry = province.offices, province.dossiers, province.portal, province.ministry
    day, m, first_seen = dossiers.codes.day, portal.messages, province.register.first_seen
    home = _placed(offices.leaves(dossiers.handler, day))
    m_day = np.where(np.isnat(m.received), m.codes.day, m.received.astype("datetime64[D]"))
    m_home = _placed(offices.leaves(m.agency, m_day))
    is_known = m.owner >= 0
    owner, matched = m.owner, is_known & m.is_kept & portal.is_matched[m.owner]
    other_agency = offices.codes[m.agency] != offices.codes[dossiers.handler[owner]]
    is_other = (m_home != home[owner]) | (first_days(m_home, m_day) != first_days(home[owner], day[owner]))
    other_unit = matched & other_agency & is_other
    other_day = matched & ~other_unit & (m_day != day[owner])
    there = np.zeros(len(dossiers), np.bool_)
    there[owner[is_known]] = True
    alone = m.is_kept & ~is_known
    only = m.is_kept & ~matched
    of_rows = {
        "portal": np.ones(len(m), np.bool_),
        "R1": only & ~(alone & m.in_ministry) & np.isin(m.status, [1, 3]),
        "R2": only & ~(alone & m.in_ministry) & ~np.isin(m.status, [1, 3]),
        "R3": ~m.is_kept,
        "R5": alone & m.in_ministry,
        "R7_in": other_day,
        "R8_in": other_unit,
    }
    of_dossiers = {
        "province": ~dossiers.is_void,
        "R4": ~dossiers.is_void & ~there,
        "R7_out": _owners(owner[other_day], len(dossiers)),
        "R8_out": _owners(owner[other_unit], len(dossiers)),
        **{name: portal.differs[name] for name in ("R6", "R9", "R10", "R11", "R12")},
    }
    pair_seen = first_seen.copy()
    pair_seen[owner[matched]] = np.fmax(first_seen[owner[matched]], portal.first_seen[matched])
    m_seen = portal.first_seen.copy()
    m_seen[matched] = pair_seen[owner[matched]]
    cells = {
        name: (m_home[rows], m_day[rows], (portal.first_seen if name == "portal" else m_seen)[rows])
        for name, rows in of_rows.items()
    }
    cells |= {
        name: (home[rows], day[rows], (first_seen if name == "province" else pair_seen)[rows])
        for name, rows in of_dossiers.items()
    }
    cells["R5_ministry"] = (_placed(ministry.commune), ministry.codes.day, ministry.first_seen)
    documents = province.documents
    is_received = (documents.level >= RECEIVED) & ~documents.is_replaced & documents.has_code
    orphans = documents.take((documents.owner == NONE) & is_received)
    cells["R0"] = (_placed(offices.leaves(orphans.agency, orphans.codes.day)), orphans.codes.day, orphans.scan)
    return cells


def _placed(units: Texts) -> Texts:
    """The province where no unit is known."""
    return np.where((units == None) | (units == ""), PROVINCE, units)  # noqa: E711 (element by element)


def _aged(category: str, units: Texts, days: Times, seen: Times) -> Iterator[tuple[Any, ...]]:
    """The rows of one category."""
    age = seen.astype("datetime64[D]").astype(np.int64)
    sums = _roll_up((units, days), np.stack([np.ones_like(age), age], axis=1), age)
    for (day, unit), (count, total, oldest) in sums.items():
        yield unit, day, category, int(count), *np.array([oldest, total // count], "datetime64[D]").tolist()


def _owners(places: Ints, count: int) -> Bools:
    flags = np.zeros(count, np.bool_)
    flags[places] = True
    return flags


def _roll_up(cells: tuple[Texts, Times], values: Ints, least: Ints | None = None) -> dict[tuple[Any, str], Ints]:
    """(day, unit) -> sums of the values over all things in the unit and below it, and the smallest of ``least``."""
    names, unit = np.unique(cells[0].astype(str), return_inverse=True)
    days, day = np.unique(cells[1], return_inverse=True)
    places, which = np.unique(unit * len(days) + day, return_inverse=True)
    flat = values.reshape(len(values), math.prod(values.shape[1:]))
    sums = np.zeros((len(places), flat.shape[1]), np.int64)
    np.add.at(sums, which, flat)
    lows = np.full((len(places), 0 if least is None else 1), np.iinfo(np.int64).max)
    if least is not None:
        np.minimum.at(lows[:, 0], which, least)
    found: dict[tuple[Any, str], tuple[Ints, Ints]] = {}
    moments = days.tolist()
    for place, total, low in zip(places.tolist(), sums, lows, strict=True):
        today = moments[place % len(days)]
        for above in lineage(names[place // len(days)], today):
            before = found.get((today, above))
            found[today, above] = (total, low) if before is None else (before[0] + total, np.minimum(before[1], low))
    return {place: np.concatenate(pair) for place, pair in found.items()}
