"""What an agency may send: the largest batch, the day's sum, what lies without a manifest."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sohoa import layout
from sohoa.capacity.quotas import Ledger
from sohoa.capacity.usage import sum_received
from sohoa.labels import LABELS
from sohoa.store import Store

AGENCY, OTHER = "H37.60", "H37.61"
DAY, NEXT = date(2024, 3, 4), date(2024, 3, 5)
GB = 1_000_000_000


def limited(store: Store, **limits: Any) -> Store:
    return Store(store.settings.model_copy(update=limits))


def batch(number: int, agency: str = AGENCY) -> str:
    return f"{agency}-20240304-{number:03d}"


def code(ledger: Ledger, number: int, bytes_: int, files: int, day: date = DAY, agency: str = AGENCY) -> str | None:
    """Ask, and take what is not over; the code of what is."""
    fault = ledger.over_quota(agency, batch(number, agency), day, bytes_, files)
    if fault is None:
        ledger.take(agency, batch(number, agency), day, bytes_, files)
        return None
    assert fault.code in LABELS["refusals"]
    assert all(words.vi and words.en for words in fault.words)
    return fault.code


def test_a_day_of_large_format_passes(clean_store: Store) -> None:
    """1,000 maps of 60 MB in batches of 250, then as much of A4 as ten scanners make; a day more of it does not."""
    ledger = Ledger(clean_store)
    assert [code(ledger, number, 250 * 60_000_000, 250) for number in range(1, 5)] == [None] * 4
    assert code(ledger, 5, 35 * GB // 10, 48_999) is None
    assert code(ledger, 6, 1, 1) is None
    assert code(ledger, 7, 1, 1_000) == "over_quota"


@pytest.mark.parametrize(
    ("limits", "bytes_", "files", "expected"),
    [
        ({"max_batch_bytes": 1000}, 1000, 1, None),
        ({"max_batch_bytes": 1000}, 1001, 1, "batch_too_large"),
        ({"quota_day_bytes": 1000}, 1001, 1, "batch_too_large"),
        ({"quota_day_files": 10}, 1, 10, None),
        ({"quota_day_files": 10}, 1, 11, "batch_too_large"),
    ],
)
def test_one_batch(clean_store: Store, limits: dict[str, int], bytes_: int, files: int, expected: str | None) -> None:
    """At the limit it passes; what no day could take is too large, not a matter of tomorrow."""
    assert code(Ledger(limited(clean_store, **limits)), 1, bytes_, files) == expected


@pytest.mark.parametrize(
    ("limits", "sent", "expected"),
    [
        ({"quota_day_bytes": 100}, [(60, 1), (40, 1), (1, 1)], [None, None, "over_quota"]),
        ({"quota_day_bytes": 100}, [(60, 1), (41, 1), (40, 1)], [None, "over_quota", None]),
        ({"quota_day_files": 10}, [(1, 6), (1, 5), (1, 4)], [None, "over_quota", None]),
    ],
)
def test_the_sum_of_a_day(
    clean_store: Store, limits: dict[str, int], sent: list[tuple[int, int]], expected: list[str | None]
) -> None:
    """What is refused does not count; another agency and the next day have their own sums; a run that follows knows."""
    store = limited(clean_store, **limits)
    ledger = Ledger(store)
    assert [code(ledger, number, *one) for number, one in enumerate(sent)] == expected
    assert code(ledger, 1, *sent[0], agency=OTHER) is None
    assert code(ledger, 9, *sent[0], day=NEXT) is None
    ledger.save()
    again = Ledger(store)
    assert [code(again, number, *one) for number, one in enumerate(sent)] == expected
    assert code(again, 8, *sent[0]) == "over_quota"


def test_a_run_that_is_done_again_counts_each_batch_once(clean_store: Store) -> None:
    """Saved twice, it is the same; the day's sums say what came."""
    for _ in range(3):
        ledger = Ledger(clean_store)
        assert [code(ledger, number, 10, 2) for number in (1, 2)] == [None, None]
        ledger.save()
    assert sum_received(clean_store, DAY) == {AGENCY: {"bytes": 20, "files": 4, "batches": 2}}
    assert sum_received(clean_store, NEXT) == {}


def lying(store: Store, **uncommitted: int) -> None:
    """The last count found these batches without a manifest."""
    names = {f"{AGENCY}-20240301-{name[1:]}": size for name, size in uncommitted.items()}
    used = {"uncommitted_bytes": sum(names.values()), "uncommitted": names}
    store.put_json(layout.WAREHOUSE, layout.USAGE_KEY, {"agencies": {AGENCY: used}})


def test_what_lies_without_a_manifest(clean_store: Store) -> None:
    """The next batch is refused; not the one that lies there itself, nor once a manifest has come for enough of it."""
    store = limited(clean_store, quota_uncommitted_bytes=100)
    assert code(Ledger(store), 1, 1, 1) is None
    lying(store, n001=60, n002=50)
    assert code(Ledger(store), 2, 1, 1) == "over_quota"
    assert code(Ledger(store), 2, 1, 1, agency=OTHER) is None
    assert Ledger(store).over_quota(AGENCY, f"{AGENCY}-20240301-001", DAY, 60, 1) is None
    store.put(layout.LANDING, layout.inbox_key(AGENCY, f"{AGENCY}-20240301-002"), b"{}")
    assert code(Ledger(store), 2, 1, 1) is None
    lying(store, n001=120, n003=1)
    assert code(Ledger(store), 3, 1, 1) == "over_quota"
    store.put(layout.WAREHOUSE, layout.manifest_key(AGENCY, f"{AGENCY}-20240301-001", "0" * 64), b"{}")
    assert code(Ledger(store), 3, 1, 1) is None
