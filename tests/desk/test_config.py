"""The agency's configuration and keys, and the commands that read them."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from sohoa import jobs
from sohoa.desk.config import keys_file, load_config, load_keys, save_keys
from sohoa.desk.send_batch import Patience, _quiet_until
from sohoa.errors import SettingsError
from sohoa.settings import TIME_ZONE
from sohoa.store import Store
from tests.batch_builder import AGENCY
from tests.command_line import app
from tests.desk.agency_folder import BAD, GOOD, in_dossier, put_scan, write_config

TEXT = """agency = "H37.80.01"
endpoint = "https://kho.tinh.gov.vn"
operator = "Hoa"
quiet_hours = ["07:30-11:30", "22:00-05:00"]
kbit_per_s = 512
[device]
id = "M1"
model = "ScanPro"
kind = "adf"
"""


def configured(folder: Path, text: str = TEXT) -> Path:
    file = folder / "agency.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_configuration_is_read(tmp_path: Path) -> None:
    """What it leaves out has its default; the state lies beside it."""
    found = load_config(configured(tmp_path), AGENCY)
    assert (found.device.kind, found.kbit_per_s, found.state) == ("adf", 512, tmp_path / "agency.db")
    assert found.documents.procedure_code is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("https://", ""), "endpoint: Hãy ghi dạng http"),
        (('"adf"', '"fax"'), "device.kind: Giá trị không nằm trong danh mục.*adf .*camera"),
        (("operator", "operatr"), "operator: Thiếu trường này.*operatr: Trường này không có"),
        (('"Hoa"', "7"), "operator: Phải là chuỗi ký tự"),
        (("07:30-11:30", "7h30"), "quiet_hours: Hãy ghi một danh sách giờ"),
        (("07:30-11:30", "07:30-24:30"), "quiet_hours: Hãy ghi một danh sách giờ"),
        (("512", "0"), "kbit_per_s: Phải lớn hơn 0"),
        (("512", '"nhanh"'), "kbit_per_s: Phải là một số"),
        (("H37.80.01", "H37.80.02"), "không phải của H37.80.01"),
        (("[device]", "[device"), "không đọc được"),
    ],
)
def test_a_wrong_configuration_is_told(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    """With the file and the field."""
    with pytest.raises(SettingsError, match=message) as told:
        load_config(configured(tmp_path, TEXT.replace(*change)), AGENCY)
    assert "agency.toml" in str(told.value)


def test_no_configuration(tmp_path: Path) -> None:
    """The message says where an example is."""
    with pytest.raises(SettingsError, match="agency-client"):
        load_config(tmp_path / "none.toml")


def test_keys_lie_in_a_file_that_only_its_user_reads(tmp_path: Path) -> None:
    """Written so, and not read otherwise."""
    file = tmp_path / "agency.toml"
    save_keys(file, AGENCY, "A", "secret")
    assert load_keys(file, AGENCY) == {"access_key": "A", "secret_key": "secret"}
    assert keys_file(file).stat().st_mode & 0o777 == 0o600
    keys_file(file).chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        load_keys(file, AGENCY)
    save_keys(file, AGENCY, "B", "other")
    assert load_keys(file, AGENCY)["access_key"] == "B"
    keys_file(file).write_text("no")
    with pytest.raises(SettingsError, match="bị hỏng"):
        load_keys(file, AGENCY)
    with pytest.raises(SettingsError, match="sohoa keys"):
        load_keys(tmp_path / "other.toml", AGENCY)


def test_keys_lie_in_the_systems_key_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ``keyring`` has one; a store that cannot keep anything is none."""
    kept: dict[tuple[str, str], str] = {}
    keyring = SimpleNamespace(
        get_keyring=lambda: SimpleNamespace(priority=5),
        get_password=lambda service, name: kept.get((service, name)),
        set_password=lambda service, name, value: kept.update({(service, name): value}),
    )
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert save_keys(tmp_path / "agency.toml", AGENCY, "A", "secret") == "key store"
    assert load_keys(tmp_path / "agency.toml", AGENCY)["secret_key"] == "secret"
    assert not list(tmp_path.iterdir())
    keyring.get_keyring = lambda: SimpleNamespace(priority=0)
    assert save_keys(tmp_path / "agency.toml", AGENCY, "A", "secret").endswith(".keys.json")


@pytest.mark.parametrize(
    ("clock", "until"), [("07:29", None), ("07:30", "11:30"), ("11:30", None), ("23:00", "05:00"), ("04:59", "05:00")]
)
def test_quiet_hours(tmp_path: Path, clock: str, until: str | None) -> None:
    """From the first minute to before the last; some go past midnight."""
    hours = load_config(configured(tmp_path)).quiet_hours
    now = datetime.fromisoformat(f"2024-04-01T{clock}").replace(tzinfo=TIME_ZONE)
    assert _quiet_until(hours, now) == until


def test_nothing_is_sent_in_quiet_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, and waited for."""
    done, said = list[float](), list[str]()
    monkeypatch.setattr("sohoa.desk.send_batch._quiet_until", lambda *_: None if done else "11:30")
    patience = Patience(quiet_hours=(), say=said.append, sleep=done.append)
    assert patience.keep_trying(lambda: len(done)) == 1
    assert said == ["Đang trong giờ không gửi, gửi tiếp lúc 11:30"]


@pytest.mark.usefixtures("judged_by_numpy")
def test_the_command_sends_and_tells(clean_store: Store, tmp_path: Path) -> None:
    """Exit 1 while something is to be scanned again, 0 when nothing is left; keys by ``sohoa keys``."""
    folder, file = tmp_path / "scans", tmp_path / "home" / "agency.toml"
    put_scan(folder, in_dossier("a.jpg"), GOOD)
    put_scan(folder, in_dossier("b.jpg"), BAD)
    write_config(clean_store, file)
    keys = load_keys(file, AGENCY)
    given = ["--access-key", keys["access_key"], "--secret-key", keys["secret_key"], "--config", str(file)]
    runner = CliRunner()
    assert runner.invoke(app, ["keys", "--agency", AGENCY, *given]).exit_code == 0
    command = ["upload", str(folder), "--agency", AGENCY, "--config", str(file)]
    asked = runner.invoke(app, command, env={"COLUMNS": "200"})
    assert asked.exit_code != 0 and "pages-counted" in asked.output
    first = runner.invoke(app, [*command, "--pages-counted"], env={"COLUMNS": "200"})
    assert first.exit_code == 1, first.output
    assert f"{AGENCY}-20230306-001" in first.output and "Độ phân giải thấp" in first.output
    jobs.check()
    (folder / in_dossier("b.jpg")).unlink()
    second = runner.invoke(app, command, env={"COLUMNS": "200"})
    assert second.exit_code == 0, second.output
    assert "Đã nhận 1 tài liệu. Không có tài liệu nào phải gửi lại." in second.output


def test_watching_asks_nobody(tmp_path: Path) -> None:
    """So the pages have to be confirmed beforehand."""
    done = CliRunner().invoke(app, ["upload", str(tmp_path), "--agency", AGENCY, "--watch"])
    assert done.exit_code == 2


@pytest.mark.parametrize("has_display", [True, False])
def test_a_browser_is_opened_where_one_can_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_display: bool
) -> None:
    """A text browser would take the terminal; the address is said all the same."""
    opened, file = list[str](), tmp_path / "agency.toml"
    file.write_text(
        f'agency = "{AGENCY}"\nendpoint = "http://127.0.0.1:9"\noperator = "A"\n'
        '[device]\nid = "M1"\nmodel = "S"\nkind = "adf"\n',
        encoding="utf-8",
    )
    save_keys(file, AGENCY, "a", "s")

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sohoa.desk.serve_desk.DeskServer.serve_forever", stop)
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    if has_display:
        monkeypatch.setenv("DISPLAY", ":0")
    done = CliRunner().invoke(app, ["desk", str(tmp_path), "--agency", AGENCY, "--config", str(file)])
    assert done.exit_code == 0, done.output
    assert "desk: http://127.0.0.1:" in done.output
    assert len(opened) == has_display


def test_the_code_of_the_configuration_is_enough(tmp_path: Path) -> None:
    """It is asked for its keys; another code is refused."""
    file = configured(tmp_path)
    words = ["upload", str(tmp_path), "--config", str(file)]
    own, others = (CliRunner().invoke(app, [*words, *more]) for more in ([], ["--agency", "H37.99"]))
    assert f"chưa có khóa của {AGENCY}" in str(own.exception)
    assert "không phải của H37.99" in str(others.exception)
