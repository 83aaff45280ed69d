"""The rows of some objects of the store in one local Parquet file, which also says which objects these are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sohoa.errors import ObjectMissing
from sohoa.store import Store
from sohoa.web.kept_files import part_suffix, touch

KEY = "_key"
"""Column of a local file: the key of the object that a row is of."""
_OBJECTS = b"objects"
Etags = dict[str, str]
"""Key of an object -> its ETag."""


def count_new(file: Path, etags: Etags) -> int | None:
    """Count the objects whose rows a local file has not as they are now; None where it holds just these objects."""
    known = _objects_in(file)
    if known == etags:
        touch(file)
        return None
    return sum(known.get(key) != etag for key, etag in etags.items())


def renew_rows(file: Path, etags: Etags, schema: pa.Schema, read: Callable[[str], pa.Table]) -> None:
    """Make a local file hold the rows of these objects.

    Args:
        file: it may not be there yet.
        etags: which objects.
        schema: of the rows, with ``KEY`` their last column.
        read: reads the object of a key; only those are read that have changed.
    """
    known = _objects_in(file)
    if known == etags:
        return
    kept = {key for key, etag in etags.items() if known.get(key) == etag}
    found = Store.each(lambda key: _rows_of(key, schema, read), sorted(etags.keys() - kept))
    _write(file, pa.concat_tables([_kept_rows(file, kept, schema), *found]).sort_by(KEY), etags)


def _rows_of(key: str, schema: pa.Schema, read: Callable[[str], pa.Table]) -> pa.Table:
    try:
        rows = read(key)
    except ObjectMissing:  # deleted since it was listed: the next listing lacks it
        return schema.empty_table()
    return rows.append_column(KEY, pa.repeat(pa.scalar(key), len(rows))).cast(schema)


def _objects_in(file: Path) -> Etags:
    """The ETag of each object whose rows a local file holds; none where it is not there or no such file."""
    try:
        metadata: Any = pq.read_schema(file).metadata or {}
    except (FileNotFoundError, pa.ArrowInvalid):  # the latter: the disk was full, or the machine stopped
        return {}
    found: Etags = json.loads(metadata.get(_OBJECTS, b"{}"))
    return found


def _kept_rows(file: Path, kept: set[str], schema: pa.Schema) -> pa.Table:
    if not kept:
        return schema.empty_table()
    rows = pq.ParquetFile(file).read()
    return rows.filter(pc.is_in(rows[KEY], pa.array(sorted(kept)))).cast(schema)


def _write(file: Path, rows: pa.Table, etags: Etags) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_suffix(part_suffix())
    metadata = {_OBJECTS: json.dumps(etags, sort_keys=True).encode()}
    pq.write_table(rows.replace_schema_metadata(metadata), part, compression="zstd", row_group_size=16_384)
    part.replace(file)
