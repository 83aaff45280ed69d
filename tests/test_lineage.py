"""Assets as OpenLineage's datasets, as Airflow asks for them."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest


@pytest.mark.parametrize(
    ("uri", "named"),
    [("s3://warehouse/pages", ("s3://warehouse", "pages")), ("s3://feeds/", ("s3://feeds", "/"))],
)
def test_a_table_is_named_by_bucket_and_prefix(uri: str, named: tuple[str, str]) -> None:
    """By what the installed package says of itself to Airflow; a bucket alone is its root, addresses stay."""
    (provider,) = (
        one for one in entry_points(group="apache_airflow_provider") if one.dist and one.dist.name == "sohoa"
    )
    (addresses,) = provider.load()()["asset-uris"]
    assert addresses["schemes"] == ["s3"]
    keep, convert = (
        getattr(import_module(path.rpartition(".")[0]), path.rpartition(".")[2])
        for path in (addresses["handler"], addresses["to_openlineage_converter"])
    )
    dataset = convert(SimpleNamespace(uri=uri), None)
    assert (dataset.namespace, dataset.name) == named
    assert keep(urlsplit(uri)) == urlsplit(uri)
