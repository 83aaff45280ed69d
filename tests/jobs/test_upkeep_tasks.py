"""The tasks of maintain_store, on a store in which a real check has run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from sohoa import jobs, layout, registry
from sohoa.notify.alerts import read_standing
from sohoa.stack import seaweed
from sohoa.store import Store
from tests.batch_builder import AGENCY, page_jpeg, put_files, send
from tests.command_line import app
from tests.jobs.kills import killed_before, take_snapshot
from tests.servers import s3_client

pytestmark = pytest.mark.timeout(120)


def test_maintain_counts_and_leaves_alone_what_is_young_or_committed(clean_store: Store) -> None:
    """A checked batch, and one being sent: nothing goes, both are counted; a second run changes nothing."""
    files = {"a.jpg": page_jpeg(1)}
    batch = send(clean_store, files)
    jobs.check()
    put_files(clean_store, batch.replace("-001", "-002"), {"b.jpg": b"on its way"})
    old_days = layout.received_key(date(2020, 1, 1), AGENCY)
    clean_store.put_json(layout.WAREHOUSE, old_days, {batch: [1, 1]})
    before = [entry for entry in take_snapshot(clean_store) if entry[0] != layout.WAREHOUSE]
    found = jobs.maintain()
    assert (found["versions_deleted"], found["batches_abandoned"], found["uploads_ended"]) == (0, 0, 0)
    assert found["is_through"]
    assert found["used_percent"] is not None
    usage = clean_store.get_json(layout.WAREHOUSE, layout.USAGE_KEY)
    assert usage["agencies"][AGENCY]["bytes"] == len(files["a.jpg"]) + len(b"on its way")
    assert usage["agencies"][AGENCY]["uncommitted_bytes"] == len(b"on its way")
    assert clean_store.stat(layout.WAREHOUSE, old_days) is None
    jobs.maintain()
    assert [entry for entry in take_snapshot(clean_store) if entry[0] != layout.WAREHOUSE] == before


def test_killed_anywhere_and_run_again_it_counts_the_same(clean_store: Store) -> None:
    """The way through is neither counted twice nor in part."""
    for number in (1, 2, 3):
        put_files(clean_store, f"{AGENCY}-20230306-00{number}", {"a.jpg": b"12345"})
    jobs.maintain()
    expected = clean_store.get_json(layout.WAREHOUSE, layout.USAGE_KEY)["agencies"]
    for number in range(1, 4):
        clean_store.delete(layout.WAREHOUSE, layout.USAGE_KEY)
        killed_before(jobs.maintain, number)
        jobs.maintain()
        assert clean_store.get_json(layout.WAREHOUSE, layout.USAGE_KEY)["agencies"] == expected
    assert clean_store.stat(layout.WAREHOUSE, layout.SWEEP_KEY) is None


def test_the_command_prints_what_was_done(clean_store: Store) -> None:
    """In sentences, or each count by its name."""
    from click.testing import CliRunner

    done = CliRunner().invoke(app, ["run", "maintain"])
    assert done.exit_code == 0, done.output
    assert "old versions deleted" in done.output
    assert "% full" in done.output
    counts = json.loads(CliRunner().invoke(app, ["run", "maintain", "--format", "json"]).stdout)
    assert {"versions_deleted", "used_percent"} <= counts.keys()


def test_maintain_watches_what_agencies_are_denied(
    clean_store: Store, own_file: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Operators hear of an agency under a head that is not denied, or of a policy that is gone, until it is written."""
    client = s3_client(clean_store)
    before = client.get_bucket_policy(layout.LANDING)
    administrator = Store(seaweed.administrator_settings(clean_store.settings))
    monkeypatch.setenv("SOHOA_OPERATORS", "anna@example.vn")
    try:
        assert jobs.guard_landing()["policy_stands"]
        lines = (Path(registry.__file__).parent / "data" / "agencies.csv").read_text(encoding="utf-8").splitlines()
        (sample,) = [line for line in lines if line.startswith("H37.60,")]
        own_file("agencies", "\n".join([*lines, sample.replace("H37.60", "G05.12", 1)]) + "\n")
        assert not jobs.maintain()["policy_stands"]
        (alert,) = read_standing(clean_store)
        assert "Chính sách" in alert.subject
        assert administrator.put_landing_policy(agency.code for agency in registry.agencies())
        assert jobs.maintain()["policy_stands"]
        assert read_standing(clean_store) == []
        client.delete_bucket_policy(layout.LANDING)
        assert not jobs.guard_landing()["policy_stands"]
    finally:
        client.set_bucket_policy(layout.LANDING, before)
