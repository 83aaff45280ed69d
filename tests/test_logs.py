"""What modules say: on the command line, in Airflow's task log, and with values that want to be more than values."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from sohoa import logs

HOSTILE = {
    "line": "H37-1\n2026-01-01 00:00:00 warning gate_opened",
    "carriage": "H37-1\rgate_opened",
    "separator": "H37-1\u2028gate_opened\x85",
    "escape": "H37-1\x1b[2K\x1b[31mgate_opened",
    "direction": "H37-1\u202egnp.exe\u2066",
    "invisible": "H37\u200b-1\u00ad\ufeff",
    "pair": "H37-1 documents=9",
    "quote": "H37-1' documents='9",
    "surrogate": "H37-1\udcff",
    "null": "H37-1\x00",
    "long": "x" * 100_000,
}

SPEAK_IN_A_TASK = """
import io, json, sys
from airflow.sdk.log import configure_logging
written = io.BytesIO()
configure_logging(json_output=True, output=written)
from sohoa.logs import get_logger
log = get_logger("sohoa.intake.admission")
for value in json.load(sys.stdin).values():
    log.warning("batch_refused", batch=value, documents=3)
sys.stdout.write(written.getvalue().decode())
"""


def is_one_value(shown: str) -> bool:
    """Whether a reader takes it for the value of one name: a word, or a literal in quotes."""
    return " " not in shown or isinstance(ast.literal_eval(shown), str)


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    """Each test configures its own process, and leaves it as it was."""
    yield
    structlog.reset_defaults()


def test_a_line_tells_time_level_event_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Values stand in the order given, numbers bare, Vietnamese legible."""
    logs.print_to_stderr(is_verbose=True)
    logs.get_logger("x").info("batch_refused", batch="H37.60-20230306-001", files=2, seconds=0.4, reason="tệp hỏng")
    date, time, line = capsys.readouterr().err.split(" ", 2)
    assert (len(date), len(time)) == (10, 8)
    assert line == "info batch_refused batch=H37.60-20230306-001 files=2 seconds=0.4 reason='tệp hỏng'\n"


def test_without_verbose_only_warnings_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """So too in a process that nobody has configured, and never on stdout."""
    for configure in (lambda: logs.print_to_stderr(is_verbose=False), structlog.reset_defaults):
        configure()
        logs.get_logger("x").info("fine")
        logs.get_logger("x").warning("look")
    out, err = capsys.readouterr()
    assert [line.split()[2:] for line in err.splitlines()] == [["warning", "look"]] * 2
    assert out == ""


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a_value_cannot_forge_a_line_on_the_terminal(capsys: pytest.CaptureFixture[str], value: str) -> None:
    """One printable line, with the values that the caller gave and no other."""
    logs.print_to_stderr(is_verbose=True)
    logs.get_logger("x").info("batch_admitted", batch=value, documents=3)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert len(line) < 2 * logs.MAX_VALUE_CHARS
    assert line.endswith(" documents=3")
    head, _, shown = line.removesuffix(" documents=3").partition(" batch=")
    assert head.endswith(" info batch_admitted")
    assert is_one_value(shown)


def test_a_value_cannot_forge_a_line_in_airflow() -> None:
    """Airflow's page shows newlines as lines and values without quotes, so the values themselves must be safe."""
    command = [sys.executable, "-c", SPEAK_IN_A_TASK]
    done = subprocess.run(command, input=json.dumps(HOSTILE), capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(HOSTILE)
    for line in lines:
        assert {line["event"], line["level"], line["logger"]} == {"batch_refused", "warning", "sohoa.intake.admission"}
        assert line["documents"] == 3
        assert line["batch"].isprintable()
        assert is_one_value(line["batch"])


def test_a_secret_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever passes a secret to the log by mistake prints stars."""
    logs.print_to_stderr(is_verbose=True)
    logs.get_logger("x").info("signed_in", key=SecretStr("sesame"), keys={"secret_key": SecretStr("sesame")})
    line = capsys.readouterr().err
    assert "sesame" not in line
    assert line.count("**********") == 2
