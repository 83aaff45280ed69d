"""The embedded Airflow: SQLite, LocalExecutor and its four processes, on the loopback address only.

``airflow standalone`` would open its log servers on every address of the machine, so the processes are started one by
one without them: on one machine the API server reads the logs from the disk.
"""

from __future__ import annotations

import base64
import configparser
import io
import json
import os
import secrets
import subprocess
import sys
import sysconfig
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sohoa.errors import StackError
from sohoa.private_file import write_private
from sohoa.settings import TIME_ZONE, Settings, child_environment
from sohoa.stack.airflow_client import AirflowClient
from sohoa.stack.processes import (
    Report,
    Server,
    home_environment,
    stop,
    wait_until,
)

USER = "admin"
PORTS: dict[str, tuple[int, ...]] = {"port_airflow": ()}
MEASURE_POOL = "measure"
LOST_TASK_S, LOOK_FOR_LOST_S = 30, 5
"""After how long without a sign of life a task is tried again, and how often that is looked for: six signs of life, one
each five seconds, have to be missed in a row."""
LOOK_FOR_ORPHANS_S = 20
"""How often the tasks that a dead scheduler had queued are looked for."""
START_PATIENCE_S, STOP_PATIENCE_S = 300.0, 20.0

COMPONENTS = {
    "api-server": ["api-server", "--proxy-headers"],  # a proxy on this machine says whether it was asked over TLS
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
"""Process -> its arguments."""


def home(settings: Settings) -> Path:
    """Return all that Airflow keeps: configuration, database, logs."""
    return settings.home / "airflow"


def password_file(settings: Settings) -> Path:
    """Return the password of each user of the UI (mode 0600)."""
    return home(settings) / "passwords.json"


def servers(settings: Settings) -> list[Server]:
    """Return Airflow's processes."""
    return [Server(name, home(settings)) for name in COMPONENTS]


def client(settings: Settings) -> AirflowClient:
    """Return the HTTP interface of the embedded Airflow.

    Raises:
        StackError: it was never started.
    """
    if not password_file(settings).exists():
        raise StackError("Airflow was never started here: run `sohoa stack up airflow`")
    password = json.loads(password_file(settings).read_text(encoding="utf-8"))[USER]
    return AirflowClient(f"http://127.0.0.1:{settings.port_airflow}", USER, password)


def up(settings: Settings, report: Report) -> None:
    """Start what is not running of Airflow, and return when it knows every DAG.

    Raises:
        StackError: a process ends, or a DAG file cannot be read.
    """
    stopped = [server for server in servers(settings) if not server.is_running()]
    since = datetime.now(UTC) if stopped else None
    if stopped:
        stop(stopped, 0)  # workers whose scheduler was killed
        write_config(settings)
        environment = _environment(settings)
        _migrate(settings, environment, report)
        report("starting Airflow: " + ", ".join(server.name for server in stopped))
        for server in stopped:
            server.start([sys.executable, "-m", "airflow", *COMPONENTS[server.name]], environment)
    api = client(settings)
    wait_until(lambda: api.is_healthy(since), servers(settings), START_PATIENCE_S)
    api.set_pool(MEASURE_POOL, os.cpu_count() or 1)
    wait_until(lambda: _knows_dags(api, settings), servers(settings), START_PATIENCE_S)


def _knows_dags(api: AirflowClient, settings: Settings) -> bool:
    for file, trace in api.import_errors().items():
        raise StackError(f"Airflow runs, but cannot read {file}: {trace.strip().splitlines()[-1]}")
    return dag_files(settings) <= api.dag_ids()


def dag_files(settings: Settings) -> set[str]:
    """List the names of the DAG files; each is also the id of the one DAG in it."""
    folder = project(settings) / "dags"
    others = folder.joinpath(".airflowignore").read_text(encoding="utf-8").split()
    return {path.stem for path in folder.glob("*.py") if path.name not in others}


def project(settings: Settings) -> Path:
    """Return the folder that holds ``dags`` and ``plugins``.

    Raises:
        StackError: there is none where the settings say, nor beside the installed package.
    """
    folder = settings.project or Path(__file__).parents[3]
    if not (folder / "dags").is_dir():
        raise StackError(f"{folder} holds no folder dags: set SOHOA_PROJECT to the checkout of this project")
    return folder


def _environment(settings: Settings) -> dict[str, str]:
    scripts = sysconfig.get_path("scripts")
    path = os.pathsep.join([scripts, child_environment({}).get("PATH", "")])
    return home_environment(settings) | {"AIRFLOW_HOME": str(home(settings)), "PATH": path}


def clean_history(settings: Settings, before: datetime) -> int:
    """Forget runs in Airflow's database, and delete logs of tasks, that are older than a moment.

    Returns:
        How many log files were deleted.

    Raises:
        StackError: Airflow was never started here, or refuses; the message names its log.
    """
    if not (home(settings) / "airflow.db").exists():
        raise StackError("Airflow was never started here: there is no history to clean")
    log = home(settings) / "clean.log"
    command = ["db", "clean", "--yes", "--skip-archive", "--clean-before-timestamp", before.isoformat()]
    _run_airflow(settings, _environment(settings), command, log, "clean its database")
    old = [
        path for path in (home(settings) / "logs").rglob("*")
        if path.is_file() and path.stat().st_mtime < before.timestamp()
    ]  # fmt: skip
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _run_airflow(settings: Settings, environment: dict[str, str], arguments: list[str], log: Path, what: str) -> None:
    with log.open("wb") as output:
        command = [sys.executable, "-m", "airflow", *arguments]
        done = subprocess.run(
            command, env=child_environment(environment), cwd=home(settings), stdout=output, stderr=output, check=False
        )
    if done.returncode:
        raise StackError(f"Airflow cannot {what}; see {log}")


def _migrate(settings: Settings, environment: dict[str, str], report: Report) -> None:
    stamp = home(settings) / "migrated"
    wanted = version("apache-airflow-core")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    report("preparing Airflow's database")
    _run_airflow(settings, environment, ["db", "migrate"], home(settings) / "migrate.log", "prepare its database")
    stamp.write_text(wanted, encoding="utf-8")


def write_config(settings: Settings) -> None:
    """Write ``airflow.cfg`` and the password file, both of mode 0600; keys that exist are kept."""
    if not password_file(settings).exists():
        write_private(password_file(settings), json.dumps({USER: secrets.token_urlsafe(12)}))
    file = home(settings) / "airflow.cfg"
    old = configparser.ConfigParser(interpolation=None)
    old.read(file, encoding="utf-8")
    config = configparser.ConfigParser(interpolation=None)
    for section, values in _config(settings, old).items():
        config[section] = {name: str(value).replace("%", "%%") for name, value in values.items()}
    text = io.StringIO()
    config.write(text)
    write_private(file, text.getvalue())


def _config(settings: Settings, old: configparser.ConfigParser) -> dict[str, dict[str, object]]:
    url = f"http://127.0.0.1:{settings.port_airflow}"
    return {
        "core": {
            "dags_folder": project(settings) / "dags",
            "plugins_folder": project(settings) / "plugins",
            "load_examples": False,
            "executor": "LocalExecutor",
            "parallelism": 2 * (os.cpu_count() or 1),
            "default_timezone": TIME_ZONE.key,
            "dags_are_paused_at_creation": False,
            "dagbag_import_timeout": 120,
            "execution_api_server_url": f"{url}/execution/",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": password_file(settings),
            "fernet_key": old.get("core", "fernet_key", fallback=_fernet_key()),
        },
        # four processes share the file: wait for one another rather than fail after SQLite's five seconds
        "database": {"sql_alchemy_conn": f"sqlite:///{home(settings) / 'airflow.db'}?timeout=60"},
        "api": {"host": "127.0.0.1", "port": settings.port_airflow, "base_url": url, "workers": 1},
        "api_auth": {"jwt_secret": old.get("api_auth", "jwt_secret", fallback=secrets.token_urlsafe(48))},
        "execution_api": {"jwt_expiration_time": 6 * 3600},
        "scheduler": {
            "task_queued_timeout": 3600,
            "scheduler_health_check_threshold": 120,
            "task_instance_heartbeat_timeout": LOST_TASK_S,
            "task_instance_heartbeat_timeout_detection_interval": LOOK_FOR_LOST_S,
            "orphaned_tasks_check_interval": LOOK_FOR_ORPHANS_S,
        },
        "dag_processor": {
            "refresh_interval": 30,
            "min_file_process_interval": 60,
            "parsing_processes": 1,
            "dag_file_processor_timeout": 180,
        },
    }


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
