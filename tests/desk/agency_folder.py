"""A folder of scans as a clerk keeps it, and the agency's program on a computer of its own."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from sohoa.desk.config import AgencyConfig, Declared
from sohoa.desk.judge_scans import CheckedDocument
from sohoa.desk.upload import Uploader
from sohoa.intake.manifest import Device
from sohoa.settings import TIME_ZONE, load_settings
from sohoa.store import Store
from tests.batch_builder import AGENCY, DAY, DOSSIER, page_jpeg

PROCEDURE = "1.001193"
DECLARED = {"procedure_code": None, "content": "text", "paper": "a4", "cover": "matte"}
NO_STORE, KEYS = "http://127.0.0.1:9", {"access_key": "a", "secret_key": "s"}
GOOD, OTHER, BAD = page_jpeg(1), page_jpeg(2), page_jpeg(3, dpi=100)
NOON = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=TIME_ZONE).timestamp()


def put_scan(folder: Path, name: str, data: bytes, written: float = NOON) -> Path:
    """Write one page file, as of a time."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (written, written))
    return path


def in_dossier(title: str, kind: str = "thanh-phan", dossier: str = DOSSIER) -> str:
    return f"{dossier}_{PROCEDURE}/{kind}/{title}"


class QuietScreen:
    """Keeps what is said; every page count is right."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.counted: list[CheckedDocument] = []
        self.told: list[tuple[str, int, int]] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def checking(self, done: int, total: int) -> None:
        return

    def sending(self, batch: str, done: int, total: int) -> None:
        self.told.append((batch, done, total))

    def confirm(self, counted: list[CheckedDocument]) -> bool:
        self.counted += counted
        return True


def agency_keys(store: Store, agency: str = AGENCY) -> dict[str, str]:
    found: dict[str, dict[str, str]] = json.loads(store.settings.agency_keys_file.read_text(encoding="utf-8"))
    return found[agency]


def config_at(store: Store, home: Path, **changes: Any) -> AgencyConfig:
    return config_of(**{"endpoint": str(store.settings.s3_endpoint), "home": home} | changes)


def config_of(endpoint: str, home: Path, **changes: Any) -> AgencyConfig:
    values: dict[str, Any] = {
        "agency": AGENCY,
        "endpoint": endpoint,
        "operator": "Nguyễn Thị Hoa",
        "device": Device(id="M1", model="ScanPro 200", kind="adf"),
        "documents": Declared(content="text", paper="a4", cover="matte"),
        "state": home / "agency.db",
    }
    return AgencyConfig.model_validate(values | changes)


def lonely_computer(home: Path, screen: QuietScreen | None = None, **changes: Any) -> Uploader:
    """An agency's program that no store answers, but for one at ``endpoint``."""
    config = config_of(**{"endpoint": NO_STORE, "home": home} | changes)
    return Uploader(config, KEYS, load_settings(), screen or QuietScreen(), give_up_s=0, sleep=lambda _: None)


def computer(store: Store, home: Path, screen: QuietScreen | None = None, **changes: Any) -> Uploader:
    """An agency's program on a computer whose state lies in a folder of its own."""
    config = config_at(store, home, **changes)
    keys = agency_keys(store, config.agency)
    return Uploader(config, keys, store.settings, screen or QuietScreen(), give_up_s=5, sleep=lambda _: None)


def write_config(store: Store, file: Path, agency: str = AGENCY) -> None:
    """The configuration as a person writes it, and the keys."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'agency = "{agency}"\nendpoint = "{store.settings.s3_endpoint}"\noperator = "Nguyễn Thị Hoa"\n'
        '[device]\nid = "M1"\nmodel = "ScanPro 200"\nkind = "adf"\n'
        '[documents]\ncontent = "text"\npaper = "a4"\ncover = "matte"\n',
        encoding="utf-8",
    )
    keys = file.with_suffix(".keys.json")
    keys.touch(mode=0o600)
    keys.write_text(json.dumps(agency_keys(store, agency)), encoding="utf-8")
