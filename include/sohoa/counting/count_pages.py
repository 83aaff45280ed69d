"""How many pages of one scan day are accepted: by agency, scanner, paper and cover."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from sohoa.schema import TABLES

_CLASS = ["agency", "device_id", "paper", "cover"]
_COUNTS = ["pages_found", "pages_accepted"]


def pages_of_day(documents: pa.Table) -> pa.Table:
    """Count pages found and accepted of one scan day.

    Args:
        documents: all rows of the table ``documents`` of that day, received or not.

    Returns:
        Rows of ``pages_daily`` by agency, device, paper and cover. A document whose files could not be read has none.
    """
    counts = {name: pc.fill_null(documents[name], 0) for name in _COUNTS}
    rows = pa.table({**{name: documents[name] for name in _CLASS}, **counts})
    sums = rows.group_by(_CLASS, use_threads=False).aggregate([(name, "sum") for name in _COUNTS])
    schema = TABLES["pages_daily"]
    ordered = sums.sort_by([(name, "ascending") for name in _CLASS])
    return ordered.select([*_CLASS, *(f"{name}_sum" for name in _COUNTS)]).rename_columns(schema.names).cast(schema)
