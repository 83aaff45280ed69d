"""Sending over TLS that an authority of the province's own vouches for, and through the network's proxy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from sohoa.errors import DeskError
from sohoa.store import Store
from tests.batch_builder import AGENCY
from tests.command_line import app
from tests.desk.agency_folder import GOOD, computer, in_dossier, put_scan, write_config
from tests.desk.kill_sender import markers
from tests.desk.tls_door import make_authority, tls_door, web_proxy

UNTRUSTED = "Không tin được chứng chỉ của kho .*ca_file.*ngày giờ"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One good document."""
    put_scan(tmp_path / "scans", in_dossier("a.jpg"), GOOD)
    return tmp_path / "scans"


@pytest.mark.parametrize("is_behind_proxy", [False, True])
def test_a_batch_goes_over_tls_with_an_own_authority(
    clean_store: Store, folder: Path, tmp_path: Path, is_behind_proxy: bool
) -> None:
    """By the command and its configuration; a proxy sees whither it goes and no more."""
    authority, file = make_authority(tmp_path), tmp_path / "home" / "agency.toml"
    write_config(clean_store, file)
    own = str(clean_store.settings.s3_endpoint)
    with tls_door(own, authority, tmp_path) as address, web_proxy() as proxy:
        lines = [f'ca_file = "{authority.file}"', *([f'proxy = "{proxy.address}"'] if is_behind_proxy else [])]
        text = (
            file.read_text(encoding="utf-8").replace(own, address).replace("[device]", "\n".join([*lines, "[device]"]))
        )
        file.write_text(text, encoding="utf-8")
        words = ["upload", str(folder), "--agency", AGENCY, "--config", str(file), "--pages-counted"]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        assert markers(clean_store) == [f"{AGENCY}-20230306-001"]
        assert set(proxy.asked) == ({f"CONNECT {address.removeprefix('https://')}"} if is_behind_proxy else set())


@pytest.mark.parametrize("fault", ["no authority", "another authority", "ended", "another host", "no such file"])
def test_a_certificate_that_cannot_be_trusted_is_told(
    clean_store: Store, folder: Path, tmp_path: Path, fault: str
) -> None:
    """In a line of Vietnamese, at once; nothing is sent."""
    authority, ca_file = make_authority(tmp_path), None
    if fault != "no authority":
        (tmp_path / "other").mkdir()
        ca_file = authority.file if fault in {"ended", "another host"} else make_authority(tmp_path / "other").file
    if fault == "no such file":
        ca_file = tmp_path / "none.pem"
    lasts = timedelta(days=-1 if fault == "ended" else 9)
    host = "127.0.0.2" if fault == "another host" else "127.0.0.1"
    with tls_door(str(clean_store.settings.s3_endpoint), authority, tmp_path, lasts, host) as address:
        uploader = computer(clean_store, tmp_path, endpoint=address, ca_file=ca_file)
        with pytest.raises(DeskError, match=UNTRUSTED):
            uploader.run(folder)
        uploader.close()
    assert markers(clean_store) == []


@pytest.mark.parametrize("refuses", [True, False])
def test_a_proxy_that_lets_nobody_through_is_told(
    clean_store: Store, folder: Path, tmp_path: Path, refuses: bool
) -> None:
    """One that refuses, and one that is not there."""
    authority = make_authority(tmp_path)
    with tls_door(str(clean_store.settings.s3_endpoint), authority, tmp_path) as address, web_proxy(True) as proxy:
        where = proxy.address if refuses else "http://127.0.0.1:9"
        uploader = computer(clean_store, tmp_path, endpoint=address, ca_file=authority.file, proxy=where)
        with pytest.raises(DeskError, match="Không qua được proxy"):
            uploader.run(folder)
        uploader.close()
    assert markers(clean_store) == []
