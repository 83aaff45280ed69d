"""Links to results: which are broken by their form, and which name an object of the own store."""

from __future__ import annotations

from urllib.parse import urlsplit

from sohoa.layout import BUCKETS


def own_object(link: str) -> tuple[str, str] | None:
    """Return (bucket, key) of a link into the own store, ``s3://<bucket>/<key>`` or ``<bucket>/<key>``; else None."""
    bucket, _, key = link.removeprefix("s3://").partition("/")
    return (bucket, key) if bucket in BUCKETS and key else None


def is_well_formed(link: str | None) -> bool:
    """Tell whether a link names an object of the own store, or a place elsewhere, which nobody looks up."""
    if not link:
        return False
    if own_object(link) is not None:
        return True
    try:
        url = urlsplit(link)
    except ValueError:  # brackets that are no address
        return False
    if url.scheme == "s3":
        return bool(url.netloc) and url.netloc not in BUCKETS and len(url.path) > 1
    return bool(url.scheme) and bool(url.hostname)
