"""The rate's definitions on cases one can check by hand."""

from __future__ import annotations

from typing import Any

import pytest

from sohoa.counting.count_progress import RATES, progress_of_day
from tests.counting_cases import DAY, by_rate, document, dossier, merged

AND, OR, STORE = ("dn_and", "all"), ("dn_or", "all"), ("dn_store", "all")
COMPONENTS, RESULT = ("by_stage", "components"), ("by_stage", "result")


def counts(register: list[dict[str, Any]], documents: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, int]]:
    return by_rate(progress_of_day(DAY, merged(register, documents)))


def share(row: dict[str, int]) -> tuple[int, int]:
    return row["numerator"], row["denominator"]


def test_and_needs_a_component_and_a_result():
    """Of three dossiers with a component, a result or both, only the last is digitised by dn_and; all are by dn_or."""
    rows = counts(
        [dossier(1), dossier(2), dossier(3)],
        [document("a", 1), document("b", 2, "result"), document("c", 3), document("d", 3, "result")],
    )
    assert share(rows[AND]) == (1, 3)
    assert share(rows[OR]) == (3, 3)


def test_and_waives_what_the_procedure_does_not_have():
    """Nothing to submit, or no paper result: the other half is enough; with neither, no document is needed."""
    register = [dossier(1, components=0), dossier(2, has_paper_result=False)]
    register += [dossier(3, components=0, has_paper_result=False), dossier(4)]
    rows = counts(register, [document("a", 1, "result"), document("b", 2)])
    assert share(rows[AND]) == (3, 4)
    assert share(rows[OR]) == (2, 4)


def test_store_counts_documents_up_to_what_is_due():
    """3 components and 1 result are due; 5 components and 1 result scanned elsewhere fill them, no more."""
    rows = counts(
        [dossier(1, components=2), dossier(2, components=1, has_paper_result=False)],
        [document(f"a{n}", 1) for n in range(5)] + [document("r1", 2, "result"), document("r2", 2, "result")],
    )
    assert share(rows[STORE]) == (2, 4)


def test_stages_have_denominators_of_their_own():
    """Components count where some are due; results only once the dossier is finished."""
    register = [dossier(1, components=0, status=9), dossier(2, status=10), dossier(3, has_paper_result=False, status=9)]
    rows = counts([*register, dossier(4)], [document("a", 2), document("b", 1, "result"), document("c", 4, "result")])
    assert share(rows[COMPONENTS]) == (1, 3)
    assert share(rows[RESULT]) == (1, 2)


@pytest.mark.parametrize(
    "change",
    [{"status": 1}, {"status": 3}, {"status": 7}, {"exemption": "shared_data"}, {"is_void": True}],
    ids=str,
)
def test_a_dossier_out_of_scope_is_in_no_rate(change):
    """Not received, refused, withdrawn, exempt or void: the unit keeps its rows, all of them 0."""
    rows = counts([dossier(1, **change)], [document("a"), document("b", kind="result")])
    assert set(rows) == set(RATES)
    for row in rows.values():
        assert {row[name] for name in ("denominator", "declared", "received", "accepted", "finished")} == {0}


def test_levels_follow_the_documents():
    """One dossier declared only, one received, one accepted: 3, 2, 1; a verdict of review is not accepted."""
    register = [dossier(n, has_paper_result=False) for n in (1, 2, 3)]
    documents = [
        document("a", 1, is_received=False, verdict=None),
        document("b", 2, verdict="review"),
        document("c", 3),
    ]
    row = counts(register, documents)[AND]
    assert [row[name] for name in ("declared", "received", "accepted", "numerator", "waived")] == [3, 2, 1, 1, 0]


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_a_replaced_document_counts_at_no_level(verdict):
    """A good first scan leaves the rates once a later document of the agency replaces it, however bad that one is."""
    first = document("a", verdict=verdict)
    second = document("b", batch="H37.80.01-20240417-001", replaces="a", is_received=False, verdict=None)
    row = counts([dossier(has_paper_result=False)], [first, second])[AND]
    assert [row[name] for name in ("declared", "received", "accepted")] == [1, 0, 0]


def test_only_the_agency_itself_replaces_its_documents():
    """Document ids are unique within an agency: the same id at another one is another document."""
    other = document("b", agency="H37.60", batch="H37.60-20240416-001", replaces="a", verdict="rejected")
    assert counts([dossier(has_paper_result=False)], [document("a"), other])[AND]["accepted"] == 1


def test_finished_is_in_the_unit_of_its_denominator():
    """Two dossiers, one of them finished with 3 documents due."""
    rows = counts([dossier(1, status=9, components=2), dossier(2)], [])
    assert {rate: row["finished"] for rate, row in rows.items()} == {AND: 1, OR: 1, STORE: 3, COMPONENTS: 1, RESULT: 1}


def test_interim_results_are_in_no_rate():
    """A verification paper is counted elsewhere."""
    assert counts([dossier()], [document("a", kind="interim_result")])[OR]["declared"] == 0


def test_a_document_without_register_row_is_in_no_rate():
    """It waits in the dossiers (category R0); the register row arriving later brings it in."""
    documents = [document("a"), document("b", kind="result")]
    assert progress_of_day(DAY, merged([], documents)).num_rows == 0
    assert share(counts([dossier()], documents)[AND]) == (1, 1)


def test_a_unit_counts_all_below_it():
    """Commune, district office and department add up; a district's office is a leaf below its district."""
    register = [dossier(1), dossier(2, unit_code="H37.80"), dossier(3, unit_code="H37.60")]
    rows = progress_of_day(DAY, merged(register, []))
    found = {unit: by_rate(rows, unit)[AND]["denominator"] for unit in ("05971", "H37.80", "178", "H37.60", "20")}
    assert found == {"05971": 1, "H37.80": 1, "178": 2, "H37.60": 1, "20": 3}
    assert set(rows["unit_code"].to_pylist()) == set(found)
