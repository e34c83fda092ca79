"""OAuth 2.0 client credentials with a certificate: checks assertions, issues and checks tokens (fact sheet 2b)."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tieline_standins.core import exact_json
from tieline_standins.core.http import BadJsonError, Json, Request, Response
from tieline_standins.core.vendor import ControlError

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105  a path
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_LONGEST = timedelta(days=731)  # certificates are valid for two years at most
_NO_STORE = [("cache-control", "no-store"), ("pragma", "no-cache")]
_MAX_ASSERTION_SECONDS = 3600
_SKEW_SECONDS = 60

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True)
class Certificate:
    """A row of the M2M mapping page: certificate id (the `kid`), the integration's client id, the key."""

    id: str
    client_id: str
    key: PublicKey


def read_certificate(data: Json) -> Certificate:
    """Check `{"id", "client_id", "pem"}` as an administrator would upload it. Raises ControlError."""
    if not isinstance(data, dict) or not all(isinstance(data.get(name), str) for name in ("id", "client_id", "pem")):
        raise ControlError("a certificate has id, client_id and pem")
    try:
        certificate = x509.load_pem_x509_certificate(data["pem"].encode())
    except ValueError as error:
        raise ControlError("pem is not an X.509 certificate") from error
    if certificate.not_valid_after_utc - certificate.not_valid_before_utc > _LONGEST:
        raise ControlError("a certificate is valid for two years at most")
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise ControlError("a certificate has an RSA or an EC key")
    return Certificate(data["id"], data["client_id"], key)


class TokenError(Exception):
    """A token request that is refused; the code is one of RFC 6749 (which code for which fault is THIN)."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code

    def response(self) -> Response:
        return Response(self.status, {"error": self.code}, _NO_STORE)


class TokenService:
    """Issues bearer tokens. A token carries its own end and a signature, so nothing has to be remembered."""

    def __init__(self, seed: int) -> None:
        self._secret = hashlib.sha256(f"netsuite stand-in {seed}".encode()).digest()
        self.certificates: dict[str, Certificate] = {}
        self._revoked: set[str] = set()

    def issue(self, request: Request, account_host: str, now: datetime, seconds: int) -> Response:
        """Answer a token request."""
        try:
            certificate = self._check_request(request, account_host)
        except TokenError as error:
            return error.response()
        body = {
            "access_token": self._make(certificate, now, seconds),
            "expires_in": str(seconds),  # sic, a string
            "token_type": "bearer",
        }
        return Response(200, body, _NO_STORE)

    def _check_request(self, request: Request, account_host: str) -> Certificate:
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise TokenError(400, "invalid_request")
        try:
            form = dict(request.form())
        except BadJsonError as error:
            raise TokenError(400, "invalid_request") from error
        if form.get("grant_type") != "client_credentials":
            raise TokenError(400, "unsupported_grant_type" if "grant_type" in form else "invalid_request")
        if form.get("client_assertion_type") != _ASSERTION or not form.get("client_assertion"):
            raise TokenError(400, "invalid_request")
        hosts = {account_host, urlsplit(request.base_url).netloc}
        return self._check_assertion(form["client_assertion"], hosts)

    def _check_assertion(self, assertion: str, hosts: set[str]) -> Certificate:
        head, claims, signed, mark = _take_apart(assertion)
        certificate = self.certificates.get(str(head.get("kid")))
        if certificate is None or certificate.client_id != claims.get("iss"):
            raise TokenError(401, "invalid_client")
        if not _signed_by(certificate.key, str(head.get("alg")), signed, mark):
            raise TokenError(401, "invalid_client")
        audience = urlsplit(str(claims.get("aud")))
        if audience.netloc not in hosts or audience.path != TOKEN_PATH:
            raise TokenError(400, "invalid_grant")
        scope = claims.get("scope")
        scopes = scope if isinstance(scope, list) else str(scope).replace(",", " ").split()
        if "rest_webservices" not in scopes:
            raise TokenError(400, "invalid_scope")
        # The caller's clock is the real one, wherever a test has moved the stand-in's.
        now = datetime.now(UTC).timestamp()
        issued, ends = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(ends, int) or issued > now + _SKEW_SECONDS or ends <= now:
            raise TokenError(400, "invalid_grant")
        if ends - issued > _MAX_ASSERTION_SECONDS:
            raise TokenError(400, "invalid_grant")
        return certificate

    def _make(self, certificate: Certificate, now: datetime, seconds: int) -> str:
        start = int(now.timestamp())
        claims = {"sub": certificate.id, "aud": certificate.client_id, "iat": start, "exp": start + seconds}
        unsigned = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims | {'jti': secrets.token_hex(8)})}"
        return f"{unsigned}.{self._mark(unsigned)}"

    def _mark(self, unsigned: str) -> str:
        return _base64(hmac.digest(self._secret, unsigned.encode(), hashlib.sha256))

    def accepts(self, token: str, now: datetime) -> bool:
        """Issued here, not ended, not revoked."""
        unsigned, _, mark = token.rpartition(".")
        if token in self._revoked or not hmac.compare_digest(mark.encode(), self._mark(unsigned).encode()):
            return False
        claims = exact_json.loads(_decode(unsigned.partition(".")[2]))
        return bool(claims["iat"] <= now.timestamp() < claims["exp"])

    def revoke(self, token: str) -> None:
        self._revoked.add(token)


def _take_apart(assertion: str) -> tuple[dict[str, Json], dict[str, Json], bytes, bytes]:
    parts = assertion.split(".")
    if len(parts) != 3:
        raise TokenError(400, "invalid_request")
    try:
        head, claims = exact_json.loads(_decode(parts[0])), exact_json.loads(_decode(parts[1]))
        mark = _decode(parts[2])
    except ValueError as error:
        raise TokenError(400, "invalid_request") from error
    if not isinstance(head, dict) or not isinstance(claims, dict):
        raise TokenError(400, "invalid_request")
    return head, claims, f"{parts[0]}.{parts[1]}".encode(), mark


def _signed_by(key: PublicKey, algorithm: str, signed: bytes, mark: bytes) -> bool:
    """PS256..512 for RSA keys, ES256..512 for EC keys; RS256 is not in NetSuite's list."""
    digest = _HASHES.get(algorithm[2:])
    if digest is None:
        return False
    try:
        if algorithm.startswith("PS") and isinstance(key, rsa.RSAPublicKey):
            key.verify(mark, signed, padding.PSS(padding.MGF1(digest), padding.PSS.AUTO), digest)
            return True
        if algorithm.startswith("ES") and isinstance(key, ec.EllipticCurvePublicKey):
            half = len(mark) // 2
            pair = int.from_bytes(mark[:half], "big"), int.from_bytes(mark[half:], "big")
            key.verify(encode_dss_signature(*pair), signed, ec.ECDSA(digest))
            return True
    except InvalidSignature:
        return False
    return False


def _encode(value: Json) -> str:
    return _base64(exact_json.dumps(value))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
