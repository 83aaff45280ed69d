"""Receipts and return slips in the store: written at the end of a check, revised by decisions, without pictures later.

The slip is made from the receipt and its pictures, so it can be made again at any time. Pictures lie beside the
receipt, under the agency's own prefix; a marker by the day received leads to those that are old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any, NamedTuple

import pyarrow.compute as pc

from sohoa import layout
from sohoa.errors import ObjectMissing
from sohoa.intake.check_run import Entry
from sohoa.labels import label_vi
from sohoa.logs import get_logger, seconds_since
from sohoa.pages.guard.bounds import FileBounds
from sohoa.pages.guard.guard import Guard
from sohoa.settings import TIME_ZONE
from sohoa.slips.apply_decisions import with_decisions
from sohoa.slips.make_receipt import make_receipt, way_back
from sohoa.slips.page_pictures import draw_pictures
from sohoa.slips.receipt import Receipt, RefusedReceipt
from sohoa.slips.receipt_facts import ReceiptFacts
from sohoa.slips.resend_page import make_resend_page
from sohoa.slips.slip_page import Contacts, render
from sohoa.store import Store

log = get_logger(__name__)

ABANDONED = "abandoned"
"""Reason and name of the receipt of a batch without a manifest."""
_DRAWING = 2
_MAX_PRUNED = 200


class Place(NamedTuple):
    """Where a receipt and what belongs to it lie: the arguments of the keys in ``layout``."""

    agency: str
    batch: str
    manifest_sha256: str
    again: str = ""

    def key(self, suffix: str = "json") -> str:
        """Return the key of the receipt, or of what lies beside it."""
        return layout.receipt_key(self.agency, self.batch, self.manifest_sha256, suffix, self.again)


def write_slips(store: Store, facts: Iterable[ReceiptFacts], with_pictures: bool = True) -> int:
    """Write the receipt and the slip of each entry, with pictures of its faulty pages; returns how many."""
    start = perf_counter()
    with Guard(FileBounds.of(store.settings), _DRAWING) as guard:
        slips = len(store.each(lambda one: _write(store, one, guard if with_pictures else None), facts))
    log.info("slips_written", slips=slips, seconds=seconds_since(start))
    return slips


def _write(store: Store, facts: ReceiptFacts, guard: Guard | None) -> None:
    columns = {page: [failure["column"] for failure in failures] for page, failures in facts.failures.items()}
    pictures = draw_pictures(store, guard, facts.entry, facts.faulty_pages(), columns) if guard else {}
    receipt = make_receipt(facts, pictures)
    if receipt["status"] == "admitted":  # a decision may have come after a run that was killed had written its tables
        receipt = with_decisions(receipt, _newest_reviews(store, facts.entry.name, facts.entry.scan_date))
    named = {picture.name: picture.jpeg for picture in pictures.values()}
    if pictures:
        store.put_json(layout.WAREHOUSE, _marker(receipt), _name(receipt))
        store.put_json(layout.LANDING, layout.pictures_key(*_place(receipt)), named)
    _put(store, receipt, named)


def write_abandoned(store: Store, agency: str, batch: str, last_upload: datetime) -> None:
    """Write the receipt and slip of a batch whose manifest never came, the same again for the same batch."""
    receipt: RefusedReceipt = {
        "schema_version": 1,
        "agency": agency,
        "batch": batch,
        "received_at": last_upload.astimezone(TIME_ZONE).isoformat(),
        "manifest_sha256": "",
        "status": "refused",
        "reason": ABANDONED,
        "message_vi": label_vi("refusals", ABANDONED),
        "way_back_vi": way_back({ABANDONED}),
        "problems": [],
    }
    _put(store, receipt, {}, Place(agency, batch, ABANDONED))


def revise_slip(store: Store, agency: str, batch: str, scan_date: date) -> None:
    """Write the receipt and slip of a batch again with the newest decisions about its documents.

    A batch whose receipt has not been written yet is left alone.
    """
    for row in store.read_table("batches", [scan_date], name=batch).to_pylist():
        place = newest_place(store, agency, batch, row["manifest_sha256"])
        try:
            receipt = store.get_json(layout.LANDING, place.key())
        except ObjectMissing:
            return
        decided = with_decisions(receipt, _newest_reviews(store, batch, scan_date))
        if not make_resend_page(decided):
            store.delete_versions(layout.LANDING, layout.resend_key(*place))
        _put(store, decided, _pictures(store, place))


def newest_place(store: Store, agency: str, batch: str, manifest_sha256: str) -> Place:
    """Find where the newest receipt of a manifest lies: each judging under other limits has left one of its own."""
    first = Place(agency, batch, manifest_sha256)
    start = first.key(layout.AGAIN)
    keys = [item.key.removeprefix(start) for item in store.list_objects(layout.LANDING, start)]
    again = {key.partition(".")[0] for key in keys}
    newest = max(again, key=lambda name: int(name.partition("-")[0]), default="")
    return first._replace(again=newest)


def _newest_reviews(store: Store, batch: str, scan_date: date) -> dict[str, dict[str, Any]]:
    """The newest decision about each document of a batch, by document id."""
    reviews = store.read_table("reviews", [scan_date])
    order = [(name, "ascending") for name in ("decided_at", "decision", "approver")]
    reviews = reviews.filter(pc.equal(reviews["batch"], batch)).sort_by(order)
    return {review["document_id"]: review for review in reviews.to_pylist()}


def prune_slips(store: Store, entries: Iterable[Entry]) -> int:
    """Delete pictures that are older than ``settings.pictures_days`` when the last of these batches came.

    Every version of them goes, of the slips that show them too; the slips are written again without. At most 200
    slips at a time, the oldest first: the rest at the next call.

    Returns:
        Number of slips.
    """
    now = max((entry.marker.received for entry in entries), default=None)
    if now is None:
        return 0
    oldest = now.date() - timedelta(store.settings.pictures_days)
    keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.PICTURED, most=_MAX_PRUNED)]
    expired = [key for key in keys if layout.pictured_day(key) < oldest]
    store.each(lambda key: _prune(store, key), expired)
    if expired:
        log.info("slip_pictures_deleted", slips=len(expired), older_than=oldest)
    return len(expired)


def _prune(store: Store, marker: str) -> None:
    place = _place(store.get_json(layout.WAREHOUSE, marker))
    for gone in (layout.pictures_key(*place), place.key("html")):
        store.delete_versions(layout.LANDING, gone)
    _put(store, store.get_json(layout.LANDING, place.key()), {})
    store.delete(layout.WAREHOUSE, marker)


def _put(store: Store, receipt: Receipt, pictures: dict[str, str], named: Place | None = None) -> None:
    settings, place = store.settings, named or _place(receipt)
    again = make_resend_page(receipt)
    if again:
        store.put(layout.LANDING, layout.resend_key(*place), again.encode(), "text/html; charset=utf-8")
    contacts = Contacts(settings.waiver_contact, settings.unscanned_contact)
    resend = f"{layout.LANDING}/{layout.resend_key(*place)}" if again else ""
    page = render(receipt, pictures, contacts, settings.pictures_days, resend)
    store.put_json(layout.LANDING, place.key(), receipt)
    store.put(layout.LANDING, place.key("html"), page.encode(), "text/html; charset=utf-8")


def _pictures(store: Store, place: Place) -> dict[str, str]:
    """The pictures of a slip, none where they have been deleted."""
    try:
        return dict(store.get_json(layout.LANDING, layout.pictures_key(*place)))
    except ObjectMissing:
        return {}


def _name(receipt: Receipt) -> dict[str, str]:
    named = {name: receipt[name] for name in ("agency", "batch", "manifest_sha256")}
    return named | ({"judged_again": receipt["judged_again"]} if "judged_again" in receipt else {})


def _place(receipt: Mapping[str, Any]) -> Place:
    return Place(receipt["agency"], receipt["batch"], receipt["manifest_sha256"], receipt.get("judged_again", ""))


def _marker(receipt: Receipt) -> str:
    received = datetime.fromisoformat(receipt["received_at"]).astimezone(TIME_ZONE).date()
    return layout.pictured_key(received, *_place(receipt))
