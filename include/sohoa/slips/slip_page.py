"""The return slip of one batch: an HTML page that tells a clerk which documents to scan again, and how.

It is made from the JSON receipt and its pictures alone, fetches nothing and runs no script. Every text of an agency is
cleaned and escaped.
"""

from __future__ import annotations

import base64
import hashlib
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
from sohoa.quality.quantities import LimitInWords, explain_limit
from sohoa.registry import owner_at
from sohoa.settings import TIME_ZONE
from sohoa.slips.marks import Mark, draw_mark, find_mark
from sohoa.slips.receipt import Receipt, ReceiptDocument, ReceiptPage

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
    after: int = 0
    """Number of the defect of the same page of which this one may be but a consequence; 0 where there is none."""


@dataclass(frozen=True)
class SlipDocument:
    """A document's faulty pages with their defects, and the defects that it has as a whole."""

    pages: tuple[tuple[ReceiptPage, tuple[SlipDefect, ...]], ...]
    own: tuple[SlipDefect, ...]


@lru_cache
def environment() -> Environment:
    """Load the templates, with what they call."""
    templates = Environment(
        loader=PackageLoader("sohoa.slips"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    filters: dict[str, Callable[..., Any]] = {
        "text": lambda value: shorten(clean(str(value)), _MAX_CHARACTERS),
        "whole": lambda value: clean(str(value)),
        "count": count,
        "day": lambda value: day(date.fromisoformat(value)),
        "time": _local_time,
        "shown": show_document,
        "frequent": frequent_defects,
        "ticked": lambda text: Markup(_TICKED.sub(r"<code>\1</code>", str(escape(text)))),  # noqa: S704 (escaped before)
        "marked": lambda defect, picture: draw_mark(defect.mark, defect.number, picture),
        "label": lambda code, table: label_vi(table, code),
        "notes": frequent_notes,
    }
    templates.filters |= filters
    return templates


@dataclass(frozen=True)
class Contacts:
    """Whom a slip names: for waivers and reviews, and for what an agency cannot scan itself."""

    waiver: str
    unscanned: str


def render(receipt: Receipt, pictures: Mapping[str, str], contacts: Contacts, days: int, resend: str = "") -> str:
    """Render the page; the same receipt and pictures give the same text.

    Args:
        receipt: as ``make_receipt`` makes it.
        pictures: name -> JPEG in base64; those that have been deleted are absent.
        contacts: whom to turn to.
        days: how long pictures are kept.
        resend: path of the file that makes the next manifest; empty where nothing is to be sent again.
    """
    style = read_style()
    found = owner_at(receipt["agency"], _scan_day(receipt))
    groups: dict[Outcome, list[ReceiptDocument]] = {name: [] for name in OUTCOMES}
    for document in receipt["documents"] if receipt["status"] == "admitted" else ():
        groups[document["outcome"]].append(document)
    return (
        environment()
        .get_template("slip.html")
        .render(
            receipt=receipt,
            agency=found.name if found else "",
            groups=groups,
            pictures=pictures,
            contacts=contacts,
            resend_folder=resend.rpartition("/")[0] + "/",
            resend_name=resend.rpartition("/")[2],
            days=days,
            style=Markup(style),  # noqa: S704 (this project's own text)
            style_hash=content_hash(style),
            max_documents=MAX_DOCUMENTS,
            max_pages=MAX_PAGES,
            max_listed=MAX_LISTED,
        )
    )


def read_style() -> str:
    """Read the style of the pages that an agency gets."""
    return (files("sohoa.slips") / "templates" / "slip.css").read_text(encoding="utf-8")


def content_hash(text: str) -> str:
    """Write the hash by which a content security policy lets a style or script in."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def show_document(document: ReceiptDocument) -> SlipDocument:
    """List what the slip shows of a document: each defect of a page with what was measured and where it is."""
    explained: set[str] = set()
    pages = tuple((page, tuple(_show_defects(page, explained))) for page in _faulty_pages(document))
    own = [defect["name"] for defect in document["defects"] if defect["name"] not in explained]
    return SlipDocument(pages, tuple(_show(0, name, explained) for name in own))


def _faulty_pages(document: ReceiptDocument) -> list[ReceiptPage]:
    return [page for page in document["pages"] if page["is_faulty"]]


def _show_defects(page: ReceiptPage, explained: set[str]) -> Iterator[SlipDefect]:
    numbers = {name: number for number, name in enumerate(first_causes(page), start=1)}
    for name, number in numbers.items():
        failed = [measured for measured in page["measured"] if measured["defect"] == name]
        limits = tuple(dict.fromkeys(found for found in map(explain_limit, failed) if found is not None))
        after = min((numbers[cause] for cause in DEFECTS[name].follows if cause in numbers), default=0)
        if after:  # no mark: where a consequence is seen the eye would be led away from the cause
            yield SlipDefect(number, DEFECTS[name].label_vi, limits, after=after)
        else:
            yield _show(number, name, explained, limits, find_mark(failed, page["picture"]))


def first_causes(page: ReceiptPage) -> list[str]:
    """List the defects of a page, those to be seen to first in front: no mere consequences, then the worst."""
    names = [defect["name"] for defect in page["defects"]]
    follows = {name for name in names if set(DEFECTS[name].follows) & set(names)}
    reviewed = {measured["defect"] for measured in page["measured"] if measured["severity"] == "review"}
    rejected = {measured["defect"] for measured in page["measured"] if measured["severity"] == "reject"}
    return sorted(names, key=lambda name: (name in follows, name in reviewed - rejected))


def _show(
    number: int, name: str, explained: set[str], limits: tuple[LimitInWords, ...] = (), mark: Mark | None = None
) -> SlipDefect:
    """A defect, with cause and advice where ``explained`` lacks it; adds the name to ``explained``."""
    defect = DEFECTS[name]
    words = ("", "") if name in explained else (defect.cause_vi, defect.advice_vi)
    explained.add(name)
    return SlipDefect(number, defect.label_vi, limits, mark, *words)


def frequent_defects(documents: list[ReceiptDocument]) -> list[tuple[str, int]]:
    """List the most frequent first defects of these documents' pages, and of their own: label, number of documents."""
    found: Counter[str] = Counter()
    for document in documents:
        causes = {name for page in _faulty_pages(document) for name in first_causes(page)[:1]}
        found.update(DEFECTS[name].label_vi for name in causes | {defect["name"] for defect in document["defects"]})
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MAX_FREQUENT]


def frequent_notes(documents: list[ReceiptDocument]) -> list[tuple[str, int, str]]:
    """List the notes of documents and pages, the most frequent first: label, how many documents, what to do next time.

    A note withholds nothing.
    """
    found: Counter[str] = Counter()
    for document in documents:
        found.update({note["name"] for page in document["pages"] for note in page["notes"]})
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MAX_FREQUENT]
    return [(DEFECTS[name].label_vi, times, DEFECTS[name].advice_vi) for name, times in ordered]


def _scan_day(receipt: Receipt) -> date:
    """The batch's scan day; of a refused batch whose name tells none the day on which it came."""
    named = BatchId.parse(receipt["batch"])
    return named.scan_date if named else datetime.fromisoformat(receipt["received_at"]).astimezone(TIME_ZONE).date()


def _local_time(text: str) -> str:
    local = datetime.fromisoformat(text).astimezone(TIME_ZONE)
    return f"{local:%H:%M} ngày {day(local)}"
