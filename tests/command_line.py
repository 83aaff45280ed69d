"""The command ``sohoa`` within the test's own process: made once, where typer's own runner makes it at each call."""

from __future__ import annotations

import typer.main

from sohoa.cli import app as _app

app = typer.main.get_command(_app)
