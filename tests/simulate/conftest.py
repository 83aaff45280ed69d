from __future__ import annotations

from pathlib import Path

import pytest

from sohoa.simulate import Truth, simulate
from tests.simulate.simulate_cases import SMALL


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """One small simulated province with real scans, made by one process, and its truth."""
    out = tmp_path_factory.mktemp("simulated") / "province"
    return out, simulate(out, **SMALL, workers=1)


@pytest.fixture(scope="session")
def province(made: tuple[Path, Truth]) -> Path:
    """Its folder."""
    return made[0]


@pytest.fixture(scope="session")
def truth(made: tuple[Path, Truth]) -> Truth:
    """Its truth."""
    return made[1]
