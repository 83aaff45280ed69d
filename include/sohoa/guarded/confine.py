"""Rights that a process gives up before it reads what others sent: Landlock, by the system calls themselves.

Without Landlock (Linux before 5.13, or switched off; any other system) the process keeps its user's rights; its bounds
hold all the same.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # system calls, the same numbers on every machine
_ASK_VERSION, _PATH_BENEATH = 1, 1
_SET_NO_NEW_PRIVILEGES = 38
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Version of Landlock -> rights that it can take away: run, write, read, make, remove …; link; cut; devices."""
_TCP_RIGHTS, _SCOPES = {4: 3}, {6: 3}  # bind and connect; sockets and signals of other processes
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom", "/sys/devices/system/cpu")

_PATH_ONLY = 0
if sys.platform == "linux":
    _PATH_ONLY = os.O_PATH | os.O_CLOEXEC


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def confine() -> bool:
    """Let this process read programs, libraries and what it has open, and do nothing else to files, network or others.

    Programs that it starts gain no rights, on any kernel. Only this thread and those that it starts are shut in.

    Returns:
        Whether the kernel has Landlock.
    """
    if sys.platform != "linux":
        return False
    system = ctypes.CDLL(None, use_errno=True)
    system.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    version = _call(system, _CREATE_RULESET, None, 0, _ASK_VERSION)
    if version < 1:
        return False
    asked = _Ruleset(*(_known(rights, version) for rights in (_FILE_RIGHTS, _TCP_RIGHTS, _SCOPES)))
    ruleset = _call(system, _CREATE_RULESET, ctypes.byref(asked), ctypes.sizeof(asked), 0)
    if ruleset < 0:
        return False
    try:
        for path in set(_readable()):
            _allow_reading(system, ruleset, path)
        return _call(system, _RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _known(rights: dict[int, int], version: int) -> int:
    return sum(bits for since, bits in rights.items() if since <= version)


def _readable() -> Iterator[str]:
    """Where modules and the libraries behind them lie; they are loaded when they are first needed."""
    yield from (sys.prefix, sys.base_prefix, sys.exec_prefix, *_SYSTEM)
    for name, module in tuple(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and "." not in name:  # a package or a module of its own
            yield str(Path(file).parents[hasattr(module, "__path__")])


def _allow_reading(system: ctypes.CDLL, ruleset: int, path: str) -> None:
    try:
        opened = os.open(path, _PATH_ONLY)
    except OSError:  # not on this machine
        return
    try:
        rights = _READ_FILE | _READ_FOLDER if stat.S_ISDIR(os.fstat(opened).st_mode) else _READ_FILE
        _call(system, _ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(_Rule(rights, opened)), 0)
    finally:
        os.close(opened)


def _call(system: ctypes.CDLL, number: int, *arguments: Any) -> int:
    wide = (ctypes.c_long(value) if isinstance(value, int) else value for value in arguments)
    return int(system.syscall(ctypes.c_long(number), *wide))
