"""A bad line to the store: a TCP proxy that cuts connections, stalls, resets, and counts what passes."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_PIECE = 8_192
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class BadLine:
    """What goes wrong, and what passed.

    Attributes:
        target: host and port of the store.
        cut_after: bytes that one connection carries towards the store before it is cut.
        reset_share: share of connections that are reset somewhere within ``cut_after``.
        stall_share: share of pieces before which nothing goes for ``stall_s``.
        stall_s: how long that lasts.
        kbit_per_s: how fast the line is; None for as fast as it goes.
        busy: whether every request is answered 503, and nothing goes to the store.
        is_cut: whether nothing passes, on connections that are open already neither.
        lose_answers: how many whole answers to requests with a body are cut off before they come back.
    """

    target: tuple[str, int]
    cut_after: int | None = None
    reset_share: float = 0.0
    stall_share: float = 0.0
    stall_s: float = 0.0
    kbit_per_s: float | None = None
    lose_answers: int = 0
    busy: bool = False
    is_cut: bool = False
    seed: int = 1
    port: int = 0
    sent: int = 0
    connections: int = 0
    faults: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """As a client configures it."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def spoilt(self, **faults: Any) -> Iterator[None]:
        """Let these go wrong meanwhile."""
        usual = {name: getattr(self, name) for name in faults}
        self._set(faults)
        try:
            yield
        finally:
            self._set(usual)

    def _set(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    def serve(self, listener: socket.socket) -> None:
        rng = random.Random(self.seed)
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            limit = self.cut_after
            if rng.random() < self.reset_share:
                limit = rng.randrange(1, self.cut_after or 100_000)
            threading.Thread(target=self._carry, args=(client, limit, rng.random()), daemon=True).start()

    def _carry(self, client: socket.socket, limit: int | None, seed: float) -> None:
        rng = random.Random(seed)
        try:
            server = socket.create_connection(self.target)
        except OSError:  # the store is down
            client.close()
            return
        back = threading.Thread(target=self._carry_back, args=(client, server), daemon=True)
        back.start()
        passed = 0
        try:
            while data := client.recv(_PIECE):
                if self.busy:
                    self.faults += 1
                    client.sendall(_BUSY)
                    break
                if self.stall_share and rng.random() < self.stall_share:
                    self.faults += 1
                    time.sleep(self.stall_s)
                if self.kbit_per_s:
                    time.sleep(len(data) / (self.kbit_per_s * 125))
                with self._lock:
                    self.sent += len(data)
                passed += len(data)
                if self.is_cut or (limit is not None and passed > limit):
                    self._reset(client, server)
                    return
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
            back.join()
        except OSError:
            pass
        for end in (client, server):
            end.close()

    def _carry_back(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := server.recv(_PIECE):
                with self._lock:
                    is_lost = self.lose_answers > 0 and b"HTTP/1.1 200" in data and b"etag:" in data.lower()
                    self.lose_answers -= is_lost
                if is_lost or self.is_cut:
                    self._reset(client, server)
                    return
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _reset(self, *ends: socket.socket) -> None:
        self.faults += 1
        for end in ends:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


@contextmanager
def bad_line(endpoint: str, **faults: object) -> Iterator[BadLine]:
    """A bad line to the store at this address."""
    host, _, port = endpoint.removeprefix("http://").partition(":")
    line = BadLine((host, int(port)), **faults)  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line.port = listener.getsockname()[1]
        thread = threading.Thread(target=line.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield line
        finally:
            listener.shutdown(socket.SHUT_RDWR)
