"""What is true of the lateness of the dossiers, from the steps that each took."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.registry import PROVINCE
from sohoa.simulate.arrays import NO_MOMENT
from sohoa.simulate.offices import Offices, first_days
from sohoa.simulate.plan_dossiers import STATUS, STEP, Dossiers, waited

_LEVELS = {"department": "province", "district": "district", "commune": "commune"}
_FINISHED = (3, 7, 8, 9, 10)


def lateness_rows(offices: Offices, dossiers: Dossiers, as_of: date) -> pa.Table:
    """What each dossier of the days until a day is at its end: void ones are left out.

    Returns:
        dossier_key, level, unit_code and valid_from (which name the unit) of DonViXuLy, and state: finished_in_time,
        finished_late, open_in_time, open_overdue (5 ends a case that waits; waiting twice is late), unknown (no
        NgayHenTra), or not_received (registered only, or withdrawn before).
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
    was_received = taken[:, STEP["accepted"]] | (taken.any(axis=1) & (status == 3))
    state = np.where(was_received, state, "not_received")
    units = pa.array(offices.leaves(dossiers.handler, dossiers.codes.day), pa.string())
    homes = pc.fill_null(units, PROVINCE).to_numpy(zero_copy_only=False)
    levels = pa.array([_LEVELS.get(kind) for kind in offices.kinds[dossiers.handler]], pa.string())
    table = {
        "dossier_key": offices.keys(dossiers.codes),
        "level": pc.if_else(pc.is_valid(units), levels, pa.scalar(None, pa.string())),
        "unit_code": pa.array(homes, pa.string()),
        "valid_from": pa.array(first_days(homes, dossiers.codes.day), pa.date32()),
        "state": pa.array(state, pa.string()),
    }
    return pa.table(table).filter(
        pc.and_(pa.array(~dossiers.is_void), pa.array(dossiers.codes.day <= np.datetime64(as_of)))
    )
