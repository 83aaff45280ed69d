"""What takes most memory, JavaScript for the charts and typst for the PDF, each in a process of its own.

What such a process holds is given back when it ends. It is ``python -m`` this module with the name of its work: it
reads its task and answers with the result.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

STANDARD: Final = "a-2a"
FORMAT_LOCALE: Final = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " ₫"]}


def draw(specs: list[dict[str, Any]]) -> list[str]:
    """Vega-Lite specifications as SVG, numbers the Vietnamese way, texts measured in the report's font.

    Raises:
        subprocess.CalledProcessError: one cannot be drawn (a defect); the message is on the error stream.
    """
    found: list[str] = json.loads(_drawn(json.dumps(specs, ensure_ascii=False))) if specs else []
    return found


def javascript(snippet: str) -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, with a line of code that uses them.

    Raises:
        subprocess.CalledProcessError: it cannot be made (a defect); the message is on the error stream.
    """
    return _run("bundle", snippet).decode()


def typeset(content: dict[str, Any]) -> bytes:
    """The PDF (PDF/A-2a) of what ``templates/report.typ`` prints; the same content gives the same bytes.

    Raises:
        subprocess.CalledProcessError: typst refuses it (a defect); the message is on the error stream.
    """
    return _run("typeset", json.dumps(content, ensure_ascii=False))


@lru_cache(maxsize=1)
def _drawn(specs: str) -> bytes:
    """The pictures of one report: the PDF and the page show the same ones."""
    return _run("draw", specs)


def _run(work: str, text: str) -> bytes:
    command = [sys.executable, "-m", "sohoa.report.formats.draw_in_process", work]
    return subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True).stdout


def _draw(data: bytes) -> bytes:
    import vl_convert  # here: only this process holds it

    with as_file(files("sohoa") / "fonts") as fonts:
        vl_convert.register_font_directory(str(fonts))
        drawn = [vl_convert.vegalite_to_svg(spec, format_locale=FORMAT_LOCALE) for spec in json.loads(data)]
    return json.dumps(drawn).encode()


def _bundle(data: bytes) -> bytes:
    import vl_convert  # here: only this process holds it

    script: str = vl_convert.javascript_bundle(data.decode())
    return script.encode()


def _typeset(data: bytes) -> bytes:
    import typst  # here: only this process holds it

    package = files("sohoa")
    with as_file(package / "report" / "templates") as templates, as_file(package / "fonts") as fonts:
        found: bytes = typst.compile(
            Path(templates, "report.typ"),
            root=Path(templates),
            font_paths=[Path(fonts)],
            ignore_system_fonts=True,
            sys_inputs={"report": data.decode()},
            pdf_standards=STANDARD,
            format="pdf",
        )
    return found


_WORKS = {"draw": _draw, "bundle": _bundle, "typeset": _typeset}

if __name__ == "__main__":
    sys.stdout.buffer.write(_WORKS[sys.argv[1]](sys.stdin.buffer.read()))
