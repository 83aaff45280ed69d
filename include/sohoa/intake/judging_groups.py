"""Which batches are judged and published together: as many as fit into memory, and those that tasks died at alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from sohoa.intake.check_run import ADMITTED, REFUSED, CheckRun, Entry
from sohoa.intake.measured_pages import PAGES, MeasuredParts, in_order
from sohoa.intake.publish_batches import declared_batches, declared_documents
from sohoa.logs import get_logger
from sohoa.notify.alerts import Alert
from sohoa.store import Store

log = get_logger(__name__)

MAX_DEATHS = 3
"""Of tasks at one batch: once among others, twice alone. It is given up then."""
GIVEN_UP = "not_processed"
"""Why such a batch is refused."""
_GROUP_BYTES = 4_000_000  # of page rows as stored: some 20,000 pages
_GROUP_BATCHES = 500


def give_up(entries: Iterable[Entry], deaths: Mapping[str, int]) -> list[Entry]:
    """Refuse the admitted entries at which tasks died too often."""
    return [_give_up(entry) if deaths.get(entry.id, 0) >= MAX_DEATHS else entry for entry in entries]


def _give_up(entry: Entry) -> Entry:
    if entry.status != ADMITTED:
        return entry
    log.error("batch_given_up", agency=entry.marker.agency, batch=entry.name)
    return replace(entry, status=REFUSED, code=GIVEN_UP)


def give_up_alert(entry: Entry) -> Alert:
    """What the operators are told of a batch that was given up."""
    return Alert(
        f"batch_given_up/{entry.id}",
        f"Lô {entry.name} không xử lý được",
        f"Việc kiểm tra lô {entry.name} bị ngắt {MAX_DEATHS} lần: lô đã bị từ chối, đơn vị đã được báo. Bản kê và "
        "các tệp vẫn còn trong kho. Việc cần làm: xem nhật ký của tác vụ bị ngắt, bộ nhớ và dung lượng đĩa của máy.",
        f"Checking the batch {entry.name} was cut off {MAX_DEATHS} times: it was refused, and its agency told so. Look "
        "at the log of the task that ended, at memory and disk of the machine.",
    )


def group_entries(
    entries: Iterable[Entry], measured: MeasuredParts, deaths: Mapping[str, int]
) -> Iterator[list[Entry]]:
    """Group entries in their order; one at which a task died is alone and comes last."""
    group: list[Entry] = []
    size, alone = 0, []
    for entry in entries:
        if deaths.get(entry.id):
            alone.append(entry)
            continue
        if group and (size + measured.size(entry) > _GROUP_BYTES or len(group) == _GROUP_BATCHES):
            yield group
            group, size = [], 0
        group.append(entry)
        size += measured.size(entry)
    if group:
        yield group
    yield from ([entry] for entry in alone)


@dataclass(frozen=True)
class JudgingGroup:
    """What is judged together: entries that are measured in full, what their manifests declare, their pages."""

    entries: list[Entry]
    documents: pa.Table
    batches: pa.Table
    pages: pa.Table


def load_group(store: Store, run: CheckRun, measured: MeasuredParts, entries: Iterable[Entry]) -> JudgingGroup:
    """Read what a group needs; a batch of which files have not been measured yet is left out: it waits."""
    manifests, parts, finished = [], [PAGES.empty_table()], []
    for entry in entries:
        if entry.status == ADMITTED:
            manifest = run.manifest(entry)
            rows = in_order(measured.load(store, entry), manifest)
            if rows is None:
                log.warning("batch_not_finished", agency=entry.marker.agency, batch=entry.name)
                continue
            manifests.append(manifest)
            parts.append(rows)
        finished.append(entry)
    return JudgingGroup(finished, declared_documents(manifests), declared_batches(manifests), pa.concat_tables(parts))
