"""The command line: stable output, exit codes, and no heavy import where none is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sohoa.schema import MEASURED, VERDICT
from tests.batch_builder import page_jpeg, page_pdf

SOHOA = Path(sys.executable).with_name("sohoa")


def sohoa(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SOHOA, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_measure_prints_one_object_a_page(tmp_path: Path) -> None:
    """Good, missing, pipe and multi-page files: every one has its rows, in order, and the exit code is 0."""
    (tmp_path / "a.jpg").write_bytes(page_jpeg())
    (tmp_path / "b.pdf").write_bytes(page_pdf(2))
    os.mkfifo(tmp_path / "pipe.jpg")
    names = ["a.jpg", "b.pdf", "missing.jpg", "pipe.jpg"]
    done = sohoa("measure", *(tmp_path / name for name in names), "--paper", "a4", "--cover", "matte")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(Path(row["file"]).name, row["page_no"]) for row in rows] == [
        ("a.jpg", 1),
        ("b.pdf", 1),
        ("b.pdf", 2),
        ("missing.jpg", 1),
        ("pipe.jpg", 1),
    ]
    assert all(list(row) == [*MEASURED.names, *VERDICT.names] for row in rows)
    assert [row["verdict"] for row in rows] == ["accepted"] * 3 + ["rejected"] * 2
    assert [bool(row["error"]) for row in rows] == [False] * 3 + [True] * 2


OLD_NAMES = [b"Gi\xca\xe1y.jpg", b"l\xf4i.pdf", b"\xff\xfe.jpg", b"c\xe3/trang.jpg", b"m\xeat.jpg"]


def test_a_file_name_of_another_encoding_has_its_row(tmp_path: Path) -> None:
    """The bytes that are not UTF-8 are escaped in the row, of a file that is there and of one that is not."""
    (tmp_path / os.fsdecode(b"c\xe3")).mkdir()
    paths = [tmp_path / os.fsdecode(name) for name in OLD_NAMES]
    for path in paths[:-1]:
        path.write_bytes(b"xin chao")
    done = sohoa("measure", tmp_path / "tốt.jpg", *paths)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["file"].removeprefix(f"{tmp_path}/") for row in rows] == [
        "tốt.jpg", "Gi\\xca\\xe1y.jpg", "l\\xf4i.pdf", "\\xff\\xfe.jpg", "c\\xe3/trang.jpg", "m\\xeat.jpg"
    ]  # fmt: skip
    assert [row["error"].partition(":")[0] for row in rows] == ["missing", *["wrong_format"] * 4, "missing"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["measure", "--paper", "b5", "x.jpg"], 2, "a4, a3"),
        (["measure", "--device", "phone", "x.jpg"], 2, "flatbed, adf"),
        (["measure", "--profile", "none", "x.jpg"], 2, "tthc"),
        (["measure"], 2, "files"),
        (["simulate", "--out", "x", "--from", "yesterday"], 2, "2023-01-31"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_to_do(arguments: list[str], code: int, says: str) -> None:
    """One message, no traceback."""
    done = sohoa(*arguments)
    assert done.returncode == code
    assert says.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_a_store_that_is_not_there_exits_3(tmp_path: Path) -> None:
    """Infrastructure: the message names the address and the command that tells more."""
    done = sohoa("run", "check", SOHOA_HOME=str(tmp_path))
    assert (done.returncode, "sohoa stack up store" in done.stderr) == (3, True)
    keys = {"SOHOA_S3_ACCESS_KEY": "a", "SOHOA_S3_SECRET_KEY": "b"}
    done = sohoa("run", "check", SOHOA_S3_ENDPOINT="http://127.0.0.1:9", **keys)
    assert done.returncode == 3
    assert "127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_half_of_the_keys_of_a_store_ends_only_what_needs_it(tmp_path: Path) -> None:
    """Measuring a file does not; the checks do, and say so."""
    page = tmp_path / "page.jpg"
    page.write_bytes(page_jpeg(1))
    done = sohoa("measure", str(page), SOHOA_S3_ACCESS_KEY="a")
    assert (done.returncode, json.loads(done.stdout)["file"]) == (0, str(page)), done.stderr
    done = sohoa("run", "check", SOHOA_S3_ACCESS_KEY="a")
    assert (done.returncode, "set both or none" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_an_error_cannot_speak_to_the_terminal() -> None:
    """A message may hold text from outside: no escape sequence of it reaches the screen, its lines stay lines."""
    keys = {"SOHOA_S3_ENDPOINT": "http://127.0.0.1:9", "SOHOA_S3_ACCESS_KEY": "a", "SOHOA_S3_SECRET_KEY": "b"}
    done = sohoa("query", "selec '\x1b[2Jgone'", **keys)
    assert (done.returncode, "gone" in done.stderr, "\x1b" in done.stderr) == (2, True, False)
    assert "\nTables: " in done.stderr


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    """A misspelt variable must not be ignored."""
    done = sohoa("run", "check", SOHOA_S3_ENDPOIN="http://127.0.0.1:9")
    assert (done.returncode, "SOHOA_S3_ENDPOIN" in done.stderr) == (2, True)


def test_measure_does_not_import_great_expectations(tmp_path: Path) -> None:
    """It costs seconds and a quarter of a gigabyte."""
    (tmp_path / "a.jpg").write_bytes(page_jpeg())
    code = (
        "import sys; from sohoa.cli import app\n"
        "try: app(['measure', sys.argv[1]])\n"
        "except SystemExit: pass\n"
        "assert not {'great_expectations', 'airflow'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a.jpg"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_command_starts_light() -> None:
    """What a command needs is loaded when it runs: Arrow alone would cost every one a second and 70 MB."""
    code = "import sys, sohoa.cli.commands; sys.exit(bool({'numpy', 'pyarrow', 'pandas', 'cv2'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
