"""What a command takes, its children with it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

_LOOK_SECONDS = 0.01


def watch(command: Sequence[str | Path]) -> tuple[float, int]:
    """CPU seconds and the most resident bytes that a command and its children had at one time.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    before, most = _children_seconds(), 0
    with psutil.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, _memory_of(process))
            time.sleep(_LOOK_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return _children_seconds() - before, most


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _memory_of(process: psutil.Process) -> int:
    try:
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    except psutil.Error:  # it ended between two looks
        return 0
