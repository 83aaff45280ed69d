"""What decree 30/2020/NĐ-CP puts around a report: who issues it, signs it and gets it; all of it from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sohoa.registry import units_at
from sohoa.settings import Settings

_DEPARTMENTS_VI = "Các sở, ban, ngành"
_UNITS_VI = ("UBND các huyện, thành phố", "UBND các xã, phường, thị trấn")
_COMMUNES_VI = "UBND các xã, phường"


@dataclass(frozen=True)
class Letterhead:
    """The frame of one report."""

    parent: str
    office: str
    symbol: str
    place: str
    signatory: tuple[str, ...]
    recipients: tuple[str, ...]
    """With what is put on file, each with the sign at its end."""

    @property
    def issuer(self) -> str:
        """The office with the body above it, as a sentence names it."""
        return f"{self.office} {self.parent}"


def letterhead(settings: Settings, day: date) -> Letterhead:
    """Return the frame of a report that ends on a day."""
    named = settings.office_recipients
    recipients = _usual_recipients(settings.office_parent, day) if named is None else named
    drafter = f", {settings.office_drafter}" if settings.office_drafter else ""
    return Letterhead(
        settings.office_parent,
        settings.office_name,
        settings.office_symbol,
        settings.office_place,
        settings.office_signatory,
        (*(f"{name};" for name in recipients), f"Lưu: VT{drafter}."),
    )


def _usual_recipients(parent: str, day: date) -> tuple[str, ...]:
    """The body above, the departments and the units of a day: where the districts have ended, the communes alone."""
    has_districts = any(unit.level == "district" for unit in units_at(day))
    return (f"{parent} (báo cáo)", _DEPARTMENTS_VI, *(_UNITS_VI if has_districts else (_COMMUNES_VI,)))
