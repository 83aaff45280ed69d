"""The real servers that integration tests use, one SeaweedFS and at most one Airflow a session; own registry files."""

from __future__ import annotations

import atexit
import gc
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from sohoa import stack
from sohoa.progress import carry_forward
from sohoa.quality import rules
from sohoa.registry import bearers, calendar
from sohoa.registry.data_files import read_data
from sohoa.registry.site_files import write_site
from sohoa.settings import load_settings
from sohoa.stack import AirflowClient, seaweed
from sohoa.stack import airflow_server as airflow_stack
from sohoa.stack.processes import stop
from sohoa.store import Store, open_store
from sohoa.terminal.console import out
from tests.servers import empty_buckets, new_home, project_with_hung_task, quiet

_SUMMARY = "summary"
_REPORT = "tests/report/"
_OF_AIRFLOW = ("dags", "docker", "stack")  # as AIRFLOW_TESTS of the Makefile
_LONGEST = (
    "tests/jobs/test_kill.py",
    _REPORT,
    "tests/web/",
    "tests/jobs/",
    "tests/oracle/",
    "tests/quality/",
    "tests/slips/",
)


@pytest.hookimpl(tryfirst=True)  # before -m chooses among them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the servers that they take; those that take longest begin first, so that no process waits."""
    for item in items:
        taken = set(item.fixturenames)
        for fixture, marker in (("store", pytest.mark.store), ("airflow_server", pytest.mark.airflow)):
            if fixture in taken:
                item.add_marker(marker)
        place = Path(item.path).relative_to(Path(__file__).parent).parts[0]
        assert place in _OF_AIRFLOW or not item.get_closest_marker("airflow"), f"make test does not find {item.nodeid}"
    items.sort(key=lambda item: next((n for n, path in enumerate(_LONGEST) if item.nodeid.startswith(path)), 99))


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector walks through it no more, and seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_configure() -> None:
    """The end of the process takes it all away again: nanobind, by which DuckDB is bound, tells of each thing left.

    Not before: pytest looks five times for what was not closed, and would walk through all that was collected.
    """
    atexit.register(gc.unfreeze)


class _FilesOrReport(LoadScopeScheduling):
    """Gives a process whole files, and all of the report's files to one: they share a province."""

    def _split_scope(self, nodeid: str) -> str:
        return _REPORT if nodeid.startswith(_REPORT) else nodeid.split("::", 1)[0]


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share the tests among the processes."""
    return _FilesOrReport(config, log)


@pytest.fixture
def summary(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a line that is printed at the end of the test run."""
    return partial(record_property, _SUMMARY)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured."""
    for report in terminalreporter.getreports("passed"):
        for name, line in report.user_properties:
            if name == _SUMMARY:
                terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def _as_into_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed has no width of its own, whatever COLUMNS says and other tests have set."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(out, "_width", None)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The embedded store, running, with its buckets; ``open_store()`` opens it too."""
    with pytest.MonkeyPatch.context() as patch:
        new_home(patch, tmp_path_factory.mktemp("home"))
        patch.setenv("SOHOA_PROJECT", str(project_with_hung_task(tmp_path_factory.mktemp("project"))))
        stack.up(load_settings(), "store", quiet)
        yield open_store()
        stop([seaweed.server(load_settings())], 0)  # its data is thrown away: no need to wait for its 16 s of farewell


@pytest.fixture
def clean_store(store: Store) -> Store:
    """The embedded store with empty buckets."""
    empty_buckets(store)
    return store


@pytest.fixture
def empty(store: Store) -> Callable[[], None]:
    """Empties the buckets once more within one test."""
    return partial(empty_buckets, store)


@pytest.fixture(scope="session")
def airflow_server(store: Store) -> Iterator[AirflowClient]:
    """Airflow on the embedded store, its DAGs paused so that the clock starts none under another test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION", "True")
        stack.up(store.settings, "airflow", quiet)
        yield stack.airflow_client(store.settings)
        stop(airflow_stack.servers(store.settings), 0)


@pytest.fixture
def airflow(airflow_server: AirflowClient, clean_store: Store) -> Iterator[AirflowClient]:
    """A real Airflow on an empty store, its DAGs unpaused for the time of one test."""
    dags = sorted(airflow_server.dag_ids())
    for dag in dags:
        airflow_server.pause(dag, False)
    yield airflow_server
    deadline = time.monotonic() + 120
    while any(not {"queued", "running"}.isdisjoint(airflow_server.runs(dag).values()) for dag in dags):
        assert time.monotonic() < deadline, "a DAG run does not end"
        time.sleep(1)
    for dag in dags:
        airflow_server.pause(dag, True)


@pytest.fixture(scope="module")
def judged_by_numpy() -> Iterator[None]:
    """All limits are held by numpy: the same verdicts, as tests/quality/test_gate.py shows, in no time."""
    from sohoa.quality import gate  # only where it is needed: Great Expectations takes seconds to import

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "judge_pages", lambda rows, thresholds: rules.judge_pages(rows, thresholds.rules))
        yield


@pytest.fixture
def own_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str, str], None]]:
    """Use a text as one file of the registry, read anew."""

    def use(name: str, text: str) -> None:
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(f"SOHOA_{name.upper()}_FILE", str(path))
        _forget()

    yield use
    monkeypatch.undo()
    _forget()


@pytest.fixture
def own_site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder with all files of a site, as ``sohoa site new`` writes them; in use, and read at the first look-up."""
    site = tmp_path / "site"
    write_site(site, is_empty=False)
    monkeypatch.setenv("SOHOA_SITE", str(site))
    _forget()
    yield site
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    read_data.cache_clear()
    bearers.cache_clear()
    calendar.is_working_day.cache_clear()
    carry_forward.carry_forward.cache_clear()
    carry_forward.places.cache_clear()
    carry_forward.map_dates.cache_clear()
