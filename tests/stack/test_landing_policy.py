"""What the policy of ``landing`` denies agencies, and what it leaves them and the pipeline."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import md5

import pytest
from minio import Minio
from minio.datatypes import Part
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from sohoa import layout
from sohoa.errors import KeysRefused
from sohoa.stack import seaweed
from sohoa.store import Store
from tests.servers import s3_client

AGENCIES = ["H37.60", "H37.70", "H37.165"]
SECRET = b"a key that only one agency has !"
OWN_KEY = {
    "x-amz-server-side-encryption-customer-algorithm": "AES256",
    "x-amz-server-side-encryption-customer-key": b64encode(SECRET).decode(),
    "x-amz-server-side-encryption-customer-key-MD5": b64encode(md5(SECRET).digest()).decode(),
}


def agency_client(store: Store, code: str) -> Minio:
    """The store by the SDK, with an agency's keys."""
    keys = json.loads(store.settings.agency_keys_file.read_text())[code]
    address = str(store.settings.s3_endpoint).removeprefix("http://")
    return Minio(address, keys["access_key"], keys["secret_key"], secure=False, region=store.settings.s3_region)


def put(client: Minio, key: str, headers: dict[str, str]) -> None:
    client._put_object(layout.LANDING, key, b"bytes", headers)


def begin_upload(client: Minio, key: str, headers: dict[str, str]) -> None:
    client._create_multipart_upload(layout.LANDING, key, headers)


def send_part(client: Minio, key: str, headers: dict[str, str]) -> None:
    upload = client._create_multipart_upload(layout.LANDING, key, {})
    client._upload_part(layout.LANDING, key, b"bytes", headers, upload, 1)


def copy(client: Minio, key: str, headers: dict[str, str]) -> None:
    agency = key.split("/")[1]
    source = {"x-amz-copy-source": f"/{layout.LANDING}/receipts/{agency}/b/1.json"}
    client._execute("PUT", layout.LANDING, key, headers=source | headers)


@pytest.mark.parametrize("write", [put, begin_upload, send_part, copy])
@pytest.mark.parametrize("code", AGENCIES)
def test_an_agency_cannot_hide_bytes_with_a_key_of_its_own(
    clean_store: Store, code: str, write: Callable[[Minio, str, dict[str, str]], None]
) -> None:
    """However it writes: with its own key it is denied, without one it is taken."""
    clean_store.put(layout.LANDING, f"receipts/{code}/b/1.json", b"{}")
    agency = agency_client(clean_store, code)
    with pytest.raises(S3Error, match="AccessDenied"):
        write(agency, f"batches/{code}/2024-04-01/x/1.jpg", dict(OWN_KEY))  # the SDK adds to it
    write(agency, f"batches/{code}/2024-04-01/x/1.jpg", {})


@pytest.mark.parametrize("code", AGENCIES)
def test_an_agency_deletes_no_version(clean_store: Store, code: str) -> None:
    """It may take back a marker; every version of it stays, by whichever request it asks."""
    agency, key = agency_client(clean_store, code), layout.inbox_key(code, f"{code}-20240401-001")
    version = agency.put_object(layout.LANDING, key, io.BytesIO(b"{}"), 2).version_id
    with pytest.raises(S3Error, match="AccessDenied"):
        agency.remove_object(layout.LANDING, key, version_id=version)
    (refused,) = agency.remove_objects(layout.LANDING, [DeleteObject(key, version)])
    assert refused.code == "AccessDenied"
    agency.remove_object(layout.LANDING, key)
    assert clean_store.stat(layout.LANDING, key) is None
    assert clean_store.get(layout.LANDING, key, version_id=version) == b"{}"


def test_an_agency_sends_in_parts_as_before(clean_store: Store) -> None:
    """A large file goes through, whole."""
    agency, key = agency_client(clean_store, "H37.60"), "batches/H37.60/2024-04-01/x/map.tif"
    upload = agency._create_multipart_upload(layout.LANDING, key, {})
    parts = [
        Part(number, agency._upload_part(layout.LANDING, key, data, {}, upload, number))
        for number, data in enumerate((b"a" * (5 << 20), b"b"), 1)
    ]
    agency._complete_multipart_upload(layout.LANDING, key, upload, parts)
    assert clean_store.get(layout.LANDING, key) == b"a" * (5 << 20) + b"b"


def test_the_pipeline_still_deletes_versions(clean_store: Store) -> None:
    """The policy names agencies alone."""
    key = layout.inbox_key("H37.60", "H37.60-20240401-001")
    clean_store.put(layout.LANDING, key, b"{}")
    clean_store.put(layout.LANDING, key, b"[]")
    clean_store.delete_versions(layout.LANDING, key)
    assert clean_store.stat(layout.LANDING, key) is None


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (["H37.60", "H37.61.02"], ["H37", "H37.*"]),
        (["H37.60", "G05"], ["G05", "G05.*", "H37", "H37.*"]),
        ([f"H37.{number}" for number in range(2_000)], ["H37", "H37.*"]),
    ],
)
def test_the_policy_follows_the_registry(clean_store: Store, codes: list[str], names: list[str]) -> None:
    """Whatever agencies it has and however many, the store takes it, and is not asked again."""
    client, administrator = s3_client(clean_store), Store(seaweed.administrator_settings(clean_store.settings))
    before = client.get_bucket_policy(layout.LANDING)
    try:
        client.delete_bucket_policy(layout.LANDING)
        assert not clean_store.has_landing_policy(codes)
        with pytest.raises(KeysRefused):
            clean_store.put_landing_policy(codes)
        assert administrator.put_landing_policy(codes)
        assert clean_store.has_landing_policy(codes)
        once = client.get_bucket_policy(layout.LANDING)
        assert not administrator.put_landing_policy(codes)
        assert client.get_bucket_policy(layout.LANDING) == once
        statements = json.loads(once)["Statement"]
        assert [one["Condition"]["StringLike"]["aws:username"] for one in statements] == [names, names]
    finally:
        client.set_bucket_policy(layout.LANDING, before)
