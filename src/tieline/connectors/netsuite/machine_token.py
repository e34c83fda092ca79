"""OAuth 2.0 machine to machine: a signed assertion for an access token, renewed once for all threads."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from tieline.connectors.netsuite.settings import TOKEN_PATH, Options, audience_of
from tieline.sdk import jsontext
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Unauthorized, Unavailable
from tieline.sdk.http import Anonymous, Gate, HttpAnswer, VendorHttp
from tieline.sdk.secrets import know_secret

ASSERTION_LIFE = 300
"""Seconds; NetSuite allows up to 60 minutes."""
MARGIN = 60.0
"""A token is renewed this many seconds before it ends."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when to stop using it, on the monotonic clock."""

    header: str
    use_until: float


class MachineToken:
    """The authorizer of an OAuth 2.0 connection (fact sheet section 2b)."""

    def __init__(self, settings: ConnectionSettings, options: Options, gate: Gate) -> None:
        self._settings = settings
        self._options = options
        self._http = VendorHttp(
            connection=settings.name,
            base_url=settings.url,
            authorizer=Anonymous(),
            refusal=_refusal,
            gate=gate,
            timeout=30.0,
        )
        self._lock = threading.Lock()
        self._token: Token | None = None

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        """The Authorization header; fetches a token when there is none or it is about to end."""
        with self._lock:
            if self._token is None or time.monotonic() >= self._token.use_until:
                self._token = self._fetch()
            return {"authorization": self._token.header}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """A new token, unless another thread got one while we waited for the lock."""
        with self._lock:
            if self._token is None or self._token.header == refused.get("authorization"):
                self._token = self._fetch()
        return True

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def _fetch(self) -> Token:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": _assertion(self._settings, self._options),
        }
        answer = self._http.request(
            "POST",
            TOKEN_PATH,
            write=False,
            content=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        return _token(answer)


def _assertion(settings: ConnectionSettings, options: Options) -> str:
    now = int(time.time())
    claims = {
        "iss": options.client_id,
        "scope": ["rest_webservices"],
        "aud": audience_of(settings, options),
        "iat": now,
        "exp": now + ASSERTION_LIFE,
    }
    header = {"typ": "JWT", "alg": options.algorithm, "kid": options.certificate_id}
    try:
        key = _key(options.algorithm, settings.secret("private_key"))
        return jwt.encode(header, claims, key, algorithms=[options.algorithm])
    except (JoseError, ValueError, TypeError) as error:
        words = f"the secret private_key is no private key in PEM form that fits {options.algorithm}"
        raise Unauthorized(settings.name, words) from error


@lru_cache(maxsize=4)  # its check that the numbers are prime takes a tenth of a second
def _key(algorithm: str, pem: str) -> RSAKey | ECKey:
    return RSAKey.import_key(pem) if algorithm.startswith("PS") else ECKey.import_key(pem)


def _token(answer: HttpAnswer) -> Token:
    body = answer.json()
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise Unavailable(answer.system, "answered the sign-in with something that is no token")
    return Token(f"Bearer {know_secret(token)}", time.monotonic() + _life(body.get("expires_in")))


def _life(seconds: object) -> float:
    """`expires_in` is a string at NetSuite (fact sheet section 2b)."""
    whole = str(seconds)
    return max(float(whole) - MARGIN, 0.0) if whole.isascii() and whole.isdigit() and len(whole) < 8 else 600.0


def _refusal(answer: HttpAnswer) -> Exception | None:
    """RFC 6749 errors: `{"error": "invalid_grant"}`; which one stands for which fault is not published."""
    if answer.status >= 500 or answer.status == 429:
        return None
    try:
        body = jsontext.loads(answer.body)
    except jsontext.MalformedJson:
        body = None
    code = str(body.get("error"))[:100] if isinstance(body, dict) else f"status {answer.status}"
    hint = (
        "check client id, certificate id, private key and the certificate's expiry; a sandbox refresh drops the mapping"
    )
    return Unauthorized(answer.system, f"NetSuite refused to sign us in ({code}): {hint}")
