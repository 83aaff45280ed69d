"""What an agency may send: the largest batch, the sum of a day, and what may lie without a manifest."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import NamedTuple

from sohoa import layout
from sohoa.capacity.usage import Sent, Usage, read_sent, read_usage
from sohoa.format_value import count, decimal
from sohoa.labels import LABELS, Label
from sohoa.store import Store

_GB = 1_000_000_000


class QuotaFault(NamedTuple):
    """Why a batch is refused: the code is one of the refusals of ``sohoa.labels``, the words say what is over."""

    code: str
    words: list[Label]


class Ledger:
    """What agencies have sent, by day and batch: one counts once, even if admitted again, and never against itself."""

    def __init__(self, store: Store) -> None:
        """Nothing is read yet."""
        self._store = store
        self._sent: dict[tuple[date, str], Sent] = {}
        self._changed: set[tuple[date, str]] = set()

    def over_quota(self, agency: str, batch: str, day: date, bytes: int, files: int) -> QuotaFault | None:
        """Why this batch is too much, None where it is not.

        Args:
            agency: its code.
            batch: the batch id.
            day: when its manifest came, local date.
            bytes: sum over the files that its manifest names.
            files: how many it names.
        """
        settings = self._store.settings
        largest = min(settings.max_batch_bytes, settings.quota_day_bytes)
        if bytes > largest:
            return QuotaFault("batch_too_large", [_too_many_bytes("batch", bytes, largest)])
        if files > settings.quota_day_files:
            return QuotaFault("batch_too_large", [_too_many_files("batch", files, settings.quota_day_files)])
        others = [sent for name, sent in self._of_day(agency, day).items() if name != batch]
        day_bytes = bytes + sum(sent[0] for sent in others)
        day_files = files + sum(sent[1] for sent in others)
        problems = []
        if day_bytes > settings.quota_day_bytes:
            problems.append(_too_many_bytes("day", day_bytes, settings.quota_day_bytes))
        if day_files > settings.quota_day_files:
            problems.append(_too_many_files("day", day_files, settings.quota_day_files))
        lying = self._uncommitted(agency, batch)
        if lying > settings.quota_uncommitted_bytes:
            problems.append(_too_many_bytes("without_manifest", lying, settings.quota_uncommitted_bytes))
        return QuotaFault("over_quota", problems) if problems else None

    def take(self, agency: str, batch: str, day: date, bytes: int, files: int) -> None:
        """Count a batch that is admitted; nothing is written yet."""
        self._of_day(agency, day)[batch] = [bytes, files]
        self._changed.add((day, agency))

    def save(self) -> None:
        """Write what was counted: the same again where the same batches are admitted again."""
        for day, agency in sorted(self._changed):
            self._store.put_json(layout.WAREHOUSE, layout.received_key(day, agency), self._sent[day, agency])
        self._changed.clear()

    def _of_day(self, agency: str, day: date) -> Sent:
        if (day, agency) not in self._sent:
            self._sent[day, agency] = read_sent(self._store, day, agency)
        return self._sent[day, agency]

    @cached_property
    def _usage(self) -> Usage | None:
        return read_usage(self._store)

    def _uncommitted(self, agency: str, batch: str) -> int:
        """Bytes in other batches of an agency that had no manifest at the last count, and have none now."""
        used = self._usage["agencies"].get(agency) if self._usage else None
        if used is None or used["uncommitted_bytes"] <= self._store.settings.quota_uncommitted_bytes:
            return 0
        done = [name for name in used["uncommitted"] if name == batch or self._has_manifest(agency, name)]
        return used["uncommitted_bytes"] - sum(used["uncommitted"][name] for name in done)

    def _has_manifest(self, agency: str, batch: str) -> bool:
        if self._store.stat(layout.LANDING, layout.inbox_key(agency, batch)) is not None:
            return True
        prefix = layout.manifests_prefix(agency, batch)
        return bool(list(self._store.list_objects(layout.WAREHOUSE, prefix, most=1)))


def _too_many_bytes(what: str, found: int, limit: int) -> Label:
    name = LABELS["quotas"][what]
    return Label(
        f"{name.vi}: {decimal(found / _GB)} GB, tối đa {decimal(limit / _GB)} GB",
        f"{name.en}: {found / _GB:,.1f} GB, at most {limit / _GB:,.1f} GB",
    )


def _too_many_files(what: str, found: int, limit: int) -> Label:
    name = LABELS["quotas"][what]
    return Label(
        f"{name.vi}: {count(found)} tệp, tối đa {count(limit)} tệp",
        f"{name.en}: {found:,} files, at most {limit:,}",
    )
