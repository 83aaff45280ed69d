"""Data Docs, the pages on which Great Expectations shows its results: one checkpoint over all suites of a run."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.checkpoint import UpdateDataDocsAction
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

_SITE = "week"


def build_site(
    folder: Path, suites: Sequence[tuple[gx.ExpectationSuite, pd.DataFrame]], name: str, when: datetime
) -> dict[str, tuple[int, int]]:
    """Run the suites as one checkpoint and write its pages.

    Args:
        folder: where the pages go: ``validations/<suite>/…`` and ``expectations/<suite>.html``.
        suites: each suite with the rows it is for. A text of the rows stands in the pages as it is, so it is escaped.
        name: name of the run.
        when: time of the run as the pages show it.

    Returns:
        Suite -> (how many expectations it has, how many of them failed).
    """
    with TemporaryDirectory() as rows:
        context = _context(folder)
        source = context.data_sources.add_pandas_filesystem("rows", base_directory=Path(rows))
        definitions = [_define(context, source, Path(rows), suite, frame) for suite, frame in suites]
        checkpoint = context.checkpoints.add(
            gx.Checkpoint(
                name=name,
                validation_definitions=definitions,
                actions=[UpdateDataDocsAction(name="pages", site_names=[_SITE])],
                result_format={"result_format": "SUMMARY"},  # counts and a few values, never a list of all rows
            )
        )
        results = checkpoint.run(run_id=RunIdentifier(run_name=name, run_time=when)).run_results.values()
    return {
        result.suite_name: (len(result.results), sum(not check.success for check in result.results))
        for result in results
    }


def _context(folder: Path) -> Any:
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    stores.data_docs_sites = {
        _SITE: {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
        }
    }
    config = DataContextConfig(store_backend_defaults=stores, progress_bars={"globally": False})
    return gx.get_context(mode="ephemeral", project_config=config)


def _define(context: Any, source: Any, folder: Path, suite: gx.ExpectationSuite, frame: pd.DataFrame) -> Any:
    file = f"{suite.name}.parquet"
    _escape(frame).to_parquet(folder / file)
    batch = source.add_parquet_asset(suite.name).add_batch_definition_path("all", path=file)
    return context.validation_definitions.add(
        gx.ValidationDefinition(name=suite.name, data=batch, suite=context.suites.add(suite))
    )


def _escape(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with every text harmless in a page; no suite compares a text that this changes."""
    texts = {
        name: frame[name].map(lambda value: html.escape(value) if isinstance(value, str) else value)
        for name in frame.select_dtypes(["object", "string"]).columns
    }
    return frame.assign(**texts)
