"""Uploads in parts that nobody ends: their parts fill the disk and lie in no listing of objects."""

from __future__ import annotations

from datetime import datetime, timedelta

from sohoa import layout
from sohoa.logs import get_logger
from sohoa.store import Store

log = get_logger(__name__)


def end_uploads(store: Store, now: datetime) -> int:
    """End every upload that was begun more than ``settings.unfinished_upload_days`` ago, in all buckets.

    Returns:
        How many were ended.
    """
    oldest = now - timedelta(store.settings.unfinished_upload_days)
    ended = 0
    for bucket in layout.BUCKETS:
        old = [upload for upload in store.list_uploads(bucket) if upload.began_at < oldest]
        store.each(lambda upload, bucket=bucket: store.abort_upload(bucket, upload), old)
        ended += len(old)
    if ended:
        log.warning("unfinished_uploads_ended", uploads=ended, older_than_days=store.settings.unfinished_upload_days)
    return ended
