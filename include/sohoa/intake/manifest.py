"""The manifest that commits a batch, version 1. ``docs/manifest.schema.json`` is generated from this model."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, Self

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

MAX_DOCUMENTS, MAX_FILES, MAX_PROBLEMS = 5_000, 2_000, 20

LABELS_VI = {
    "missing": "thiếu trường này",
    "extra_forbidden": "trường này không có trong quy định",
    "json_invalid": "tệp không phải là JSON hợp lệ",
    "string_too_long": "quá dài",
    "string_too_short": "đang để trống",
    "literal_error": "giá trị không nằm trong danh mục cho phép",
    "string_type": "phải là chuỗi ký tự",
    "too_long": "có quá nhiều phần tử",
    "model_type": "phải là một đối tượng JSON",
    "list_type": "phải là một danh sách JSON",
}
"""What a clerk reads for an error that pydantic itself finds; everything else is «giá trị không hợp lệ»."""

CODES_VI = {
    "not_json": "Bản kê không phải là JSON hợp lệ. Hãy xuất lại bản kê từ phần mềm quét và gửi lại.",
    "manifest_too_large": "Bản kê quá lớn. Hãy chia lô thành nhiều lô nhỏ hơn.",
    "invalid_manifest": "Bản kê sai cấu trúc. Hãy sửa các mục dưới đây và gửi lại.",
    "malformed_batch_id": "Mã lô sai cấu trúc. Mã lô đúng có dạng <mã cơ quan>-<năm tháng ngày>-<số thứ tự 3 chữ số>.",
    "stray_object": "Tệp này không phải là bản kê. Trong thư mục inbox chỉ đặt tệp <mã lô>.json.",
    "unknown_agency": "Mã cơ quan không có trong danh mục. Hãy kiểm tra mã cơ quan với Văn phòng UBND tỉnh.",
    "agency_mismatch": "Cơ quan ghi trong bản kê khác với thư mục gửi. Mỗi cơ quan chỉ gửi lô của chính mình.",
    "batch_mismatch": "Mã lô trong bản kê khác với tên tệp. Hãy đặt tên tệp đúng mã lô.",
    "scan_date_mismatch": "Ngày quét khác với ngày trong mã lô. Hãy sửa cho khớp.",
    "scan_date_in_future": "Ngày quét sau ngày gửi. Hãy kiểm tra lại đồng hồ của máy quét.",
    "empty_batch": "Lô không có tài liệu nào. Hãy gửi lại khi có tài liệu.",
    "path_outside_batch": "Đường dẫn tệp ra ngoài thư mục của lô. Chỉ dùng tên tệp nằm trong lô.",
    "malformed_hash": "Mã băm SHA-256 sai cấu trúc (64 ký tự thập lục phân viết thường). Hãy tính lại.",
    "absurd_size": "Dung lượng tệp ghi trong bản kê không hợp lý. Hãy kiểm tra lại.",
    "duplicate_document": "Một mã tài liệu xuất hiện nhiều lần. Mỗi tài liệu một mã riêng.",
    "duplicate_file": "Một tệp được kê nhiều lần. Mỗi tệp chỉ kê một lần.",
    "malformed_dossier_code": "Mã hồ sơ sai cấu trúc. Hãy chép đúng mã trên giấy tiếp nhận.",
    "dossier_code_missing": "Thiếu mã hồ sơ. Chỉ kết quả tồn đọng mới được để trống mã hồ sơ.",
    "pages_inconsistent": "Số trang có ghi chú không khớp với số trang giấy. Hãy đếm lại.",
    "files_inconsistent": "Tài liệu không quét thì không kê tệp; tài liệu có quét phải kê ít nhất một tệp.",
    "document_id_used": "Mã tài liệu đã dùng ở lô khác. Hãy đặt mã mới; nếu quét lại thì ghi mã cũ vào `replaces`.",
    "replaces_unknown": "Tài liệu cần thay thế chưa được gửi. Hãy gửi lô gốc trước, hoặc kiểm tra lại mã.",
    "replaces_mismatch": "Tài liệu thay thế phải cùng hồ sơ và cùng loại với tài liệu cũ.",
    "batch_already_committed": "Mã lô này đã được nhận với nội dung khác. Hãy gửi lô có số mới và dùng `replaces`.",
}
"""Reason code of a refusal -> what the agency's clerk reads."""

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
    kind: Literal["flatbed", "adf", "large_format", "camera"]


class File(_Part):
    """One file of a document, under the batch's prefix."""

    path: Annotated[Line, AfterValidator(_inside)]
    sha256: str
    bytes: int
    role: Literal["page", "tile", "reference"] = "page"
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
    kind: Literal["component", "interim_result", "result", "backlog_result"]
    title: Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_plain)]
    content: Literal["text", "map", "photo"]
    paper: Literal["a4", "a3", "a2", "a1", "a0", "other"]
    cover: Literal["matte", "glossy"]
    physical_pages: int = Field(ge=1, le=2_000)
    note_pages: tuple[int, ...] = Field(default=(), max_length=2_000)
    replaces: Identifier | None = None
    not_scanned: Literal["too_large", "glossy", "fragile", "no_device"] | None = None
    files: tuple[File, ...] = Field(default=(), max_length=MAX_FILES)

    @property
    def dossier_key(self) -> str | None:
        """The dossier's one normal spelling, None for a backlog result."""
        return None if self.dossier_code is None else dossier_key(self.dossier_code)

    @property
    def pages_declared(self) -> int:
        """Pages the files must hold: physical pages, and those scanned twice because of a note stuck on them."""
        return 0 if self.not_scanned else self.physical_pages + len(self.note_pages)

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
        code: reason code, a key of ``CODES_VI``.
        problems: what exactly is wrong, one dict a problem: where, vi, en.
    """

    def __init__(self, code: str, problems: list[dict[str, str]] | None = None) -> None:
        """Refuse with a reason code and its details."""
        super().__init__(code)
        self.code = code
        self.problems = problems or []


def parse_manifest(data: bytes) -> Manifest:
    """A manifest from its bytes.

    Raises:
        Refusal: it breaks the rules; the first rule broken that has a reason code of its own names the refusal.
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    types = [item["type"] for item in found]
    code = "not_json" if "json_invalid" in types else next((t for t in types if t in CODES_VI), "invalid_manifest")
    raise Refusal(code, [_problem(item) for item in found[:MAX_PROBLEMS]])


def _problem(item: ErrorDetails) -> dict[str, str]:
    where = ".".join(str(step + 1) if isinstance(step, int) else step for step in item["loc"])
    vi = CODES_VI.get(item["type"]) or LABELS_VI.get(item["type"], "giá trị không hợp lệ")
    return {"where": where[:200], "vi": vi, "en": item["msg"][:200]}
