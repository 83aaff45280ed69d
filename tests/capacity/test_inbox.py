"""What waits in the inbox, shared out among checks, and what the stack's status says of it."""

from __future__ import annotations

import re

import pytest

from sohoa import layout, stack
from sohoa.capacity.inbox import list_inbox
from sohoa.store import Store
from tests.servers import free_port


def put_markers(store: Store, agency: str, count: int) -> list[str]:
    """Markers of an agency, the oldest first."""
    keys = [layout.inbox_key(agency, f"{agency}-20240401-{number:03}") for number in range(1, count + 1)]
    for key in keys:
        store.put(layout.LANDING, key, b"{}")
    return keys


def with_share(store: Store, share: int) -> Store:
    return Store(store.settings.model_copy(update={"share_batches": share}))


def test_each_agency_has_its_share_and_the_rest_waits(clean_store: Store) -> None:
    """The oldest of each are taken; who has no more than the share has nothing left."""
    many, few = put_markers(clean_store, "H37.60", 5), put_markers(clean_store, "H37.61", 2)
    inbox = list_inbox(with_share(clean_store, 3))
    assert [item.key for item in inbox.taken] == [*many[:3], *few]
    assert inbox.left == {"H37.60": 2}


@pytest.mark.parametrize(
    ("markers", "share", "words"),
    [
        ({}, 3, "no batch waits"),
        ({"H37.60": 1}, 3, "1 batch waits since DAY"),
        ({"H37.60": 3, "H37.61": 1}, 3, "4 batches wait since DAY"),
        ({"H37.60": 4, "H37.61": 1}, 3, "5 batches wait since DAY, 1 of them for a later check (H37.60: 1)"),
        ({"H37.60": 4, "H37.61": 3}, 1, "7 batches wait since DAY, 5 of them for a later check (H37.60: 3, H37.61: 2)"),
    ],
)
def test_the_status_of_the_stack_says_what_waits(
    clean_store: Store, markers: dict[str, int], share: int, words: str
) -> None:
    """In all, since when, and by agency what the next check leaves."""
    for agency, count in markers.items():
        put_markers(clean_store, agency, count)
    lines = stack.describe(with_share(clean_store, share).settings, "store")
    (said,) = [line for line in lines if "inbox" in line]
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DAY", said) == f"  inbox: {words}"


def test_a_store_elsewhere_is_asked_too(clean_store: Store) -> None:
    """With its address in place of a state; one that does not answer is said not to."""
    put_markers(clean_store, "H37.60", 2)
    keys = clean_store.settings.model_dump(include={"s3_endpoint", "s3_access_key", "s3_secret_key"})
    elsewhere = clean_store.settings.model_copy(update={**keys, "home": clean_store.settings.home / "other"})
    first, *more = stack.describe(elsewhere, "store")
    assert first == f"store: elsewhere at {clean_store.settings.s3_endpoint}"
    assert "2 batches wait" in more[-1]
    gone = elsewhere.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{free_port()}"})
    assert "what waits cannot be told" in stack.describe(gone, "store")[-1]
