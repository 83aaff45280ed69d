"""A task whose process died is tried again within a minute; one that is slow to give a sign of life is left alone."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from sohoa.settings import load_settings
from sohoa.stack import airflow_server
from tests.docker.compose_file import ROOT, random_secrets, resolved
from tests.servers import new_home

Scheduler = dict[str, str]
"""Option of the section ``scheduler`` -> its value."""


def embedded(home: Path, monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    """As the embedded stack writes it."""
    new_home(monkeypatch, home)
    airflow_server.write_config(load_settings())
    config = configparser.ConfigParser()
    config.read(airflow_server.home(load_settings()) / "airflow.cfg")
    return dict(config["scheduler"])


def composed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    """As Compose hands it to the scheduler."""
    values = resolved(random_secrets())["services"]["scheduler"]["environment"]
    head = "AIRFLOW__SCHEDULER__"
    return {name.removeprefix(head).lower(): value for name, value in values.items() if name.startswith(head)}


def seconds_between_signs() -> int:
    """How often a running task gives a sign of life, as Airflow has it where nobody sets it."""
    found = find_spec("airflow")
    assert found and found.submodule_search_locations
    file = Path(found.submodule_search_locations[0]) / "config_templates" / "config.yml"
    return int(yaml.safe_load(file.read_text())["workers"]["options"]["min_heartbeat_interval"]["default"])


def seconds_before_retry() -> int:
    """What the DAGs wait before they try again, read without importing Airflow."""
    policy = (ROOT / "dags" / "dag_policy.py").read_text(encoding="utf-8")
    (seconds,) = re.findall(r"^_SOON = timedelta\(seconds=(\d+)\)$", policy, re.M)
    return int(seconds)


@pytest.mark.parametrize("read", [embedded, composed])
def test_a_dead_task_is_tried_again_within_a_minute(
    read: Callable[[Path, pytest.MonkeyPatch], Scheduler], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time without a sign, until somebody looks, and the delay of a retry, together."""
    found = read(tmp_path, monkeypatch)
    patience = float(found["task_instance_heartbeat_timeout"])
    looking = float(found["task_instance_heartbeat_timeout_detection_interval"])
    assert patience + looking + seconds_before_retry() <= 60


@pytest.mark.parametrize("read", [embedded, composed])
def test_five_signs_may_be_late(
    read: Callable[[Path, pytest.MonkeyPatch], Scheduler], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is busy for half a minute costs nobody a try."""
    found = read(tmp_path, monkeypatch)
    assert int(found["task_instance_heartbeat_timeout"]) > 5 * seconds_between_signs()


def test_a_scheduler_that_lives_for_half_a_minute_sees_what_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each is killed before it looks, a task whose message went with the broker waits for ever."""
    found = composed(tmp_path, monkeypatch)
    for what in ("task_queued_timeout", "orphaned_tasks"):
        assert float(found[f"{what}_check_interval"]) <= 30, what
