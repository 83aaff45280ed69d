"""Commands that make and load data."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from tests.command_line import app


def test_a_province_may_be_asked_for_without_dates(tmp_path: Path) -> None:
    """The default of --from is taken: a last day before it is refused."""
    done = CliRunner().invoke(app, ["simulate", "--out", str(tmp_path / "new"), "--to", "2023-03-05"])
    assert (done.exit_code, type(done.exception)) == (2, SystemExit)
    assert "--to lies before --from" in done.output
