"""What a guarded process runs: one request at a time, under the system's own bounds.

Standard input leads to a socket. An answer is some blocks of bytes, each after its length. What libraries print goes to
the file that is standard output and standard error.
"""

from __future__ import annotations

import gc
import json
import socket
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from sohoa.guarded.confine import confine
from sohoa.guarded.handover import LENGTH_BYTES, open_own_socket, receive_request
from sohoa.guarded.limits import Bounds

Answer = Callable[[dict[str, Any], BinaryIO | None], Iterable[bytes]]


def serve(answer: Answer) -> None:
    """Answer requests until the socket closes.

    Args:
        answer: makes the blocks that answer a request and its open file; what it raises ends the process.
    """
    caller = open_own_socket()
    first = receive_request(caller)
    if first is None:
        return
    bounds = Bounds(first[0]["memory_bytes"])
    gc.freeze()  # what has been loaded stays: no collection need look through it
    _send(caller, json.dumps({"is_confined": confine()}).encode())
    while received := receive_request(caller):
        request, file = received
        bounds.allow_seconds(request["seconds"])
        for block in answer(request, file):
            _send(caller, block)
        bounds.forget_seconds()
        if file is not None:
            file.close()


def _send(caller: socket.socket, block: bytes) -> None:
    caller.sendall(len(block).to_bytes(LENGTH_BYTES))
    caller.sendall(block)
