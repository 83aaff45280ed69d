"""The command ``sohoa``: arguments only.

The work is done by ``jobs`` and the packages behind it, the printing by ``terminal``. Nothing is imported before the
command runs: Ctrl-C ends it in one line from its first moment on, and its own processes begin at once.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as typing has it, which is not imported before the command runs
if TYPE_CHECKING:
    from sohoa.cli.commands import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command; Ctrl-C ends it with exit code 130."""
    try:
        import signal

        is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if is_heard:
            signal.signal(signal.SIGINT, _end_at_once)
        from sohoa.cli import commands

        if is_heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        commands.main()
    except KeyboardInterrupt:
        sys.stderr.write("sohoa: stopped\n")
        sys.exit(130)


def _end_at_once(*_: object) -> None:
    """End the process: imports run callbacks of weak references, in which Python drops ``KeyboardInterrupt``."""
    os.write(2, b"sohoa: stopped\n")
    os._exit(130)


def __getattr__(name: str) -> object:
    """Return ``app``, which imports all commands."""
    if name == "app":
        from sohoa.cli.commands import app

        return app
    raise AttributeError(name)
