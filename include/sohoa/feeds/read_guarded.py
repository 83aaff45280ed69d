"""Feed files are read in a process of its own: one that takes too long or too much memory is unusable, and no more."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Any

import pyarrow as pa

from sohoa.feeds.text_rows import LINE, Chunk, Reject, Sheet, UnusableFile
from sohoa.guarded.process import Cause, GuardedProcess, ProcessEnded, command_of, start_process
from sohoa.settings import Settings

_COMMAND = command_of("sohoa.feeds.child_process")
_LEAST_SECONDS = 5
_BYTES_A_SECOND = 100_000  # of the file as sent: a workbook of a million rows takes a quarter of that time
_WALL_PER_CPU = 5
_NO_MEMORY = ("memoryerror", "bad_alloc", "malloc", "out of memory")
_SPLIT = "hãy xuất lại thành tệp CSV, hoặc chia thành nhiều tệp nhỏ."


class GuardedReader:
    """Reads one feed file after the other, as ``read_file.read_chunks`` does."""

    def __init__(self, settings: Settings) -> None:
        self._most_seconds, self._memory = settings.max_feed_seconds, settings.max_feed_memory_bytes
        self._idle: GuardedProcess | None = None  # started when first needed

    def __enter__(self) -> GuardedReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._idle is not None:
            self._idle.end()

    def read_chunks(self, name: str, data: bytes, columns: Sequence[str], limit: int) -> Iterator[Chunk]:
        """Do as ``read_file.read_chunks``.

        Raises:
            UnusableFile: nothing of the file can be used, or it takes more time or memory than it may.
            MeasuringError: no process can be started.
        """
        request = {"name": name, "columns": list(columns), "limit": limit}
        seconds = min(self._most_seconds, _LEAST_SECONDS + len(data) // _BYTES_A_SECOND)
        try:
            yield from self._try_twice(request, data, seconds)
        except ProcessEnded as end:
            raise self._fault(end, seconds) from None

    def _try_twice(self, request: dict[str, Any], data: bytes, seconds: int) -> Iterator[Chunk]:
        """Chunks of a file; where the process is ended from outside, a fresh one goes on after the last of them."""
        done = 0
        try:
            for chunk in self._ask(request, data, seconds):
                done += 1
                yield chunk
        except ProcessEnded as end:
            if end.cause is not Cause.OUTSIDE:
                raise
            yield from islice(self._ask(request, data, seconds), done, None)

    def _ask(self, request: dict[str, Any], data: bytes, seconds: int) -> Iterator[Chunk]:
        process, self._idle = self._idle or start_process(_COMMAND, self._memory), None
        try:
            with tempfile.TemporaryFile() as file:
                file.write(data)
                file.flush()
                process.ask(request, file, seconds, _WALL_PER_CPU * seconds)
            while (head := process.read_json()).keys() != {"problem"}:
                sheet = head["sheet"] and Sheet(*head["sheet"])
                rejects = [Reject(**reject) for reject in head["rejects"]]
                yield Chunk(_table(process.read_block(), request["columns"]), rejects, sheet)
            self._idle = process
        finally:
            if self._idle is None:  # it ended, or is at work on what nobody wants any more
                process.end()
        if head["problem"] is not None:
            raise UnusableFile(head["problem"])

    def _fault(self, end: ProcessEnded, seconds: int) -> UnusableFile:
        """What to say of a file whose process ended."""
        if end.cause is Cause.OUTSIDE:
            return UnusableFile(
                f"Máy chủ đã dừng việc đọc tệp hai lần ({end.said}), có thể vì thiếu bộ nhớ; hãy gửi lại tệp, "
                "nếu vẫn vậy thì báo đơn vị vận hành."
            )
        if end.is_final:
            return UnusableFile(f"Đọc tệp mất quá nhiều thời gian (quá {seconds} giây); {_SPLIT}")
        if any(word in end.said.lower() for word in _NO_MEMORY):
            return UnusableFile(f"Đọc tệp cần quá nhiều bộ nhớ (quá {self._memory:,} byte); {_SPLIT}".replace(",", "."))
        return UnusableFile(f"Tệp làm hỏng chương trình đọc ({end.said}); hãy xuất lại tệp.")


def _table(block: bytes, columns: Sequence[str]) -> pa.Table:
    """The rows in an answer, whatever the process has come to.

    Raises:
        ProcessEnded: they are not what was asked for.
    """
    try:
        rows = pa.ipc.open_stream(block).read_all()
        rows.validate(full=True)
        return rows.cast(pa.schema([*((name, pa.string()) for name in columns), (LINE, pa.int64())]))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ProcessEnded(Cause.CRASH, f"{type(error).__name__} in its answer") from None
