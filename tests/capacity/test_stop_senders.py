"""The agency that fills the store is stopped alone, in time, and let in again."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from minio import Minio
from minio.error import S3Error

from sohoa import layout, registry, stack
from sohoa.capacity import stop_senders
from sohoa.capacity.stop_senders import ALERT_KEY, Guard, sent_lately
from sohoa.errors import KeysRefused
from sohoa.notify.alerts import Alert
from sohoa.settings import TIME_ZONE, load_settings
from sohoa.stack import seaweed, space_guard
from sohoa.stack.processes import home_environment
from sohoa.store import Store
from tests.capacity.test_space import disks, volume_server
from tests.servers import s3_client
from tests.stack.test_landing_policy import agency_client

GREEDY, MODEST, SILENT = "H37.60", "H37.61", "H37.70"
GB = 1_000_000_000


def send(store: Store, code: str, name: str, size: int = 10) -> None:
    data = b"x" * size
    agency_client(store, code).put_object(layout.LANDING, f"batches/{code}/2024-04-01/b/{name}", io.BytesIO(data), size)


@pytest.fixture
def administrator(store: Store) -> Store:
    """The store with the administrator's keys, which the guard has."""
    return Store(seaweed.administrator_settings(store.settings))


@pytest.fixture
def landing(clean_store: Store, administrator: Store) -> Iterator[Store]:
    """The store with the pipeline's keys; whoever was stopped may send again afterwards."""
    yield clean_store
    administrator.stop_agencies([])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Alert | str]:
    """Alerts, and keys of those that are over."""
    told: list[Alert | str] = []
    monkeypatch.setattr(stop_senders, "notify", lambda _, alert, __: told.append(alert))
    monkeypatch.setattr(stop_senders, "notify_over", lambda _, key: told.append(key))
    return told


@pytest.fixture
def look(landing: Store, administrator: Store) -> Callable[[float], None]:
    """One guard's look at a store of which so many per cent are used."""
    settings = administrator.settings.model_copy(update={"space_stop_percent": 95.0})
    guard = Guard(Store(settings))

    def at(percent: float) -> None:
        with volume_server(disks((100 * GB, int((100 - percent) * GB)))) as url:
            guard._store.settings = settings.model_copy(update={"store_status_urls": (url,)})
            assert guard.look(datetime.now(TIME_ZONE)) is not None

    return at


def begin(client: Minio, key: str) -> None:
    client._create_multipart_upload(layout.LANDING, key, {})


def put(client: Minio, key: str) -> None:
    client.put_object(layout.LANDING, key, io.BytesIO(b"x"), 1)


def overwrite_part(client: Minio, key: str) -> None:
    client._upload_part(layout.LANDING, key, b"x", {}, "a" * 32, 1)


def test_who_sent_most_is_stopped_alone(landing: Store, look: Callable[[float], None]) -> None:
    """However it sends; the others, and the pipeline, write on."""
    send(landing, GREEDY, "1", 3_000)
    send(landing, MODEST, "1", 2_000)
    look(94.9)
    assert landing.stopped_agencies() == []
    look(95)
    assert landing.stopped_agencies() == [GREEDY]
    client = agency_client(landing, GREEDY)
    for write in (put, begin, overwrite_part):
        for key in (f"batches/{GREEDY}/2024-04-01/b/2", layout.inbox_key(GREEDY, "b")):
            with pytest.raises(S3Error, match="AccessDenied"):
                write(client, key)
    for other in (MODEST, SILENT):
        send(landing, other, "2")
    landing.put(layout.LANDING, f"receipts/{GREEDY}/b/1.json", b"{}")
    assert client.get_object(layout.LANDING, f"receipts/{GREEDY}/b/1.json").data == b"{}"


def test_the_next_is_stopped_only_where_the_store_goes_on_filling(
    landing: Store, look: Callable[[float], None]
) -> None:
    """What is on its way as one is stopped stops nobody else; nobody who sent nothing is stopped."""
    send(landing, GREEDY, "1", 3_000)
    send(landing, MODEST, "1", 2_000)
    stopped = []
    for percent in (96, 96, 96.05, 97, 98, 99):
        look(percent)
        stopped.append(landing.stopped_agencies())
    one, both = [GREEDY], [GREEDY, MODEST]
    assert stopped == [one, one, one, both, both, both]


def test_a_guard_that_begins_anew_stops_nobody_else(
    landing: Store, administrator: Store, look: Callable[[float], None]
) -> None:
    """Whom the one before it stopped is enough, until more comes in."""
    send(landing, GREEDY, "1", 3_000)
    send(landing, MODEST, "1", 2_000)
    with pytest.raises(KeysRefused):
        landing.stop_agencies([GREEDY])
    administrator.stop_agencies([GREEDY])
    look(96)
    assert landing.stopped_agencies() == [GREEDY]
    look(96.1)
    assert landing.stopped_agencies() == [GREEDY, MODEST]


def test_all_may_send_again_once_there_is_room(
    landing: Store, look: Callable[[float], None], told: list[Alert | str]
) -> None:
    """Not at once below the limit; who is woken hears who it is, and when it is over, once each."""
    send(landing, GREEDY, "1", 3_000_000)
    look(96)
    (alert,) = told
    assert isinstance(alert, Alert)
    assert alert.subject_vi == f"Đã tạm dừng nhận tệp của {GREEDY}"
    assert f"{GREEDY} (0,0 GB trong 24 giờ qua)" in alert.text_vi
    look(91)
    assert landing.stopped_agencies() == [GREEDY]
    look(89)
    look(50)
    assert landing.stopped_agencies() == []
    assert told[1:] == [ALERT_KEY]
    send(landing, GREEDY, "2")
    look(96)
    assert landing.stopped_agencies() == [GREEDY]


def test_who_is_stopped_stays_so_beside_the_policy_of_all(
    landing: Store, administrator: Store, look: Callable[[float], None]
) -> None:
    """The policy still stands, can be written anew, and denies who is stopped what all agencies are denied."""
    send(landing, GREEDY, "1", 3_000)
    look(96)
    codes = [agency.code for agency in registry.agencies()]
    assert landing.has_landing_policy(codes)
    assert not administrator.put_landing_policy(codes)
    assert administrator.put_landing_policy([*codes, "G05"])
    assert landing.stopped_agencies() == [GREEDY]
    assert administrator.put_landing_policy(codes)
    version = next(iter(s3_client(landing).list_objects(layout.LANDING, recursive=True, include_version=True)))
    with pytest.raises(S3Error, match="AccessDenied"):
        agency_client(landing, GREEDY).remove_object(layout.LANDING, version.object_name, version.version_id)


def test_a_policy_that_somebody_wrote_is_read(landing: Store, administrator: Store) -> None:
    """Statements without names, or one instead of a list; nobody is stopped by them."""
    client, codes = s3_client(landing), [agency.code for agency in registry.agencies()]
    before = client.get_bucket_policy(layout.LANDING)
    other = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::landing"}
    try:
        client.set_bucket_policy(layout.LANDING, json.dumps({"Version": "2012-10-17", "Statement": other}))
        assert landing.stopped_agencies() == []
        assert not landing.has_landing_policy(codes)
        assert administrator.put_landing_policy(codes)
        assert landing.has_landing_policy(codes)
    finally:
        client.set_bucket_policy(layout.LANDING, before)


def test_all_that_takes_room_counts_for_a_day(landing: Store) -> None:
    """Versions under one key, deleted ones, parts of an upload, stray files, manifests; nothing of the day before."""
    for _ in range(3):
        send(landing, GREEDY, "same", 100)
    agency_client(landing, GREEDY).remove_object(layout.LANDING, f"batches/{GREEDY}/2024-04-01/b/same")
    client = agency_client(landing, MODEST)
    key = f"batches/{MODEST}/map.tif"
    upload = client._create_multipart_upload(layout.LANDING, key, {})
    for number in (1, 2):
        client._upload_part(layout.LANDING, key, b"x" * (5 << 20), {}, upload, number)
    client.put_object(layout.LANDING, f"batches/{MODEST}/stray", io.BytesIO(b"x" * 7), 7)
    client.put_object(layout.LANDING, layout.inbox_key(MODEST, "b"), io.BytesIO(b"{}"), 2)
    assert sent_lately(landing, datetime.now(TIME_ZONE)) == {GREEDY: 300, MODEST: (10 << 20) + 9}
    client._abort_multipart_upload(layout.LANDING, key, upload)
    assert sent_lately(landing, datetime.now(TIME_ZONE) + timedelta(hours=25)) == {}


def test_the_process_of_its_own_does_it(landing: Store, tmp_path: Path) -> None:
    """The command, against what the store's own volume server says; it knows whom the one before it stopped."""
    send(landing, GREEDY, "1", 3_000)

    def guard_until(percent: str, is_done: Callable[[], bool]) -> None:
        command = [str(Path(sysconfig.get_path("scripts")) / "sohoa"), "stack", "guard"]
        environment = os.environ | home_environment(landing.settings) | {"SOHOA_SPACE_STOP_PERCENT": percent}
        with (tmp_path / "log").open("a") as log, subprocess.Popen(command, env=environment, stderr=log) as guard:
            deadline = time.monotonic() + 60
            while not is_done() and time.monotonic() < deadline:
                time.sleep(0.2)
            guard.terminate()
        assert is_done(), (tmp_path / "log").read_text()

    guard_until("0.001", lambda: landing.stopped_agencies() == [GREEDY])
    guard_until("100", lambda: landing.stopped_agencies() == [])


def test_the_stack_has_one_where_one_is_wanted(store: Store) -> None:
    """At 100 per cent nobody is ever stopped."""
    settings = load_settings()
    assert not space_guard.is_wanted(settings)
    assert not space_guard.server(settings).processes()
    assert stack.status(settings)["store"].state == "up"
    wanted = settings.model_copy(update={"space_stop_percent": 95.0})
    assert stack.status(wanted)["store"].state == "failing"
