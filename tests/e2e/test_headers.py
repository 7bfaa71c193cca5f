"""What each answer of the web servers carries, and when they stop answering."""

import re

import pytest
import requests
from requests.adapters import HTTPAdapter

ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


def headers(stack, service: str, path: str) -> requests.structures.CaseInsensitiveDict:
    return requests.get(stack.url(service) + path, timeout=30).headers


@pytest.mark.parametrize(
    ("service", "path"),
    [("airflow", "/"), ("airflow", "/api/v2/version"), ("airflow", "/precrisis/data-docs"),
     ("airflow", "/auth/login"), ("superset", "/login/"), ("superset", "/api/v1/chart/")],
)  # fmt: skip
def test_every_answer_has_the_headers(stack, service, path):
    found = headers(stack, service, path)
    assert {name: found.get(name) for name in ALWAYS} == ALWAYS
    assert "frame-ancestors 'self'" in found["Content-Security-Policy"]
    assert found["X-Frame-Options"] == "SAMEORIGIN"
    assert "camera=()" in found["Permissions-Policy"]
    assert ("Strict-Transport-Security" in found) is stack.has_tls


def test_scripts_run_only_from_the_server_itself(stack):
    airflow = headers(stack, "airflow", "/")["Content-Security-Policy"]
    assert "script-src 'self';" in airflow
    superset = headers(stack, "superset", "/login/")["Content-Security-Policy"]
    scripts = next(part for part in superset.split(";") if "script-src" in part)
    assert "unsafe" not in scripts
    assert "'nonce-" in scripts


def test_our_own_pages_keep_their_tighter_policy(stack, airflow):
    airflow.call("GET", "/dags?limit=1")  # signs in
    answer = requests.get(
        f"{stack.url('airflow')}/precrisis/data-docs",
        headers={"Authorization": f"Bearer {airflow._token}"},
        timeout=30,
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_cookie_of_superset_is_out_of_reach_of_scripts_and_other_sites(stack):
    cookie = headers(stack, "superset", "/login/")["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert ("Secure" in cookie) is stack.has_tls


def test_another_origin_is_not_let_in(stack):
    for service, path in (("airflow", "/api/v2/version"), ("superset", "/api/v1/chart/")):
        answer = requests.get(
            stack.url(service) + path, headers={"Origin": "https://elsewhere.example"}, timeout=30
        )
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_no_page_of_airflow_lists_its_interface_or_configuration(stack, airflow):
    assert "swagger" not in requests.get(f"{stack.url('airflow')}/docs", timeout=30).text.lower()
    with pytest.raises(requests.HTTPError, match="403"):
        airflow.call("GET", "/config")


@pytest.mark.parametrize(("has_token", "status"), [(True, 200), (False, 401)])
def test_superset_takes_a_form_only_with_its_token(stack, passwords, has_token, status):
    base, session = stack.url("superset"), requests.Session()
    page = session.get(f"{base}/login/", timeout=30).text
    form = {"username": "admin", "password": passwords["superset:admin"]}
    token = re.search(r'<input[^>]*id="csrf_token"[^>]*value="([^"]+)"', page)[1]
    if has_token:
        form["csrf_token"] = token
    referer = {"Referer": f"{base}/login/"}  # as browsers do; under TLS it is wanted
    session.post(f"{base}/login/", data=form, headers=referer, timeout=30)
    assert session.get(f"{base}/api/v1/me/", timeout=30).status_code == status


class From(HTTPAdapter):
    """Calls from an address of their own, so that its limit is not that of the other tests."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments, **named) -> None:
        super().init_poolmanager(*arguments, **named, source_address=(self.address, 0))


@pytest.mark.parametrize(
    ("service", "path", "limit", "address"),
    [("airflow", "/auth/token", 10, "127.0.0.2"),
     ("superset", "/api/v1/security/login", 20, "127.0.0.3")],
)  # fmt: skip
def test_guessing_passwords_is_stopped_at_the_limit(stack, service, path, limit, address):
    session = requests.Session()
    session.mount(stack.url(service), From(address))
    body = {"username": "nobody", "password": "guess"}
    body |= {"provider": "db"} if service == "superset" else {}
    codes = [
        session.post(stack.url(service) + path, json=body, timeout=30).status_code
        for _ in range(limit + 1)
    ]
    assert codes == [401] * limit + [429]
