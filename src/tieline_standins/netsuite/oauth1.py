"""Token-based authentication: checks OAuth 1.0a signatures with HMAC-SHA256 (fact sheet section 2a, RFC 5849)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class TokenCredentials:
    """An integration record and one access token of it."""

    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str


@dataclass(frozen=True, slots=True)
class Authorization:
    """An `Authorization: OAuth ...` header taken apart; the parameters are those that are signed."""

    realm: str
    signature: str
    parameters: dict[str, str]


def parse_authorization(header: str) -> Authorization:
    """The order of the parameters is free; `oauth_body_hash`, which some clients add, is signed like the others."""
    found = {name: unquote(value) for name, value in _PARAMETER.findall(header)}
    realm, signature = found.pop("realm", ""), found.pop("oauth_signature", "")
    return Authorization(realm, signature, found)


def signature(
    method: str,
    url: str,
    query_string: str,
    parameters: Iterable[tuple[str, str]],
    credentials: TokenCredentials,
) -> str:
    """`url` is scheme, host and path as requested, without the query."""
    pairs = [(_escape(name), _escape(value)) for name, value in parameters]
    pairs += [(_escape(name), _escape(value)) for name, value in parse_qsl(query_string, keep_blank_values=True)]
    normal = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    base = f"{method.upper()}&{_escape(_normal_url(url))}&{_escape(normal)}"
    key = f"{_escape(credentials.consumer_secret)}&{_escape(credentials.token_secret)}"
    digest = hmac.digest(key.encode(), base.encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def _normal_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower().removesuffix(_DEFAULT_PORTS.get(scheme.lower(), ':'))}{slash}{path}"


def _escape(text: str) -> str:
    return quote(text, safe="~")
