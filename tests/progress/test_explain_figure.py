"""Every figure can be taken apart into its dossiers, each with its reason, and the dossiers add up to the figure."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sohoa.counting.count_progress import MEASURES, RATES, progress_of_day
from sohoa.enums import DOSSIER_REASONS
from sohoa.errors import InputError
from sohoa.progress.carry_forward import map_dates, progress_on_map
from sohoa.progress.explain_figure import GROUPS, DossierInFigure, explain_day, group_of
from sohoa.progress.unit_progress import ProgressQuery
from sohoa.store import with_path_key
from tests.counting_cases import DAY, LEAVES, document, dossier, key, merged, provinces, review

COUNTS = MEASURES
FIRST, MERGER, REFORM = map_dates()
ASKED = [(unit, day) for day in (None, FIRST, MERGER) for unit in ("20", "178", "05971", "06001", "H37.60", "H37.80")]
ASKED += [(unit, REFORM) for unit in ("20", "06187", "06001", "H37.60", "H37.80")]
"""(unit, map): units of the map that some of ``LEAVES`` come to."""


def explain(dossiers, unit="20", definition="dn_and", stage="all", map_day=None) -> list[DossierInFigure]:
    return explain_day(DAY, dossiers, ProgressQuery(unit, definition, stage, map_day))


@settings(max_examples=50, deadline=None)
@given(provinces(), st.sampled_from(RATES), st.sampled_from(ASKED))
def test_the_dossiers_add_up_to_the_figure(province, rate, asked):
    """For every rate, unit and map: each count is the sum over the dossiers listed, and each has a known reason."""
    dossiers, (unit, map_day) = merged(*province), asked
    progress = with_path_key("progress_daily", progress_of_day(DAY, dossiers), DAY)
    if map_day is not None:
        progress = progress_on_map(progress, map_day)
    rows = [row for row in progress.to_pylist() if row["unit_code"] == unit]
    figure = next((row for row in rows if (row["definition"], row["stage"]) == rate), dict.fromkeys(COUNTS, 0))
    lines = explain(dossiers, unit, *rate, map_day)
    assert {name: sum(getattr(line, name) for line in lines) for name in COUNTS} == {n: figure[n] for n in COUNTS}
    for line in lines:
        assert line.reasons and set(line.reasons) <= set(DOSSIER_REASONS)
    assert [GROUPS.index(group_of(line)) for line in lines] == sorted(GROUPS.index(group_of(line)) for line in lines)


@settings(max_examples=30, deadline=None)
@given(provinces())
def test_every_dossier_of_the_register_is_listed_once(province):
    """The province lists all that the register knows, each leaf its own."""
    register, documents, reviews = province
    dossiers = merged(register, documents, reviews)
    listed = sorted(line.dossier_key for line in explain(dossiers))
    assert listed == sorted(row["dossier_key"] for row in register)
    assert sorted(line.dossier_key for leaf in LEAVES for line in explain(dossiers, leaf)) == listed


def reasons(register: dict, documents: list | None = None, rate=("dn_and", "all"), reviews=None) -> tuple[str, ...]:
    return explain(merged([register], documents or [], reviews), "20", *rate)[0].reasons


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": 1}, "only_registered"),
        ({"status": 3}, "refused"),
        ({"status": 7}, "withdrawn"),
        ({"exemption": "shared_data"}, "exempt"),
        ({"is_void": True, "status": 3}, "void"),
    ],
    ids=str,
)
def test_why_a_dossier_is_out(change, reason):
    """The same in every rate, documents or not."""
    for rate in RATES:
        assert reasons(dossier(**change), [document("a")], rate) == (reason,)


@pytest.mark.parametrize(
    ("change", "rate", "reason"),
    [
        ({"components": 0, "has_paper_result": False}, ("dn_store", "all"), "nothing_due"),
        ({"components": 0}, ("by_stage", "components"), "no_component_due"),
        ({"has_paper_result": False}, ("by_stage", "result"), "no_result_due"),
        ({"status": 4}, ("by_stage", "result"), "not_finished"),
    ],
    ids=str,
)
def test_why_a_dossier_is_out_of_one_rate(change, rate, reason):
    """It is in the denominator of dn_and all the same."""
    assert reasons(dossier(**change), rate=rate) == (reason,)
    assert explain(merged([dossier(**change)], []))[0].denominator == 1


COMPONENT, RESULT = document("c"), document("r", kind="result")
SPOILED = RESULT | {"verdict": "rejected"}


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([], ("component_undeclared", "result_undeclared")),
        ([COMPONENT], ("result_undeclared",)),
        ([COMPONENT, RESULT | {"is_received": False}], ("result_unreceived",)),
        ([COMPONENT, SPOILED], ("result_rejected",)),
        ([COMPONENT | {"verdict": "review"}, RESULT], ("component_in_review",)),
        ([COMPONENT, SPOILED, document("s", kind="result", is_received=False)], ("result_rejected",)),
        ([RESULT, COMPONENT, document("d", verdict="rejected", replaces="c")], ("component_rejected",)),
        ([COMPONENT, RESULT], ("digitised",)),
    ],
)
def test_what_keeps_a_dossier_out_of_the_numerator(documents, expected):
    """The furthest that a kind has come; a replaced document says nothing."""
    assert reasons(dossier(), documents) == expected


def test_the_numerator_tells_waivers_and_empty_dossiers():
    """A dossier that only a waiver brings in, and one that has nothing to scan."""
    documents = [document("a", verdict="rejected")]
    assert reasons(dossier(has_paper_result=False), documents, reviews=[review("a", "waive")]) == ("waived",)
    assert reasons(dossier(components=0, has_paper_result=False)) == ("nothing_to_scan",)


def test_a_dossier_digitised_in_part_says_what_lacks():
    """Two of three components accepted: 2 of 3 in dn_store, with the third's reason."""
    line = explain(
        merged([dossier(components=3, has_paper_result=False)], [document("a"), document("b")]),
        definition="dn_store",
    )[0]
    assert (line.accepted, line.denominator, line.reasons) == (2, 3, ("component_undeclared",))
    assert group_of(line) == "lacking"


def test_interim_results_are_counted_and_in_no_rate():
    """Accepted ones only; the dossier still lacks its component."""
    papers = [document(f"i{n}", kind="interim_result", verdict=v) for n, v in enumerate(("accepted", "rejected"))]
    line = explain(merged([dossier(has_paper_result=False)], papers), definition="dn_or")[0]
    assert (line.interim_results, line.declared, line.accepted) == (1, 0, 0)


def test_dossiers_of_a_split_commune_are_marked():
    """Counted in the default successor, listed with zeros in the other; exact in the district."""
    dossiers = merged([dossier(1, unit_code="06040"), dossier(2, unit_code="06025")], [])
    listed = {
        unit: [(line.dossier_key, line.denominator, line.is_approximate) for line in lines]
        for unit, lines in ((unit, explain(dossiers, unit, map_day=MERGER)) for unit in ("06040", "06025", "180"))
    }
    assert listed == {
        "06040": [(key(1), 1, True)],
        "06025": [(key(2), 1, False), (key(1), 0, True)],
        "180": [(key(1), 1, False), (key(2), 1, False)],
    }


def test_a_unit_that_the_map_lacks_is_refused():
    """Rather than answered with nothing."""
    with pytest.raises(InputError):
        explain(merged([dossier()], []), "178", map_day=REFORM)
    young = merged([dossier(unit_code="06040")], [])
    with pytest.raises(InputError):
        explain_day(date(2025, 1, 3), young, ProgressQuery("20", "dn_and", "all", FIRST))
