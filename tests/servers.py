"""Helpers to run real servers in tests: free ports, a home of their own, empty buckets."""

from __future__ import annotations

import random
import shutil
import socket
from pathlib import Path

import pytest
from minio.deleteobjects import DeleteObject

from sohoa import layout
from sohoa.stack import seaweed
from sohoa.stack.processes import GRPC_OFFSET
from sohoa.store import Store

ROOT = Path(__file__).parents[1]


def quiet(_: str) -> None:
    """Take a progress message and drop it."""


def free_port() -> int:
    """A port that can be opened now, and so can the one that SeaweedFS takes beside it."""
    while True:
        port = random.randrange(12_000, 22_700)
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + GRPC_OFFSET))
            except OSError:
                continue
            return port


def new_home(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Point this process's settings at an empty home with free ports."""
    for name in ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY"):
        patch.delenv(f"SOHOA_{name}", raising=False)
    patch.setenv("SOHOA_HOME", str(home))
    for name in (*seaweed.PORTS, "port_airflow"):
        patch.setenv(f"SOHOA_{name.upper()}", str(free_port()))


def project_with_hung_task(folder: Path) -> Path:
    """A copy of the DAGs in this folder, with one more whose task hangs."""
    shutil.copytree(ROOT / "dags", folder / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "plugins", folder / "plugins")
    shutil.copy(ROOT / "tests" / "dags" / "hung_task.py", folder / "dags")
    return folder


def empty_buckets(store: Store) -> None:
    """Delete every version of every object."""
    for bucket in layout.BUCKETS:
        found = store._client.list_objects(bucket_name=bucket, recursive=True, include_version=True)
        gone = [DeleteObject(item.object_name, item.version_id) for item in found]
        assert not list(store._client.remove_objects(bucket_name=bucket, delete_object_list=gone))
