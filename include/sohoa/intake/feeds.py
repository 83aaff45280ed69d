"""Import of the change feeds: discover what is new, merge it into the tables of source rows, settle.

Files may come late, twice or in any order: the register is the same. Killed anywhere and run again, the import leaves
the same tables and markers: what it is about to change is written down first, a file counts as imported last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from sohoa import layout
from sohoa.errors import ObjectMissing, ObjectTooLarge
from sohoa.intake.feed_adapters import DOSSIER_DATE, NO_ROWS, REGISTER, adapt_register, merge_register, rank_rows
from sohoa.intake.feed_files import Reject, UnusableFile, read_chunks, too_large
from sohoa.intake.plan import digest
from sohoa.schema import TABLES
from sohoa.settings import TIME_ZONE
from sohoa.store import ObjectInfo, Store

JOB = "import"
SOURCE = "register"
_THREADS = 8
_COMPACT_ROWS = 200_000
_ROW = TABLES[SOURCE]
_CHANGED_KEY = layout.work_prefix(JOB, "changed") + "days.json"
T = TypeVar("T")


@dataclass(frozen=True)
class FeedFile:
    """One feed file that a run has to import."""

    key: str
    etag: str
    dt: date
    is_placed: bool
    """The key is of the form ``<source>/dt=<date>/<file>``; else ``dt`` is the day on which the file came."""
    is_correction: bool
    """Another content of this file was imported before."""

    @property
    def name(self) -> str:
        """The file's name below its day."""
        return layout.split_feed_key(self.key)[1]


def discover_feeds(store: Store) -> dict[str, Any]:
    """Write down the feed files that are new or changed as the plan of one run.

    Returns:
        ``work``, the run's name, the same for the same files; ``files``, how many there are. Where there are none,
        nothing is written.
    """
    found = [info for info in store.list_objects(layout.FEEDS, layout.feed_prefix(SOURCE)) if not _is_hidden(info.key)]
    known = _map(lambda info: _imported_etag(store, info.key), found)
    files = [_describe(info, etag) for info, etag in zip(found, known, strict=True) if etag != info.etag]
    plan = [{**vars(file), "dt": file.dt.isoformat()} for file in sorted(files, key=lambda file: (file.dt, file.key))]
    work = digest(plan)
    if plan:
        store.put_json(layout.WAREHOUSE, _work_key(work, "files"), plan)
    else:
        store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(JOB))  # a killed settling leaves some
    return {"work": work, "files": len(plan)}


def import_feed_files(store: Store, work: str) -> dict[str, Any]:
    """Merge the files of a run into the register; rows that cannot be used go to ``rejects``, one object a file.

    Each dossier day whose rows change gets a pending marker. Nothing happens where the run has been settled.

    Returns:
        Counts: ``rows`` read, of these ``rejects``, and the dossier ``days`` that changed.
    """
    files = _load_plan(store, work)
    if not files:
        return {"rows": 0, "rejects": 0, "days": 0}
    rows, results = _read_files(store, files)
    changed = _find_changes(store, rows)
    _save_changes(store, work, changed)
    store.put_json(layout.WAREHOUSE, _work_key(work, "results"), results)
    counts = {name: sum(result[name] for result in results) for name in ("rows", "rejects")}
    return {**counts, "days": len(changed)}


def settle_feeds(store: Store, work: str) -> dict[str, Any]:
    """Mark the files of this run as imported.

    Returns:
        ``files``, how many; ``closed``, a line for each file with more unusable rows than the settings allow. Its
        usable rows are in the register and it counts as imported: the closing asks for a corrected file and blocks
        nothing.
    """
    try:
        results = store.get_json(layout.WAREHOUSE, _work_key(work, "results"))
    except ObjectMissing:
        results = []
    _map(lambda result: store.put_json(layout.WAREHOUSE, layout.imported_key(result["key"]), result), results)
    store.delete_prefix(layout.WAREHOUSE, layout.work_prefix(JOB))
    limit = store.settings.reject_share_limit
    closed = [_closing(result, limit) for result in results if result["rejects"] > limit * result["rows"]]
    return {"files": len(results), "closed": closed}


def read_file(file: FeedFile, data: bytes, limit: int) -> tuple[pa.Table, list[Reject], int]:
    """What one feed file says.

    Args:
        file: where it lies.
        data: its bytes.
        limit: how many bytes it may have once it is unpacked.

    Returns:
        (rows for ``merge_register`` with ``dossier_date``, rejects, number of rows read); a file that cannot be used
        counts as one row.
    """
    parts, rejects, count = [NO_ROWS], [], 0
    try:
        if not file.is_placed:
            raise UnusableFile(f"Tệp nằm sai chỗ; hãy đặt vào {layout.feed_prefix(SOURCE)}dt=<yyyy-mm-dd>/<tên tệp>.")
        for text, ragged in read_chunks(file.name, data, [field.source for field in REGISTER], limit):
            rows, faulty = adapt_register(text, file.dt)
            parts.append(rank_rows(rows, file.is_correction))
            rejects += sorted([*ragged, *faulty], key=lambda reject: reject.line or 0)
            count += text.num_rows + len(ragged)
    except UnusableFile as error:
        return NO_ROWS, [Reject(None, None, str(error))], 1
    return pa.concat_tables(parts), rejects, count


def _is_hidden(key: str) -> bool:
    return PurePosixPath(key).name.startswith(("_", ".", "~$"))  # left behind by exports and by Excel


def _imported_etag(store: Store, key: str) -> str | None:
    try:
        return str(store.get_json(layout.WAREHOUSE, layout.imported_key(key))["etag"])
    except ObjectMissing:
        return None


def _describe(info: ObjectInfo, imported_etag: str | None) -> FeedFile:
    dt, _ = layout.split_feed_key(info.key)
    came = info.last_modified.astimezone(TIME_ZONE).date()
    return FeedFile(info.key, info.etag, dt or came, is_placed=dt is not None, is_correction=imported_etag is not None)


def _work_key(work: str, name: str) -> str:
    return f"{layout.work_prefix(JOB, work)}{name}.json"


def _load_plan(store: Store, work: str) -> list[FeedFile]:
    try:
        plan = store.get_json(layout.WAREHOUSE, _work_key(work, "files"))
    except ObjectMissing:
        return []
    return [FeedFile(**{**file, "dt": date.fromisoformat(file["dt"])}) for file in plan]


def _read_files(store: Store, files: Iterable[FeedFile]) -> tuple[pa.Table, list[dict[str, Any]]]:
    """Rows in force in all files together, and key, etag, rows and rejects of each; writes ``rejects``."""
    parts, waiting, results = [NO_ROWS], 0, []
    for file in files:
        try:
            rows, rejects, count = _read_object(store, file)
        except ObjectMissing:
            continue  # withdrawn since it was listed
        _write_rejects(store, file, rejects)
        results.append({"key": file.key, "etag": file.etag, "rows": count, "rejects": len(rejects)})
        parts.append(rows)
        waiting += rows.num_rows
        if waiting > _COMPACT_ROWS:
            parts, waiting = [merge_register(*parts)], 0
    return merge_register(*parts), results


def _read_object(store: Store, file: FeedFile) -> tuple[pa.Table, list[Reject], int]:
    limit = store.settings.max_feed_bytes
    try:
        return read_file(file, store.get(layout.FEEDS, file.key, limit), limit)
    except ObjectTooLarge:
        return NO_ROWS, [Reject(None, None, str(too_large(limit)))], 1


def _write_rejects(store: Store, file: FeedFile, rejects: list[Reject]) -> None:
    name = layout.safe_name(f"{SOURCE}-{file.name}")
    if not rejects:
        store.delete(layout.WAREHOUSE, layout.table_key("rejects", file.dt, name))
        return
    rows = [{"source": SOURCE, "feed_key": file.key, **vars(reject)} for reject in rejects]
    store.write_table("rejects", file.dt, name, pa.Table.from_pylist(rows, TABLES["rejects"]))


def _find_changes(store: Store, rows: pa.Table) -> dict[date, pa.Table]:
    """The register of each day on which the new rows change something."""
    rows = rows.sort_by(DOSSIER_DATE)
    days, starts = np.unique(rows[DOSSIER_DATE].to_numpy(), return_index=True)
    parts = [rows.slice(start, end - start) for start, end in pairwise([*starts.tolist(), rows.num_rows])]
    tables = _map(partial(_merge_day, store), days.tolist(), parts)
    return {day: table for day, table in zip(days.tolist(), tables, strict=True) if table is not None}


def _merge_day(store: Store, day: date, rows: pa.Table) -> pa.Table | None:
    old = store.read_table(SOURCE, [day], name=layout.DAY).select(_ROW.names)
    new = merge_register(rank_rows(old, False), rows.drop_columns(DOSSIER_DATE)).select(_ROW.names).cast(_ROW)
    return None if new.equals(old) else new


def _save_changes(store: Store, work: str, changed: dict[date, pa.Table]) -> None:
    """Write the days, then their markers; days that a killed run may have left without a marker get theirs too."""
    try:
        days = set(store.get_json(layout.WAREHOUSE, _CHANGED_KEY))
    except ObjectMissing:
        days = set()
    days |= {day.isoformat() for day in changed}
    if not days:
        return
    store.put_json(layout.WAREHOUSE, _CHANGED_KEY, sorted(days))
    _map(lambda day: store.write_table(SOURCE, day, layout.DAY, changed[day]), changed)
    _map(lambda day: _put_marker(store, work, day), sorted(days))


def _put_marker(store: Store, work: str, day: str) -> None:
    key = layout.pending_register_key(work, date.fromisoformat(day))
    store.put_json(layout.WAREHOUSE, key, {"day": day, "work": work})


def _closing(result: dict[str, Any], limit: float) -> str:
    return (
        f"{result['key']}: {result['rejects']} of {result['rows']} rows could not be used, more than {limit:.1%}; the "
        "table rejects has line and reason; put a corrected file under the same key, it is imported again"
    )


def _map(work: Callable[..., T], *items: Iterable[Any]) -> list[T]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, *items))
