"""Every request that S3 knows, sent with anybody's key to anybody's place: what the store let through."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import urllib3
from minio.credentials import Credentials
from minio.signer import presign_v4, sign_v4_s3

from sohoa import layout
from sohoa.store import Store

DENIED = {401, 403}
UNKNOWN = {405, 501}
"""The store does not know this request at all, whoever asks."""
_KEPT, _SENT = "kept", "sent"
_EMPTY = hashlib.sha256(b"").hexdigest()


class Place(NamedTuple):
    """A folder of a bucket."""

    bucket: str
    prefix: str


@dataclass(frozen=True)
class Caller:
    """Somebody who asks the store: with a key, or without any."""

    store: Store
    keys: dict[str, str] | None
    writes: Place
    """Where it writes, where it may anywhere,"""
    reads: Place
    """and reads."""

    def ask(
        self, method: str, path: str, query: dict[str, str] | None = None, body: bytes = b"", **headers: str
    ) -> tuple[int, str]:
        """Send one request, signed where there is a key; returns status and body."""
        url = urlsplit(f"{self._endpoint}/{quote(path)}" + (f"?{urlencode(query, quote_via=quote)}" if query else ""))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body:
            sent["Content-MD5"] = b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        if self._credentials:
            digest = hashlib.sha256(body).hexdigest() if body else _EMPTY
            now = datetime.now(UTC)
            sent |= {"Host": url.netloc, "x-amz-content-sha256": digest, "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ")}
            sent = sign_v4_s3(
                method=method, url=url, region=self._region, headers=dict(sent), credentials=self._credentials,
                content_sha256=digest, date=now,
            )  # fmt: skip
        return _send(method, url.geturl(), body, sent)

    def ask_presigned(self, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
        """Send one request by an address that carries the signature."""
        url = urlsplit(f"{self._endpoint}/{quote(path)}")
        if self._credentials:
            url = presign_v4(
                method=method, url=url, region=self._region, credentials=self._credentials, date=datetime.now(UTC),
                expires=60,
            )  # fmt: skip
        return _send(method, url.geturl(), body, {})

    @property
    def _endpoint(self) -> str:
        return str(self.store.settings.s3_endpoint)

    @property
    def _region(self) -> str:
        return self.store.settings.s3_region

    @property
    def _credentials(self) -> Credentials | None:
        return Credentials(self.keys["access_key"], self.keys["secret_key"]) if self.keys else None


def _send(method: str, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    answer = urllib3.request(method, url, body=body, headers=headers, retries=False, timeout=30)
    return answer.status, answer.data.decode(errors="replace")


@dataclass
class Prepared:
    """What lies in a place before anybody asks: two objects, one that is sent over, and an upload in parts."""

    store: Store
    administrator: Caller
    place: Place
    version: str = ""
    upload: str = field(default="")

    def renew(self) -> None:
        """Put it there again."""
        bucket, prefix = self.place
        for name in (_KEPT, _SENT):
            self.store.put(bucket, prefix + name, f"what lies in {prefix}".encode())
        info = self.store.stat(bucket, prefix + _KEPT)
        self.version = "" if info is None else info.version_id or ""
        answer = self.administrator.ask("POST", f"{bucket}/{prefix}parts", {"uploads": ""})[1]
        self.upload = next(iter(re.findall("<UploadId>(.*?)</UploadId>", answer)), "none")


Answer = tuple[int, str]
Request = Callable[[Caller, Prepared], Answer]


def _object(method: str, name: str = _KEPT, body: bytes = b"", **query: str) -> Request:
    return lambda caller, there: caller.ask(method, f"{there.place.bucket}/{there.place.prefix}{name}", query, body)


def _listing(**query: str) -> Request:
    return lambda caller, there: caller.ask("GET", there.place.bucket, {**query, "prefix": there.place.prefix})


def _copy_out(caller: Caller, there: Prepared) -> Answer:
    """Read it by having it copied to where the caller may write."""
    source = quote(f"/{there.place.bucket}/{there.place.prefix}{_KEPT}")
    return caller.ask("PUT", f"{caller.writes.bucket}/{caller.writes.prefix}copy", x_amz_copy_source=source)


def _copy_in(caller: Caller, there: Prepared) -> Answer:
    """Write there what the caller may read."""
    source = quote(f"/{caller.reads.bucket}/{caller.reads.prefix}{_KEPT}")
    return caller.ask("PUT", f"{there.place.bucket}/{there.place.prefix}copied", x_amz_copy_source=source)


def _delete_many(caller: Caller, there: Prepared) -> Answer:
    body = f"<Delete><Object><Key>{there.place.prefix}{_SENT}</Key></Object></Delete>".encode()
    status, text = caller.ask("POST", there.place.bucket, {"delete": ""}, body)
    return (403, text) if status == 200 and "<Deleted>" not in text else (status, text)


def _with_version(method: str) -> Request:
    return lambda caller, there: caller.ask(
        method, f"{there.place.bucket}/{there.place.prefix}{_KEPT}", {"versionId": there.version or "null"}
    )


def _of_upload(method: str, body: bytes = b"", **query: str) -> Request:
    return lambda caller, there: caller.ask(
        method, f"{there.place.bucket}/{there.place.prefix}parts", {**query, "uploadId": there.upload}, body
    )


def _presigned(method: str, name: str, body: bytes = b"") -> Request:
    return lambda caller, there: caller.ask_presigned(method, f"{there.place.bucket}/{there.place.prefix}{name}", body)


def _bucket(method: str, what: str, body: bytes = b"") -> Request:
    return lambda caller, there: caller.ask(method, there.place.bucket, {what: ""}, body)


def _iam(action: str) -> Request:
    """Manage keys; a request without a signature is no request of that kind to the store, and does nothing."""

    def ask(caller: Caller, _: Prepared) -> Answer:
        body = f"{action}&Version=2010-05-08".encode()
        status, text = caller.ask("POST", "", None, body, Content_Type="application/x-www-form-urlencoded")
        return (403, text) if status >= 400 else (status, text)

    return ask


_TAGS = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
_RETENTION = b"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate></Retention>"
_PARTS = b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>"
_OPEN = b'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}'

REQUESTS: dict[str, Request] = {
    "get": _object("GET"),
    "head": _object("HEAD"),
    "get version": _with_version("GET"),
    "get presigned": _presigned("GET", _KEPT),
    "list": _listing(**{"list-type": "2"}),
    "list versions": _listing(versions=""),
    "list uploads": _listing(uploads=""),
    "copy out": _copy_out,
    "put": _object("PUT", "new", b"new"),
    "overwrite": _object("PUT", _SENT, b"other"),
    "put presigned": _presigned("PUT", "signed", b"new"),
    "copy in": _copy_in,
    "begin upload": _object("POST", "more", uploads=""),
    "send part": _of_upload("PUT", b"part", partNumber="1"),
    "list parts": _of_upload("GET"),
    "complete upload": _of_upload("POST", _PARTS),
    "abort upload": _of_upload("DELETE"),
    "delete": _object("DELETE", _SENT),
    "delete many": _delete_many,
    "delete version": _with_version("DELETE"),
    "get tags": _object("GET", tagging=""),
    "put tags": _object("PUT", body=_TAGS, tagging=""),
    "delete tags": _object("DELETE", tagging=""),
    "get ACL": _object("GET", acl=""),
    "put ACL": _object("PUT", acl=""),
    "put retention": _object("PUT", body=_RETENTION, retention=""),
    "put legal hold": _object("PUT", body=b"<LegalHold><Status>ON</Status></LegalHold>", **{"legal-hold": ""}),
}
"""Of an object or a folder; whatever the caller's key may do elsewhere."""

OF_BUCKET: dict[str, Request] = {
    "get policy": _bucket("GET", "policy"),
    "put policy": _bucket("PUT", "policy", _OPEN),
    "delete policy": _bucket("DELETE", "policy"),
    "get ACL of bucket": _bucket("GET", "acl"),
    "put ACL of bucket": _bucket("PUT", "acl"),
    "put versioning": _bucket(
        "PUT", "versioning", b"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
    ),
    "put object lock": _bucket(
        "PUT",
        "object-lock",
        b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
    ),
    "put lifecycle": _bucket(
        "PUT",
        "lifecycle",
        b"<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>"
        b"<Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>",
    ),
    "delete lifecycle": _bucket("DELETE", "lifecycle"),
    "put CORS": _bucket(
        "PUT",
        "cors",
        b"<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>"
        b"</CORSConfiguration>",
    ),
    "put tags of bucket": _bucket("PUT", "tagging", _TAGS),
    "put encryption": _bucket(
        "PUT",
        "encryption",
        b"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256"
        b"</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
    ),
    "delete bucket": lambda caller, there: caller.ask("DELETE", there.place.bucket),
    "make a bucket": lambda caller, _: caller.ask("PUT", "a-new-bucket"),
    "make a key (IAM)": _iam("Action=CreateAccessKey&UserName=x"),
    "list users (IAM)": _iam("Action=ListUsers"),
}  # fmt: skip
"""Of a whole bucket, or of the store."""


_ADDS = frozenset({"put", "overwrite", "put presigned", "begin upload", "send part", "abort upload"})
_REMOVES = frozenset({"delete", "delete many"})
"""A version stays behind: what was committed cannot be deleted for ever."""
_LISTS = frozenset({"list", "list versions"})
_READS = frozenset({"get", "head", "get version", "get presigned", "list uploads", "list parts", "get tags"})
WRITER = _ADDS | _REMOVES | _LISTS | {"complete upload", "copy in"}
"""What an agency may do in its own ``batches/`` and ``inbox/``, and a system in the folder of its feed."""
READER = _READS | _LISTS
"""What an agency may do in its own ``receipts/``, and the reader of reports in theirs."""
PIPELINE = frozenset(REQUESTS) - {
    "put tags", "delete tags", "get ACL", "put ACL", "put retention", "put legal hold",
}  # fmt: skip
"""What the pipeline may do with the objects of its buckets,"""
PIPELINE_OF_BUCKET = frozenset({"get policy"})
"""and with the buckets: see that agencies are denied what they must not do."""


NOTHING = frozenset[str]()
Rights = tuple[Place, frozenset[str]]
"""A place, and which requests may pass there."""


def agency_places(code: str, other: str) -> dict[str, Rights]:
    """Name the places that an agency is tried on, with what may pass there.

    Args:
        code: its own.
        other: another's.
    """
    landing = {
        "own batches": (f"batches/{code}/", WRITER),
        "own inbox": (f"inbox/{code}/", WRITER),
        "own receipts": (f"receipts/{code}/", READER | {"copy out"}),
        "another's batches": (f"batches/{other}/", NOTHING),
        "another's inbox": (f"inbox/{other}/", NOTHING),
        "another's receipts": (f"receipts/{other}/", NOTHING),
        "a code that begins alike": (f"batches/{code}9/", NOTHING),
    }
    others = {
        "tables": Place(layout.WAREHOUSE, "pages/"),
        "feeds": Place(layout.FEEDS, "register/"),
        "reports": Place(layout.REPORTS, "weekly/"),
    }
    own = {name: (Place(layout.LANDING, prefix), allowed) for name, (prefix, allowed) in landing.items()}
    return own | {name: (place, NOTHING) for name, place in others.items()}


def agency_caller(store: Store, code: str, keys: dict[str, str]) -> Caller:
    """Be an agency."""
    return Caller(store, keys, *(Place(layout.LANDING, f"{kind}/{code}/") for kind in ("batches", "receipts")))


def administrator_of(store: Store) -> Caller:
    """Be who may do everything."""
    everywhere = Place(layout.WAREHOUSE, "")
    return Caller(store, json.loads(store.settings.admin_keys_file.read_text()), everywhere, everywhere)


def pipeline_of(store: Store) -> Caller:
    """Be the pipeline."""
    own = Place(layout.WAREHOUSE, "_work/")
    return Caller(store, json.loads(store.settings.credentials_file.read_text()), own, own)


def try_requests(caller: Caller, there: Prepared, names: dict[str, Request]) -> Iterator[tuple[str, int]]:
    """Send each request to a place; yields its name and the status of the answer."""
    there.renew()
    for name, request in names.items():
        yield name, request(caller, there)[0]
