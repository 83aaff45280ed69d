"""Uploads in parts that nobody ends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sohoa import layout
from sohoa import store as store_module
from sohoa.settings import TIME_ZONE
from sohoa.store import Store, Upload
from sohoa.upkeep.end_uploads import end_uploads
from tests.servers import s3_client

KEYS = ("batches/H37.60/2023-04-05/H37.60-20230405-001/a.pdf", "inbox/H37.60/x.json", "batches/H37.61/tờ khai.tif")


def begin(store: Store, key: str) -> str:
    client = s3_client(store)
    upload: str = client._create_multipart_upload(layout.LANDING, key, {})
    client._upload_part(layout.LANDING, key, b"x" * (5 << 20), {}, upload, 1)
    return upload


def test_they_end_after_their_term_and_not_before(clean_store: Store) -> None:
    """Wherever they lie; a whole object beside them stays."""
    now = datetime.now(TIME_ZONE)
    for key in KEYS:
        begin(clean_store, key)
    clean_store.put(layout.LANDING, KEYS[0], b"whole")
    assert end_uploads(clean_store, now + timedelta(days=6)) == 0
    assert {upload.key for upload in clean_store.list_uploads(layout.LANDING)} == set(KEYS)
    assert end_uploads(clean_store, now + timedelta(days=8)) == 3
    assert clean_store.list_uploads(layout.LANDING) == []
    assert clean_store.get(layout.LANDING, KEYS[0]) == b"whole"
    assert end_uploads(clean_store, now + timedelta(days=8)) == 0


def test_one_that_ended_meanwhile_is_no_error(clean_store: Store) -> None:
    """Its agency has finished or given it up between the listing and the end."""
    upload = Upload(KEYS[0], begin(clean_store, KEYS[0]), datetime.now(TIME_ZONE))
    clean_store.abort_upload(layout.LANDING, upload)
    clean_store.abort_upload(layout.LANDING, upload)
    assert clean_store.list_uploads(layout.LANDING) == []


@pytest.mark.parametrize("bucket", layout.BUCKETS)
def test_every_bucket_is_looked_at(clean_store: Store, bucket: str) -> None:
    """The pipeline's own uploads may have been killed too."""
    s3_client(clean_store)._create_multipart_upload(bucket, "x.bin", {})
    assert end_uploads(clean_store, datetime.now(TIME_ZONE) + timedelta(days=8)) == 1


def test_more_than_one_page_of_them(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Young ones fill the first pages; each is seen once."""
    monkeypatch.setattr(store_module, "_UPLOADS_PAGE", 3)
    client = s3_client(clean_store)
    begun = {client._create_multipart_upload(layout.LANDING, f"batches/H37.60/{n % 5}.tif", {}) for n in range(10)}
    found = [upload.upload_id for upload in clean_store.list_uploads(layout.LANDING)]
    assert len(found) == 10
    assert set(found) == begun
    assert end_uploads(clean_store, datetime.now(TIME_ZONE) + timedelta(days=8)) == 10


def test_a_rule_says_so_to_stores_that_carry_it_out(store: Store) -> None:
    """The bucket has it from the start; SeaweedFS shows it."""
    lifecycle = s3_client(store).get_bucket_lifecycle(layout.LANDING)
    assert lifecycle is not None
    ends = [rule.abort_incomplete_multipart_upload for rule in lifecycle.rules]
    assert [one.days_after_initiation for one in ends if one] == [store.settings.unfinished_upload_days]
