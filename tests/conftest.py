"""The real servers that integration tests use: one SeaweedFS and at most one Airflow a test session, on free ports."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from minio.deleteobjects import DeleteObject

from sohoa import layout, stack
from sohoa.settings import load_settings
from sohoa.stack import AirflowClient, seaweed
from sohoa.stack import airflow as airflow_stack
from sohoa.stack.processes import GRPC_OFFSET, stop
from sohoa.store import Store, open_store


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


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The embedded store, running, with its buckets; ``open_store()`` opens it too."""
    with pytest.MonkeyPatch.context() as patch:
        new_home(patch, tmp_path_factory.mktemp("home"))
        stack.up(load_settings(), "store", quiet)
        yield open_store()
        stop([seaweed.server(load_settings())], 0)  # its data is thrown away: no need to wait for its 16 s of farewell


def empty_buckets(store: Store) -> None:
    """Delete every version of every object."""
    for bucket in layout.BUCKETS:
        found = store._client.list_objects(bucket_name=bucket, recursive=True, include_version=True)
        gone = [DeleteObject(item.object_name, item.version_id) for item in found]
        assert not list(store._client.remove_objects(bucket_name=bucket, delete_object_list=gone))


@pytest.fixture
def clean_store(store: Store) -> Store:
    """The embedded store with empty buckets."""
    empty_buckets(store)
    return store


@pytest.fixture
def empty(store: Store) -> Callable[[], None]:
    """Empties the buckets once more within one test."""
    return partial(empty_buckets, store)


@pytest.fixture(scope="session")
def airflow_server(store: Store) -> Iterator[AirflowClient]:
    """Airflow on the embedded store, its DAGs paused so that the clock starts none under another test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION", "True")
        stack.up(store.settings, "airflow", quiet)
        yield stack.airflow_client(store.settings)
        stop(airflow_stack.servers(store.settings), 0)


@pytest.fixture
def airflow(airflow_server: AirflowClient, clean_store: Store) -> Iterator[AirflowClient]:
    """A real Airflow on an empty store, its DAGs unpaused for the time of one test."""
    dags = sorted(airflow_server.dag_ids())
    for dag in dags:
        airflow_server.pause(dag, False)
    yield airflow_server
    deadline = time.monotonic() + 120
    while any(not {"queued", "running"}.isdisjoint(airflow_server.runs(dag).values()) for dag in dags):
        assert time.monotonic() < deadline, "a DAG run does not end"
        time.sleep(1)
    for dag in dags:
        airflow_server.pause(dag, True)
