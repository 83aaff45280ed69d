"""Helpers to run real servers in tests: free ports, a home of their own, empty buckets."""

from __future__ import annotations

import random
import re
import shutil
import socket
from pathlib import Path

import pytest
from minio import Minio
from minio.datatypes import Object as MinioObject
from minio.deleteobjects import DeleteObject

from sohoa import layout
from sohoa.settings import PORTS
from sohoa.stack import seaweed
from sohoa.stack.processes import GRPC_OFFSET
from sohoa.store import Store

ROOT = Path(__file__).parents[1]
Objects = dict[tuple[str, str], bytes]
"""(bucket, key) -> bytes."""


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
    for name in ("WARN", "STOP"):
        patch.setenv(
            f"SOHOA_SPACE_{name}_PERCENT", "100"
        )  # a full disk of the machine that tests says nothing of the product
    for name in PORTS:
        patch.setenv(f"SOHOA_{name.upper()}", str(free_port()))


def project_with_hung_task(folder: Path) -> Path:
    """A copy of the DAGs in this folder, with one more whose task hangs."""
    shutil.copytree(ROOT / "dags", folder / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "plugins", folder / "plugins")
    shutil.copy(ROOT / "tests" / "dags" / "hung_task.py", folder / "dags")
    for file in folder.glob("dags/*.py"):  # the clock starts none within a test run
        text = file.read_text(encoding="utf-8")
        never = re.sub(r'CronTriggerTimetable\(f?"[^"]+"', 'CronTriggerTimetable("0 0 29 2 *"', text)
        file.write_text(never, encoding="utf-8")
    return folder


def s3_client(store: Store) -> Minio:
    """A client of the store with its administrator's keys."""
    settings = seaweed.administrator_settings(store.settings)
    assert settings.s3_endpoint and settings.s3_access_key and settings.s3_secret_key
    keys = settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()
    return Minio(settings.s3_endpoint.removeprefix("http://"), *keys, secure=False, region=settings.s3_region)


def versions_of(store: Store, bucket: str, prefix: str = "") -> list[MinioObject]:
    """Every version of every object under a prefix, delete markers too."""
    return list(s3_client(store).list_objects(bucket, prefix, recursive=True, include_version=True))


def empty_buckets(store: Store) -> None:
    """Delete every version of every object."""
    client = s3_client(store)
    for bucket in layout.BUCKETS:
        gone = [DeleteObject(item.object_name, item.version_id) for item in versions_of(store, bucket)]
        assert not list(client.remove_objects(bucket, gone))
        if left := versions_of(store, bucket):
            _delete_odd(client, bucket, left)


def _delete_odd(client: Minio, bucket: str, versions: list[MinioObject]) -> None:
    """Delete versions in whose names the list writes U+FFFD for what no XML can hold: nobody has such a name."""
    named = [str(item.object_name) for item in client.list_objects(bucket, recursive=True)]
    names = {re.sub(r"[\x00-\x1f]", "\ufffd", name): name for name in named}
    for item in versions:
        client.remove_object(bucket, names[str(item.object_name)], item.version_id)


def end_uploads(store: Store) -> None:
    """Throw away what uploads in parts have left, which is in no listing of objects."""
    for bucket in layout.BUCKETS:
        for upload in store.list_uploads(bucket):
            store.abort_upload(bucket, upload)


def copy_of(store: Store) -> Objects:
    """Every object of the store."""
    found = [(bucket, item.key) for bucket in layout.BUCKETS for item in store.list_objects(bucket, "")]
    return {place: store.get(*place) for place in found}


def restore(store: Store, copy: Objects) -> None:
    """Put the objects of a copy into an empty store."""
    for place, data in copy.items():
        store.put(*place, data)
