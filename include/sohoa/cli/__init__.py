"""The command ``sohoa``: arguments only.

The work is done by ``jobs`` and the packages behind it, the printing by ``terminal``. Nothing is imported before the
command runs: Ctrl-C ends it in one line from its first moment on, and its own processes begin at once.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as typing has it, which is not imported before the command runs
if TYPE_CHECKING:
    from sohoa.cli.commands import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command; Ctrl-C ends it with exit code 130."""
    try:
        from sohoa.cli import commands

        commands.main()
    except KeyboardInterrupt:
        sys.stderr.write("sohoa: stopped\n")
        sys.exit(130)


def __getattr__(name: str) -> object:
    """Return ``app``, which imports all commands."""
    if name == "app":
        from sohoa.cli.commands import app

        return app
    raise AttributeError(name)
