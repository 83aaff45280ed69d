"""Plan the measuring: the files of all admitted batches, cut into shards of some minutes of work each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from unicodedata import normalize

from sohoa import layout
from sohoa.intake.check_run import ADMITTED, CheckRun, Entry, Shard, ShardPlan
from sohoa.intake.manifest import MAX_FILES, Manifest
from sohoa.intake.measured_pages import MeasuredParts
from sohoa.pages.page_row import ENGINE_VERSION
from sohoa.settings import Settings
from sohoa.store import Store
from sohoa.work import Attempts, digest

STEP = "measure/"
"""Under which attempts at shards are counted."""
_MAX_SHARDS = 1_000
"""Airflow maps a task over 1,024 items at most."""


@dataclass(frozen=True)
class FileTask:
    """One file to measure, with what its manifest declares, and how large the store says that it is."""

    agency: str
    batch: str
    document_id: str
    kind: str
    content: str
    paper: str
    cover: str
    device_id: str
    device_kind: str
    role: str
    sheet: int | None
    file: str
    sha256: str
    bytes: int
    prefix: str
    stored_bytes: int
    entry: str


def _file_tasks(manifest: Manifest, entry: Entry, sizes: Mapping[str, int]) -> Iterator[FileTask]:
    """The files of a batch, in the manifest's order."""
    prefix = layout.batch_prefix(manifest.agency, manifest.scan_date, manifest.batch)
    for document in manifest.documents:
        for file in document.files:
            yield FileTask(
                agency=manifest.agency,
                batch=manifest.batch,
                document_id=document.document_id,
                kind=document.kind,
                content=document.content,
                paper=document.paper,
                cover=document.cover,
                device_id=manifest.device.id,
                device_kind=manifest.device.kind,
                role=file.role,
                sheet=file.sheet,
                file=file.path,
                sha256=file.sha256,
                bytes=file.bytes,
                prefix=prefix,
                stored_bytes=sizes.get(normalize("NFC", file.path), 0),
                entry=entry.id,
            )


def plan_shards(store: Store, run: CheckRun) -> list[Shard]:
    """Cut the files that have not been measured yet into shards and write each down.

    Batches at which a task died before come last, in shards of their own.
    """
    entries = [entry for entry in run.entries() if entry.status == ADMITTED]
    measured, died = MeasuredParts.of_all(store), _died_before(store)
    found = store.each(partial(_tasks_of, store, run, measured), entries)
    calm = [task for tasks in found for task in tasks if task.entry not in died]
    suspect = [task for tasks in found for task in tasks if task.entry in died]
    parts = [(part, False) for part in _cut(calm, store.settings)]
    parts += [(list(tasks), True) for _, tasks in groupby(suspect, lambda task: task.entry)]
    shares = _shares([part for part, _ in parts], store.settings.share_seconds)
    shards = [
        _save_shard(run, number, part, shares, died if is_suspect else None)
        for number, (part, is_suspect) in enumerate(parts, start=1)
    ]
    store.delete_prefix(layout.WAREHOUSE, layout.attempts_prefix(STEP))  # what they tell stands in the plans now
    return shards


def _tasks_of(store: Store, run: CheckRun, measured: MeasuredParts, entry: Entry) -> list[FileTask]:
    """The files of a batch that have no rows yet, with their sizes as the store lists them: 0 where it lists none.

    A manifest's word makes no work. Of a folder of many more objects than the manifest names, the first are listed.
    """
    manifest, done = run.manifest(entry), set(measured.load(store, entry)["file"].to_pylist())
    prefix = layout.batch_prefix(manifest.agency, manifest.scan_date, manifest.batch)
    count = sum(len(document.files) for document in manifest.documents)
    listed = store.list_objects(layout.LANDING, prefix, most=2 * count + MAX_FILES) if count else ()
    sizes = {normalize("NFC", info.key.removeprefix(prefix)): info.size for info in listed}
    return [task for task in _file_tasks(manifest, entry, sizes) if task.file not in done]


def _died_before(store: Store) -> dict[str, dict[str, int]]:
    """Entry at whose files tasks of earlier shards died -> file -> how many, with nothing else at work."""
    died: dict[str, dict[str, int]] = {}
    for info in store.list_objects(layout.WAREHOUSE, layout.attempts_prefix(STEP)):
        for name, count in Attempts(store, layout.attempts_step(info.key)).deaths.items():
            entry, _, file = name.partition(" ")
            known = died.setdefault(entry, {})
            known[file] = known.get(file, 0) + (count if file else 0)
    return died


def _cut(tasks: list[FileTask], settings: Settings) -> Iterator[list[FileTask]]:
    """Cut into parts of about ``shard_bytes`` and ``shard_files``, larger ones where there would be too many."""
    most_bytes = max(settings.shard_bytes, sum(task.stored_bytes for task in tasks) * 3 // _MAX_SHARDS)
    most_files = max(settings.shard_files, len(tasks) * 3 // _MAX_SHARDS)
    part: list[FileTask] = []
    size = 0
    for task in tasks:
        if part and (size + task.stored_bytes > most_bytes or len(part) == most_files):
            yield part
            part, size = [], 0
        part.append(task)
        size += task.stored_bytes
    if part:
        yield part


def _shares(parts: list[list[FileTask]], seconds: int) -> dict[str, float]:
    """The CPU seconds that an agency may use in each of the shards that hold files of it."""
    shards: dict[str, int] = defaultdict(int)
    for part in parts:
        for agency in {task.agency for task in part}:
            shards[agency] += 1
    return {agency: seconds / count for agency, count in shards.items()}


def _save_shard(
    run: CheckRun,
    number: int,
    part: list[FileTask],
    shares: Mapping[str, float],
    died: Mapping[str, Mapping[str, int]] | None,
) -> Shard:
    files, agencies = [asdict(task) for task in part], sorted({task.agency for task in part})
    deaths = {f"{entry} {file}": count for entry, found in (died or {}).items() for file, count in found.items()}
    own = {task.entry for task in part}
    plan: ShardPlan = {
        "files": files,
        "seconds": {agency: shares[agency] for agency in agencies},
        "is_suspect": died is not None,
        "deaths": {name: count for name, count in deaths.items() if name.partition(" ")[0] in own},
    }
    shard = f"{number:04d}-{digest([ENGINE_VERSION, files])}"
    run.save_shard(shard, plan)
    return {"work": run.name, "shard": shard, "label": f"{agencies[0]}…{agencies[-1]} · {len(part)} tệp (files)"}
