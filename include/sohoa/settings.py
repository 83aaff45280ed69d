"""Settings of one process, read once from the environment: the only reader of ``os.environ``.

Every variable is listed in ``docs/settings.md``. The store's address and keys come from ``SOHOA_S3_*``; where those
are not set, from the file that ``sohoa stack up`` writes (mode 0600) under ``SOHOA_HOME``.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from sohoa.errors import SettingsError

TIME_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PREFIX = "SOHOA_"
PORTS = ("port_master", "port_volume", "port_filer", "port_s3", "port_airflow", "port_database", "port_broker")
"""Settings of the embedded stack's ports, in the order in which ``port_base`` lays them."""
_MAX_PORT_BASE = 22_760
AQLS = (0.1, 0.15, 0.25, 0.4, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5)
"""Preferred acceptance quality limits that a site may choose, per cent."""
HOME = ".sohoa"
"""Name of the folder of local state."""
_FOR_DECODERS = ("PATH", "HOME", "LANG", "LC_", "TZ", "LD_LIBRARY_PATH", "PYTHON", "VIRTUAL_ENV", "TMPDIR")
"""What the names of variables begin with that a process gets which reads what others sent."""
if sys.platform == "win32":
    _FOR_DECODERS += ("SYSTEMROOT", "TEMP", "TMP", "USERPROFILE")


def _words(value: object) -> object:
    """Values separated by commas, as an environment variable holds them."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _phrases(value: object) -> object:
    """Phrases, which may hold commas, separated by semicolons."""
    return tuple(phrase.strip() for phrase in value.split(";") if phrase.strip()) if isinstance(value, str) else value


def _waypoint(text: str) -> tuple[date, float]:
    """Read a day and its rate, 2023-12-31=86."""
    day, _, rate = text.partition("=")
    try:
        found = date.fromisoformat(day), float(rate)
    except ValueError:
        raise ValueError(f"{text!r} is no day with its rate, as 2023-12-31=86") from None
    if not 0 <= found[1] <= 100:
        raise ValueError(f"{text}: a rate lies between 0 and 100")
    return found


class Settings(BaseModel):
    """All settings, frozen. A field ``x`` is set by the variable ``SOHOA_X``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(
        default=Path(HOME),
        validate_default=True,
        description="Folder of all local state: store, Airflow, demo data; unset: `.sohoa` of this folder or of the"
        " nearest above that has one, else of the checkout.",
    )
    project: Path | None = Field(
        default=None, description="Folder that holds dags and plugins; unset: the checkout that is installed."
    )
    s3_endpoint: str | None = Field(default=None, description="Address of the object store, http(s)://host:port.")
    s3_access_key: SecretStr | None = Field(
        default=None, description="Access key of the object store, set with its secret key."
    )
    s3_secret_key: SecretStr | None = Field(default=None, description="Secret key of the object store.")
    s3_region: str = Field(default="us-east-1", description="Region name that signatures use.")

    port_base: int | None = Field(
        default=None,
        ge=1024,
        le=_MAX_PORT_BASE,
        description="First of seven ports in a row that move all of the embedded stack: master, volume, filer, S3,"
        " Airflow, database, broker; a port that is set by itself stays.",
    )
    port_s3: int = Field(default=21833, ge=1024, le=22767, description="S3 port of the embedded store.")
    port_master: int = Field(default=21333, ge=1024, le=22767, description="Master port of the embedded store.")
    port_volume: int = Field(default=21080, ge=1024, le=22767, description="Volume port of the embedded store.")
    port_filer: int = Field(default=21888, ge=1024, le=22767, description="Filer port of the embedded store.")
    port_airflow: int = Field(default=21880, ge=1024, le=65535, description="Airflow UI and API of the embedded stack.")
    port_database: int = Field(
        default=21432, ge=1024, le=65535, description="PostgreSQL of the embedded stack's profile `production`."
    )
    port_broker: int = Field(
        default=21379, ge=1024, le=65535, description="Redis of the embedded stack's profile `production`."
    )

    site: Path | None = Field(
        default=None, description="Folder of the site's own units, agencies, campaigns, targets … (docs/site.md)."
    )
    province_code: str = Field(
        default="20", pattern=r"^\d{2}$", description="Code of the province itself in the site's `units.csv`."
    )
    province_head: str = Field(
        default="H37",
        pattern=r"^[A-Z]\d{2}$",
        description="Letters of the province that the codes of its agencies and dossiers carry: `H37.81.03-…`.",
    )
    agencies_file: Path | None = Field(
        default=None, description="CSV of the agencies that replaces the synthetic sample (registry/data/README.md)."
    )
    campaigns_file: Path | None = Field(
        default=None, description="CSV of the campaigns that replaces the sample (registry/data/README.md)."
    )
    ministries_file: Path | None = Field(
        default=None, description="CSV of the ministry systems that replaces the sample (registry/data/README.md)."
    )
    calendar_file: Path | None = Field(
        default=None, description="CSV of days that are moved or off, in place of the one in registry/data (README.md)."
    )
    profile: str = Field(default="tthc", description="Profile of limits in expectations/thresholds.toml.")
    max_file_bytes: int = Field(default=1_073_741_824, gt=0, description="A larger page file is not opened, bytes.")
    max_pixels: int = Field(
        default=600_000_000, gt=0, description="A larger image is not decoded (A0 at 600 dpi: 558 M)."
    )
    max_decoded_bytes: int = Field(
        default=500_000_000,
        gt=0,
        description="An image that needs more memory than this to decode is not decoded, bytes.",
    )
    max_pages: int = Field(default=2_000, gt=0, description="A file with more pages is not measured.")
    max_file_seconds: int = Field(
        default=120, gt=0, description="CPU time after which a file is given up, seconds (A0 at 600 dpi: 2)."
    )
    max_memory_bytes: int = Field(
        default=600_000_000,
        ge=268_435_456,
        description="Memory beyond which a file is given up, bytes; two files are measured at a time.",
    )
    max_manifest_bytes: int = Field(default=4_194_304, gt=0, description="A larger manifest is refused, bytes.")
    max_feed_bytes: int = Field(
        default=268_435_456, gt=0, description="A larger feed file is not imported, packed or unpacked, bytes."
    )
    max_feed_seconds: int = Field(
        default=300,
        gt=0,
        description="CPU time after which a feed file is given up, seconds; small files are given less.",
    )
    max_feed_memory_bytes: int = Field(
        default=1_073_741_824,
        ge=536_870_912,
        description="Memory beyond which a feed file is given up, bytes; one file is read at a time.",
    )
    shard_bytes: int = Field(
        default=300_000_000, gt=0, description="Page bytes one measuring task takes (1-5 minutes)."
    )
    shard_files: int = Field(default=500, gt=0, description="Files that one measuring task takes at most.")
    check_minutes: int = Field(
        default=15,
        ge=1,
        le=60,
        description="How often the inbox is checked, minutes that an hour can be divided by: with fewer, slips come "
        "sooner. A check that finds nothing costs the start of one task; the shares below are those of one check.",
    )
    share_batches: int = Field(
        default=50, gt=0, description="Batches of one agency that one check takes; the rest wait for the next."
    )
    share_documents: int = Field(
        default=10_000, gt=0, description="Documents of one agency that one check takes (a year's of a department)."
    )
    share_bytes: int = Field(
        default=8_000_000_000, gt=0, description="Page bytes of one agency that one check takes (130 maps of 60 MB)."
    )
    share_seconds: int = Field(
        default=900,
        gt=0,
        description="CPU time for the pages of one agency in one check, seconds (some 9,000 pages of A4, 400 maps); "
        "what is left goes on in the next.",
    )
    batch_seconds: int = Field(
        default=30,
        gt=0,
        description="CPU time for the pages of one batch, seconds, with what follows on top; never more than three "
        "files may use.",
    )
    batch_seconds_per_mb: float = Field(
        default=2.0, gt=0, description="CPU time for each MB of a batch on top (a sound page takes 0.1 a MB)."
    )
    batch_seconds_per_page: float = Field(
        default=0.5, ge=0, description="CPU time for each page measured on top (a page of some KB takes 0.2)."
    )
    duplicate_days: int = Field(
        default=31, ge=0, le=366, description="Number of earlier days of an agency to compare a batch with."
    )
    pictures_per_batch: int = Field(
        default=40, ge=0, le=1000, description="Maximum number of pages of a batch with a picture on the return slip."
    )
    pictures_days: int = Field(
        default=90, ge=1, description="Days after which the pictures of a received batch are deleted."
    )
    waiver_contact: str = Field(
        default="bộ phận phụ trách số hóa của Văn phòng UBND tỉnh",
        description="Office that a return slip names: it reviews, and decides what cannot be scanned any better.",
    )
    unscanned_contact: str = Field(
        default="bộ phận phụ trách số hóa của Văn phòng UBND tỉnh",
        description="Office that a return slip names for documents that an agency cannot scan itself.",
    )
    reject_share_limit: float = Field(
        default=0.05, ge=0, le=1, description="Share of unusable feed rows that closes the gate."
    )
    baseline_percent: float = Field(
        default=5.6,
        ge=0,
        le=100,
        description="Published rate at the start, per cent: where the lines, bars and forecasts of all pages begin.",
    )
    target_percent: float = Field(
        default=86.0,
        ge=0,
        le=100,
        description="Published rate to reach, per cent: where they end; the report's path is `targets.csv`.",
    )
    rate_path: Annotated[tuple[str, ...] | None, BeforeValidator(_words)] = Field(
        default=None,
        description="Rates that the province promised to reach, day=per cent, separated by commas, in order, as"
        " `2022-12-31=5.6,2023-12-31=86`; unset: `targets.csv` of the site (docs/site.md).",
    )
    points_766_digitised: float = Field(
        default=4.0, gt=0, le=22, description="Maximum points of decision 766/QĐ-TTg for the digitisation rate (4.2)."
    )

    office_parent: str = Field(
        default="UBND tỉnh Lạng Sơn", description="Body above the office that issues the report, as its heading has it."
    )
    office_name: str = Field(default="Văn phòng", description="Office that issues the report, without the body above.")
    office_symbol: str = Field(default="VP", description="Its letters in the number of the report: `BC-VP`.")
    office_place: str = Field(default="Lạng Sơn", description="Place before the date of the report.")
    office_signatory: Annotated[tuple[str, ...], BeforeValidator(_phrases)] = Field(
        default=("Chánh Văn phòng",),
        description="Lines over the signature, separated by semicolons: `TL. Chủ tịch; Chánh Văn phòng` where the body"
        " above issues the report and its head has the office sign.",
    )
    office_drafter: str = Field(
        default="KSTTHC", description="Letters of the unit that drafts the report, after `Lưu: VT`; may be empty."
    )
    office_recipients: Annotated[tuple[str, ...] | None, BeforeValidator(_phrases)] = Field(
        default=None,
        description="Who gets the report (`Nơi nhận`), separated by semicolons; unset: the body above, departments and"
        " the units that stand at the end of the week.",
    )

    smtp_host: str | None = Field(default=None, description="Mail server; unset: reports are not mailed.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    smtp_tls: Literal["starttls", "implicit", "none"] = Field(
        default="starttls", description="How the connection is encrypted; `none` sends no password."
    )
    smtp_user: str | None = Field(default=None, description="User name at the mail server, where it asks for one.")
    smtp_password: SecretStr | None = Field(default=None, description="Password of that user.")
    smtp_sender: str | None = Field(default=None, description="Address from which reports are mailed.")
    recipients_file: Path | None = Field(
        default=None, description="CSV of who gets the weekly report by mail (docs/mail.md)."
    )
    reports_url: str | None = Field(
        default=None, description="Web address at which people open the bucket `reports`; mails link to it."
    )
    s3_public_endpoint: str | None = Field(
        default=None,
        description="Address of the object store, http(s)://host, as recipients' browsers reach it: mails then carry"
        " signed links that open the report for a week, without an account.",
    )
    data_docs_weeks: int = Field(
        default=12, ge=1, description="Weeks whose Great Expectations pages are kept; older ones are deleted."
    )

    operators: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field(
        default=(), description="Mail addresses of who is woken by an alert, separated by commas (docs/upkeep.md)."
    )
    webhook_url: SecretStr | None = Field(
        default=None, description="Web address that gets each alert as JSON by POST; it may hold a secret."
    )
    store_status_urls: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field(
        default=(),
        description="Addresses of `/status` or `/metrics` of SeaweedFS's volume servers, separated by commas; the"
        " embedded store's own where unset, else how full the store is stays unknown.",
    )
    space_warn_percent: float = Field(
        default=80.0, gt=0, le=100, description="Share of the store's disks from which on it is warned of, per cent."
    )
    space_stop_percent: float = Field(
        default=95.0,
        gt=0,
        le=100,
        description="Share of the store's disks from which on the agency that sent most in the last day is stopped, so"
        " that the others can go on, per cent; 100: never.",
    )
    max_batch_bytes: int = Field(
        default=16_000_000_000,
        gt=0,
        description="A larger batch is refused, bytes (250 maps of 60 MB: sent again within minutes if it fails).",
    )
    quota_day_bytes: int = Field(
        default=100_000_000_000,
        gt=0,
        description="What an agency may send in a day, bytes: 1,000 maps of 60 MB pass, and as much again half.",
    )
    quota_day_files: int = Field(
        default=50_000, gt=0, description="Files an agency may send in a day: what ten fast scanners make."
    )
    quota_uncommitted_bytes: int = Field(
        default=100_000_000_000,
        gt=0,
        description="What an agency may let lie in batches without a manifest, bytes: a whole day's quota.",
    )
    unfinished_upload_days: int = Field(
        default=7, ge=1, description="Days after which an upload that was begun and not ended is ended."
    )
    old_versions_days: int = Field(
        default=7, ge=1, description="Days after which an overwritten or deleted file that no manifest names is gone."
    )
    abandoned_days: int = Field(
        default=30, ge=1, description="Days without a new file after which a batch without a manifest is taken away."
    )

    rejected_days: int | None = Field(
        default=None,
        ge=90,
        description="Days after which the files of rejected documents are gone for good, 90 or more; unset: never."
        " Files of documents that were accepted, wait for a person or were waived are never taken away.",
    )
    integrity_files: int = Field(
        default=200,
        ge=0,
        description="Files of accepted documents whose bytes each run of the upkeep reads back and holds against the"
        " hash of their manifest; 0: none.",
    )

    audit_aql_percent: float = Field(
        default=2.5,
        description="Wrong decisions of the program that a lot may have on average, per cent: the AQL, one of"
        f" {', '.join(map(str, AQLS))}.",
    )
    audit_lot_documents: int = Field(
        default=500,
        ge=2,
        description="With so many documents of an agency accepted, or rejected, since its last lot, a sample of them is"
        " drawn (docs/audit.md).",
    )
    audit_borderline_documents: int = Field(
        default=50,
        ge=0,
        description="Documents of an agency left to a person of which one draw takes the pages.",
    )

    web_cache_bytes: int = Field(
        default=2_000_000_000,
        gt=0,
        description="What the pages in the Airflow UI may keep of the tables on this machine, bytes.",
    )
    web_scan_bytes: int = Field(
        default=500_000_000,
        gt=0,
        description="What these pages may keep of the scans that were looked at last on this machine, bytes.",
    )
    visits_days: int = Field(
        default=365, ge=1, description="Days for which it is kept who opened which page in the Airflow UI."
    )
    events_days: int = Field(
        default=92,
        ge=1,
        description="Days for which it is kept what each task of each run in Airflow did, and its log where logs lie in"
        " the store.",
    )

    @model_validator(mode="before")
    @classmethod
    def _move_ports(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Set the ports that are not set from the base."""
        base = str(values.get("port_base") or "")
        if not base.isdecimal() or int(base) > _MAX_PORT_BASE:  # told of the base, not of seven ports that nobody set
            return values
        return {**{name: int(base) + place for place, name in enumerate(PORTS)}, **values}

    @field_validator("home", "site")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().resolve()

    @field_validator("audit_aql_percent")
    @classmethod
    def _is_preferred(cls, value: float) -> float:
        if value not in AQLS:
            raise ValueError(f"take one of {', '.join(map(str, AQLS))}")
        return value

    @field_validator("check_minutes")
    @classmethod
    def _divides_an_hour(cls, value: int) -> int:
        if 60 % value:
            raise ValueError("take minutes that an hour can be divided by: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _is_web_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            cls._has_scheme(value.get_secret_value())
        return value

    @field_validator("s3_endpoint", "reports_url", "s3_public_endpoint")
    @classmethod
    def _has_scheme(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc):
            raise ValueError("write it as http://host:port or https://host:port")
        return value

    @field_validator("rate_path")
    @classmethod
    def _is_path(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        days = [day for day, _ in map(_waypoint, value or ())]
        if value is not None and (len(days) < 2 or days != sorted(set(days))):
            raise ValueError("write at least two days in order, as 2022-12-31=5.6,2023-12-31=86")
        return value

    @property
    def waypoints(self) -> tuple[tuple[date, float], ...] | None:
        """The days and rates of ``rate_path``; None where it is not set."""
        return None if self.rate_path is None else tuple(map(_waypoint, self.rate_path))

    @property
    def has_whole_keys(self) -> bool:
        """Whether both keys of the store are set, or none: one alone belongs to no other's other."""
        keys = self.s3_access_key, self.s3_secret_key
        return keys == (None, None) or all(keys)  # an empty one is none

    @property
    def uses_embedded_store(self) -> bool:
        """Whether the store's address is that of the embedded store of this home."""
        local = _read_keys(self.credentials_file)
        return local is not None and local["endpoint"] == self.s3_endpoint

    @property
    def embedded_status_url(self) -> str:
        """Where the embedded store says how full it is: it may run on other ports than are set here."""
        local = _read_keys(self.credentials_file) or {}
        return local.get("status_url") or f"http://127.0.0.1:{self.port_volume}/status"

    @property
    def agency_keys_file(self) -> Path:
        """Where the embedded store's keys of the agencies are kept (mode 0600)."""
        return self.home / "store" / "agencies.json"

    @property
    def admin_keys_file(self) -> Path:
        """Where the keys of the embedded store's administrator are kept (mode 0600): no task reads them."""
        return self.home / "store" / "admin.json"

    @property
    def credentials_file(self) -> Path:
        """Where the embedded store's address and the pipeline's keys to it are kept (mode 0600)."""
        return self.home / "store" / "credentials.json"


def load_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: a ``SOHOA_`` variable is unknown or malformed; the message names it.
    """
    values: dict[str, Any] = {k[len(PREFIX) :].lower(): v for k, v in os.environ.items() if k.startswith(PREFIX)}
    values.setdefault("home", find_home(Path.cwd()))
    try:
        settings = Settings(**values)
    except ValidationError as error:
        lines = [f"{PREFIX}{str(fault['loc'][0]).upper()}: {_words_of(fault)}" for fault in error.errors()]
        raise SettingsError("; ".join(lines) + " (see docs/settings.md)") from None
    if settings.s3_endpoint is None and settings.has_whole_keys and (local := _read_keys(settings.credentials_file)):
        values = {f"s3_{name}": local[name] for name in ("endpoint", "access_key", "secret_key")} | values
        settings = Settings(**values)
    return settings


def find_home(start: Path) -> Path:
    """Return the folder of local state: of this folder or the nearest above that has one or is a checkout.

    Else it is this folder's own. The user's own ``.sohoa``, above all checkouts, is theirs only where they lie in none.
    """
    places = (folder for folder in (start, *start.parents))
    found = (one for one in places if (one / HOME).is_dir() or (one / "include" / "sohoa").is_dir())
    return next(found, start) / HOME


def _read_keys(file: Path) -> dict[str, str] | None:
    """Read the keys that the embedded store wrote, None where there is none.

    Raises:
        SettingsError: they cannot be read; the message says what to do.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        keys = {name: str(found[name]) for name in ("endpoint", "access_key", "secret_key")}
        return keys | {name: str(found[name]) for name in ("status_url",) if name in found}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise SettingsError(f"{file}: this user may not read it; it belongs to who ran `sohoa stack up`") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError(f"{file} is damaged: delete it and run `sohoa stack up store`, which writes it") from None


def _words_of(fault: Any) -> str:
    """Say what a setting should be; its value, which may be a secret, is not repeated."""
    kind, known = fault["type"], fault.get("ctx", {})
    if kind.startswith(("greater_than", "less_than")):
        return f"write a number of {_range_of(str(fault['loc'][0]))}"
    if kind == "value_error":
        return str(known["error"])
    if kind == "string_pattern_mismatch":
        return f"write it as {Settings.model_fields[str(fault['loc'][0])].default}"
    if kind == "literal_error":
        return f"use one of {known['expected']}"
    if kind == "extra_forbidden":
        return "there is no such setting"
    for names, words in ((("int",), "write a whole number"), (("float", "finite"), "write a number")):
        if kind.startswith(names):
            return words
    return "it cannot be read"


def _range_of(setting: str) -> str:
    """Say between which numbers a setting lies."""
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    bounds = Settings.model_fields[setting].metadata
    return " and ".join(
        f"{said} {getattr(bound, name)}" for name, said in words.items() for bound in bounds if hasattr(bound, name)
    )


def province_code() -> str:
    """Return the code of the province itself; one process is of one province."""
    return os.environ.get(f"{PREFIX}PROVINCE_CODE") or str(Settings.model_fields["province_code"].default)


def province_head() -> str:
    """Return the letters of the province that the codes of its agencies and dossiers carry."""
    return os.environ.get(f"{PREFIX}PROVINCE_HEAD") or str(Settings.model_fields["province_head"].default)


def wants_demo_exit() -> bool:
    """Tell whether ``DEMO_EXIT=1`` asks ``sohoa demo`` to stop everything once it has shown its result."""
    return os.environ.get("DEMO_EXIT") == "1"


def has_display() -> bool:
    """Tell whether a browser has somewhere to show a page: a text browser would take the terminal."""
    on_desktop = sys.platform in {"darwin", "win32"}
    return on_desktop or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def child_environment(extra: dict[str, str]) -> dict[str, str]:
    """Return the environment of a child process: this one's, with ``extra`` on top."""
    return {**os.environ, **extra}


def decoder_environment(extra: dict[str, str]) -> dict[str, str]:
    """Return the environment of a process that reads what others sent: what Python needs, no secret, and ``extra``."""
    return {name: value for name, value in os.environ.items() if name.startswith(_FOR_DECODERS)} | extra


def set_default(name: str, value: str) -> None:
    """Set an environment variable that a library reads when it is imported, unless the user has set it."""
    os.environ.setdefault(name, value)
