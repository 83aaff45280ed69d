"""Whoever has a key, and whoever has none: nothing passes but what is his."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace

import pytest

from sohoa import layout
from sohoa.store import Store
from tests.stack.isolation import (
    DENIED,
    OF_BUCKET,
    REQUESTS,
    Place,
    Prepared,
    agency_caller,
    agency_places,
    owner_of,
    try_requests,
)

CODE, OTHER = "H37.80.01", "H37.80.02"


@pytest.mark.parametrize("key", ["own", "wrong", "none"])
def test_each_request_passes_where_it_should_alone(clean_store: Store, key: str) -> None:
    """Every request x place, of one agency; all agencies: ``benchmarks.isolation``."""
    keys = json.loads(clean_store.settings.agency_keys_file.read_text())[CODE]
    caller = agency_caller(clean_store, CODE, keys)
    if key != "own":
        caller = replace(caller, keys=None if key == "none" else {**keys, "secret_key": "x" * 40})
    passed = defaultdict[str, set[str]](set)
    places = agency_places(CODE, OTHER)
    for name, (place, _) in places.items():
        there = Prepared(clean_store, owner_of(clean_store), place)
        passed[name] |= {request for request, status in try_requests(caller, there, REQUESTS) if status not in DENIED}
    assert passed == {name: set(allowed) if key == "own" else set() for name, (_, allowed) in places.items()}
    for bucket in layout.BUCKETS:
        there = Prepared(clean_store, owner_of(clean_store), Place(bucket, "x/"))
        assert [one for one in try_requests(caller, there, OF_BUCKET) if one[1] not in DENIED] == []


def test_the_pipeline_passes_where_agencies_do_not(clean_store: Store) -> None:
    """The requests are sound: it is the key that stops them."""
    owner = owner_of(clean_store)
    there = Prepared(clean_store, owner, Place(layout.LANDING, f"receipts/{CODE}/"))
    assert {status for _, status in try_requests(owner, there, REQUESTS)}.isdisjoint(DENIED)
