"""The store's very command and init's very script run here, with the environment of docker-compose.yml.

Only what one machine cannot have twice differs: ports, hosts and the folder of the data.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil
import psycopg2
import pytest
import urllib3
from minio.error import S3Error

from sohoa import layout, registry
from sohoa.capacity.space import measure_space
from sohoa.errors import StoreError
from sohoa.settings import Settings
from sohoa.stack.identities import choose_identities, shell_lines
from sohoa.stack.seaweed import agency_actions, new_keys
from sohoa.store import Store
from tests.docker.compose_file import ROOT, deployment_page, random_secrets, resolved
from tests.servers import free_ports

BIN = Path(sysconfig.get_path("scripts"))
AGENCY, OTHER = "H37.80.01", "H37.80.02"


@dataclass(frozen=True)
class RunningStore:
    """The store of docker-compose.yml, its secrets and its process."""

    port: int
    master: int
    metrics: int
    secrets: dict[str, str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def client(self, access_key: str, secret_key: str) -> Store:
        """The product's own client with these keys."""
        values = {
            "s3_endpoint": f"http://127.0.0.1:{self.port}",
            "s3_access_key": access_key,
            "s3_secret_key": secret_key,
        }
        return Store(Settings.model_validate(values))

    def administrator(self) -> Store:
        """The product's own client with the keys that only ``init`` has."""
        return self.client(self.secrets["STORE_ADMIN_ACCESS_KEY"], self.secrets["STORE_ADMIN_SECRET_KEY"])

    def owner(self) -> Store:
        """The product's own client with the pipeline's keys."""
        return self.client(self.secrets["SOHOA_S3_ACCESS_KEY"], self.secrets["SOHOA_S3_SECRET_KEY"])


def wait_for(address: str, process: subprocess.Popen[bytes], seconds: float) -> None:
    """Return when the address answers 200."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            if urllib3.request("GET", address, retries=False, timeout=2).status == 200:
                return
        except urllib3.exceptions.HTTPError:  # it does not listen yet
            pass
        time.sleep(0.2)
    raise AssertionError(f"{address} does not answer")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStore]:
    """The store by its command in the file, healthy by its health check."""
    secrets, folder = random_secrets(), tmp_path_factory.mktemp("store")
    service = resolved(secrets)["services"]["store"]
    s3, master, volume, filer, metrics = free_ports(5)
    changed = {"-dir=/data": f"-dir={folder}", "-s3.port=8333": f"-s3.port={s3}"}
    certificates = tmp_path_factory.mktemp("certificates")
    changed |= {"-metricsPort=9327": f"-metricsPort={metrics}"}
    changed |= {"-s3.config=/certificates/s3.json": f"-s3.config={certificates}/s3.json"}
    assert set(changed) <= set(service["command"])
    command = [changed.get(word, word) for word in service["command"]]
    command += [f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}"]
    made = resolved(secrets)["services"]["certificates"]
    script = made["command"][2].replace('"/certificates"', repr(str(certificates)))
    inside = {**made["environment"], "HOME": str(folder)}
    subprocess.run([BIN / "python", "-c", script], check=True, env=inside, cwd=folder)  # not where a demo left its keys
    environment = {"HOME": str(folder), **service["environment"]}
    environment = {name: value.replace("/certificates/", f"{certificates}/") for name, value in environment.items()}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([BIN / "weed", *command], cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_for(service["healthcheck"]["test"][-1].replace("8333", str(s3)), process, 60)
        running = RunningStore(s3, master, metrics, secrets, environment, process)
        running.administrator().make_buckets()
        yield running
    finally:
        process.kill()
        process.wait()


def test_pipeline_writes_and_reads(store: RunningStore) -> None:
    """With the keys of .env; a bucket of the layout takes an object and gives it back."""
    store.owner().put(layout.WAREHOUSE, "probe/số hóa.txt", b"read me")
    assert store.owner().get(layout.WAREHOUSE, "probe/số hóa.txt") == b"read me"


def test_no_service_that_runs_tasks_may_change_rights(store: RunningStore) -> None:
    """The pipeline's identity makes no bucket, no policy; the administrator's keys are in three services alone."""
    with pytest.raises(StoreError, match="AccessDenied"):
        store.owner().put_landing_policy(["H37"])
    with pytest.raises(S3Error, match="AccessDenied"):
        store.owner()._client.make_bucket(bucket_name="another")
    having = [
        name
        for name, service in resolved(store.secrets)["services"].items()
        if store.secrets["STORE_ADMIN_SECRET_KEY"] in service.get("environment", {}).values()
    ]
    assert sorted(having) == ["init", "space-guard", "store"]


def test_wrong_keys_and_no_keys_are_refused(store: RunningStore) -> None:
    """There is no default identity and no anonymous access."""
    with pytest.raises(StoreError, match="InvalidAccessKeyId"):
        store.client("admin", "admin").put(layout.WAREHOUSE, "x", b"")
    with pytest.raises(StoreError, match="SignatureDoesNotMatch"):
        store.client(store.secrets["SOHOA_S3_ACCESS_KEY"], "wrong").put(layout.WAREHOUSE, "x", b"")
    assert urllib3.request("GET", f"http://127.0.0.1:{store.port}/{layout.WAREHOUSE}", retries=False).status == 403


def test_only_s3_and_the_metrics_listen_beyond_the_container(store: RunningStore) -> None:
    """Master, volume and filer servers, which bypass S3's authorisation, are on the loopback address."""
    listening = [c.laddr for c in psutil.Process(store.process.pid).net_connections("tcp") if c.status == "LISTEN"]
    assert {address.port for address in listening if address.ip != "127.0.0.1"} == {
        store.port,
        store.port + 10_000,
        store.metrics,
    }
    assert len(listening) == 9


def test_every_airflow_service_can_ask_how_full_the_store_is(store: RunningStore) -> None:
    """At the address in its environment, on a network that it shares with the store; the answer is understood."""
    services = resolved(store.secrets)["services"]
    urls = {services[name]["environment"]["SOHOA_STORE_STATUS_URLS"] for name in ("scheduler", "api-server", "init")}
    assert urls == {"http://store:9327/metrics"}
    assert "inner" in set(services["store"]["networks"]) & set(services["scheduler"]["networks"])
    store.owner().put(layout.LANDING, "probe", b"x")
    settings = Settings(store_status_urls=(f"http://127.0.0.1:{store.metrics}/metrics",))
    end = time.monotonic() + 30
    while (space := measure_space(settings)) is None or space.room_bytes is None:  # the first heartbeat is to come
        assert time.monotonic() < end
        time.sleep(0.5)
    disk = shutil.disk_usage(store.environment["HOME"])
    assert space.all_bytes == disk.total
    assert abs(space.free_bytes - disk.free) < 0.05 * disk.total
    assert space.room_bytes <= space.free_bytes


def test_tables_take_one_volume_a_bucket(store: RunningStore) -> None:
    """The setting of the master arrives: without it the first write takes seven volumes."""
    store.owner().put(layout.FEEDS, "probe.csv", b"x")
    assert len(list(Path(store.environment["HOME"]).glob("feeds_*.dat"))) == 1


def documented_agency_command() -> str:
    """What the deployment page has the operator type for one agency."""
    (line,) = re.findall(r"^s3\.configure .+$", deployment_page(), re.M)
    return line.replace("$AGENCY", AGENCY).replace("$ACCESS_KEY", "agencykey").replace("$SECRET_KEY", "agencysecret")


def test_documented_command_confines_an_agency_to_its_prefix(store: RunningStore) -> None:
    """It may deliver under its own code and read its own receipts: the same rights as in the embedded stack."""
    line = documented_agency_command()
    assert set(line.partition("-actions=")[2].split(",")) == set(agency_actions(AGENCY))
    shell = [BIN / "weed", "shell", f"-master=127.0.0.1:{store.master}"]
    done = subprocess.run(
        shell, input=line + "\n", text=True, env=store.environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    agency = store.client("agencykey", "agencysecret")
    put_when_known(agency, layout.inbox_key(AGENCY, f"{AGENCY}-20240401-001"))
    agency.put(layout.LANDING, f"batches/{AGENCY}/2024-04-01/x/1.jpg", b"page")
    store.owner().put(layout.LANDING, f"receipts/{AGENCY}/x/1.json", b"{}")
    assert agency.get(layout.LANDING, f"receipts/{AGENCY}/x/1.json") == b"{}"
    for bucket, key in (
        (layout.LANDING, layout.inbox_key(OTHER, "x")),
        (layout.LANDING, f"receipts/{AGENCY}/x/2.json"),
        (layout.WAREHOUSE, "x"),
    ):
        with pytest.raises(StoreError, match="AccessDenied"):
            agency.put(bucket, key, b"")
    stop = f"s3.user.disable -name={AGENCY}\n"
    assert stop.replace(AGENCY, "$AGENCY") in deployment_page()
    subprocess.run(shell, input=stop, text=True, env=store.environment, capture_output=True, timeout=60, check=True)
    time.sleep(3)  # S3 learns of it from the filer, a moment later
    with pytest.raises(StoreError):
        agency.put(layout.LANDING, f"batches/{AGENCY}/2024-04-01/x/2.jpg", b"page")


def test_lines_of_agencies_apply_give_and_rotate_a_key(store: RunningStore) -> None:
    """What the command prints for ``weed shell``: the new key works, the former one ends, a feed's writer too."""
    shell = [BIN / "weed", "shell", f"-master=127.0.0.1:{store.master}"]
    chosen = choose_identities(date(2024, 4, 1), [OTHER, "feeds-register"])

    def apply() -> dict[str, dict[str, str]]:
        keys = {one.name: new_keys() for one in chosen}
        text = "\n".join([*shell_lines(chosen, keys), ""])
        subprocess.run(shell, input=text, text=True, env=store.environment, capture_output=True, timeout=60, check=True)
        put_when_known(store.client(**keys[OTHER]), layout.inbox_key(OTHER, f"{OTHER}-20240401-001"))
        return keys

    first, second = apply(), apply()
    with pytest.raises(StoreError):
        store.client(**first[OTHER]).put(layout.LANDING, layout.inbox_key(OTHER, "x"), b"")
    store.client(**second["feeds-register"]).put(layout.FEEDS, "register/dt=2024-04-01/x.csv", b"x")
    with pytest.raises(StoreError, match="AccessDenied"):
        store.client(**second["feeds-register"]).put(layout.FEEDS, "portal/dt=2024-04-01/x.csv", b"x")


def test_the_shell_needs_the_certificate(store: RunningStore) -> None:
    """Another program of the container's network namespace, without the environment of the store, gets nothing."""
    shell = [BIN / "weed", "shell", f"-master=127.0.0.1:{store.master}"]
    process = subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/", env={})
    try:
        said, _ = process.communicate("s3.user.list\n", timeout=6)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    assert "agencykey" not in said
    assert AGENCY not in said


def put_when_known(agency: Store, key: str) -> None:
    """S3 learns of a new identity from the filer, a moment after the shell has written it."""
    for _ in range(50):
        try:
            return agency.put(layout.LANDING, key, b"{}")
        except StoreError as error:
            if "InvalidAccessKeyId" not in str(error):
                raise
            time.sleep(0.2)
    raise AssertionError("the new identity is not in force")


def postgres_programs() -> Path | None:
    """Folder of PostgreSQL's server programs, where this machine has them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture
def database(store: RunningStore) -> Iterator[int]:
    """Port of a PostgreSQL with the user and password of docker-compose.yml, gone after the test."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="sohoa-db-"))  # not tmp_path, which only its owner may enter
    (folder / "password").write_text(store.secrets["POSTGRES_PASSWORD"])
    for path in (folder, folder / "password"):
        shutil.chown(path, user)
    made = [programs / "initdb", "-D", folder / "data", "-U", "airflow", "-A", "scram-sha-256"]
    subprocess.run([*made, f"--pwfile={folder}/password"], user=user, check=True, capture_output=True)
    (port,) = free_ports(1)
    command = [programs / "postgres", "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"]
    process = subprocess.Popen(command, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        make_database(port, store.secrets["POSTGRES_PASSWORD"])
        yield port
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast stop
        process.wait()
        shutil.rmtree(folder)


def connect(port: int, password: str, name: str = "airflow") -> psycopg2.extensions.connection:
    return psycopg2.connect(host="127.0.0.1", port=port, user="airflow", password=password, dbname=name)


def make_database(port: int, password: str) -> None:
    """What the image of PostgreSQL does for POSTGRES_DB."""
    for _ in range(100):
        try:
            connection = connect(port, password, "postgres")
            break
        except psycopg2.OperationalError:  # it does not listen yet
            time.sleep(0.1)
    connection.autocommit = True
    connection.cursor().execute("CREATE DATABASE airflow")
    connection.close()


def run_init(store: RunningStore, port: int, home: Path) -> subprocess.CompletedProcess[str]:
    """The command of the service init, in a folder laid out as in the image."""
    service = resolved(store.secrets)["services"]["init"]
    hosts = {"@db/": f"@127.0.0.1:{port}/", "//store:8333": f"//127.0.0.1:{store.port}"}
    environment = {}
    for name, value in service["environment"].items():
        for old, new in hosts.items():
            value = value.replace(old, new)
        environment[name] = value
    environment |= {"PATH": f"{BIN}:{os.environ['PATH']}", "AIRFLOW_HOME": str(home), "HOME": str(home)}
    shutil.copy(ROOT / "docker" / "init.sh", home)
    return subprocess.run(
        service["command"],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # no terminal, as in a container
    )


@pytest.mark.airflow
def test_init_prepares_database_and_store_and_may_run_again(store: RunningStore, database: int, tmp_path: Path) -> None:
    """Tables, the admin with the password of .env, the pool and the buckets; the second run ends well and adds none."""
    for _ in range(2):
        done = run_init(store, database, tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]
    with connect(database, store.secrets["POSTGRES_PASSWORD"]) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT username, ab_role.name FROM ab_user JOIN ab_user_role ON user_id = ab_user.id"
            " JOIN ab_role ON role_id = ab_role.id"
        )
        assert cursor.fetchall() == [("admin", "Admin")]
        cursor.execute("SELECT slots FROM slot_pool WHERE pool = 'measure'")
        assert cursor.fetchall() == [(2,)]
    connection.close()
    for bucket in layout.BUCKETS:
        assert list(store.owner().list_objects(bucket, "nothing/")) == []
    assert store.owner().has_landing_policy(agency.code for agency in registry.agencies())
