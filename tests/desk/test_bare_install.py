"""An agency's computer has the base dependencies alone: neither Airflow nor Great Expectations nor pandas."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import urllib3

from sohoa.settings import child_environment
from sohoa.store import Store
from tests.batch_builder import AGENCY
from tests.desk.agency_folder import BAD, GOOD, in_dossier, put_scan, write_config
from tests.desk.bare_install import ROOT, base_distributions
from tests.desk.kill_sender import markers


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.desk.bare_install", *words]
    return subprocess.run(command, cwd=ROOT, env=child_environment({}), capture_output=True, text=True, check=False)


def test_what_an_agency_installs(summary: Callable[[str], None]) -> None:
    """None of what only the pipeline needs; its size is printed."""
    found = base_distributions()
    assert not {
        "apache-airflow",
        "great-expectations",
        "pandas",
        "scipy",
        "duckdb",
        "statsmodels",
        "python-multipart",
    } & set(found)
    files = [file.locate() for one in found.values() for file in one.files or ()]
    size = sum(path.stat().st_size for path in map(Path, files) if path.is_file() and path.suffix != ".pyc")
    summary(f"an agency installs {len(found)} packages of {size / 1e6:.0f} MB")
    assert size < 600e6


def test_check_and_upload_need_nothing_else(clean_store: Store, tmp_path: Path) -> None:
    """Both commands do their work with all other packages hidden; the pipeline's say what is missing."""
    folder, file = tmp_path / "scans", tmp_path / "home" / "agency.toml"
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    put_scan(folder, in_dossier("b.jpg"), BAD)
    write_config(clean_store, file)
    checked = run("check", str(folder), "--config", str(file))
    assert (checked.returncode, "Độ phân giải thấp" in checked.stdout) == (1, True), checked.stderr
    sent = run("upload", str(folder), "--agency", AGENCY, "--config", str(file), "--pages-counted")
    assert sent.returncode == 1, sent.stderr
    assert markers(clean_store) == [f"{AGENCY}-20230306-001"]
    assert re.search(r"this needs the package \w+: install sohoa\[pipeline\]", run("query", "SELECT 1").stderr)


def test_the_desk_needs_nothing_else_and_is_there_again_after_a_kill(clean_store: Store, tmp_path: Path) -> None:
    """The command prints the address; killed and started again it shows what was sorted and what was not."""
    folder, file = tmp_path / "scans", tmp_path / "home" / "agency.toml"
    for name in (in_dossier("Tờ khai/1.jpg"), "scan1.jpg"):
        put_scan(folder, name, GOOD)
    write_config(clean_store, file)
    shown = []
    for _ in range(2):
        words = ["desk", str(folder), "--agency", AGENCY, "--config", str(file), "--no-browser"]
        command = [sys.executable, "-m", "tests.desk.bare_install", *words]
        with subprocess.Popen(command, cwd=ROOT, env=child_environment({}), stderr=subprocess.PIPE, text=True) as desk:
            assert desk.stderr is not None
            line = desk.stderr.readline()
            address = line.split()[1]
            try:
                html = ""
                end = time.monotonic() + 60
                while "Đang kiểm tra" in html or "Tờ khai" not in html:
                    assert time.monotonic() < end, html
                    time.sleep(0.5)
                    html = urllib3.request("GET", address, retries=False).data.decode()
            finally:
                desk.kill()
        shown.append("✓ ĐẠT" in html and "scan1.jpg" in html)
    assert shown == [True, True]
