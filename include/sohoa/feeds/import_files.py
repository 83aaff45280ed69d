"""Import of the feeds: discover what is new, merge it into the tables of source rows, settle.

Files may come late, twice or in any order: the tables are the same. Killed anywhere and run again, the import leaves
the same tables and markers: what it is about to change is written down first, a file counts as imported last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from sohoa import layout
from sohoa.errors import ObjectMissing, ObjectTooLarge
from sohoa.feeds.adapt_rows import adapt
from sohoa.feeds.merge_rows import no_rows, rank_rows
from sohoa.feeds.read_file import read_chunks
from sohoa.feeds.save_days import run_all, save_rows
from sohoa.feeds.sources import SOURCES, Source
from sohoa.feeds.text_rows import Reject, UnusableFile, too_large
from sohoa.intake.check_run import digest
from sohoa.registry import ministry_systems
from sohoa.schema import TABLES
from sohoa.settings import TIME_ZONE
from sohoa.store import ObjectInfo, Store

JOB = "import"
_GROUP_ROWS = 250_000
"""Rows that are merged at once: more of them are more memory, fewer are more rounds over the same days."""


@dataclass(frozen=True)
class FeedFile:
    """One feed file that a run has to import."""

    key: str
    etag: str
    source: str
    dt: date
    is_placed: bool
    """The key is of the form that its source asks for; else ``dt`` is the day on which the file came."""
    is_correction: bool
    """Another content of this file was imported before."""

    @property
    def system(self) -> str | None:
        """The folder of the system, where the source has one for each."""
        return layout.split_feed_key(self.key)[0]

    @property
    def name(self) -> str:
        """The file's name below its day."""
        return layout.split_feed_key(self.key)[2]


def discover_feeds(store: Store, since: date | None = None) -> dict[str, Any]:
    """Write down the feed files that are new or changed as the plan of one run.

    Args:
        store: the store.
        since: look only at the files of this day and later, of systems that the registry knows; at all where None. A
            look at all takes longer with every year.

    Returns:
        ``work``, the run's name, the same for the same files; ``files``, how many there are. Where there are none,
        nothing is written.
    """
    files = [file for source in SOURCES.values() for file in _discover(store, source, since)]
    plan = [{**vars(file), "dt": file.dt.isoformat()} for file in files]
    work = digest(plan)
    if plan:
        store.put_json(layout.WAREHOUSE, _work_key(work, "files"), plan)
    else:
        store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(JOB))  # a killed settling leaves some
    return {"work": work, "files": len(plan)}


def import_feed_files(store: Store, work: str) -> dict[str, Any]:
    """Merge the files of a run into their tables; rows that cannot be used go to ``rejects``, one object a file.

    Each day of the register that changes gets a marker for the summaries, each day of what is compared one for the
    reconciliation. Nothing happens where the run has been settled.

    Returns:
        Counts: ``rows`` read, of these ``rejects``, and the ``days`` of tables that changed.
    """
    files = _load_plan(store, work)
    if not files:
        return {"rows": 0, "rejects": 0, "days": 0}
    results: list[dict[str, Any]] = []
    changed: set[tuple[str, date]] = set()
    for source in SOURCES.values():
        own = [file for file in files if file.source == source.name]
        for rows in _read_groups(store, source, own, results):
            days = save_rows(store, source, rows, work)
            changed |= {(source.name, day) for day in days}
    store.put_json(layout.WAREHOUSE, _work_key(work, "results"), results)
    counts = {name: sum(result[name] for result in results) for name in ("rows", "rejects")}
    return {**counts, "days": len(changed)}


def settle_feeds(store: Store, work: str) -> dict[str, Any]:
    """Mark the files of this run as imported.

    Returns:
        ``files``, how many; ``closed``, a line for each file with more unusable rows than the settings allow. Its
        usable rows are in their table and it counts as imported: the closing asks for a corrected file and blocks
        nothing.
    """
    try:
        results = store.get_json(layout.WAREHOUSE, _work_key(work, "results"))
    except ObjectMissing:
        results = []
    run_all(lambda result: _mark_imported(store, result), results)
    store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(JOB))
    limit = store.settings.reject_share_limit
    closed = [_closing(result, limit) for result in results if result["rejects"] > limit * result["rows"]]
    return {"files": len(results), "closed": closed}


def read_file(source: Source, file: FeedFile, data: bytes, limit: int) -> tuple[pa.Table, list[Reject], int]:
    """What one feed file says.

    Args:
        source: the feed that it belongs to.
        file: where it lies.
        data: its bytes.
        limit: how many bytes it may have once it is unpacked.

    Returns:
        (rows of the source's table, of one by dossier day as ``merge`` takes them; rejects by line; number of rows
        read); a file that cannot be used counts as one row.
    """
    parts, rejects, count = [no_rows(source)], [], 0
    try:
        if not file.is_placed:
            raise UnusableFile(f"Tệp nằm sai chỗ; hãy đặt vào {source.place}.")
        for text, ragged in read_chunks(file.name, data, [field.source for field in source.fields], limit):
            rows, faulty = adapt(source, text, file.dt, file.system)
            parts.append(rank_rows(rows, file.is_correction) if source.is_by_dossier_day else rows)
            rejects += [*ragged, *faulty]
            count += text.num_rows + len(ragged)
    except UnusableFile as error:
        return no_rows(source), [Reject(None, None, str(error))], 1
    return pa.concat_tables(parts), sorted(rejects, key=lambda reject: reject.line or 0), count


def _discover(store: Store, source: Source, since: date | None) -> list[FeedFile]:
    """The source's files that are new or changed, by day."""
    marks = {info.key for info in _list(store, layout.WAREHOUSE, layout.imported_prefix, source, since)}
    known = {key.rpartition("/")[0] for key in marks}
    found = [info for info in _list(store, layout.FEEDS, layout.feed_prefix, source, since) if not _is_hidden(info)]
    files = [_describe(source, info, known) for info in found if layout.imported_key(info.key, info.etag) not in marks]
    return sorted(files, key=lambda file: (file.dt, file.key))


def _list(
    store: Store, bucket: str, prefix: Callable[[str], str], source: Source, since: date | None
) -> Iterator[ObjectInfo]:
    """Objects of a source, since a day where one is given: what lies under no day then comes or not."""
    if since is None:
        yield from store.list_objects(bucket, prefix(source.name))
        return
    systems = dict.fromkeys(f"{source.name}/{system.system}" for system in ministry_systems())
    for folder in map(prefix, systems if source.has_systems else [source.name]):
        before = (since - timedelta(1)).isoformat()  # "~" comes after "/": SeaweedFS leaves out a day named as it is
        yield from store.list_objects(bucket, folder, after=f"{folder}dt={before}~")


def _is_hidden(info: ObjectInfo) -> bool:
    return PurePosixPath(info.key).name.startswith(("_", ".", "~$"))  # left behind by exports and by Excel


def _describe(source: Source, info: ObjectInfo, known: set[str]) -> FeedFile:
    system, dt, _ = layout.split_feed_key(info.key)
    is_placed = dt is not None and (system is not None) == source.has_systems
    came = info.last_modified.astimezone(TIME_ZONE).date()
    is_correction = layout.imported_key(info.key, info.etag).rpartition("/")[0] in known
    return FeedFile(info.key, info.etag, source.name, dt or came, is_placed, is_correction)


def _work_key(work: str, name: str) -> str:
    return f"{layout.work_prefix(JOB, work)}{name}.json"


def _load_plan(store: Store, work: str) -> list[FeedFile]:
    try:
        plan = store.get_json(layout.WAREHOUSE, _work_key(work, "files"))
    except ObjectMissing:
        return []
    return [FeedFile(**{**file, "dt": date.fromisoformat(file["dt"])}) for file in plan]


def _read_groups(
    store: Store, source: Source, files: Iterable[FeedFile], results: list[dict[str, Any]]
) -> Iterator[pa.Table]:
    """Rows of the files, a bounded number at a time; adds key, etag, rows and rejects of each file to ``results``."""
    parts = [no_rows(source)]
    for file in files:
        try:
            rows, rejects, count = _read_object(store, source, file)
        except ObjectMissing:
            continue  # withdrawn since it was listed
        _write_rejects(store, file, rejects)
        results.append({"key": file.key, "etag": file.etag, "rows": count, "rejects": len(rejects)})
        if not source.is_by_dossier_day:
            _replace_rows(store, file, rows)
            continue
        parts.append(rows)
        if sum(part.num_rows for part in parts) > _GROUP_ROWS:
            yield pa.concat_tables(parts)
            parts = [no_rows(source)]
    if source.is_by_dossier_day:
        yield pa.concat_tables(parts)


def _read_object(store: Store, source: Source, file: FeedFile) -> tuple[pa.Table, list[Reject], int]:
    limit = store.settings.max_feed_bytes
    try:
        return read_file(source, file, store.get(layout.FEEDS, file.key, limit), limit)
    except ObjectTooLarge:
        return no_rows(source), [Reject(None, None, str(too_large(limit)))], 1


def _replace_rows(store: Store, file: FeedFile, rows: pa.Table) -> None:
    """Make the object of a file say what the file says now."""
    key = layout.table_key(file.source, file.dt, layout.safe_name(file.name))
    if rows.num_rows:
        store.write_table(file.source, file.dt, layout.safe_name(file.name), rows)
    else:
        store.delete(layout.WAREHOUSE, key)


def _write_rejects(store: Store, file: FeedFile, rejects: list[Reject]) -> None:
    name = layout.safe_name("-".join(filter(None, (file.source, file.system, file.name))))
    if not rejects:
        store.delete(layout.WAREHOUSE, layout.table_key("rejects", file.dt, name))
        return
    rows = [{"source": file.source, "feed_key": file.key, **vars(reject)} for reject in rejects]
    store.write_table("rejects", file.dt, name, pa.Table.from_pylist(rows, TABLES["rejects"]))


def _mark_imported(store: Store, result: dict[str, Any]) -> None:
    """Mark one content of a file as imported, and no other."""
    key = layout.imported_key(result["key"], result["etag"])
    store.put_json(layout.WAREHOUSE, key, result)
    for info in store.list_objects(layout.WAREHOUSE, key.rpartition("/")[0] + "/"):
        if info.key != key:
            store.delete(layout.WAREHOUSE, info.key)


def _closing(result: dict[str, Any], limit: float) -> str:
    return (
        f"{result['key']}: {result['rejects']} of {result['rows']} rows could not be used, more than {limit:.1%}; the "
        "table rejects has line and reason; put a corrected file under the same key, it is imported again"
    )
