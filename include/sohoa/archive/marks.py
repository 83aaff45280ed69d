"""What the archive asks of a PDF beside its page rows, without any library that reads one."""

from __future__ import annotations

from typing import TypedDict

PLACES = ("top_left", "top_right", "page_1", "other_page", "hidden")
"""Where a signature shows: at the top of page 1, elsewhere on it, on another page, nowhere."""


class Marks(TypedDict):
    """Where the signatures of a PDF show, and the PDF/A that it says it is."""

    places: list[str]
    """Of ``PLACES``, sorted; empty where it has no signature."""
    pdf_a: str
    """As ``2B``; empty where it claims none."""
