"""``sohoa open`` fetches what the jobs have made, says where it lies, and shows it where there is a display."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sohoa import layout
from sohoa.cli import open_commands
from sohoa.store import Store
from tests.command_line import app

BATCH, OTHER = "H37.80.01-20230410-001", "H37.80.01-20230411-001"
SHA, LATER = "0123456789ab" * 6, "ba9876543210" * 6


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was given."""
    addresses: list[str] = []
    monkeypatch.setattr(open_commands.webbrowser, "open", addresses.append)
    return addresses


@pytest.fixture(params=["wayland", "x11", "none"])
def display(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A session with a display, and one without."""
    for name, kind in (("DISPLAY", "x11"), ("WAYLAND_DISPLAY", "wayland")):
        monkeypatch.setenv(name, ":7" if request.param == kind else "")
    return str(request.param) != "none"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["open", *words])


def put_week(store: Store, week: str) -> None:
    for name in ("report.html", "report.pdf", "report.xlsx", "report.json"):
        store.put(layout.REPORTS, layout.report_key(week, name), f"{week} {name}".encode())
    store.put(layout.REPORTS, f"{layout.data_docs_prefix(week)}index.html", f"{week} docs".encode())


def put_slip(store: Store, batch: str, sha: str, with_pictures: bool) -> None:
    place = ("H37.80.01", batch, sha)
    store.put_json(layout.LANDING, layout.receipt_key(*place), {})
    store.put(layout.LANDING, layout.receipt_key(*place, "html"), f"slip {batch} {sha}".encode())
    if with_pictures:
        store.put(layout.LANDING, layout.resend_key(*place), b"again")
        marker = layout.pictured_key(layout.BatchId.parse(batch).scan_date, *place)  # type: ignore[union-attr]
        store.put_json(layout.WAREHOUSE, marker, dict(zip(("agency", "batch", "manifest_sha256"), place, strict=True)))


def test_the_newest_report_is_opened(clean_store: Store, shown: list[str], display: bool) -> None:
    """All its files are fetched under the home; without a display their paths are all there is."""
    for week in ("2022-W52", "2023-W14", "2023-W09"):
        put_week(clean_store, week)
    done = run("report")
    files = [Path(line) for line in done.output.splitlines()]
    assert [file.name for file in files] == ["report.html", "report.pdf", "report.xlsx"]
    assert [file.read_text() for file in files] == [f"2023-W14 {file.name}" for file in files]
    assert all(file.is_relative_to(clean_store.settings.home / "open") for file in files)
    for path in (clean_store.settings.home / "open").rglob("*"):
        assert not path.stat().st_mode & 0o077, path
    assert shown == ([files[0].as_uri()] if display else [])


def test_a_week_can_be_named_and_nothing_opened(
    clean_store: Store, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Report and Data Docs of one week link to each other as they do in the store."""
    monkeypatch.setenv("DISPLAY", ":7")
    for week in ("2023-W14", "2023-W09"):
        put_week(clean_store, week)
    report, docs = (
        Path(run(name, "--week", "2023-W09", "--print").output.splitlines()[0]) for name in ("report", "docs")
    )
    assert (report.read_text(), docs.read_text()) == ("2023-W09 report.html", "2023-W09 docs")
    assert (docs.parent / "../../weekly/2023-W09/report.html").resolve() == report.resolve()
    assert run("docs").output.strip().endswith("2023-W14/index.html")
    assert len(shown) == 1


def test_a_slip_comes_with_its_way_back(clean_store: Store, shown: list[str]) -> None:
    """The newest with pictures, or that of a batch; of two manifests of a batch the later one."""
    put_slip(clean_store, OTHER, SHA, with_pictures=False)
    put_slip(clean_store, BATCH, LATER, with_pictures=False)
    put_slip(clean_store, BATCH, SHA, with_pictures=True)
    slip, again = (Path(line) for line in run("slip", "--print").output.splitlines())
    assert slip.read_text() == f"slip {BATCH} {SHA}"
    assert (again.parent, again.name) == (slip.parent, f"{SHA[:12]}.gui-lai.html")
    assert run("slip", BATCH, "--print").output.splitlines() == [str(slip), str(again)]
    (only,) = run("slip", OTHER, "--print").output.splitlines()
    assert Path(only).read_text() == f"slip {OTHER} {SHA}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report"], "holds no report: "),
        (["report", "--week", "2023-W14"], "no report of 2023-W14"),
        (["docs", "--week", "2023-W14"], "no Data Docs of 2023-W14"),
        (["slip"], "no slip with pictures"),
        (["slip", OTHER], f"no slip of {OTHER}"),
        (["slip", "../../etc"], "no slip of ../../etc"),
        (["ui"], "sohoa stack up"),
    ],
)
def test_what_is_not_there_is_said(clean_store: Store, shown: list[str], words: list[str], said: str) -> None:
    """With the command that makes it."""
    done = run(*words)
    assert said in str(done.exception) and "`sohoa " in str(done.exception)
    assert shown == []
