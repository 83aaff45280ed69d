"""The tasks of check_scan_batches, and a person's decision about what was scanned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import compress
from operator import not_
from typing import Any, TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.capacity.space import watch_space
from sohoa.counting import record_review
from sohoa.errors import ObjectDamaged
from sohoa.intake import admission, check_run, earlier_pages, measure_shards, shards
from sohoa.intake.check_run import ADMITTED, HELD, REFUSED, CheckRun, Entry, Shard
from sohoa.intake.judging_groups import (
    GIVEN_UP,
    MAX_DEATHS,
    JudgingGroup,
    give_up,
    give_up_alert,
    group_entries,
    load_group,
)
from sohoa.intake.measured_pages import MeasuredParts
from sohoa.intake.publish_batches import batch_table, publish, settle
from sohoa.jobs.closed_gates import closed_batches
from sohoa.last_runs import note_end, note_nothing_to_do, problem_lines
from sohoa.logs import get_logger
from sohoa.notify.alerts import notify
from sohoa.pages.guard.guard import Guard
from sohoa.quality import duplicate_pages, failed_limits, thresholds, tile_coverage, verdicts
from sohoa.schema import CAPTURES, TABLES
from sohoa.slips.receipt_facts import collect_receipt_facts
from sohoa.store import Store, open_store
from sohoa.task_notes import note_batches
from sohoa.work import Attempts, Settled, Taken, clear_work

__all__ = [
    "admit_batches",
    "check",
    "discover_batches",
    "judge_batches",
    "measure_shard",
    "plan_shards",
    "publish_batches",
    "review",
    "settle_batches",
]

log = get_logger(__name__)
_JUDGING, _PUBLISHING = "judge", "publish"


class Admitted(TypedDict):
    """How many markers were decided in each way, and how many were refused for each reason."""

    admitted: int
    refused: int
    repeated: int
    other_content: int
    reasons: dict[str, int]


class Measured(TypedDict):
    """How many page rows a shard has."""

    shard_pages: int


class Judged(TypedDict):
    """How many rows were judged, of how many batches the gate closed, how many pages have each verdict and defect."""

    pages: int
    documents: int
    batches: int
    closed_gates: int
    verdicts: dict[str, int]
    defects: dict[str, int]
    """Those for which pages are not accepted, the most frequent first."""


class Published(TypedDict):
    """How many batches were written, and how many receipts."""

    published: int
    receipts: int


class Checked(Taken, Admitted, Judged, Published, Settled):
    """What one whole check did."""


def discover_batches() -> Taken:
    """List the inbox and write down what lies in it, and what a killed run owes."""
    store = open_store()
    watch_space(store)
    markers = admission.discover_markers(store, check_run.owed_markers(store))
    if not markers:
        clear_work(store, "check")
        note_nothing_to_do(store, "check")
        return {"work": "", "markers": 0}
    return {"work": CheckRun.begin(store, markers).name, "markers": len(markers)}


def admit_batches(work: str) -> Admitted:
    """Decide about each marker, and keep the manifests as they were decided about."""
    store = open_store()
    run = CheckRun(store, work)
    entries = []
    for found in admission.admit(store, run.markers()):
        if found.body is not None:
            run.save_manifest(found.entry, found.body)
        entries.append(found.entry)
    if entries:
        run.save_entries(entries)
    counts = Counter(entry.status for entry in entries)
    return {
        "admitted": counts[check_run.ADMITTED],
        "refused": counts[check_run.REFUSED],
        "repeated": counts[check_run.REPEATED],
        "other_content": counts[check_run.OTHER_CONTENT],
        "reasons": dict(
            sorted(Counter(entry.code for entry in entries if entry.status == check_run.REFUSED and entry.code).items())
        ),
    }


def plan_shards(work: str) -> list[Shard]:
    """Cut the admitted files into shards: one pointer per mapped task."""
    store = open_store()
    run = CheckRun(store, work)
    return [] if run.is_settled else shards.plan_shards(store, run)


def measure_shard(work: str, shard: str) -> Measured:
    """Measure the pages of one shard; nothing is done, and said so, where its run has been settled."""
    store = open_store()
    with measure_shards.open_guard(store) as guard:
        return _measure_shard(store, work, shard, guard)


def _measure_shard(store: Store, work: str, shard: str, guard: Guard) -> Measured:
    run = CheckRun(store, work)
    if run.is_settled:
        log.warning("run_settled_before", work=work, shard=shard)
        return {"shard_pages": 0}
    return {"shard_pages": measure_shards.measure_files(store, run, shard, guard)}


def judge_batches(work: str) -> Judged:
    """Let Great Expectations judge every page, then documents and batches; close the gates that must close.

    Some batches together; those of which files have not been measured yet wait for the next run.
    """
    store = open_store()
    run = CheckRun(store, work)
    entries, attempts, measured = run.entries(), Attempts(store, _JUDGING), MeasuredParts.of_all(store)
    counts: Judged = {"pages": 0, "documents": 0, "batches": 0, "closed_gates": 0, "verdicts": {}, "defects": {}}
    if run.is_settled:
        return counts
    entries = give_up(entries, attempts.deaths)
    run.save_entries(entries)
    groups, judged = list(group_entries(entries, measured, attempts.deaths)), []
    found, defects = Counter[str](), Counter[str]()
    captures = _list_captures(store, run, measured, groups, attempts) if len(groups) > 1 else CAPTURES.empty_table()
    for members in groups:
        with attempts.at_work(entry.id for entry in members):
            group = load_group(store, run, measured, members)
            earlier, damaged = earlier_pages.load_earlier(store, group.entries, store.settings.duplicate_days)
            tables = _judge(store, group, pa.concat_tables([earlier, captures]))
            closed = {**closed_batches(tables), **_held_batches(group.entries, damaged)}
            run.save_judged(group.entries, tables, closed)
        judged.append(group.entries)
        counts["pages"] += len(tables["pages"])
        counts["documents"] += len(tables["documents"])
        counts["batches"] += len(tables["batches"])
        counts["closed_gates"] += len(closed)
        found.update(tables["pages"]["verdict"].to_pylist())
        defects.update(pc.list_flatten(tables["pages"]["defects"]).to_pylist())
    counts["verdicts"], counts["defects"] = dict(sorted(found.items())), dict(defects.most_common())
    run.save_groups(judged)
    attempts.clear()
    return counts


def _held_batches(entries: list[Entry], damaged: Mapping[str, ObjectDamaged]) -> dict[str, list[str]]:
    """Batches that wait because an object of their agency is damaged -> what is said of it."""
    held = {entry.name: [str(entry.code)] for entry in entries if entry.status == HELD}
    for entry in entries:
        if entry.status == ADMITTED and (error := damaged.get(entry.marker.agency)):
            log.warning("batch_held", agency=entry.marker.agency, batch=entry.name, reason=str(error))
            held[entry.name] = [str(error)]
    return held


def _list_captures(
    store: Store, run: CheckRun, measured: MeasuredParts, groups: list[list[Entry]], attempts: Attempts
) -> pa.Table:
    """The captures of all groups: a sheet may have been sent in batches that are not judged together."""
    parts = []
    for members in groups:
        with attempts.at_work(entry.id for entry in members):
            group = load_group(store, run, measured, members)
            parts.append(earlier_pages.list_captures(group.entries, group.documents, group.pages))
    return pa.concat_tables(parts)


def _judge(store: Store, group: JudgingGroup, sent_before: pa.Table) -> dict[str, pa.Table]:
    from sohoa.quality import gate

    limits = thresholds.load_thresholds(store.settings.profile)
    pages = _compare_pages(store, group, sent_before, gate.judge_pages(group.pages, limits))
    documents = verdicts.judge_documents(group.documents, pages, limits)
    batches = batch_table(group.entries, group.batches, documents, limits.version, verdicts.worst)
    return {"pages": pages, "documents": documents, "batches": batches}


def _compare_pages(store: Store, group: JudgingGroup, sent_before: pa.Table, pages: pa.Table) -> pa.Table:
    """Add what only other pages tell: earlier captures of the same sheet, tiles of the sheet of a reference."""
    days = store.settings.duplicate_days
    new = earlier_pages.list_captures(group.entries, group.documents, pages)
    values = {
        "twin": duplicate_pages.find_twins(new, sent_before, days),
        "uncovered_ratio": tile_coverage.find_uncovered(pages),
    }
    for name, column in values.items():
        pages = pages.set_column(pages.column_names.index(name), TABLES["pages"].field(name), column)
    return pages.drop_columns("sketch")


def publish_batches(work: str) -> Published:
    """Write pages, documents and batches of every batch whose gate is open, then its receipt and slip."""
    store = open_store()
    run = CheckRun(store, work)
    if run.is_settled:
        return {"published": 0, "receipts": 0}
    groups, attempts = run.groups(), Attempts(store, _PUBLISHING)
    open_groups = [_open_entries(run, group) for group in groups]
    done = [entry for written in open_groups for entry in written]
    check_run.owe_markers(store, done, _waiting(groups, done))
    counts: Published = {"published": 0, "receipts": 0}
    for group, written in zip(groups, open_groups, strict=True):
        tables = run.judged(group)
        with attempts.at_work(entry.id for entry in written):
            counts["published"] += publish(store, written, tables)
            counts["receipts"] += _write_slips(store, written, tables, attempts.deaths)
        note_batches((entry.scan_date, entry.name) for entry in written if entry.status in {ADMITTED, REFUSED})
    attempts.clear()
    return counts


def _open_entries(run: CheckRun, group: list[Entry]) -> list[Entry]:
    """The entries of a group whose gates are open."""
    shut = run.closed(group)
    return [entry for entry in group if entry.name not in shut]


def _waiting(groups: list[list[Entry]], done: Collection[Entry]) -> set[str]:
    """The agencies of entries that are not done."""
    names = {entry.id for entry in done}
    return {entry.marker.agency for group in groups for entry in group if entry.id not in names}


def _write_slips(store: Store, entries: list[Entry], tables: dict[str, pa.Table], deaths: Mapping[str, int]) -> int:
    from sohoa.slips import write_slips

    limits = thresholds.load_thresholds(store.settings.profile)
    failed = failed_limits.find_failures(tables["pages"], limits)
    facts = list(collect_receipt_facts(entries, tables, limits.own_limit("duplicate_page"), failed))
    is_calm = [deaths.get(one.entry.id, 0) < MAX_DEATHS for one in facts]
    drawn = write_slips.write_slips(store, compress(facts, is_calm))
    return drawn + write_slips.write_slips(store, compress(facts, map(not_, is_calm)), with_pictures=False)


def settle_batches(work: str) -> Settled:
    """Write pending markers, delete inbox markers, delete expired pictures; tells which gates stayed closed."""
    from sohoa.slips import write_slips

    store = open_store()
    run = CheckRun(store, work)
    if run.is_settled:
        return {"settled": 0, "problems": []}
    groups = run.groups()
    closed = {batch: why for group in groups for batch, why in run.closed(group).items()}
    done = [entry for group in groups for entry in group if entry.name not in closed]
    problems = problem_lines({batch: ["; ".join(why)] for batch, why in closed.items()}, most=None)
    for entry in done:
        if entry.code == GIVEN_UP:
            problems.append(f"{entry.name}: given up, tasks died at it")
            notify(store, give_up_alert(entry))
    problems += settle(store, run, done, _waiting(groups, done))
    write_slips.prune_slips(store, done)
    clear_work(store, "check")
    return note_end(store, "check", {"settled": len(done), "problems": problems})


def review(
    agency: str, document_id: str, decision: str, approver: str, reason: str, decided_at: datetime
) -> dict[str, Any]:
    """Record a decision about one scanned document; its dossier day is pending then, and its slip tells of it."""
    from sohoa.slips import write_slips

    store = open_store()
    decided = record_review.Review(agency, document_id, decision, approver, reason, decided_at)
    row = record_review.record_review(store, decided)
    write_slips.revise_slip(store, agency, row["batch"], row["scan_date"])
    return row


def check() -> Checked:
    """Do the whole of check_scan_batches in this process.

    Raises:
        WorkGone: another check has settled these batches meanwhile.
    """
    found = discover_batches()
    work = found["work"]
    admitted = admit_batches(work)
    store = open_store()
    with measure_shards.open_guard(store) as guard:  # one start of the processes for all shards
        for shard in plan_shards(work):
            _measure_shard(store, shard["work"], shard["shard"], guard)
    judged, published = judge_batches(work), publish_batches(work)
    run = CheckRun(store, work)
    if found["markers"] and run.is_settled:
        raise run.gone()
    return {**found, **admitted, **judged, **published, **settle_batches(work)}
