"""How the people of the simulated firm reach the vendors: one pooled client each, signed in as the vendor wants."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2

T = TypeVar("T")
Row = dict[str, Any]
PATIENCE = 60.0
"""Seconds a vendor may say that it is busy."""
SALESFORCE_KEY, SALESFORCE_SECRET = "3MVG9haldenmarsh.tieline", "halden-marsh-consumer-secret"
KANTATA_TOKEN = "kantata-admin-token"  # noqa: S105 - of a stand-in, documented
NETSUITE_REALM = "TSTDRV1234567_SB1"
_CONSUMER, _CONSUMER_SECRET = "standin-consumer-key", "standin-consumer-secret"
_TOKEN, _TOKEN_SECRET = "standin-token-id", "standin-token-secret"


class RefusedError(Exception):
    """A vendor refused what somebody of the simulated firm did there."""


class Client:
    """One vendor; `calls` counts the requests."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        self.calls = 0
        self._http = httpx2.Client(base_url=self.url, headers=dict(headers or {}), timeout=120.0, trust_env=False)

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """One request that must succeed, and its JSON. Raises RefusedError."""
        content = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + PATIENCE
        while True:
            self.calls += 1
            sent = {"content-type": "application/json", **self._signed(method, path), **(headers or {})}
            answer = self._send(method, path, content=content, headers=sent)
            if answer.is_success:
                return json.loads(answer.content, parse_float=Decimal) if answer.content else None
            if answer.status_code not in (429, 503) or time.monotonic() > deadline:
                raise RefusedError(f"{method} {self.url}{path}: {answer.status_code} {answer.text[:400]}")
            time.sleep(0.1)

    def control(self, path: str, body: Any) -> Any:
        """What is done in the vendor's own screens, or to the stand-in itself."""
        return self.call("POST", f"/__standin__/{path}", body)

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def _send(self, method: str, path: str, **what: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **what)
        except httpx2.TransportError as error:
            raise RefusedError(f"nobody answers at {self.url}: {error}") from error

    def _signed(self, method: str, path: str) -> Mapping[str, str]:
        return {}


class Salesforce(Client):
    """Signed in by client credentials."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        form = {"grant_type": "client_credentials", "client_id": SALESFORCE_KEY, "client_secret": SALESFORCE_SECRET}
        answer = self._send("POST", "/services/oauth2/token", data=form)
        if not answer.is_success:
            raise RefusedError(f"sales cannot sign in at {url}: {answer.text[:200]}")
        self._http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"


class Kantata(Client):
    """With the token of an account administrator."""

    def __init__(self, url: str) -> None:
        super().__init__(url, {"authorization": f"Bearer {KANTATA_TOKEN}"})

    def create(self, plural: str, rows: Sequence[Row], most: int = 100) -> list[int]:
        """New records, in bulk; their ids."""
        found: list[int] = []
        for some in chunks(rows, most):
            envelope = self.call("POST", f"/api/v1/{plural}", {plural: some})
            found += [int(result["id"]) for result in envelope["results"]]
        return found

    def list(self, plural: str, query: str) -> list[Row]:
        """All records a query finds, page by page."""
        rows: list[Row] = []
        page = 1
        while True:
            envelope = self.call("GET", f"/api/v1/{plural}?per_page=200&page={page}&{query}")
            rows += [envelope[result["key"]][result["id"]] for result in envelope["results"]]
            if len(rows) >= envelope["count"] or not envelope["results"]:
                return rows
            page += 1


class NetSuite(Client):
    """Every request signed with a token (OAuth 1.0a, HMAC-SHA256)."""

    def rows(self, query: str) -> list[Row]:
        """A SuiteQL query, up to a thousand rows a page."""
        found: list[Row] = []
        while True:
            path = f"/services/rest/query/v1/suiteql?limit=1000&offset={len(found)}"
            answer = self.call("POST", path, {"q": query}, {"prefer": "transient"})
            found += answer["items"]
            if not answer["hasMore"]:
                return found

    def _signed(self, method: str, path: str) -> Mapping[str, str]:
        address, _, query = path.partition("?")
        oauth = {
            "oauth_consumer_key": _CONSUMER,
            "oauth_token": _TOKEN,
            "oauth_nonce": secrets.token_hex(8),
            "oauth_timestamp": str(int(time.time())),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_version": "1.0",
        }
        pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair] + list(oauth.items())
        normal = "&".join(sorted(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs))
        base = "&".join(map(_escaped, (method, f"{self.url}{address}", normal)))
        key = f"{_escaped(_CONSUMER_SECRET)}&{_escaped(_TOKEN_SECRET)}"
        oauth["oauth_signature"] = base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha256)).decode()
        words = {"realm": NETSUITE_REALM, **oauth}
        return {"authorization": "OAuth " + ", ".join(f'{name}="{_escaped(text)}"' for name, text in words.items())}


def chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of so many."""
    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield some


def _escaped(text: str) -> str:
    return quote(text, safe="~")
