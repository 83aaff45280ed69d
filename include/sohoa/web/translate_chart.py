"""The words on a chart of the report in the reader's language: the report itself is Vietnamese."""

from __future__ import annotations

from typing import Any

from sohoa.labels import LABELS
from sohoa.web.languages import Language


def translated(spec: Any, language: Language) -> Any:
    """Return a specification with its titles and classes in the language; texts that no label has stay as they are."""
    return spec if language.code == "vi" else _translate(spec, {label.vi: label.en for label in _words()})


def _words() -> list[Any]:
    tables = ("chart_words", "chart_lines", "defects", "verdicts")
    return [label for table in tables for label in LABELS[table].values()]


def _translate(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _translate(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_translate(item, words) for item in value]
    return words.get(value, value) if isinstance(value, str) else value
