"""The access token of the integration user; it does not expire, so a refused one was revoked or replaced."""

import threading
from collections.abc import Mapping

import httpx2

from tieline.sdk.connector import ConnectionSettings


class AccessToken:
    """Signs requests; a refused token is replaced by the one the site's secret holds now, if that is another."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._headers = self._read()

    def headers(self, method: str, url: httpx2.URL) -> Mapping[str, str]:
        """The authorisation of every request."""
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether there is another token than the refused one."""
        with self._lock:
            if refused == self._headers:
                self._headers = self._read()
            return refused != self._headers

    def _read(self) -> Mapping[str, str]:
        token = self._settings.secret("token").strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError(f"connection {self._settings.name}: the secret 'token' is no access token")
        return {"authorization": f"Bearer {token}"}
