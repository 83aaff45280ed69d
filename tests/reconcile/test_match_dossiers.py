"""One dossier at a time into R0 to R12: each case can be checked by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.reconcile.reconcile_cases import (
    CODE,
    DAY,
    DUE,
    NEXT_DAY,
    OLD_SPELLING,
    OTHER_AGENCY,
    OTHER_UNIT,
    SEEN,
    SEEN_LATER,
    UNIT,
    entries_of,
    entry,
    found,
    in_ministry,
    on_portal,
    registered,
    scan,
)

NEXT_MORNING = datetime(2024, 4, 16, 8)  # noqa: DTZ001 (the wall clock)


def test_a_dossier_that_both_sides_have_alike_is_in_no_category():
    """It is an entry of each side, in the same cell."""
    rows = entries_of([registered()], [on_portal()])
    assert [(r["category"], r["unit_code"], r["dossier_date"]) for r in rows] == [
        ("portal", UNIT, DAY),
        ("province", UNIT, DAY),
    ]


def test_nothing_is_nothing():
    """No dossier, no entry."""
    assert entries_of() == []


@pytest.mark.parametrize("status", [1, 3])
def test_r1_is_on_the_portal_alone_and_not_received(status):
    """Registered or refused on the portal, unknown to the province."""
    assert found([], [on_portal(status=status)]) == {"R1": 1}


@pytest.mark.parametrize("status", [2, 4, 9])
def test_r2_is_on_the_portal_alone_otherwise(status):
    """Received on the portal, unknown to the province."""
    assert found([], [on_portal(status=status)]) == {"R2": 1}


@pytest.mark.parametrize(("status", "category"), [(1, "R1"), (3, "R1"), (2, "R2"), (4, "R2"), (10, "R2")])
def test_a_void_dossier_is_as_one_that_the_province_lacks(status, category):
    """The province has it as void or test: R1 where the portal has not received it either; no flag is looked at."""
    assert found([registered(is_void=True)], [on_portal(status=status)]) == {category: 1}
    assert found([registered(is_void=True)], [on_portal(status=9)], [in_ministry()]) == {"R2": 1}


def test_a_void_dossier_alone_is_nothing():
    """The province does not count it and the portal does not have it."""
    assert entries_of([registered(is_void=True)]) == []


def test_r3_is_a_further_spelling():
    """The spelling of the register is the one that counts as matched, however old."""
    older = on_portal(synced_at=datetime(2024, 4, 1))  # noqa: DTZ001
    row = entry("R3", [registered()], [older, on_portal(dossier_code=OLD_SPELLING)])
    assert row["dossier_code"] == OLD_SPELLING
    assert found([registered()], [older, on_portal(dossier_code=OLD_SPELLING)]) == {"R3": 1}


def test_r3_without_the_registers_spelling_keeps_the_newest():
    """Of two spellings that the register does not use, the later NgayDongBo counts; the other is R3."""
    other = "000.03.81.H37-240415-00012"
    rows = [on_portal(dossier_code=OLD_SPELLING), on_portal(dossier_code=other, synced_at=NEXT_MORNING)]
    assert entry("R3", [registered()], rows)["dossier_code"] == OLD_SPELLING
    assert entry("R3", [], rows)["dossier_code"] == OLD_SPELLING
    assert found([], rows) == {"R2": 1, "R3": 1}


def test_spellings_of_one_dossier_match():
    """One dossier spelled otherwise on each side is one dossier."""
    assert found([registered(dossier_code=OLD_SPELLING)], [on_portal()]) == {}


def test_r4_is_in_the_province_alone():
    """It ages from the day on which the register first named it."""
    row = entry("R4", [registered()])
    assert (row["dossier_code"], row["unit_code"], row["first_seen"]) == (CODE, UNIT, SEEN)


def test_r5_is_of_a_ministry():
    """On the portal and in a ministry's system, not in the province: before R1 and R2."""
    for status in (1, 4):
        assert found([], [on_portal(status=status)], [in_ministry()]) == {"R5": 1}


def test_r5_that_is_not_on_the_portal_stands_apart():
    """Counted once, though two systems have it, in the cell that the first of them names."""
    rows = [
        in_ministry(system="gplx", commune_code="05971"),
        in_ministry(system="dkkd", lodged_at=NEXT_MORNING, first_seen=SEEN_LATER),
    ]
    row = entry("R5_ministry", [], [], rows)
    assert (row["unit_code"], row["dossier_date"], row["portal"]) == (UNIT, NEXT_DAY, "dkkd")
    assert row["first_seen"] == SEEN


def test_a_ministry_dossier_that_the_province_has_is_none():
    """What the register knows is not R5, on the portal or not."""
    assert found([registered()], [on_portal()], [in_ministry()]) == {}
    assert found([registered()], [], [in_ministry()]) == {"R4": 1}
    assert found([registered(is_void=True)], [], [in_ministry()]) == {}


def test_r6_the_status_differs():
    """Both values are shown; the flag ages from when both sides were known."""
    row = entry("R6", [registered(status=4)], [on_portal(status=2)])
    assert (row["province"], row["portal"], row["first_seen"]) == ("4", "2", SEEN_LATER)


def test_r7_moves_to_another_day():
    """Out of the province's day, into the portal's."""
    sides = [registered()], [on_portal(lodged_at=NEXT_MORNING)]
    assert found(*sides) == {"R7_out": 1, "R7_in": 1}
    assert entry("R7_out", *sides)["dossier_date"] == DAY
    assert entry("R7_in", *sides)["dossier_date"] == NEXT_DAY


def test_r8_moves_to_another_unit():
    """Out of the province's unit, into the portal's; with a move of days too it is booked once, as R8."""
    for received in (datetime(2024, 4, 15, 23), NEXT_MORNING):  # noqa: DTZ001
        sides = [registered()], [on_portal(handling_agency=OTHER_AGENCY, lodged_at=received)]
        assert found(*sides) == {"R8_out": 1, "R8_in": 1}
        assert (entry("R8_out", *sides)["unit_code"], entry("R8_in", *sides)["unit_code"]) == (UNIT, OTHER_UNIT)
        assert entry("R8_in", *sides)["dossier_date"] == received.date()


@pytest.mark.parametrize(
    ("agency", "day", "received", "unit", "there"),
    [
        ("H37.84.02", "250626", datetime(2025, 7, 26, 8), "06187", "20"),  # noqa: DTZ001 (ended in between)
        ("H37.84", "250630", datetime(2025, 7, 1, 8), "H37.84", "20"),  # noqa: DTZ001 (a district's office)
        ("H37.125", "250702", datetime(2025, 6, 30, 8), "06187", "20"),  # noqa: DTZ001 (not yet there)
        ("H37.81.01", "241128", datetime(2024, 12, 3, 8), "05995", "06040"),  # noqa: DTZ001 (its code went on)
    ],
)
def test_one_agency_that_both_sides_name_is_r7_whatever_unit_it_has_on_the_portals_day(
    agency, day, received, unit, there
):
    """Only the day differs; the portal's entry lies where its own day puts it, and both cells balance."""
    code = f"{agency}-{day}-2"
    named = {"dossier_code": code, "handling_agency": agency}
    sides = [registered(**named)], [on_portal(**named, lodged_at=received)]
    assert found(*sides) == {"R7_out": 1, "R7_in": 1}
    assert (entry("R7_out", *sides)["unit_code"], entry("province", *sides)["unit_code"]) == (unit, unit)
    assert (entry("R7_in", *sides)["unit_code"], entry("portal", *sides)["unit_code"]) == (there, there)
    assert entry("R7_in", *sides)["dossier_date"] == received.date()


@pytest.mark.parametrize("agency", ["H37.84.03", "H37.84", "H99.1", None, "H37.60"])
def test_another_agency_is_r8_even_where_it_has_ended(agency):
    """The names differ, and so do the units."""
    code, received = "H37.84.02-250626-2", datetime(2025, 7, 26, 8)  # noqa: DTZ001
    sides = (
        [registered(dossier_code=code, handling_agency="H37.84.02")],
        [on_portal(dossier_code=code, handling_agency=agency, lodged_at=received)],
    )
    assert found(*sides) == {"R8_out": 1, "R8_in": 1}


@pytest.mark.parametrize(
    ("agency", "day", "other", "received", "unit"),
    [
        ("H37.84.02", "250626", "H37.125", datetime(2025, 7, 2, 8), "06187"),  # noqa: DTZ001 (town, then ward)
        ("H37.125", "250702", "H37.84.02", datetime(2025, 6, 30, 8), "06187"),  # noqa: DTZ001 (and back)
        ("H37.81.03", "250630", "H37.104", datetime(2025, 7, 1, 8), "06001"),  # noqa: DTZ001 (one name, two communes)
        ("H37.81.16", "241130", "H37.81.01", datetime(2024, 12, 1, 8), "06040"),  # noqa: DTZ001 (commune, then town)
    ],
)
def test_one_code_on_two_days_is_two_units_and_r8(agency, day, other, received, unit):
    """The code is used again: who bears it on the one day is not who bears it on the other."""
    code = f"{agency}-{day}-2"
    sides = (
        [registered(dossier_code=code, handling_agency=agency)],
        [on_portal(dossier_code=code, handling_agency=other, lodged_at=received)],
    )
    assert found(*sides) == {"R8_out": 1, "R8_in": 1}
    assert (entry("R8_out", *sides)["unit_code"], entry("R8_in", *sides)["unit_code"]) == (unit, unit)


def test_two_offices_of_one_unit_are_r7(own_file):
    """The unit is the same on both days, whoever of it writes; on one day nothing has moved."""
    rows = ("H37.81.03,A,commune,06001,2020-01-01,", "H37.81.93,B,commune,06001,2020-01-01,")
    own_file("agencies", "\n".join(("code,name,kind,unit_code,valid_from,valid_to", *rows)))
    other = {"handling_agency": "H37.81.93"}
    assert found([registered()], [on_portal(**other, lodged_at=NEXT_MORNING)]) == {"R7_out": 1, "R7_in": 1}
    assert found([registered()], [on_portal(**other)]) == {}


def test_the_processing_agency_makes_the_cell():
    """Both sides count by DonViXuLy, so the commune that the register writes moves nothing."""
    assert found([registered(commune_code="05971", unit_code="05971")], [on_portal()]) == {}


def test_an_unknown_agency_lies_in_the_province():
    """A portal row of an agency that nobody knows is counted, in the province's own cell."""
    assert entry("R2", [], [on_portal(handling_agency="H99.1")])["unit_code"] == "20"
    assert entry("R8_in", [registered()], [on_portal(handling_agency=None)])["unit_code"] == "20"


def test_a_row_without_reception_lies_on_the_day_of_its_code():
    """Null is no other day."""
    assert found([registered()], [on_portal(lodged_at=None)]) == {}


@pytest.mark.parametrize(
    ("province", "portal", "differs"),
    [
        ("1.001193", "1.001193.000.00.00.H37", False),
        ("1.001193", "2.000815", True),
        ("1.001193", "H37.NOIBO.7", True),
        ("1.001193", None, True),
        (None, None, False),
        ("H37.1", "H37.2", False),
    ],
)
def test_r9_compares_the_national_part_of_the_procedure(province, portal, differs):
    """A local suffix makes no difference; a code without a national part differs from one with it."""
    sides = [registered(procedure_code=province)], [on_portal(procedure_code=portal)]
    assert found(*sides) == ({"R9": 1} if differs else {})


@pytest.mark.parametrize(
    ("flag", "scans", "differs"),
    [
        (True, [scan()], False),
        (True, [], True),
        (True, [scan(is_accepted_component=False)], True),
        (False, [scan()], True),
        (False, [scan(is_accepted_component=False), scan()], True),
        (False, [], False),
        (None, [scan()], False),
    ],
)
def test_r10_compares_the_flag_with_the_accepted_scans(flag, scans, differs):
    """At least one accepted component, or none; a flag that is not sent claims nothing."""
    assert found([registered()], [on_portal(is_flagged_digitised=flag)], [], scans) == ({"R10": 1} if differs else {})


THERE, GONE = "landing/batches/a/kq.pdf", "s3://landing/batches/b/kq.pdf"


@pytest.mark.parametrize(
    ("link", "is_broken"),
    [
        (None, True),
        ("khong-co-tep", True),
        ("htp:/kq", True),
        ("https://", True),
        ("http://[1", True),
        (GONE, True),
        (THERE, False),
        ("https://kho.example.vn/kq/1", False),
        ("s3://elsewhere/kq.pdf", False),
        ("ftp://kho.example.vn/kq/1", False),
        ("HTTPS://KHO.EXAMPLE.VN", False),
        ("sftp://kho.example.vn:22/kq.pdf", False),
        ("//kho.example.vn/kq", True),
        ("mailto:a@example.vn", True),
    ],
)
def test_r11_the_link_is_missing_or_broken(link, is_broken):
    """Keys of the own store are looked up, links elsewhere are not."""
    sides = [registered(status=9)], [on_portal(status=9, result_link=link)]
    assert found(*sides, absent_links=frozenset({GONE})) == ({"R11": 1} if is_broken else {})


def test_r11_only_where_a_result_is_due():
    """One that the register has not finished, whatever the portal says, or without a paper result, needs no link."""
    assert found([registered(status=8)], [on_portal(status=8)]) == {}
    assert found([registered(status=10, has_paper_result=False)], [on_portal(status=10)]) == {}
    assert found([registered(status=10)], [on_portal(status=10)]) == {"R11": 1}
    assert found([registered(status=9)], [on_portal(status=4)]) == {"R6": 1, "R11": 1}
    assert found([registered(status=4)], [on_portal(status=9)]) == {"R6": 1}


@pytest.mark.parametrize(
    ("province", "portal", "differs"),
    [(DUE, DUE, False), (DUE, DUE.replace(second=1), True), (DUE, None, True), (None, DUE, True), (None, None, False)],
)
def test_r12_the_promised_date_differs(province, portal, differs):
    """To the second; null differs from every date."""
    assert found([registered(due_at=province)], [on_portal(due_at=portal)]) == ({"R12": 1} if differs else {})


def test_flags_overlap_and_lie_in_the_provinces_cell():
    """A dossier that moved and differs in everything is in every flag."""
    portal = on_portal(lodged_at=NEXT_MORNING, status=9, procedure_code="2.000815", due_at=None)
    portal |= {"is_flagged_digitised": True}
    sides = [registered(status=10)], [portal]
    assert found(*sides) == dict.fromkeys(["R6", "R7_out", "R7_in", "R9", "R10", "R11", "R12"], 1)
    assert {entry(name, *sides)["dossier_date"] for name in ("R6", "R9", "R10", "R11", "R12")} == {DAY}


def test_r0_is_a_scan_without_dossier():
    """One entry a document, under the agency that scanned it; the register's void dossiers are known all the same."""
    scans = [scan(), scan(document_id="d2", is_accepted_component=False, agency=OTHER_AGENCY)]
    rows = [row for row in entries_of([], [], [], scans) if row["category"] == "R0"]
    assert [(r["unit_code"], r["province"], r["first_seen"]) for r in rows] == [
        (UNIT, "H37.81.03/d1", DAY),
        (OTHER_UNIT, "H37.60/d2", DAY),
    ]
    assert found([registered(is_void=True)], [], [], scans) == {}
