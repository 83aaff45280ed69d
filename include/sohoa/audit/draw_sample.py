"""The documents of a lot that people look at: chosen by chance, and by the same chance whoever chooses again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def choose_documents(lot: str, documents: Iterable[str], most: int) -> list[str]:
    """Choose documents of a lot at random: each is as likely as any other, and the same lot gives the same choice.

    A document's place in the draw is the SHA-256 of the lot's name and its own: a program in any language draws the
    same again, whatever else lies in the store.

    Args:
        lot: its name, the seed.
        documents: ids of its documents.
        most: how many to choose; all where there are fewer.
    """
    return sorted(documents, key=lambda one: hashlib.sha256(f"{lot}\n{one}".encode()).digest())[:most]
