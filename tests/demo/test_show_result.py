"""What the end of the demo prints, and that what it advises can be done."""

from __future__ import annotations

import io
import re
import shlex
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from sohoa.demo import show_result
from sohoa.demo.compare_truth import Comparison
from sohoa.demo.show_result import Places, commands
from sohoa.private_file import write_private
from sohoa.settings import load_settings
from sohoa.store import Store
from tests.command_line import app
from tests.demo.small_province import WEEK
from tests.servers import new_home

TRUE = Comparison("rows", 3, [])


def screen() -> Console:
    return Console(file=io.StringIO(), width=100)


def printed(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_there_are_five_commands_and_each_is_one(clean_store: Store) -> None:
    """As they are printed they are understood; on an empty store they show nothing, or say what is missing."""
    lines = commands(date(2023, 3, 6), WEEK)
    assert len(lines) == 5
    for line in lines:
        done = CliRunner().invoke(app, shlex.split(line))
        assert done.exit_code == 0, (line, done.output, done.exception)


def test_defects_stand_with_what_was_put_in(capsys: pytest.CaptureFixture[str]) -> None:
    """Most first; what was found and never put in stands there too."""
    out = screen()
    show_result.show_defects({"glare": 2, "skewed": 5}, {"glare": 1, "skewed": 5, "moire": 1}, (4, 4), [TRUE], out)
    rows = [re.split(r" {2,}", line.strip()) for line in printed(out).splitlines()[3:6]]
    assert [row[1:] for row in rows] == [
        ["skewed", "5", "5"],
        ["glare", "2", "1"],
        ["moiré", "0", "1"],
    ]
    assert "giáp lai" in printed(out) and "4 pages put in, 4 passed" in printed(out)


@pytest.mark.parametrize("width", [60, 100, 200])
def test_no_width_cuts_a_number_or_a_name(width: int) -> None:
    """At 60 columns a table folds into one record a block, as everywhere else."""
    out = Console(file=io.StringIO(), width=width)
    row = {"agency_name": "Trung tâm Phục vụ hành chính công thành phố Lạng Sơn", "days_without_batch": 1_412}
    queue = [row | {"documents": 1_234_567, "to_scan": 98_765, "oldest": "2023-03-06"}]
    show_result.show_agencies({"queue": queue}, TRUE, out)
    show_result.show_defects({"missing_page": 1_234_567}, {"missing_page": 98_765}, (4, 4), [TRUE], out)
    show_result.show_portal({"portal": 1_234_567, "province": 98_765, "R4": 1_135_802}, [TRUE], out)
    text = printed(out)
    for figure in ("1.234.567", "98.765", "1.412", "06/03/2023", "1.135.802", "R4"):
        assert figure in text, figure
    assert "…" not in text
    assert all(word in text.split() for word in row["agency_name"].split())  # type: ignore[attr-defined]


@pytest.mark.parametrize(("own", "rest"), [(2, 0), (1, 1), (5, -3)])
def test_the_unexplained_rest_is_named(own: int, rest: int) -> None:
    """5 on the portal, 3 in the province."""
    out = screen()
    show_result.show_portal({"portal": 5, "province": 3, "R1": own, "R6": 9}, [TRUE], out)
    sign = f"+{rest}" if rest > 0 else str(rest).replace("-", "\u2212")
    assert f"portal − province = +2, explained +{own}, unexplained {sign}" in printed(out)


def test_three_agencies_need_attention() -> None:
    """The first of the report's queue; none where nothing waits."""
    row = {"documents": 1, "to_scan": 0, "days_without_batch": None, "oldest": None}
    queue = [row | {"agency_name": f"Xã {letter}"} for letter in "ABCD"]
    assert [one["agency_name"] for one in show_result.attention({"queue": queue})] == ["Xã A", "Xã B", "Xã C"]
    assert show_result.attention({}) == []
    out = screen()
    show_result.show_agencies({"queue": queue}, TRUE, out)
    assert "Xã C" in printed(out) and "Xã D" not in printed(out)


def test_places_are_short_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths from where one stands, the command that opens each, and user and password."""
    new_home(monkeypatch, tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    home = load_settings().home
    write_private(home / "airflow" / "passwords.json", '{"admin": "Mật-khẩu"}')
    report = [home / "open" / name for name in ("report.html", "report.pdf", "report.xlsx")]
    places = Places(WEEK, report, "H37.70-20230404-001", home / "slip.html", home / "docs.html", "bin/sohoa")
    out = screen()
    show_result.show_places(places, load_settings(), date(2023, 3, 6), out)
    text = printed(out)
    for words in ("open report", "open slip H37.70-20230404-001", "open ui", "open docs"):
        assert f"bin/sohoa {words}\n" in text
    for path in ("home/open/report.html", "home/open/report.pdf", "home/slip.html", "home/docs.html"):
        assert f"      {path}\n" in text
    assert "      user admin, password Mật-khẩu\n" in text
    assert f"in the store: reports/data-docs/{WEEK.name}/index.html" in text
    assert str(tmp_path) not in text
