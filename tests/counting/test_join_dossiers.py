"""Dossiers of one day: what is kept, what is replaced, in which order."""

from __future__ import annotations

import io
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq

from sohoa.counting.join_dossiers import merge_dossiers, split_by_dossier_day
from sohoa.schema import TABLES
from tests.counting_cases import decided, document, dossier, key, merged, table

LATER = "H37.80.01-20240418-001"


def ids(rows: pa.Table) -> list[list[str]]:
    return [[entry["document_id"] for entry in row] for row in rows["documents"].to_pylist()]


def test_a_dossier_carries_its_register_state_and_documents():
    """Rows by dossier key, documents by agency, batch and id; a dossier without documents has an empty list."""
    rows = merged([dossier(2, status=9), dossier(1)], [document("b", 2), document("a", 2)])
    assert rows.schema.equals(TABLES["dossiers"], check_metadata=True)
    assert rows["dossier_key"].to_pylist() == [key(1), key(2)]
    assert rows["status"].to_pylist() == [4, 9]
    assert ids(rows) == [[], ["a", "b"]]


def test_a_dossier_that_the_register_lacks_is_kept():
    """Its register columns are null, not guessed."""
    row = merged([], [document("a")]).to_pylist()[0]
    state = set(TABLES["dossiers"].names) - {"dossier_key", "in_register", "documents"}
    assert row["in_register"] is False
    assert {row[name] for name in state} == {None}


def test_the_register_row_may_come_later_and_change():
    """State always comes from the register given; the documents stay."""
    first = merged([], [document("a")])
    none = decided([])
    later = merge_dossiers(first, table("register", [dossier(status=10)]), none)
    assert (later["in_register"].to_pylist(), later["status"].to_pylist(), ids(later)) == ([True], [10], [["a"]])


def test_a_batch_taken_again_replaces_its_own_documents_only():
    """The redone batch has another verdict and one document less; the other batch's document is untouched."""
    old = merged([dossier()], [document("a", verdict="review"), document("b"), document("c", batch=LATER)])
    again = merge_dossiers(old, table("register", [dossier()]), decided([document("a")]))
    entries = [(entry["document_id"], entry["verdict"]) for entry in again["documents"].to_pylist()[0]]
    assert entries == [("a", "accepted"), ("c", "accepted")]


def test_days_are_split_by_the_dossier_code():
    """The day is in the code; a backlog result belongs to no day."""
    rows = [document("a"), document("b", dossier_key="H37.60-240312-7"), document("c", None, "backlog_result")]
    days = split_by_dossier_day(decided(rows))
    found = {day: part["document_id"].to_pylist() for day, part in days.items()}
    assert found == {date(2024, 3, 12): ["b"], date(2024, 4, 15): ["a"]}


def test_slices_of_a_table_merge_like_the_table():
    """Arrow slices keep their parent's buffers; nothing outside the slice leaks in."""
    old = merged([dossier(1), dossier(2)], [document("a", 1), document("b", 2)]).slice(1)
    rows = merge_dossiers(old, table("register", [dossier(1), dossier(2)]).slice(1), decided([]))
    assert ids(rows) == [["b"]]


def test_same_input_is_the_same_parquet():
    """However the input is cut into chunks, the object is the same byte for byte."""
    register, documents = [dossier(1), dossier(2)], [document("a", 1), document("b", 2)]
    cut = pa.concat_tables([decided(documents[1:]), decided(documents[:1])])
    other = merge_dossiers(table("dossiers", []), table("register", register), cut)
    assert parquet(other) == parquet(merged(register, documents))


def parquet(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(rows, sink, compression="zstd")
    return sink.getvalue()
