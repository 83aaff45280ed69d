"""Paper: the ISO 216 size that a measured size stands for."""

from __future__ import annotations

ISO_MM = {"a4": (210, 297), "a3": (297, 420), "a2": (420, 594), "a1": (594, 841), "a0": (841, 1189)}
TOLERANCE_MM = 3.0
TOLERANCE_SHARE = 0.01  # a large sheet stretches and is trimmed by more


def paper_class(width_mm: float, height_mm: float) -> str:
    """Return the name of the ISO size in either orientation, else ``other``.

    Each side must be within 3 mm, or 1 % of it where that is more.
    """
    short, long = sorted((width_mm, height_mm))
    for name, (iso_short, iso_long) in ISO_MM.items():
        if _is_near(short, iso_short) and _is_near(long, iso_long):
            return name
    return "other"


def _is_near(side: float, iso: float) -> bool:
    return abs(side - iso) <= max(TOLERANCE_MM, TOLERANCE_SHARE * iso)
