"""What other limits would change: stored pages judged again, without touching an image and without writing anything.

"Before" is what the store holds, whatever limits it was judged under. One scan day is in memory at a time, and beside
it the names of the documents whose verdict changes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sohoa import layout
from sohoa.arrow import join_names
from sohoa.counting.count_progress import RATES, progress_of_day
from sohoa.counting.join_dossiers import list_documents, merge_dossiers, split_by_dossier_day
from sohoa.days import each_day
from sohoa.defects import DEFECTS
from sohoa.enums import REPLAY_SUBJECTS, VERDICTS
from sohoa.logs import get_logger, seconds_since
from sohoa.progress.rate import rate_percent
from sohoa.quality.rules import judge_pages
from sohoa.quality.thresholds import Thresholds
from sohoa.quality.verdicts import judge_documents
from sohoa.registry import PROVINCE, owner_at
from sohoa.store import Store

log = get_logger(__name__)

ALL = "all"
DEFECT_STATES = ("noted", "review", "rejected")
"""A page has a defect as a note, or among the defects of a page of that verdict."""

_NAME = ["agency", "batch", "document_id"]
_RATE_COUNTS = ("accepted", "received", "denominator")
_States = npt.NDArray[np.uint8]
_Thing = tuple[str, str, date | None]
"""(subject, name, valid_from)."""
_Sums = Counter[tuple[_Thing, str]]
_Moves = Counter[tuple[_Thing, str, str]]
"""(thing, state before, state after) -> how many."""


@dataclass(frozen=True)
class Line:
    """One thing that is counted.

    Attributes:
        subject: pages | documents | agency_pages | agency_documents | defect_pages | rate.
        name: ``all``, an agency, a defect, or definition and stage of a rate.
        before: verdict (of a defect ``DEFECT_STATES``; of a rate accepted, received, denominator, rate_percent) ->
            pages, documents, dossiers or per cent.
        after: the same under the other limits.
        changed: how many would be judged otherwise, also where the sums stay; None for a rate.
    """

    subject: str
    name: str
    before: dict[str, int | float | None]
    after: dict[str, int | float | None]
    changed: int | None
    valid_from: date | None = None
    """First day of the agency: with it the code names one agency. Null for what is none, and for a code of nobody."""


def judged_by_others(store: Store, limits: Thresholds, since: date) -> date | None:
    """Return the newest scan day since a day, where its last batch was judged by other limits than these; else None."""
    prefix = layout.table_prefix("batches")
    found = store.list_objects(layout.WAREHOUSE, prefix, after=layout.table_prefix("batches", since))
    newest = max((info.key for info in found), default=None)
    if newest is None:
        return None
    day = layout.table_day(newest)
    versions = set(store.read_table("batches", [day])["thresholds_version"].to_pylist())
    return None if limits.version in versions else day


def judge_again(
    store: Store, limits: Thresholds, first: date, last: date, report: Callable[[int, int], None]
) -> list[Line]:
    """Judge all pages scanned from ``first`` to ``last`` again.

    The rates are the province's, over the dossier days that documents of these scan days belong to; documents of these
    dossiers that were scanned on other days keep their verdict.

    Args:
        store: only read.
        limits: the other limits.
        first: first scan date.
        last: last scan date.
        report: is told days done and days in all.

    Returns:
        Pages, documents, pages by defect, pages and documents by agency, rates; in this order, each by name.
    """
    start = perf_counter()
    moves: _Moves = Counter()
    redone: dict[date, list[pa.Table]] = defaultdict(list)
    days = each_day(first, last)
    for done, day in enumerate(days, 1):
        pages, documents = (store.read_table(name, [day]) for name in ("pages", "documents"))
        new_pages = judge_pages(pages, limits.rules)
        new_documents = judge_documents(documents, new_pages, limits)
        moves += _verdict_moves("pages", day, pages, new_pages) + _defect_moves(pages, new_pages)
        moves += _verdict_moves("documents", day, documents, new_documents)
        for dossier_day, rows in _changed(documents, new_documents).items():
            redone[dossier_day].append(rows)
        report(done, len(days))
    lines = [*_lines(moves), *_rates(store, redone)]
    log.info("limits_replayed", scan_days=len(days), dossier_days=len(redone), seconds=seconds_since(start))
    return lines


def _verdict_moves(subject: str, day: date, old: pa.Table, new: pa.Table) -> _Moves:
    """Count the moves between verdicts of a scan day, in all and by agency; what is not scanned has none."""
    rows = pa.table({"agency": old["agency"], "before": old["verdict"], "after": new["verdict"]})
    moves: _Moves = Counter()
    for row in rows.group_by(rows.column_names).aggregate([([], "count_all")]).to_pylist():
        if row["before"] is not None:
            states = row["before"], row["after"]
            owner = owner_at(row["agency"], day)
            office = f"agency_{subject}", row["agency"], None if owner is None else owner.valid_from
            moves[((subject, ALL, None), *states)] += row["count_all"]
            moves[(office, *states)] += row["count_all"]
    return moves


def _defect_moves(old: pa.Table, new: pa.Table) -> _Moves:
    """Count the moves of each defect of pages between ``DEFECT_STATES`` and its absence."""
    names = ("", *DEFECT_STATES)
    before, after = _defect_states(old), _defect_states(new)
    moves: _Moves = Counter()
    for place, defect in enumerate(DEFECTS):
        pairs = np.bincount(before[:, place] * len(names) + after[:, place], minlength=len(names) ** 2)
        for pair in np.flatnonzero(pairs[1:]) + 1:  # 0: absent before and after
            states = names[pair // len(names)], names[pair % len(names)]
            moves[(("defect_pages", defect, None), *states)] += int(pairs[pair])
    return moves


def _defect_states(pages: pa.Table) -> _States:
    """Return page × defect: 0 where it is absent, else 1 + the place in ``DEFECT_STATES``."""
    states = np.zeros((len(pages), len(DEFECTS)), np.uint8)
    is_rejected = pc.equal(pages["verdict"], VERDICTS[-1]).to_numpy()
    for column, level in (("notes", np.ones(len(pages))), ("defects", np.where(is_rejected, 3, 2))):
        lists = pages[column].combine_chunks()
        row = pc.list_parent_indices(lists).to_numpy()
        place = pc.index_in(pc.list_flatten(lists), pa.array(list(DEFECTS))).to_numpy()
        states[row, place] = level[row]
    return states


def _lines(moves: _Moves) -> list[Line]:
    before: _Sums = Counter()
    after: _Sums = Counter()
    nothing: dict[_Thing, int] = {("pages", ALL, None): 0, ("documents", ALL, None): 0}
    changed = Counter(nothing)  # lines even where nothing was scanned
    for (thing, old, new), count in moves.items():
        before[thing, old] += count
        after[thing, new] += count
        changed[thing] += count * (old != new)
    return [
        Line(thing[0], thing[1], _counts(before, thing), _counts(after, thing), changed[thing], thing[2])
        for thing in sorted(changed, key=_order)
    ]


def _order(thing: _Thing) -> tuple[int, int, str, date]:
    subject, name, valid_from = thing
    place = list(DEFECTS).index(name) if name in DEFECTS else 0
    return REPLAY_SUBJECTS.index(subject), place, name, valid_from or date.min


def _counts(sums: _Sums, thing: _Thing) -> dict[str, int | float | None]:
    states = DEFECT_STATES if thing[0] == "defect_pages" else VERDICTS
    return {state: sums[thing, state] for state in states}


def _changed(old: pa.Table, new: pa.Table) -> dict[date, pa.Table]:
    """Return the new verdicts of the documents that change, by dossier day; empty for a day where none does."""
    is_changed = pc.fill_null(pc.not_equal(old["verdict"], new["verdict"]), False)
    changed = split_by_dossier_day(new.filter(is_changed))
    none = new.schema.empty_table()  # a slice of no rows would keep them all in memory
    return {day: changed.get(day, none).select([*_NAME, "verdict"]) for day in split_by_dossier_day(new)}


def _rates(store: Store, redone: Mapping[date, list[pa.Table]]) -> list[Line]:
    """Compute the province's rates over these dossier days, as stored and with the verdicts given."""
    before: Counter[tuple[str, str]] = Counter()
    after: Counter[tuple[str, str]] = Counter()
    for day, verdicts in sorted(redone.items()):
        dossiers = store.read_table("dossiers", [day], name=layout.DAY)
        before += _province_sums(day, dossiers)
        after += _province_sums(day, _with_verdicts(dossiers, pa.concat_tables(verdicts)))
    names = [f"{definition} {stage}" for definition, stage in RATES]
    return [Line("rate", name, _rate(before, name), _rate(after, name), None) for name in names]


def _with_verdicts(dossiers: pa.Table, verdicts: pa.Table) -> pa.Table:
    """Return the dossiers of a day with the verdicts of some documents replaced."""
    entries = list_documents(dossiers)
    place = pc.index_in(_document_names(entries), _document_names(verdicts).combine_chunks())
    merged = pc.coalesce(verdicts["verdict"].take(place), entries["verdict"])
    entries = entries.set_column(entries.column_names.index("verdict"), "verdict", merged)
    return merge_dossiers(None, dossiers.filter(dossiers["in_register"]), entries)


def _document_names(documents: pa.Table) -> Any:
    return join_names(*(documents[name] for name in _NAME))


def _province_sums(day: date, dossiers: pa.Table) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    progress = progress_of_day(day, dossiers)
    for row in progress.filter(pc.equal(progress["unit_code"], PROVINCE)).to_pylist():
        for count in _RATE_COUNTS:
            sums[f"{row['definition']} {row['stage']}", count] += row[count]
    return sums


def _rate(sums: Mapping[tuple[str, str], int], name: str) -> dict[str, int | float | None]:
    counts = {count: sums.get((name, count), 0) for count in _RATE_COUNTS}
    return {**counts, "rate_percent": rate_percent(counts["accepted"], counts["denominator"])}
