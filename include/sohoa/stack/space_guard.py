"""The process that stops who fills the embedded store; see ``sohoa.capacity.stop_senders``."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from sohoa.settings import Settings
from sohoa.stack import seaweed
from sohoa.stack.processes import Report, Server, home_environment


def server(settings: Settings) -> Server:
    """Return the guard's process."""
    return Server("space-guard", seaweed.server(settings).folder)


def is_wanted(settings: Settings) -> bool:
    """Tell whether anybody should ever be stopped."""
    return settings.space_stop_percent < 100


def up(settings: Settings, report: Report) -> None:
    """Start the guard where it is wanted and does not run; the store is up.

    Raises:
        StackError: the command cannot be executed.
    """
    if is_wanted(settings) and not server(settings).is_running():
        report("starting the guard of the store's room")
        server(settings).start(command(), home_environment(settings))


def command() -> list[str]:
    """Return the command that is the guard, wherever it is started."""
    return [str(Path(sysconfig.get_path("scripts")) / "sohoa"), "-v", "stack", "guard"]
