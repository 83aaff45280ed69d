"""The entries of the file of limits, and what makes one well formed."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Annotated, Any, Literal, get_args

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from sohoa.defects import DEFECTS
from sohoa.enums import CONTENTS, COVERS, DEVICE_KINDS, DOCUMENT_KINDS, ERROR_CODES, PAPERS, Severity
from sohoa.schema import MEASURED

Scope = dict[str, tuple[str, ...] | float]
"""Declared column -> the values for which a limit holds; measured column -> the number that it is known and below.

A column that is not named may hold anything.
"""

OwnDefect = Literal["missing_page", "extra_page", "hash_mismatch", "duplicate_page", "wrong_colour"]
OWN_DEFECTS: tuple[OwnDefect, ...] = get_args(OwnDefect)
"""Defects that a document has of its own; each has a ``[[document]]`` entry."""

FileCheck = Literal["file_name", "signature_place", "pdf_a"]
"""Its name without the ending | where its signatures show (``archive.marks.PLACES``; `none`) | the PDF/A it claims."""
FILE_CODE = "{code}"
"""In a pattern of names stands for the code of the file's dossier."""

_OWN_LIMITS = {"missing_page", "duplicate_page", "wrong_colour"}
_DECLARED = {"kind": DOCUMENT_KINDS, "paper": PAPERS, "cover": COVERS, "content": CONTENTS, "device": DEVICE_KINDS}
DECLARED_COLUMNS = {name: "device_kind" if name == "device" else name for name in _DECLARED}
"""Key of a limit -> the column of the table ``pages`` that it looks at."""

_LISTED = {pa.string(): str, pa.int64(): int, pa.bool_(): bool}
_NUMBERS = (pa.int64(), pa.float64())
_Text = Annotated[str, Field(min_length=1)]


class DocumentLimit(BaseModel):
    """One ``[[document]]`` entry: how bad a defect of a document's own is, and of some the limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    defect: OwnDefect
    limit: StrictFloat | StrictInt | None = None
    unit: str = ""
    severity: Severity
    reason: _Text
    source: _Text

    @model_validator(mode="after")
    def _has_a_limit_where_it_needs_one(self) -> DocumentLimit:
        if (self.limit is not None) != (self.defect in _OWN_LIMITS):
            raise ValueError(f"limit: only {', '.join(sorted(_OWN_LIMITS))} take one, and need it")
        return self


class FileLimit(BaseModel):
    """One ``[[file]]`` entry: what a file must be where it is handed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: FileCheck
    limit: StrictStr | tuple[StrictStr, ...]
    severity: Severity
    reason: _Text
    source: _Text
    profile: tuple[str, ...]

    @model_validator(mode="after")
    def _has_a_limit_of_its_kind(self) -> FileLimit:
        if isinstance(self.limit, str) != (self.check == "file_name"):
            raise ValueError(f"limit: {self.check} takes a {'pattern' if self.check == 'file_name' else 'list'}")
        if isinstance(self.limit, str):
            try:
                re.compile(self.limit.replace(FILE_CODE, "x"))
            except re.error as error:
                raise ValueError(f"limit: {self.limit!r} is no pattern: {error}") from None
        return self


class Limit(BaseModel):
    """One ``[[page]]`` entry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    defect: str
    column: str
    test: Literal["min", "max", "max_abs", "one_of", "none_of", "not_null"]
    limit: StrictFloat | StrictInt | tuple[StrictBool | StrictInt | StrictStr, ...] | None = None
    unit: str = ""
    rounded: tuple[StrictFloat, ...] = ()
    severity: Severity
    reason: _Text
    source: _Text
    profile: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    paper: tuple[str, ...] = ()
    cover: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    below: dict[str, StrictFloat | StrictInt] = Field(default_factory=dict)
    device: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_what_exists(self) -> Limit:
        _require_known("defect", [self.defect], DEFECTS)
        _require_known("column", [self.column], MEASURED.names)
        for name, allowed in _DECLARED.items():
            _require_known(name, getattr(self, name), allowed)
        numbers = [field.name for field in MEASURED if field.type in _NUMBERS]
        _require_known("column of numbers", self.below, numbers)
        _require_fitting_limit(self)
        if self.rounded and self.test not in {"min", "max"}:
            raise ValueError(f"rounded: {self.test} compares nothing")
        return self

    @property
    def key(self) -> tuple[str, str, str]:
        """What limits that replace one another have in common."""
        return self.defect, self.column, self.severity

    @property
    def scope(self) -> Scope:
        """Which pages of a profile the limit is for; all where it is empty."""
        declared = {column: getattr(self, name) for name, column in DECLARED_COLUMNS.items() if getattr(self, name)}
        return declared | self.below


def _require_known(what: str, values: Collection[Any], allowed: Collection[str]) -> None:
    for value in values:
        if value not in allowed:
            raise ValueError(f"unknown {what} {value!r}; use one of {', '.join(allowed)}")


def _require_fitting_limit(entry: Limit) -> None:
    """Raise ValueError where the limit is not of the kind that the test and the column need."""
    kind = MEASURED.field(entry.column).type
    if entry.test == "not_null":
        if entry.limit is not None:
            raise ValueError("not_null takes no limit")
    elif entry.test in {"one_of", "none_of"}:
        wanted = _LISTED.get(kind)
        if not isinstance(entry.limit, tuple) or not entry.limit or {type(value) for value in entry.limit} != {wanted}:
            raise ValueError(f"{entry.test} takes a list of values as its limit; {entry.column} is {kind}")
        if entry.column == "error":
            _require_known("error code", entry.limit, ERROR_CODES)
    elif isinstance(entry.limit, tuple) or entry.limit is None or not math.isfinite(entry.limit):
        raise ValueError(f"{entry.test} takes a number as its limit")
    elif kind not in _NUMBERS:
        raise ValueError(f"{entry.test} needs a column of numbers; {entry.column} is {kind}")
