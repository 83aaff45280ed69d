"""Helpers to run real servers in tests: free ports, a home of their own, empty buckets."""

from __future__ import annotations

import http.client
import os
import random
import re
import shutil
import socket
import tomllib
from collections import deque
from collections.abc import Iterable
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import jwt
import pytest
from minio import Minio
from minio.datatypes import Object as MinioObject

from sohoa import layout
from sohoa.settings import PORTS
from sohoa.stack import seaweed
from sohoa.stack.processes import GRPC_OFFSET
from sohoa.store import Store

ROOT = Path(__file__).parents[1]
_PROCESSES = 32
"""So many processes draw ports that no other draws."""
_DRAWN: deque[socket.socket] = deque()
"""What was drawn lately is held by its twin of UDP, which no server opens, until it must have been opened."""
_MOST_DRAWN = 100
Objects = dict[tuple[str, str], bytes]
"""(bucket, key) -> bytes."""


def quiet(_: str) -> None:
    """Take a progress message and drop it."""


def free_port() -> int:
    """A port that can be opened now, and so can the one that SeaweedFS takes beside it.

    Each process of a test run has ports of its own, and so have benchmarks, some of whom may share them: what one has
    drawn is held, so that no other can draw it before it is opened.
    """
    process = int(os.environ.get("PYTEST_XDIST_WORKER", str(os.getpid())).removeprefix("gw")) % _PROCESSES
    while True:
        port = random.randrange(12_000 + process, 22_700, _PROCESSES)
        held = socket.socket(type=socket.SOCK_DGRAM)
        with socket.socket() as one, socket.socket() as other:
            try:
                held.bind(("127.0.0.1", port))
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + GRPC_OFFSET))
            except OSError:
                held.close()
                continue
        _DRAWN.append(held)
        if len(_DRAWN) > _MOST_DRAWN:
            _DRAWN.popleft().close()
        return port


def free_ports(count: int) -> list[int]:
    """So many of them."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return list(ports)


def new_home(patch: pytest.MonkeyPatch, home: Path) -> None:
    """Point this process's settings at an empty home with free ports."""
    for name in ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY"):
        patch.delenv(f"SOHOA_{name}", raising=False)
    patch.setenv("SOHOA_HOME", str(home))
    for name in ("WARN", "STOP"):
        patch.setenv(
            f"SOHOA_SPACE_{name}_PERCENT", "100"
        )  # a full disk of the machine that tests says nothing of the product
    for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True):
        patch.setenv(f"SOHOA_{name.upper()}", str(port))


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


def names_in(store: Store, bucket: str) -> list[str]:
    """What lies at the top of a bucket: objects, and folders, whose names end with a slash, empty ones too."""
    return [str(item.object_name) for item in s3_client(store).list_objects(bucket, include_version=True)]


def empty_buckets(store: Store) -> None:
    """Take away all that lies in the buckets: versions, folders without an object, parts of uploads."""
    for bucket in layout.BUCKETS:
        delete_trees(store, bucket, [*names_in(store, bucket), ".uploads"])
        assert not versions_of(store, bucket)


def delete_trees(store: Store, bucket: str, paths: Iterable[str]) -> None:
    """Take away objects with all their versions, and folders with all that lies in them.

    The filer does it. Object by object, SeaweedFS keeps the folders, and each listing walks through them.
    """
    sent = http.client.HTTPConnection("127.0.0.1", store.settings.port_filer)
    rights = {"Authorization": f"Bearer {jwt.encode({}, _filer_key(store.settings.home))}"}
    with closing(sent):
        for path in paths:
            sent.request("DELETE", quote(f"/buckets/{bucket}/{path}".rstrip("/")) + "?recursive=true", None, rights)
            with sent.getresponse() as answer:
                assert answer.status == HTTPStatus.NO_CONTENT, answer.read()


def _filer_key(home: Path) -> str:
    """What signs the tokens of those who may write by the filer's own door."""
    text = (home / "store" / "security.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["jwt"]["filer_signing"]["key"])


def copy_of(store: Store) -> Objects:
    """Every object of the store."""
    found = [(bucket, item.key) for bucket in layout.BUCKETS for item in store.list_objects(bucket, "")]
    return {place: store.get(*place) for place in found}


def restore(store: Store, copy: Objects) -> None:
    """Put the objects of a copy into an empty store."""
    for place, data in copy.items():
        store.put(*place, data)
