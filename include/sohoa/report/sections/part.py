"""What the file of a section makes; ``build_report`` numbers and titles it."""

from __future__ import annotations

from dataclasses import dataclass

from sohoa.report.model import Chart, Table


@dataclass(frozen=True)
class Part:
    """A section's words, tables and charts, and what it adds to the annex.

    Tables without rows and charts without data are left out of the section.
    """

    paragraphs: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart | None, ...] = ()
    annex: tuple[Table, ...] = ()
    hidden: tuple[Table, ...] = ()
    """Whole tables of which the section prints the first rows, for the proposals."""
    message: tuple[str, ...] = ()
    """Lines for the first page."""
