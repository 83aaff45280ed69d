"""What a weekly report says, before any format: sections, tables and charts of plain Python values.

``build_report`` reads it from the store; ``formats`` print it. A value is a number, a date, a code, a text or None,
never a formatted text: ``Column.text`` writes it the Vietnamese way, the same in every format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from sohoa.format_value import day, format_value, week
from sohoa.labels import label_vi

Kind = Literal["text", "code", "label", "labels", "count", "percent", "number", "date", "week"]
NUMBERS = frozenset({"count", "percent", "number"})
WORDS = frozenset({"text", "label", "labels"})
DEFINITIONS_TITLE = "Cách tính tỷ lệ và cách so sánh"
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
"""Numbers of sections, and of the parts of the annex."""
UNSIGNED = "Báo cáo do hệ thống lập tự động, chưa ký."
Row = Mapping[str, Any]
"""Value by the key of its column."""


@dataclass(frozen=True)
class Column:
    """A column of a table; ``kind`` says how a value is written (a ``percent`` is in per cent: 97.92 is 97,92 %).

    Attributes:
        key: key of the value in a row.
        label_vi: Vietnamese heading.
        label_en: English heading.
        kind: ``label`` is a code, ``labels`` a tuple of codes.
        unit: unit of the values.
        labels: table of ``sohoa.labels`` that the codes stand in.
        note: key of a text that is printed in brackets after a label.
    """

    key: str
    label_vi: str
    label_en: str
    kind: Kind
    unit: str = ""
    labels: str = ""
    note: str = ""

    def text(self, row: Row) -> str:
        """Write the value of a row as it is printed."""
        value = row[self.key]
        if self.kind == "labels":
            return "; ".join(label_vi(self.labels, code) for code in value)
        if self.kind == "label":
            note = row[self.note] if self.note and value is not None else None
            return label_vi(self.labels, value) + (f" ({note})" if note else "")
        return format_value(value, self.kind)

    @property
    def heading(self) -> str:
        """The heading with the unit of the values where neither they nor the words name it."""
        has_unit = self.unit and self.kind != "percent" and self.unit.lower() not in self.label_vi.lower()
        return f"{self.label_vi} ({self.unit})" if has_unit else self.label_vi


@dataclass(frozen=True)
class Table:
    """A table; ``name`` is an ASCII identifier, unique in the report and at most 31 characters (a sheet's name).

    A row may hold values that no column prints.
    """

    name: str
    title_vi: str
    title_en: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note_vi: str = ""
    page_by: str = ""
    """Key of a text column: on paper the rows of each of its values, which stand together, are a page of their own that
    has it as title."""

    def row(self, key: str, value: Any) -> Row:
        """Find the row with a value."""
        return next(row for row in self.rows if row[key] == value)

    def texts(self, row: Row) -> list[str]:
        """Write the cells of a row."""
        return [column.text(row) for column in self.columns]


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
    message_vi: tuple[str, ...]
    """What the first page says, most important first."""
    definitions_vi: tuple[str, ...]
    """How the figures are counted and compared, in paragraphs."""
    versions: tuple[str, ...]
    content_hash: str

    @property
    def title(self) -> str:
        """What the report is called."""
        return f"Báo cáo số hóa hồ sơ – {week(self.week)}"

    @property
    def days(self) -> str:
        """First and last day of the week."""
        return f"{day(self.first_day)} – {day(self.last_day)}"

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table of the report, the annex last."""
        return tuple(table for section in self.sections for table in section.tables) + self.annex

    def to_json(self) -> bytes:
        """Write the report as UTF-8 JSON: dates as ISO texts, keys sorted; the same report gives the same bytes."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, default=_plain, indent=1).encode()


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"A report holds no {type(value).__name__}: {value!r}")
