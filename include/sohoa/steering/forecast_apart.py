"""The forecast in a process of its own, which gives back what statsmodels holds: a hundred megabytes.

It is ``python -m`` this module: it reads the weeks and answers with their continuation, as arrays of NumPy.
"""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sohoa.steering.forecast import Weeks, forecast_weeks


def forecast_apart(numerator: NDArray[np.int64], denominator: NDArray[np.int64], horizon: int) -> Weeks:
    """Return what ``forecast_weeks`` does, value for value.

    Raises:
        subprocess.CalledProcessError: it failed (a defect); the message is on the error stream.
    """
    asked = _write(np.array(numerator), np.array(denominator), np.array(horizon))
    command = [sys.executable, "-m", "sohoa.steering.forecast_apart"]
    return Weeks(*_read(subprocess.run(command, input=asked, stdout=subprocess.PIPE, check=True).stdout))


def _write(*arrays: NDArray[Any]) -> bytes:
    data = io.BytesIO()
    np.savez(data, *arrays)
    return data.getvalue()


def _read(data: bytes) -> list[NDArray[Any]]:
    with np.load(io.BytesIO(data)) as arrays:
        return [arrays[name] for name in arrays.files]


if __name__ == "__main__":
    done, due, weeks = _read(sys.stdin.buffer.read())
    found = forecast_weeks(done, due, int(weeks))
    sys.stdout.buffer.write(_write(found.middle, found.low, found.high, found.paths))
