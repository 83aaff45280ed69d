"""The program that kills the demo knows what the demo prints: a phase whose mark never comes would kill nothing."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

import pytest

from benchmarks import demo_kills
from benchmarks.demo_kills import PHASES, Ended
from sohoa.demo import run_demo, show_result, watch_runs
from sohoa.stack import airflow_server, seaweed
from tests.servers import ROOT


def sources() -> Iterable[str]:
    return (inspect.getsource(module) for module in (run_demo, show_result, watch_runs, seaweed, airflow_server))


@pytest.mark.parametrize("phase", PHASES)
def test_the_demo_says_where_each_phase_begins(phase: str) -> None:
    """The DAGs stand in what it runs by their names, and are there."""
    mark, _ = PHASES[phase]
    is_dag = mark.startswith("Airflow runs ")
    words = mark.removeprefix("Airflow runs ")
    assert any(words in source for source in sources())
    assert not is_dag or (ROOT / "dags" / f"{words}.py").exists()


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("[ 1 s] x\n1. Tiến độ tới 86 %\n  a\n5. Xem ở đâu (where)\n  /home\n", "1. Tiến độ tới 86 %\n  a\n"),
        ("1. Tiến độ tới 86 %\n  b\n5. Xem ở đâu", "1. Tiến độ tới 86 %\n  b\n"),
    ],
)
def test_results_are_compared_without_what_names_the_home(text: str, result: str) -> None:
    """All figures, and nothing before or behind them."""
    assert Ended(0, text, 1.0).result == result


def test_an_unknown_phase_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is started."""
    monkeypatch.setattr("sys.argv", ["demo_kills", "--phases", "upload,nowhere"])
    with pytest.raises(SystemExit) as ended:
        demo_kills.main()
    assert ended.value.code == 2 and "there is no phase nowhere" in capsys.readouterr().err
