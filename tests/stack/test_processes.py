"""Servers that are remembered by a pid file."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from sohoa.errors import StackError
from sohoa.private_file import write_private
from sohoa.stack import processes
from sohoa.stack.processes import Server, stop, wait_until

FOREVER = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{FOREVER}'])"


def start(folder: Path, code: str) -> Server:
    server = Server("server", folder)
    server.start([sys.executable, "-c", code], {})
    return server


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another program, even in the server's folder and leader of a session."""
    with subprocess.Popen([sys.executable, "-c", FOREVER], cwd=tmp_path, start_new_session=True) as process:
        yield process
        process.kill()


def test_a_server_is_found_again_by_its_pid_file(tmp_path: Path) -> None:
    """Another object with the same folder sees and stops the same process."""
    start(tmp_path, FOREVER)
    again = Server("server", tmp_path)
    assert again.is_running()
    stop([again], 5)
    assert not again.is_running()
    assert not again.pid_file.exists()


def test_sockets_that_nobody_listens_on_go_with_their_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that another server has opened meanwhile stays, and so does what is no socket."""
    monkeypatch.chdir(tmp_path)
    dead, live, file = (Path(name) for name in ("dead", "live", "file"))
    file.write_text("kept")
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
        one.bind(str(dead))
        other.bind(str(live))
        other.listen()
        one.close()
        stop([Server("server", tmp_path, (dead, live, file, Path("none")))], 0)
        assert (dead.exists(), live.exists(), file.exists()) == (False, True, True)


def test_what_a_server_started_is_stopped_too(tmp_path: Path) -> None:
    """Children go with the server, even where its first process was killed before."""
    server = start(tmp_path, PARENT)
    wait_until(lambda: len(server.processes()) == 2, [server], 10)
    first, child = server.processes()
    first.kill()
    first.wait(5)
    assert not server.is_running()
    stop([server], 5)
    assert not psutil.pid_exists(child.pid) or child.status() == psutil.STATUS_ZOMBIE


def test_a_server_that_will_not_end_is_killed(tmp_path: Path) -> None:
    """SIGTERM first, SIGKILL when patience ends."""
    server = start(tmp_path, STUBBORN)
    wait_until(lambda: "ready" in server.last_lines(), [server], 10)
    stop([server], 0.3)
    assert not server.processes()


def test_a_stale_pid_file_harms_no_stranger(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    """A program that got the number of a dead server is neither counted nor stopped."""
    server = Server("server", tmp_path)
    write_private(server.pid_file, json.dumps({"pid": stranger.pid, "started": 1.0}))
    assert not server.is_running()
    stop([server], 1)
    assert stranger.poll() is None


@pytest.mark.parametrize(
    "noted",
    [
        b"", b"7", b"[]", b'{"pid": 7}', b'{"pid": null, "started": 1.0}', b'{"pid": "x", "started": 1}', b"\xff",
        b'{"pid": 1e999, "started": 1}', b'{"pid": -7, "started": 1}', b'{"pid": 7, "started": 1' + 400 * b"0" + b"}",
        100_000 * b"[",
    ],
)  # fmt: skip
def test_a_pid_file_of_another_shape_is_named(tmp_path: Path, noted: bytes) -> None:
    """Whether the server runs cannot be told, so nothing is started beside it; the file stays."""
    server = Server("server", tmp_path)
    server.pid_file.write_bytes(noted)
    for ask in (server.is_running, server.processes, lambda: stop([server], 0)):
        with pytest.raises(StackError, match=f"{server.pid_file} is damaged.*delete"):
            ask()
    assert server.pid_file.exists()


def test_a_folder_in_place_of_a_pid_file_is_named(tmp_path: Path) -> None:
    """As a file of another shape is."""
    server = Server("server", tmp_path)
    server.pid_file.mkdir()
    for ask in (server.is_running, server.processes, lambda: stop([server], 0)):
        with pytest.raises(StackError, match=f"{server.pid_file} is damaged.*delete"):
            ask()


def test_a_program_elsewhere_is_not_counted(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> None:
    """The right number and time are not enough: a server works in its own folder."""
    (tmp_path / "own").mkdir()
    server = Server("server", tmp_path / "own")
    started = psutil.Process(stranger.pid).create_time()
    write_private(server.pid_file, json.dumps({"pid": stranger.pid, "started": started}))
    stop([server], 1)
    assert stranger.poll() is None


def test_a_server_that_ends_while_starting_shows_its_log(tmp_path: Path) -> None:
    """The error carries the last words of the server."""
    server = start(tmp_path, "raise SystemExit('no disk left')")
    with pytest.raises(StackError, match="no disk left"):
        wait_until(lambda: False, [server], 10)


def test_a_log_goes_on_from_start_to_start(tmp_path: Path) -> None:
    """What it said before stays above what it says now, each start with its time."""
    for word in ("first", "second"):
        server = start(tmp_path, f"print('{word}')")
        psutil.wait_procs(server.processes(), timeout=10)
    lines = server.log.read_text().splitlines()
    assert [line for line in lines if not line.startswith("--- server started 2")] == ["first", "second"]
    assert len(lines) == 4


@pytest.mark.parametrize("size", [0, 1, 100])
def test_a_log_is_bounded_while_its_server_writes(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is too large begins anew under its writer, and what was in it is kept once."""
    monkeypatch.setattr(processes, "LOG_BYTES", 200)
    server = start(tmp_path, f"import sys; print('x' * {size}, flush=True); {FOREVER}")
    wait_until(lambda: server.log.read_text().endswith("x" * size + "\n"), [server], 10)
    with server.log.open("ab") as log:
        log.write(b"y" * 200)
    before = server.log.read_bytes()
    server.trim_log()
    assert server.log.with_suffix(".log.old").read_bytes() == before
    with server.log.open("ab") as log:
        log.write(b"z")
    server.trim_log()
    assert server.log.read_bytes() == b"z"
    stop([server], 5)


def test_two_processes_that_draw_the_same_numbers_get_other_ports() -> None:
    """Their ids may be equal modulo whatever: what one has drawn, and nobody has opened yet, no other gets."""
    draws = (
        "import random; random.seed(4); from tests.servers import free_port; print(free_port(), flush=True); input()"
    )
    environment = {**os.environ, "PYTEST_XDIST_WORKER": "gw31"}
    command = [sys.executable, "-c", draws]
    with ExitStack() as ended:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        drawers = [ended.enter_context(subprocess.Popen(command, env=environment, **pipes)) for _ in range(2)]
        ports = [drawer.stdout.readline() for drawer in drawers if drawer.stdout]
        for drawer in drawers:
            drawer.communicate(b"\n")
    assert len(set(ports)) == 2 and all(ports)


def test_a_command_that_is_missing_is_an_error_of_the_stack(tmp_path: Path) -> None:
    """The message says how to get it."""
    with pytest.raises(StackError, match="make setup"):
        Server("server", tmp_path).start([str(tmp_path / "absent")], {})


def test_private_files_are_private_at_once(tmp_path: Path) -> None:
    """Mode 0600 whatever the umask, and nothing else is left in the folder."""
    old = os.umask(0)
    try:
        write_private(tmp_path / "secret", "x")
    finally:
        os.umask(old)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("name", ["folder", "n" * 254, "folder/" + "n" * 300])
def test_a_private_file_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    """By its own name; the draft beside it is nothing that a person knows."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"directory|too long") as refused:
        write_private(tmp_path / name, "x")
    assert (refused.value.filename, refused.value.filename2) == (str(tmp_path / name), None)
