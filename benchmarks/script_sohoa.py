"""The product's counts of defects, a scan day at a time, as ``summarise_progress`` makes them.

python -m benchmarks.script_sohoa <folder of scan_date=…/pages.parquet> <result.parquet> <rules.json>
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sohoa.counting.count_defects import quality_of_day
from sohoa.schema import TABLES


def count_defects(folder: str, target: str, rules: str) -> None:
    """Write the rows of ``quality_daily``, each with its day, of all ``scan_date=…/pages.parquet`` under a folder."""
    judged = {name: tuple(columns) for name, columns in json.loads(Path(rules).read_text(encoding="utf-8")).items()}
    schema = TABLES["quality_daily"].append(pa.field("scan_date", pa.string()))
    with pq.ParquetWriter(target, schema) as sink:
        for path in sorted(Path(folder).iterdir()):
            rows = quality_of_day(pq.ParquetFile(path / "pages.parquet").read(use_threads=False), judged)
            days = pa.repeat(path.name.partition("=")[2], len(rows))
            sink.write_table(rows.append_column("scan_date", days).cast(schema))
