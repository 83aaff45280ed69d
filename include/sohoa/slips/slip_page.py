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

from sohoa.clean_text import clean, shorten
from sohoa.defects import DEFECTS
from sohoa.enums import OUTCOMES, Outcome
from sohoa.format_value import count, day
from sohoa.labels import label_vi
from sohoa.layout import BatchId
from sohoa.registry import owner_at
from sohoa.settings import TIME_ZONE
from sohoa.slips.marks import Mark, draw_mark, find_mark
from sohoa.slips.quantities import LimitInWords, explain_limit
from sohoa.slips.receipt import Receipt, ReceiptDocument, ReceiptPage, Resend

MAX_DOCUMENTS = 200
"""Documents to scan again or in review that are shown with their pages; the receipt names them all."""
MAX_PAGES = 60
"""Pages of a document that are shown."""
MAX_LISTED = 500
"""Rows of the lists of other documents."""

_MAX_CHARACTERS = 200
_MAX_FREQUENT = 4
_TICKED = re.compile("`([^`]+)`")


@dataclass(frozen=True)
class SlipDefect:
    """One defect as the slip shows it; cause and advice only where it is first seen in its document."""

    number: int
    label: str
    limits: tuple[LimitInWords, ...] = ()
    mark: Mark | None = None
    cause: str = ""
    advice: str = ""


@dataclass(frozen=True)
class SlipDocument:
    """A document's faulty pages with their defects, and the defects that it has as a whole."""

    pages: tuple[tuple[ReceiptPage, tuple[SlipDefect, ...]], ...]
    own: tuple[SlipDefect, ...]


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sohoa.slips"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    filters: dict[str, Callable[..., Any]] = {
        "text": lambda value: shorten(clean(str(value)), _MAX_CHARACTERS),
        "count": count,
        "day": lambda value: day(date.fromisoformat(value)),
        "time": _local_time,
        "shown": show_document,
        "frequent": frequent_defects,
        "ticked": lambda text: Markup(_TICKED.sub(r"<code>\1</code>", str(escape(text)))),  # noqa: S704 (escaped before)
        "marked": lambda defect, picture: draw_mark(defect.mark, defect.number, picture),
        "label": lambda code, table: label_vi(table, code),
        "fragment": fragment,
    }
    environment.filters |= filters
    return environment


def render(receipt: Receipt, pictures: Mapping[str, str], contact: str, days: int) -> str:
    """Render the page; the same receipt and pictures give the same text.

    Args:
        receipt: as ``make_receipt`` makes it.
        pictures: name -> JPEG in base64; those that have been deleted are absent.
        contact: whom to ask for a waiver.
        days: how long pictures are kept.
    """
    style = (files("sohoa.slips") / "templates" / "slip.css").read_text(encoding="utf-8")
    found = owner_at(receipt["agency"], _scan_day(receipt))
    groups: dict[Outcome, list[ReceiptDocument]] = {name: [] for name in OUTCOMES}
    for document in receipt["documents"] if receipt["status"] == "admitted" else ():
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
            max_documents=MAX_DOCUMENTS,
            max_pages=MAX_PAGES,
            max_listed=MAX_LISTED,
        )
    )


def show_document(document: ReceiptDocument) -> SlipDocument:
    """List what the slip shows of a document: each defect of a page with what was measured and where it is."""
    explained: set[str] = set()
    pages = tuple((page, tuple(_show_defects(page, explained))) for page in _faulty_pages(document))
    own = [defect["name"] for defect in document["defects"] if defect["name"] not in explained]
    return SlipDocument(pages, tuple(_show(0, name, explained) for name in own))


def _faulty_pages(document: ReceiptDocument) -> list[ReceiptPage]:
    return [page for page in document["pages"] if page["is_faulty"]]


def _show_defects(page: ReceiptPage, explained: set[str]) -> Iterator[SlipDefect]:
    for number, defect in enumerate(page["defects"], start=1):
        failed = [measured for measured in page["measured"] if measured["defect"] == defect["name"]]
        limits = dict.fromkeys(found for found in map(explain_limit, failed) if found is not None)
        mark = find_mark(failed, page["picture"])
        yield _show(number, defect["name"], explained, tuple(limits), mark)


def _show(
    number: int, name: str, explained: set[str], limits: tuple[LimitInWords, ...] = (), mark: Mark | None = None
) -> SlipDefect:
    """A defect, with cause and advice where ``explained`` lacks it; adds the name to ``explained``."""
    defect = DEFECTS[name]
    words = ("", "") if name in explained else (defect.cause_vi, defect.advice_vi)
    explained.add(name)
    return SlipDefect(number, defect.label_vi, limits, mark, *words)


def frequent_defects(documents: list[ReceiptDocument]) -> list[tuple[str, int]]:
    """List the most frequent defects of these documents and their pages: label, and how many documents have it."""
    found: Counter[str] = Counter()
    for document in documents:
        found.update({defect["vi"] for part in (document, *_faulty_pages(document)) for defect in part["defects"]})
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MAX_FREQUENT]


def fragment(resend: Resend) -> str:
    """Write a document of the next manifest as JSON, with placeholders for the new file."""
    file = {"path": "<tên tệp mới>", "sha256": "<mã SHA-256 của tệp mới>", "bytes": "<dung lượng>"}
    known = {name: resend[name] for name in Resend.__annotations__ if name in resend}  # type: ignore[literal-required]
    whole = {name: clean(value) if isinstance(value, str) else value for name, value in known.items()}
    return json.dumps(whole | {"files": [file]}, ensure_ascii=False, indent=2)


def _scan_day(receipt: Receipt) -> date:
    """The batch's scan day; of a refused batch whose name tells none the day on which it came."""
    named = BatchId.parse(receipt["batch"])
    return named.scan_date if named else datetime.fromisoformat(receipt["received_at"]).astimezone(TIME_ZONE).date()


def _local_time(text: str) -> str:
    local = datetime.fromisoformat(text).astimezone(TIME_ZONE)
    return f"{local:%H:%M} ngày {day(local)}"
