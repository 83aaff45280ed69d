"""``make secrets``: private, random, never changing what is there."""

from __future__ import annotations

import base64
import re
import stat
from pathlib import Path

import pytest

from tests.docker.compose_file import make_secrets

script = make_secrets()


def values(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def test_file_is_private_and_complete(tmp_path: Path) -> None:
    """Every secret has a value, and only the owner can read them."""
    path = tmp_path / ".env"
    script.add_secrets(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(values(path)) == set(script.SECRETS)
    assert all(len(value) >= 20 for value in values(path).values())


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    """Byte for byte."""
    path = tmp_path / ".env"
    script.add_secrets(path)
    before = path.read_bytes()
    assert script.add_secrets(path) == []
    assert path.read_bytes() == before


def test_only_what_is_missing_is_added(tmp_path: Path) -> None:
    """An older or hand-written file keeps its lines, its open last line too; an empty value counts as missing."""
    path = tmp_path / ".env"
    path.write_text("PUBLISH_UI=10.0.0.1:80\nWEED_JWT_SIGNING_KEY=\nPOSTGRES_PASSWORD=mine")
    path.chmod(0o644)
    added = script.add_secrets(path)
    assert set(added) == set(script.SECRETS) - {"POSTGRES_PASSWORD"}
    assert path.read_text().startswith("PUBLISH_UI=10.0.0.1:80\nWEED_JWT_SIGNING_KEY=\nPOSTGRES_PASSWORD=mine\n")
    assert len(values(path)["WEED_JWT_SIGNING_KEY"]) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_values_are_random_and_plain(tmp_path: Path) -> None:
    """No two files share a value, and no value needs quoting in a shell, an address or Compose."""
    for name in ("a", "b"):
        script.add_secrets(tmp_path / name)
    a, b = values(tmp_path / "a"), values(tmp_path / "b")
    assert not set(a.values()) & set(b.values())
    assert all(re.fullmatch(r"[\w=-]+", value) for value in a.values())
    assert re.fullmatch(r"\w+", a["POSTGRES_PASSWORD"])
    assert len(base64.urlsafe_b64decode(a["AIRFLOW__CORE__FERNET_KEY"])) == 32


def test_values_are_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal gets names only."""
    path = tmp_path / ".env"
    script.main(path)
    said = capsys.readouterr().out
    assert all(name in said for name in script.SECRETS)
    assert not [value for value in values(path).values() if value in said]
