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
    PIPELINE,
    PIPELINE_OF_BUCKET,
    REQUESTS,
    Place,
    Prepared,
    administrator_of,
    agency_caller,
    agency_places,
    pipeline_of,
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
        there = Prepared(clean_store, administrator_of(clean_store), place)
        passed[name] |= {request for request, status in try_requests(caller, there, REQUESTS) if status not in DENIED}
    assert passed == {name: set(allowed) if key == "own" else set() for name, (_, allowed) in places.items()}
    for bucket in layout.BUCKETS:
        there = Prepared(clean_store, administrator_of(clean_store), Place(bucket, "x/"))
        assert [one for one in try_requests(caller, there, OF_BUCKET) if one[1] not in DENIED] == []


def test_the_pipeline_changes_objects_and_no_rights(clean_store: Store) -> None:
    """It reads, writes and deletes in its buckets; buckets, policies, locks and keys are the administrator's."""
    pipeline, administrator = pipeline_of(clean_store), administrator_of(clean_store)
    clean_store.put(layout.WAREHOUSE, "_work/kept", b"x")
    for bucket, prefix in zip(layout.BUCKETS, (f"receipts/{CODE}/", "register/", "pages/", "weekly/"), strict=True):
        there = Prepared(clean_store, administrator, Place(bucket, prefix))
        assert {request for request, status in try_requests(pipeline, there, REQUESTS) if status not in DENIED} == (
            PIPELINE
        )
        of_bucket = try_requests(pipeline, there, OF_BUCKET)
        assert {request for request, status in of_bucket if status not in DENIED} == PIPELINE_OF_BUCKET


def test_the_administrator_passes_where_others_do_not(clean_store: Store) -> None:
    """The requests are sound: it is the key that stops them."""
    administrator = administrator_of(clean_store)
    there = Prepared(clean_store, administrator, Place(layout.LANDING, f"receipts/{CODE}/"))
    assert {status for _, status in try_requests(administrator, there, REQUESTS)}.isdisjoint(DENIED)
