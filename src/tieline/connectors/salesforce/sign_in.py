"""Signing in: an OAuth token by client credentials or JWT bearer, cached and renewed once for all threads."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tieline.connectors.salesforce.org_id import eighteen, is_id
from tieline.connectors.salesforce.settings import Options
from tieline.sdk import jsontext
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Throttled, Unauthorized, Unavailable
from tieline.sdk.http import Anonymous, Gate, HttpAnswer, VendorHttp
from tieline.sdk.secrets import know_secret

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path
JWT_LIFE = 180
"""Seconds; Salesforce wants an expiry within five minutes of its clock."""

HINTS = {
    "invalid_client_id": "the consumer key is not known there",
    "invalid_client": "the consumer key or secret is wrong",
    "invalid_grant": "the sign-in was refused",
    "inactive_user": "the integration user is inactive",
    "inactive_org": "the organisation is locked",
}
MORE_HINTS = {
    "hasn't approved this consumer": "the integration user is not pre-authorised for the app",
    "no client credentials user enabled": "the app has no run-as user for the client credentials flow",
    "audience is invalid": "the audience must be the login address of this kind of organisation",
}


@dataclass(frozen=True, slots=True)
class Token:
    """What the token endpoint gave; there is no expiry in it (fact sheet section 2)."""

    header: str
    organisation: str


class SignIn:
    """The authorizer of one connection. Refuses to sign anything for another organisation than the pinned one."""

    def __init__(self, settings: ConnectionSettings, options: Options, gate: Gate) -> None:
        self._connection = settings.name
        self._pinned = settings.account
        self._form = _form(settings, options)
        self._http = VendorHttp(
            connection=settings.name,
            base_url=options.login_url or settings.url,
            authorizer=Anonymous(),
            refusal=_refusal,
            gate=gate,
            timeout=30.0,
        )
        self._lock = threading.Lock()
        self._token: Token | None = None

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        """Headers that authorise a request. Raises Unauthorized when the credentials are of another organisation."""
        token = self._current()
        if token.organisation != self._pinned:
            raise Unauthorized(
                self._connection,
                f"the credentials belong to organisation {token.organisation}, "
                f"but the connection is pinned to {self._pinned}: nothing is sent",
            )
        return {"authorization": token.header}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """A new token, unless another thread got one while we waited for the lock."""
        with self._lock:
            if self._token is not None and self._token.header == refused.get("authorization"):
                self._token = None
            if self._token is None:
                self._token = self._fetch()
        return True

    def organisation(self) -> str:
        """The organisation behind the credentials, 18 characters."""
        return self._current().organisation

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def _current(self) -> Token:
        with self._lock:
            if self._token is None:
                self._token = self._fetch()
            return self._token

    def _fetch(self) -> Token:
        answer = self._http.request(
            "POST",
            TOKEN_PATH,
            write=False,
            content=urlencode(self._form()).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        return _token(answer)


def _form(settings: ConnectionSettings, options: Options) -> Callable[[], Mapping[str, str]]:
    if options.auth == "jwt":
        audience = options.audience or options.login_url or settings.url
        return lambda: {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": _assertion(settings, str(options.username), audience.rstrip("/")),
        }
    return lambda: {
        "grant_type": "client_credentials",
        "client_id": settings.secret("client_id"),
        "client_secret": settings.secret("client_secret"),
    }


def _assertion(settings: ConnectionSettings, username: str, audience: str) -> str:
    claims = {
        "iss": settings.secret("client_id"),
        "sub": username,
        "aud": audience,
        "exp": int(time.time()) + JWT_LIFE,
    }
    try:
        return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(settings.secret("private_key")))
    except (JoseError, ValueError, TypeError) as error:
        raise Unauthorized(settings.name, "the secret private_key is no RSA private key in PEM form") from error


def _token(answer: HttpAnswer) -> Token:
    body = answer.json()
    if isinstance(body, dict) and isinstance(body.get("access_token"), str) and isinstance(body.get("id"), str):
        organisation = body["id"].rstrip("/").split("/")[-2:][0]  # https://login.salesforce.com/id/<org>/<user>
        if is_id(organisation) and body["access_token"].isascii():
            return Token(f"Bearer {know_secret(body['access_token'])}", eighteen(organisation))
    raise Unavailable(answer.system, "answered the sign-in with something that is no token")


def _refusal(answer: HttpAnswer) -> Exception | None:
    """Token errors: 400 `{"error", "error_description"}`."""
    try:
        body: Any = jsontext.loads(answer.body)
    except jsontext.MalformedJson:
        return None
    if not isinstance(body, dict) or answer.status >= 500:
        return None
    code, text = str(body.get("error")), str(body.get("error_description") or "")[:200]
    if code == "rate_limit_exceeded":
        return Throttled(answer.system, "limits how often we may sign in")
    hint = next(
        (words for part, words in MORE_HINTS.items() if part in text), HINTS.get(code, "the sign-in was refused")
    )
    return Unauthorized(answer.system, f"{hint} (Salesforce: {code} {text})".rstrip())
