"""What Airflow asks about addresses of the store: the table of an asset, as OpenLineage names it.

The wheel's entry point ``apache_airflow_provider`` names ``provider``; Airflow calls what stands there by its address.
Airflow's own provider for S3 knows the same, and needs fifteen packages more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from openlineage.client.event_v2 import Dataset


def provider() -> dict[str, Any]:
    """Describe this package as Airflow wants a provider to be described."""
    return {
        "package-name": "sohoa",
        "name": "sohoa",
        "description": "Tables of sohoa as datasets of OpenLineage",
        "asset-uris": [
            {
                "schemes": ["s3"],
                "handler": f"{__name__}.keep_address",
                "to_openlineage_converter": f"{__name__}.dataset_of",
            }
        ],
    }


def keep_address(address: SplitResult) -> SplitResult:
    """Return an asset's address as it is: ``dags/`` alone makes them."""
    return address


def dataset_of(asset: Any, _: object) -> Dataset:
    """Return an asset as a dataset: the bucket is its namespace, the prefix its name."""
    from openlineage.client.event_v2 import Dataset  # there where Airflow is

    address = urlsplit(asset.uri)
    return Dataset(namespace=f"s3://{address.netloc}", name=address.path.strip("/") or "/")
