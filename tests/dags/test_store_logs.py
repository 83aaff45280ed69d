"""Logs of tasks in the store: Airflow finds the place by its setting, and reads there what another machine wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sohoa import layout
from sohoa.store import Store

PLUGINS = Path(__file__).parents[2] / "plugins"
WORKER = """
from pathlib import Path
from airflow.sdk.log import load_remote_log_handler
from airflow.configuration import conf
io, path = load_remote_log_handler(), "dag_id=x/attempt=1.log"
assert type(io).__name__ == "StoreLogs", io
log = Path(conf.get("logging", "base_log_folder")) / path
log.parent.mkdir(parents=True)
for text in ("đã đo\\n", "đã đo\\nxong\\n"):
    log.write_text(text)
    io.upload(path)
log.write_text("going on elsewhere\\n")
io.upload(path)
"""
API_SERVER = """
from airflow.logging_config import configure_logging, get_remote_task_log
configure_logging()
io = get_remote_task_log()
print("READ", *io.read("dag_id=x/attempt=1.log", None), io.read("dag_id=y/attempt=1.log", None), sep="|")
"""


def airflow(code: str, home: Path, store: Store) -> str:
    """What a process of Airflow prints, on a machine of its own."""
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS),
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "sohoa_logs.CONFIG",
        "PATH": os.environ["PATH"],
        "SOHOA_HOME": str(store.settings.home),
        "SOHOA_PORT_S3": str(store.settings.port_s3),
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_page_shows_what_a_worker_elsewhere_wrote(clean_store: Store, tmp_path: Path) -> None:
    """Written again it is there once; what another worker adds comes behind; a log that is nowhere is no error."""
    airflow(WORKER, tmp_path / "worker", clean_store)
    key = layout.log_key("dag_id=x/attempt=1.log")
    assert clean_store.get(layout.WAREHOUSE, key).decode() == "đã đo\nxong\ngoing on elsewhere\n"
    _, _, said = airflow(API_SERVER, tmp_path / "api", clean_store).partition("READ|")
    assert said.startswith(f"['warehouse/{key}']|['đã đo\\nxong\\ngoing on elsewhere\\n']|")
    assert said.strip().endswith(", None)")
