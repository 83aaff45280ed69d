"""One day through a real Airflow with traces and lineage on: what a site's servers for them would get.

``python -m benchmarks.traced_run`` starts the embedded store and Airflow in a home of their own with the two settings
of docs/deployment.md: spans go by OTLP to a collector of this command's own, OpenLineage's events into a file. A small
province arrives, and import, check, summaries and reconciliation run. It prints the spans of each DAG and the lines of
the lineage from table to table, and ends with 1 where a DAG has no span or a line of ``EDGES`` is not told.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.kill_campaign import PROVINCE, upload
from benchmarks.own_stack import own_stack
from sohoa import layout, stack
from sohoa.demo.watch_runs import Watch
from sohoa.simulate import simulate

DAGS = ("import_feeds", "check_scan_batches", "summarise_progress", "reconcile_portal")
EDGES = {
    ("landing/inbox", "warehouse/pages"),
    ("warehouse/pages", "warehouse/quality_daily"),
    ("warehouse/_pending/register", "warehouse/progress_daily"),
    ("warehouse/progress_daily", "warehouse/reconciliation_daily"),
}
_CLOSE_S = 40.0
"""Spans of a run that has ended are sent within this time."""

Spans = Counter[tuple[str, str]]
"""(DAG, name of the span) -> how many."""


def main() -> None:
    """Print both tables; exit 1 where something is missing."""
    with TemporaryDirectory() as name, collector() as (address, spans):
        lineage, province = Path(name) / "lineage.jsonl", Path(name) / "province"
        transport = {"type": "file", "log_file_path": str(lineage), "append": True}
        os.environ |= {
            "AIRFLOW__TRACES__OTEL_ON": "True",
            "OTEL_TRACES_EXPORTER": "otlp_proto_http",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": address,
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
            "AIRFLOW__OPENLINEAGE__NAMESPACE": "sohoa",
        }
        with own_stack({}, {"SPACE_WARN_PERCENT": 100, "SPACE_STOP_PERCENT": 100}) as store:
            simulate(province, **PROVINCE | {"agencies": 2, "pages_per_day": 3}, seed=1)
            for root in (layout.LANDING, layout.FEEDS):
                upload(store, province / root, "**/*", root)
            watch = Watch(store.settings, stack.airflow_client(store.settings), store, lambda _: None)
            watch.run("import_feeds")
            watch.run("check_scan_batches")
            watch.wait_until_empty("summarise_progress", layout.PENDING)
            watch.run("reconcile_portal")
            threading.Event().wait(_CLOSE_S)
        events = [json.loads(line) for line in lineage.read_text(encoding="utf-8").splitlines()]
    edges = Counter(edge for event in events for edge in _edges(event))
    for (dag, span), count in sorted(spans.items()):
        print(f"span: {dag}: {span}: {count}")
    print(f"{len(events)} events of OpenLineage, {len({event['job']['name'] for event in events})} jobs")
    for (one, other), count in sorted(edges.items()):
        print(f"lineage: {one} -> {other}: {count} events")
    missing = [f"no span of {dag}" for dag in DAGS if dag not in {dag for dag, _ in spans}]
    missing += [f"no line from {one} to {other}" for one, other in sorted(EDGES - edges.keys())]
    for line in missing:
        print(f"MISSING: {line}")
    sys.exit(bool(missing))


def _edges(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """From each table that a task read to each that it wrote."""
    inputs, outputs = ([_name(one) for one in event.get(side) or ()] for side in ("inputs", "outputs"))
    yield from ((one, other) for one in inputs for other in outputs)


def _name(dataset: dict[str, str]) -> str:
    return f"{dataset['namespace'].removeprefix('s3://')}/{dataset['name']}"


@contextmanager
def collector() -> Iterator[tuple[str, Spans]]:
    """A collector that counts the spans it gets: its address, and they."""
    spans: Spans = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            request = ExportTraceServiceRequest.FromString(gzip.decompress(body) if packed else body)
            spans.update(_spans(request))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", spans
    finally:
        server.shutdown()
        server.server_close()


def _spans(request: ExportTraceServiceRequest) -> Iterator[tuple[str, str]]:
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                told = {one.key: one.value.string_value for one in span.attributes}
                yield told.get("airflow.dag_id", "(none)"), span.name


if __name__ == "__main__":
    main()
