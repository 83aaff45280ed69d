"""Requests and open files on their way to a guarded process, by handing over and, as on Windows, by copying."""

from __future__ import annotations

import ctypes
import io
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

import pytest

from sohoa.guarded import handover
from sohoa.guarded.limits import JobLimits

Ends = tuple[socket.socket, socket.socket]
WAYS = [
    pytest.param(handover.send_request, handover.receive_request, id="handed over"),
    pytest.param(handover.send_copy, handover.receive_copy, id="copied"),
]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Two ends of a socket."""
    one, other = socket.socketpair()
    with one, other:
        yield one, other


@pytest.fixture
def file() -> Iterator[BinaryIO]:
    """An open file of more than a buffer, read to its end."""
    with cast(BinaryIO, tempfile.TemporaryFile()) as opened:
        opened.write(b"\r\n\x1a" + bytes(3_000_000) + b"end")
        opened.flush()
        yield opened


@pytest.mark.parametrize(("send", "receive"), WAYS)
def test_a_request_and_its_file_arrive(
    ends: Ends, file: BinaryIO, send: Callable[..., None], receive: Callable[..., Any]
) -> None:
    """Of any length, again and again, with a file and without; the file from its start, and it can be mapped."""
    requests = [{"file": "a" * 300_000}, {"file": "b"}, {"n": 1}]

    for number, request in enumerate(requests):  # one at a time, as a caller sends them: the file's place is shared
        thread = threading.Thread(target=send, args=(ends[0], request, None if number == 2 else file))
        thread.start()
        found, opened = receive(ends[1])
        thread.join()
        assert found == request
        if number == 2:
            assert opened is None
            continue
        data = opened.read()
        assert (len(data), data[:3], data[-3:]) == (3_000_006, b"\r\n\x1a", b"end")
        assert os.fstat(opened.fileno()).st_size == len(data)
        opened.close()
    ends[0].close()
    assert receive(ends[1]) is None


@pytest.mark.parametrize("sent", [0, 5, 20, 70])
def test_a_caller_that_goes_half_way(ends: Ends, sent: int) -> None:
    """In the length, in the request, in the file: there is no request."""

    class Kept:
        def __init__(self) -> None:
            self.data = b""

        def sendall(self, data: bytes) -> None:
            self.data += data

    kept = Kept()
    handover.send_copy(cast(socket.socket, kept), {"file": "a.jpg"}, io.BytesIO(bytes(100)))
    ends[0].sendall(kept.data[:sent])
    ends[0].close()
    assert handover.receive_copy(ends[1]) is None


def test_the_limits_of_a_job_are_laid_out_as_windows_reads_them() -> None:
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of a system of 64 bits: 144 bytes, the memory of a process at 112."""
    assert ctypes.sizeof(ctypes.c_void_p) == 8
    assert ctypes.sizeof(JobLimits) == 144
    assert JobLimits.process_memory.offset == 112
    assert type(JobLimits().basic).most_processes.offset == 40
