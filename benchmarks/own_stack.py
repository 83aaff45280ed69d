"""An embedded store and Airflow of a benchmark's own, with the schedules that it asks for: thrown away at the end."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.own_store import own_store
from sohoa import stack
from sohoa.settings import PREFIX, load_settings
from sohoa.stack import airflow_server
from sohoa.stack.processes import stop
from sohoa.store import Store
from tests.servers import ROOT, free_port

_NEVER = "0 0 29 2 *"


@contextmanager
def own_stack(crons: Mapping[str, str], changes: Mapping[str, object]) -> Iterator[Store]:
    """Store and Airflow, running; this process's settings and those of its children name them.

    Args:
        crons: DAG -> when it runs; all others never do.
        changes: settings without their prefix, and their values.
    """
    with TemporaryDirectory() as project, own_store():
        _copy_project(Path(project), crons)
        own = {"PROJECT": project, "PORT_AIRFLOW": free_port(), **changes}
        os.environ |= {f"{PREFIX}{name}": str(value) for name, value in own.items()}
        settings = load_settings()
        try:
            stack.up(settings, "airflow", print)
            yield Store(settings)
        finally:
            stop(airflow_server.servers(settings), airflow_server.STOP_PATIENCE_S)


def _copy_project(folder: Path, crons: Mapping[str, str]) -> None:
    """Copy the DAGs, with other schedules."""
    for name in ("dags", "plugins"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in folder.glob("dags/*.py"):
        cron = crons.get(file.stem, _NEVER)
        text = re.sub(r'(Cron\w+Timetable)\(f?"[^"]+"', rf'\1("{cron}"', file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
