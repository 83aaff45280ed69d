"""Templates and the examples of the feeds page: what they say is what the import reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from sohoa import layout
from sohoa.feeds.import_files import FeedFile, read_file
from sohoa.feeds.read_file import read_chunks
from sohoa.feeds.sources import SOURCES
from sohoa.feeds.templates import EXAMPLES
from tests.command_line import app

DT = date(2024, 4, 17)


def read(name: str, path: Path) -> tuple[int, list[str]]:
    """How many rows the import takes of a file, and why it refuses others."""
    system = "bca/" if SOURCES[name].has_systems else ""
    key = f"{layout.feed_prefix(name)}{system}dt={DT}/{path.name}"
    file = FeedFile(key, "etag", name, DT, is_placed=True, is_correction=False)
    rows, rejects, _ = read_file(SOURCES[name], file, path.read_bytes(), 10_000_000, read_chunks)
    return rows.num_rows, [reject.reason for reject in rejects]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("name", SOURCES)
def test_a_template_filled_in_with_the_example_is_imported(name: str, ending: str, tmp_path: Path) -> None:
    """As it is it holds no row, with the example of the feeds page one, and nothing is refused."""
    path = tmp_path / f"{name}.{ending}"
    done = CliRunner().invoke(app, ["template", str(path)])
    assert (done.exit_code, name in done.stdout) == (0, True)
    assert read(name, path) == (0, [])
    if ending == "csv":
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(",".join(EXAMPLES[name]) + "\r\n")
    else:
        book = openpyxl.load_workbook(path)
        book.active.append(EXAMPLES[name])
        book.save(path)
    assert read(name, path) == (1, [])


@pytest.mark.parametrize(
    ("name", "said"),
    [("dossiers.csv", "named after its feed"), ("portal.ods", "ends with .csv"), ("no/portal.csv", "No such")],
)
def test_a_template_that_cannot_be_written_is_refused_in_one_line(name: str, said: str, tmp_path: Path) -> None:
    """An unknown feed or format, or no folder."""
    done = CliRunner().invoke(app, ["template", str(tmp_path / name)])
    assert done.exit_code != 0
    assert said in str(done.exception)


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """It may have been filled in."""
    path = tmp_path / "portal.csv"
    path.write_text("mine", encoding="utf-8")
    assert CliRunner().invoke(app, ["template", str(path)]).exit_code != 0
    assert path.read_text(encoding="utf-8") == "mine"
