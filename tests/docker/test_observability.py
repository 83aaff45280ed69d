"""The profile observability: what is shown and alerted on is counted, and each alert says what to do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from sohoa import layout
from sohoa.store import Store
from tests.docker.compose_file import ROOT, deployment_page, random_secrets, raw, resolved

FOLDER = ROOT / "docker" / "observability"
PLUGIN = ROOT / "plugins" / "sohoa_metrics.py"
RULES = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((FOLDER / "sohoa.json").read_text())
METRIC = re.compile(r"\b(?:airflow|sohoa)_\w+")
OWN = {f"sohoa_{word}" for word in re.findall(r'"sohoa\.(\w+)"', PLUGIN.read_text())}


def counted_by_airflow() -> set[str]:
    """Names of Airflow's own metrics, as the collector shows them to Prometheus."""
    found = find_spec("airflow")
    assert found and found.submodule_search_locations
    file = Path(found.submodule_search_locations[0]) / "_shared/observability/metrics/metrics_template.yaml"
    text = re.findall(r'name: "([^"{}]+)"', file.read_text())
    return {f"airflow_{name.replace('.', '_')}" for name in text}


def shown() -> set[str]:
    """Metrics in the dashboard, the rules and the page."""
    expressions = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    expressions += [rule["expr"] for rule in RULES]
    page = re.findall(r"`((?:airflow|sohoa)_[a-z_]+)`", deployment_page().partition("## Numbers and alerts")[2])
    return {name for text in expressions for name in METRIC.findall(text)} | set(page)


def test_only_what_is_counted_is_shown() -> None:
    """Every name exists, and all of our own are shown somewhere."""
    assert shown() - OWN - counted_by_airflow() == set()
    assert shown() >= OWN


def test_each_alert_says_what_to_do() -> None:
    """A line of the page, by the alert's name, and no line for none."""
    table = deployment_page().partition("| alert | what to do |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == [rule["alert"] for rule in RULES]
    assert {rule["annotations"]["runbook"] for rule in RULES} == {"docs/deployment.md#numbers-and-alerts"}
    assert "## Numbers and alerts" in deployment_page()


def test_the_parts_find_one_another() -> None:
    """Airflow the collector, Prometheus what it asks, Grafana its files; nothing is renamed on the way."""
    services = resolved(random_secrets())["services"]
    collector = yaml.safe_load((FOLDER / "collector.yaml").read_text())
    airflow = services["scheduler"]["environment"]
    receiver = collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    assert airflow["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://collector:{receiver.rpartition(':')[2]}"
    assert airflow["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"] == "delta"
    pipeline = collector["service"]["pipelines"]["metrics"]
    assert pipeline["processors"][0] == "deltatocumulative"
    assert collector["exporters"]["prometheus"]["add_metric_suffixes"] is False
    asked = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    ports = {"collector": collector["exporters"]["prometheus"]["endpoint"].rpartition(":")[2], "store": "9327"}
    assert [one["static_configs"][0]["targets"] for one in asked] == [[f"{name}:{ports[name]}"] for name in ports]
    source = yaml.safe_load((FOLDER / "datasource.yml").read_text())["datasources"][0]
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}
    mounted = [entry for service in raw()["services"].values() for entry in service.get("volumes", ())]
    files = {entry.partition(":")[0] for entry in mounted if entry.startswith("./docker/observability/")}
    assert files == {f"./docker/observability/{path.name}" for path in FOLDER.iterdir()}


COUNT = f"""
import runpy
from datetime import UTC, datetime
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
from sohoa.task_notes import note_done

listener = runpy.run_path({str(PLUGIN)!r})["MetricsListener"]()

class RuntimeTaskInstance:
    task_id = "discover_batches"
    start_date, end_date = datetime(2024, 4, 15, 20, 0, 0, tzinfo=UTC), datetime(2024, 4, 15, 20, 0, 9, tzinfo=UTC)

class TaskInstance(RuntimeTaskInstance):
    pass

note_done({{"shard_pages": 12, "published": 2, "verdicts": {{"accepted": 9}}, "defects": {{"blurred": 3}}, "x": None}})
listener.on_task_instance_success(task_instance=TaskInstance())
listener.on_task_instance_success(task_instance=RuntimeTaskInstance())
listener.on_task_instance_failed(task_instance=RuntimeTaskInstance(), error=KeyError("x"))
listener.before_stopping()
"""


@contextmanager
def collector() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A collector that keeps what it gets: port, and (name, attributes, value) of each number."""
    taken: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            request = ExportMetricsServiceRequest.FromString(body)
            for resource in request.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        points = [*metric.sum.data_points, *metric.gauge.data_points]
                        for point in points:
                            parts = {one.key: one.value.string_value for one in point.attributes}
                            value = point.as_int or point.as_double
                            is_delta = metric.sum.aggregation_temporality == 1
                            taken.append({"name": metric.name, **parts, "value": value, "is_delta": is_delta})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1], taken
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("is_on", [True, False])
def test_what_a_task_counted_arrives_by_airflows_own_exporter(clean_store: Store, tmp_path: Path, is_on: bool) -> None:
    """Once, as differences, by the process that ran the task alone; nothing where metrics are off."""
    clean_store.put(layout.LANDING, layout.inbox_key("H37.60", "H37.60-20230306-001"), b"{}")
    with collector() as (port, taken):
        declared = resolved(random_secrets() | {"OTEL_ON": str(is_on)})["services"]["scheduler"]["environment"]
        environment = {name: value for name, value in declared.items() if "OTEL" in name}
        environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "AIRFLOW_HOME": str(tmp_path)}
        environment |= {"SOHOA_HOME": str(clean_store.settings.home), "PATH": os.environ["PATH"]}
        environment |= {"SOHOA_PORT_S3": str(clean_store.settings.port_s3)}
        done = subprocess.run(
            [sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
    found = {(one["name"], one.get("verdict") or one.get("defect") or one.get("kind")): one for one in taken}
    if not is_on:
        assert found == {}
        return
    ours = {key: one["value"] for key, one in found.items() if key[0].startswith("sohoa.")}
    assert 0 < ours.pop(("sohoa.inbox_age_seconds", None)) < 300
    assert ours == {
        ("sohoa.pages", None): 12,
        ("sohoa.batches", None): 2,
        ("sohoa.verdicts", "accepted"): 9,
        ("sohoa.defects", "blurred"): 3,
        ("sohoa.measuring_seconds", None): 9.0,
        ("sohoa.failures", "KeyError"): 1,
        ("sohoa.inbox_batches", None): 1,
    }
    assert found["sohoa.pages", None]["is_delta"]
