"""The registry says which unit bears a code on which day, and under which leaf a dossier is counted."""

from __future__ import annotations

import csv
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest

from sohoa.errors import SettingsError
from sohoa.registry import (
    PROVINCE,
    agencies,
    agencies_at,
    ancestors,
    bearer_at,
    find_agency,
    leaf_unit,
    successors,
    unit_at,
    units_at,
)
from sohoa.registry.data_files import DATA

APRIL_2024 = date(2024, 4, 15)
MERGER_2024 = date(2024, 12, 1)
DEPARTMENTS_2025 = date(2025, 3, 1)
REFORM_2025 = date(2025, 7, 1)
DAY = timedelta(days=1)


def raw_units():
    with (DATA / "units.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("day", "communes", "districts"),
    [
        (APRIL_2024, 200, 11),
        (MERGER_2024 - DAY, 200, 11),
        (MERGER_2024, 194, 11),
        (REFORM_2025 - DAY, 194, 11),
        (REFORM_2025, 65, 0),
    ],
)
def test_counts_of_units_follow_the_two_reorganisations(day, communes, districts):
    """200, 194, then 65 communes; 11 districts until they end; always one province."""
    levels = Counter(unit.level for unit in units_at(day))
    assert (levels["commune"], levels["district"], levels["province"]) == (communes, districts, 1)


def test_types_of_communes_are_those_of_april_2024():
    """181 xã, 14 thị trấn and 5 phường, and 61 xã and 4 phường since July 2025."""
    kinds = {day: Counter(u.kind for u in units_at(day) if u.level == "commune") for day in (APRIL_2024, REFORM_2025)}
    assert kinds[APRIL_2024] == {"xã": 181, "thị trấn": 14, "phường": 5}
    assert kinds[REFORM_2025] == {"xã": 61, "phường": 4}


@pytest.mark.parametrize(
    ("code", "day", "name"),
    [
        ("06187", REFORM_2025 - DAY, "Thị trấn Cao Lộc"),
        ("06187", REFORM_2025, "Phường Kỳ Lừa"),
        ("06040", MERGER_2024 - DAY, "Xã Đại Đồng"),
        ("06040", MERGER_2024, "Thị trấn Thất Khê"),
        ("06040", REFORM_2025, "Xã Thất Khê"),
        ("06034", APRIL_2024, "Xã Chi Lăng"),
    ],
)
def test_a_reused_code_resolves_by_date(code, day, name):
    """A code that was given to another unit names the unit of the day asked for."""
    unit = unit_at(code, day)
    assert unit is not None and unit.name == name


def test_a_code_resolves_only_while_its_unit_stands():
    """Before the first row, after the last, and for a code never used there is no unit."""
    assert unit_at("05995", MERGER_2024 - DAY) is not None
    assert unit_at("05995", MERGER_2024) is None
    assert unit_at("180", REFORM_2025) is None
    assert unit_at("05971", date(1999, 1, 1)) is None
    assert unit_at("99999", APRIL_2024) is None


def test_validity_of_one_code_never_overlaps_and_the_key_is_unique():
    """(code, valid_from) is a key and each row ends where, or before, the next one begins."""
    rows = defaultdict(list)
    for row in raw_units():
        rows[row["code"]].append((row["valid_from"], row["valid_to"] or "9999-12-31"))
    for spans in rows.values():
        assert all(start < end for start, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(spans)))


def test_every_parent_stands_on_the_same_days():
    """On the first and the last day of each row its parent is there, one level above or the province."""
    levels = {"district": {"province"}, "commune": {"district", "province"}}
    for row in raw_units():
        last = date.fromisoformat(row["valid_to"]) - DAY if row["valid_to"] else date(2030, 1, 1)
        for day in (date.fromisoformat(row["valid_from"]), last):
            parent = unit_at(row["parent"], day)
            assert (row["level"] == "province") if parent is None else (parent.level in levels[row["level"]])


def test_names_are_nfc_and_codes_keep_their_zeros():
    """Text compares byte for byte, and a code is text of fixed length."""
    for row in raw_units():
        assert unicodedata.is_normalized("NFC", row["name"])
        assert " ".join(row["name"].split()) == row["name"]
        assert len(row["code"]) == {"province": 2, "district": 3, "commune": 5}[row["level"]]


def test_units_lie_inside_the_province():
    """Coordinates, where known, are in Lạng Sơn, and most communes of April 2024 have them."""
    places = [unit for unit in units_at(APRIL_2024) if unit.lat is not None and unit.lon is not None]
    assert len(places) > 190
    assert all(21.3 < unit.lat < 22.5 and 106.0 < unit.lon < 107.4 for unit in places)


def test_ancestors_are_nearest_first_and_lose_the_district_in_2025():
    """Commune, district, province; since July 2025 commune, province."""
    assert ancestors("05971", APRIL_2024) == ("178", PROVINCE)
    assert ancestors("06187", REFORM_2025) == (PROVINCE,)
    assert ancestors(PROVINCE, APRIL_2024) == ()
    assert ancestors("nowhere", APRIL_2024) == ()


def test_ancestors_of_leaf_agencies():
    """A department lies under the province, a district office under its district while that stands."""
    assert ancestors("H37.60", APRIL_2024) == (PROVINCE,)
    assert ancestors("H37.80", APRIL_2024) == ("178", PROVINCE)
    assert ancestors("H37.80", REFORM_2025) == ()


@pytest.mark.parametrize(
    ("day", "communes", "districts", "departments"),
    [
        (APRIL_2024, 200, 11, 20),
        (MERGER_2024, 194, 11, 20),
        (DEPARTMENTS_2025 - DAY, 194, 11, 20),
        (DEPARTMENTS_2025, 194, 11, 15),
        (REFORM_2025, 65, 0, 15),
    ],
)
def test_agencies_follow_the_units(day, communes, districts, departments):
    """The departments and an office for each district and commune of the day, each governing a unit of its own kind."""
    kinds = Counter(agency.kind for agency in agencies_at(day))
    assert (kinds["department"], kinds["district"], kinds["commune"]) == (departments, districts, communes)
    assert {a.unit_code for a in agencies_at(day) if a.kind == "department"} == {PROVINCE}
    for level in ("district", "commune"):
        governed = sorted(a.unit_code for a in agencies_at(day) if a.kind == level)
        assert governed == sorted(u.code for u in units_at(day) if u.level == level)


def test_agency_codes_are_built_from_the_district():
    """A commune's code is its district office's code and its rank among the district's communes."""
    for agency in agencies_at(APRIL_2024):
        if agency.kind == "commune":
            district, province = ancestors(agency.unit_code, APRIL_2024)
            office = find_agency(agency.code.rpartition(".")[0])
            assert province == PROVINCE and office is not None and office.unit_code == district
    assert find_agency("H37.81.03").unit_code == "06001"
    assert find_agency("H37.99") is None


def test_an_office_whose_unit_changed_its_code_is_found_by_day():
    """The office of Thất Khê governs 05995, then 06040; the office that had governed 06040 ends with its commune."""
    assert find_agency("H37.81.01", MERGER_2024 - DAY).unit_code == "05995"
    assert find_agency("H37.81.01", MERGER_2024).unit_code == find_agency("H37.81.01").unit_code == "06040"
    assert leaf_unit("H37.81.01", None, MERGER_2024) == "06040"
    former = next(a.code for a in agencies_at(APRIL_2024) if a.unit_code == "06040")
    assert leaf_unit(former, None, MERGER_2024 - DAY) == "06040"
    assert leaf_unit(former, None, MERGER_2024) is None


def former_communes():
    return [u for day in (MERGER_2024, REFORM_2025) for u in units_at(day - DAY) if u.valid_to == day]


def test_every_commune_that_ends_has_one_default_successor():
    """Every successor begins on the day on which its predecessor ends, and every commune that begins then is one."""
    begun = set()
    for unit in [unit for unit in former_communes() if unit.level == "commune"]:
        found = successors(unit)
        assert [one.is_default for one in found] == [True, *[False] * (len(found) - 1)]
        for one in found:
            later = unit_at(one.code, unit.valid_to)
            assert later is not None and later.valid_from == unit.valid_to
            begun.add(later)
    started = [u for day in (MERGER_2024, REFORM_2025) for u in units_at(day) if u.valid_from == day]
    assert begun == set(started)


def test_the_split_communes_are_known():
    """Đại Đồng in 2024, Bính Xá and Kiên Mộc in 2025, and no other."""
    split = {unit.name: [one.code for one in successors(unit)] for unit in former_communes() if successors(unit)[1:]}
    assert split == {
        "Xã Đại Đồng": ["06040", "06025"],
        "Xã Bính Xá": ["06613", "06625"],
        "Xã Kiên Mộc": ["06625", "06637"],
    }


def test_a_unit_that_stands_has_no_successor():
    """Nor has a district: it ended without one."""
    assert successors(unit_at("06040", REFORM_2025)) == ()
    assert successors(unit_at("180", APRIL_2024)) == ()


def test_leaf_unit_prefers_the_commune_of_the_dossier():
    """The commune where it stands that day, else the agency's own commune or the office itself."""
    assert leaf_unit("H37.61", "05971", APRIL_2024) == "05971"
    assert leaf_unit("H37.61", None, APRIL_2024) == "H37.61"
    assert leaf_unit("H37.80", None, APRIL_2024) == "H37.80"
    assert leaf_unit("H37.81.03", None, APRIL_2024) == "06001"
    assert leaf_unit("unknown", "05971", APRIL_2024) == "05971"


def test_leaf_unit_never_lends_an_old_agency_a_reused_code():
    """After the reform an agency of the old map has no leaf, though its commune's code lives on with another unit."""
    assert unit_at("06187", REFORM_2025) is not None
    old_agency = next(a.code for a in agencies_at(APRIL_2024) if a.unit_code == "06187")
    assert leaf_unit(old_agency, None, REFORM_2025 - DAY) == "06187"
    assert leaf_unit(old_agency, None, REFORM_2025) is None


@pytest.mark.parametrize(("agency", "commune"), [("unknown", None), ("unknown", "178"), ("", PROVINCE), ("", "0597")])
def test_leaf_unit_is_none_where_nothing_fits(agency, commune):
    """A district or the province is no leaf, and a cut code is no commune."""
    assert leaf_unit(agency, commune, APRIL_2024) is None


MERGED = {
    "Sở Kế hoạch và Đầu tư": "Sở Tài chính",
    "Sở Tài chính": "Sở Tài chính",
    "Sở Giao thông vận tải": "Sở Xây dựng",
    "Sở Xây dựng": "Sở Xây dựng",
    "Sở Tài nguyên và Môi trường": "Sở Nông nghiệp và Môi trường",
    "Sở Nông nghiệp và Phát triển nông thôn": "Sở Nông nghiệp và Môi trường",
    "Sở Thông tin và Truyền thông": "Sở Khoa học và Công nghệ",
    "Sở Khoa học và Công nghệ": "Sở Khoa học và Công nghệ",
    "Sở Lao động - Thương binh và Xã hội": "Sở Nội vụ",
    "Sở Nội vụ": "Sở Nội vụ",
    "Ban Dân tộc": "Sở Dân tộc và Tôn giáo",
}
"""Department until 28 February 2025 -> the one that has its work since, by resolution 04 of 18 February 2025."""


def test_the_departments_of_march_2025_go_on_with_those_they_were_made_of():
    """Eleven became six; the other nine stay as they were."""
    eve = DEPARTMENTS_2025 - DAY
    before = [bearer_at(agency.code, eve) for agency in agencies_at(eve) if agency.kind == "department"]
    ended = {one.name: [name for _, name in one.successors] for one in before if one.last_day == eve}
    assert ended == {name: [heir] for name, heir in MERGED.items()}
    assert len([one for one in before if one.last_day is None]) == 9
    begun = {agency.name for agency in agencies_at(DEPARTMENTS_2025) if agency.valid_from == DEPARTMENTS_2025}
    assert begun == set(MERGED.values())


def test_an_heir_that_has_ended_stands_for_its_own():
    """Vĩnh Tiến went into Khánh Long in December 2024, and with it into Đoàn Kết in July 2025."""
    vinh_tien = bearer_at("06007", APRIL_2024)
    assert vinh_tien.heirs_on(APRIL_2024) == (vinh_tien,)
    shown = {day: [one.name for one in vinh_tien.heirs_on(day)] for day in (MERGER_2024, REFORM_2025)}
    assert shown == {MERGER_2024: ["Xã Khánh Long"], REFORM_2025: ["Xã Đoàn Kết"]}
    assert vinh_tien.name_on(MERGER_2024) == "Xã Vĩnh Tiến (đến hết 30/11/2024, nhập vào Xã Khánh Long)"
    assert vinh_tien.name_on(REFORM_2025) == "Xã Vĩnh Tiến (đến hết 30/11/2024, nay thuộc Xã Đoàn Kết)"
    assert all(one.stands_on(REFORM_2025) for unit in former_communes() if unit.level == "commune"
               for one in bearer_at(unit.code, unit.valid_from).heirs_on(REFORM_2025))  # fmt: skip
    assert bearer_at("178", APRIL_2024).heirs_on(REFORM_2025) == ()


def test_a_list_without_successors_names_none(own_file):
    """The column may be left out; with it a department names who goes on."""
    rows = "H37.1,A,department,20,2021-01-01,2023-01-01{}\nH37.2,B,department,20,2023-01-01,{}\n"
    own_file("agencies", HEADER + rows.format("", ""))
    assert bearer_at("H37.1", date(2022, 1, 1)).successors == ()
    own_file("agencies", HEADER.replace("valid_to", "valid_to,successor") + rows.format(",H37.2", ","))
    assert bearer_at("H37.1", date(2022, 1, 1)).successors == (("H37.2", "B"),)


HEADER = "code,name,kind,unit_code,valid_from,valid_to\n"


def test_a_code_may_pass_to_another_agency_but_not_name_two_at_once(own_file):
    """Rows of one code follow each other; where they overlap the file is refused."""
    rows = "H37.1,A,department,20,{},{}\nH37.1,B,department,20,2023-01-01,\n"
    own_file("agencies", HEADER + rows.format("2021-01-01", "2023-01-01"))
    assert [find_agency("H37.1", date(year, 6, 1)).name for year in (2022, 2023)] == ["A", "B"]
    own_file("agencies", HEADER + rows.format("2021-01-01", "2023-01-02"))
    with pytest.raises(SettingsError, match="two agencies on 2023-01-01"):
        agencies()


def test_a_deployment_replaces_the_synthetic_agencies(own_file):
    """SOHOA_AGENCIES_FILE is used instead of the sample."""
    own_file("agencies", HEADER + "H37.1,Sở Nội vụ,department,20,2021-01-01,\n")
    assert [agency.code for agency in agencies()] == ["H37.1"]
    assert leaf_unit("H37.1", None, APRIL_2024) == "H37.1"


@pytest.mark.parametrize(
    "text",
    [
        "code,name\nH37.1,A\n",
        HEADER + "H37.1,A,office,20,2021-01-01,\n",
        HEADER + "H37.1,A,department,20,2021-01-01,\n" * 2,
        HEADER + "H37.1,A,department,20,yesterday,\n",
    ],
    ids=["columns", "kind", "repeated", "date"],
)
def test_a_malformed_own_file_is_named(own_file, text):
    """The error names the variable and the file."""
    own_file("agencies", text)
    with pytest.raises(SettingsError, match=r"SOHOA_AGENCIES_FILE.*agencies.csv"):
        agencies()


def test_looking_up_a_unit_stays_light():
    """To import the registry brings in neither pandas, pyarrow nor pydantic; to ask for a unit the settings, which say
    where its file is, and nothing else."""
    code = (
        "import sys; from datetime import date; from sohoa.registry import unit_at;"
        "print([m for m in ('pandas', 'pyarrow', 'pydantic') if m in sys.modules]); unit_at('20', date(2024, 4, 1));"
        "print([m for m in ('pandas', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]
