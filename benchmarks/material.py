"""What the benchmarks measure: a real page enlarged to A4, and page rows drawn at random."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pyarrow as pa
from PIL import Image

from sohoa.intake.measure_shards import PAGES

_SOURCE = "lept_patent.png"


def a4_image(dpi: int) -> Image.Image:
    """A page of dense real text on tinted, slightly noisy paper."""
    size = (round(210 / 25.4 * dpi), round(297 / 25.4 * dpi))
    source = Image.open(str(files("sohoa.simulate").joinpath("pages", _SOURCE))).convert("L").resize(size)
    noise = np.random.default_rng(1).normal(0, 1.5, (*size[::-1], 3))
    paper = np.array([246, 243, 234]) * (np.asarray(source)[..., None] / 255) + noise
    return Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))


def page_rows(count: int) -> pa.Table:
    """Measured rows, most of them good."""
    rng = np.random.default_rng(1)
    columns = {field.name: pa.nulls(count, field.type) for field in PAGES}
    columns |= {
        "agency": pa.array(["H37.80.01"] * count),
        "batch": pa.array(["H37.80.01-20230306-001"] * count),
        "file": pa.array([f"{number}.pdf" for number in range(count)]),
        "page_no": pa.array([1] * count),
        "paper": pa.array(rng.choice(["a4", "a3"], count)),
        "cover": pa.array(rng.choice(["matte", "glossy"], count)),
        "content": pa.array(rng.choice(["text", "map"], count)),
        "format": pa.array(["pdf"] * count),
        "colour_mode": pa.array(["colour"] * count),
        "dpi_x": pa.array(rng.choice([100.0, 200.0, 300.0, 400.0], count)),
        "dpi_y": pa.array(rng.choice([200.0, 300.0, 400.0], count)),
        "skew_deg": pa.array(rng.normal(0, 0.7, count)),
        "ink_ratio": pa.array(rng.uniform(0, 0.2, count)),
        "jpeg_quality": pa.array(rng.uniform(40, 95, count)),
    }
    return pa.table({field.name: columns[field.name].cast(field.type) for field in PAGES})
