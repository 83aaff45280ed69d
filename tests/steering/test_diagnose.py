"""What is wrong is found, each fault by itself, with what to do; a sound store has nothing to tell."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner

from sohoa import jobs, layout, registry
from sohoa.last_runs import note_end
from sohoa.pending import mark_scan
from sohoa.schema import TABLES
from sohoa.settings import TIME_ZONE, Settings
from sohoa.stack import seaweed
from sohoa.steering import diagnose as diagnose_module
from sohoa.steering.diagnose import Finding, diagnose
from sohoa.store import Store
from tests.command_line import app
from tests.servers import s3_client
from tests.spoil import spoil


def now(**later: float) -> datetime:
    return datetime.now(TIME_ZONE) + timedelta(**later)


def wrong(settings: Settings, at: datetime | None = None) -> dict[str, Finding]:
    """What is wrong, by topic, but for how full the disks of the machine that tests are."""
    found = {one.topic: one for one in diagnose(settings, at or now()) if one.state != "well"}
    return {topic: one for topic, one in found.items() if topic not in {"disk", "store"} or one.state == "broken"}


def test_a_sound_store_has_nothing_to_tell(clean_store: Store) -> None:
    """Everything that was looked at is named."""
    jobs.maintain()
    assert wrong(clean_store.settings) == {}
    topics = {one.topic for one in diagnose(clean_store.settings, now())}
    assert {"disk", "clock", "certificate", "policy", "inbox", "left half-way", "tables", "Airflow"} <= topics


def test_whatever_is_wrong_has_its_advice(clean_store: Store) -> None:
    """A person is never left with a fault alone."""
    clean_store.put_json(layout.WAREHOUSE, layout.damaged_key("a", "b"), {"batch": "b", "problems": ["a.jpg: gone"]})
    note_end(clean_store, "check", {"settled": 5, "problems": ["H37: rows"]})
    clean_store.put(layout.WAREHOUSE, layout.debt_key("check"), b"[]")
    found = wrong(clean_store.settings, now(hours=4))
    assert {"damaged", "closed", "tables", "left half-way", "last run"} <= found.keys()
    assert all(one.advice for one in found.values())
    assert "batches, documents" in found["tables"].text
    assert "_debts/check.json" in found["left half-way"].text


def test_a_damaged_object_is_told_once(clean_store: Store) -> None:
    """However many batches wait for it, and whatever else finds it."""
    key = layout.table_key("documents", (day := date(2024, 4, 16)), "H37.80.01-20240416-001")
    clean_store.write_table("documents", day, "H37.80.01-20240416-001", TABLES["documents"].empty_table())
    for number in (1, 2):
        mark_scan(clean_store, "H37.80.01", f"H37.80.01-20240416-00{number}", day)
    spoil(clean_store, key)
    jobs.summarise()
    (told,) = [one for one in diagnose(clean_store.settings, now()) if f"warehouse/{key} is damaged" in one.text]
    assert (told.topic, told.state) == ("closed", "wrong")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"s3_endpoint": "http://127.0.0.1:9"}, "does not answer"),
        ({"s3_secret_key": "wrong"}, "refuses these keys"),
        ({"s3_endpoint": None}, "not configured"),
    ],
)
def test_a_store_that_cannot_be_asked_is_broken(store: Store, change: dict[str, str | None], word: str) -> None:
    """Nothing else is guessed then."""
    settings = Settings(**{**dict(store.settings), **change})
    found = wrong(settings)
    assert found["store"].state == "broken" and word in found["store"].text and found["store"].advice
    assert "inbox" not in {one.topic for one in diagnose(settings, now())}


def test_clocks_that_differ_are_told(clean_store: Store) -> None:
    """Ten minutes: before the store refuses anything."""
    assert "differ by 6" in wrong(clean_store.settings, now(minutes=10, seconds=30))["clock"].text


def test_certificates_are_told_before_they_end(clean_store: Store) -> None:
    """Sixty days before, and when the file is damaged."""
    assert "valid until" in wrong(clean_store.settings, now(days=30 * 365 - 50))["certificate"].text
    path = clean_store.settings.home / "store" / "grpc" / "store.crt"
    kept = path.read_bytes()
    path.write_bytes(b"no certificate")
    assert "cannot be read" in wrong(clean_store.settings)["certificate"].text
    path.write_bytes(kept)


def test_a_full_disk_is_told(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of this machine; the store's own is asked by `sohoa status`."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(diagnose_module.shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    (line,) = [one for one in diagnose(clean_store.settings, now()) if one.topic == "disk"]
    assert line.state == "wrong" and "sohoa stack clean" in line.advice


def test_a_policy_that_is_gone_is_told(clean_store: Store) -> None:
    """As maintain_store tells operators."""
    client = s3_client(clean_store)
    client.delete_bucket_policy(layout.LANDING)
    try:
        assert "sohoa stack up store" in wrong(clean_store.settings)["policy"].advice
    finally:
        administrator = Store(seaweed.administrator_settings(clean_store.settings))
        administrator.put_landing_policy(agency.code for agency in registry.agencies())


def test_the_command_ends_as_documented(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """0 well, 1 wants a person, 3 the store cannot be asked; as lines, or as one JSON object."""
    jobs.maintain()
    monkeypatch.setattr(diagnose_module, "_disk", lambda settings: iter(()))
    well = CliRunner().invoke(app, ["doctor"])
    assert (well.exit_code, "are in order" in well.output) == (0, True), well.output
    clean_store.put_json(layout.WAREHOUSE, layout.damaged_key("a", "b"), {"batch": "b", "problems": ["a.jpg: gone"]})
    one = CliRunner().invoke(app, ["doctor", "--format", "json"])
    body = json.loads(one.stdout)
    assert one.exit_code == 1
    assert [found["topic"] for found in body["findings"] if found["state"] == "wrong"] == ["damaged"]
    clean_store.put(layout.WAREHOUSE, layout.damaged_key("a", "b"), b"{")
    clean_store.put(layout.WAREHOUSE, layout.run_key("check"), b"")
    body = json.loads(CliRunner().invoke(app, ["doctor", "--format", "json"]).stdout)
    wrong = [found["text"] for found in body["findings"] if found["state"] == "wrong"]
    assert ["warehouse/_damaged/a/b.json is damaged" in text for text in wrong] == [True]
    monkeypatch.setenv("SOHOA_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("SOHOA_S3_ACCESS_KEY", "a")
    monkeypatch.setenv("SOHOA_S3_SECRET_KEY", "b")
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 3
