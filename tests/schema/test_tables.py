"""The column contract: one name is one quantity, in every table."""

from __future__ import annotations

import pyarrow as pa
import pytest

from sohoa.schema import FIELDS, MEASURED, TABLES
from sohoa.schema.fields import INT, TEXT, Field, by_name


def test_a_name_has_one_type_and_one_meaning() -> None:
    """Every column of every table is the field of its name, to the last word of its metadata."""
    for table, schema in TABLES.items():
        for column in schema:
            assert column.equals(FIELDS[column.name].to_arrow(), check_metadata=True), f"{table}.{column.name}"


def test_a_second_meaning_cannot_be_written() -> None:
    """The dictionary refuses a name that it has."""
    with pytest.raises(ValueError, match="count is declared twice"):
        by_name([Field("count", INT, "pages"), Field("count", TEXT, "documents")])


def test_every_field_is_in_a_table() -> None:
    """A field that no table names is left over."""
    assert FIELDS.keys() == {column.name for schema in TABLES.values() for column in schema}


def test_every_table_says_what_a_row_is_and_its_version() -> None:
    """Both travel in the metadata of its files."""
    for table, schema in TABLES.items():
        about = schema.metadata or {}
        assert about[b"meaning"].endswith(b"."), table
        assert int(about[b"schema_version"]) >= 1, table


def test_parts_of_a_field_keep_the_type_of_their_name() -> None:
    """Inside lists of structs too, a name that is also a column has the column's type."""
    nested = (field.type for field in FIELDS.values() if pa.types.is_list(field.type))
    parts = [part for kind in nested if pa.types.is_struct(kind.value_type) for part in kind.value_type]
    assert parts and all(part.type == FIELDS[part.name].type for part in parts if part.name in FIELDS)


def test_the_columns_of_the_page_row_are_those_of_the_contract() -> None:
    """Other programs read ``sohoa measure`` by these names, in this order."""
    assert MEASURED.names == [
        "file", "page_no", "sha256", "bytes", "format", "width_px", "height_px", "dpi_x", "dpi_y", "width_mm",
        "height_mm", "paper_class", "colour_mode", "bit_depth", "jpeg_quality", "pdf_version", "has_signature",
        "ink_ratio", "is_blank", "blur_mm", "skew_deg", "skew_confidence", "orientation_deg", "glare_ratio",
        "glare_box", "edge_cut", "border_dark", "illumination_range", "contrast", "noise", "moire_strength",
        "streak_strength", "streak_x_mm", "seam_strength", "bleed_through", "foreign_object", "perspective", "phash",
        "chroma", "file_flaw", "signature_state", "error",
    ]  # fmt: skip
