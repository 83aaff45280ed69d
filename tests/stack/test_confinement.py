"""No agency of the registry reaches what is another's."""

from __future__ import annotations

import pytest
from minio.error import S3Error

from sohoa import layout, registry
from sohoa.store import Store
from tests.stack.test_landing_policy import agency_client

CODES = sorted({agency.code for agency in registry.agencies()})
PAIRS = [*zip(CODES, [*CODES[1:], CODES[0]], strict=True)]
SECRET = b"another agency's receipt"


def test_each_agency_is_kept_from_the_next(clean_store: Store) -> None:
    """All codes, one of which may begin with another: receipts, deliveries, listings, copies; its own stays open."""
    for code in CODES:
        clean_store.put(layout.LANDING, f"receipts/{code}/b/1.json", SECRET)
    opened = []
    for code, other in PAIRS:
        agency, receipt = agency_client(clean_store, code), f"receipts/{other}/b/1.json"
        copied = {"x-amz-copy-source": f"/{layout.LANDING}/{receipt}"}
        for method, key, headers, query in (
            ("GET", receipt, {}, {}),
            ("PUT", f"inbox/{other}/x.json", {}, {}),
            ("PUT", f"batches/{code}/x", copied, {}),
            ("GET", None, {}, {"list-type": "2", "prefix": f"batches/{other}/"}),
        ):
            try:
                agency._execute(method, layout.LANDING, key, headers=headers, query_params=query)
            except S3Error:
                continue
            opened.append((code, method, key, query))
    assert opened == []
    assert clean_store.get(layout.LANDING, f"receipts/{CODES[0]}/b/1.json") == SECRET
    own = agency_client(clean_store, CODES[0])
    own._execute("GET", layout.LANDING, f"receipts/{CODES[0]}/b/1.json")
    with pytest.raises(S3Error, match="AccessDenied"):
        own._execute("GET", layout.WAREHOUSE, "x")
