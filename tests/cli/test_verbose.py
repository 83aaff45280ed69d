"""``sohoa -v``: the log on stderr, the result on stdout as without it, a secret on neither."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from sohoa import layout, logs
from sohoa.errors import StoreError
from sohoa.report.mail.outbox import queue_report
from sohoa.store import Store
from tests.batch_builder import commit
from tests.report.report_samples import sample_report
from tests.servers import free_port

SOHOA = Path(sys.executable).with_name("sohoa")


def sohoa(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SOHOA, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_verbose_changes_stderr_alone(clean_store: Store) -> None:
    """One line with time, level, event and values; without -v nothing."""
    quiet, verbose = sohoa("run", "deliver"), sohoa("-v", "run", "deliver")
    assert (quiet.returncode, quiet.stderr) == (verbose.returncode, "") == (0, "")
    assert quiet.stdout == verbose.stdout == "Nothing is mailed: no mail server is set up (SOHOA_SMTP_HOST).\n"
    (line,) = verbose.stderr.splitlines()
    assert line.endswith(" info mail_is_off reason='SOHOA_SMTP_HOST is not set'")


@pytest.mark.parametrize(
    ("verbosity", "order"),
    [([], ["1 batch: 1 refused", "warning manifest_refused"]), (["-v"], ["warning manifest_refused", "1 batch: 1"])],
)
def test_a_warning_stands_below_the_sentences(clean_store: Store, verbosity: list[str], order: list[str]) -> None:
    """On one terminal, where both streams end; with -v each line comes when it is true."""
    commit(clean_store, b"{", "H37.80.01-20230306-001")
    command = [SOHOA, *verbosity, "run", "check"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    places = [done.stdout.find(words) for words in order]
    assert -1 < places[0] < places[1], done.stdout


def test_a_warning_outlives_a_job_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """And the next line is printed at once again."""
    structlog.reset_defaults()

    @logs.warnings_last()
    def fail() -> None:
        logs.get_logger("x").warning("shard_begun_before", shard="000")
        assert capsys.readouterr().err == ""
        raise StoreError("down")

    with pytest.raises(StoreError):
        fail()
    assert "shard_begun_before" in capsys.readouterr().err
    logs.get_logger("x").warning("batches_wait")
    assert "batches_wait" in capsys.readouterr().err
    structlog.reset_defaults()


def test_no_secret_is_printed(clean_store: Store, tmp_path: Path) -> None:
    """Neither the store's keys nor the mail password, also where both servers are at their worst."""
    report = sample_report(3)
    clean_store.put(layout.REPORTS, layout.report_key(report.week, "report.json"), report.to_json())
    queue_report(clean_store, report.week)
    recipients = tmp_path / "recipients.csv"
    line = "20,2020-01-01,Tỉnh Lạng Sơn,An,anna@example.vn"
    recipients.write_text(f"unit_code,valid_from,unit,name,address\n{line}\n", encoding="utf-8")
    settings = clean_store.settings
    mail = {
        "SOHOA_SMTP_HOST": "127.0.0.1",
        "SOHOA_SMTP_PORT": str(free_port()),
        "SOHOA_SMTP_SENDER": "sohoa@langson.example",
        "SOHOA_SMTP_USER": "so-hoa",
        "SOHOA_SMTP_PASSWORD": "open-sesame",
        "SOHOA_RECIPIENTS_FILE": str(recipients),
    }
    done = sohoa("-v", "run", "deliver", **mail)
    assert done.returncode == 3
    assert settings.s3_access_key and settings.s3_secret_key
    keys = [settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value(), "open-sesame"]
    assert not [key for key in keys if key in done.stdout + done.stderr]
