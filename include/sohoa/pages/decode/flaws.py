"""What is odd about a file that was read whole all the same, said where it is put right: as Python's warnings are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sohoa.enums import FileFlaw

_noted: ContextVar[set[FileFlaw] | None] = ContextVar("_noted", default=None)


@contextmanager
def noting_flaws() -> Iterator[set[FileFlaw]]:
    """Give the set of the flaws that are noted inside; blocks may lie in one another, and the innermost gets them."""
    flaws: set[FileFlaw] = set()
    token = _noted.set(flaws)
    try:
        yield flaws
    finally:
        _noted.reset(token)


def note_repair(is_repaired: bool = True) -> None:
    """Say that the file is not as its standard asks, or as common readers take it, and was put right to be read."""
    flaws = _noted.get()
    if is_repaired and flaws is not None:
        flaws.add("repaired")
