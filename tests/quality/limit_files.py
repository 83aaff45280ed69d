"""Files of limits, made for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sohoa.quality.thresholds import Thresholds, read_thresholds

OWN = "".join(
    f'[[document]]\ndefect = "{defect}"\n{limit}severity = "reject"\nreason = "r"\nsource = "s"\n'
    for defect, limit in (
        ("missing_page", "limit = 0.02\n"),
        ("extra_page", ""),
        ("hash_mismatch", ""),
        ("duplicate_page", "limit = 10\n"),
        ("wrong_colour", "limit = 20\n"),
    )
)
HEAD = '[profiles]\ntthc = "dossiers"\narchive = "archive"\n' + OWN


def limit(**changes: Any) -> str:
    """A ``[[page]]`` entry: skewed over 1° is rejected, with these keys changed; None leaves a key out."""
    entry = {"defect": "skewed", "column": "skew_deg", "test": "max_abs", "limit": 1.0, "severity": "reject"}
    entry |= {"reason": "r", "source": "s"} | changes
    lines = [f"{key} = {value!r}".replace("True", "true") for key, value in entry.items() if value is not None]
    return "[[page]]\n" + "\n".join(lines) + "\n"


def read(tmp_path: Path, *entries: str, profile: str = "tthc", head: str = HEAD) -> Thresholds:
    """The limits of a file with these entries."""
    path = tmp_path / "limits.toml"
    path.write_text(head + "".join(entries), encoding="utf-8")
    return read_thresholds(path, profile)
