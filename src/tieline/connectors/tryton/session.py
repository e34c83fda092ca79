"""Signing in to Tryton: a session by login and password, renewed once for all threads when it has expired."""

import base64
import threading
from collections.abc import Mapping
from typing import Any

from tieline.connectors.tryton import faults
from tieline.connectors.tryton.settings import Options
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Unauthorized, Unavailable
from tieline.sdk.http import Anonymous, Gate, HttpAnswer, VendorHttp
from tieline.sdk.secrets import know_secret

GZIP = {"accept-encoding": "gzip"}
"""Without it an answer beyond 1400 bytes says it is gzip and is not (seen on 8.2.1)."""
LANGUAGE = "en"
"""Tryton's messages come in the user's language; ours are English."""


class Session:
    """The authorizer of one connection."""

    def __init__(self, settings: ConnectionSettings, options: Options, gate: Gate) -> None:
        self._connection = settings.name
        self._settings = settings
        self._options = options
        self._http = VendorHttp(
            connection=settings.name,
            base_url=settings.url,
            authorizer=Anonymous(),
            refusal=_refusal,
            gate=gate,
            headers=GZIP,
            timeout=30.0,
        )
        self._lock = threading.Lock()
        self._header: str | None = None

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        """What authorises a request."""
        return {"authorization": self.header()}

    def header(self) -> str:
        """The session's header; the first call signs in."""
        with self._lock:
            if self._header is None:
                self._header = self._sign_in()
            return self._header

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Sign in again, unless another thread did since."""
        with self._lock:
            if self._header == refused.get("authorization"):
                self._header = self._sign_in()
        return True

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def _sign_in(self) -> str:
        user = self._options.user
        params = [user, {"password": self._settings.secret("password")}, LANGUAGE]
        body = {"id": 0, "method": "common.db.login", "params": params}
        path = f"/{self._options.database}/rpc/"
        answer = self._http.request("POST", path, write=False, json=body).json()
        match answer:
            case {"result": [int() as number, str() as token, *_]}:
                know_secret(token)
                return "Session " + know_secret(base64.b64encode(f"{user}:{number}:{token}".encode()).decode())
            case {"error": error}:
                raise faults.fault(self._connection, error, write=False)
        raise Unavailable(self._connection, "answered the sign-in in a form we do not know")


def _refusal(answer: HttpAnswer) -> Exception | None:
    if answer.status == 401:
        return Unauthorized(answer.system, "refused user or password; Tryton slows down after each wrong one")
    return faults.refusal(answer)


def server_version(http: VendorHttp) -> str:
    """The series of the server, such as 8.2."""
    body: dict[str, Any] = {"id": 0, "method": "common.server.version", "params": []}
    answer = http.request("POST", "/rpc/", write=False, json=body).json()
    return str(answer.get("result")) if isinstance(answer, dict) else "?"
