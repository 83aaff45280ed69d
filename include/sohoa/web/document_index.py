"""Which batches a document or a dossier came in, from the document ids that agencies have used.

They lie in one object an agency and year (``known_documents``), so that nobody has to list the documents of all years
to find one. Their rows are kept on this machine in one local file a year.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from sohoa import layout
from sohoa.known_documents import SCHEMA
from sohoa.store import Store
from sohoa.web.kept_rows import KEY, Etags, count_new, renew_rows
from sohoa.web.listing import Listing

IdColumn = Literal["document_id", "dossier_key"]
_LOCAL = SCHEMA.append(pa.field(KEY, pa.string()))


class DocumentIndex:
    """The document ids of one store. Threads may share it; processes may share its folder."""

    def __init__(self, store: Store, folder: Path) -> None:
        """Keep them in ``folder``; nothing is read yet."""
        self._store, self._folder = store, folder
        self._objects = Listing("_documents", self._list)
        self._writing = threading.Lock()

    def find(self, column: IdColumn, value: str, since: int = 0) -> list[tuple[date, str]]:
        """Return scan day and batch of each document of this id or dossier, in their order.

        Args:
            column: what is asked for.
            value: what it is.
            since: only batches of this year and later ones.
        """
        files = [self._renewed(year, etags) for year, etags in self._objects.get().items() if year >= since]
        if not files:
            return []
        found = ds.dataset([str(file) for file in files], schema=_LOCAL, format="parquet")
        rows = found.to_table(columns=["batch"], filter=pc.field(column) == value)
        return sorted((_scan_day(batch), batch) for batch in rows["batch"].to_pylist())

    def _list(self) -> dict[int, Etags]:
        """Year -> its objects."""
        years: dict[int, Etags] = defaultdict(dict)
        for info in self._store.list_objects(layout.WAREHOUSE, layout.DOCUMENTS):
            years[layout.documents_year(info.key)][info.key] = info.etag
        return dict(years)

    def _renewed(self, year: int, etags: Etags) -> Path:
        file = self._folder / f"{year}.parquet"
        with self._writing:
            if count_new(file, etags) is not None:
                renew_rows(file, etags, _LOCAL, lambda key: self._store.get_parquet(key, SCHEMA))
        return file


def _scan_day(batch: str) -> date:
    found = layout.BatchId.parse(batch)
    assert found is not None, "only admitted batches have documents"
    return found.scan_date
