"""An embedded object store of a benchmark's own: its home is thrown away, its ports are free ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from sohoa import stack
from sohoa.settings import PREFIX, load_settings
from sohoa.stack import seaweed
from sohoa.stack.processes import stop
from sohoa.store import Store, open_store
from tests.servers import free_ports


@contextmanager
def own_store() -> Iterator[Store]:
    """The store, running; this process's settings and those of its children name it."""
    before = dict(os.environ)
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:  # what a killed process left may still write
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            del os.environ[name]
        ports = zip(seaweed.PORTS, free_ports(len(seaweed.PORTS)), strict=True)
        os.environ |= {f"{PREFIX}HOME": home, **{f"{PREFIX}{name.upper()}": str(port) for name, port in ports}}
        try:
            stack.up(load_settings(), "store", lambda _: None)
            yield open_store()
        finally:
            stop(stack.store_servers(load_settings()), 0)  # its data is thrown away
            os.environ.clear()
            os.environ |= before


def store_cpu(store: Store) -> float:
    """CPU seconds that the store's process has taken so far."""
    times = [process.cpu_times() for process in seaweed.server(store.settings).processes()]
    return sum(time.user + time.system for time in times)
