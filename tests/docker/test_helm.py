"""deploy/helm/values.yaml: what the chart is told is what docker-compose.yml says."""

from __future__ import annotations

import re
import tomllib

import yaml

from tests.docker.compose_file import ROOT, random_secrets, resolved
from tests.docker.test_commands import INIT

TEXT = (ROOT / "deploy" / "helm" / "values.yaml").read_text(encoding="utf-8")
VALUES = yaml.safe_load(TEXT)
OWN = {
    "AIRFLOW__CORE__PARALLELISM": "8",
    "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "sohoa_logs.CONFIG",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "300",
    "SOHOA_S3_ENDPOINT": "https://s3.langson.example",
}
"""What several machines and the profile celery ask for (docs/deployment.md)."""
BY_THE_CHART = {
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__CELERY__BROKER_URL",
    "AIRFLOW__CELERY__RESULT_BACKEND",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__EXECUTOR",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK",
    "AIRFLOW__METRICS__OTEL_ON",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "AIRFLOW__TRACES__OTEL_ON",
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "AIRFLOW__OPENLINEAGE__DISABLED",
    "AIRFLOW__OPENLINEAGE__NAMESPACE",
    "OPENLINEAGE_URL",
}
"""What the chart sets itself, from the secrets that the values name, and what collectors that it may start need."""


def test_it_says_what_compose_says() -> None:
    """Every variable of a worker, but what the chart makes and the address of the store's own numbers."""
    worker = resolved(random_secrets())["services"]["worker"]["environment"]
    said = {one["name"]: one["value"] for one in VALUES["env"]}
    secrets = {one["envName"] for one in VALUES["secret"]}
    assert {*said, *secrets, *BY_THE_CHART, "SOHOA_STORE_STATUS_URLS"} == {*worker, *OWN}
    assert {name: value for name, value in said.items() if worker.get(name) != value} == OWN
    assert VALUES["executor"] == "CeleryExecutor"


def test_it_runs_the_image_of_this_version() -> None:
    """With the user of the Dockerfile and the locked Airflow; chart and page agree on the chart's version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert VALUES["images"]["airflow"]["tag"] == project["version"]
    assert f"useradd --uid {VALUES['uid']}" in (ROOT / "docker" / "Dockerfile").read_text()
    locked = re.search(r"^apache-airflow==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)
    assert locked and locked[1] == VALUES["airflowVersion"]
    (chart,) = re.findall(r"Helm chart \(([\d.]+)\)", TEXT)
    assert f"--version {chart}" in (ROOT / "docs" / "deployment.md").read_text()


def test_only_the_job_has_the_keys_of_the_administrator() -> None:
    """It gets every variable that init.sh reads; each secret that is named is told at the top."""
    job = VALUES["createUserJob"]
    given = {one["name"]: one for one in job["env"]}
    assert set(re.findall(r"\$(\w+)", INIT)) <= set(given)
    assert job["applyCustomEnv"] is False
    key = given["SOHOA_S3_SECRET_KEY"]["valueFrom"]["secretKeyRef"]
    assert key == {"name": "sohoa-store-admin", "key": "secret-key"}
    assert "sohoa-store-admin" not in str({name: one for name, one in VALUES.items() if name != "createUserJob"})
    named = set(re.findall(r"sohoa-[a-z-]+", TEXT.partition("executor:")[2]))
    assert named == set(re.findall(r"^#   (sohoa-[a-z-]+)", TEXT, re.M))
