"""One logger per module: ``log = get_logger(__name__)``, then ``log.info("batch_admitted", batch=…, documents=…)``.

In a task of Airflow the lines go to the task's log, each value under its name. On the command line they go to stderr:
warnings always, all lines with ``sohoa -v``. The event and the names of its values are ours, but a value may come from
an agency: one that is not a plain word is quoted, and what cannot be seen in it is escaped.
"""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from structlog.typing import EventDict

MAX_VALUE_CHARS = 500
"""A longer value is cut."""

_PLAIN_WORD = re.compile(r"[\w.:/@%+-]+")


class Logger:
    """What a module has to say; nothing is bound, so a line goes wherever lines go at that moment."""

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, /, **values: object) -> None:
        """Say what was done, with its counts."""
        self._say(logging.INFO, event, values)

    def warning(self, event: str, /, **values: object) -> None:
        """Say what an operator should look at, with the reason."""
        self._say(logging.WARNING, event, values)

    def error(self, event: str, /, **values: object) -> None:
        """Say what was given up."""
        self._say(logging.ERROR, event, values)

    def _say(self, level: int, event: str, values: dict[str, object]) -> None:
        import structlog  # 12 MB that a command without a line does not need

        if not structlog.is_configured():
            print_to_stderr(is_verbose=False)
        safe = {name: _escape(value) for name, value in values.items()}
        structlog.get_logger(self._name).log(level, event, **safe)


def get_logger(name: str) -> Logger:
    """The logger of a module."""
    return Logger(name)


def print_to_stderr(is_verbose: bool, into: TextIO | None = None) -> None:
    """Let this process print its lines to stderr, or ``into``: warnings, or with ``is_verbose`` all of them."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if is_verbose else logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(into or sys.stderr),  # stderr as it is when a line is printed
    )


@contextmanager
def warnings_last() -> Iterator[None]:
    """Print the warnings of what is done inside below what it says itself; all lines at once where they are asked for.

    They are printed too where it fails.
    """
    import structlog

    if structlog.is_configured():  # by -v, or by whoever calls this in a process of theirs
        yield
        return
    held = io.StringIO()
    print_to_stderr(is_verbose=False, into=held)
    try:
        yield
    finally:
        structlog.reset_defaults()
        sys.stderr.write(held.getvalue())


def seconds_since(start: float) -> float:
    """Seconds since this value of ``time.perf_counter()``, to a tenth."""
    return round(perf_counter() - start, 1)


def _render(_logger: object, _method: str, line: EventDict) -> str:
    """Time, level and event, then each value under its name."""
    head = [str(line.pop(name)) for name in ("timestamp", "level", "event")]
    return " ".join([*head, *(f"{name}={value}" for name, value in line.items())])


def _escape(value: object) -> object:
    """A number as it is; else text on one line that no reader takes for two values."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    short = text if len(text) <= MAX_VALUE_CHARS else text[: MAX_VALUE_CHARS - 1] + "…"
    return short if _PLAIN_WORD.fullmatch(short) else repr(short)
