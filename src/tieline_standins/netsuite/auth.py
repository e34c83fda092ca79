"""Who may call: token-based authentication or a bearer token, and what the role behind it is allowed."""

from tieline_standins.core.clock import Clock
from tieline_standins.core.http import Json, Request, Response
from tieline_standins.core.vendor import ControlError
from tieline_standins.netsuite.errors import bad_login, not_permitted
from tieline_standins.netsuite.oauth1 import TokenCredentials, parse_authorization, signature
from tieline_standins.netsuite.oauth2 import TokenService, read_certificate
from tieline_standins.netsuite.settings import Settings

# Of the seeded integration; `customize {"credentials": {...}}` adds others.
DEFAULT_CREDENTIALS = TokenCredentials(
    consumer_key="standin-consumer-key",
    consumer_secret="standin-consumer-secret",  # noqa: S106  documented, of a local stand-in
    token_id="standin-token-id",  # noqa: S106
    token_secret="standin-token-secret",  # noqa: S106
)
_MAX_NONCES = 100_000
_LEVELS = ("none", "view", "full")


class Gate:
    """Lets a request in or raises RefusalError: 401 for a bad login, 403 for a missing permission."""

    def __init__(self, clock: Clock, settings: Settings, seed: int) -> None:
        self._clock = clock
        self._settings = settings
        self.tokens = TokenService(seed)
        self.permissions: dict[str, str] = {}
        self._credentials: dict[tuple[str, str], TokenCredentials] = {}
        self._nonces: dict[tuple[str, str, str], None] = {}
        self._revoked: set[str] = set()
        self._add(DEFAULT_CREDENTIALS)

    def check(self, request: Request) -> None:
        header = request.headers.get("authorization", "")
        if self._settings.refuse_cookies and "cookie" in request.headers:
            raise bad_login()
        if header.startswith("Bearer "):
            if not self.tokens.accepts(header[7:], self._clock.now()):
                raise bad_login()
        elif not header.startswith("OAuth ") or not self._signed(request, header):
            raise bad_login()

    def _signed(self, request: Request, header: str) -> bool:
        given = parse_authorization(header)
        named = given.parameters
        credentials = self._credentials.get((named.get("oauth_consumer_key", ""), named.get("oauth_token", "")))
        if credentials is None or given.realm != self._settings.account or credentials.token_id in self._revoked:
            return False
        if named.get("oauth_signature_method") != "HMAC-SHA256" or not self._timely(named):
            return False
        url = request.base_url + request.raw_path
        wanted = signature(request.method, url, request.query_string, named.items(), credentials)
        return wanted == given.signature and self._fresh(named)

    def _timely(self, named: dict[str, str]) -> bool:
        at, window = named.get("oauth_timestamp", ""), self._settings.timestamp_window_seconds
        if not at.isascii() or not at.isdigit() or not named.get("oauth_nonce"):
            return False
        return window is None or abs(self._clock.now().timestamp() - int(at)) <= window

    def _fresh(self, named: dict[str, str]) -> bool:
        if not self._settings.reject_replayed_nonce:
            return True
        key = (named["oauth_token"], named["oauth_timestamp"], named["oauth_nonce"])
        if key in self._nonces:
            return False
        self._nonces[key] = None
        if len(self._nonces) > _MAX_NONCES:
            del self._nonces[next(iter(self._nonces))]
        return True

    def allow(self, record: str, level: str) -> None:
        """Raise RefusalError unless the role may `view` or fully (`full`) use this record."""
        if self.permissions and _LEVELS.index(self.permissions.get(record, "full")) < _LEVELS.index(level):
            raise not_permitted(record)

    def issue_token(self, request: Request) -> Response:
        host = self._settings.account.lower().replace("_", "-") + ".suitetalk.api.netsuite.com"
        return self.tokens.issue(request, host, self._clock.now(), self._settings.token_seconds)

    def expire(self, request: Request) -> None:
        """The token this request carries is no longer accepted."""
        header = request.headers.get("authorization", "")
        if header.startswith("Bearer "):
            self.tokens.revoke(header[7:])
        elif header.startswith("OAuth "):
            self._revoked.add(parse_authorization(header).parameters.get("oauth_token", ""))

    def add_credentials(self, data: Json) -> None:
        """`{"consumer_key", "consumer_secret", "token_id", "token_secret"}`. Raises ControlError."""
        names = TokenCredentials.__slots__
        if not isinstance(data, dict) or set(data) != set(names) or not all(isinstance(data[n], str) for n in names):
            raise ControlError(f"credentials have {', '.join(names)}")
        self._add(TokenCredentials(**data))

    def _add(self, credentials: TokenCredentials) -> None:
        self._credentials[credentials.consumer_key, credentials.token_id] = credentials
        self._revoked.discard(credentials.token_id)

    def add_certificate(self, data: Json) -> None:
        """A row of the M2M mapping page. Raises ControlError."""
        certificate = read_certificate(data)
        self.tokens.certificates[certificate.id] = certificate

    def set_permissions(self, data: Json) -> None:
        """`{"invoice": "none|view|full"}`; what is not named is full. Raises ControlError."""
        if not isinstance(data, dict) or not all(level in _LEVELS for level in data.values()):
            raise ControlError(f"permissions map a record (or suiteql) to {', '.join(_LEVELS)}")
        self.permissions.update(data)
