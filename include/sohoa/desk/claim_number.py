"""Take a number for a batch that no other computer of the agency takes.

Each computer puts a claim of its own into the batch's folder, and only then looks what lies there: who looks last sees
the claims of all others, so no two find themselves alone. Who is not alone takes another number. It needs nothing of
the store but that what was put is listed.
"""

from __future__ import annotations

import random
from datetime import date

from sohoa import layout
from sohoa.desk.plan_batches import batch_id
from sohoa.desk.state import PlannedBatch, State
from sohoa.errors import DeskError
from sohoa.layout import BatchId
from sohoa.store import Store

LAST_NUMBER = 499
"""The numbers above are those that the page beside a slip proposes."""
_CLAIM = ".sohoa-claim-"


def claim_number(store: Store, state: State, batch: PlannedBatch) -> PlannedBatch:
    """Claim a number for a batch that has none for sure; returns it as ``claimed``.

    A claim that was cut off is gone on with: the same number, unless it turns out to be another's.

    Raises:
        DeskError: the day has no number left.
    """
    day = date.fromisoformat(batch.scan_date)
    while True:
        name = batch.batch or batch_id(batch, _next_number(store, batch.agency, day))
        state.claim(batch, name)
        key = layout.batch_prefix(batch.agency, day, name) + _CLAIM + batch.token
        store.put(layout.LANDING, key, b"")
        if _is_alone(store, batch.agency, day, name, key):
            state.set_status(batch, "claimed")
            return state.batch(batch.id)
        store.delete(layout.LANDING, key)
        state.claim(batch, batch_id(batch, _next_number(store, batch.agency, day, random.randrange(3))))  # noqa: S311 (no secret)
        batch = state.batch(batch.id)


def _next_number(store: Store, agency: str, day: date, further: int = 0) -> int:
    """A number after all that are used of a day."""
    used = {0, *_used(store, agency, day)}
    number = max(number for number in used if number <= LAST_NUMBER) + 1 + further
    if number > LAST_NUMBER:
        raise DeskError(f"Ngày {day:%d/%m/%Y} đã hết số lô ({LAST_NUMBER}). Hãy gửi vào lô của ngày khác.")
    return number


def _used(store: Store, agency: str, day: date) -> set[int]:
    """The numbers of a day under which anything lies; a receipt outlives its batch."""
    start = f"{agency}-{day:%Y%m%d}-"
    prefixes = [f"{layout.BATCHES}{agency}/{day.isoformat()}/{start}"]
    prefixes += [f"{root}{agency}/{start}" for root in (layout.INBOX, layout.RECEIPTS)]
    keys = [info.key for prefix in prefixes for info in store.list_objects(layout.LANDING, prefix)]
    names = (key[key.index(start) :].partition("/")[0].removesuffix(".json") for key in keys)
    return {found.number for found in map(BatchId.parse, names) if found is not None}


def _is_alone(store: Store, agency: str, day: date, name: str, own: str) -> bool:
    receipts = f"{layout.RECEIPTS}{agency}/{name}/"
    places = (layout.batch_prefix(agency, day, name), layout.inbox_key(agency, name), receipts)
    return all(info.key == own for place in places for info in store.list_objects(layout.LANDING, place))
