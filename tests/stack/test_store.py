"""The embedded store: keys, ports, life and death."""

from __future__ import annotations

import io
import json
import random
import re
import secrets
import socket
import stat
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from minio import Minio
from pydantic import SecretStr

from sohoa import layout, registry, stack
from sohoa.days import each_day
from sohoa.errors import ObjectDamaged, SettingsError, StackError, StoreError
from sohoa.jobs.query_tables import run_query
from sohoa.private_file import write_private
from sohoa.schema import TABLES
from sohoa.settings import PORTS, Settings, load_settings
from sohoa.stack import seaweed
from sohoa.stack.processes import require_free_ports, stop
from sohoa.store import Store, open_store
from tests.servers import free_port, new_home, quiet

OWN, OTHER = "H37.60", "H37.61"


@pytest.fixture
def agency(clean_store: Store) -> Store:
    """The store as the agency OWN sees it."""
    keys = json.loads(clean_store.settings.agency_keys_file.read_text())[OWN]
    secrets = {f"s3_{name}": SecretStr(value) for name, value in keys.items()}
    return Store(clean_store.settings.model_copy(update=secrets))


def test_every_agency_has_a_key_of_its_own(store: Store) -> None:
    """Each agency of the registry has one identity, and no two share a key."""
    keys = json.loads(store.settings.agency_keys_file.read_text())
    assert set(keys) == {agency.code for agency in registry.agencies()}
    assert len({pair["secret_key"] for pair in keys.values()}) == len(keys)


def test_the_keys_of_agencies_belong_to_the_embedded_store_alone(store: Store) -> None:
    """With another store's address in the settings, this home's keys are not for it."""
    assert store.settings.uses_embedded_store
    elsewhere = store.settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})
    assert not elsewhere.uses_embedded_store


@pytest.mark.parametrize("folder", ["batches", "inbox"])
def test_an_agency_delivers_under_its_own_code_alone(clean_store: Store, agency: Store, folder: str) -> None:
    """Writing under its own code works; under another code it is denied."""
    agency.put(layout.LANDING, f"{folder}/{OWN}/x", b"mine")
    assert clean_store.get(layout.LANDING, f"{folder}/{OWN}/x") == b"mine"
    with pytest.raises(StoreError, match="AccessDenied"):
        agency.put(layout.LANDING, f"{folder}/{OTHER}/x", b"not mine")
    assert clean_store.stat(layout.LANDING, f"{folder}/{OTHER}/x") is None


def test_an_agency_reads_its_own_receipts_alone(clean_store: Store, agency: Store) -> None:
    """Its own receipt can be read and not forged; another's cannot be read."""
    for code in (OWN, OTHER):
        clean_store.put(layout.LANDING, f"receipts/{code}/b/1.json", b"{}")
    assert agency.get(layout.LANDING, f"receipts/{OWN}/b/1.json") == b"{}"
    with pytest.raises(StoreError, match="AccessDenied"):
        agency.get(layout.LANDING, f"receipts/{OTHER}/b/1.json")
    with pytest.raises(StoreError, match="AccessDenied"):
        agency.put(layout.LANDING, f"receipts/{OWN}/b/1.json", b"forged")


def test_an_agency_lists_its_own_prefixes_alone(clean_store: Store, agency: Store) -> None:
    """It sees what it delivered, not what others did."""
    for code in (OWN, OTHER):
        clean_store.put(layout.LANDING, f"batches/{code}/x", b"x")
    assert [item.key for item in agency.list_objects(layout.LANDING, f"batches/{OWN}/")] == [f"batches/{OWN}/x"]
    for prefix in (f"batches/{OTHER}/", "batches/", ""):
        with pytest.raises(StoreError, match="AccessDenied"):
            list(agency.list_objects(layout.LANDING, prefix))


@pytest.mark.parametrize("bucket", [layout.WAREHOUSE, layout.FEEDS, layout.REPORTS])
def test_other_buckets_are_closed_to_an_agency(clean_store: Store, agency: Store, bucket: str) -> None:
    """Tables, feeds and reports can be neither read nor written, nor copied out."""
    clean_store.put(bucket, "x", b"secret")
    with pytest.raises(StoreError, match="AccessDenied"):
        agency.get(bucket, "x")
    with pytest.raises(StoreError, match="AccessDenied"):
        agency.put(bucket, "y", b"")
    with pytest.raises(StoreError, match="AccessDenied"):
        agency.copy((bucket, "x", None), (layout.LANDING, f"batches/{OWN}/x"))


def test_versions_are_kept_where_agencies_write(clean_store: Store) -> None:
    """Overwriting in landing leaves the former version readable."""
    clean_store.put(layout.LANDING, "inbox/a/b.json", b"first")
    first = clean_store.stat(layout.LANDING, "inbox/a/b.json")
    clean_store.put(layout.LANDING, "inbox/a/b.json", b"second")
    assert first is not None
    assert clean_store.get(layout.LANDING, "inbox/a/b.json", version_id=first.version_id) == b"first"


def test_secrets_are_private_files(store: Store) -> None:
    """Every file with a key has mode 0600, and no key is on the command line."""
    folder = store.settings.home / "store"
    for name in ("credentials.json", "agencies.json", "s3.json", "security.toml"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    secret = json.loads((folder / "credentials.json").read_text())["secret_key"]
    command = seaweed.server(store.settings).processes()[0].cmdline()
    assert not [word for word in command if secret in word]


def test_the_store_listens_on_the_loopback_address_only(store: Store) -> None:
    """No port of it can be reached from another machine."""
    sockets = seaweed.server(store.settings).processes()[0].net_connections()
    addresses = {found.laddr.ip for found in sockets if found.status == psutil.CONN_LISTEN}
    assert addresses == {"127.0.0.1"}


def test_starting_again_changes_nothing(store: Store) -> None:
    """`up` on a running store keeps the process and its keys."""
    before = [process.pid for process in seaweed.server(store.settings).processes()]
    stack.up(load_settings(), "store", quiet)
    assert [process.pid for process in seaweed.server(store.settings).processes()] == before
    assert load_settings() == store.settings
    assert stack.status(store.settings)["store"].state == "up"


def test_configuring_again_keeps_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second start gives no agency a new key."""
    new_home(monkeypatch, tmp_path)
    settings = load_settings()
    seaweed.write_config(settings)
    files = {path: path.read_text() for path in (tmp_path / "store").iterdir() if path.is_file()}
    seaweed.write_config(settings)
    assert files == {path: path.read_text() for path in files}


@pytest.mark.parametrize("offset", [0, 10_000])
def test_a_taken_port_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    """The message says which port, and which variable moves it; nothing was started."""
    new_home(monkeypatch, tmp_path)
    settings = load_settings()
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.port_filer + offset))
        other.listen()
        with pytest.raises(StackError, match=rf"port {settings.port_filer + offset} .*SOHOA_PORT_FILER"):
            stack.up(settings, "store", quiet)
    assert not seaweed.server(settings).processes()


@pytest.mark.parametrize("part", ["store", "all"])
def test_all_taken_ports_are_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """With a base that moves all of them and is free; Airflow's port only where Airflow is to be started."""
    new_home(monkeypatch, tmp_path)
    settings = load_settings()
    names = ("port_s3", "port_filer", "port_airflow")
    with ExitStack() as held:
        for name in names:
            held.enter_context(socket.create_server(("127.0.0.1", getattr(settings, name))))
        with pytest.raises(StackError) as told:
            stack.up(settings, part, quiet)
    for name in names:
        is_named = f"{getattr(settings, name)} (SOHOA_{name.upper()})" in str(told.value)
        assert is_named == (part == "all" or name != "port_airflow")
    base = re.search(r"SOHOA_PORT_BASE=(\d+)$", str(told.value))
    assert base
    for name in PORTS:
        monkeypatch.delenv(f"SOHOA_{name.upper()}")
    monkeypatch.setenv("SOHOA_PORT_BASE", base[1])
    stack.require_ports(load_settings())
    assert not seaweed.server(settings).processes()


def test_two_servers_on_one_port_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that give one port twice are caught before anything starts."""
    new_home(monkeypatch, tmp_path)
    port = free_port()
    monkeypatch.setenv("SOHOA_PORT_S3", str(port))
    monkeypatch.setenv("SOHOA_PORT_FILER", str(port))
    with pytest.raises(StackError, match=str(port)):
        require_free_ports(load_settings(), seaweed.PORTS)


def test_a_store_elsewhere_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where SOHOA_S3_ENDPOINT names another store, the embedded one is not started."""
    new_home(monkeypatch, tmp_path)
    monkeypatch.setenv("SOHOA_S3_ENDPOINT", "https://s3.example.vn")
    with pytest.raises(StackError, match=r"s3\.example\.vn"):
        stack.up(load_settings(), "store", quiet)


def test_keys_of_the_environment_win_over_those_of_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no address is set beside them it is the embedded store's; one key without the other is an error."""
    new_home(monkeypatch, tmp_path)
    keys = {"endpoint": "http://127.0.0.1:9", "access_key": "home", "secret_key": "secret"}
    write_private(load_settings().credentials_file, json.dumps(keys))
    assert _told(load_settings()) == ("http://127.0.0.1:9", "home", "secret")
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", "own")
    with pytest.raises(SettingsError, match="SOHOA_S3_ACCESS_KEY and SOHOA_S3_SECRET_KEY: set both"):
        Store(load_settings())
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", "")
    monkeypatch.setenv("SOHOA_S3_SECRET_KEY", "")
    with pytest.raises(SettingsError, match="set both"):
        Store(load_settings())
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", "own")
    monkeypatch.setenv("SOHOA_S3_SECRET_KEY", "of the environment")
    assert _told(load_settings()) == ("http://127.0.0.1:9", "own", "of the environment")


def _told(settings: Settings) -> tuple[str | None, str, str]:
    assert settings.s3_access_key and settings.s3_secret_key
    return settings.s3_endpoint, settings.s3_access_key.get_secret_value(), settings.s3_secret_key.get_secret_value()


@pytest.mark.parametrize(("is_own", "advice"), [(True, "`sohoa stack up store` starts it"), (False, "ask who runs it")])
def test_a_store_that_does_not_answer_is_told_with_what_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_own: bool, advice: str
) -> None:
    """The embedded one has a command, another has an owner."""
    new_home(monkeypatch, tmp_path)
    keys = {"endpoint": f"http://127.0.0.1:{free_port()}", "access_key": "a", "secret_key": "b"}
    if is_own:
        write_private(load_settings().credentials_file, json.dumps(keys))
    else:
        for name, value in keys.items():
            monkeypatch.setenv(f"SOHOA_S3_{name.upper()}", value)
    with pytest.raises(StoreError, match="does not answer") as told:
        Store(load_settings()).get(layout.WAREHOUSE, "x")
    assert advice in str(told.value)


def test_data_outlives_kill_and_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written is there after kill -9 and after `down`; `down` leaves no process, a kill no socket."""
    new_home(monkeypatch, tmp_path)
    stack.up(load_settings(), "store", quiet)
    settings = load_settings()
    open_store().put(layout.WAREHOUSE, "một/khóa", b"kept")
    weed = seaweed.server(settings).processes()[0]
    weed.kill()
    weed.wait(5)
    stack.up(settings, "store", quiet)
    assert open_store().get(layout.WAREHOUSE, "một/khóa") == b"kept"
    stack.down(settings, "all", quiet)
    assert not seaweed.server(settings).processes()
    assert stack.status(settings)["store"].state == "down"
    stack.down(settings, "all", quiet)
    stack.up(settings, "store", quiet)
    assert open_store().get(layout.WAREHOUSE, "một/khóa") == b"kept"
    sockets = seaweed.server(settings).sockets
    assert all(path.is_socket() for path in sockets)
    stop([seaweed.server(settings)], 0)
    assert not any(path.exists() for path in sockets)


@pytest.mark.parametrize("name", [None, "a"])
def test_the_objects_of_any_days_are_found(clean_store: Store, name: str | None) -> None:
    """Runs of days, single ones, over the ends of months and years: as if the whole table had been listed."""
    rng, around = random.Random(1), each_day(date(2023, 12, 20), date(2024, 3, 5))
    for day in rng.sample(around, 40):
        for there in rng.sample(["a", "aa", "b"], 2):
            clean_store.put(layout.WAREHOUSE, layout.table_key("documents", day, there), b"")
    every = clean_store.table_keys("documents", None, name)
    for days in ([rng.choice(around)], around, rng.sample(around, 60), rng.sample(around, 20), around[3:10], []):
        wanted = [key for key in every if layout.table_day(key) in days]
        found = set(clean_store.table_keys("documents", days, name)) & set(every)
        assert sorted(found) == wanted


@pytest.mark.parametrize("name", [None, layout.DAY])
def test_days_without_rows_cost_one_question_a_month(
    clean_store: Store, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    asked, url_open = [], Minio._url_open
    monkeypatch.setattr(Minio, "_url_open", lambda *args, **named: asked.append(1) or url_open(*args, **named))
    days = each_day(date(2024, 1, 5), date(2024, 4, 7))
    assert clean_store.read_table("documents", days, name).num_rows == 0
    assert len(asked) == 4


def test_a_column_that_came_later_is_null_in_what_was_written_before(clean_store: Store) -> None:
    """Tables of an older version are read on, a day of both too."""
    day, old = date(2024, 4, 15), TABLES["documents"].empty_table().drop_columns("ask_reviewer")
    row = dict.fromkeys(old.column_names) | {"agency": "H37.60", "document_id": "old"}
    clean_store.put_parquet(layout.table_key("documents", day, "old"), pa.Table.from_pylist([row], old.schema))
    new = {"agency": "H37.60", "document_id": "new", "ask_reviewer": "why"}
    clean_store.write_table("documents", day, "new", pa.Table.from_pylist([new], TABLES["documents"]))
    found = clean_store.read_table("documents", [day]).select(["document_id", "ask_reviewer"]).to_pylist()
    assert {one["document_id"]: one["ask_reviewer"] for one in found} == {"new": "why", "old": None}
    assert run_query(clean_store, "SELECT count(*) AS n FROM documents")["n"].to_pylist() == [2]


def test_every_parquet_file_says_its_version(clean_store: Store) -> None:
    """Files of a table carry the version of its columns, objects of a run 1; both can be read by pyarrow alone."""
    day = date(2024, 4, 15)
    clean_store.write_table("quality_daily", day, layout.DAY, TABLES["quality_daily"].remove_metadata().empty_table())
    clean_store.put_parquet("_work/x.parquet", pa.table({"x": [1]}))
    for key in (layout.table_key("quality_daily", day, layout.DAY), "_work/x.parquet"):
        file = pa.BufferReader(clean_store.get(layout.WAREHOUSE, key))
        assert pq.read_schema(file).metadata[b"schema_version"] == b"1"


def test_a_damaged_page_is_told_and_one_without_a_checksum_is_read(clean_store: Store) -> None:
    """Whichever way a table is read; earlier releases wrote no checksums."""
    key, schema = layout.table_key("documents", date(2024, 4, 15), "b"), TABLES["documents"]
    rows = pa.Table.from_pylist([{"document_id": secrets.token_hex(8)} for _ in range(500)], schema)
    pq.write_table(rows, old := io.BytesIO(), compression="zstd")
    clean_store.put(layout.WAREHOUSE, key, old.getvalue())
    assert clean_store.read_table("documents").num_rows == 500
    assert run_query(clean_store, "SELECT document_id FROM documents").num_rows == 500
    clean_store.put_parquet(key, rows)
    sound = bytearray(clean_store.get(layout.WAREHOUSE, key))
    pages = pq.read_metadata(io.BytesIO(sound)).row_group(0).column(schema.get_field_index("document_id"))
    sound[pages.dictionary_page_offset + pages.total_compressed_size // 2] ^= 0x10
    clean_store.put(layout.WAREHOUSE, key, bytes(sound))
    with pytest.raises(ObjectDamaged, match=f"{key} is damaged"):
        clean_store.read_table("documents")
    with pytest.raises(ObjectDamaged, match=f"{key} is damaged"):
        run_query(clean_store, "SELECT document_id FROM documents")


def test_a_damaged_name_or_count_is_told(clean_store: Store) -> None:
    """No checksum covers the end of a file: a column of another name would be one that came later, and null."""
    key, schema = layout.table_key("documents", date(2024, 4, 15), "b"), TABLES["documents"]
    clean_store.put_parquet(key, pa.Table.from_pylist([{"verdict": "accepted"}] * 60, schema))
    sound, found = clean_store.get(layout.WAREHOUSE, key), clean_store.read_table("documents")
    start = len(sound) - 8 - int.from_bytes(sound[-8:-4], "little")
    for place in range(start, len(sound) - 8, 7):
        clean_store.put(layout.WAREHOUSE, key, sound[:place] + bytes([sound[place] ^ 4]) + sound[place + 1 :])
        with suppress(ObjectDamaged):
            assert clean_store.read_table("documents").equals(found), place


def test_an_object_of_another_table_is_damaged(clean_store: Store) -> None:
    """Its columns would all be null; one of an older release has some of them."""
    key = layout.table_key("register", date(2024, 4, 15), layout.DAY)
    clean_store.put_parquet(key, pa.table({"other": [1]}))
    with pytest.raises(ObjectDamaged, match="none of the columns of register"):
        clean_store.read_table("register")
    clean_store.put_parquet(key, pa.table({"dossier_key": ["H37.1"]}))
    assert clean_store.read_table("register")["dossier_key"].to_pylist() == ["H37.1"]


def test_what_is_found_anew_is_begun_anew_where_it_is_damaged(clean_store: Store) -> None:
    """Cut off, empty, of another shape, or not there."""
    for said in (b'{"a": 1', b"", b"[]", b"\xff"):
        clean_store.put(layout.WAREHOUSE, "_usage/x.json", said)
        assert clean_store.find_json(layout.WAREHOUSE, "_usage/x.json", {"b": 2}) == {"b": 2}
    assert clean_store.find_json(layout.WAREHOUSE, "_usage/y.json", {"b": 2}) == {"b": 2}
    clean_store.put_json(layout.WAREHOUSE, "_usage/x.json", {"a": 1})
    assert clean_store.find_json(layout.WAREHOUSE, "_usage/x.json", {"b": 2}) == {"a": 1}
