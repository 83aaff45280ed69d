"""The column contract: one dictionary of fields (``fields``), and the tables that name them (``tables``).

The path key of a table (``layout.PATH_KEY``) is never a column of its files; agency, batch and unit codes are strings.
``docs/tables.md`` is generated from this package.
"""

from __future__ import annotations

from sohoa.schema.fields import FIELDS
from sohoa.schema.tables import CAPTURES, MEASURED, TABLES, VERDICT, fit, schema_version

TWIN = FIELDS["twin"].type
"""Arrow type of the column ``twin``."""

__all__ = ["CAPTURES", "FIELDS", "MEASURED", "TABLES", "TWIN", "VERDICT", "fit", "schema_version"]
