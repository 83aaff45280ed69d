"""What measuring a page costs against a full-colour libjpeg-turbo decode of the same page."""

from __future__ import annotations

import io

import simplejpeg
from rich.console import Console
from rich.table import Table

from benchmarks.material import a4_image
from benchmarks.timing import cpu_seconds
from sohoa.pages.measure import Limits, measure_bytes
from sohoa.settings import load_settings


def main() -> None:
    """Print CPU time and ratio for each format of one A4 page at 300 dpi."""
    image, limits = a4_image(300), Limits.of(load_settings())
    files = {}
    for name, options in {
        "JPEG": {"format": "JPEG", "quality": 85},
        "PNG": {"format": "PNG"},
        "TIFF LZW": {"format": "TIFF", "compression": "tiff_lzw"},
        "PDF of a JPEG": {"format": "PDF", "quality": 85, "resolution": 300},
    }.items():
        sink = io.BytesIO()
        image.save(sink, **{"dpi": (300, 300), **options})
        files[name] = sink.getvalue()
    bilevel = io.BytesIO()
    image.convert("1").save(bilevel, "TIFF", compression="group4", dpi=(300, 300))
    files["TIFF G4"] = bilevel.getvalue()
    decode = cpu_seconds(lambda: simplejpeg.decode_jpeg(files["JPEG"]))
    table = Table("page", "CPU ms", "colour decodes", title=f"A4 at 300 dpi; one colour decode {1000 * decode:.1f} ms")
    for name, data in files.items():
        seconds = cpu_seconds(lambda data=data: measure_bytes(data, "page", limits))
        table.add_row(name, f"{1000 * seconds:.1f}", f"{seconds / decode:.2f}")
    Console().print(table)
