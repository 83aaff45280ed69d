"""Bounds that a process sets itself, and the system holds, before it reads what others sent: memory and CPU time.

Where POSIX has them they are resource limits and a timer; on Windows a job object that holds this process alone.
"""

from __future__ import annotations

import ctypes
import math
import sys
import time

OUT_OF_TIME_ON_WINDOWS = 1816
"""Exit status of a process that has used up its job's time: ERROR_NOT_ENOUGH_QUOTA."""


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("process_time", ctypes.c_int64),  # 100 ns
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("most_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class JobLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("basic", _BasicLimits),
        ("transfers", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


if sys.platform == "win32":
    _EXTENDED_LIMITS = 9  # the kind of information of a job that is meant
    _PROCESS_TIME, _MOST_PROCESSES, _PROCESS_MEMORY, _NO_DIALOG = 0x2, 0x8, 0x100, 0x400

    class Bounds:
        """The bounds of this process, which it can only draw closer for a request."""

        def __init__(self, memory_bytes: int) -> None:
            """Let the system refuse it more memory, and every further process.

            Raises:
                OSError: the system does not.
            """
            self._kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            self._kernel.CreateJobObjectW.restype = ctypes.c_void_p
            self._kernel.GetCurrentProcess.restype = ctypes.c_void_p
            self._job = ctypes.c_void_p(self._kernel.CreateJobObjectW(None, None))
            self._limits = JobLimits()
            self._limits.basic.flags = _MOST_PROCESSES | _PROCESS_MEMORY | _NO_DIALOG
            self._limits.basic.most_processes = 1
            self._limits.process_memory = memory_bytes
            self._set()
            own = ctypes.c_void_p(self._kernel.GetCurrentProcess())
            if not self._kernel.AssignProcessToJobObject(self._job, own):
                raise ctypes.WinError(ctypes.get_last_error())

        def allow_seconds(self, seconds: int) -> None:
            """Let the system end this process once it has used that much more CPU time."""
            self._limits.basic.flags |= _PROCESS_TIME
            self._limits.basic.process_time = round((time.process_time() + seconds) * 10_000_000)
            self._set()

        def forget_seconds(self) -> None:
            """Let it wait for the next request."""
            self._limits.basic.flags &= ~_PROCESS_TIME
            self._set()

        def _set(self) -> None:
            size = ctypes.sizeof(self._limits)
            if not self._kernel.SetInformationJobObject(self._job, _EXTENDED_LIMITS, ctypes.byref(self._limits), size):
                raise ctypes.WinError(ctypes.get_last_error())

else:
    import resource
    import signal

    _LIBRARIES = 67_108_864  # bytes of program code in memory, which RLIMIT_DATA does not count
    _MAX_PRINTED = 1_048_576  # bytes, the only ones that it can write

    class Bounds:
        """The bounds of this process, which it can only draw closer for a request."""

        def __init__(self, memory_bytes: int) -> None:
            """Let the system refuse it more memory, and more than some lines of output."""
            _set_limit(resource.RLIMIT_CORE, 0)
            _set_limit(resource.RLIMIT_FSIZE, _MAX_PRINTED)
            _set_limit(resource.RLIMIT_DATA, memory_bytes - _LIBRARIES)

        def allow_seconds(self, seconds: int) -> None:
            """Let the system end this process once it has used that much more CPU time.

            The timer does so at once; the limit, in whole seconds, holds whatever becomes of the timer.
            """
            signal.setitimer(signal.ITIMER_PROF, seconds)
            used = resource.getrusage(resource.RUSAGE_SELF)
            _set_limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + seconds)

        def forget_seconds(self) -> None:
            """Let it wait for the next request."""
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _set_limit(kind: int, value: int) -> None:
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (value if most == resource.RLIM_INFINITY else min(value, most), most))
