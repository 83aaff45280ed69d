"""The agency's one configuration file, and where its keys are kept.

TOML, by default ``.sohoa/agency.toml`` in the user's folder; ``docs/agency-client.md`` says what it holds. Keys are in
the operating system's key store where the package ``keyring`` is installed, else in a file beside it that only its user
may read.
"""

from __future__ import annotations

import json
import re
import stat
import sys
import tomllib
from datetime import time
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from sohoa.clean_text import escape_name
from sohoa.enums import Content, Cover, Paper
from sohoa.errors import SettingsError
from sohoa.intake.manifest import Device, Line
from sohoa.intake.manifest_faults import words_of
from sohoa.labels import LABELS
from sohoa.private_file import write_private
from sohoa.settings import Settings

_SERVICE = "sohoa"
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")

_NOT_HOURS = PydanticCustomError("hours", "write a list, as [07:30-11:30]")
_WORDS = LABELS["manifest_errors"] | LABELS["config_errors"]

Hours = tuple[time, time]


def _span(text: str) -> Hours:
    match = _HOURS.fullmatch(text)
    if match is None:
        raise _NOT_HOURS
    first, first_minute, last, last_minute = map(int, match.groups())
    try:
        return time(first, first_minute), time(last, last_minute)
    except ValueError:  # no such hour or minute
        raise _NOT_HOURS from None


class Declared(BaseModel):
    """What is said of documents whose folder or list does not tell it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    procedure_code: Line | None = None
    content: Content | None = None
    paper: Paper | None = None
    cover: Cover | None = None


class AgencyConfig(BaseModel):
    """One agency on one computer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: str = Field(description="Code of the agency.")
    endpoint: str = Field(description="Address of the store, https://host.")
    operator: Line = Field(description="Who scans.")
    operator_org: Line | None = Field(default=None, description="For whom the operator works, where not the agency.")
    device: Device = Field(description="The scanner: id, model, kind.")
    documents: Declared = Field(default=Declared(), description="What folder and list do not tell.")
    region: str = Field(default="us-east-1", description="Region name that signatures use.")
    kbit_per_s: float | None = Field(default=None, gt=0, description="Send no faster than this, kbit/s.")
    proxy: str | None = Field(default=None, description="Web proxy, http://host:port.")
    ca_file: Path | None = Field(default=None, description="PEM file of the authority that signed the store's key.")
    quiet_hours: tuple[Hours, ...] = Field(default=(), description="When nothing is sent, as 07:30-11:30.")
    check_minutes: int = Field(default=15, ge=1, le=60, description="How often the province checks what was sent.")
    state: Path = Field(default=Path(), description="File that keeps how far sending has come.")

    @field_validator("endpoint", "proxy")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc):
            raise PydanticCustomError("address", "write it as http://host:port or https://host:port")
        return value

    @field_validator("quiet_hours", mode="before")
    @classmethod
    def _read_hours(cls, value: object) -> object:
        if not isinstance(value, list):
            raise _NOT_HOURS
        return tuple(_span(str(text).strip()) for text in value)

    def store_settings(self, settings: Settings, keys: dict[str, str]) -> Settings:
        """Return ``settings`` with this agency's store and keys."""
        own = {f"s3_{name}": SecretStr(keys[name]) for name in ("access_key", "secret_key")}
        return settings.model_copy(update={"s3_endpoint": self.endpoint, "s3_region": self.region, **own})


def default_config() -> Path:
    """Where the configuration lies unless another file is named."""
    return Path.home() / ".sohoa" / "agency.toml"


def load_config(file: Path, agency: str | None = None) -> AgencyConfig:
    """Read the configuration.

    Args:
        file: where it is; the state lies beside it unless it says where.
        agency: the code that it must be of.

    Raises:
        SettingsError: it is missing or malformed, or another agency's.
    """
    try:
        values: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"{escape_name(file)}: chưa có tệp cấu hình; mẫu ở docs/agency-client.md") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{escape_name(file)}: không đọc được tệp cấu hình ({error})") from None
    values = {"state": str(file.with_suffix(".db").absolute()), **values}
    try:
        config = AgencyConfig.model_validate(values)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {words_of(e, _WORDS)}" for e in error.errors()]
        raise SettingsError(f"{escape_name(file)}: {'; '.join(lines)}") from None
    if agency is not None and config.agency != agency:
        raise SettingsError(f"{escape_name(file)}: tệp cấu hình là của {config.agency}, không phải của {agency}")
    return config


def keys_file(file: Path) -> Path:
    """Where the keys lie that no key store keeps.

    Raises:
        SettingsError: the configuration's path is no file's.
    """
    if not file.name:
        raise SettingsError(f"{escape_name(file)}: không phải tên một tệp cấu hình")
    return file.with_suffix(".keys.json")


def load_keys(file: Path, agency: str) -> dict[str, str]:
    """Return ``access_key`` and ``secret_key`` of an agency.

    Raises:
        SettingsError: there are none, or others may read their file.
    """
    kept = _keyring()
    text = kept.get_password(_SERVICE, agency) if kept is not None else None
    path = keys_file(file)
    if text is None:
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise SettingsError(f"{escape_name(path)}: chưa có khóa của {agency}; chạy `sohoa keys`") from None
        if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsError(f"{escape_name(path)}: người khác đọc được khóa; chạy chmod 600 với tệp này")
    try:
        keys = json.loads(text)
        return {name: str(keys[name]) for name in ("access_key", "secret_key")}
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"khóa của {agency} bị hỏng; chạy lại `sohoa keys`") from None


def save_keys(file: Path, agency: str, access_key: str, secret_key: str) -> str:
    """Keep an agency's keys; returns where."""
    text, kept = json.dumps({"access_key": access_key, "secret_key": secret_key}), _keyring()
    if kept is not None:
        kept.set_password(_SERVICE, agency, text)
        return "key store"
    path = keys_file(file)
    write_private(path, text)
    return str(path)


def _keyring() -> Any:
    """The module of the system's key store; None where the package is not installed or finds no store."""
    try:
        keyring = import_module("keyring")
    except ImportError:
        return None
    return keyring if getattr(keyring.get_keyring(), "priority", 0) >= 1 else None
