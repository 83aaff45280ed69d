"""How a caller and its guarded process reach one another: a socket, requests over it, and the open files with them.

A request is one block of JSON after its length. Where a socket can carry an open file, the file itself goes along; on
Windows its bytes follow the request, and the process puts them into a file of its own.
"""

from __future__ import annotations

import array
import json
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

LENGTH_BYTES = 8
"""Of the number before each block that is sent, either way."""
_PIECE = 1_048_576

Request = dict[str, Any]


def open_own_socket() -> socket.socket:
    """Return the socket to the caller, in the process that it started."""
    if sys.platform == "win32":
        return socket.fromshare(sys.stdin.buffer.read())
    return socket.socket(fileno=os.dup(0))


def send_request(to: socket.socket, request: Mapping[str, Any], file: BinaryIO | None) -> None:
    """Send a request, and an open file with it, which is read from its start.

    Raises:
        OSError: the other end is closed.
    """
    if sys.platform == "win32":
        send_copy(to, request, file)
    else:
        handles = [] if file is None else [file.fileno()]
        if file is not None:
            os.lseek(file.fileno(), 0, os.SEEK_SET)
        text = json.dumps(request).encode()
        socket.send_fds(to, [len(text).to_bytes(LENGTH_BYTES)], handles)
        to.sendall(text)


def receive_request(caller: socket.socket) -> tuple[Request, BinaryIO | None] | None:
    """Return the next request and the file that came with it; None where the caller is gone."""
    if sys.platform == "win32":
        return receive_copy(caller)
    first, handle = b"", None
    space = socket.CMSG_SPACE(array.array("i").itemsize)
    while len(first) < LENGTH_BYTES:
        part, sent, _, _ = caller.recvmsg(LENGTH_BYTES - len(first), space)
        if not part:
            return None
        first += part
        for _, _, handles in sent:
            (handle,) = array.array("i", handles)
    text = _receive(caller, int.from_bytes(first))
    if text is None:
        return None
    return json.loads(text), None if handle is None else os.fdopen(handle, "rb")


def send_copy(to: socket.socket, request: Mapping[str, Any], file: BinaryIO | None) -> None:
    """Send a request and the bytes of an open file, as ``receive_copy`` takes them.

    Raises:
        OSError: the other end is closed.
    """
    size = None
    if file is not None:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
    text = json.dumps({"request": request, "file_bytes": size}).encode()
    to.sendall(len(text).to_bytes(LENGTH_BYTES) + text)
    while file is not None and (piece := file.read(_PIECE)):
        to.sendall(piece)


def receive_copy(caller: socket.socket) -> tuple[Request, BinaryIO | None] | None:
    """Return the next request, and a file without a name that holds the bytes that came with it."""
    first = _receive(caller, LENGTH_BYTES)
    text = None if first is None else _receive(caller, int.from_bytes(first))
    if text is None:
        return None
    sent = json.loads(text)
    if sent["file_bytes"] is None:
        return sent["request"], None
    import tempfile  # on Windows alone: it loads a dozen modules

    file, left = cast(BinaryIO, tempfile.TemporaryFile()), sent["file_bytes"]  # noqa: SIM115 (whoever asked closes it)
    while left:
        piece = caller.recv(min(left, _PIECE))
        if not piece:
            file.close()
            return None
        file.write(piece)
        left -= len(piece)
    file.seek(0)
    return sent["request"], file


def _receive(caller: socket.socket, size: int) -> bytes | None:
    """So many bytes; None where the caller goes before."""
    found = bytearray()
    while len(found) < size:
        part = caller.recv(size - len(found))
        if not part:
            return None
        found += part
    return bytes(found)
