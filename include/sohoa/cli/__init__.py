"""The command ``sohoa``: arguments only.

The work is done by ``jobs`` and the packages behind it, the printing by ``screens``. A module here holds the commands
of one subject; importing it registers them.
"""

from sohoa.cli import data, figures, reconcile, run, scans, stack, steering  # noqa: F401 (each registers its commands)
from sohoa.cli.root import app, main

__all__ = ["app", "main"]
