"""What NetSuite's administrator and finance do in the tests, over HTTP; and the firm's value tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tieline.connectors.netsuite import connect
from tieline.connectors.netsuite.tba import TokenSigner
from tieline.sdk import jsontext
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.http import Gate, OpenGate

ACCOUNT = "TSTDRV1234567_SB1"
CLIENT_ID = "halden-marsh-tieline"
CERTIFICATE_ID = "certificate-1"
TBA = {
    "consumer_key": "standin-consumer-key",
    "consumer_secret": "standin-consumer-secret",
    "token_id": "standin-token-id",
    "token_secret": "standin-token-secret",
}
TABLES = {
    "subsidiary": ("subsidiary", {"US": "US", "UK": "UK", "DE": "DE"}),
    "currency": ("currency", {"USD": "USD", "GBP": "GBP", "EUR": "EUR"}),
    "payment_terms": ("term", {"NET30": "Net 30", "NET60": "Net 60"}),
    "item": (
        "serviceSaleItem",
        {
            "Engagement Manager": "SVC-EM",
            "Senior Consultant": "SVC-SC",
            "Consultant": "SVC-CON",
            "Data Engineer": "SVC-DE",
            "fixed": "SVC-FIXED",
            "expense": "SVC-EXP",
        },
    ),
    "tax_code": ("salesTaxItem", {"standard": "US-STANDARD", "standard_uk": "GB-STANDARD"}),
    "department": ("department", {"Advisory": "Advisory", "Technology": "Technology"}),
}
"""Our code -> the external id the seeded account gave the record."""


@cache
def key_pair(kind: str) -> tuple[str, str]:
    """A private key and its certificate in PEM form; `kind` is PS256 or ES256."""
    key = rsa.generate_private_key(65537, 3072) if kind.startswith("PS") else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tieline")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class Ledgers:
    """A stand-in account, seeded with the firm."""

    url: str
    http: httpx2.Client
    values: Path
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    """Value table -> our code -> internal id."""

    def prepare(self) -> None:
        """Upload the certificate and write the firm's value tables."""
        self.trust("PS256")
        for table, (record_type, names) in TABLES.items():
            self.ids[table] = {ours: self.id_of(record_type, theirs) for ours, theirs in names.items()}
            rows = [f'"{ours}",{theirs}' for ours, theirs in self.ids[table].items()]
            (self.values / f"{table}.csv").write_text("\n".join(["ours,theirs", *rows]) + "\n", "utf-8")

    def trust(self, kind: str) -> None:
        """A row on the OAuth 2.0 M2M mapping page."""
        certificate = {"id": CERTIFICATE_ID, "client_id": CLIENT_ID, "pem": key_pair(kind)[1]}
        self.control("POST", "customize", {"certificates": [certificate]})

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The stand-in's control API."""
        content = None if body is None else jsontext.dumps(body)
        answer = self.http.request(method, f"/__standin__/{path}", content=content)
        assert answer.is_success, answer.text
        return jsontext.loads(answer.content) if answer.content else None

    def set(self, **settings: Any) -> None:
        """What differs between accounts."""
        self.control("POST", "customize", {"settings": settings})

    def fault(self, operation: str, effect: str, **more: Any) -> None:
        """Disturb the next call of an operation."""
        self.control("POST", "faults", {"operation": operation, "effect": effect, "times": 1} | more)

    def requests(self) -> Mapping[str, int]:
        """How often each operation was called."""
        found: Mapping[str, int] = self.control("GET", "requests")["operations"]
        return found

    def ledger(self, operation: str = "*") -> list[dict[str, Any]]:
        """Everything that was committed."""
        entries: list[dict[str, Any]] = self.control("GET", f"ledger?operation={operation}")["entries"]
        return entries

    def later(self, seconds: int) -> None:
        """Move the account's clock."""
        offset = self.control("GET", "clock")["offset_seconds"]
        self.control("POST", "clock", {"offset_seconds": int(offset) + seconds})

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """A REST call of somebody else than Tieline."""
        request = self.http.build_request(
            method,
            f"/services/rest/{path}",
            content=None if body is None else jsontext.dumps(body),
            headers={"content-type": "application/json"} | headers,
        )
        signer = TokenSigner(
            realm=ACCOUNT,
            consumer_key=TBA["consumer_key"],
            consumer_secret=TBA["consumer_secret"],
            token=TBA["token_id"],
            token_secret=TBA["token_secret"],
        )
        request.headers.update(signer.headers(method, str(request.url)))
        answer = self.http.send(request)
        assert answer.is_success, answer.text
        return answer

    def create(self, record_type: str, **fields: Any) -> str:
        """A record made by hand; its id."""
        answer = self.call("POST", f"record/v1/{record_type}", fields)
        return str(answer.headers["location"]).rpartition("/")[2]

    def change(self, record_type: str, record_id: str, **fields: Any) -> None:
        """Edit a record."""
        self.call("PATCH", f"record/v1/{record_type}/{record_id}", fields)

    def read(self, record_type: str, ref: str) -> dict[str, Any]:
        """A record with its lines."""
        answer = self.call("GET", f"record/v1/{record_type}/{ref}?expandSubResources=true")
        found: dict[str, Any] = jsontext.loads(answer.content)
        return found

    def id_of(self, record_type: str, external_id: str) -> str:
        """The internal id behind an external one."""
        return str(self.read(record_type, f"eid:{external_id}")["id"])

    def count(self, record_type: str) -> int:
        """How many records of a type there are."""
        answer = self.call("GET", f"record/v1/{record_type}?limit=1")
        return int(jsontext.loads(answer.content)["totalResults"])

    def pay(self, invoice: str, amount: Any, customer: str) -> str:
        """Money received and applied to an invoice."""
        lines = {"items": [{"doc": {"id": invoice}, "apply": True, "amount": amount}]}
        return self.create("customerPayment", customer={"id": customer}, payment=amount, apply=lines)

    def settings(self, kind: str = "PS256", *, account: str = ACCOUNT, **options: Any) -> ConnectionSettings:
        """A connection of the site to this account."""
        base = {"client_id": CLIENT_ID, "certificate_id": CERTIFICATE_ID, "algorithm": kind}
        secrets = {"private_key": key_pair(kind)[0], **TBA}
        return ConnectionSettings(
            name="netsuite",
            connector="netsuite",
            account=account,
            url=self.url,
            options=base | options,
            secret=secrets.__getitem__,
            values=self.values,
        )

    def connect(self, kind: str = "PS256", gate: Gate | None = None, **options: Any) -> Connected:
        """Tieline's connection to this account."""
        return connect(self.settings(kind, **options), gate or OpenGate())


Connecting = Callable[..., Connected]
