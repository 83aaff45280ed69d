"""How full the store is, and the alert about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from sohoa import layout, stack
from sohoa.capacity import space as space_module
from sohoa.capacity.space import Space, measure_space, watch_space
from sohoa.notify.alerts import Alert
from sohoa.private_file import write_private
from sohoa.settings import load_settings
from sohoa.store import Store
from tests.servers import free_port, new_home

GB = 1_000_000_000


@contextmanager
def volume_server(body: bytes, status: int = 200) -> Iterator[str]:
    """A server that says this of its disks."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/status"
    server.shutdown()
    server.server_close()


def disks(*sizes: tuple[int, int]) -> bytes:
    rows = [{"dir": "/data", "all": whole, "used": whole - free, "free": free} for whole, free in sizes]
    return json.dumps({"DiskStatuses": rows, "Version": "4.48", "Volumes": []}).encode()


Volumes = dict[str, list[int]]
"""Bucket -> the sizes of its volumes in MiB."""


def status(whole: int, free: int, volumes: Volumes) -> bytes:
    """What a volume server with one disk, sizes in MiB, says at ``/status``."""
    rows = [{"Collection": name, "Size": size << 20} for name, sizes in volumes.items() for size in sizes]
    return json.dumps({"DiskStatuses": [{"all": whole << 20, "free": free << 20}], "Volumes": rows}).encode()


def metrics(whole: int, free: int, volumes: Volumes) -> bytes:
    """What it says at ``/metrics``, among other numbers."""
    lines = ["# HELP SeaweedFS_volumeServer_resource Disk", "go_goroutines 12", "SeaweedFS_volumeServer_max_volumes 9"]
    for kind, size in (("all", whole), ("free", free), ("used", whole - free), ("avail", free)):
        lines.append(f'SeaweedFS_volumeServer_resource{{name="/data",type="{kind}"}} {float(size << 20)!r}')
    for name, sizes in volumes.items():
        label = f'collection="{name}",type='
        lines.append(f'SeaweedFS_volumeServer_volumes{{{label}"volume"}} {len(sizes)}')
        lines.append(f'SeaweedFS_volumeServer_volumes{{{label}"ec_shards"}} 7')
        lines.append(f'SeaweedFS_volumeServer_total_disk_size{{{label}"normal"}} {sum(sizes) << 20}')
        lines.append(f'SeaweedFS_volumeServer_total_disk_size{{{label}"deleted_bytes"}} 5')
    return "\n".join(lines).encode()


@pytest.mark.parametrize("say", [status, metrics])
@pytest.mark.parametrize(
    ("volumes", "free", "room"),
    [
        ({"landing": [100], "warehouse": [0]}, 10_000, 36 * 256 + 156),
        ({"landing": [256] * 4, "warehouse": [56], "feeds": [0], "reports": [6]}, 1_500, 256),
        ({"landing": [256] * 4, "warehouse": [56], "feeds": [0], "reports": [6]}, 1_100, 0),
        ({"landing": [156], "warehouse": [256]}, 600, 0),
        ({"landing": [0] * 8, "warehouse": [0]}, 2_500, 256),
        ({"landing": [0], "warehouse": [0]}, 90, 0),
    ],
)
def test_what_other_buckets_hold_open_is_not_free(
    store: Store, say: Callable[..., bytes], volumes: Volumes, free: int, room: int
) -> None:
    """A disk of 10 GiB: its last hundredth is not written, and no volume is opened on the last room for one."""
    with volume_server(say(10_240, free, volumes)) as url:
        space = measure_space(elsewhere(store, url).settings)
    assert space is not None
    assert (space.all_bytes >> 20, space.free_bytes >> 20) == (10_240, free)
    assert space.room_bytes is not None
    assert space.room_bytes >> 20 == room
    assert space.used_percent == pytest.approx(100 * (1 - room / 10_240))


def elsewhere(store: Store, *urls: str, **more: Any) -> Store:
    return Store(store.settings.model_copy(update={"store_status_urls": urls, **more}))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Alert | str]:
    """Alerts, and keys of those that are over."""
    told: list[Alert | str] = []
    monkeypatch.setattr(space_module, "notify", lambda _, alert: told.append(alert))
    monkeypatch.setattr(space_module, "notify_over", lambda _, key: told.append(key))
    return told


def test_the_embedded_store_says_how_full_it_is(store: Store) -> None:
    """What the file system says, within what changes meanwhile."""
    import shutil

    space = measure_space(store.settings)
    disk = shutil.disk_usage(store.settings.home)
    assert space is not None
    assert space.all_bytes == disk.total
    assert abs(space.free_bytes - disk.free) < 0.05 * disk.total


@pytest.mark.parametrize(
    ("servers", "percent"),
    [
        ([((1000, 100),)], 90),
        ([((1000, 500), (3000, 3000))], 12.5),
        ([((1000, 0),), ((1000, 1000),)], 50),
    ],
)
def test_the_disks_of_all_volume_servers_count_together(store: Store, servers: Any, percent: float) -> None:
    """One with one disk, one with two, two of one."""
    with volume_server(disks(*servers[0])) as first, volume_server(disks(*servers[-1])) as last:
        space = measure_space(elsewhere(store, *[first, last][: len(servers)]).settings)
    assert space is not None
    assert space.used_percent == pytest.approx(percent)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"DiskStatuses": []}',
        disks((0, 0)),
        disks((5, 9)),
        b'{"DiskStatuses": [{}]}',
        b"go_goroutines 3",
    ],
)
def test_what_is_not_said_is_not_guessed(store: Store, body: bytes) -> None:
    """A server that is not one, or says nonsense; one of two is enough."""
    with volume_server(body) as bad, volume_server(disks((10, 5))) as good:
        assert measure_space(elsewhere(store, bad).settings) is None
        if body != b'{"DiskStatuses": []}':
            assert measure_space(elsewhere(store, good, bad).settings) is None


def test_a_store_elsewhere_is_not_known_until_somebody_says_where_to_ask(store: Store) -> None:
    """Neither is a server that is down, or one that answers with an error."""
    settings = store.settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})
    assert measure_space(settings) is None
    assert measure_space(elsewhere(store, f"http://127.0.0.1:{free_port()}/status").settings) is None
    with volume_server(disks((10, 5)), status=500) as url:
        assert measure_space(elsewhere(store, url).settings) is None


def test_a_store_that_fills_up_is_told_with_its_largest_users(
    clean_store: Store, told: list[Alert | str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Three agencies by name, in the log and in both languages; below the limit nothing but that it is over."""
    used = {f"H37.6{number}": {"bytes": size * GB} for number, size in enumerate((5, 80, 1, 40))}
    clean_store.put_json(layout.WAREHOUSE, layout.USAGE_KEY, {"agencies": used})
    with volume_server(disks((200 * GB, 41 * GB))) as url:
        assert watch_space(elsewhere(clean_store, url, space_warn_percent=80.0)) == Space(200 * GB, 41 * GB)
        assert told == ["store_space"]
        watch_space(elsewhere(clean_store, url, space_warn_percent=79.5))
    alert = told[1]
    assert isinstance(alert, Alert)
    assert "H37.61: 80,0 GB; H37.63: 40,0 GB; H37.60: 5,0 GB" in alert.text_vi
    assert "H37.61: 80.0 GB; H37.63: 40.0 GB; H37.60: 5.0 GB" in alert.text_en
    assert "79,5 %" in alert.subject_vi
    assert "H37.62" not in alert.text_vi + alert.text_en
    line = capsys.readouterr().err
    assert "store_filling used_percent=79.5" in line
    assert "H37.61 80.0 GB" in line


def test_before_the_first_count_nobody_is_named(clean_store: Store, told: list[Alert | str]) -> None:
    """And a store of which nothing is known wakes nobody and ends nothing."""
    with volume_server(disks((10, 1))) as url:
        watch_space(elsewhere(clean_store, url, space_warn_percent=80.0))
    (alert,) = told
    assert isinstance(alert, Alert)
    assert "not counted yet" in alert.text_en
    assert watch_space(elsewhere(clean_store, f"http://127.0.0.1:{free_port()}/status")) is None
    assert len(told) == 1


def test_the_status_of_the_stack_tells_it(store: Store, describe: Callable[..., str]) -> None:
    """With what to do where it is too full, and that nothing is known where nothing is."""
    assert "GB free" in describe(store, space_warn_percent=100.0)
    assert "add a disk" not in describe(store, space_warn_percent=100.0)
    assert "add a disk" in describe(store, space_warn_percent=0.001)
    assert "cannot be told" in describe(store, store_status_urls=(f"http://127.0.0.1:{free_port()}/status",))


@pytest.fixture
def describe() -> Callable[..., str]:
    return lambda store, **more: "\n".join(stack.describe(store.settings.model_copy(update=more), "store"))


def test_the_embedded_store_is_asked_at_the_port_where_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been started with other ports than this process is told of."""
    new_home(monkeypatch, tmp_path / "home")
    keys = {"endpoint": "http://127.0.0.1:17403", "access_key": "a", "secret_key": "s"}
    write_private(load_settings().credentials_file, json.dumps(keys))
    assert load_settings().embedded_status_url == f"http://127.0.0.1:{load_settings().port_volume}/status"
    keys["status_url"] = "http://127.0.0.1:17401/status"
    write_private(load_settings().credentials_file, json.dumps(keys))
    found = load_settings()
    assert (found.s3_endpoint, found.embedded_status_url) == (keys["endpoint"], keys["status_url"])
