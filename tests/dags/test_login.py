"""Who comes to the pages without a login, on a real Airflow."""

from __future__ import annotations

import urllib3

from sohoa.stack import AirflowClient

LOGIN = "/auth/login?next=%2Fsohoa%2Fquality%3Fend%3D2025-01-01"
STRANGE = "_token=eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJ4In0.AAAA"


def ask(airflow: AirflowClient, **headers: str) -> urllib3.BaseHTTPResponse:
    address = f"{airflow.url}/sohoa/quality?end=2025-01-01"
    return urllib3.request("GET", address, headers=headers, redirect=False)


def test_a_browser_is_led_to_the_login_and_others_are_told_of_it(airflow_server: AirflowClient) -> None:
    """Also who brings the cookie of another Airflow of this machine, which Airflow refuses and takes away."""
    browser = ask(airflow_server, accept="text/html")
    assert (browser.status, browser.headers["location"]) == (303, LOGIN)
    for status, headers in {
        401: {"accept": "application/json"}, 403: {"accept": "text/html", "cookie": STRANGE}
    }.items():  # fmt: skip
        answer = ask(airflow_server, **headers)
        assert answer.status == status and f'href="{LOGIN}"' in answer.data.decode()
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_the_login_page_is_there(airflow_server: AirflowClient) -> None:
    assert urllib3.request("GET", airflow_server.url + LOGIN, redirect=False).status == 200
