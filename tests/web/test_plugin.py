"""What Airflow registers: the plugin is light, since every process imports it; its pages are made on demand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PLUGIN = Path(__file__).parents[2] / "plugins" / "sohoa_pages.py"
HEAVY = (
    "pandas",
    "pyarrow",
    "cv2",
    "great_expectations",
    "altair",
    "fastapi.applications",
    "airflow.api_fastapi.app",
    "duckdb",
)
ASK = f"""
import runpy, sys
before = set(sys.modules)
import airflow.plugins_manager
known = set(sys.modules)
found = runpy.run_path({str(PLUGIN)!r})
plugin = found["SohoaPages"]
(app,) = plugin.fastapi_apps
assert app["url_prefix"] == "/sohoa"
assert [view["destination"] for view in plugin.external_views] == ["nav", "dag_run"]
for view in plugin.external_views:
    assert view["href"].startswith(app["url_prefix"] + "/") and view["url_route"]
print(sorted(name for name in {HEAVY!r} if name in sys.modules and name not in known))
"""


def test_the_plugin_imports_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, check=False, env={"AIRFLOW_HOME": str(tmp_path)}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == "[]"
