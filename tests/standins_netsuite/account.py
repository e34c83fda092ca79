"""A signed-in caller of the NetSuite stand-in, as a third party would write it from the fact sheet."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

RECORDS = "/services/rest/record/v1"
TOKENS = "/services/rest/auth/oauth2/v1/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLIENT_ID = "test-client"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def new_rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem_of(key: Key) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def certificate_for(key: Key, days: int = 365) -> str:
    """A self-signed certificate, as one uploads it to the M2M mapping page."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "integration")])
    start = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=days))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def assertion(key: Key, audience: str, algorithm: str = "ES256", kid: str = "kid-1", **changed: Any) -> str:
    """A client assertion; `changed` replaces claims."""
    now = int(time.time())
    claims = {"iss": CLIENT_ID, "scope": "rest_webservices", "aud": audience, "iat": now, "exp": now + 300}
    imported = (RSAKey if isinstance(key, rsa.RSAPrivateKey) else ECKey).import_key(pem_of(key))
    return jwt.encode({"typ": "JWT", "alg": algorithm, "kid": kid}, claims | changed, imported, algorithms=[algorithm])


def ask_for_token(http: httpx2.Client, signed: str) -> httpx2.Response:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": signed}
    return http.post(TOKENS, data=form)


class Caller:
    """Speaks to one stand-in with a bearer token."""

    def __init__(self, base: str, key: Key) -> None:
        self.base = base
        self.http = httpx2.Client(base_url=base)
        row = {"id": "kid-1", "client_id": CLIENT_ID, "pem": certificate_for(key)}
        self._key = key
        self.customize({"certificates": [row]})
        self.sign_in()

    def sign_in(self) -> None:
        """Take a new token, as one must after an hour of the stand-in's clock."""
        token = ask_for_token(self.http, assertion(self._key, self.base + TOKENS)).json()["access_token"]
        self.http.headers["authorization"] = f"Bearer {token}"

    def move_clock(self, at: str) -> None:
        self.http.post("/__standin__/clock", json={"at": at}).raise_for_status()
        self.sign_in()

    def customize(self, change: Any) -> None:
        self.http.post("/__standin__/customize", json=change).raise_for_status()

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, RECORDS + path, json=body, headers=names)

    def create(self, record: str, body: Any) -> str:
        """The id of a record that has to be accepted."""
        answer = self.send("POST", f"/{record}", body)
        assert answer.status_code == 204, answer.text
        return str(answer.headers["location"]).rsplit("/", 1)[1]

    def read(self, record: str, key: str, **query: str) -> Any:
        answer = self.http.get(f"{RECORDS}/{record}/{key}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refusal(self, answer: httpx2.Response) -> tuple[int, str, str]:
        """Status, code and text of an answer that has to be an error."""
        error = answer.json()["o:errorDetails"][0]
        return answer.status_code, error["o:errorCode"], error["detail"]

    def ask(self, query: str, *parameters: Any, limit: int = 1000, offset: int = 0) -> httpx2.Response:
        path = f"/services/rest/query/v1/suiteql?limit={limit}&offset={offset}"
        return self.http.post(path, json={"q": query, "params": list(parameters)}, headers={"prefer": "transient"})

    def rows(self, query: str, *parameters: Any) -> list[dict[str, str]]:
        """The rows of a query that has to work, without their links."""
        answer = self.ask(query, *parameters)
        assert answer.status_code == 200, answer.text
        return [{name: value for name, value in item.items() if name != "links"} for item in answer.json()["items"]]

    def ledger(self, operation: str = "*") -> list[dict[str, Any]]:
        found = self.http.get("/__standin__/ledger", params={"operation": operation}).json()
        return list(found["entries"])
