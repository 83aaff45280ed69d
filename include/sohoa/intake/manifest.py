"""The manifest that commits a batch, version 1. ``docs/manifest.schema.json`` is generated from this model."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from sohoa import layout
from sohoa.dossier_code import dossier_key
from sohoa.enums import DOCUMENT_KINDS, Content, Cover, DeviceKind, DocumentKind, NotScannedReason, Paper, Role
from sohoa.intake.manifest_faults import Fault, Refusal, Steps, fault_of, own_fault
from sohoa.labels import LABELS

MAX_DOCUMENTS, MAX_FILES = 5_000, 2_000
MAX_BATCH_FILES = 20_000
"""Of all documents of a batch; a day of a busy department has 2,000."""
MAX_REASON = 500
"""Characters of why a person is asked."""
MAX_KEYS = 64
"""Of one object; a document has 14. Every unknown one would become a message."""

_KINDS_OF_A_DOSSIER = [kind for kind in DOCUMENT_KINDS if kind != "backlog_result"]
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
Reason = Annotated[str, StringConstraints(min_length=1, max_length=MAX_REASON), AfterValidator(_plain)]
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
    ask_reviewer: Reason | None = None
    files: tuple[File, ...] = Field(default=(), max_length=MAX_FILES)

    @property
    def dossier_key(self) -> str | None:
        """The dossier's one normal spelling, None for a backlog result."""
        return None if self.dossier_code is None else dossier_key(self.dossier_code)

    @property
    def pages_declared(self) -> int:
        """Pages to be scanned, whether they were or not: physical ones, and again those with a note stuck on them."""
        return self.physical_pages + len(self.note_pages)

    @field_validator("dossier_code")
    @classmethod
    def _is_a_code(cls, value: str | None) -> str | None:
        if value is not None and dossier_key(value) is None:
            raise PydanticCustomError("malformed_dossier_code", "the dossier code is malformed")
        return value

    @field_validator("note_pages")
    @classmethod
    def _are_pages(cls, value: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        pages = info.data.get("physical_pages", max(value, default=0))
        if len(set(value)) < len(value) or not all(1 <= page <= pages for page in value):
            raise PydanticCustomError("pages_inconsistent", "note_pages must name distinct physical pages")
        return value


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

    @field_validator("scan_date")
    @classmethod
    def _is_in_the_id(cls, value: date, info: ValidationInfo) -> date:
        if {"agency", "batch"} <= info.data.keys() and layout.batch_date(
            info.data["batch"], info.data["agency"]
        ) != value:
            raise PydanticCustomError("scan_date_mismatch", "scan_date must be the day inside the batch id")
        return value

    @field_validator("documents")
    @classmethod
    def _are_some(cls, value: tuple[Document, ...]) -> tuple[Document, ...]:
        if not value:
            raise PydanticCustomError("empty_batch", "the batch has no document")
        return value


@dataclass(frozen=True)
class Reading:
    """What could be read of a manifest, and all that is wrong with it.

    Attributes:
        whole: the manifest as parsed JSON.
        manifest: null where there is a fault.
        documents: place from 0 -> document, of those without a fault.
        faults: in the order of the manifest, then those between its documents.
    """

    whole: Any
    manifest: Manifest | None
    documents: dict[int, Document]
    faults: list[Fault]


def parse_manifest(data: bytes) -> Manifest:
    """A manifest from its bytes: UTF-8, with or without a byte order mark.

    Raises:
        Refusal: it breaks the rules; the first rule broken that has a reason code of its own names the refusal.
    """
    reading = read_manifest(data)
    if reading.manifest is None:
        raise Refusal.of(reading.faults)
    return reading.manifest


def read_manifest(data: bytes) -> Reading:
    """Read a manifest from its bytes, with every rule that it breaks.

    Raises:
        Refusal: it is no JSON, or has more parts than it may have: nothing else is looked at.
    """
    text = _decode(data)
    whole = _count(text)
    manifest, found = None, []
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False)
    if any(item["type"] == "json_invalid" for item in found):
        raise Refusal("not_json", [fault_of(item, whole) for item in found])
    if whole is None:
        raise Refusal("not_json")
    faults = [fault_of(item, whole) for item in found] + list(_faults_between(whole))
    documents = dict(enumerate(manifest.documents)) if manifest else _sound_documents(whole, faults)
    return Reading(whole, None if faults else manifest, documents, faults)


def _raw_documents(whole: Any) -> list[tuple[int, dict[str, Any]]]:
    listed = whole.get("documents") if isinstance(whole, dict) else None
    return [(n, one) for n, one in enumerate(listed) if isinstance(one, dict)] if isinstance(listed, list) else []


def _sound_documents(whole: Any, faults: list[Fault]) -> dict[int, Document]:
    """The documents of a manifest with faults that have none themselves."""
    faulty = {fault.steps[1] for fault in faults if len(fault.steps) > 1 and fault.steps[0] == "documents"}
    sound = [(number, json.dumps(one)) for number, one in _raw_documents(whole) if number not in faulty]
    return {number: Document.model_validate_json(text) for number, text in sound}


def _faults_between(whole: Any) -> Iterator[Fault]:
    """The rules that look at several values: they are looked at even where one of the values breaks another rule."""
    ids, paths = set[Any](), set[Any]()
    for number, one in _raw_documents(whole):
        steps = ("documents", number)
        files = one.get("files")
        if one.get("dossier_code", "") is None and one.get("kind") in _KINDS_OF_A_DOSSIER:
            yield own_fault("dossier_code_missing", (*steps, "dossier_code"), whole)
        if bool(files) == bool(one.get("not_scanned")):
            yield own_fault("files_inconsistent", (*steps, "files"), whole)
        yield from _repeated("duplicate_document", (*steps, "document_id"), whole, one.get("document_id"), ids)
        for place, file in enumerate(files) if isinstance(files, list) else ():
            path = file.get("path") if isinstance(file, dict) else None
            yield from _repeated("duplicate_file", (*steps, "files", place, "path"), whole, path, paths)


def _repeated(code: str, steps: Steps, whole: Any, value: Any, seen: set[Any]) -> Iterator[Fault]:
    if not isinstance(value, str):
        return
    spelled = unicodedata.normalize("NFC", value)  # two names that look the same are one to people and many systems
    if spelled in seen:
        yield own_fault(code, steps, whole, value)
    seen.add(spelled)


def _count(text: str) -> Any:
    """Parse a manifest, and refuse one of too many parts before each of them costs memory and a message.

    Returns:
        The parsed JSON, None where it is none: the validation says where.

    Raises:
        Refusal: too_many_parts, or not_json where it is nested too deep to count.
    """
    try:
        whole = json.loads(text)
    except RecursionError:
        raise Refusal("not_json") from None
    except ValueError:
        return None
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
    return whole


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 of plain letters is UTF-8 too, with zeros between them
        raise Refusal("not_json", [Fault("not_utf8", (), LABELS["manifest_errors"]["not_utf8"])])
    return text
