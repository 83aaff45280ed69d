"""The categories of a reconciliation: what one dossier of each adds to portal − province in its cell."""

from __future__ import annotations

from sohoa.enums import CATEGORIES

SIDES = ("portal", "province")
"""Lines of a reconciliation that count a side itself; the others are the categories."""
EFFECTS: dict[str, int] = {
    **dict.fromkeys(CATEGORIES, 0),
    **dict.fromkeys(("R1", "R2", "R3", "R5", "R7_in", "R8_in"), 1),
    **dict.fromkeys(("R4", "R7_out", "R8_out"), -1),
}
