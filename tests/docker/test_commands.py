"""Every command, flag and setting in docker-compose.yml, held against the program that reads it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.docker.compose_file import ROOT, deployment_page, raw

SERVICES = raw()["services"]
BIN = Path(sysconfig.get_path("scripts"))
INIT = (ROOT / "docker" / "init.sh").read_text(encoding="utf-8")

PROBE = """
import contextlib, io, json, sys
asked = json.load(sys.stdin)
from airflow.configuration import conf
from airflow.cli import cli_parser
options = {(s, o) for s, section in conf.configuration_description.items() for o in section["options"]}
parser, refused = cli_parser.get_parser(), []
for words in asked["commands"]:
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            parser.parse_args(words)
    except SystemExit:
        refused.append([words, said.getvalue()])
unknown = [pair for pair in asked["settings"] if tuple(pair) not in options]
print("ANSWER" + json.dumps({"refused": refused, "unknown": unknown}))
"""


def ask_airflow(commands: list[list[str]], settings: list[list[str]], home: Path) -> dict[str, Any]:
    """Which of these command lines Airflow's parser refuses, and which settings no part of it knows."""
    answer = subprocess.run(
        [sys.executable, "-c", PROBE],
        input=json.dumps({"commands": commands, "settings": settings}),
        env={"AIRFLOW_HOME": str(home), "PATH": str(BIN)},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(answer.stdout.rpartition("ANSWER")[2]))


def airflow_settings() -> list[list[str]]:
    """[section, option] of every variable ``AIRFLOW__SECTION__OPTION`` in the file and in the deployment page."""
    pattern = re.compile(r"\bAIRFLOW__([A-Z_]+?)__([A-Z_]+)\b")
    names = {name for service in SERVICES.values() for name in service.get("environment", {})}
    found = {pair for text in (*names, deployment_page()) for pair in pattern.findall(text)}
    return [[section.lower(), option.lower()] for section, option in sorted(found)]


def airflow_commands() -> list[list[str]]:
    """Command lines after the word ``airflow``: of the services, their health checks, init.sh and the page."""
    service_words = [service["command"] for service in SERVICES.values() if "command" in service]
    service_words += [s["healthcheck"]["test"][1:] for s in SERVICES.values() if "healthcheck" in s]
    found = [words[1:] for words in service_words if words[0] == "airflow"]
    lines = re.findall(r"(?:^|setsid --wait +)airflow (.+)$", INIT.replace("\\\n", " "), re.M)
    lines += re.findall(r"docker compose exec [a-z-]+ airflow ([^`\n]+)", deployment_page())
    values = {r'"\$MEASURE_SLOTS"': "2", r'"\$\(date .+?\)"': "2026-01-31"}
    for shell_text, value in values.items():
        lines = [re.sub(shell_text, value, line) for line in lines]
    return found + [shlex.split(line) for line in lines]


def test_airflow_knows_every_command_and_setting(tmp_path: Path) -> None:
    """Nothing is misspelt, renamed or gone in the locked version; a wrong one would be found."""
    commands, settings = airflow_commands(), airflow_settings()
    assert {"api-server", "scheduler", "dag-processor", "triggerer", "db", "users", "pools"} <= {c[0] for c in commands}
    wrong_command, wrong_setting = ["scheduler", "--serve-cakes"], ["core", "cakes"]
    answer = ask_airflow([*commands, wrong_command], [*settings, wrong_setting], tmp_path)
    assert [words for words, _ in answer["refused"]] == [wrong_command]
    assert answer["unknown"] == [wrong_setting]


def test_store_flags_are_known() -> None:
    """Each flag of the store's command is in the help of the same version of ``weed``."""
    flags = SERVICES["store"]["command"]
    assert flags[1] == "server"  # not first: the image's entry script would add its own flags
    known = subprocess.run([BIN / "weed", "server", "-h"], capture_output=True, text=True, check=False)
    names = set(re.findall(r"^  -([\w.]+)", known.stdout + known.stderr, re.M))
    assert [flag for flag in flags[2:] if flag.lstrip("-").partition("=")[0] not in names] == []


def test_health_checks_use_what_their_image_holds() -> None:
    """PostgreSQL's and Valkey's own clients, BusyBox in the store's Alpine, Python and Airflow in ours."""
    programs = {name: s["healthcheck"]["test"][1] for name, s in SERVICES.items() if "healthcheck" in s}
    assert {s["healthcheck"]["test"][0] for s in SERVICES.values() if "healthcheck" in s} == {"CMD"}
    assert programs["db"] == "pg_isready"
    assert programs["store"] == "wget"
    assert programs["broker"] == "valkey-cli"
    assert programs["proxy"] == "curl"
    assert programs["mail-sink"] == "/mailpit"
    assert programs["prometheus"] == programs["grafana"] == "wget"  # BusyBox's
    assert programs["collector"] == "/otelcol-contrib"
    ours = {name: program for name, program in programs.items() if SERVICES[name]["image"].startswith("sohoa:")}
    assert set(ours.values()) == {"python", "airflow"}
    assert all((BIN / program).exists() for program in ours.values())
    for test in (SERVICES[name]["healthcheck"]["test"] for name, program in ours.items() if program == "python"):
        compile(test[3], "healthcheck", "exec")


def test_page_names_services_that_exist() -> None:
    """``docker compose exec|logs|stop|start`` in the deployment page."""
    named = re.findall(r"docker compose (?:exec (?:-T )?|stop |start )([a-z-]+)", deployment_page())
    assert named
    assert set(named) <= set(SERVICES)


def test_init_makes_every_pool_that_a_dag_uses() -> None:
    """A task in a pool that is absent would never run."""
    used = {pool for path in (ROOT / "dags").glob("*.py") for pool in re.findall(r'pool="(\w+)"', path.read_text())}
    assert used == set(re.findall(r"^airflow pools set (\w+)", INIT, re.M))


def test_init_gets_every_variable_it_reads() -> None:
    """From its own environment; ``set -u`` stops it otherwise."""
    assert "set -euo pipefail" in INIT
    assert set(re.findall(r"\$(\w+)", INIT)) <= set(SERVICES["init"]["environment"])
    subprocess.run(["bash", "-n", ROOT / "docker" / "init.sh"], check=True)


def test_no_secret_is_an_argument() -> None:
    """Every process of a machine can read the arguments of all; ``printf`` is the shell's own and no process."""
    commands = [line for line in INIT.splitlines() if not line.startswith("printf ")]
    assert not [line for line in commands if re.search(r"PASSWORD|SECRET|_KEY", line)]
    words = [
        word for s in SERVICES.values() for word in (*s.get("command", ()), *s.get("healthcheck", {}).get("test", ()))
    ]
    assert not [word for word in words if re.search(r"\$\{\w*(PASSWORD|SECRET|KEY)", word)]


@pytest.mark.parametrize("name", ["AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET"])
def test_airflow_services_share_what_they_must(name: str) -> None:
    """One signature, one key, in every Airflow service."""
    services = [s.get("environment", {}) for s in SERVICES.values()]
    ours = [environment[name] for environment in services if "AIRFLOW__CORE__EXECUTOR" in environment]
    assert len(ours) == 7
    assert len(set(ours)) == 1
