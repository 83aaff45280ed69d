"""Reads the marks of PDFs in a guarded process: of a file that breaks it, or takes too long, nobody knows them."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import Any

from sohoa.archive.marks import PLACES, Marks
from sohoa.guarded.process import GuardedProcess, ProcessEnded, command_of, start_process
from sohoa.settings import Settings

_PDF_A = re.compile(r"|[1-4][ABUEF]?")
_COMMAND = command_of("sohoa.archive.pdf_marks")


class MarksReader:
    """Reads one file after the other; its process is started when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: GuardedProcess | None = None

    def __enter__(self) -> MarksReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def read(self, path: Path) -> Marks | None:
        """Read the marks of a PDF; None where they cannot be told.

        Raises:
            MeasuringError: no process can be started.
        """
        seconds = self._settings.max_file_seconds
        self._idle = self._idle or start_process(_COMMAND, self._settings.max_memory_bytes)
        try:
            with path.open("rb") as file:
                self._idle.ask({}, file, seconds, 5 * seconds)
            return _checked(self._idle.read_json())
        except ProcessEnded:
            self._end()
            return None

    def _end(self) -> None:
        if self._idle is not None and self._idle.is_alive:
            self._idle.end()
        self._idle = None


def _checked(answer: Any) -> Marks | None:
    """Marks as the process says them, whatever the file has made of it; None where they are none."""
    match answer:
        case {"places": list(places), "pdf_a": str(pdf_a)} if set(places) <= set(PLACES) and _PDF_A.fullmatch(pdf_a):
            return {"places": places, "pdf_a": pdf_a}
    return None
