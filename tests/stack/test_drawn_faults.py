"""Who is killed when, in ``benchmarks.production_faults``: so that a campaign says what it seems to say."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import suppress

import pytest

from benchmarks import faults
from benchmarks.faults import Faults, World
from sohoa.store import Store
from sohoa.work import Attempts
from tests.desk.fault_proxy import bad_line


def test_kills_are_spread_over_parts_and_kinds(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part has its share and no more; one that is seldom to be had keeps its turn, and the others wait for it."""
    monkeypatch.setattr(faults, "_victims", lambda _, what: [what] if what != "worker" or random.random() < 0.2 else [])
    monkeypatch.setattr(faults, "_kill", lambda victims, _: bool(victims))
    monkeypatch.setattr(faults, "_give_out_again", lambda *_: True)
    monkeypatch.setattr(faults, "BRIEF", ())
    died = []
    with bad_line("http://127.0.0.1:9") as line:
        drawn = Faults(random.Random(1), World(clean_store.settings, line), clean_store, 40, 0.002, [], 1.0)
        with drawn.striking():
            for parts_left in (3, 2, 1):
                drawn.begin_part(parts_left)
                before, end = drawn.kills, time.monotonic() + 30
                while drawn.share and time.monotonic() < end:
                    time.sleep(0.01)
                died.append(before - drawn.kills)
    assert drawn.missed() == []
    assert died == [14, 13, 13]
    counts = Counter({what: drawn.done[what] for what in faults.PROCESSES})
    assert set(counts.values()) == {5}, counts


def test_decoders_that_come_late_have_their_share(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In each part others are to be had at once and decoders only later: the others leave them their share."""
    decoders: list[str] = []
    monkeypatch.setattr(faults, "_victims", lambda _, what: decoders if what == faults.MEASURING else [what])
    monkeypatch.setattr(faults, "_kill", lambda victims, _: bool(victims))
    monkeypatch.setattr(faults, "_give_out_again", lambda *_: True)
    for name in ("_LOOK_S", "_MOMENT_S"):
        monkeypatch.setattr(faults, name, 0.002)
    with bad_line("http://127.0.0.1:9") as line:
        world = World(clean_store.settings, line)
        drawn = Faults(random.Random(1), world, clean_store, 40, 0.002, [], 1.0, decoders=12)
        with drawn.striking():
            for parts_left in (2, 1):
                decoders.clear()
                drawn.begin_part(parts_left)
                for is_over in (lambda: drawn.share == drawn.decoders_share == 6, lambda: not drawn.share):
                    end = time.monotonic() + 30
                    while not is_over() and time.monotonic() < end:
                        time.sleep(0.01)
                    decoders.append("decoder")
    assert drawn.missed() == []
    assert drawn.done[faults.MEASURING] == 12


def test_a_campaign_that_kills_fewer_says_so(clean_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody lives who could be killed, and no time is left for a clock that jumps."""
    monkeypatch.setattr(faults, "_victims", lambda *_: [])
    monkeypatch.setattr(faults, "_give_out_again", lambda *_: False)
    with bad_line("http://127.0.0.1:9") as line:
        world = World(clean_store.settings, line)
        drawn = Faults(random.Random(1), world, clean_store, 3, 0.002, [faults.CLOCKS[0]], 1e6)
        with drawn.striking():
            drawn.begin_part(1)
            time.sleep(0.05)
    assert drawn.missed() == ["3 processes were not killed", "1 other faults did not happen"]


def test_who_is_at_work_where_a_task_died_is_left_alone(clean_store: Store) -> None:
    """A second death at it would be blamed on what it works at."""
    assert not faults._is_suspect(clean_store)
    for is_suspect in (False, True):
        attempts = Attempts(clean_store, "measure/0001")
        with suppress(ZeroDivisionError), attempts.at_work(["batch page.jpg"]):
            assert faults._is_suspect(clean_store) == is_suspect
            raise ZeroDivisionError
    attempts.clear()
    assert not faults._is_suspect(clean_store)
