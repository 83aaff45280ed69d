"""The return slip of one batch: an HTML page that tells a clerk which documents to scan again, and how.

It is made from the JSON receipt and its pictures alone, fetches nothing and runs no script. Every text of an agency is
cleaned and escaped.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from sohoa.defects import DEFECTS
from sohoa.registry import find_agency
from sohoa.report.format_value import format_value
from sohoa.report.printable_text import clean, shorten
from sohoa.settings import TIME_ZONE
from sohoa.slips.causes import CAUSES_VI, ERRORS_VI
from sohoa.slips.marks import Mark, draw_mark, find_mark
from sohoa.slips.quantities import Finding, describe
from sohoa.slips.receipt_outcomes import OUTCOMES, RESENT

MOST_DOCUMENTS = 200
"""Documents to scan again or in review that are shown with their pages; the receipt names them all."""
MOST_PAGES = 60
"""Pages of a document that are shown."""
MOST_LISTED = 500
"""Rows of the lists of other documents."""

_MOST_CHARACTERS = 200
_MOST_FREQUENT = 4
_TICKED = re.compile("`([^`]+)`")
Row = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """One defect as the slip shows it; cause and advice only where it is first seen in its document."""

    number: int
    label: str
    findings: tuple[Finding, ...] = ()
    mark: Mark | None = None
    cause: str = ""
    advice: str = ""


@dataclass(frozen=True)
class ShownDocument:
    """A document's faulty pages with their defects, and the defects that it has as a whole."""

    pages: tuple[tuple[Row, tuple[Shown, ...]], ...]
    own: tuple[Shown, ...]


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sohoa.slips"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    filters: dict[str, Callable[..., Any]] = {
        "text": lambda value: shorten(clean(str(value)), _MOST_CHARACTERS),
        "count": lambda value: format_value(value, "count"),
        "day": lambda value: format_value(date.fromisoformat(value), "date"),
        "time": _local_time,
        "shown": show_document,
        "frequent": frequent_defects,
        "ticked": lambda text: Markup(_TICKED.sub(r"<code>\1</code>", str(escape(text)))),  # noqa: S704 (escaped before)
        "marked": lambda defect, picture: draw_mark(defect.mark, defect.number, picture),
        "error": lambda error: ERRORS_VI.get(error.partition(":")[0], ""),
        "fragment": fragment,
    }
    environment.filters |= filters
    return environment


def render(receipt: Row, pictures: Mapping[str, str], contact: str, days: int) -> str:
    """The page; the same receipt and pictures give the same text.

    Args:
        receipt: as ``intake.receipts`` makes it.
        pictures: name -> JPEG in base64; those that have been deleted are absent.
        contact: whom to ask for a waiver.
        days: how long pictures are kept.
    """
    style = (files("sohoa.slips") / "templates" / "slip.css").read_text(encoding="utf-8")
    found = find_agency(receipt["agency"])
    groups: dict[str, list[Row]] = {name: [] for name in OUTCOMES}
    for document in receipt.get("documents", ()):
        groups[document["outcome"]].append(document)
    return (
        _environment()
        .get_template("slip.html")
        .render(
            receipt=receipt,
            agency=found.name if found else "",
            groups=groups,
            pictures=pictures,
            contact=contact,
            days=days,
            style=Markup(style),  # noqa: S704 (this project's own text)
            style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            most_documents=MOST_DOCUMENTS,
            most_pages=MOST_PAGES,
            most_listed=MOST_LISTED,
        )
    )


def faulty_pages(document: Row) -> list[Row]:
    """The pages that the slip shows: those with a defect, and copies of others; notes alone do not count."""
    copies = {(copy["file"], copy["page_no"]) for copy in document["duplicates"]}
    return [
        page for page in document["pages"] if page["verdict"] != "accepted" or (page["file"], page["page_no"]) in copies
    ]


def show_document(document: Row) -> ShownDocument:
    """What the slip shows of a document: each defect of a page with what was measured and where it is."""
    told: set[str] = set()
    pages = tuple((page, tuple(_show_defects(page, told))) for page in faulty_pages(document))
    own = [defect["name"] for defect in document["defects"] if defect["name"] not in told]
    return ShownDocument(pages, tuple(_show(0, name, told) for name in own))


def _show_defects(page: Row, told: set[str]) -> Iterator[Shown]:
    for number, defect in enumerate(page["defects"], start=1):
        failed = [measured for measured in page["measured"] if measured["defect"] == defect["name"]]
        findings = dict.fromkeys(found for found in map(describe, failed) if found is not None)
        yield _show(number, defect["name"], told, tuple(findings), find_mark(failed, page["picture"]))


def _show(
    number: int, name: str, told: set[str], findings: tuple[Finding, ...] = (), mark: Mark | None = None
) -> Shown:
    """A defect, its cause and advice where ``told`` lacks it; it is told then."""
    is_first = name not in told
    told.add(name)
    defect, cause = DEFECTS[name], CAUSES_VI[name]
    words = (cause, defect.advice_vi) if is_first else ("", "")
    return Shown(number, defect.label_vi, findings, mark, *words)


def frequent_defects(documents: list[Row]) -> list[tuple[str, int]]:
    """The labels of the most frequent defects of these documents and their pages, and how many documents have each."""
    found: Counter[str] = Counter()
    for document in documents:
        found.update({defect["vi"] for part in (document, *faulty_pages(document)) for defect in part["defects"]})
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MOST_FREQUENT]


def fragment(resend: Row) -> str:
    """A document of the next manifest as JSON, with placeholders for the new file."""
    file = {"path": "<tên tệp mới>", "sha256": "<mã SHA-256 của tệp mới>", "bytes": "<dung lượng>"}
    known = [(name, resend[name]) for name in RESENT if name in resend]
    whole = {name: clean(value) if isinstance(value, str) else value for name, value in known}
    return json.dumps(whole | {"files": [file]}, ensure_ascii=False, indent=2)


def _local_time(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(TIME_ZONE):%H:%M ngày %d/%m/%Y}"
