from __future__ import annotations

from pathlib import Path

import pytest

from sohoa.simulate import simulate
from tests.simulate.simulate_cases import SMALL, quiet


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small simulated province, made by one process."""
    out = tmp_path_factory.mktemp("simulated") / "province"
    simulate(out, *SMALL, quiet, workers=1)
    return out
