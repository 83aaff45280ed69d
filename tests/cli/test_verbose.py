"""``sohoa -v``: the log on stderr, the result on stdout as without it, a secret on neither."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sohoa import layout
from sohoa.report.mail.outbox import queue_report
from sohoa.store import Store
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
