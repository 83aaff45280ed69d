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
    return _word(value, words) if isinstance(value, str) else value


def _word(text: str, words: dict[str, str]) -> str:
    """A text that is a word, or that begins with the name of a line and goes on with its figure."""
    for label in LABELS["chart_lines"].values():
        if text.startswith(f"{label.vi} "):
            return label.en + text.removeprefix(label.vi).replace(",", ".")
    return words.get(text, text)
