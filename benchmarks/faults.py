"""What goes wrong on a production topology of a benchmark's own, one after another: deaths, and what lasts a while."""

from __future__ import annotations

import json
import math
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import psutil
from redis import Redis
from redis.exceptions import RedisError

from benchmarks.kill_campaign import DECODER
from benchmarks.own_machine import Clock, Disk
from sohoa import layout
from sohoa.errors import StoreError
from sohoa.settings import Settings
from sohoa.stack import production
from sohoa.stack.compose import read_values
from sohoa.stack.topology import env_file
from sohoa.store import Store
from tests.desk.fault_proxy import BadLine

_AIRFLOW = ("scheduler", "api-server", "dag-processor", "triggerer")
PROCESSES = (*_AIRFLOW, "worker", "store", "broker", "database")
TASK, MEASURING, TWICE = "task", "decoder", "message given out twice"
SUDDEN = (*PROCESSES, TWICE)
BRIEF = (TASK, MEASURING)
"""They live for seconds: whoever looks for one every now and then never meets it."""
LINE = ("store answers 503", "store is slow", "store is cut off", "store is cut off for five minutes")
DISKS = ("disk of the store is full", "disk of Airflow is full", "disk of the database is full")
CLOCKS = ("clock ten minutes ahead", "clock ten minutes behind")
GROUPS = {"processes": (*SUDDEN, *BRIEF), "line": LINE, "disks": DISKS, "clocks": CLOCKS}

_TASK_SIGN = "airflow worker -- "
_BLAMED = {TASK, "worker"}
_BACK_S = 30.0
"""So long a server of Airflow lives at least: it would never answer if it were killed while it starts."""
_LASTING_S = (10.0, 40.0)
_LONG_S = 300.0
_JUMP_S = 600
_LOOK_S, _MOMENT_S = 0.3, 1.5
_BRIEF_PACE = 2
"""So much slower than the others are those that live for seconds struck: a file is blamed for two dead decoders."""
_REDELIVERED = b"ignoring redelivered message"


@dataclass
class World:
    """What can be spoilt beside processes; no disks and no clock where nothing is asked of them."""

    settings: Settings
    line: BadLine
    disks: dict[str, Disk] = field(default_factory=dict)
    """By what they are when they are full."""
    clock: Clock | None = None

    def lasting(self, what: str) -> AbstractContextManager[None]:
        """What this fault is, while it lasts."""
        line: dict[str, Callable[[], AbstractContextManager[None]]] = {
            "store answers 503": partial(self.line.spoilt, busy=True),
            "store is slow": partial(self.line.spoilt, stall_share=0.3, stall_s=2.0),
            "store is cut off": partial(self.line.spoilt, is_cut=True),
            "store is cut off for five minutes": partial(self.line.spoilt, is_cut=True),
        }
        if what in line:
            return line[what]()
        if what in CLOCKS:
            assert self.clock
            return self.clock.ahead(_JUMP_S if what.endswith("ahead") else -_JUMP_S)
        return self.disks[what].full()


@dataclass
class Faults:
    """What is still to happen, and what has."""

    rng: random.Random
    world: World
    store: Store
    kills: int
    """Processes that are still to be killed."""
    every: float
    lasting: list[str]
    lasting_every: float
    decoders: int = 0
    """Of the kills that are left, those that only decoders may have."""
    done: Counter[str] = field(default_factory=Counter)
    share: int = 0
    """Of the kills, those that this part of the day may still have."""
    decoders_share: int = 0
    """Of these, those that only decoders may have."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def left(self) -> int:
        """How many have not happened."""
        return self.kills + len(self.lasting)

    def missed(self) -> list[str]:
        """What has not happened of what was asked for: at the end a campaign has shown so much less."""
        found = {"processes were not killed": self.kills, "other faults did not happen": len(self.lasting)}
        return [f"{count} {what}" for what, count in found.items() if count]

    @contextmanager
    def striking(self) -> Iterator[None]:
        """Let things go wrong meanwhile."""
        over = threading.Event()
        brief = [partial(self._strike_brief_on, what) for what in BRIEF]
        work: list[Callable[[threading.Event], None]] = [self._strike_on, *brief, self._spoil_on]
        threads = [threading.Thread(target=one, args=(over,)) for one in work]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def begin_part(self, parts_left: int) -> None:
        """Let this part of the day have its share of the kills that are left; what it leaves the next ones have."""
        self.share, self.decoders_share = math.ceil(self.kills / parts_left), math.ceil(self.decoders / parts_left)

    def _strike_on(self, over: threading.Event) -> None:
        """Strike each kind once, in the order that the seed gives, and then all of them anew, until enough are dead.

        One that cannot be struck just now keeps its turn: what is back at once does not die in its stead.
        """
        deck = list[str]()
        while self.kills > 0 and not over.wait(self.rng.uniform(0.3, 1.7) * self.every):
            deck = deck or self.rng.sample(SUDDEN, len(SUDDEN))
            struck = next(filter(self._strike, list(deck)), None)
            if struck:
                deck.remove(struck)

    def _strike_brief_on(self, what: str, over: threading.Event) -> None:
        """Look on until the next of those lives, and kill one at some moment of its life."""
        while self.kills > 0 and not over.wait(self.rng.uniform(0.3, 1.7) * _BRIEF_PACE * self.every):
            while self.kills > 0 and not over.wait(_LOOK_S):
                if not self._may_die(what) or not _victims(self.world.settings, what):
                    continue
                over.wait(self.rng.uniform(0, _MOMENT_S))
                if self._strike(what):
                    break

    def _spoil_on(self, over: threading.Event) -> None:
        while self.lasting and not over.wait(self.rng.uniform(0.3, 1.7) * self.lasting_every):
            what = self.lasting.pop()
            began = time.monotonic()
            with self.world.lasting(what):
                print(f"  {what} …", file=sys.stderr)
                over.wait(_LONG_S if what.endswith("five minutes") else self.rng.uniform(*_LASTING_S))
            self._note(what, time.monotonic() - began)

    def _note(self, what: str, seconds: float = 0) -> None:
        self.done[what] += 1
        print(f"  {what}" + (f" for {seconds:.0f} s" if seconds else ""), file=sys.stderr)

    def _strike(self, what: str) -> bool:
        """Do this to one that the seed draws; false where there is none, or it must not die just now."""
        with self._lock:
            if what == TWICE:
                is_done = _give_out_again(self.world.settings, self.rng)
            elif not self._may_die(what) or (what in _BLAMED and _is_suspect(self.store)):
                return False
            else:
                is_done = _kill(_victims(self.world.settings, what), self.rng)
                self.kills -= is_done
                self.share -= is_done
                if is_done and what == MEASURING:
                    self.decoders, self.decoders_share = max(self.decoders - 1, 0), max(self.decoders_share - 1, 0)
            if is_done:
                self._note(what)
            return is_done

    def _may_die(self, what: str) -> bool:
        """Whether this part of the day has a kill left for one of these."""
        return self.share > (0 if what == MEASURING else self.decoders_share)


def _is_suspect(store: Store) -> bool:
    """Tell whether a task has died at something that one is at work on now: if it dies again, that is blamed for it."""
    try:
        keys = [item.key for item in store.list_objects(layout.WAREHOUSE, layout.ATTEMPTS)]
        found = [store.get_json(layout.WAREHOUSE, key) for key in keys]
    except StoreError:  # it was killed, or a task that has ended since took its own away
        return True
    return any(one["deaths"].get(name) for one in found for name in one["at_work"])


def refused_twice(settings: Settings) -> int:
    """How many messages workers have refused because another had begun the task."""
    logs = env_file(settings).parent.glob("worker-*.log*")
    return sum(log.read_bytes().count(_REDELIVERED) for log in logs)


def _give_out_again(settings: Settings, rng: random.Random) -> bool:
    """Have the broker give out what a worker has and has not acknowledged, as it does when it waited too long."""
    password = read_values(env_file(settings))["BROKER_PASSWORD"]
    try:
        with Redis(port=settings.port_broker, password=password) as broker:
            held = sorted(broker.hvals("unacked"))
            if not held:
                return False
            message, _, queue = json.loads(rng.choice(held))
            broker.rpush(queue, json.dumps(message))
    except RedisError:  # it was killed
        return False
    return True


def _kill(victims: list[psutil.Process], rng: random.Random) -> bool:
    with suppress(psutil.NoSuchProcess, IndexError):  # there is none
        rng.choice(victims).kill()
        return True
    return False


def _victims(settings: Settings, what: str) -> list[psutil.Process]:
    """The living processes of this kind, by their ids."""
    programs: dict[str, psutil.Process] = {}
    for one in production.running(settings):
        with suppress(psutil.NoSuchProcess):  # it is being started again
            programs |= {one.name: psutil.Process(one.pid)} if one.pid else {}
    if what in PROCESSES:
        found = [process for name, process in programs.items() if name == what or re.fullmatch(rf"{what}-\d+", name)]
        if what in _AIRFLOW:
            found = [process for process in found if _age(process) > _BACK_S]
    else:
        workers = [process for name, process in programs.items() if name.startswith("worker-")]
        sign = DECODER if what == MEASURING else _TASK_SIGN
        found = [child for worker in workers for child in _below(worker) if sign in " ".join(_words(child))]
    return sorted(found, key=lambda process: process.pid)


def _below(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []


def _age(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        return time.time() - process.create_time()
    return 0.0


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []
