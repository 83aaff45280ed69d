"""What the tools draw in Chromium, and how their pictures are kept: small, in ``docs/pictures``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
_NAMES = ("chromium", "google-chrome")
_COLOURS = 64


@contextmanager
def browser() -> Iterator[Browser]:
    """Open the browser of this machine.

    Raises:
        FileNotFoundError: it has none.
    """
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        raise FileNotFoundError(f"neither {' nor '.join(_NAMES)}: on Debian or Ubuntu, sudo apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


def save(name: str, picture: Image.Image) -> None:
    """Write a picture of so few colours that it is small."""
    few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)
