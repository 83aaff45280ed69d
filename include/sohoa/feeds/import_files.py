"""Import of the feeds: find what is new, merge it into the tables of source rows, mark it as imported.

Files may come late, twice or in any order: the tables are the same. Killed anywhere and run again, the import leaves
the same tables and markers: what it is about to change is written down first, a file counts as imported last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath
from time import perf_counter
from typing import Any, TypedDict

import pyarrow as pa

from sohoa import layout
from sohoa.errors import ObjectDamaged, ObjectMissing, ObjectTooLarge
from sohoa.feeds.adapt_rows import adapt
from sohoa.feeds.merge_rows import no_rows, rank_rows
from sohoa.feeds.read_guarded import GuardedReader
from sohoa.feeds.save_days import forget_files, list_begun_files, mark_owed_days, owe_files, save_rows
from sohoa.feeds.sources import SOURCES, Source
from sohoa.feeds.text_rows import MAX_REJECTS, Chunk, Reject, UnusableFile, too_large, too_many_rejects
from sohoa.imported_files import FileRead, closed_feeds
from sohoa.last_runs import note_end, note_nothing_to_do
from sohoa.logs import get_logger, seconds_since
from sohoa.registry import ministry_systems
from sohoa.schema import TABLES
from sohoa.settings import TIME_ZONE, load_settings
from sohoa.store import ObjectInfo, Store
from sohoa.work import Settled, Work, clear_work, digest

log = get_logger(__name__)
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
    """Another content of this file was imported before, or begun."""

    @property
    def system(self) -> str | None:
        """The folder of the system, where the source has one for each."""
        return layout.split_feed_key(self.key)[0]

    @property
    def name(self) -> str:
        """The file's name below its day."""
        return layout.split_feed_key(self.key)[2]


class FilesFound(TypedDict):
    """The run's name, the same for the same files, and how many files are new or changed."""

    work: str
    files: int


class FilesMerged(TypedDict):
    """How many rows were read, how many of these could not be used, and how many days of tables changed."""

    rows: int
    rejects: int
    changed_days: int


FileRows = tuple[FeedFile, pa.Table]
ReadChunks = Callable[[str, bytes, Sequence[str], int], Iterator[Chunk]]
"""What does as ``read_file.read_chunks``."""


def find_new_files(store: Store, since: date | None = None) -> FilesFound:
    """Write down the feed files that are new or changed as the plan of one run; first mark what a killed run owes.

    Args:
        store: the store.
        since: look only at the files of this day and later, of systems that the registry knows; at all where None. A
            look at all takes longer with every year.
    """
    mark_owed_days(store, "owed")
    for closed in closed_feeds(store):
        log.warning("feed_stays_closed", key=closed["key"], rows=closed["rows"], rejects=closed["rejects"])
    begun = list_begun_files(store)
    files = [file for source in SOURCES.values() for file in _find_files(store, source, since, begun)]
    if not files:
        clear_work(store, "import")
        note_nothing_to_do(store, "import")
        return {"work": "", "files": 0}
    plan = [{**vars(file), "dt": file.dt.isoformat()} for file in files]
    work = digest(plan)
    Work(store, "import", work).save("files", plan)
    return {"work": work, "files": len(plan)}


def merge_files(store: Store, work: str) -> FilesMerged:
    """Merge the files of a run into their tables; rows that cannot be used go to ``rejects``, one object per file.

    Each day of the register that changes gets a marker for the summaries, each day of what is compared one for the
    reconciliation. Nothing happens where the run has been settled.
    """
    files = _load_files(store, work)
    if not files:
        return {"rows": 0, "rejects": 0, "changed_days": 0}
    mark_owed_days(store, work)
    owe_files(store, [(file.key, file.etag) for file in files])
    results, held = list[FileRead](), dict[str, list[str]]()
    changed = 0
    with GuardedReader(store.settings) as reader:
        for source in SOURCES.values():
            own = [file for file in files if file.source == source.name]
            found = _read_all(store, reader, source, own, results)
            if source.is_by_dossier_day:
                days, problems = _merge_by_day(store, source, found, work)
                changed += days
                held |= {source.name: problems} if problems else {}
            else:
                changed += _keep(store, found)
    Work(store, "import", work).save("held", held)
    Work(store, "import", work).save("results", results)
    return {
        "rows": sum(result["rows"] for result in results),
        "rejects": sum(result["rejects"] for result in results),
        "changed_days": changed,
    }


def mark_imported(store: Store, work: str) -> Settled:
    """Mark the files of this run as imported; those of a source of which an object is damaged come again.

    Returns:
        How many, a line for each such object, and a line for each file with more unusable rows than the settings allow.
        Its usable rows are in their table and it counts as imported: the line asks for a corrected file and blocks
        nothing.
    """
    files = _load_files(store, work)
    if not files:
        return {"settled": 0, "problems": []}
    held: dict[str, list[str]] = Work(store, "import", work).read("held")
    read: list[FileRead] = Work(store, "import", work).read("results")
    results = [result for result in read if result["key"].partition("/")[0] not in held]
    limit = store.settings.reject_share_limit
    bad = [result for result in results if result["rejects"] > limit * result["rows"]]
    _mark_closed(store, results, bad)
    store.each(lambda result: _mark_imported(store, result), results)
    forget_files(store, [file.key for file in files if file.source not in held])
    clear_work(store, "import")
    for result in bad:
        log.warning("too_many_rejects", key=result["key"], rows=result["rows"], rejects=result["rejects"])
    problems = [problem for found in held.values() for problem in found]
    problems += [_describe_problem(result, limit) for result in bad]
    return note_end(store, "import", {"settled": len(results), "problems": problems})


def read_file(
    source: Source, file: FeedFile, data: bytes, limit: int, read: ReadChunks | None = None
) -> tuple[pa.Table, list[Reject], int]:
    """What one feed file says.

    Args:
        source: the feed that it belongs to.
        file: where it lies.
        data: its bytes.
        limit: how many bytes it may have once it is unpacked.
        read: what reads the bytes; a guarded process for this file alone where None.

    Returns:
        (rows as ``merge`` takes them; rejects by line; number of rows read); a file, or a
        sheet of one, that cannot be used counts as one row.
    """
    if read is None:
        with GuardedReader(load_settings()) as reader:
            return read_file(source, file, data, limit, reader.read_chunks)
    parts, rejects, count = [no_rows(source)], [], 0
    try:
        if not file.is_placed:
            raise UnusableFile(f"Tệp nằm sai chỗ; hãy đặt vào {source.place}.")
        for chunk in read(file.name, data, [field.source for field in source.fields], limit):
            rows, faulty = adapt(source, chunk.rows, file.dt, file.name, file.system)
            parts.append(rank_rows(rows, file.is_correction))
            rejects += [chunk.locate(reject) for reject in (*chunk.rejects, *faulty)]
            count += chunk.rows.num_rows + len(chunk.rejects)
            if len(rejects) > MAX_REJECTS:
                raise too_many_rejects(rejects[0])
    except UnusableFile as error:
        return no_rows(source), [Reject(None, None, str(error))], 1
    return pa.concat_tables(parts), sorted(rejects, key=lambda reject: reject.line or 0), count


def _find_files(store: Store, source: Source, since: date | None, begun: list[tuple[str, str]]) -> list[FeedFile]:
    """The source's files that are new or changed, by day; of ``begun`` ones a run was killed."""
    marks = {info.key for info in _list(store, layout.WAREHOUSE, layout.imported_prefix, source, since)}
    known = {key.rpartition("/")[0] for key in marks}
    found = [info for info in _list(store, layout.FEEDS, layout.feed_prefix, source, since) if not _is_hidden(info)]
    files = []
    for info in found:
        mark = layout.imported_key(info.key, info.etag)
        if mark not in marks:
            is_begun = any(key == info.key and etag != info.etag for key, etag in begun)
            files.append(_describe(source, info, is_begun or mark.rpartition("/")[0] in known))
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


def _describe(source: Source, info: ObjectInfo, is_correction: bool) -> FeedFile:
    system, dt, _ = layout.split_feed_key(info.key)
    is_placed = dt is not None and (system is not None) == source.has_systems
    came = info.last_modified.astimezone(TIME_ZONE).date()
    return FeedFile(info.key, info.etag, source.name, dt or came, is_placed, is_correction)


def _load_files(store: Store, work: str) -> list[FeedFile]:
    plan: list[dict[str, Any]] = Work(store, "import", work).load("files", [])
    return [FeedFile(**{**file, "dt": date.fromisoformat(file["dt"])}) for file in plan]


def _merge_by_day(store: Store, source: Source, found: Iterable[FileRows], work: str) -> tuple[int, list[str]]:
    """Merge files into the dossier days of their table, a bounded number of rows at a time.

    Returns:
        How many days changed, and a line for each day of which the object is damaged.
    """
    changed, damaged = set[date](), dict[date, ObjectDamaged]()
    for rows in _group_rows(source, found):
        days, faults = save_rows(store, source, rows, work)
        changed |= days
        damaged |= faults
    return len(changed), [str(error) for _, error in sorted(damaged.items())]


def _group_rows(source: Source, found: Iterable[FileRows]) -> Iterator[pa.Table]:
    parts = [no_rows(source)]
    for _, rows in found:
        parts.append(rows)
        if sum(part.num_rows for part in parts) > _GROUP_ROWS:
            yield pa.concat_tables(parts)
            parts = [no_rows(source)]
    yield pa.concat_tables(parts)


def _keep(store: Store, found: Iterable[FileRows]) -> int:
    """Make the object of each file say what the file says now; no dossier day changes."""
    for file, rows in found:
        name = layout.safe_name(file.name)
        if rows.num_rows:
            store.write_table(file.source, file.dt, name, rows)
        else:
            store.delete(layout.WAREHOUSE, layout.table_key(file.source, file.dt, name))
    return 0


def _read_all(
    store: Store, reader: GuardedReader, source: Source, files: Iterable[FeedFile], results: list[FileRead]
) -> Iterator[FileRows]:
    """Rows of each file; writes its rejects and adds what became of it to ``results``."""
    for file in files:
        start = perf_counter()
        try:
            rows, rejects, count = _read_object(store, reader, source, file)
        except ObjectMissing:
            log.warning("feed_file_withdrawn", key=file.key)
            continue
        _write_rejects(store, file, rejects)
        results.append({"key": file.key, "etag": file.etag, "rows": count, "rejects": len(rejects)})
        seconds = seconds_since(start)
        log.info("feed_file_read", key=file.key, rows=count, rejects=len(rejects), seconds=seconds)
        yield file, rows


def _read_object(
    store: Store, reader: GuardedReader, source: Source, file: FeedFile
) -> tuple[pa.Table, list[Reject], int]:
    limit = store.settings.max_feed_bytes
    try:
        return read_file(source, file, store.get(layout.FEEDS, file.key, limit), limit, reader.read_chunks)
    except ObjectTooLarge:
        return no_rows(source), [Reject(None, None, str(too_large(limit)))], 1


def _write_rejects(store: Store, file: FeedFile, rejects: list[Reject]) -> None:
    name = layout.safe_name("-".join(filter(None, (file.source, file.system, file.name))))
    if not rejects:
        store.delete(layout.WAREHOUSE, layout.table_key("rejects", file.dt, name))
        return
    rows = [{"source": file.source, "feed_key": file.key, **vars(reject)} for reject in rejects]
    store.write_table("rejects", file.dt, name, pa.Table.from_pylist(rows, TABLES["rejects"]))


def _mark_imported(store: Store, result: FileRead) -> None:
    """Mark one content of a file as imported, and no other."""
    key = layout.imported_key(result["key"], result["etag"])
    store.put_json(layout.WAREHOUSE, key, result)
    for info in store.list_objects(layout.WAREHOUSE, key.rpartition("/")[0] + "/"):
        if info.key != key:
            store.delete(layout.WAREHOUSE, info.key)


def _mark_closed(store: Store, results: list[FileRead], bad: list[FileRead]) -> None:
    """Mark the files of too many unusable rows, which stay marked until a corrected one comes under the same key."""
    marked = {info.key for info in store.list_objects(layout.WAREHOUSE, layout.CLOSED_FEEDS)}
    for result in results:
        key = layout.closed_feed_key(result["key"])
        if result in bad:
            store.put_json(layout.WAREHOUSE, key, result)
        elif key in marked:
            store.delete(layout.WAREHOUSE, key)


def _describe_problem(result: FileRead, limit: float) -> str:
    return (
        f"{result['key']}: {result['rejects']} of {result['rows']} rows could not be used, more than {limit:.1%}; the "
        "table rejects has line and reason; put a corrected file under the same key, it is imported again"
    )
