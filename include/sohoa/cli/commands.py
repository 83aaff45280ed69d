"""All commands: a module here holds the commands of one subject; importing it registers them."""

from sohoa.cli import (  # noqa: F401 (each registers its commands)
    agencies_commands,
    agency_commands,
    archive_commands,
    data_commands,
    open_commands,
    page_commands,
    progress_commands,
    reconcile_commands,
    run_commands,
    site_commands,
    stack_commands,
    status_commands,
    steering_commands,
)
from sohoa.cli.root import app, main

__all__ = ["app", "main"]
