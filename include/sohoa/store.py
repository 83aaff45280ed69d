"""The object store: bytes, JSON and Parquet in and out. The only importer of ``minio``.

Every write is one PUT of a whole object, so an object is there entire or not at all. Reads of tables are cast to
their schema in ``sohoa.schema`` and carry the path key as their first column.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from base64 import b64decode
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby, islice, product, takewhile
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import pyarrow as pa
import pyarrow.parquet as pq
import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, CopySource, Filter
from minio.datatypes import Object as MinioObject
from minio.datatypes import Part
from minio.error import MinioException, S3Error
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, LifecycleConfig, Rule
from minio.versioningconfig import VersioningConfig

from sohoa import layout
from sohoa.clean_text import REPLACEMENT
from sohoa.days import ONE_DAY, in_runs
from sohoa.errors import (
    KeysRefused,
    NoStore,
    ObjectDamaged,
    ObjectMissing,
    ObjectRefused,
    ObjectTooLarge,
    SettingsError,
    StoreError,
)
from sohoa.logs import get_logger
from sohoa.schema import TABLES, fit
from sohoa.settings import Settings, load_settings

log = get_logger(__name__)

_MISSING = {
    "NoSuchKey", "NoSuchVersion", "NoSuchUpload", "NoSuchBucket", "NoSuchBucketPolicy", "MethodNotAllowed",
}  # fmt: skip
_KEYS_REFUSED = {
    "AccessDenied", "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
}  # fmt: skip
"""Answers to the one who asks, whatever the object."""
_CLIENT_ERRORS = range(400, 500)
_NORMAL_FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
_UPLOADS_PAGE = 1_000
_PIECE_BYTES = 1 << 20
_ODD = [chr(code) for code in range(1, 32) if chr(code) not in "\t\n\r"]
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters of a name that no XML can hold; the former can stand in an address."""
_MAX_ODD = 2
"""Of them in a name whose object was deleted, with which all names that it can be are tried: 784 requests."""
_DENIED = {"Effect": "Deny", "Principal": "*", "Resource": f"arn:aws:s3:::{layout.LANDING}/*"}
_STOP = "StopSending"
"""Name of the statement that denies agencies to send."""
MIN_PART_BYTES = 5 << 20
"""S3 takes no smaller part of an upload, but for the last."""
HOLDS = b"holds"
"""Metadata of a merged object: key -> ETag of those that it was made of."""
_AT_ONCE_S = 2
THREADS = 8
"""Requests to the store that one piece of work makes at a time."""
T = TypeVar("T")


@dataclass(frozen=True)
class ObjectInfo:
    """What the store says of one object; ``version_id`` only after a stat."""

    key: str
    size: int
    etag: str
    last_modified: datetime
    version_id: str | None = None


@dataclass(frozen=True)
class ObjectVersion:
    """One version of an object in a versioned bucket, as a listing tells it."""

    key: str
    version_id: str
    is_newest: bool
    is_deletion: bool
    """Whether it says that the object was deleted; it has no bytes then."""
    size: int
    etag: str
    last_modified: datetime


@dataclass(frozen=True)
class Upload:
    """An upload in parts that was begun and not ended: its parts lie in no listing of objects."""

    key: str
    upload_id: str
    began_at: datetime


class Sink(Protocol):
    """What takes bytes, as an open file does."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""


class Store:
    """One S3-compatible store. Threads may share it."""

    def __init__(self, settings: Settings, http: urllib3.PoolManager | None = None) -> None:
        """Connect with the keys in ``settings``; nothing is sent yet.

        Args:
            settings: address and keys.
            http: by what requests go, where it is not the usual: as by a proxy, or slowly.

        Raises:
            NoStore: the store's address or keys are not known.
            SettingsError: one of its keys is set, and the other not.
        """
        if not settings.has_whole_keys:
            raise SettingsError("SOHOA_S3_ACCESS_KEY and SOHOA_S3_SECRET_KEY: set both or none (see docs/settings.md)")
        if settings.s3_endpoint is None or settings.s3_access_key is None or settings.s3_secret_key is None:
            raise NoStore(
                f"the object store is not configured (there is no {settings.credentials_file}): run `sohoa stack up "
                "store`, or set SOHOA_S3_ENDPOINT, SOHOA_S3_ACCESS_KEY and SOHOA_S3_SECRET_KEY, or SOHOA_HOME"
            )
        self.settings, self._http = settings, http
        self._client = self._client_at(settings.s3_endpoint)

    def asked_once(self) -> Store:
        """The same store for whoever cannot wait: each request is sent once, and has two seconds."""
        return Store(self.settings, urllib3.PoolManager(timeout=_AT_ONCE_S, retries=False))

    def _client_at(self, address: str) -> Minio:
        settings, url = self.settings, urlsplit(address)
        assert settings.s3_access_key is not None and settings.s3_secret_key is not None
        return Minio(
            endpoint=url.netloc,
            access_key=settings.s3_access_key.get_secret_value(),
            secret_key=settings.s3_secret_key.get_secret_value(),
            secure=url.scheme == "https",
            region=settings.s3_region,
            http_client=self._http
            or urllib3.PoolManager(
                maxsize=THREADS * 2,
                timeout=urllib3.Timeout(connect=5, read=120),
                retries=urllib3.Retry(total=4, backoff_factor=0.3, status_forcelist=[500, 502, 503, 504]),
            ),
        )

    def _call(self, what: str, action: Callable[[], T]) -> T:
        try:
            return action()
        except S3Error as error:
            if error.code in _MISSING:
                raise ObjectMissing(f"{what}: there is no such object") from None
            if error.code in _KEYS_REFUSED:
                keys = "SOHOA_S3_ACCESS_KEY and SOHOA_S3_SECRET_KEY"
                raise KeysRefused(f"{what}: the store refuses these keys ({error.code}): check {keys}") from error
            cause = ObjectRefused if error.response.status in _CLIENT_ERRORS else StoreError
            raise cause(f"{what}: the store answers {error.code}: {error.message}") from error
        except (MinioException, urllib3.exceptions.HTTPError, ParseError) as error:  # a page of HTML is no XML
            own = "`sohoa stack status store` tells, `sohoa stack up store` starts it"
            advice = own if self.settings.uses_embedded_store else "ask who runs it"
            raise StoreError(
                f"the store at {self.settings.s3_endpoint} does not answer, or breaks off at {what}; is it up? {advice}"
            ) from error

    @staticmethod
    def each(work: Callable[..., T], *items: Iterable[Any]) -> list[T]:
        """Do ``work``, which waits for the store, on all items: eight at a time, the results in the items' order."""
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(work, *items))

    # objects

    def make_buckets(self) -> None:
        """Create the buckets that are absent, with versioning where the layout asks for it, and a rule for uploads.

        The rule ends uploads in parts that nobody ends. SeaweedFS takes it and does not carry it out as it is started
        here: there ``maintain_store`` does it.
        """
        for bucket in layout.BUCKETS:
            self._call(bucket, partial(self._make_bucket, bucket, bucket in layout.VERSIONED_BUCKETS))
        unfinished = AbortIncompleteMultipartUpload(days_after_initiation=self.settings.unfinished_upload_days)
        rule = Rule(ENABLED, Filter(prefix=""), "unfinished-uploads", abort_incomplete_multipart_upload=unfinished)
        rules = LifecycleConfig([rule])
        self._call(layout.LANDING, partial(self._client.set_bucket_lifecycle, layout.LANDING, rules))

    def _make_bucket(self, bucket: str, is_versioned: bool) -> None:
        if not self._client.bucket_exists(bucket_name=bucket):
            self._client.make_bucket(bucket_name=bucket)
        if is_versioned:
            self._client.set_bucket_versioning(bucket_name=bucket, config=VersioningConfig(ENABLED))

    def list_objects(
        self,
        bucket: str,
        prefix: str,
        after: str | None = None,
        before: str | None = None,
        most: int | None = None,
    ) -> Iterator[ObjectInfo]:
        """Objects under a prefix, in the order of their keys.

        Args:
            bucket: one of ``layout.BUCKETS``.
            prefix: what their keys begin with.
            after: only those of greater keys.
            before: only those of lesser keys.
            most: only so many of them.
        """

        def read() -> list[MinioObject]:
            listed = self._client.list_objects(bucket_name=bucket, prefix=prefix, start_after=after, recursive=True)
            wanted = takewhile(lambda item: before is None or item.object_name < before, listed)
            return list(islice(wanted, most))

        for item in self._call(f"{bucket}/{prefix}", read):
            if not item.is_dir:
                yield ObjectInfo(item.object_name, item.size, (item.etag or "").strip('"'), item.last_modified)

    def list_folders(self, bucket: str, prefix: str) -> list[str]:
        """Prefixes one step below a prefix, each with its slash; it may be that nothing is under one any more."""
        found = self._call(
            f"{bucket}/{prefix}", lambda: list(self._client.list_objects(bucket_name=bucket, prefix=prefix))
        )
        return [item.object_name for item in found if item.is_dir]

    def list_versions(self, bucket: str, prefix: str, most: int | None = None) -> list[ObjectVersion]:
        """Every version of every object under a prefix, by key, the newest first; at most so many.

        Objects whose names no listing of versions can spell are left out where two of them are spelled alike.
        """
        listed = [item for one in _spellings(prefix) for item in self._list_versions(bucket, one, True, None, most)]
        true = self._true_names(bucket, prefix, listed)
        versions = [
            ObjectVersion(
                true.get(name, name),
                item.version_id,
                item.is_latest == "true",
                item.is_delete_marker,
                item.size or 0,
                (item.etag or "").strip('"'),
                item.last_modified,
            )
            for name, item in listed
        ]
        newest = Counter(one.key for one in versions if one.is_newest and REPLACEMENT in _as_listed(one.key))
        alike = {key for key, count in newest.items() if count > 1}
        return sorted(
            (one for one in versions if one.key not in alike),
            key=lambda one: (one.key, not one.is_newest, -one.last_modified.timestamp()),
        )

    def _list_versions(
        self, bucket: str, prefix: str, is_whole: bool, after: str | None, most: int | None
    ) -> list[tuple[str, Any]]:
        """List versions as the store tells them, each with its name: what lies behind the prefix as it is listed."""
        list_them = partial(
            self._client.list_objects,
            bucket_name=bucket,
            prefix=prefix,
            start_after=after,
            recursive=is_whole,
            include_version=True,
        )
        found = self._call(f"{bucket}/{prefix}", lambda: list(islice(list_them(), most)))
        return [(prefix + item.object_name[len(prefix) :], item) for item in found]

    def sum_versions(self, bucket: str, prefix: str, since: datetime) -> int:
        """Bytes of all versions under a prefix that are not older than ``since``, however many there are."""
        listed = partial(
            self._client.list_objects, bucket_name=bucket, prefix=prefix, recursive=True, include_version=True
        )
        return self._call(
            f"{bucket}/{prefix}",
            lambda: sum(item.size or 0 for item in listed() if item.last_modified and item.last_modified >= since),
        )

    def list_names(self, bucket: str, prefix: str, after: str, most: int) -> list[str]:
        """Folders, with a slash at the end, and objects right under a prefix, those of old versions alone too.

        Args:
            bucket: one of ``layout.BUCKETS``.
            prefix: where they lie.
            after: only this name, without a slash at the end, and greater ones.
            most: only so many entries of the listing; an object has one for each version.
        """
        listed = [
            item for one in _spellings(prefix) for item in self._list_versions(bucket, one, False, after or None, most)
        ]
        names = {name for name, _ in listed}
        true = self._true_names(bucket, prefix, listed, is_whole=False)
        return sorted({true.get(name, name) for name in names})

    def _true_names(
        self, bucket: str, prefix: str, listed: Iterable[tuple[str, Any]], is_whole: bool = True
    ) -> dict[str, str]:
        """Return name as listed -> true name, where a listing of versions could not spell it and the object is there.

        No XML can hold control characters: such a listing has U+FFFD in their place; the plain listing spells them.
        """
        odd = {name for name, _ in listed if REPLACEMENT in name}
        if not odd:
            return {}
        list_them = partial(self._client.list_objects, bucket_name=bucket, prefix=prefix, recursive=is_whole)
        named = self._call(f"{bucket}/{prefix}", lambda: [str(item.object_name) for item in list_them()])
        return {prefix + _as_listed(name[len(prefix) :]): name for name in named if _as_listed(name) != name}

    def list_uploads(self, bucket: str, most: int = 20_000) -> list[Upload]:
        """Uploads in parts that were begun and not ended, at most about so many."""
        uploads: list[Upload] = []
        while len(uploads) < most:
            page = self._page_of_uploads(bucket, uploads[-1].upload_id if uploads else None)
            uploads += page
            if len(page) < _UPLOADS_PAGE:
                break
        return uploads

    def _page_of_uploads(self, bucket: str, after: str | None) -> list[Upload]:
        """The SDK has no public call for this. SeaweedFS goes on after an upload's id, and gives no marker itself."""
        found = self._call(
            f"{bucket}: uploads",
            lambda: self._client._list_multipart_uploads(bucket, max_uploads=_UPLOADS_PAGE, upload_id_marker=after),
        )
        return [
            Upload(item.object_name, item.upload_id, item.initiated_time)
            for item in found.uploads
            if item.initiated_time is not None and item.upload_id is not None
        ]

    def abort_upload(self, bucket: str, upload: Upload) -> None:
        """End an upload and throw its parts away; one that has ended meanwhile is no error."""
        try:
            self._call(
                f"{bucket}/{upload.key}",
                lambda: self._client._abort_multipart_upload(bucket, upload.key, upload.upload_id),
            )
        except ObjectMissing:
            return

    def uploaded_bytes(self, bucket: str, upload: Upload) -> int:
        """Bytes of the parts that an upload has so far; 0 of one that has ended meanwhile."""
        size, after, is_whole = 0, None, False
        while not is_whole:
            list_parts = partial(
                self._client._list_parts, bucket, upload.key, upload.upload_id, part_number_marker=after
            )
            try:
                found = self._call(f"{bucket}/{upload.key}", list_parts)
            except ObjectMissing:
                return size
            size += sum(part.size or 0 for part in found.parts)
            after, is_whole = str(found.next_part_number_marker), not found.is_truncated
        return size

    def stat(self, bucket: str, key: str) -> ObjectInfo | None:
        """What the store says of the newest version of an object, None where there is none."""
        try:
            found = self._call(f"{bucket}/{key}", lambda: self._client.stat_object(bucket_name=bucket, object_name=key))
        except ObjectMissing:
            return None
        etag = (found.etag or "").strip('"')
        return ObjectInfo(key, found.size, etag, found.last_modified, found.version_id)

    def get(self, bucket: str, key: str, limit: int | None = None, version_id: str | None = None) -> bytes:
        """The bytes of an object.

        Raises:
            ObjectMissing: there is none.
            ObjectTooLarge: it has more than ``limit`` bytes; at most ``limit`` + 1 were read.
        """

        def read() -> bytes:
            answer = self._client.get_object(bucket_name=bucket, object_name=key, version_id=version_id)
            try:
                return bytes(answer.read() if limit is None else answer.read(limit + 1))
            finally:
                answer.close()
                answer.release_conn()

        data = self._call(f"{bucket}/{key}", read)
        if limit is not None and len(data) > limit:
            raise ObjectTooLarge(f"{bucket}/{key} has more than {limit} bytes")
        return data

    def download(self, bucket: str, key: str, to: Sink, version_id: str | None = None) -> None:
        """Write the bytes of an object, or of one version of it, to what takes them, piece by piece.

        Raises:
            ObjectMissing: there is none.
        """

        def read() -> None:
            answer = self._client.get_object(bucket_name=bucket, object_name=key, version_id=version_id)
            try:
                for piece in answer.stream(_PIECE_BYTES):
                    to.write(piece)
            finally:
                answer.close()
                answer.release_conn()

        self._call(f"{bucket}/{key}", read)

    def get_spelled(self, bucket: str, key: str, limit: int) -> bytes:
        """The bytes of an object under this key, else under the same key in the other Unicode normal form.

        A name with Vietnamese letters looks the same in both; some systems that it passes through change the form.

        Raises:
            ObjectMissing: there is none.
            ObjectTooLarge: it has more than ``limit`` bytes.
        """
        try:
            return self.get(bucket, key, limit)
        except ObjectMissing:
            for form in _NORMAL_FORMS:
                spelled = unicodedata.normalize(form, key)
                if spelled != key and self.stat(bucket, spelled) is not None:
                    return self.get(bucket, spelled, limit)
            raise

    def put(self, bucket: str, key: str, data: bytes, content_type: str = "application/octet-stream") -> str:
        """Write an object whole, replacing what was there; returns the ETag that the store gives it."""
        done = self._call(
            f"{bucket}/{key}",
            lambda: self._client.put_object(
                bucket_name=bucket,
                object_name=key,
                data=io.BytesIO(data),
                length=len(data),
                content_type=content_type,
            ),
        )
        return (done.etag or "").strip('"')

    def begin_upload(self, bucket: str, key: str) -> str:
        """Begin an upload in parts; the SDK's own calls for its steps are not public. Returns the upload's id."""
        return str(self._call(f"{bucket}/{key}", lambda: self._client._create_multipart_upload(bucket, key, {})))

    def put_part(self, bucket: str, key: str, upload_id: str, number: int, data: bytes) -> str:
        """Send one part, from 1 on, of ``MIN_PART_BYTES`` or more but the last; returns its ETag.

        Raises:
            ObjectMissing: the upload has ended.
        """
        send = partial(self._client._upload_part, bucket, key, data, {}, upload_id, number)
        return str(self._call(f"{bucket}/{key}", send)).strip('"')

    def end_upload(self, bucket: str, key: str, upload_id: str, etags: Sequence[str]) -> str:
        """Make an object of all the parts that were sent, given their ETags in order; returns its ETag.

        Raises:
            ObjectMissing: the upload has ended.
        """
        parts = [Part(number, etag) for number, etag in enumerate(etags, start=1)]
        end = partial(self._client._complete_multipart_upload, bucket, key, upload_id, parts)
        return (self._call(f"{bucket}/{key}", end).etag or "").strip('"')

    def signed_address(self, bucket: str, key: str, lasts: timedelta, file_name: str) -> str:
        """An address at which anybody reads this one object for a time, under a name of its own; nothing is sent.

        The signature covers the host, so it is made for the address by which the reader reaches the store.

        Args:
            bucket: one of ``layout.BUCKETS``.
            key: the object's.
            lasts: at most a week, which is the most that S3 signs.
            file_name: what a browser calls it, ASCII.

        Raises:
            SettingsError: that address is not set.
        """
        if self.settings.s3_public_endpoint is None:
            raise SettingsError("set SOHOA_S3_PUBLIC_ENDPOINT to the store's address as readers reach it")
        shown = {"response-content-disposition": f'inline; filename="{file_name}"'}
        client = self._client_at(self.settings.s3_public_endpoint)
        return str(client.presigned_get_object(bucket, key, expires=lasts, response_headers=shown))

    def copy(self, source: tuple[str, str, str | None], target: tuple[str, str]) -> None:
        """Copy one version (bucket, key, version id) inside the store; a source that is gone is no error."""
        bucket, key, version_id = source
        try:
            self._call(
                f"{bucket}/{key}",
                lambda: self._client.copy_object(
                    bucket_name=target[0], object_name=target[1], source=CopySource(bucket, key, version_id=version_id)
                ),
            )
        except ObjectMissing:
            return

    def delete(self, bucket: str, key: str, version_id: str | None = None) -> None:
        """Delete an object, or one version of it; deleting what is not there is no error.

        A version whose name a listing could not spell is deleted under each name that it can have: under the others
        there is no such version.
        """
        names = _spellings(key) if version_id is not None and REPLACEMENT in key else (key,)
        for name in names:
            try:
                remove = partial(
                    self._client.remove_object, bucket_name=bucket, object_name=name, version_id=version_id
                )
                self._call(f"{bucket}/{name}", remove)
            except ObjectMissing:
                continue

    def delete_versions(self, bucket: str, key: str) -> None:
        """Delete an object and every earlier version of it."""
        while (found := self.stat(bucket, key)) is not None:
            self.delete(bucket, key, found.version_id)

    def delete_prefix(self, bucket: str, prefix: str) -> None:
        """Delete every object under a prefix."""
        for item in self.list_objects(bucket, prefix):
            self.delete(bucket, item.key)

    # JSON

    def get_json(self, bucket: str, key: str) -> Any:
        """A JSON object that this pipeline wrote.

        Raises:
            ObjectDamaged: it is no JSON.
        """
        data = self.get(bucket, key)
        try:
            return json.loads(data)
        except ValueError as error:
            raise ObjectDamaged(f"{bucket}/{key}", error) from error

    def find_json(self, bucket: str, key: str, default: T) -> T:
        """A JSON object as ``get_json``; ``default`` where there is none, or what is there is damaged.

        It is for what is as good as new without it: a place to go on from, a count that is made again.
        """
        try:
            value: T = self.get_json(bucket, key)
        except ObjectMissing:
            return default
        except ObjectDamaged as error:
            log.warning("begun_anew", key=error.key, reason=str(error))
            return default
        if default is not None and not isinstance(value, type(default)):
            log.warning("begun_anew", key=f"{bucket}/{key}", reason=f"it is no {type(default).__name__}")
            return default
        return value

    def put_json(self, bucket: str, key: str, value: Any) -> None:
        """Write a value as JSON: UTF-8, sorted keys, so that the same value is the same bytes."""
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)
        self.put(bucket, key, text.encode(), "application/json; charset=utf-8")

    # Parquet

    def put_parquet(self, key: str, table: pa.Table) -> None:
        """Write an Arrow table to ``warehouse`` as one zstd Parquet object.

        Its metadata carry the ``schema_version`` of the table's schema, 1 where it says none.
        """
        sink = io.BytesIO()
        metadata = {b"schema_version": b"1"} | (table.schema.metadata or {})
        pq.write_table(table.replace_schema_metadata(metadata), sink, compression="zstd", write_page_checksum=True)
        self.put(layout.WAREHOUSE, key, sink.getvalue(), "application/vnd.apache.parquet")

    def get_parquet(self, key: str, schema: pa.Schema | None = None) -> pa.Table:
        """One Parquet object of ``warehouse``, of these columns where they are given.

        Raises:
            ObjectDamaged: its bytes are not those that were written, or it has other columns, none of its table.
        """
        data = pa.BufferReader(self.get(layout.WAREHOUSE, key))
        try:
            file = pq.ParquetFile(data, page_checksum_verification=True)
            rows = file.read(use_threads=False)
            _require_as_written(file, rows.num_rows)
            _require_own(key, rows)
            return rows if schema is None else rows.cast(schema)
        except (pa.ArrowException, OSError, ValueError) as error:  # in Arrow's words: lengths, pages, names
            raise ObjectDamaged(f"{layout.WAREHOUSE}/{key}", error) from error

    def write_table(self, table: str, day: date, name: str, rows: pa.Table) -> None:
        """Write one object of a table, cast to the table's schema.

        Raises:
            pyarrow.ArrowInvalid: a value does not fit its column (a defect of the caller).
        """
        schema = TABLES[table]
        self.put_parquet(layout.table_key(table, day, name), rows.select(schema.names).cast(schema))

    def read_table(self, table: str, days: Iterable[date] | None = None, name: str | None = None) -> pa.Table:
        """Rows of a table with its path key as the first column, in the order of the objects' keys.

        Args:
            table: name in ``schema.TABLES``.
            days: only these days; all days where None.
            name: only the object of this name in each day.
        """
        keys = self.table_keys(table, days, name)
        parts = [part for part in self.each(partial(self._read_part, table), keys) if part is not None]
        path_key = pa.field(layout.PATH_KEY[table], pa.date32())
        return pa.concat_tables(parts) if parts else pa.schema([path_key, *TABLES[table]]).empty_table()

    def table_keys(self, table: str, days: Iterable[date] | None = None, name: str | None = None) -> list[str]:
        """Keys of the objects that hold a table's rows, in order; ``days`` and ``name`` as in ``read_table``."""
        if days is None:
            return self._listed(layout.table_prefix(table), name)
        found = []
        for _, month in groupby(sorted(set(days)), lambda day: (day.year, day.month)):
            for first, last in in_runs(month):
                start, beyond = (layout.table_prefix(table, day) for day in (first, last + ONE_DAY))
                if first < last:  # one question for all of them, and no page of it holds more than a month
                    found += self._listed(start.removesuffix(f"{first:%d}/"), name, start, beyond)
                elif name is None:
                    found += self._listed(start, name)
                else:
                    found.append(layout.table_key(table, first, name))
        return found

    def _listed(self, prefix: str, name: str | None, after: str | None = None, before: str | None = None) -> list[str]:
        """Keys of a table's objects under a prefix, in order: those of a name, or all; as in ``list_objects``."""
        end = ".parquet" if name is None else f"/{name}.parquet"
        listed = self.list_objects(layout.WAREHOUSE, prefix, after, before)
        return [item.key for item in self.in_force(item for item in listed if item.key.endswith(end))]

    def in_force(self, objects: Iterable[ObjectInfo]) -> list[ObjectInfo]:
        """Leave out the objects of a table whose rows another object of their day holds too.

        While decisions of a day become one object, that one and those that it was made of lie side by side for a time.
        """
        found = list(objects)
        if not found or found[0].key.partition("/")[0] not in layout.MERGED_TABLES:
            return found
        by_day: dict[date, list[ObjectInfo]] = defaultdict(list)
        for item in found:
            by_day[layout.table_day(item.key)].append(item)
        held = {key for day in by_day.values() if len(day) > 1 for key in self._held(day)}
        return [item for item in found if item.key not in held]

    def _held(self, objects: list[ObjectInfo]) -> set[str]:
        """The keys of a day's objects that its merged object holds as they are; a damaged one tells who reads it."""
        whole = [item.key for item in objects if item.key.endswith(f"/{layout.DAY}.parquet")]
        try:
            holds = self.merged_objects(whole[0]) if whole else {}
        except ObjectDamaged:
            return set()
        return {item.key for item in objects if holds.get(item.key) == item.etag}

    def merged_objects(self, key: str) -> dict[str, str]:
        """Return key -> ETag of the objects that were merged into this one; none where it is of no merging.

        Raises:
            ObjectDamaged: its bytes are not those that were written.
        """
        try:
            schema = self.get_parquet(key).schema
            holds: dict[str, str] = json.loads((schema.metadata or {}).get(HOLDS, b"{}"))
        except ValueError as error:  # no JSON
            raise ObjectDamaged(f"{layout.WAREHOUSE}/{key}", error) from error
        return holds

    def _read_part(self, table: str, key: str) -> pa.Table | None:
        try:
            rows = self.get_parquet(key)
        except ObjectMissing:
            return None
        return with_path_key(table, fit(table, rows), layout.table_day(key))

    # rights

    def put_landing_policy(self, codes: Iterable[str]) -> bool:
        """Deny agencies in ``landing`` what their keys would allow; False where that stands there already.

        Nobody else can read what an agency encrypted with a key of its own (SSE-C), and a version that it deleted is
        gone from under a check at work. The name of an agency's key is its code. The administrator alone may do it.

        Args:
            codes: of agencies. Their first parts stand in the policy: hundreds of codes pass its 20 KB.
        """
        return self._put_landing_statements([*_denials(codes), *filter(_is_stop, self._landing_statements())])

    def has_landing_policy(self, codes: Iterable[str]) -> bool:
        """Whether agencies of these codes are denied what ``put_landing_policy`` denies; others may be stopped."""
        return [one for one in self._landing_statements() if not _is_stop(one)] == _denials(codes)

    def stop_agencies(self, codes: Collection[str]) -> bool:
        """Take nothing more into ``landing`` of these agencies alone; False where that stands already.

        The administrator alone may do it.
        """
        others = [statement for statement in self._landing_statements() if not _is_stop(statement)]
        stop = _DENIED | {"Sid": _STOP, "Action": "s3:PutObject", "Condition": _named(sorted(codes))}
        return self._put_landing_statements([*others, stop] if codes else others)

    def stopped_agencies(self) -> list[str]:
        """The codes of those of whom nothing is taken."""
        return [code for one in self._landing_statements() if _is_stop(one) for code in _names(one)]

    def _put_landing_statements(self, statements: list[dict[str, Any]]) -> bool:
        if self._landing_statements() == statements:
            return False
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self._call(layout.LANDING, lambda: self._client.set_bucket_policy(bucket_name=layout.LANDING, policy=policy))
        return True

    def _landing_statements(self) -> list[dict[str, Any]]:
        """What the policy that is in force says; nothing where there is none."""
        try:
            text = self._call(layout.LANDING, lambda: self._client.get_bucket_policy(bucket_name=layout.LANDING))
        except ObjectMissing:
            return []
        found = json.loads(text)["Statement"]
        statements: list[dict[str, Any]] = [found] if isinstance(found, dict) else found
        return [
            one | {"Condition": one["Condition"] | _named(_names(one))} if _names(one) else one for one in statements
        ]


def _as_listed(name: str) -> str:
    """Spell a name as a listing of versions does."""
    return _NO_XML.sub(REPLACEMENT, name)


def _spellings(listed: str) -> Iterator[str]:
    """Yield the name, and those that a listing of versions spells like it where they are not too many to be tried."""
    yield listed
    parts = listed.split(REPLACEMENT)
    if 0 < len(parts) - 1 <= _MAX_ODD:
        for odd in product(_ODD, repeat=len(parts) - 1):
            yield parts[0] + "".join(one + part for one, part in zip(odd, parts[1:], strict=True))


def _denials(codes: Iterable[str]) -> list[dict[str, Any]]:
    """What agencies of these codes are always denied."""
    heads = sorted({code.partition(".")[0] for code in codes})
    agencies = _named(name for head in heads for name in (head, f"{head}.*"))
    own_key = {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}}
    return [
        _DENIED | {"Action": "s3:PutObject", "Condition": agencies | own_key},
        _DENIED | {"Action": "s3:DeleteObjectVersion", "Condition": agencies},
    ]


def _named(names: Iterable[str]) -> dict[str, Any]:
    """The condition that who asks has one of these names; the name of an agency's key is its code."""
    return {"StringLike": {"aws:username": list(names)}}


def _names(statement: dict[str, Any]) -> list[str]:
    """The names that a statement speaks of; of a single one SeaweedFS makes a string, another's statement has none."""
    names = statement.get("Condition", {}).get("StringLike", {}).get("aws:username", [])
    return [names] if isinstance(names, str) else list(names)


def _is_stop(statement: dict[str, Any]) -> bool:
    return statement.get("Sid") == _STOP


def _require_as_written(file: pq.ParquetFile, rows: int) -> None:
    """Raise ``ValueError`` where names, types or the count of rows, which carry no checksum, are not as Arrow noted."""
    noted = (file.metadata.metadata or {}).get(b"ARROW:schema")
    if noted is not None and not pa.ipc.read_schema(pa.py_buffer(b64decode(noted))).equals(file.schema_arrow):
        raise ValueError("names or types of its columns are not those that it was written with")
    if rows != file.metadata.num_rows:
        raise ValueError(f"{rows} rows of {file.metadata.num_rows}")


def _require_own(key: str, rows: pa.Table) -> None:
    """Raise ``ValueError`` where an object of a table has none of its columns: all of them would be null."""
    table = key.partition("/")[0]
    if table in TABLES and set(TABLES[table].names).isdisjoint(rows.column_names):
        raise ValueError(f"it has none of the columns of {table}")


def with_path_key(table: str, rows: pa.Table, day: date) -> pa.Table:
    """The rows of one day of a table with its path key as the first column."""
    days = pa.repeat(pa.scalar(day, pa.date32()), rows.num_rows)
    return rows.add_column(0, pa.field(layout.PATH_KEY[table], pa.date32()), days)


def open_store() -> Store:
    """The store of this process's settings."""
    return Store(load_settings())
