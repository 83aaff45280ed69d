"""The line to the store: connections that send no faster than allowed, tell how far they are, and survive stalls.

Each request has a connection of its own: on a bad line what has carried much is what is cut next, and a file that is
cut is sent again whole.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

CONNECT_S, STALL_S = 15.0, 90.0
"""How long to wait for a connection, and for a byte to go either way."""
_PIECE_BYTES = 16_384
_BURST_S = 0.25


class Meter:
    """Counts the bytes that are sent, and holds them to a rate."""

    def __init__(self, kbit_per_s: float | None, on_bytes: Callable[[int], None] | None = None) -> None:
        """Count from nothing.

        Args:
            kbit_per_s: no faster than this; None for as fast as the line is.
            on_bytes: told of each piece that is sent.
        """
        self._bytes_per_s = kbit_per_s * 125 if kbit_per_s else None
        self._on_bytes, self._lock, self._free_at = on_bytes, threading.Lock(), 0.0
        self.sent = 0

    def send(self, data: Any, send: Callable[[Any], None]) -> None:
        """Send bytes piece by piece."""
        view = memoryview(data)
        for start in range(0, len(view), _PIECE_BYTES):
            piece = view[start : start + _PIECE_BYTES]
            self._wait(len(piece))
            send(piece)
            self.sent += len(piece)
            if self._on_bytes is not None:
                self._on_bytes(len(piece))

    def _wait(self, size: int) -> None:
        if self._bytes_per_s is None:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - _BURST_S) + size / self._bytes_per_s
            pause = self._free_at - now
        if pause > 0:
            time.sleep(pause)


def open_line(meter: Meter, proxy: str | None, ca_file: Path | None) -> urllib3.PoolManager:
    """Make the pool of connections through which a ``Store`` sends; it tries nothing twice.

    Args:
        meter: counts and slows what is sent.
        proxy: of the network.
        ca_file: of the authority that signed the store's certificate, where no system knows it.
    """
    options: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=CONNECT_S, read=STALL_S),
        "retries": False,
    }
    if ca_file is not None:
        options["ca_certs"] = str(ca_file)
    pool = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
    pool.pool_classes_by_scheme = {"http": _plain_pool(meter), "https": _secure_pool(meter)}
    return pool


def _metered(meter: Meter, data: Any, connection: Any, send: Callable[[Any], None]) -> None:
    if not isinstance(data, bytes | bytearray | memoryview):
        send(data)
        return
    if connection.sock is not None:
        connection.sock.settimeout(STALL_S)
    meter.send(data, send)


def _plain_pool(meter: Meter) -> type[HTTPConnectionPool]:
    class Connection(HTTPConnection):
        def send(self, data: Any) -> None:
            _metered(meter, data, self, super().send)

        def putrequest(self, *args: Any, **options: Any) -> None:
            super().putrequest(*args, **options)
            self.putheader("Connection", "close")

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    return Pool


def _secure_pool(meter: Meter) -> type[HTTPSConnectionPool]:
    class Connection(HTTPSConnection):
        def send(self, data: Any) -> None:
            _metered(meter, data, self, super().send)

        def putrequest(self, *args: Any, **options: Any) -> None:
            super().putrequest(*args, **options)
            self.putheader("Connection", "close")

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    return Pool
