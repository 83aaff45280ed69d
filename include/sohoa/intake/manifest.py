"""The manifest that commits a batch, version 1. ``docs/manifest.schema.json`` is generated from this model."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from sohoa import layout
from sohoa.dossier_code import dossier_key
from sohoa.enums import Content, Cover, DeviceKind, DocumentKind, NotScannedReason, Paper, Role
from sohoa.labels import LABELS

MAX_DOCUMENTS, MAX_FILES, MAX_PROBLEMS = 5_000, 2_000, 20
MAX_BATCH_FILES = 20_000
"""Of all documents of a batch; a day of a busy department has 2,000."""
MAX_KEYS = 64
"""Of one object; a document has 14. Every unknown one would become a message."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError("control_character", "control characters are not allowed")
    return text


def _inside(path: str) -> str:
    parts = path.split("/")
    if "\\" in path or any(part in {"", ".", ".."} for part in parts):
        raise PydanticCustomError("path_outside_batch", "the path must stay inside the batch: a relative path, no '..'")
    return path


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Device(_Part):
    """The scanner."""

    id: Line
    model: Line
    kind: DeviceKind


class File(_Part):
    """One file of a document, under the batch's prefix."""

    path: Annotated[Line, AfterValidator(_inside)]
    sha256: str
    bytes: int
    role: Role = "page"
    sheet: int | None = Field(default=None, ge=1, le=MAX_FILES)

    @field_validator("sha256")
    @classmethod
    def _hash(cls, value: str) -> str:
        if not re.fullmatch(r"[0-9a-f]{64}", value):
            raise PydanticCustomError("malformed_hash", "sha256 must be 64 lower-case hexadecimal digits")
        return value

    @field_validator("bytes")
    @classmethod
    def _size(cls, value: int) -> int:
        if not 0 <= value <= 1 << 40:
            raise PydanticCustomError("absurd_size", "the size in bytes must be between 0 and 2^40")
        return value


class Document(_Part):
    """One document of a dossier: what was scanned, or why it was not."""

    document_id: Identifier
    dossier_code: str | None
    procedure_code: Line
    kind: DocumentKind
    title: Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_plain)]
    content: Content
    paper: Paper
    cover: Cover
    physical_pages: int = Field(ge=1, le=2_000)
    note_pages: tuple[int, ...] = Field(default=(), max_length=2_000)
    replaces: Identifier | None = None
    not_scanned: NotScannedReason | None = None
    files: tuple[File, ...] = Field(default=(), max_length=MAX_FILES)

    @property
    def dossier_key(self) -> str | None:
        """The dossier's one normal spelling, None for a backlog result."""
        return None if self.dossier_code is None else dossier_key(self.dossier_code)

    @property
    def pages_declared(self) -> int:
        """Pages to be scanned, whether they were or not: physical ones, and again those with a note stuck on them."""
        return self.physical_pages + len(self.note_pages)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.dossier_code is None and self.kind != "backlog_result":
            raise PydanticCustomError("dossier_code_missing", "only a backlog_result may have no dossier_code")
        if self.dossier_code is not None and self.dossier_key is None:
            raise PydanticCustomError("malformed_dossier_code", "the dossier code is malformed")
        if len(set(self.note_pages)) < len(self.note_pages) or not all(
            1 <= page <= self.physical_pages for page in self.note_pages
        ):
            raise PydanticCustomError("pages_inconsistent", "note_pages must name distinct physical pages")
        if bool(self.files) == bool(self.not_scanned):
            raise PydanticCustomError("files_inconsistent", "a scanned document has files, a not_scanned one has none")
        return self


class Manifest(_Part):
    """One scan batch of one agency and one day."""

    schema_version: Literal[1]
    agency: str
    batch: str
    scan_date: date
    operator: Line
    operator_org: Line | None = None
    device: Device
    documents: tuple[Document, ...] = Field(max_length=MAX_DOCUMENTS)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.documents:
            raise PydanticCustomError("empty_batch", "the batch has no document")
        if layout.batch_date(self.batch, self.agency) != self.scan_date:
            raise PydanticCustomError("scan_date_mismatch", "scan_date must be the day inside the batch id")
        _unique("duplicate_document", [document.document_id for document in self.documents])
        _unique("duplicate_file", [file.path for document in self.documents for file in document.files])
        return self


def _unique(code: str, values: list[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise PydanticCustomError(code, "{value} stands twice", {"value": value})
        seen.add(value)


class Refusal(Exception):
    """Why a manifest is refused: control flow inside intake, it always ends as a receipt.

    Attributes:
        code: reason code, one of the refusals of ``sohoa.labels``.
        problems: what exactly is wrong, one dict a problem: where, vi, en.
    """

    def __init__(self, code: str, problems: list[dict[str, str]] | None = None) -> None:
        """Refuse with a reason code and its details."""
        super().__init__(code)
        self.code = code
        self.problems = problems or []


def parse_manifest(data: bytes) -> Manifest:
    """A manifest from its bytes: UTF-8, with or without a byte order mark.

    Raises:
        Refusal: it breaks the rules; the first rule broken that has a reason code of its own names the refusal.
    """
    text = _decode(data)
    _count(text)
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    types = [item["type"] for item in found]
    code = next((kind for kind in types if kind in LABELS["refusals"]), "invalid_manifest")
    code = "not_json" if "json_invalid" in types else code
    raise Refusal(code, [_problem(item) for item in found[:MAX_PROBLEMS]])


def _count(text: str) -> None:
    """Refuse a manifest of more parts than it may have, before each of them costs memory and a message.

    Raises:
        Refusal: too_many_parts, or not_json where it is nested too deep to count.
    """
    try:
        whole = json.loads(text)
    except RecursionError:
        raise Refusal("not_json") from None
    except ValueError:  # the validation says where
        return
    waiting: list[Any] = [whole] if isinstance(whole, dict) else []
    files = 0
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            is_too_many = len(part) > MAX_KEYS
            found = part.values()
            files += "path" in part
        else:
            is_too_many = len(part) > MAX_DOCUMENTS
            found = part
        if is_too_many or files > MAX_BATCH_FILES:
            raise Refusal("too_many_parts")
        waiting.extend(value for value in found if isinstance(value, (dict, list)))


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 of plain letters is UTF-8 too, with zeros between them
        about = LABELS["manifest_errors"]["not_utf8"]
        raise Refusal("not_json", [{"where": "", "vi": about.vi, "en": about.en}])
    return text


def _problem(item: ErrorDetails) -> dict[str, str]:
    where = ".".join(str(step + 1) if isinstance(step, int) else step for step in item["loc"])
    words = LABELS["refusals"] | LABELS["manifest_errors"]
    return {"where": where[:200], "vi": words.get(item["type"], words[None]).vi, "en": item["msg"][:200]}
