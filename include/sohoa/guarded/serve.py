"""What a guarded process runs: one request at a time, under the system's own bounds.

Standard input is a socket. A request is one line of JSON, with it may come an open file; an answer is some blocks of
bytes, each after its length. What libraries print goes to the file that is standard output and standard error.
"""

from __future__ import annotations

import array
import json
import math
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from sohoa.guarded.confine import confine

Answer = Callable[[dict[str, Any], BinaryIO | None], Iterable[bytes]]

_LIBRARIES = 67_108_864  # bytes of program code in memory, which RLIMIT_DATA does not count
_MAX_PRINTED = 1_048_576  # bytes, the only ones that it can write
_REQUEST_BYTES = 65_536
_LENGTH_BYTES = 8


def serve(answer: Answer) -> None:
    """Answer requests until the socket closes.

    Args:
        answer: makes the blocks that answer a request and its open file; what it raises ends the process.
    """
    caller = socket.socket(fileno=os.dup(0))
    first = _receive(caller)
    if first is None:
        return
    _set_limit(resource.RLIMIT_CORE, 0)
    _set_limit(resource.RLIMIT_FSIZE, _MAX_PRINTED)
    _set_limit(resource.RLIMIT_DATA, first[0]["memory_bytes"] - _LIBRARIES)
    _send(caller, json.dumps({"is_confined": confine()}).encode())
    while received := _receive(caller):
        request, file = received
        _allow_seconds(request["seconds"])
        for block in answer(request, file):
            _send(caller, block)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if file is not None:
            file.close()


def _receive(caller: socket.socket) -> tuple[dict[str, Any], BinaryIO | None] | None:
    """The next request and the file that came with it; None where there is none any more."""
    text, handle = b"", None
    space = socket.CMSG_SPACE(array.array("i").itemsize)
    while not text.endswith(b"\n"):
        part, sent, _, _ = caller.recvmsg(_REQUEST_BYTES, space)
        if not part:
            return None
        text += part
        for _, _, handles in sent:
            (handle,) = array.array("i", handles)
    return json.loads(text), None if handle is None else os.fdopen(handle, "rb")


def _send(caller: socket.socket, block: bytes) -> None:
    caller.sendall(len(block).to_bytes(_LENGTH_BYTES))
    caller.sendall(block)


def _allow_seconds(seconds: int) -> None:
    """Let the system end this process once it has used that much more CPU time.

    The timer does so at once; the limit, in whole seconds, holds whatever becomes of the timer.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + seconds)


def _set_limit(kind: int, value: int) -> None:
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if most == resource.RLIM_INFINITY else min(value, most), most))
