"""What was known of some dossier days at an earlier moment, by the days on which each piece came in.

A week that has just ended is compared with the week before *as that was known at the same age*, seven days earlier:
late scans and late registrations are missing from both alike. Nothing is estimated and no print is needed. A dossier is
known from the first register file that named it (``first_seen``); its status is the newest that the files had told by
then; a document is known from when its batch was received, a decision from when it was made. Which components, papers
and exemptions a dossier has is taken as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.arrow import Bools, as_mask, join_names
from sohoa.counting.count_progress import FINISHED
from sohoa.counting.join_dossiers import list_documents
from sohoa.days import ONE_DAY, Week, each_day
from sohoa.store import Store

LOADED_LATER = timedelta(days=60)
"""A batch received so long after its scan day was loaded by a site that brings in its past (feeds are looked for as far
back): it is taken as known on its scan day."""
_TICK = timedelta(milliseconds=1)
_IN_WORK = 4
"""Status of a dossier that was finished later, where no history says which it had."""
_SCANNED_BEFORE = timedelta(days=7)
"""Batches are looked up from so long before the first week to ``LOADED_LATER`` after the last; a document of another
scan day is taken as known on that day."""


@dataclass(frozen=True)
class Moment:
    """Up to where the sources are known."""

    register: date
    """Day of the newest register file."""
    batches: datetime
    """Wall clock; what the store took before it is known."""

    def earlier(self, weeks: int) -> Moment:
        """Return the same moment so many weeks earlier."""
        back = timedelta(weeks=weeks)
        return Moment(self.register - back, self.batches - back)

    @property
    def last_day(self) -> date:
        """The last day of which anything is known."""
        return max(self.register, (self.batches - timedelta(microseconds=1)).date())


@dataclass(frozen=True)
class WeekRecord:
    """The dossiers of one week as they are now, and what says since when each piece has been known."""

    dossiers: pa.Table
    """Rows of ``dossiers`` with their path key."""
    register: pa.Table
    statuses: pa.Table
    batches: pa.Table
    reviews: pa.Table

    @cached_property
    def received(self) -> Any:
        """When each document of ``dossiers`` was received, in their order."""
        return _received(list_documents(self.dossiers), self.batches)

    @property
    def moment(self) -> Moment | None:
        """The newest moment that these rows tell of; None where the register has no dossier of the week."""
        newest = pc.max(self.register["dt"]).as_py()
        if newest is None:
            return None
        end = datetime.combine(newest + ONE_DAY, time())
        return Moment(newest, max([end, *(moment + _TICK for moment in self.received.tolist())]))

    def known_at(self, moment: Moment) -> pa.Table:
        """Return the dossiers as they were known at a moment, rows of ``dossiers`` with their path key."""
        place = pc.index_in(self.dossiers["dossier_key"], self.register["dossier_key"].combine_chunks())
        was_there = as_mask(pc.less_equal(self.register["first_seen"].take(place), pa.scalar(moment.register)))
        rows, place = self.dossiers.filter(pa.array(was_there)), place.filter(pa.array(was_there))
        known = self.register.take(place)
        rows = _put(rows, "status", self._status_at(rows, known, moment))
        return _put(rows, "documents", self._documents_at(rows, was_there, moment))

    def _status_at(self, rows: pa.Table, known: pa.Table, moment: Moment) -> pa.Array:
        """The status of each dossier: the one in force where it has not changed since, else what was told by then."""
        told = self.statuses.filter(pc.less_equal(self.statuses["dt"], pa.scalar(moment.register)))
        newest = told.sort_by([(name, "descending") for name in ("changed_at", "dt", "line")])
        before = newest["status"].take(pc.index_in(rows["dossier_key"], newest["dossier_key"].combine_chunks()))
        end = pa.scalar(datetime.combine(moment.register + ONE_DAY, time()), pa.timestamp("ms"))
        was_open = pc.and_(
            pc.is_in(rows["status"], pa.array(FINISHED, pa.int64())),
            pc.fill_null(pc.greater_equal(known["finished_at"], end), False),
        )
        guess = pc.if_else(was_open, pa.scalar(_IN_WORK, pa.int64()), rows["status"])
        is_unchanged = pc.less_equal(known["dt"], pa.scalar(moment.register))
        return pc.if_else(is_unchanged, rows["status"], pc.coalesce(before, guess))

    def _documents_at(self, rows: pa.Table, was_there: Bools, moment: Moment) -> pa.Array:
        """The documents of each dossier that had been received, each with its decision if that had been made.

        Args:
            rows: those of ``dossiers`` that were there.
            was_there: which these are.
            moment: when.
        """
        lists = rows["documents"].combine_chunks()
        entries, documents = pc.list_flatten(lists), list_documents(rows)
        counts = pc.list_value_length(self.dossiers["documents"]).fill_null(0).to_numpy()
        is_known = self.received[np.repeat(was_there, counts)] < np.datetime64(moment.batches)
        decided = self.reviews.filter(pc.less(self.reviews["decided_at"], pa.scalar(moment.batches)))
        has_decision = pc.is_in(_document_of(documents), _document_of(decided).combine_chunks())
        fields = {field.name: pc.struct_field(entries, field.name) for field in entries.type}
        none = pa.nulls(len(entries), fields["decision"].type)
        fields["decision"] = pc.if_else(has_decision.combine_chunks(), fields["decision"], none)
        kept = pa.StructArray.from_arrays(list(fields.values()), fields=list(entries.type)).filter(pa.array(is_known))
        counts = np.bincount(documents["row"].to_numpy()[is_known], minlength=len(rows))
        offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
        return pa.ListArray.from_arrays(offsets, kept, type=lists.type)


def read_records(store: Store, weeks: Sequence[Week]) -> Iterator[WeekRecord]:
    """Read the dossiers of some weeks and what says since when they are known, a week at a time."""
    first, last = min(week.first for week in weeks), max(week.last for week in weeks)
    days = each_day(first - _SCANNED_BEFORE, last + LOADED_LATER)
    batches = store.read_table("batches", days).select(["agency", "batch", "received_at"])
    reviews = store.read_table("reviews", days).select(["agency", "document_id", "decided_at"])
    for week in weeks:
        register = store.read_table("register", week.days, layout.DAY)
        statuses = store.read_table("status", week.days)
        yield WeekRecord(
            store.read_table("dossiers", week.days, layout.DAY),
            register.select(["dossier_key", "dt", "first_seen", "finished_at"]),
            statuses.select(["dossier_key", "status", "changed_at", "dt", "line"]),
            batches,
            reviews,
        )


def _received(documents: pa.Table, batches: pa.Table) -> Any:
    """Return when each document's batch was received; its scan day where that is not known or lies too far back."""
    names = pc.dictionary_encode(join_names(documents["agency"], documents["batch"]).combine_chunks())
    first = np.unique(names.indices.to_numpy(), return_index=True)[1]
    parsed = map(layout.BatchId.parse, documents["batch"].take(pa.array(first)).to_pylist())
    scanned = np.array([found.scan_date if found else None for found in parsed], "datetime64[ms]")
    place = pc.index_in(names.dictionary, join_names(batches["agency"], batches["batch"]).combine_chunks())
    received = batches["received_at"].take(place).to_numpy().astype("datetime64[ms]")
    is_usable: Bools = ~np.isnat(received) & ~(received - scanned > np.timedelta64(LOADED_LATER))
    return np.where(is_usable, received, scanned)[names.indices.to_numpy()]


def _document_of(rows: pa.Table) -> Any:
    return join_names(rows["agency"], rows["document_id"])


def _put(rows: pa.Table, name: str, column: Any) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)
