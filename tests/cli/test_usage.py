"""What is typed or set wrongly is told in one line of this product's words, and no terminal ends in a traceback."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sohoa import terminal
from sohoa.cli import main
from sohoa.errors import SettingsError
from sohoa.format_value import decimal, percent
from sohoa.settings import load_settings
from sohoa.simulate.simulate_province import without_ctrl_c
from sohoa.terminal.bars import sparkline
from sohoa.terminal.console import Format, print_rows, use_safe_streams
from tests.command_line import app

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def sohoa(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the command as its console script does; returns the exit code and what stands on the error stream."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["sohoa", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("advance", "there is no command 'advance': use one of agencies, "),
        ("run verify", "there is no command 'verify': use one of check, "),
        ("progress --formt x", "there is no option --formt; is it --format or --from? (see `sohoa progress --help`)"),
        ("progress --format x", "--format: 'x': use one of table, csv, jsonl (see `sohoa progress --help`)"),
        ("progress --period year", "--period: 'year': use one of day, week, month (see"),
        ("progress --unit", "--unit wants a value"),
        ("status --format=json x", "there is a word too many: x (see `sohoa status --help`)"),
        ("--version=3 status", "--version takes no value"),
        ("explain", "--unit is missing (see `sohoa explain --help`)"),
        ("query", "SQL is missing"),
        ("stack up x", "PART: 'x': use one of all, store, airflow"),
        ("simulate --out x --seed a", "--seed: 'a' is no whole number"),
        ("simulate --out x --agencies 0", "--agencies: '0': use a number of at least 1"),
        ("simulate --out x --agencies 999", "--agencies: '999': use a number of at most 231"),
        ("progress --from 2024-02-30", "--from: '2024-02-30' is not a date like 2023-01-31 (see"),
        ("reconcile --from 2024-02-02 --to 2024-02-01", "--to lies before --from (see `sohoa reconcile --help`)"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_is_right(line: str, told: str) -> None:
    """In one style, with exit code 2, and no word of a library."""
    done = CliRunner().invoke(app, line.split())
    assert done.exit_code == 2
    assert done.stderr.startswith(f"sohoa: {told}") and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MAX_PAGES", "x", "write a whole number"),
        ("MAX_PAGES", "0", "write a number of more than 0"),
        ("PORT_S3", "80", "write a number of at least 1024 and at most 22767"),
        ("SMTP_TLS", "ssl", "use one of 'starttls', 'implicit' or 'none'"),
        ("S3_ENDPOINT", "host", "write it as http://host:port or https://host:port"),
        ("BASELINE_PERCENT", "a", "write a number"),
        ("RATE_PATH", "soon", "'soon' is no day with its rate, as 2023-12-31=86"),
        ("NO_SUCH", "1", "there is no such setting"),
    ],
)
def test_a_wrong_setting_is_told_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    """Exit code 2: it is the user's to put right."""
    monkeypatch.setenv(f"SOHOA_{name}", value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value) == f"SOHOA_{name}: {told} (see docs/settings.md)"
    assert raised.value.exit_code == 2


def test_home_is_found_from_any_folder_of_the_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sohoa: Run
) -> None:
    """The checkout's; elsewhere the nearest above that is there, else this folder's own. What it looked for is told."""
    monkeypatch.delenv("SOHOA_HOME", raising=False)
    deep = tmp_path / "checkout" / "docs" / "decisions"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert load_settings().home == deep / ".sohoa"
    (tmp_path / "checkout" / "include" / "sohoa").mkdir(parents=True)
    assert load_settings().home == tmp_path / "checkout" / ".sohoa"
    (tmp_path / ".sohoa").mkdir()  # of the user, who keeps an agency's keys there
    assert load_settings().home == tmp_path / "checkout" / ".sohoa"
    code, told = sohoa("status")
    assert code == 3 and f"there is no {tmp_path}/checkout/.sohoa/store/credentials.json" in told
    monkeypatch.chdir(tmp_path)
    assert load_settings().home == tmp_path / ".sohoa"


def test_a_base_of_ports_beyond_all_is_one_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one of each port that nobody set; told with both ends of what can be."""
    monkeypatch.setenv("SOHOA_PORT_BASE", "23000")
    for name in ("S3", "MASTER", "VOLUME", "FILER", "AIRFLOW"):
        monkeypatch.delenv(f"SOHOA_PORT_{name}", raising=False)
    with pytest.raises(SettingsError) as told:
        load_settings()
    assert "SOHOA_PORT_S3" not in str(told.value)
    assert "SOHOA_PORT_BASE: write a number of at least 1024 and at most 22760 " in str(told.value)


def test_no_more_input_at_a_prompt_ends_in_a_line(tmp_path: Path) -> None:
    """As Ctrl-C does, with its exit code."""
    command = [sys.executable, "-c", "from sohoa.cli import main; main()", "keys", "--agency", "H37.60"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 130 and "Traceback" not in done.stderr


def test_a_home_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sohoa: Run) -> None:
    """A file in its place, damaged keys, keys that are another kind of thing."""
    home = tmp_path / "home"
    monkeypatch.setenv("SOHOA_HOME", str(home))
    home.touch()
    advice = "name another path (SOHOA_HOME, --out), or mend the rights of this one"
    told = f"sohoa: {home} cannot be used: it is there already, and is not of this kind; {advice}\n"
    assert sohoa("stack", "up", "store") == (3, told)
    home.unlink()
    (home / "store").mkdir(parents=True)
    for text in ("{", "[]", "{}"):
        (home / "store" / "credentials.json").write_text(text, encoding="utf-8")
        code, told = sohoa("status")
        assert code == 2 and "credentials.json is damaged: delete it" in told


def test_a_folder_to_write_into_that_is_a_file_is_told(tmp_path: Path, sohoa: Run) -> None:
    """Whichever command would write there."""
    (tmp_path / "file").touch()
    place = str(tmp_path / "file")
    for line in (("site", "new", place), ("template", f"{place}/register.csv"), ("simulate", "--out", f"{place}/x")):
        code, told = sohoa(*line)
        assert code in {2, 3} and place in told and told.count("\n") == 1, told


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_letters_that_a_terminal_lacks_are_replaced(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """By the letter without its marks; what has none is a question mark."""
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding=encoding))
    use_safe_streams()
    sys.stdout.write("Đối soát ≈ −5 █ 漢")
    sys.stdout.flush()
    wanted = {"latin-1": "Doi soát ~ -5 # ?", "ascii": "Doi soat ~ -5 # ?", "utf-8": "Đối soát ≈ −5 █ 漢"}
    assert buffer.getvalue().decode(encoding) == wanted[encoding]


@pytest.mark.parametrize("part", ["terminal", "cli", "steering", "demo", "labels.py", "defects.py", "format_value.py"])
def test_every_sign_of_our_own_has_one_that_is_nearest(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """A sparkline, a note's number and a limit stay legible where the terminal has ASCII alone."""
    place = Path(terminal.__file__).parents[1] / part
    files = place.rglob("*.py") if place.is_dir() else [place]
    signs = sorted({sign for file in files for sign in file.read_text(encoding="utf-8") if sign != "?"})
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    use_safe_streams()
    sys.stdout.write("".join(signs))
    sys.stdout.flush()
    assert b"?" not in buffer.getvalue()


def test_a_sparkline_rises_in_ascii_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight levels are eight signs."""
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="latin-1"))
    use_safe_streams()
    sys.stdout.write(sparkline([0, 15, 30, 45, 55, 65, 80, 100]))
    sys.stdout.flush()
    assert buffer.getvalue() == b"_.:-=+*#"


@pytest.mark.parametrize("text", [percent(7.4), percent(None), "7,4\u00a0độ", "1\u202f234", decimal(-20.5), "≥\u00a02"])
def test_a_figure_stays_legible_in_ascii(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """With its unit, which stands behind a space that does not break."""
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    use_safe_streams()
    sys.stdout.write(text)
    sys.stdout.flush()
    assert b"?" not in buffer.getvalue()


@pytest.mark.parametrize("format", [Format.csv, Format.jsonl])
def test_csv_and_json_are_utf8_whatever_the_terminal_is(monkeypatch: pytest.MonkeyPatch, format: Format) -> None:
    """Other programs lose no letter."""
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="latin-1"))
    print_rows(["a"], [{"a": "Đối soát"}], format)
    sys.stdout.flush()
    assert "Đối soát" in buffer.getvalue().decode()


@pytest.mark.parametrize(
    ("handler", "command", "told"),
    [("default_int_handler", "status", ("sohoa: stopped\n", 130)), ("SIG_IGN", "--help", ("", 0))],
)
def test_ctrl_c_while_modules_are_imported_ends_in_one_line(handler: str, command: str, told: tuple[str, int]) -> None:
    """A twentieth of a second after the start nothing is imported yet; under nohup or a shell's ``&`` none is heard."""
    program = (
        f"import signal; from sohoa.cli import main; signal.signal(signal.SIGINT, signal.{handler}); "
        "signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT)); "
        "signal.setitimer(signal.ITIMER_REAL, 0.05); main()"
    )
    done = subprocess.run([sys.executable, "-c", program, command], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == told


def test_ctrl_c_in_a_callback_of_an_import_is_not_lost() -> None:
    """Python drops what is raised in the callback of a weak reference: the import of a module runs one for its lock."""
    program = textwrap.dedent(
        """
        import signal, sys, weakref
        from sohoa.cli import main

        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` begins a process that hears none

        class Finder:
            def find_spec(self, name, path=None, target=None):
                lock = type("Lock", (), {})()
                self.ref = weakref.ref(lock, lambda _: signal.raise_signal(signal.SIGINT))

        sys.meta_path.insert(0, Finder())
        main()
        """
    )
    done = subprocess.run([sys.executable, "-c", program, "status"], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("sohoa: stopped\n", 130)


def test_processes_that_draw_do_not_hear_ctrl_c() -> None:
    """They are begun where it is ignored, which they inherit; the command itself hears it again."""
    heard = signal.getsignal(signal.SIGINT)
    with without_ctrl_c():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is heard


def test_help_cuts_nothing_where_it_is_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command, option and argument stands whole at 60 columns."""
    monkeypatch.setenv("COLUMNS", "60")
    for words, command in walk(app, ()):
        told = CliRunner().invoke(app, [*words, "--help"]).output
        names = [name for one in command.params for name in one.opts if one.param_type_name == "option"]
        for name in [*names, *getattr(command, "commands", {})]:
            assert re.search(rf"(?m)^  (-\w, )?{name}\b", told), (words, name)
        assert "..." not in told.partition("Commands:")[2], words


def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below one, with the words that call it."""
    yield words, command
    for name, below in getattr(command, "commands", {}).items():
        yield from walk(below, (*words, name))
