"""Words, numbers and days of a page in the reader's language: Vietnamese or English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sohoa import format_value
from sohoa.days import in_runs
from sohoa.format_value import UNKNOWN
from sohoa.labels import LABELS
from sohoa.settings import TIME_ZONE

CODES = ("vi", "en")


@dataclass(frozen=True)
class Language:
    """How one language writes what a page shows."""

    code: str
    """One of ``CODES``."""

    def label(self, table: str, code: str | None) -> str:
        """Write a code of a table of ``sohoa.labels``; one without a label as it is."""
        found = LABELS[table].get(code)
        if found is None:
            return code or UNKNOWN
        return found.vi if self.code == "vi" else found.en

    def word(self, name: str, *values: object) -> str:
        """Write a word of the pages, with values in its braces."""
        found = LABELS["page_words"][name]
        return (found.vi if self.code == "vi" else found.en).format(*values)

    def decimal(self, value: float | None, digits: int = 1) -> str:
        """Write a number: 942.934,5 or 942,934.5."""
        if self.code == "vi":
            return format_value.decimal(value, digits)
        return UNKNOWN if value is None else f"{value:z,.{digits}f}".replace("-", "\u2212")

    def count(self, value: float | None) -> str:
        """Write a count."""
        return self.decimal(value, 0)

    def percent(self, value: float | None) -> str:
        """Write a percentage, which is in per cent."""
        return UNKNOWN if value is None else f"{self.decimal(value, 2)}\u00a0%"

    def signed(self, value: float) -> str:
        """Write a difference with its sign."""
        return ("+" if value > 0 else "") + self.decimal(value, 0)

    def day(self, value: date | None) -> str:
        """Write a day: 07/04/2024 or 7 Apr 2024."""
        if value is None or self.code == "vi":
            return format_value.day(value)
        return f"{value.day} {value:%b %Y}"

    def periods(self, days: list[date]) -> str:
        """Write days as periods without gaps: 01/04/2024 – 03/04/2024, 05/04/2024."""
        runs = in_runs(days)
        return ", ".join(self.day(one) if one == last else f"{self.day(one)} – {self.day(last)}" for one, last in runs)

    def minute(self, value: datetime | None) -> str:
        """Write a moment to the minute, in local time."""
        if value is None:
            return UNKNOWN
        local = value if value.tzinfo is None else value.astimezone(TIME_ZONE)
        return f"{local:%H:%M} {self.day(local.date())}"

    def age(self, seconds: float) -> str:
        """Write how long something has waited: minutes, hours or days."""
        for name, length in (("days", 86_400), ("hours", 3_600)):
            if seconds >= 2 * length:
                return self.word(name, self.count(seconds // length))
        return self.word("minutes", self.count(max(0, seconds) // 60))
