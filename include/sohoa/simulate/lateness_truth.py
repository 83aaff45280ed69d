"""What is true of the lateness of the dossiers, from the steps that each took."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.registry import PROVINCE, bearer_at
from sohoa.simulate.arrays import NO_MOMENT
from sohoa.simulate.offices import Offices
from sohoa.simulate.plan_dossiers import STATUS, STEP, Dossiers, waited

_LEVELS = {"department": "province", "district": "district", "commune": "commune"}
_FINISHED = (3, 7, 8, 9, 10)


def lateness_rows(offices: Offices, dossiers: Dossiers, as_of: date) -> pa.Table:
    """What each dossier received until the end of a day then is: void ones and those never received are left out.

    Returns:
        dossier_key, level, unit_code and valid_from (which name the unit) of DonViXuLy, and state: finished_in_time,
        finished_late, open_in_time, open_overdue (5 ends a case that waits; waiting twice is late), or unknown (no
        NgayHenTra).
    """
    horizon = np.datetime64(as_of, "s") + np.timedelta64(86_399, "s")
    times = np.where(dossiers.times > horizon, NO_MOMENT, dossiers.times)
    taken = ~np.isnat(times)
    last = taken.shape[1] - 1 - np.argmax(taken[:, ::-1], axis=1)
    status = STATUS[last]
    ends = np.take_along_axis(times, last[:, None], axis=1)[:, 0]
    ends = np.where((status == 10) & taken[:, STEP["done"]], times[:, STEP["done"]], ends)
    is_finished = np.isin(status, _FINISHED)
    ends = np.where(is_finished | (status == 5), ends, horizon)
    spells = taken[:, STEP["waiting"]].astype(np.int64) + taken[:, STEP["waiting again"]]
    is_late = (ends - waited(times) > dossiers.due) | (spells > 1)
    finished = np.where(is_late, "finished_late", "finished_in_time")
    state = np.where(is_finished, finished, np.where(is_late, "open_overdue", "open_in_time"))
    state = np.where(np.isnat(dossiers.due), "unknown", state)
    counts = ~dossiers.is_void & (taken[:, STEP["accepted"]] | (status == 3)) & taken.any(axis=1)
    units = pa.array(offices.leaves(dossiers.handler, dossiers.codes.day), pa.string())
    levels = pa.array([_LEVELS.get(kind) for kind in offices.kinds[dossiers.handler]], pa.string())
    table = {
        "dossier_key": offices.keys(dossiers.codes),
        "level": pc.if_else(pc.is_valid(units), levels, pa.scalar(None, pa.string())),
        "unit_code": pc.fill_null(units, PROVINCE),
        "valid_from": _first_days(pc.fill_null(units, PROVINCE).to_pylist(), dossiers.codes.day.tolist()),
        "state": pa.array(state, pa.string()),
    }
    return pa.table(table).filter(pc.and_(pa.array(counts), pa.array(dossiers.codes.day <= np.datetime64(as_of))))


def _first_days(units: list[str], days: list[date]) -> pa.Array:
    """Find the first day of each unit that bears a code on a day."""
    found = {place: bearer_at(*place) for place in set(zip(units, days, strict=True))}
    firsts = [found[place] for place in zip(units, days, strict=True)]
    return pa.array([unit and unit.valid_from for unit in firsts], pa.date32())
