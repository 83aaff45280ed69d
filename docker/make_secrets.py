"""Writes the secrets of docker-compose.yml into ``.env``, or the file that is named: ``make secrets``.

A value that is there is never changed; only missing ones are added, so running it again after an update is safe.
Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path


def fernet_key() -> str:
    """A key for Airflow's encrypted connections: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


SECRETS: dict[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": lambda: secrets.token_hex(24),
    "BROKER_PASSWORD": lambda: secrets.token_hex(24),
    "AIRFLOW__CORE__FERNET_KEY": fernet_key,
    "AIRFLOW__API__SECRET_KEY": lambda: secrets.token_hex(32),
    "AIRFLOW__API_AUTH__JWT_SECRET": lambda: secrets.token_hex(64),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(18),
    "GRAFANA_PASSWORD": lambda: secrets.token_urlsafe(18),
    "STORE_ADMIN_ACCESS_KEY": lambda: secrets.token_hex(10),
    "STORE_ADMIN_SECRET_KEY": lambda: secrets.token_hex(24),
    "SOHOA_S3_ACCESS_KEY": lambda: secrets.token_hex(10),
    "SOHOA_S3_SECRET_KEY": lambda: secrets.token_hex(24),
    "WEED_JWT_SIGNING_KEY": lambda: secrets.token_hex(32),
    "WEED_JWT_SIGNING_READ_KEY": lambda: secrets.token_hex(32),
    "WEED_JWT_FILER_SIGNING_KEY": lambda: secrets.token_hex(32),
    "WEED_JWT_FILER_SIGNING_READ_KEY": lambda: secrets.token_hex(32),
}
"""Variable -> maker of a random value. None holds a character that a shell, a URL or Compose would read otherwise."""


def missing_names(text: str) -> list[str]:
    """Names in ``SECRETS`` that an ``.env`` of this text does not set to a value."""
    pairs = (line.partition("=") for line in text.splitlines())
    present = {name.strip() for name, _, value in pairs if value.strip()}
    return [name for name in SECRETS if name not in present]


def add_secrets(path: Path) -> list[str]:
    """Append the missing secrets to the file, made with mode 0600; the names of those added.

    Raises:
        OSError: the file cannot be read or written.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    added = missing_names(text)
    gap = "" if not text or text.endswith("\n") else "\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        path.chmod(0o600)
        file.write(gap + "".join(f"{name}={SECRETS[name]()}\n" for name in added))
    return added


def main(path: Path) -> None:
    """Add the missing secrets to ``path`` and say which; no value is printed."""
    added = add_secrets(path)
    said = f"added {', '.join(added)}" if added else "every secret is there, nothing was changed"
    sys.stdout.write(f"{path}: {said}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / ".env")
