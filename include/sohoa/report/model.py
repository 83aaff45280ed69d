"""What a weekly report says, before any format: sections, tables and charts of plain Python values.

``build_report`` reads it from the store; ``formats`` print it. A value is a number, a date,
a text or None, never a formatted text: ``format_value`` writes it the Vietnamese way, the same in every format.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

Kind = Literal["text", "code", "count", "percent", "number", "date", "week"]
NUMBERS = frozenset({"count", "percent", "number"})


@dataclass(frozen=True)
class Column:
    """A column of a table; ``kind`` says how a value is written (a ``percent`` is in per cent: 97.92 is 97,92 %)."""

    key: str
    label_vi: str
    label_en: str
    kind: Kind
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """A table; ``name`` is an ASCII identifier, unique in the report and at most 31 characters (a sheet's name)."""

    name: str
    title_vi: str
    title_en: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    note_vi: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart as a Vega-Lite specification with its data inside; ``alt_vi`` says what it shows, with the figures."""

    name: str
    title_vi: str
    alt_vi: str
    spec: dict[str, Any]


@dataclass(frozen=True)
class Section:
    """One of the parts I to VI."""

    number: str
    title_vi: str
    paragraphs: tuple[str, ...]
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class WeekReport:
    """The report of one ISO week, Monday to Sunday. ``content_hash`` is the SHA-256 of everything else in it."""

    week: str
    first_day: date
    last_day: date
    sections: tuple[Section, ...]
    annex: tuple[Table, ...]
    definition_vi: str
    versions: tuple[str, ...]
    content_hash: str

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table of the report, the annex last."""
        return tuple(table for section in self.sections for table in section.tables) + self.annex

    def to_json(self) -> bytes:
        """The report as UTF-8 JSON: dates are ISO texts, keys are sorted; the same report gives the same bytes."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, default=_plain, indent=1).encode()


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"A report holds no {type(value).__name__}: {value!r}")
