"""Markers that need a damaged object: they are held, and the others are done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

from sohoa import layout
from sohoa.counting.taken_markers import TakenMarker, dossier_days, load_markers, plan_of
from sohoa.errors import ObjectDamaged, ObjectMissing
from sohoa.logs import get_logger
from sohoa.pending import mark_unreconciled
from sohoa.store import Store

log = get_logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


def but_damaged(step: Callable[Concatenate[Store, str, P], T]) -> Callable[Concatenate[Store, str, P], T]:
    """Do a step; where an object is damaged, do it again without the markers that need it: they wait."""

    @wraps(step)
    def do(store: Store, work: str, /, *args: P.args, **named: P.kwargs) -> T:
        try:
            return step(store, work, *args, **named)
        except ObjectDamaged:
            _hold_back(store, work)
        return step(store, work, *args, **named)

    return do


def _hold_back(store: Store, work: str) -> None:
    """Take the markers that need a damaged object out of a plan, and note for each which object that is.

    Their dossier days are to be reconciled all the same: an earlier step may have written them.
    """
    plan, markers = plan_of(store, work), load_markers(store, work)
    needed = {marker["key"]: _needed_by(store, marker) for marker in markers}
    keys = sorted({key for some in needed.values() for key in some})
    faults = {key: said for key, said in zip(keys, store.each(partial(_fault_of, store), keys), strict=True) if said}
    held = {name: faults[key] for name, some in needed.items() for key in some if key in faults}
    for name, said in held.items():
        log.warning("marker_held", key=name, reason=said)
    days = dossier_days([marker for marker in markers if marker["key"] in held])
    store.each(lambda day: mark_unreconciled(store, day, f"summarise-{work}"), days)
    plan.save("held", plan.load("held", dict[str, str]()) | held)
    plan.save("markers", [marker for marker in markers if marker["key"] not in held])


def _needed_by(store: Store, marker: TakenMarker) -> list[str]:
    """Return the keys of the objects without which a marker cannot be done."""
    days = [date.fromisoformat(day) for day in marker["dossier_days"]]
    keys = [key for table in ("register", "dossiers") for key in store.table_keys(table, days, layout.DAY)]
    if marker["batch"] is not None:
        day = [date.fromisoformat(marker["batch"]["scan_date"])]
        keys += store.table_keys("documents", day, marker["batch"]["batch"])
        keys += [*store.table_keys("reviews", day), *store.table_keys("backlog_documents", day, layout.DAY)]
    for iso_day in marker["scan_days"]:
        for table in ("pages", "documents", "batches"):
            keys += store.table_keys(table, [date.fromisoformat(iso_day)])
    return keys


def _fault_of(store: Store, key: str) -> str | None:
    try:
        store.get_parquet(key)
    except ObjectMissing:
        return None
    except ObjectDamaged as error:
        return str(error)
    return None
