"""Nothing of a simulation that was killed goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil

CODE = """
import sys
from datetime import date
from pathlib import Path
from sohoa.simulate import simulate
simulate(Path(sys.argv[1]), start=date(2023, 3, 6), end=date(2023, 4, 30), seed=1, agencies=5, pages_per_day=40,
         report=lambda done, total: print(done, flush=True), workers=2)
"""


def test_its_workers_end_with_it(tmp_path: Path) -> None:
    """SIGKILL in the middle of drawing: within seconds no process of it is left."""
    script = tmp_path / "run.py"
    script.write_text(f"if __name__ == '__main__':\n{CODE.replace(chr(10), chr(10) + '    ')}", encoding="utf-8")
    with subprocess.Popen([sys.executable, script, tmp_path / "out"], stdout=subprocess.PIPE) as simulation:
        assert simulation.stdout
        simulation.stdout.readline()  # the first scan is drawn
        children = psutil.Process(simulation.pid).children(recursive=True)
        simulation.send_signal(signal.SIGKILL)
        simulation.wait()
    assert len(children) >= 2
    _, alive = psutil.wait_procs(children, timeout=20)
    for child in alive:
        child.kill()
    assert not alive
