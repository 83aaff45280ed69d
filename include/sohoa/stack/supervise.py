"""Supervisor, which a full disk does not end: what it cannot write down it goes on without."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from supervisor import supervisord


class _Patient:
    """A stream of text; what cannot be written, as on a full disk, is left out."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, and flush at once: what stays in a buffer would fail later."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            return 0
        return len(text)

    def flush(self) -> None:
        """All is written, or left out."""


def main() -> None:
    """Run it as its own command does; it prints of each error that it could not write down."""
    sys.stdout, sys.stderr = _Patient(sys.stdout), _Patient(sys.stderr)
    supervisord.main()


if __name__ == "__main__":
    main()
