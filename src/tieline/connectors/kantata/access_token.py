"""The access token of the integration user; it does not expire, so a refused one was revoked or replaced."""

import threading
from collections.abc import Callable, Mapping

from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Unauthorized


class AccessToken:
    """Signs requests; a refused token is replaced by the one the site's secret holds now, if that is another.

    Signs no write before the token is known to be of the pinned account; `account` asks Kantata for the token's.
    """

    def __init__(self, settings: ConnectionSettings, account: Callable[[], str]) -> None:
        self._settings = settings
        self._account = account
        self._lock, self._asking = threading.Lock(), threading.Lock()
        self._headers = self._read()
        self._ours: Mapping[str, str] | None = None
        """The headers that were found to be of the pinned account."""

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        """The authorisation of a request. Raises Unauthorized for a write to another account than the pinned one."""
        return self._headers if method == "GET" else self._of_pinned_account()

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether there is another token than the refused one."""
        with self._lock:
            if refused == self._headers:
                self._headers = self._read()
            return refused != self._headers

    def _of_pinned_account(self) -> Mapping[str, str]:
        with self._asking:
            while (signed := self._headers) is not self._ours:
                found, pinned = self._account(), self._settings.account
                if found != pinned:
                    message = f"the token belongs to account {found}, but the connection is pinned to {pinned}"
                    raise Unauthorized(self._settings.name, f"{message}: nothing is sent")
                if signed is self._headers:  # else it was renewed while we asked
                    self._ours = signed
            return signed

    def _read(self) -> Mapping[str, str]:
        token = self._settings.secret("token").strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError(f"connection {self._settings.name}: the secret 'token' is no access token")
        return {"authorization": f"Bearer {token}"}
