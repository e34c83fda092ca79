"""The example site `tieline init` writes: the fictional firm of the stand-ins, ready to be changed into a real one."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tieline.app.assembly import connector_folder
from tieline.sdk.connector import load_facts

SALESFORCE_CLIENT = "3MVG9haldenmarsh.tieline"
NETSUITE_ACCOUNT = "TSTDRV1234567_SB1"
NETSUITE_CLIENT = "halden-marsh-tieline"
NETSUITE_CERTIFICATE = "certificate-1"


@dataclass(frozen=True, kw_only=True)
class ExampleErp:
    """An ERP of the example: which one, where, and for which legal entities (none: all)."""

    connector: str
    url: str
    account: str
    legal_entities: Sequence[str] = ()
    options: str = ""
    secret: str = ""


@dataclass(frozen=True, kw_only=True)
class Example:
    """Where the systems of the example stand; the defaults are the stand-ins' usual ports."""

    salesforce_url: str = "http://127.0.0.1:9101"
    salesforce_account: str = "00DHm0000000001MAA"
    salesforce_options: str = ""
    kantata_url: str | None = "http://127.0.0.1:9102"
    kantata_account: str = "1"
    erps: Sequence[ExampleErp] = (
        ExampleErp(connector="netsuite", url="http://127.0.0.1:9103", account=NETSUITE_ACCOUNT),
    )
    sweep_seconds: float = 5.0
    time_seconds: float = 5.0
    secrets: dict[str, str] = field(default_factory=dict)
    """File below `secrets/` -> value, laid over the defaults of the stand-ins."""


def write_example(folder: Path, example: Example) -> None:
    """Write the site. Raises FileExistsError when the folder already holds one."""
    if (folder / "site.toml").exists():
        raise FileExistsError(folder / "site.toml")
    source = files("tieline.app") / "example_site"
    _copy(source, folder)
    text = (source / "site.toml").read_text("utf-8")
    for name, value in {
        "uid": secrets.token_hex(8),
        "systems": systems_toml(example),
        "sweep_seconds": str(example.sweep_seconds),
        "time_seconds": str(example.time_seconds),
    }.items():
        text = text.replace(f"@{name}@", value)
    (folder / "site.toml").write_text(text, "utf-8")
    (folder / ".gitignore").write_text("/secrets/\n/.state/\n", "utf-8")
    key, certificate = key_pair()
    defaults = {
        "salesforce-client-id": SALESFORCE_CLIENT,
        "salesforce-client-secret": "halden-marsh-consumer-secret",
        "kantata-token": "kantata-admin-token",
        "netsuite-private-key": key,
        "netsuite-certificate": certificate,
    }
    vault = folder / "secrets"
    vault.mkdir(mode=0o700, exist_ok=True)
    for name, value in (defaults | example.secrets).items():
        path = vault / name
        path.touch(mode=0o600)
        path.write_text(value, "utf-8")
    _write_administrators(folder / "administrators", certificate)


def _write_administrators(folder: Path, certificate: str) -> None:
    """What each vendor's administrator sets up once, as the stand-ins' `customize` takes it."""
    custom = {name: load_facts(connector_folder(name)).custom_fields for name in ("salesforce", "kantata")}
    row = {"id": NETSUITE_CERTIFICATE, "client_id": NETSUITE_CLIENT, "pem": certificate}
    work = {
        "salesforce": {
            "objects": [item for item in custom["salesforce"] if "object" not in item],
            "fields": [item for item in custom["salesforce"] if "object" in item],
        },
        "kantata": {"custom_fields": list(custom["kantata"])},
        "netsuite": {"certificates": [row]},
    }
    folder.mkdir(exist_ok=True)
    for name, body in work.items():
        (folder / f"{name}.json").write_text(json.dumps(body, indent=2) + "\n", "utf-8")


def systems_toml(example: Example) -> str:
    """The connections and routes as TOML."""
    parts = [
        _connection(
            "salesforce",
            "salesforce",
            example.salesforce_account,
            example.salesforce_url,
            example.salesforce_options,
            {"client_id": "salesforce-client-id", "client_secret": "salesforce-client-secret"},
        )
    ]
    routes = [_route("crm", "salesforce", None)]
    if example.kantata_url is not None:
        parts.append(
            _connection(
                "kantata", "kantata", example.kantata_account, example.kantata_url, "", {"token": "kantata-token"}
            )
        )
        routes.append(_route("psa", "kantata", None))
    for erp in example.erps:
        options, names = erp.options, {"password": erp.secret}
        if erp.connector == "netsuite":
            options = f'client_id = "{NETSUITE_CLIENT}", certificate_id = "{NETSUITE_CERTIFICATE}"' + (
                f", {erp.options}" if erp.options else ""
            )
            names = {"private_key": "netsuite-private-key"}
        parts.append(_connection(erp.connector, erp.connector, erp.account, erp.url, options, names))
        routes += [_route("erp", erp.connector, entity) for entity in (erp.legal_entities or (None,))]
    return "\n".join((*parts, "# ---- who plays which role ----\n", *routes))


def _connection(name: str, connector: str, account: str, url: str, options: str, names: dict[str, str]) -> str:
    where = ", ".join(f'{key} = "file:secrets/{file}"' for key, file in names.items())
    return (
        f'[[connection]]\nname = "{name}"\nconnector = "{connector}"\n'
        f'account = "{account}" # pinned: another account behind these credentials stops all writes\n'
        f'url = "{url}"\n'
        + (f"options = {{ {options} }}\n" if options else "")
        + f"secrets = {{ {where} }}\n"
        + "limits = { concurrent = 12, per_second = 2000, burst = 2000, reserved_share = 0.2 } # of a stand-in\n"
    )


def _route(role: str, connection: str, legal_entity: str | None) -> str:
    entity = f'legal_entity = "{legal_entity}"\n' if legal_entity else ""
    return f'[[route]]\nrole = "{role}"\nconnection = "{connection}"\n{entity}'


def _copy(source: Traversable, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, folder / entry.name)
        elif entry.name.endswith((".csv", ".toml")):
            (folder / entry.name).write_bytes(entry.read_bytes())


def key_pair() -> tuple[str, str]:
    """A private key and its self-signed certificate (PEM) for a vendor's machine-to-machine sign-in."""
    key = rsa.generate_private_key(65537, 3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tieline")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=700))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()
