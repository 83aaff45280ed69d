"""From the text of a feed to rows of its table: a row with a value that cannot be read is rejected, none is guessed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sohoa.dossier_code import days_of
from sohoa.feeds.message_fields import Field, by_value
from sohoa.feeds.refuse_rows import Sorted, refuse_future, refuse_later_days, shorten
from sohoa.feeds.sources import Source
from sohoa.feeds.text_rows import LINE, Column, Reject
from sohoa.registry import commune_meant, leaf_unit


def adapt(source: Source, text: pa.Table, dt: date, file: str, system: str | None = None) -> Sorted:
    """Rows of a source's table from the rows of its feed.

    Args:
        source: the feed.
        text: its fields as strings (null where empty) and ``line``.
        dt: day of the feed file.
        file: its name below that day.
        system: the folder of the file where the source has one for each system.

    Returns:
        (rows, rejects): rows with the columns of the table, of a table by dossier day with ``dossier_date`` too, and
        ``first_seen`` being ``dt``; and one reject for each row that cannot be used.
    """
    given: dict[str, Column] = {name: text[name].combine_chunks() for name in text.column_names}
    values: dict[str, Column] = {field.target: field.parse(given[field.source]) for field in source.fields}
    faults = np.array([_find_faults(field, given[field.source], values[field.target]) for field in source.fields])
    is_bad: Column = faults.any(axis=0)
    rejects = _field_rejects(source.fields, text.filter(is_bad), faults[:, is_bad])
    rows = pa.table({**values, LINE: given[LINE]})
    if source.is_by_dossier_day:
        rows = _place(source, rows.append_column("dossier_code", given["MaHoSo"]).filter(~is_bad), dt, file, system)
    else:
        rows = rows.filter(~is_bad)
    rows, more = _refuse_rows(source, rows, dt)
    return rows.select(source.row_schema.names), sorted([*rejects, *more], key=lambda reject: reject.line or 0)


def _refuse_rows(source: Source, rows: pa.Table, dt: date) -> Sorted:
    rejects: list[Reject] = []
    if source.time is not None:
        rows, rejects = refuse_future(rows, source.field_of(source.time), source.time, dt)
    if source.is_by_dossier_day:
        rows, more = refuse_later_days(rows, dt)
        rejects += more
    for refuse in source.refusals:
        rows, more = refuse(rows)
        rejects += more
    return rows, rejects


def _find_faults(field: Field, text: Column, values: Column) -> Column:
    is_absent: Column = pc.is_null(values)
    fault: Column = is_absent if field.is_required else pc.and_(is_absent, pc.is_valid(text))
    return fault.to_numpy(zero_copy_only=False)


def _field_rejects(fields: tuple[Field, ...], rows: pa.Table, faults: Column) -> list[Reject]:
    firsts = [fields[i] for i in faults.argmax(axis=0)] if rows.num_rows else []
    return [_reject(row[LINE], field, row[field.source]) for row, field in zip(rows.to_pylist(), firsts, strict=True)]


def _reject(line: int, field: Field, value: str | None) -> Reject:
    problem = "Để trống" if value is None else "Sai giá trị"
    return Reject(line, field.source, f"{problem}; phải ghi {field.expected}.", shorten(value))


def _place(source: Source, rows: pa.Table, dt: date, file: str, system: str | None) -> pa.Table:
    """Add the dossier day, where the row comes from and, in the register, the leaf unit."""
    count = rows.num_rows
    seen = pa.array(np.full(count, dt, "datetime64[D]"))
    days = days_of(rows["dossier_key"])
    files = pa.array([file] * count, pa.string())
    added: dict[str, Column] = {"dt": seen, "feed_file": files, "first_seen": seen, "dossier_date": days}
    if source.has_systems:
        added["system"] = pa.array([system] * count, pa.string())
    if "unit_code" in source.schema.names:
        owner = rows["handling_agency"], rows["commune_code"], days.cast(pa.string())
        owners = pc.binary_join_element_wise(*owner, "|", null_handling="replace", null_replacement="")
        added["unit_code"] = by_value(_leaf_unit, owners)
        added["is_split"] = pc.equal(by_value(_is_split, owners), "yes")
    return pa.table({**{name: rows[name] for name in rows.column_names}, **added})


def _leaf_unit(owner: str) -> str | None:
    agency_and_commune, _, day = owner.rpartition("|")
    agency, _, commune = agency_and_commune.rpartition("|")
    return leaf_unit(agency, commune or None, date.fromisoformat(day))


def _is_split(owner: str) -> str:
    commune, _, day = owner.partition("|")[2].rpartition("|")
    meant = commune_meant(commune, date.fromisoformat(day))
    return "yes" if meant is not None and meant[1] else "no"
