"""Tokens: every OAuth 2.0 flow a server uses, userinfo and revocation (fact sheet section 2)."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tieline_standins.core.exact_json import BadJsonError, loads
from tieline_standins.core.http import Json, Request, Response
from tieline_standins.salesforce.settings import ConnectedApp
from tieline_standins.salesforce.store import Row
from tieline_standins.salesforce.transaction import Org

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_MOST_SESSIONS = 10_000  # above this, ended sessions are forgotten
_MOST_AHEAD = timedelta(minutes=5)  # how far ahead `exp` of an assertion may be


class TokenError(Exception):
    """A refused token request: 400 with `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description

    def response(self) -> Response:
        return Response(400, {"error": self.error, "error_description": self.description})


@dataclass
class Tokens:
    """Sessions and refresh tokens of the org; derived from a counter, so that a replayed journal issues the same."""

    org: Org
    sessions: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # token -> user id, end
    refresh: dict[str, tuple[str, str]] = field(default_factory=dict)  # refresh token -> consumer key, user name
    issued: int = 0

    def user_of(self, header: str | None) -> str | None:
        """The user id behind `Bearer <token>` or `OAuth <token>`; None when there is no living session."""
        scheme, _, token = (header or "").partition(" ")
        return self.user_of_token(token.strip()) if scheme.lower() in ("bearer", "oauth") else None

    def user_of_token(self, token: str) -> str | None:
        session = self.sessions.get(token)
        return session[0] if session and self.org.context.clock.now() < session[1] else None

    def new_session(self, user: Row) -> str:
        token = f"{self.org.id[:15]}!AQ{self._secret('session')}"
        now = self.org.context.clock.now()
        if len(self.sessions) >= _MOST_SESSIONS:
            self.sessions = {old: session for old, session in self.sessions.items() if now < session[1]}
        self.sessions[token] = (user["Id"], now + timedelta(seconds=self.org.settings.session_seconds))
        return token

    def new_refresh_token(self, app: ConnectedApp, username: str) -> str:
        """What the user gets who approves the app in a browser."""
        token = f"5Aep861{self._secret('refresh')}"
        self.refresh[token] = (app.consumer_key, username)
        return token

    def _secret(self, purpose: str) -> str:
        self.issued += 1
        text = f"{self.org.context.seed}:{self.org.id}:{purpose}:{self.issued}"
        return hashlib.sha256(text.encode()).hexdigest()

    def token_request(self, request: Request) -> Response:
        """POST /services/oauth2/token."""
        try:
            form = dict(request.form())
            user = self._granted(request, form)
        except BadJsonError:
            return TokenError("invalid_request", "the form is not readable").response()
        except TokenError as error:
            return error.response()
        return Response(200, self.token_body(request, user), _NO_STORE, changed=True)

    def token_body(self, request: Request, user: Row) -> dict[str, Json]:
        issued_at = str(int(self.org.context.clock.now().timestamp() * 1000))
        identity = f"{request.base_url}/id/{self.org.id}/{user['Id']}"
        signature = hashlib.sha256((identity + issued_at).encode()).digest()
        return {
            "access_token": self.new_session(user),
            "signature": base64.b64encode(signature).decode(),
            "scope": "api refresh_token",
            "instance_url": request.base_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }

    def _granted(self, request: Request, form: dict[str, str]) -> Row:
        match form.get("grant_type"):
            case "client_credentials":
                app = self._app(request, form)
                if app.run_as is None:
                    raise TokenError("invalid_grant", "no client credentials user enabled")
                return self.user_named(app.run_as)
            case "password":
                self._app(request, form)
                return self.user_with_password(form.get("username", ""), form.get("password", ""))
            case "refresh_token":
                app = self._app(request, form)
                key, username = self.refresh.get(form.get("refresh_token", ""), ("", ""))
                if key != app.consumer_key:
                    raise TokenError("invalid_grant", "expired access/refresh token")
                return self.user_named(username)
            case grant if grant == JWT_GRANT:
                return self._asserted(request, form.get("assertion", ""))
        raise TokenError("unsupported_grant_type", "grant type not supported")

    def _app(self, request: Request, form: dict[str, str]) -> ConnectedApp:
        """The app, by Basic authentication or by client_id and client_secret in the body."""
        key, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                key, _, secret = base64.b64decode(credentials).decode().partition(":")
            except (binascii.Error, ValueError) as error:
                raise TokenError("invalid_client", "invalid client credentials") from error
        app = self.org.access.apps.get(key)
        if app is None:
            raise TokenError("invalid_client_id", "client identifier invalid")
        if secret != app.consumer_secret:
            raise TokenError("invalid_client", "invalid client credentials")
        return app

    def user_with_password(self, username: str, password: str) -> Row:
        """Raises TokenError."""
        if not password or self.org.access.passwords.get(username) != password:
            raise TokenError("invalid_grant", "authentication failure")
        return self.user_named(username)

    def user_named(self, username: str) -> Row:
        users = list(self.org.store.table("User").with_value("Username", username))
        if not users:
            raise TokenError("invalid_grant", "authentication failure")
        if not users[0]["IsActive"]:
            raise TokenError("inactive_user", "user is inactive")
        return users[0]

    def _asserted(self, request: Request, assertion: str) -> Row:
        """The user a signed assertion speaks for; RS256 against the certificate of the app."""
        try:
            head, claims, signature = assertion.split(".")
            header, claim = loads(_unpadded(head)), loads(_unpadded(claims))
            app = self.org.access.apps.get(str(claim["iss"]))
            expires = datetime.fromtimestamp(int(claim["exp"]), tz=self.org.context.clock.now().tzinfo)
            audience, subject, algorithm = claim["aud"], str(claim["sub"]), header["alg"]
            signed = _unpadded(signature)
        except (ValueError, KeyError, TypeError, OverflowError, OSError) as error:
            raise TokenError("invalid_grant", "assertion is not valid") from error
        if app is None:
            raise TokenError("invalid_client_id", "client identifier invalid")
        if algorithm != "RS256" or not _verified(app, f"{head}.{claims}".encode(), signed):
            raise TokenError("invalid_grant", "invalid assertion")
        now = self.org.context.clock.now()
        if not now < expires <= now + _MOST_AHEAD:
            raise TokenError("invalid_grant", "assertion is not valid: expired or too far ahead")
        if audience not in (*_AUDIENCES, request.base_url) and not _my_domain(audience):
            raise TokenError("invalid_grant", "audience is invalid")
        if not app.preauthorized:
            raise TokenError("invalid_grant", "user hasn't approved this consumer")
        return self.user_named(subject)

    def revoke(self, request: Request) -> Response:
        """POST /services/oauth2/revoke."""
        token = dict(request.form()).get("token", "")
        if self.sessions.pop(token, None) is None and self.refresh.pop(token, None) is None:
            return TokenError("unsupported_token_type", "this token type is not supported").response()
        return Response(200, changed=True)

    def identity(self, request: Request) -> Response:
        """Who the token belongs to: GET /id/<org>/<user> and GET /services/oauth2/userinfo."""
        user_id = self.user_of(request.headers.get("authorization"))
        user = self.org.store.find(user_id) if user_id else None
        if user is None:
            return Response(403, b"Bad_OAuth_Token", [("content-type", "text/html;charset=UTF-8")])
        return Response(
            200,
            {
                "id": f"{request.base_url}/id/{self.org.id}/{user['Id']}",
                "sub": f"{request.base_url}/id/{self.org.id}/{user['Id']}",
                "user_id": user["Id"],
                "organization_id": self.org.id,
                "username": user["Username"],
                "preferred_username": user["Username"],
                "display_name": user["Name"],
                "name": user["Name"],
                "email": user["Email"],
                "active": user["IsActive"],
                "user_type": "STANDARD",
                "urls": {"rest": f"{request.base_url}/services/data/v{{version}}/"},
            },
        )


_NO_STORE = [("Cache-Control", "no-cache, no-store")]


def _my_domain(audience: Json) -> bool:
    return isinstance(audience, str) and audience.startswith("https://") and audience.endswith(".my.salesforce.com")


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _verified(app: ConnectedApp, message: bytes, signature: bytes) -> bool:
    if app.certificate is None:
        return False
    try:
        public_key(app.certificate).verify(signature, message, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def public_key(pem: str) -> RSAPublicKey:
    """The RSA key of a PEM certificate or public key. Raises ValueError."""
    if "BEGIN CERTIFICATE" in pem:
        key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    else:
        key = load_pem_public_key(pem.encode())  # type: ignore[assignment]
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the certificate holds no RSA key")
    return key
