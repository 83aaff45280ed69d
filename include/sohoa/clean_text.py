"""Texts and file names that agencies gave, made fit to print.

Nothing stays that cannot be seen, that turns the direction of the line, or that a format cannot hold.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

REPLACEMENT = "\ufffd"
_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff"  # invisible; direction
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]"  # surrogates and noncharacters
)


def clean(text: str) -> str:
    """Write a text on one line, U+FFFD where a control, invisible, direction or impossible character stood."""
    return _UNPRINTABLE.sub(REPLACEMENT, _BREAKS.sub(" ", text))


def shorten(text: str, limit: int) -> str:
    """Cut a text to ``limit`` characters, with "…" as the last one when it was longer."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escape_name(path: Path | str) -> str:
    r"""Write the name of a file with an escape for each byte that is not UTF-8: ``Gi\xca\xe1y.jpg``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
