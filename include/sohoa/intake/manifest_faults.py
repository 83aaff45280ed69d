"""All that is wrong with a manifest at once, each fault with its place, in words for who has to put it right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypedDict

from pydantic_core import ErrorDetails

from sohoa.clean_text import shorten
from sohoa.format_value import count
from sohoa.labels import LABELS, Label

MAX_PROBLEMS = 20
"""Kinds of faults that a receipt tells; the rest are counted."""
MAX_PLACES = 20
"""Places of one kind of fault that a receipt names; the rest are counted."""

_MAX_CHARACTERS = 200
_MAX_VALUE = 60
_QUOTED = re.compile("'([^']*)'")
_CODES = {
    "content": "contents", "paper": "papers", "cover": "covers", "role": "roles", "not_scanned": "not_scanned_reasons",
}  # fmt: skip
_KINDS = {"device": "device_kinds", "documents": "document_kinds"}  # of what the field ``kind`` speaks

Steps = tuple[str | int, ...]
"""The way to a value of a manifest: keys, and places in lists from 0."""


class Fault(NamedTuple):
    """One thing that is wrong with a manifest.

    Attributes:
        code: reason code, one of the refusals of ``sohoa.labels``, or an error that has none of its own.
        steps: where it is.
        words: what is wrong.
        place: where it is, for people; with the value that stands there.
    """

    code: str
    steps: Steps
    words: Label
    place: str = ""


class Problem(TypedDict):
    """One kind of fault as a receipt tells it.

    ``where`` is the first place as a path, ``places`` are all in words, ``more`` counts those that are left out.
    """

    code: str
    where: str
    vi: str
    en: str
    places: list[str]
    more: int


class Refusal(Exception):
    """Why a manifest is refused: control flow inside intake, it always ends as a receipt.

    Attributes:
        code: reason code, one of the refusals of ``sohoa.labels``.
        faults: what exactly is wrong.
    """

    def __init__(self, code: str, faults: Iterable[Fault] = ()) -> None:
        """Refuse with a reason code and its details."""
        super().__init__(code)
        self.code = code
        self.faults = list(faults)

    @classmethod
    def of(cls, faults: list[Fault]) -> Refusal:
        """Refuse for all of these: the first that has a reason code of its own names the refusal."""
        named = [fault.code for fault in faults if fault.code in LABELS["refusals"]]
        return cls(named[0] if named else "invalid_manifest", faults)

    @property
    def problems(self) -> list[Problem]:
        """The faults, those of one kind together, in the order in which they were found."""
        kinds: dict[tuple[str, str], Problem] = {}
        for fault in self.faults:
            key = fault.code, fault.words.vi
            if key not in kinds and len(kinds) < MAX_PROBLEMS:
                kinds[key] = _problem(fault)
            elif key in kinds:
                _add_place(kinds[key], fault.place)
        return list(kinds.values())


def _problem(fault: Fault) -> Problem:
    found: Problem = {
        "code": fault.code,
        "where": ".".join(str(step + 1) if isinstance(step, int) else step for step in fault.steps)[:_MAX_CHARACTERS],
        "vi": fault.words.vi,
        "en": fault.words.en[:_MAX_CHARACTERS],
        "places": [],
        "more": 0,
    }
    _add_place(found, fault.place)
    return found


def _add_place(problem: Problem, place: str) -> None:
    if not place:
        return
    if len(problem["places"]) < MAX_PLACES:
        problem["places"].append(place)
    else:
        problem["more"] += 1


def own_fault(code: str, steps: Steps, whole: Any, value: object = None) -> Fault:
    """Make the fault of a rule that has a reason code: its words are those of the refusal.

    Args:
        code: the reason code.
        steps: where the fault is.
        whole: the manifest as parsed JSON, to name the document by its id.
        value: what stands there, or a remark on it; null adds nothing.
    """
    return Fault(code, steps, LABELS["refusals"][code], _place(steps, whole, value))


def fault_of(item: ErrorDetails, whole: Any) -> Fault:
    """Make the fault that one error of the validation stands for: what is wrong, what is allowed, what stands there."""
    kind, steps = item["type"], item["loc"]
    value = None if kind in {"missing", "extra_forbidden"} else item["input"]
    if kind in LABELS["refusals"]:
        return own_fault(kind, steps, whole, value)
    words = words_of(item, LABELS["manifest_errors"])
    return Fault(kind, steps, Label(words, item["msg"]), _place(steps, whole, value))


def words_of(item: ErrorDetails, table: Mapping[str | None, Label]) -> str:
    """Say one error of the validation in the Vietnamese words of a table: kind of error, None for all others."""
    return table.get(item["type"], table[None]).vi.format_map(_allowed(item, item["loc"]))


def _allowed(item: ErrorDetails, steps: Steps) -> Mapping[str, str]:
    """The bounds and listed values that the words of an error name."""
    context = item.get("ctx", {})
    names = {name: count(value) if isinstance(value, int) else str(value) for name, value in context.items()}
    if "expected" in names:
        listed = _QUOTED.findall(names["expected"]) or [names["expected"]]
        table = LABELS.get(_table(steps), {})
        names["expected"] = ", ".join(f"{code} ({table[code].vi})" if code in table else code for code in listed)
    return names


def _table(steps: Steps) -> str:
    """The table of labels of a listed field."""
    field = str(steps[-1]) if steps else ""
    return _KINDS.get(str(steps[0]), "") if field == "kind" else _CODES.get(field, "")


def _place(steps: Steps, whole: Any, value: object = None) -> str:
    """Say where a value is: "Tài liệu 3 (mã D3), tệp 1, mã băm (sha256): đang ghi “abc”"."""
    words, parts, at = LABELS["manifest_fields"], list[str](), whole
    for step in steps:
        at = _inside(at, step)
        if step in ("documents", "files", "note_pages"):
            field = str(step)
        elif isinstance(step, int):
            parts.append(words[f"{field}[]"].vi.format(step + 1) + _id(at))
        else:
            parts.append(words[step].vi + f" ({step})" if step in words else str(step))
    if steps and not isinstance(steps[-1], int) and str(steps[-1]) in ("documents", "files", "note_pages"):
        parts.append(words[str(steps[-1])].vi)
    shown = _shown(value)
    found = ", ".join(parts) or words[""].vi
    found = found[:1].upper() + found[1:]
    return shorten(found, _MAX_CHARACTERS) + (f": {shown}" if shown else "")


def _inside(at: Any, step: str | int) -> Any:
    try:
        return at[step]
    except (KeyError, IndexError, TypeError):  # the validation has said that the shape is another
        return None


def _id(document: Any) -> str:
    name = document.get("document_id") if isinstance(document, dict) else None
    return LABELS["manifest_fields"]["named"].vi.format(shorten(name, _MAX_VALUE)) if isinstance(name, str) else ""


def _shown(value: object) -> str:
    if value is None or isinstance(value, (list, dict, tuple)):
        return ""
    return LABELS["manifest_fields"]["value"].vi.format(shorten(str(value), _MAX_VALUE)) if value != "" else ""
