"""The process in which feed files are read: chunks of rows go back as Arrow, what is unusable as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

import pyarrow as pa

from sohoa.feeds.read_file import read_chunks
from sohoa.feeds.text_rows import Chunk, UnusableFile
from sohoa.guarded.serve import serve


def main() -> None:
    """Answer requests until the caller goes."""
    serve(_answer)


def _answer(request: dict[str, Any], file: BinaryIO | None) -> Iterator[bytes]:
    assert file is not None
    problem = None
    try:
        for chunk in read_chunks(request["name"], file.read(), request["columns"], request["limit"]):
            yield _head(chunk)
            yield _rows(chunk.rows)
    except UnusableFile as error:
        problem = str(error)
    yield json.dumps({"problem": problem}).encode()


def _head(chunk: Chunk) -> bytes:
    return json.dumps({"rejects": [asdict(reject) for reject in chunk.rejects], "sheet": chunk.sheet}).encode()


def _rows(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return bytes(sink.getvalue())


if __name__ == "__main__":
    main()
