"""Thin layer that keeps superset-client 1.0 usable against Superset 6.1.

superset-client signs in, keeps the CSRF token and refreshes the access token; what Superset has
changed since (asset import) or what the client never had (roles, users) is added here.
"""

import json
import os
from typing import Any
from urllib.parse import urlsplit

from supersetapiclient.assets import Assets
from supersetapiclient.client import SupersetClient

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PAGE = 100


class SupersetError(RuntimeError):
    """Superset refused a call; the message names the call and its answer."""


class BundleAssets(Assets):
    """Import from memory: the client's own import opens a bare file name in the working folder."""

    def import_bundle(self, bundle: bytes, passwords: dict[str, str]) -> None:
        """Import a zip of YAML assets, overwriting by uuid.

        Args:
            bundle: the zip.
            passwords: database name to password, kept out of the zip.
        """
        named = {f"databases/{name}.yaml": value for name, value in passwords.items()}
        answer = self.client.post(
            self.import_url,
            files={"bundle": ("precrisis.zip", bundle, "application/zip")},
            data={"passwords": json.dumps(named)},
        )
        _check(answer, "import of the bundle")


class Superset(SupersetClient):
    """A signed-in Superset."""

    assets_cls = BundleAssets

    def read(self, path: str, **query: Any) -> dict:
        """GET /api/v1/<path>; `query` goes as the q parameter."""
        parameters = {"q": json.dumps(query)} if query else None
        return _check(self.get(self._address(path), params=parameters), f"GET {path}")

    def write(self, path: str, body: dict) -> dict:
        """POST /api/v1/<path>."""
        return _check(self.post(self._address(path), json=body), f"POST {path}")

    def change(self, path: str, body: dict) -> dict:
        """PUT /api/v1/<path>."""
        return _check(self.put(self._address(path), json=body), f"PUT {path}")

    def all_of(self, resource: str) -> list[dict]:
        """Every item of a resource (chart, dataset, security/roles), page by page."""
        found: list[dict] = []
        while True:
            page = self.read(f"{resource}/", page=len(found) // _PAGE, page_size=_PAGE)["result"]
            found += page
            if len(page) < _PAGE:
                return found

    def _address(self, path: str) -> str:
        return f"{self.base_url}/{path}"


def sign_in(url: str, password: str, user: str = "admin") -> Superset:
    """Sign in to Superset.

    Raises:
        ValueError: the address is neither https nor on this machine; the password would travel
            in clear.
    """
    address = urlsplit(url)
    if address.scheme != "https" and address.hostname not in _LOOPBACK:
        raise ValueError(f"{url} is not https: put Superset behind TLS or use it on loopback.")
    if address.scheme != "https":
        os.environ.setdefault("OAUTHLIB_INSECURE_TRANSPORT", "1")
    return Superset(host=url.rstrip("/"), username=user, password=password)


def _check(answer: Any, call: str) -> dict:
    if answer.status_code >= 400:
        raise SupersetError(f"{call}: {answer.status_code} {answer.text[:600]}")
    return answer.json()
