"""What a desk costs that is open all day: ``python -m benchmarks.desk_idle [--pages 40] [--seconds 60]``.

A folder of sorted documents of two pages is judged first. Then nothing is scanned any more, and the process's CPU time
is taken: with the page open in a browser, which asks for news each second, and with nobody looking. A working day is
eight hours at the same rate. It starts no store.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

import urllib3

from sohoa.desk.desk import Desk
from sohoa.desk.serve_desk import DeskServer
from sohoa.settings import load_settings
from tests.batch_builder import page_jpeg
from tests.desk.agency_folder import KEYS, NO_STORE, config_of, in_dossier, put_scan

_DAY_S = 8 * 3600


def main() -> None:
    """Print both costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "scans"
        for number in range(asked.pages):
            put_scan(folder, in_dossier(f"tài liệu {number // 2}/{number % 2}.jpg"), page_jpeg(number + 1))
        desk = Desk(folder, config_of(NO_STORE, Path(name)), KEYS, load_settings())
        server = DeskServer(desk)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            desk.start()
            while len(desk.view()["documents"]) < (asked.pages + 1) // 2:
                time.sleep(1)
            time.sleep(2)
            for what, is_looking in (("page open", True), ("nobody looks", False)):
                used = _idle(server, asked.seconds, is_looking)
                day = used / asked.seconds * _DAY_S
                print(f"{what}: {used:.2f} CPU s in {asked.seconds:.0f} s; eight hours at this rate: {day:.0f} CPU s")
        finally:
            server.shutdown()
            server.server_close()
            desk.close()


def _idle(server: DeskServer, seconds: float, is_looking: bool) -> float:
    """CPU seconds that this process takes while nothing is scanned."""
    http, before, end = urllib3.PoolManager(), time.process_time(), time.monotonic() + seconds
    while time.monotonic() < end:
        if is_looking:
            json.loads(http.request("GET", f"{server.address}parts").data)
        time.sleep(1)
    return time.process_time() - before


if __name__ == "__main__":
    main()
