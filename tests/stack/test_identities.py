"""Keys handed out, rotated and revoked on the running store, and what each opens."""

from __future__ import annotations

import io
import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from minio import Minio
from minio.error import S3Error

from sohoa import layout, registry
from sohoa.settings import TIME_ZONE
from sohoa.stack import seaweed
from sohoa.stack.identities import (
    REPORTS_READER,
    Applied,
    apply_identities,
    choose_identities,
    iam_policy,
    list_identities,
    revoke_identities,
    wanted_identities,
)
from sohoa.store import Store
from tests.command_line import app

TODAY = date(2024, 4, 1)
AGENCY = "H37.80.02"
NAMES = [AGENCY, "feeds-register", "feeds-portal", REPORTS_READER]


def client(store: Store, keys: dict[str, str]) -> Minio:
    address = str(store.settings.s3_endpoint).removeprefix("http://")
    return Minio(address, keys["access_key"], keys["secret_key"], secure=False, region=store.settings.s3_region)


def put(one: Minio, bucket: str, key: str) -> None:
    one.put_object(bucket, key, io.BytesIO(b"x"), 1)


def get(one: Minio, bucket: str, key: str) -> None:
    one.get_object(bucket, key).read()


def listed(one: Minio, bucket: str, key: str) -> None:
    list(one.list_objects(bucket, key))


def delete(one: Minio, bucket: str, key: str) -> None:
    one.remove_object(bucket, key)


def is_allowed(work: Callable[[], object]) -> bool:
    try:
        work()
    except S3Error as error:
        if error.code in {"AccessDenied", "InvalidAccessKeyId"}:
            return False
        raise
    return True


def wait_until_known(work: Callable[[], object]) -> None:
    for _ in range(50):
        if is_allowed(work):
            return
        time.sleep(0.1)
    raise AssertionError("the store does not know the new key")


def wait_until_ended(work: Callable[[], object]) -> None:
    for _ in range(50):
        if not is_allowed(work):
            return
        time.sleep(0.1)
    raise AssertionError("the key still opens the store")


@pytest.fixture(scope="module", autouse=True)
def _as_before(store: Store) -> Iterator[None]:
    """Leave the identities as the other tests of the session know them."""
    folder = store.settings.home / "store"
    before = {path: path.read_text() for path in (folder / "s3.json", folder / "agencies.json")}
    yield
    for path, text in before.items():
        path.write_text(text)
    (folder / "handled.json").unlink()
    seaweed.server(store.settings).processes()[0].send_signal(signal.SIGHUP)
    keys = json.loads(before[folder / "agencies.json"])[AGENCY]
    wait_until_known(lambda: put(client(store, keys), layout.LANDING, f"batches/{AGENCY}/probe"))


@pytest.fixture(scope="module")
def handed(store: Store) -> dict[str, Minio]:
    """Clients with fresh keys of an agency and three systems."""
    issued = apply_identities(store.settings, TODAY, NAMES, is_rotating=True).issued
    clients = {name: client(store, issued[name]) for name in NAMES}
    wait_until_known(lambda: put(clients["feeds-portal"], layout.FEEDS, "portal/dt=2024-04-01/probe.csv"))
    return clients


PLACES = {
    f"own batches {AGENCY}": (layout.LANDING, f"batches/{AGENCY}/2024-04-01/x/1.jpg"),
    f"own inbox {AGENCY}": (layout.LANDING, f"inbox/{AGENCY}/x.json"),
    f"own receipts {AGENCY}": (layout.LANDING, f"receipts/{AGENCY}/x/1.json"),
    "foreign batches": (layout.LANDING, "batches/H37.80.01/2024-04-01/x/1.jpg"),
    "foreign inbox": (layout.LANDING, "inbox/H37.80.01/x.json"),
    "foreign receipts": (layout.LANDING, "receipts/H37.80.01/x/1.json"),
    "a neighbour's code": (layout.LANDING, f"batches/{AGENCY}9/x"),
    "register": (layout.FEEDS, "register/dt=2024-04-01/x.csv"),
    "portal": (layout.FEEDS, "portal/dt=2024-04-01/x.csv"),
    "tables": (layout.WAREHOUSE, "pages/x.parquet"),
    "reports": (layout.REPORTS, "weekly/x.html"),
}
ALLOWED = {
    (AGENCY, f"own batches {AGENCY}"): {"put", "listed", "delete"},
    (AGENCY, f"own inbox {AGENCY}"): {"put", "listed", "delete"},
    (AGENCY, f"own receipts {AGENCY}"): {"get", "listed"},
    ("feeds-register", "register"): {"put", "listed", "delete"},
    ("feeds-portal", "portal"): {"put", "listed", "delete"},
    (REPORTS_READER, "reports"): {"get", "listed"},
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_each_key_opens_its_own_place_alone(store: Store, handed: dict[str, Minio], name: str, place: str) -> None:
    """Every identity x place x request: what is not its own is denied."""
    bucket, key = PLACES[place]
    store.put(bucket, key, b"there")
    requests = {"put": put, "get": get, "listed": listed, "delete": delete}
    found = {what for what, ask in requests.items() if is_allowed(lambda ask=ask: ask(handed[name], bucket, key))}
    assert found == ALLOWED.get((name, place), set())


def test_a_rotated_key_is_the_only_one(store: Store) -> None:
    """The former ends, the new one works, and no copy of it lies beside the store's own file."""
    first = apply_identities(store.settings, TODAY, ["feeds-backlog"], is_rotating=True).issued["feeds-backlog"]
    assert apply_identities(store.settings, TODAY, ["feeds-backlog"], is_rotating=False) == Applied({}, [])
    second = apply_identities(store.settings, TODAY, ["feeds-backlog"], is_rotating=True).issued["feeds-backlog"]
    key = "backlog/dt=2024-04-01/x.csv"
    wait_until_known(lambda: put(client(store, second), layout.FEEDS, key))
    assert not is_allowed(lambda: put(client(store, first), layout.FEEDS, key))
    folder = store.settings.home
    keeping = [path.name for path in folder.rglob("*.json") if second["secret_key"] in path.read_text(errors="replace")]
    assert keeping == ["s3.json"]


def test_a_revoked_key_stays_revoked(store: Store) -> None:
    """At once, and also after the stack is started again; until a new key is asked for."""
    issued = apply_identities(store.settings, TODAY, ["H37.80.03"], is_rotating=True).issued["H37.80.03"]
    key = "batches/H37.80.03/x"
    wait_until_known(lambda: put(client(store, issued), layout.LANDING, key))
    assert revoke_identities(store.settings, ["H37.80.03"]) == ["H37.80.03"]
    wait_until_ended(lambda: put(client(store, issued), layout.LANDING, key))
    seaweed.write_identities(store.settings)
    states = {one.name: one.state for one in list_identities(store.settings, TODAY)}
    assert states["H37.80.03"] == "no key"
    again = apply_identities(store.settings, TODAY, ["H37.80.03"], is_rotating=False).issued["H37.80.03"]
    wait_until_known(lambda: put(client(store, again), layout.LANDING, key))


def test_what_was_handed_out_outlives_a_start(store: Store) -> None:
    """``stack up`` writes its file anew and leaves such keys as they are."""
    apply_identities(store.settings, TODAY, ["H37.80.04"], is_rotating=True)
    before = {one["name"]: one for one in seaweed.read_identities(store.settings)}
    seaweed.write_identities(store.settings)
    after = {one["name"]: one for one in seaweed.read_identities(store.settings)}
    assert after["H37.80.04"] == before["H37.80.04"]
    assert "H37.80.04" not in json.loads(store.settings.agency_keys_file.read_text())


def test_the_keys_of_agencies_that_end_die(store: Store) -> None:
    """On the day from which it is not any more; those that took over have theirs."""
    merged, day = "H37.80.05", date(2025, 7, 1)
    assert merged in {one.name for one in wanted_identities(TODAY)}
    issued = apply_identities(store.settings, TODAY, [merged], is_rotating=True).issued[merged]
    wait_until_known(lambda: put(client(store, issued), layout.LANDING, f"batches/{merged}/x"))
    successors = [one.code for one in registry.agencies_at(day) if not registry.agencies_at(TODAY).count(one)]
    found = apply_identities(store.settings, day, [], is_rotating=False)
    assert merged in found.ended and not set(successors) & set(found.ended)
    wait_until_ended(lambda: put(client(store, issued), layout.LANDING, f"batches/{merged}/x"))
    states = {one.name: one.state for one in list_identities(store.settings, day)}
    assert states[merged] == "ended" and {states[code] for code in successors} <= {"in force"}


def test_what_is_prepared_takes_no_key_from_those_at_work(store: Store) -> None:
    """Named ones leave all others alone; nobody ends who is wanted today; where handing over fails nothing changes."""
    now, before = datetime.now(TIME_ZONE).date(), date(2024, 4, 1)
    today = next(
        one.name for one in wanted_identities(now) if one.name not in {o.name for o in wanted_identities(before)}
    )
    apply_identities(store.settings, now, [today], is_rotating=False)
    assert today not in apply_identities(store.settings, before, [AGENCY], is_rotating=True).ended
    assert today not in apply_identities(store.settings, before, [], is_rotating=False).ended

    def fail(name: str, keys: dict[str, str]) -> None:
        raise OSError(28, "no room", name)

    kept = (store.settings.home / "store" / "s3.json").read_text()
    with pytest.raises(OSError, match="no room"):
        apply_identities(store.settings, before, [AGENCY], True, fail)
    assert (store.settings.home / "store" / "s3.json").read_text() == kept


def test_policies_for_any_store_say_the_same() -> None:
    """The same places and no others; a policy of every identity is valid JSON."""
    (agency,) = choose_identities(TODAY, [AGENCY])
    statements = iam_policy(agency)["Statement"]
    writes = [one["Resource"] for one in statements if "s3:PutObject" in one["Action"]]
    assert writes == [f"arn:aws:s3:::landing/{folder}/{AGENCY}/*" for folder in ("batches", "inbox")]
    prefixes = [one["Condition"]["StringLike"]["s3:prefix"][0] for one in statements if "Condition" in one]
    assert prefixes == [f"{folder}/{AGENCY}/*" for folder in ("batches", "inbox", "receipts")]
    assert not [one for one in statements if "s3:DeleteObjectVersion" in one["Action"] or "*" in one["Action"]]


def test_the_commands(store: Store, tmp_path: Path) -> None:
    """A key is shown once; in a folder each lies in a file of its own; names that are nobody's are refused."""
    runner = CliRunner()
    shown = runner.invoke(app, ["agencies", "apply", "H37.80.06", "--rotate", "--on", "2024-04-01"])
    assert shown.exit_code == 0 and "secret key" in shown.output
    done = runner.invoke(
        app, ["agencies", "apply", "H37.80.07", "--rotate", "--on", "2024-04-01", "--out", str(tmp_path / "keys")]
    )
    file = tmp_path / "keys" / "H37.80.07.json"
    assert done.exit_code == 0 and file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["secret_key"] not in done.output
    assert runner.invoke(app, ["agencies", "revoke", "H37.80.07"]).exit_code == 0
    listed = runner.invoke(app, ["agencies", "list", "--on", "2024-04-01", "--format", "jsonl"])
    states = {row["name"]: row["state"] for row in map(json.loads, listed.output.splitlines())}
    assert (states["H37.80.06"], states["H37.80.07"]) == ("in force", "no key")
    options = ["--on", "2024-04-01", "--out", str(tmp_path / "keys")]
    lines = runner.invoke(app, ["agencies", "apply", "H37.80.06", "--shell", *options]).stdout
    assert lines.count("s3.configure -apply") == 3 and "-actions=Write:landing/batches/H37.80.06/*" in lines
    assert json.loads(runner.invoke(app, ["agencies", "apply", "--policies", *options]).stdout)["H37.80.06"]
    wrong = runner.invoke(app, ["agencies", "apply", "H37.none"])
    assert wrong.exit_code != 0 and "no agency" in str(wrong.exception)
