"""Draw the pictures of ``README.md`` from a run of the demo: its end, and the DAGs in the Airflow UI.

    DEMO_EXIT=1 make demo
    .venv/bin/python -m tools.draw_run

It starts the servers with what that run has left, shows the same end once more, and refuses to draw one that differs
from the truth. Chromium has to be there, and JetBrains Mono (Debian: ``fonts-jetbrains-mono``): few fonts of one width
have the letters of Vietnamese whole.
"""

from __future__ import annotations

import io
import json
import subprocess

from PIL import Image
from playwright.sync_api import Browser
from rich.console import Console

from sohoa import stack
from sohoa.demo import run_demo
from sohoa.errors import TruthDiffers
from sohoa.settings import Settings, load_settings
from sohoa.store import open_store
from tools.draw_in_browser import browser, save

COLUMNS = 110
SHOWN_DAG = "check_scan_batches"
FONT = "JetBrains Mono"


def main() -> None:
    """Write ``demo.png`` and ``airflow.png``.

    Raises:
        FileNotFoundError: the font is not there.
        TruthDiffers: the run is not what the simulator knows to be true.
    """
    if FONT not in subprocess.run(["fc-list"], capture_output=True, text=True, check=True).stdout:
        raise FileNotFoundError(f"the font {FONT}: on Debian or Ubuntu, sudo apt-get install fonts-jetbrains-mono")
    stack.up(load_settings(), "all", print)
    settings = load_settings()
    svg = draw_end(settings)
    with browser() as chromium:
        save("demo", _shoot_svg(chromium, svg))
        save("airflow", _shoot_airflow(chromium, settings))


def draw_end(settings: Settings) -> str:
    """Return the end of the demo as a drawing of a terminal."""
    screen = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    province = settings.home / "demo" / "province"
    differences = run_demo.show(open_store(), province, ".venv/bin/sohoa", screen)
    if differences:
        raise TruthDiffers(f"{differences} differences: nothing was drawn")
    return screen.export_svg(title="make demo")


def _shoot_svg(chromium: Browser, svg: str) -> Image.Image:
    page = chromium.new_page(viewport={"width": 1000, "height": 800})
    style = (
        f"body{{margin:0}} svg{{width:1000px;height:auto;display:block}} svg text{{font-family:'{FONT}' !important}}"
    )
    page.set_content(f"{svg}<style>{style}</style>")
    shot = page.locator("svg").first.screenshot()
    page.close()
    return Image.open(io.BytesIO(shot))


def _shoot_airflow(chromium: Browser, settings: Settings) -> Image.Image:
    """The newest run of the DAG that checks, after signing in."""
    found = stack.status(settings)["airflow"]
    assert found.user is not None and found.secrets is not None, "the embedded Airflow has a user"
    client = stack.airflow_client(settings)
    runs = client.call("GET", f"/dags/{SHOWN_DAG}/dagRuns?order_by=-run_after&limit=50")["dag_runs"]
    longest = max(runs, key=lambda run: run["duration"] or 0)["dag_run_id"]
    page = chromium.new_page(viewport={"width": 1280, "height": 760})
    page.goto(f"{found.url}/auth/login")
    page.fill("input[name=username]", found.user)
    page.fill("input[name=password]", json.loads(found.secrets.read_text(encoding="utf-8"))[found.user])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{found.url}/", timeout=60_000)
    page.goto(f"{found.url}/dags/{SHOWN_DAG}/runs/{longest}")
    page.get_by_text("Task Instances").first.wait_for(timeout=60_000)
    page.wait_for_timeout(3_000)  # the grid is drawn after the text
    shot = page.screenshot()
    page.close()
    return Image.open(io.BytesIO(shot))


if __name__ == "__main__":
    main()
