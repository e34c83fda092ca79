"""Token-based authentication: OAuth 1.0a with HMAC-SHA256 over method, address and parameters (RFC 5849)."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def signature(method: str, url: str, parameters: Mapping[str, str], consumer_secret: str, token_secret: str) -> str:
    """The signature of a request; `parameters` are all oauth_* ones but the signature, without the realm.

    The address names no port that is its scheme's own.
    """
    address = urlsplit(url)
    query = parse_qsl(address.query, keep_blank_values=True)
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in [*query, *parameters.items()])
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(
        map(_encoded, (method.upper(), f"{address.scheme}://{address.netloc.lower()}{address.path}", normalized))
    )
    key = f"{_encoded(consumer_secret)}&{_encoded(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


class TokenSigner:
    """The authorizer of a TBA connection: each request is signed anew; nothing can be renewed."""

    def __init__(self, *, realm: str, consumer_key: str, consumer_secret: str, token: str, token_secret: str) -> None:
        self._realm = realm
        self._consumer_key = consumer_key
        self._consumer_secret = consumer_secret
        self._token = token
        self._token_secret = token_secret

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        """The Authorization header. The realm keeps the upper case and underscore of the account id."""
        parameters = {
            "oauth_consumer_key": self._consumer_key,
            "oauth_token": self._token,
            "oauth_nonce": secrets.token_hex(16),
            "oauth_timestamp": str(int(time.time())),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_version": "1.0",
        }
        signed = signature(method, url, parameters, self._consumer_secret, self._token_secret)
        words = {"realm": self._realm, **parameters, "oauth_signature": signed}
        return {"authorization": "OAuth " + ", ".join(f'{name}="{_encoded(value)}"' for name, value in words.items())}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """A signature is never stale; a refusal is final."""
        return False
