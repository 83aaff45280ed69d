"""The profile ``production`` in a home of a benchmark's own, from a copy of the project: thrown away at the end."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from sohoa.errors import StackError, StoreError
from sohoa.settings import PORTS, PREFIX, Settings, load_settings
from sohoa.stack import production, topology
from sohoa.stack.airflow_client import AirflowClient
from sohoa.stack.processes import stop
from tests.servers import ROOT, free_ports

T = TypeVar("T")
PATIENCE_S = 1_800.0


@contextmanager
def own_home(changes: Mapping[str, object]) -> Iterator[Path]:
    """A folder with a home and the place of a project, which this process's settings and its children's name.

    Args:
        changes: settings without their prefix, and their values.
    """
    before = dict(os.environ)
    folder = Path(tempfile.mkdtemp(prefix="sohoa-production-"))
    folder.chmod(0o755)  # PostgreSQL's user goes through
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    own: dict[str, object] = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    own |= {"home": folder / "home", "project": folder / "project"}
    own |= {"space_stop_percent": 100, "space_warn_percent": 100}  # a full disk of this machine says nothing of the day
    os.environ |= {f"{PREFIX}{name.upper()}": str(value) for name, value in {**own, **changes}.items()}
    try:
        yield folder
    finally:
        os.environ.clear()
        os.environ |= before
        shutil.rmtree(folder)


def copy_project(folder: Path, changes: Mapping[str, str]) -> None:
    """Copy what the topology is read from: no DAG by the clock, and docker-compose.yml with these texts changed."""
    for name in ("dags", "plugins", "docker"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in folder.glob("dags/*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r'CronTriggerTimetable\(f?"[^"]+"', 'CronTriggerTimetable("0 0 29 2 *"', text))
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "docker-compose.yml").write_text(text, encoding="utf-8")


@contextmanager
def prepared(options: Mapping[str, object]) -> Iterator[Settings]:
    """A home whose topology has these options, as a line of its ``.env`` gives them; what runs in it ends here."""
    settings = load_settings()
    topology.home(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    topology.env_file(settings).write_text("".join(f"{name}={value}\n" for name, value in options.items()))
    production.prepare(settings, print)
    try:
        yield load_settings()
    finally:
        stop([production.server(settings)], 30)


def patiently(ask: Callable[[], T]) -> T:
    """Ask until there is an answer: whoever gives it may be killed just now."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except (StackError, StoreError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def wait_until_quiet(client: AirflowClient) -> None:
    """Wait until no run is left that something has woken."""
    for dag in sorted(patiently(client.dag_ids)):
        while not {"queued", "running"}.isdisjoint(patiently(partial(client.runs, dag)).values()):
            time.sleep(1)
