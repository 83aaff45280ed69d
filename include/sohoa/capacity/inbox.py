"""What waits in the inbox, and what of it one check takes: of each agency a share, the oldest first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sohoa import layout
from sohoa.settings import TIME_ZONE
from sohoa.store import ObjectInfo, Store


@dataclass(frozen=True)
class Inbox:
    """The markers of the inbox, by the check that takes them."""

    taken: list[ObjectInfo]
    """Those that the next check takes at most, the oldest first."""
    later: list[ObjectInfo]
    """Those that are more than the share of their agency, the oldest first: they wait for a later check."""

    @property
    def left(self) -> Counter[str]:
        """Agency -> how many are more than its share."""
        return Counter(layout.split_inbox_key(info.key)[0] for info in self.later)

    @property
    def in_words(self) -> str:
        """``53 batches wait since 2024-04-01 08:30, 3 of them for a later check (H37.60: 3)``."""
        if not self.taken:
            return "no batch waits"
        all_, later = len(self.taken) + len(self.later), len(self.later)
        since = local_minute(self.taken[0].last_modified)
        words = f"1 batch waits since {since}" if all_ == 1 else f"{all_:,} batches wait since {since}"
        agencies = ", ".join(f"{agency}: {count:,}" for agency, count in sorted(self.left.items()))
        return words + (f", {later:,} of them for a later check ({agencies})" if later else "")


def list_inbox(store: Store) -> Inbox:
    """List the inbox, one LIST, and share it out: of each agency ``settings.share_batches`` are taken at most."""
    listed = sorted(store.list_objects(layout.LANDING, layout.INBOX), key=lambda info: (info.last_modified, info.key))
    counted, taken, later = Counter[str](), list[ObjectInfo](), list[ObjectInfo]()
    for info in listed:
        agency = layout.split_inbox_key(info.key)[0]
        counted[agency] += 1
        (taken if counted[agency] <= store.settings.share_batches else later).append(info)
    return Inbox(taken, later)


def local_minute(at: datetime) -> str:
    """Write a moment as a terminal shows it, in local time: ``2024-04-01 08:30``."""
    return f"{at.astimezone(TIME_ZONE):%Y-%m-%d %H:%M}"
