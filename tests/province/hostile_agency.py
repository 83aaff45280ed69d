"""What one agency can send with its own keys to stop the others: every kind at once."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import unicodedata
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import S3Error
from minio.signer import sign_v4_s3

from sohoa import layout
from sohoa.store import Store
from tests.batch_builder import DAY, document, manifest
from tests.pages.mutations import mutate
from tests.pages.sound_files import make_seeds

AGENCY, OTHER = "H37.80.02", "H37.80.01"
_FILES = 100
"""Of one document."""
_KEY = b"k" * 32
SSE_C = {
    "x-amz-server-side-encryption-customer-algorithm": "AES256",
    "x-amz-server-side-encryption-customer-key": base64.b64encode(_KEY).decode(),
    "x-amz-server-side-encryption-customer-key-md5": base64.b64encode(hashlib.md5(_KEY).digest()).decode(),
}
"""Headers that let the store encrypt an object with a key that nobody else has."""


def client_of(store: Store, agency: str) -> Minio:
    """A client of the embedded store with an agency's own keys."""
    keys = json.loads(store.settings.agency_keys_file.read_text(encoding="utf-8"))[agency]
    assert store.settings.s3_endpoint is not None
    host = store.settings.s3_endpoint.removeprefix("http://")
    return Minio(host, keys["access_key"], keys["secret_key"], secure=False, region=store.settings.s3_region)


class HostileAgency:
    """Sends batch after batch; ``sent`` are those that the store took, ``denied`` what it did not take."""

    def __init__(self, store: Store, pages: dict[str, bytes]) -> None:
        """Send as ``AGENCY``, with these sound pages where one is needed."""
        self._client, self._pages = client_of(store, AGENCY), pages
        self._numbers = iter(range(1, 1000))
        self.sent: dict[str, str] = {}
        """Batch -> what it is."""
        self.denied: list[str] = []

    def send_all(self, broken: int, seed: int, objects: int = 200, large: int = 20_000_000) -> None:
        """One batch, or many, of every kind.

        Args:
            broken: files that were broken by ``seed``.
            seed: of them.
            objects: files of one byte of one batch.
            large: bytes of one file.
        """
        self.encrypt()
        self.forge_an_agency()
        self.spell_names()
        self.come_from_next_year()
        self.send_many_files(objects)
        self.send_a_large_file(large)
        self.flood_manifests()
        self.claim_huge_files()
        self.send_many_documents()
        self.send_many_batches()
        self.send_slow_files()
        self.send_broken_files(broken, seed)
        self.send_what_is_gone()
        self.leave_an_upload()

    def encrypt(self) -> None:
        """A marker, then a page, encrypted with the agency's own key."""
        self._send("encrypted marker", self._pages, marker_headers=SSE_C)
        self._send("encrypted page", self._pages, page_headers=SSE_C)

    def forge_an_agency(self) -> None:
        """Be another: in the manifest, and in the places of another."""
        body = manifest([document("forged", {}, not_scanned="fragile")], 1, OTHER)
        self._commit(self._batch(), json.dumps(body).encode(), "forged agency")
        batch = body["batch"]
        for key in (layout.inbox_key(OTHER, batch), layout.batch_prefix(OTHER, DAY, batch) + "1.jpg"):
            self._put(key, b"{}")

    def spell_names(self) -> None:
        """Names that leave the batch, that cannot be seen, and two that look the same; as keys and in manifests."""
        twins = {unicodedata.normalize(form, "Tờ khai.jpg"): b"x" for form in ("NFC", "NFD")}
        names = {
            "name that leaves": "../../1.jpg",
            "name with a line break": "a\n1.jpg",
            "name with an escape": "\x1b1.jpg",
        }
        for what, name in names.items():
            self._send(what, {name: b"x"})
        self._send("names that look the same", twins)

    def come_from_next_year(self) -> None:
        """A scan day and a request of a clock that is a year ahead."""
        later = datetime.now(UTC) + timedelta(days=365)
        batch = f"{AGENCY}-{later:%Y%m%d}-001"
        body = manifest([document("later", {}, not_scanned="fragile")], 1, AGENCY, batch=batch)
        text = json.dumps(body | {"scan_date": later.date().isoformat()}).encode()
        self._commit(batch, text, "scan day of next year")
        self._try("request of next year", lambda: self._ask_at(later))

    def _ask_at(self, moment: datetime) -> None:
        keys = self._client._provider.retrieve()
        host = self._client._base_url.host
        url, empty = (
            urlsplit(f"http://{host}/{layout.LANDING}/inbox/{AGENCY}/late.json"),
            hashlib.sha256(b"").hexdigest(),
        )
        headers = {"Host": host, "x-amz-content-sha256": empty, "x-amz-date": f"{moment:%Y%m%dT%H%M%SZ}"}
        signed = sign_v4_s3(
            method="PUT", url=url, region="us-east-1", headers=headers, credentials=keys, content_sha256=empty,
            date=moment,
        )  # fmt: skip
        answer = urllib3.request("PUT", url.geturl(), headers=signed, retries=False)
        if answer.status != 200:
            (code,) = re.findall("<Code>(.*?)</Code>", answer.data.decode())
            self.denied.append(f"request of next year: {code}")

    def send_many_files(self, count: int) -> None:
        """A manifest of a hundred thousand files; so many files of one byte, of which the manifest names one."""
        files = [{"path": f"{n}.jpg", "sha256": "0" * 64, "bytes": 1} for n in range(100_000)]
        parts = [files[at : at + 1_000] for at in range(0, len(files), 1_000)]
        self._send_documents(
            "100,000 files", [document(f"crowd-{n}", {}) | {"files": part} for n, part in enumerate(parts)]
        )
        batch = self._batch()
        prefix = layout.batch_prefix(AGENCY, DAY, batch)
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda number: self._put(f"{prefix}{number}.jpg", b"x"), range(count)))
        body = manifest([document("crowd", {"0.jpg": b"x"})], int(batch[-3:]), AGENCY)
        self._commit(batch, json.dumps(body).encode(), "one of very many objects")

    def send_a_large_file(self, size: int) -> None:
        """A file of gigabytes, of nothing but zeros; once as what it is, once said to be small."""
        for what, said in (("large file", size), ("large file said to be small", 1_000)):
            batch = self._batch()
            key = layout.batch_prefix(AGENCY, DAY, batch) + "1.tif"
            self._try(f"put {what}", lambda key=key: self._client.put_object(
                layout.LANDING, key, cast(BinaryIO, Zeros(size)), size, part_size=64 << 20
            ))  # fmt: skip
            files = [{"path": "1.tif", "sha256": hashlib.sha256(b"").hexdigest(), "bytes": said}]
            body = manifest([document(f"large-{batch}", {}) | {"files": files}], int(batch[-3:]), AGENCY)
            self._commit(batch, json.dumps(body).encode(), what)

    def flood_manifests(self) -> None:
        """Manifests of a million parts, of no JSON, of gigabytes of blanks (here some MB), nested without end."""
        floods = {
            "objects": b'{"documents":[' + b",".join([b"{}"] * 1_390_000) + b"]}",
            "keys": b"{" + b",".join(b'"k%d":1' % number for number in range(340_000)) + b"}",
            "blanks": b" " * 24_000_000,
            "nesting": b"[" * 4_000_000,
        }
        for what, body in floods.items():
            self._commit(self._batch(), body, f"manifest of {what}")

    def claim_huge_files(self) -> None:
        """1,100 files that are not there, each claimed to have 300 MB."""
        files = [{"path": f"{n}.jpg", "sha256": "0" * 64, "bytes": 300_000_000} for n in range(1_100)]
        self._send_documents("huge claims", [document("claims", {}, physical_pages=1_100) | {"files": files}])

    def send_many_documents(self) -> None:
        """5,000 documents that were not scanned."""
        documents = [document(f"many-{n}", {}, not_scanned="fragile") for n in range(5_000)]
        self._send_documents("5,000 documents", documents)

    def send_many_batches(self) -> None:
        """Sixty batches in a minute."""
        for _ in range(60):
            self._send("one of many", {})

    def send_slow_files(self) -> None:
        """Small PDF files that each take all the time that a file may take."""
        self._send("slow files", {f"{n}.pdf": slow_pdf(n) for n in range(40)})

    def send_broken_files(self, count: int, seed: int) -> None:
        """Files broken by ``seed``, in one batch, a hundred a document."""
        self._send(f"{count} broken files", dict(_broken(count, seed)))

    def send_what_is_gone(self) -> None:
        """A batch whose marker's version is deleted at once, and one of which a page is replaced after it was sent."""
        batch = self._send("marker deleted", self._pages)
        key = layout.inbox_key(AGENCY, batch)
        self._try("delete a version", lambda: self._client.remove_object(layout.LANDING, key, version_id="null"))
        batch = self._send("page replaced", self._pages)
        name = next(iter(self._pages))
        self._put(layout.batch_prefix(AGENCY, DAY, batch) + name, b"other bytes")

    def leave_an_upload(self) -> None:
        """A multipart upload that never ends."""
        key = f"batches/{AGENCY}/{DAY.isoformat()}/never/part"
        self._try("begin an upload", lambda: self._client._create_multipart_upload(layout.LANDING, key, {}))

    def _batch(self) -> str:
        return f"{AGENCY}-{DAY:%Y%m%d}-{next(self._numbers):03d}"

    def _send(
        self,
        what: str,
        files: dict[str, bytes],
        page_headers: dict[str, str] | None = None,
        marker_headers: dict[str, str] | None = None,
    ) -> str:
        batch = self._batch()
        prefix = layout.batch_prefix(AGENCY, DAY, batch)
        for name, data in files.items():
            self._put(prefix + name, data, page_headers)
        items = list(files.items())
        parts = [dict(items[at : at + _FILES]) for at in range(0, len(items), _FILES)]
        documents = [document(f"doc-{batch}-{number}", part) for number, part in enumerate(parts)]
        documents = documents or [document(f"doc-{batch}", {}, not_scanned="fragile")]
        body = manifest(documents, int(batch[-3:]), AGENCY)
        self._commit(batch, json.dumps(body).encode(), what, marker_headers)
        return batch

    def _send_documents(self, what: str, documents: list[dict[str, Any]]) -> None:
        batch = self._batch()
        self._commit(batch, json.dumps(manifest(documents, int(batch[-3:]), AGENCY)).encode(), what)

    def _commit(self, batch: str, body: bytes, what: str, headers: dict[str, str] | None = None) -> None:
        if self._put(layout.inbox_key(AGENCY, batch), body, headers):
            self.sent[batch] = what

    def _put(self, key: str, data: bytes, headers: dict[str, str] | None = None) -> bool:
        def put() -> None:
            if headers:  # the SDK sends keys over TLS only
                self._client._execute("PUT", layout.LANDING, key, body=data, headers=dict(headers))
            else:
                self._client.put_object(layout.LANDING, key, io.BytesIO(data), len(data))

        return self._try(f"put {key.rpartition('/')[2]}{' encrypted' if headers else ''}", put)

    def _try(self, what: str, action: Any) -> bool:
        try:
            action()
        except S3Error as error:
            self.denied.append(f"{what}: {error.code}")
            return False
        except ValueError as error:  # the SDK itself takes no such name
            self.denied.append(f"{what}: {error}")
            return False
        return True


class Zeros(io.RawIOBase):
    """A file of so many zeros that lies nowhere."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        taken = self._left if size < 0 else min(size, self._left)
        self._left -= taken
        return bytes(taken)


def slow_pdf(number: int) -> bytes:
    """A small PDF that takes all the time that a file may take: forms that draw each other many times."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    resources = b"/Resources<</XObject<</F %d 0 R>>>>"
    objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]" + resources % 5 + b"/Contents 4 0 R>>")
    contents = [b"/F Do\n" * (300 + number), b"/F Do\n" * 300, b"0 0 9 9 re f\n" * 150]  # 27 million operators
    for level, text in enumerate(contents):
        packed = zlib.compress(text)
        form = b"/Type/XObject/Subtype/Form/BBox[0 0 600 900]" + resources % min(5 + level, 6) if level else b""
        head = b"<<%s/Filter/FlateDecode/Length %d>>" % (form, len(packed))
        objects.append(head + b"\nstream\n" + packed + b"\nendstream")
    data = b"%PDF-1.7\n"
    places = []
    for place, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (place, body)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(data))
    return data + table + end


def _broken(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    seeds = make_seeds()
    for number in range(count):
        name, _, data = mutate(seeds, number, seed)
        yield f"{number:05d}.{name.partition(' ')[0]}", data
