"""The page beside a slip that makes the manifest for what must be sent again, from files that a clerk chooses.

It holds what the new manifest says of each document: its new id, the id that it replaces, dossier, kind. The browser
adds names, sizes and hashes of the new files, which nobody can write by hand. Nothing leaves the browser.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from sohoa.clean_text import clean
from sohoa.enums import DEVICE_KINDS
from sohoa.labels import LABELS
from sohoa.slips.receipt import Receipt, ReceiptDocument, Resend
from sohoa.slips.slip_page import content_hash, environment, read_style

_FIRST_NUMBER, _NUMBERS = 500, 500
"""Batches of one day are numbered from 001 on; those that the page proposes lie above them."""
_LARGE: tuple[str, ...] = ("a3", "a2", "a1", "a0")
_ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def make_resend_page(receipt: Receipt) -> str:
    """Render the page; empty where nothing of the batch can be sent again. The same receipt gives the same text."""
    if receipt["status"] != "admitted":
        return ""
    documents = [_entry(document) for document in receipt["documents"] if document["resend"]]
    if not documents:
        return ""
    data = {
        "agency": receipt["agency"],
        "batch": receipt["batch"],
        "number": f"{_FIRST_NUMBER + int(receipt['manifest_sha256'][:12], 16) % _NUMBERS:03d}",
        "operator": clean(receipt["operator"] or ""),
        "operator_org": clean(receipt["operator_org"] or ""),
        "device": {
            "id": clean(receipt["device_id"] or ""),
            "model": clean(receipt.get("device_model") or ""),
            "kind": receipt.get("device_kind") or "",
        },
        "documents": documents,
    }
    style, script = _style(), _script()
    template = environment().get_template("resend.html")
    return template.render(
        batch=receipt["batch"],
        kinds=[(code, LABELS["device_kinds"][code].vi) for code in DEVICE_KINDS],
        data=Markup(json.dumps(data, ensure_ascii=False, indent=1).translate(_ESCAPED)),  # noqa: S704 (escaped here)
        style=Markup(style),  # noqa: S704 (this project's own text)
        script=Markup(script),  # noqa: S704 (this project's own text)
        style_hash=content_hash(style),
        script_hash=content_hash(script),
    )


def _entry(document: ReceiptDocument) -> dict[str, Any]:
    """A document as the page shows it and as the next manifest lists it."""
    again = document["resend"]
    assert again is not None
    known = {name: again[name] for name in Resend.__annotations__ if name in again}  # type: ignore[literal-required]  # its own names
    listed = {name: clean(value) if isinstance(value, str) else value for name, value in known.items()}
    found = [part for page in document["pages"] if page["is_faulty"] for part in page["defects"]]
    reasons = dict.fromkeys(defect["vi"] for defect in [*document["defects"], *found])
    unscanned = document["not_scanned"]
    return {
        "listed": listed,
        "reasons": [LABELS["not_scanned_reasons"][unscanned].vi] if unscanned else list(reasons),
        "must": document["outcome"] == "to_scan",
        "may_be_tiled": bool(document["sheets"]) or document["paper"] in _LARGE,
        "was_tiled": bool(document["sheets"]),
        "notes": document["note_pages"],
    }


@lru_cache
def _style() -> str:
    return read_style() + _read("resend.css")


@lru_cache
def _script() -> str:
    return _read("sha256.js") + _read("resend.js")


def _read(name: str) -> str:
    return (files("sohoa.slips") / "templates" / name).read_text(encoding="utf-8")
