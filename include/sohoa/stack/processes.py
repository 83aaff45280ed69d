"""Servers on this machine: started detached, remembered by a pid file, stopped without harming a stranger."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

from sohoa.errors import StackError
from sohoa.logs import get_logger
from sohoa.private_file import write_private
from sohoa.settings import PORTS, PREFIX, TIME_ZONE, Settings, child_environment

log = get_logger(__name__)

GRPC_OFFSET = 10_000
"""SeaweedFS opens a second port this far above each of its own."""

LOG_BYTES = 10_000_000
"""Size from which a log begins anew; the part before is kept once."""
_BASES = range(22_700, 12_000, -20)
"""Where seven free ports in a row are looked for."""

Report = Callable[[str], None]

_CLOCK_TOLERANCE_S = 2.0
_started: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Server:
    """One server; its pid file and log lie in ``folder``, which is also its working directory."""

    name: str
    folder: Path
    sockets: tuple[Path, ...] = ()
    """Unix sockets that it opens elsewhere, and leaves behind when it is killed."""

    @property
    def log(self) -> Path:
        """What it prints, start after start; what went before the last ``LOG_BYTES`` or so is kept as ``.log.old``."""
        return self.folder / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Process id and start time of the server."""
        return self.folder / f"{self.name}.pid"

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        """Start it in a session of its own, with ``environment`` on top of this process's.

        Raises:
            StackError: the command cannot be executed.
        """
        self.trim_log()
        with self.log.open("ab") as output:
            output.write(f"--- {self.name} started {datetime.now(TIME_ZONE):%Y-%m-%d %H:%M:%S}\n".encode())
            output.flush()
            try:
                child = subprocess.Popen(
                    command,
                    cwd=self.folder,
                    env=child_environment(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise StackError(f"cannot start {self.name} ({error}): run `make setup`") from error
        _started[child.pid] = child
        write_private(self.pid_file, json.dumps({"pid": child.pid, "started": _start_time(child.pid)}))
        log.info("server_started", server=self.name, pid=child.pid, log=self.log)

    def processes(self) -> list[psutil.Process]:
        """Return the living processes of this server, its first one before those that it started.

        A process counts when it belongs to the session that the pid file names and works in this folder or below.
        Another program that got the number of a dead server is in another session or started at another time.

        Raises:
            StackError: the pid file is damaged.
        """
        if not self.pid_file.exists():
            return []
        session, noted = self._noted()
        if session in _started:
            _started[session].poll()
        start = _start_time(session)
        if start is not None and abs(start - noted) > _CLOCK_TOLERANCE_S:
            return []
        found = [process for process in psutil.process_iter() if _is_member(process, session, self.folder)]
        return sorted(found, key=lambda process: process.pid != session)

    def is_running(self) -> bool:
        """Tell whether the server's first process lives."""
        found = self.processes()
        return bool(found) and found[0].pid == self._noted()[0]

    def _noted(self) -> tuple[int, float]:
        """The process id in the pid file, and when that process was started."""
        try:
            noted = json.loads(self.pid_file.read_text(encoding="utf-8"))
            pid, started = int(noted["pid"]), float(noted["started"])
            if pid < 1:
                raise ValueError(pid)
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise StackError(
                f"{self.pid_file} is damaged, and nobody knows any more whether {self.name} runs: end what works in "
                f"{self.folder} by hand where there is something, delete this file, then do it again"
            ) from error
        return pid, started

    def trim_log(self) -> None:
        """Begin its log anew where it has become too large, also while the server writes to its end."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".log.old"))
            os.truncate(self.log, 0)

    def last_lines(self, count: int = 12) -> str:
        """Return the end of its log, for an error message."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])


def stop(servers: Iterable[Server], patience_s: float) -> None:
    """Ask these servers to end what they started and themselves; kill what is left after ``patience_s``."""
    servers = list(servers)
    found = [server.processes() for server in servers]
    for processes in found:
        if processes:
            _signal(processes[0].terminate)
    psutil.wait_procs([process for processes in found for process in processes], timeout=patience_s)
    left = [process for server in servers for process in server.processes()]
    for process in left:
        log.info("process_killed", pid=process.pid, after_seconds=patience_s)
        _signal(process.kill)
    psutil.wait_procs(left, timeout=5)
    for server, processes in zip(servers, found, strict=True):
        if processes and (child := _started.pop(processes[0].pid, None)):
            child.poll()  # it has ended, and only this tells its Popen
        server.pid_file.unlink(missing_ok=True)
        for path in server.sockets:
            _remove_dead(path)
        if processes:
            log.info("server_stopped", server=server.name)


def _remove_dead(path: Path) -> None:
    """Take away a unix socket on which nobody listens any more."""
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):  # it is not there, or another user's
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:  # what is no socket refuses too
            if path.is_socket():
                path.unlink()


def _start_time(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


def _is_member(process: psutil.Process, session: int, folder: Path) -> bool:
    try:
        if os.getsid(process.pid) != session or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return Path(process.cwd()).is_relative_to(folder)
    except (psutil.Error, ProcessLookupError, PermissionError):  # it ended just now, or is another user's
        return False


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:  # it ended by itself
        return


def require_free_ports(settings: Settings, ports: Mapping[str, Sequence[int]]) -> None:
    """Make sure that the ports in these settings can be opened on the loopback address.

    Args:
        settings: hold the ports.
        ports: name of the setting -> how far above it lie further ports that its server takes.

    Raises:
        StackError: some are taken; the message names them all, and the variables that move them.
    """
    asked = [(name, offset) for name, offsets in ports.items() for offset in (0, *offsets)]
    with ExitStack() as held:
        taken = [one for one in asked if not _hold_port(held, getattr(settings, one[0]) + one[1])]
    if taken:
        named = ", ".join(_name_port(settings, *one) for one in taken)
        is_one = len(taken) == 1
        raise StackError(
            f"{'port' if is_one else 'ports'} {named} {'is' if is_one else 'are'} taken by another program: stop it, "
            f"or move all ports at once with {PREFIX}PORT_BASE{_free_base(ports)}"
        )


def _name_port(settings: Settings, name: str, offset: int) -> str:
    variable = f"{PREFIX}{name.upper()}" + (f" + {offset}" if offset else "")
    return f"{getattr(settings, name) + offset} ({variable})"


def _free_base(ports: Mapping[str, Sequence[int]]) -> str:
    """An assignment that would do, empty where none is found."""
    for base in range(_BASES.start, _BASES.stop, _BASES.step):
        moved = [base + PORTS.index(name) + offset for name, offsets in ports.items() for offset in (0, *offsets)]
        with ExitStack() as held:
            if all(_hold_port(held, port) for port in moved):
                return f"={base}"
    return ""


def _hold_port(held: ExitStack, port: int) -> bool:
    """Open a port for as long as it is held; whether that could be done."""
    probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that just ended does not count
    try:
        probe.bind(("127.0.0.1", port))
        probe.listen()
    except OSError:
        return False
    return True


def wait_until(is_ready: Callable[[], bool], servers: Iterable[Server], patience_s: float) -> None:
    """Wait until ``is_ready``.

    Raises:
        StackError: a server ended meanwhile, or ``patience_s`` passed; the message shows the end of its log.
    """
    servers, deadline = list(servers), time.monotonic() + patience_s
    while not is_ready():
        for server in servers:
            if not server.is_running():
                raise StackError(f"{server.name} ended while starting; see {server.log}\n{server.last_lines()}")
        if time.monotonic() > deadline:
            names = ", ".join(server.name for server in servers)
            raise StackError(f"no answer from {names} after {patience_s:.0f} s; see {servers[0].log}")
        time.sleep(0.2)


def home_environment(settings: Settings) -> dict[str, str]:
    """Return the variables by which a child process finds the same home and ports."""
    names = ["home", *PORTS]
    return {f"{PREFIX}{name.upper()}": str(getattr(settings, name)) for name in names}


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Let one command at a time start or stop servers of this home; others wait.

    What it and its servers write meanwhile only this user can read.
    """
    umask = os.umask(0o077)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / "stack.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    finally:
        os.umask(umask)
