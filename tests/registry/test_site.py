"""A site is a folder of files: its own come first, a merger is rows in them, what is wrong is told with its line."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from sohoa import layout, stack
from sohoa.errors import SettingsError
from sohoa.progress.carry_forward import map_dates
from sohoa.registry import find_agency, find_campaign, ministry_systems, promised_path, unit_at
from sohoa.registry.check_site import check_site, wrong_site
from sohoa.registry.site_files import REQUIRED, write_site
from sohoa.schema import TABLES
from sohoa.settings import TIME_ZONE, load_settings
from sohoa.steering.morning_status import read_status
from sohoa.store import Store
from tests.command_line import app

MERGER = date(2026, 7, 1)
EVE = date(2026, 6, 30)


def sohoa(*arguments: str, exit_code: int = 0) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == exit_code, done.output
    return done.stdout


def change(file: Path, old: str, new: str) -> None:
    """Put other text in the place of some of a file's, which is there once."""
    text = file.read_text(encoding="utf-8-sig")
    assert text.count(old) == 1, (file.name, old, text.count(old))
    file.write_text(text.replace(old, new), encoding="utf-8")


def add(file: Path, *rows: str) -> None:
    """Add rows at the end."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write("".join(f"{row}\n" for row in rows))


def merge_two_communes(site: Path) -> None:
    """On 1 July 2026 the ward Đông Kinh takes in the ward Lương Văn Tri, and gets a new name."""
    units = site / "units.csv"
    change(units, "05977,2025-07-01,,", f"05977,2025-07-01,{MERGER},")
    change(units, "05983,2025-07-01,,", f"05983,2025-07-01,{MERGER},")
    add(units, f"05977,{MERGER},,Phường Lạng Sơn,commune,phường,20,,,,")
    add(site / "successors.csv", f"{MERGER},05977,05977,whole,1,,,", f"{MERGER},05983,05977,whole,1,,,")
    change(site / "agencies.csv", "05983,2025-07-01,,", f"05983,2025-07-01,{MERGER},")


def test_the_next_merger_is_rows_in_files(own_site: Path, clean_store: Store):
    """Both maps show progress, each with its own units; the ended one leads to its successor. No code knows the day."""
    merge_two_communes(own_site)
    assert check_site(own_site) == []
    assert map_dates()[-2:] == (date(2025, 7, 1), MERGER)
    for day, counts in ((EVE, {"05977": (1, 10), "05983": (2, 10)}), (MERGER, {"05977": (4, 10)})):
        write_progress(clean_store, day, counts)
    found = {}
    for code, map_day in (("05977", "2025-07-01"), ("05983", "2025-07-01"), ("05977", str(MERGER))):
        last = EVE if map_day == "2025-07-01" else MERGER
        asked = ("progress", "--unit", code, "--from", str(EVE), "--to", str(last), "--period", "month")
        rows = map(json.loads, sohoa(*asked, "--map", map_day, "--format", "jsonl").splitlines())
        found[code, map_day] = [(row["accepted"], row["denominator"]) for row in rows]
    assert found == {
        ("05977", "2025-07-01"): [(1, 10)],
        ("05983", "2025-07-01"): [(2, 10)],
        ("05977", "2026-07-01"): [(3, 20), (4, 10)],
    }
    assert "Phường Lạng Sơn (05977)" in sohoa("progress", "--unit", "05977", "--to", str(MERGER), "--from", str(EVE))
    done = CliRunner().invoke(app, ["progress", "--unit", "05983", "--from", str(MERGER), "--to", str(MERGER)])
    assert "bore it until 2026-06-30 and passed to Phường Lạng Sơn (05977)" in str(done.exception)


def write_progress(store: Store, day: date, counts: dict[str, tuple[int, int]]) -> None:
    """Progress of some communes, and of the province above them."""
    sums = tuple(map(sum, zip(*counts.values(), strict=True)))
    schema = TABLES["progress_daily"]
    rows = [
        {name: 0 if pa.types.is_integer(schema.field(name).type) else None for name in schema.names}
        | {"unit_code": code, "definition": "dn_and", "stage": "all", "numerator": ok, "denominator": whole}
        | {"declared": ok, "received": ok, "accepted": ok, "finished": whole}
        for code, (ok, whole) in {**counts, "20": sums}.items()
    ]
    rows = [{name: row[name] for name in schema.names} for row in rows]
    store.write_table("progress_daily", day, layout.DAY, pa.Table.from_pylist(rows, schema))


def test_what_the_folder_lacks_comes_from_the_package(own_site: Path):
    """Each file for itself; a setting that names one file goes before the folder."""
    for name in set(REQUIRED) - {"campaigns", "targets", "ministries"}:
        (own_site / f"{name}.csv").unlink()
    add(own_site / "campaigns.csv", "2026-he,Chiến dịch hè,2026-06-01,2026-08-31,90,commune,own")
    (own_site / "targets.csv").write_text("day,percent\n2025-12-31,86\n2026-12-31,95.5\n", encoding="utf-8")
    (own_site / "ministries.csv").write_text(
        "system,name,ministry,valid_from,valid_to\nhk,Hộ khẩu,Bộ Công an,2026-01-01,\n", encoding="utf-8"
    )
    assert check_site(own_site) == []
    assert find_campaign("2026-he").target_percent == 90
    assert promised_path(load_settings()) == ((date(2025, 12, 31), 86.0), (date(2026, 12, 31), 95.5))
    assert [found.system for found in ministry_systems()] == ["hk"]
    assert unit_at("05977", EVE) is not None and find_agency("H37.101") is not None


def test_targets_of_the_setting_go_before_the_file(own_site: Path, monkeypatch: pytest.MonkeyPatch):
    """And without either the published ones hold."""
    monkeypatch.setenv("SOHOA_RATE_PATH", "2026-01-01=10,2026-12-31=20")
    assert promised_path(load_settings())[1] == (date(2026, 12, 31), 20.0)
    monkeypatch.delenv("SOHOA_RATE_PATH")
    assert promised_path(load_settings()) == ((date(2022, 12, 31), 5.6), (date(2023, 12, 31), 86.0))
    assert load_settings().waypoints is None, "the settings hold no second copy of the file"


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("targets.csv", "2023-12-31,86,", "2023-12-31,186,", "targets.csv, line 3: percent: '186' is no number"),
        ("agencies.csv", "code,", "kode,", "agencies.csv"),
        (None, "", "", "there is no such folder"),
    ],
)
def test_nothing_starts_by_a_wrong_site_and_the_status_says_so(
    own_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str | None, old: str, new: str, told: str
):
    """In one line, which names the folder and the command that tells more."""
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path / "home"))
    assert wrong_site(load_settings().site) is None
    if file is None:
        shutil.rmtree(own_site)
    else:
        text = (own_site / file).read_text(encoding="utf-8-sig")
        (own_site / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError, match="SOHOA_SITE") as refused:
        stack.up(load_settings(), "all", print)
    said = str(refused.value)
    assert told in said and str(own_site) in said and "`sohoa site " in said and "\n" not in said
    assert not (tmp_path / "home").exists(), "nothing was begun"
    assert stack.describe(load_settings(), "airflow")[0] == said


def test_the_morning_names_a_wrong_site(own_site: Path, clean_store: Store):
    """A folder in order has no line of its own."""
    now = datetime.now(TIME_ZONE)
    assert "site" not in {line.topic for line in read_status(Store(load_settings()), now)}
    (own_site / "targets.csv").write_text("day,percent\n2023-12-31,86\n", encoding="utf-8")
    first = read_status(Store(load_settings()), now)[0]
    assert (first.topic, first.wants_person) == ("site", True) and "targets.csv" in first.text


def test_what_a_spreadsheet_leaves_is_no_fault_and_no_other_unit(own_site: Path):
    """Rows of empty cells and blanks around a cell are read as the check reads them."""
    units = own_site / "units.csv"
    lines = units.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace("20,", " 20 ,", 1)
    units.write_text("\n".join([*lines, "," * lines[0].count(","), ""]), encoding="utf-8")
    assert check_site(own_site) == []
    assert unit_at("20", EVE) is not None


def test_templates_are_in_order_and_nothing_is_overwritten(tmp_path: Path):
    """As an example, and as headers alone, which say what they lack."""
    assert "targets.csv" in sohoa("site", "new", str(tmp_path / "full"))
    assert "all files are in order" in sohoa("site", "check", str(tmp_path / "full"))
    sohoa("site", "new", str(tmp_path / "empty"), "--empty")
    assert {len(path.read_text(encoding="utf-8").splitlines()) for path in (tmp_path / "empty").iterdir()} == {1}
    told = sohoa("site", "check", str(tmp_path / "empty"), exit_code=1)
    assert "units.csv: the province itself, code 20, is not there" in told
    assert CliRunner().invoke(app, ["site", "new", str(tmp_path / "full")]).exception is not None


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("units", ",20,21.8068", ",179,21.8068", "line 17: parent '179': no unit has this code"),
        ("units", ",20,21.8068", ",178,21.8068", "line 17: parent '178' is not there on 2025-07-01"),
        ("units", ",20,21.8068", ",05983,21.8068", "parent '05983' is a commune: a commune cannot lie below one"),
        ("units", ",20,21.8068", ",05977,21.8068", "parent '05977' leads back to '05977' itself"),
        ("units", "06001,2025-07-01,,", "06001,2025-06-01,,", "code '06001' holds already from"),
        ("units", "06001,2025-07-01,,", "06001,2025-13-01,,", "valid_from: '2025-13-01' is no date like 2025-07-01"),
        ("units", "06001,2025-07-01,,", "06001,2025-07-01,2025-07-01,", "valid_to 2025-07-01 is the first day without"),
        ("units", "06001,2025-07-01,,", "06001,2025-07-01,2026-07-01,", "successors.csv names none for that day"),
        ("units", "Phường Lương Văn Tri", "Phường Đông Kinh", "is there twice under 20"),
        ("units", "code,valid_from", "Code,valid_from", "line 1: column code is missing"),
        ("units", ",106.771,", ",206.771,", "lon: '206.771' is no number of degrees from -180 to 180"),
        ("successors", "2024-12-01,05995,06040", "2024-12-02,05995,06040", "'05995' does not end on 2024-12-02"),
        ("successors", "2024-12-01,05995,06040", "2024-12-01,05995,99999", "no unit has this code on 2024-12-01"),
        ("successors", "05995,06040,whole,1", "05995,06040,whole,0", "one successor is the default (1), here none"),
        ("successors", "05995,06040,whole,1", "05995,06040,all,1", "share 'all': use whole or part"),
        ("agencies", "H37.102,UBND phường Lương Văn Tri", "H37.101,UBND x", "code 'H37.101' holds already from"),
        ("agencies", "H37.101,UBND phường Đông Kinh,commune,05977", "H37.101,U,commune,5977", "no such unit"),
        ("agencies", "H37.101,UBND phường Đông Kinh,commune", "H37.101,U,district", "is a commune: a district has"),
        ("agencies", "H37.65,Sở Công Thương", "H37.65,Văn phòng UBND tỉnh", "is there already as H37.60 (line 2)"),
        ("agencies", "2025-03-01,H37.96,", "2025-03-01,H37.99,", "'H37.99': no agency has this code on 2025-03-01"),
        ("agencies", "H37.64,Sở Tư pháp,department,20,2020-01-01,,", "H37.64,S,department,20,2020-01-01,,H37.65",
         "H37.64 does not end, so nobody succeeds it"),
        ("agencies", "commune,05971,2020-01-01,2025-07-01,", "commune,05971,2020-01-01,2025-07-01,H37.101",
         "the office of a commune goes on with its commune"),
        ("campaigns", ",2023-12-31,86,", ",2023-12-31,860,", "target_percent: '860' is no number from 0 to 100"),
        ("campaigns", ",2023-12-31,86,", ",2022-12-31,86,", "end 2022-12-31 lies before start 2023-01-01"),
        ("campaigns", "86,department", "86,village", "scope 'village district commune': use one or more of"),
        ("calendar", "2026-01-02,0", "2026-01-02,no", "is_working 'no': use 1 or 0"),
        ("calendar", "2026-01-10,1", "2026-01-02,1", "2026-01-02 is there already"),
        ("targets", "2022-12-31,5.6", "2022-12-31,\"5,6\"", "percent: '5,6' is no number from 0 to 100"),
        ("targets", "2022-12-31", "2024-12-31", "line 3: 2023-12-31 lies before 2024-12-31 above it"),
        ("ministries", "gplx,Hệ thống Cấp đổi giấy phép lái xe,Bộ Công an", "gp lx,H,B", "it is a folder's name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, file: str, old: str, new: str, told: str):
    """One thing at a time, among the whole of Lạng Sơn's files."""
    site = tmp_path / "site"
    write_site(site, is_empty=False)
    change(site / f"{file}.csv", old, new)
    found = [str(fault) for fault in check_site(site)]
    assert any(told in line and line.startswith(f"{file}.csv, line ") for line in found), found
    assert len(found) <= 2, found


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("campaigns", "code;name_vi;start\n", "campaigns.csv, line 1: the columns are separated by something else"),
        ("campaigns", "", "campaigns.csv, line 1: column code is missing"),
        ("targets", "day,percent\n2023-01-01,1\n2024-01-01,2,3\n", "targets.csv, line 3: it has 3 cells, the header 2"),
        ("targets", "day,percent,day\n", "column day is there twice"),
        ("targets", 'day,percent\n"2023-01-01,1\n', "a quotation mark does not end"),
        ("targets", "day,percent\n2023-01-01,1\n", "targets.csv: it needs at least two days"),
    ],
)
def test_the_form_of_a_file_is_told_in_words(tmp_path: Path, name: str, text: str, told: str):
    """Before anything in it is looked at."""
    (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    assert any(told in str(fault) for fault in check_site(tmp_path)), check_site(tmp_path)


def test_another_encoding_and_another_file_are_told(tmp_path: Path):
    """Excel's plain CSV, and a name with a slip in it."""
    (tmp_path / "campaigns.csv").write_bytes("code\nX\nchiến dịch".encode("utf-16"))
    (tmp_path / "targets.csv").write_bytes("day,percent\n2023-01-01,1\nđ".encode("cp1258", "replace"))
    (tmp_path / "units.cvs.csv").touch()
    (tmp_path / "README.md").touch()
    told = [str(fault) for fault in check_site(tmp_path)]
    assert told[0].startswith("units.cvs.csv: a site has no such file: agencies.csv, ")
    assert "campaigns.csv, line 1: it is not UTF-8: save it as `CSV UTF-8`" in told
    assert "targets.csv, line 3: it is not UTF-8: save it as `CSV UTF-8`" in told


def test_a_file_that_cannot_be_used_names_the_check(own_site: Path):
    """Instead of counting by half of it."""
    (own_site / "units.csv").write_text("code\n20\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"SOHOA_SITE: .*units.csv cannot be used.*sohoa site check"):
        unit_at("20", EVE)


def test_another_province_has_codes_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files are in order once the settings say which they are; before, the check names those settings."""
    site = tmp_path / "site"
    sohoa("site", "new", str(site), "--empty")
    rows = {
        "units": ["04,2020-01-01,,Tỉnh Cao Bằng,province,tỉnh,,,,,", "01294,2020-01-01,,Xã Đức Hạnh,commune,xã,04,,,,"],
        "agencies": ["H14.21.02,UBND xã Đức Hạnh,commune,01294,2020-01-01,,,"],
        "targets": ["2022-12-31,10,", "2023-12-31,80,"],
    }
    for name, lines in rows.items():
        with (site / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    told = sohoa("site", "check", str(site), exit_code=1)
    assert "code 20, is not there; SOHOA_PROVINCE_CODE says" in told
    assert "no code begins with H37: SOHOA_PROVINCE_HEAD says" in told
    monkeypatch.setenv("SOHOA_PROVINCE_CODE", "04")
    monkeypatch.setenv("SOHOA_PROVINCE_HEAD", "H14")
    assert "all files are in order" in sohoa("site", "check", str(site))
