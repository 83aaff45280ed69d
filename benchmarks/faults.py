"""What goes wrong on a production topology of a benchmark's own, one after another: deaths, and what lasts a while."""

from __future__ import annotations

import json
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
from sohoa.settings import Settings
from sohoa.stack import production
from sohoa.stack.compose import read_values
from sohoa.stack.topology import env_file
from tests.desk.fault_proxy import BadLine

_AIRFLOW = ("scheduler", "api-server", "dag-processor", "triggerer")
PROCESSES = (*_AIRFLOW, "worker", "store", "broker", "database")
TASK, MEASURING, TWICE = "task", "decoder", "message given out twice"
SUDDEN = (*PROCESSES, TASK, MEASURING, TWICE)
LINE = ("store is cut off for five minutes", "store answers 503", "store is slow", "store is cut off")
DISKS = ("disk of the store is full", "disk of Airflow is full")
CLOCKS = ("clock ten minutes ahead", "clock ten minutes behind")
GROUPS = {"processes": SUDDEN, "line": LINE, "disks": DISKS, "clocks": CLOCKS}

_TASK_SIGN = "airflow worker -- "
_BLAMED = {TASK, MEASURING, "worker"}
_MOST_BLAMED = 2
_LASTING_S = (10.0, 40.0)
_LONG_S = 300.0
_JUMP_S = 600
_REDELIVERED = b"ignoring redelivered message"


@dataclass
class World:
    """What can be spoilt beside processes; no disks and no clock where nothing is asked of them."""

    settings: Settings
    line: BadLine
    store_disk: Disk | None = None
    airflow_disk: Disk | None = None
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
        disk = self.store_disk if what == DISKS[0] else self.airflow_disk
        assert disk
        return disk.full()


@dataclass
class Faults:
    """What is still to happen, and what has."""

    rng: random.Random
    world: World
    sudden: list[str]
    every: float
    lasting: list[str]
    lasting_every: float
    done: Counter[str] = field(default_factory=Counter)
    blamed: int = 0
    """Of this wave."""

    @property
    def left(self) -> int:
        """How many have not happened."""
        return len(self.sudden) + len(self.lasting)

    @contextmanager
    def striking(self) -> Iterator[None]:
        """Let things go wrong meanwhile."""
        over = threading.Event()
        threads = [threading.Thread(target=work, args=(over,)) for work in (self._strike_on, self._spoil_on)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _strike_on(self, over: threading.Event) -> None:
        while not over.wait(self.rng.uniform(0.3, 1.7) * self.every):
            what = self._draw()
            if what is None:
                continue
            if not self._strike(what):
                self.sudden.append(what)  # there is none just now
                continue
            self.blamed += what in _BLAMED
            self._note(what)

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

    def _draw(self) -> str | None:
        """Take the next that may happen, None where its time has not come: Airflow is still starting from the last."""
        fits = (what for what in self.sudden if what not in _BLAMED or self.blamed < _MOST_BLAMED)
        what = next(fits, None)
        if what is None or (what in _AIRFLOW and not production.client(self.world.settings).is_healthy()):
            return None
        self.sudden.remove(what)
        return what

    def _strike(self, what: str) -> bool:
        """Do this to one that the seed draws; false where there is none."""
        if what == TWICE:
            return _give_out_again(self.world.settings, self.rng)
        if (victim := _victim(self.world.settings, self.rng, what)) is None:
            return False
        with suppress(psutil.NoSuchProcess):
            victim.kill()
        return True


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


def _victim(settings: Settings, rng: random.Random, what: str) -> psutil.Process | None:
    """A living process of this kind, by the seed; None where there is none."""
    programs: dict[str, psutil.Process] = {}
    for one in production.running(settings):
        with suppress(psutil.NoSuchProcess):  # it is being started again
            programs |= {one.name: psutil.Process(one.pid)} if one.pid else {}
    if what in PROCESSES:
        found = [process for name, process in programs.items() if name == what or re.fullmatch(rf"{what}-\d+", name)]
    else:
        workers = [process for name, process in programs.items() if name.startswith("worker-")]
        sign = DECODER if what == MEASURING else _TASK_SIGN
        found = [child for worker in workers for child in _below(worker) if sign in " ".join(_words(child))]
    return rng.choice(sorted(found, key=lambda process: process.pid)) if found else None


def _below(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []
