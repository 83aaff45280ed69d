"""What the matrix of all routes calls open."""

from __future__ import annotations

import pytest

from benchmarks.routes import FORGED, NOBODY, Asked


@pytest.mark.parametrize(
    ("who", "method", "path", "status", "is_wrong"),
    [
        (NOBODY, "GET", "/api/v2/version", 200, False),
        (NOBODY, "GET", "/api/v2/dags", 200, True),
        (FORGED, "GET", "/sohoa/progress", 500, True),
        (FORGED, "GET", "/sohoa/progress", 303, False),
        ("viewer", "GET", "/api/v2/dags", 200, False),
        ("viewer", "PATCH", "/api/v2/dags/{dag_id}", 200, True),
        ("viewer", "GET", "/api/v2/connections", 200, True),
        ("user", "POST", "/api/v2/dags/{dag_id}/dagRuns", 200, False),
        ("user", "GET", "/api/v2/variables", 200, True),
        ("user", "DELETE", "/api/v2/connections/{connection_id}", 403, False),
        ("op", "GET", "/api/v2/connections", 200, False),
        ("op", "GET", "/auth/fab/v1/users", 200, True),
        ("op", "POST", "/auth/roles/add", 500, True),
        ("op", "GET", "/auth/users/userinfo/", 200, False),
        (NOBODY, "HEAD", "/auth/users/action/0/0", 500, False),
        (NOBODY, "HEAD", "/auth/users/action/0/0", 200, True),
        ("admin", "GET", "/auth/fab/v1/users", 200, False),
    ],
)
def test_what_must_not_pass(who: str, method: str, path: str, status: int, is_wrong: bool) -> None:
    """For whom, by the role: data, changes, secrets of other systems, and accounts."""
    assert Asked(who, "", method, path, status).is_wrong == is_wrong
