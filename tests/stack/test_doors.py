"""Doors of the embedded store beside S3: its servers' gRPC ports, files that other users read, keys in force."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sysconfig
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import urllib3
from cryptography import x509
from minio.error import S3Error

from sohoa import layout, registry, stack
from sohoa.errors import StoreError
from sohoa.settings import load_settings
from sohoa.stack import seaweed
from sohoa.stack.certificates import CERTIFICATE, KEY, make_certificates
from sohoa.stack.processes import GRPC_OFFSET, only_one
from sohoa.store import Store
from tests.servers import new_home, quiet
from tests.stack.test_landing_policy import agency_client

WEED = Path(sysconfig.get_path("scripts")) / "weed"


def shell(store: Store, command: str, *options: str, patience_s: float = 20) -> str:
    """What ``weed shell`` says, ended after some patience: without a certificate it tries for ever."""
    settings = store.settings
    words = [WEED, *options, "shell", f"-master=127.0.0.1:{settings.port_master}"]
    words += [f"-filer=127.0.0.1:{settings.port_filer}"]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/", env={}
    )
    try:
        said, _ = process.communicate(command + "\n", timeout=patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    return said


def test_the_shell_needs_the_certificate(clean_store: Store) -> None:
    """Who may read the store's folder lists receipts and identities; any other process of the machine gets nothing."""
    clean_store.put(layout.LANDING, "receipts/H37.61/probe/1.json", b"{}")
    command = "fs.ls /buckets/landing/receipts/H37.61\ns3.user.list"
    folder = clean_store.settings.home / "store"
    assert "probe" in shell(clean_store, command, f"-config_dir={folder}")
    said = shell(clean_store, command, patience_s=6)
    assert "probe" not in said
    assert "H37.6" not in said


@pytest.mark.parametrize("port", seaweed.PORTS)
def test_every_grpc_port_speaks_mutual_tls(store: Store, port: str) -> None:
    """A connection without TLS, or with TLS and no certificate, is closed."""
    address = f"127.0.0.1:{getattr(store.settings, port) + GRPC_OFFSET}"
    for options in (["--http2-prior-knowledge", f"http://{address}"], ["--insecure", f"https://{address}"]):
        done = subprocess.run(["curl", "-s", "--max-time", "5", *options], capture_output=True, check=False)
        assert done.returncode != 0, options
        assert done.stdout == b""


def test_certificates_are_private_lasting_and_made_once(tmp_path: Path) -> None:
    """Mode 0600, valid for decades from before now; a second call keeps them, a missing file makes all anew."""
    make_certificates(tmp_path)
    files = {path: path.read_text() for path in tmp_path.iterdir()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    certificate = x509.load_pem_x509_certificate((tmp_path / CERTIFICATE).read_bytes())
    assert certificate.not_valid_before_utc < datetime.now(UTC)
    assert certificate.not_valid_after_utc.year - datetime.now(UTC).year >= 29
    make_certificates(tmp_path)
    assert files == {path: path.read_text() for path in files}
    (tmp_path / KEY).unlink()
    make_certificates(tmp_path)
    assert not [path for path, text in files.items() if path.read_text() == text]


@pytest.mark.parametrize("action", ["CreateAccessKey", "CreateUser", "ListUsers"])
def test_an_agency_makes_no_keys(store: Store, action: str) -> None:
    """Identities are the operator's: the interface for them on the S3 port refuses an agency."""
    agency = agency_client(store, "H37.60")
    body = f"Action={action}&Version=2010-05-08&UserName=x".encode()
    with pytest.raises((S3Error, urllib3.exceptions.HTTPError, ValueError)) as refused:
        agency._url_open("POST", "us-east-1", body=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert "403" in str(refused.value) or "AccessDenied" in str(refused.value)


def test_nobody_else_reads_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    """What a running store writes is open to this user alone, whatever the umask; ours is as it was afterwards.

    SeaweedFS gives the descriptions of its volumes a mode of its own: they lie in a folder that is closed.
    """
    found = [path for path in store.settings.home.rglob("*") if path.suffix != ".vif"]
    assert len(found) > 20
    assert not [path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]
    before = os.umask(0o022)
    try:
        with only_one(tmp_path / "home"):
            (tmp_path / "home" / "x").touch()
        assert stat.S_IMODE((tmp_path / "home" / "x").stat().st_mode) == 0o600
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_new_agency_gets_its_keys_on_a_running_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_file: Callable[[str, str], None]
) -> None:
    """`stack up` after a change of the registry lets the new agency in and the former one out; the process stays."""
    new_home(monkeypatch, tmp_path / "home")
    stack.up(load_settings(), "store", quiet)
    settings = load_settings()
    weed = seaweed.server(settings)
    try:
        pid = weed.processes()[0].pid
        former = agency_client(Store(settings), "H37.61")
        former._put_object(layout.LANDING, "batches/H37.61/x", b"x", {})
        lines = (Path(registry.__file__).parent / "data" / "agencies.csv").read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.startswith("H37.61,")]
        (sample,) = [line for line in lines if line.startswith("H37.60,")]
        own_file("agencies", "\n".join([*kept, sample.replace("H37.60", "H37.901", 1)]) + "\n")
        stack.up(load_settings(), "store", quiet)
        assert weed.processes()[0].pid == pid
        new = agency_client(Store(settings), "H37.901")
        wait_for(lambda: new._put_object(layout.LANDING, "batches/H37.901/x", b"x", {}))
        with pytest.raises(S3Error):
            former._put_object(layout.LANDING, "batches/H37.61/y", b"x", {})
        assert "H37.61" not in json.loads(settings.agency_keys_file.read_text())
    finally:
        for process in weed.processes():
            process.kill()


def wait_for(work: Callable[[], object]) -> None:
    """Do it when the running store has read its file."""
    for _ in range(50):
        try:
            work()
            return
        except (S3Error, StoreError):
            time.sleep(0.1)
    raise AssertionError("the store does not know the new keys")
