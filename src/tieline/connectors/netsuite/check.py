"""`tieline check --live` and `tieline discover`: credentials, rights, fields and the clock of a NetSuite account."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tieline.connectors.netsuite.changes import FORMAT
from tieline.connectors.netsuite.client import NetSuite
from tieline.connectors.netsuite.codes import check_codes
from tieline.connectors.netsuite.records import Site, top_names
from tieline.connectors.netsuite.settings import account_of_host
from tieline.mapping import Mapping as FieldMapping
from tieline.sdk.connector import ConnectionSettings, Finding
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable

CUSTOM = ("custentity", "custbody", "custcol", "custevent", "custitem", "custrecord", "cseg")
CLOCK = """
select id, to_char(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') as changed from customer order by lastmodifieddate desc
"""
Failed = (Rejected, Unauthorized, Unavailable)


def account(settings: ConnectionSettings, client: NetSuite) -> str:
    """The account behind the credentials.

    NetSuite binds credentials to an account: a signature names it as realm, an assertion as audience, and the address
    has it as host. So a call that is let in proves the pinned one, and an address of another account lets nothing in.
    """
    addressed = account_of_host(settings.url) or settings.account
    if addressed == settings.account:
        client.query("select id from subsidiary", (), limit=1)
    return addressed


def check_live(settings: ConnectionSettings, site: Site) -> Sequence[Finding]:
    """One finding per question; stops after the first when the credentials are refused."""
    try:
        found = account(settings, site.client)
    except Failed as error:
        return [Finding(False, "credentials", str(error))]
    if found != settings.account:
        message = f"the address belongs to account {found}, but the connection is pinned to {settings.account}"
        return [Finding(False, "account", message)]
    findings = [
        Finding(True, "credentials", "NetSuite lets us in"),
        Finding(True, "account", f"the credentials belong to {found}"),
    ]
    for record_type in dict.fromkeys(_record_type(mapping) for mapping in site.mappings.values()):
        findings += _record_findings(site, record_type)
    findings += _guarded("value tables", lambda: list(check_codes(settings, site)))
    findings += _guarded("timeBill", lambda: _rights(site, "timeBill"))
    findings += _guarded("vendorBill", lambda: _read_only(site, "vendorBill"))
    findings += _guarded("time zone", lambda: _clock(site))
    return findings


def _record_findings(site: Site, record_type: str) -> list[Finding]:
    fields = lambda: list(_fields(site, record_type))  # noqa: E731
    return [*_guarded(record_type, lambda: _rights(site, record_type)), *_guarded(f"{record_type} fields", fields)]


def _guarded(subject: str, look: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    try:
        return look()
    except Failed as error:
        return [Finding(False, subject, str(error))]


def _rights(site: Site, record_type: str) -> Sequence[Finding]:
    site.client.may_read(record_type)
    return [Finding(True, record_type, "may be read; whether it may be written shows with the first write")]


def _read_only(site: Site, record_type: str) -> Sequence[Finding]:
    site.client.may_read(record_type)
    return [Finding(True, record_type, "may be read; Tieline never writes it")]


def _fields(site: Site, record_type: str) -> Iterator[Finding]:
    """Mapped fields this account does not have: a feature is off, a custom field is missing, a name is misspelt."""
    for mapping in site.mappings.values():
        if _record_type(mapping) != record_type:
            continue
        known = schema_of(site.client, mapping.vendor)
        names = top_names([*mapping.vendor_fields("write"), *mapping.vendor_fields("read")])
        missing = [name for name in names if name not in known]
        words = f"mapping {mapping.name}: this account does not have {', '.join(missing)}"
        yield Finding(not missing, f"{mapping.vendor} fields", words if missing else f"mapping {mapping.name} fits")
        if mapping.vendor == "invoice" and "approvalStatus" not in known:
            yield Finding(False, "invoice approval", "approval routing of invoices is off: drafts would post at once")


def _clock(site: Site) -> Sequence[Finding]:
    rows = site.client.query(CLOCK, (), limit=1).rows
    if not rows:
        return [Finding(True, "time zone", "there is no customer yet to compare clocks by")]
    ours = datetime.strptime(rows[0]["changed"], FORMAT).replace(tzinfo=ZoneInfo(site.options.time_zone))
    record = site.client.read("customer", str(rows[0]["id"]), fields=("lastModifiedDate",))
    theirs = datetime.fromisoformat(record["lastModifiedDate"])
    same = abs((ours - theirs).total_seconds()) < 60
    zone = site.options.time_zone
    words = f"SuiteQL tells the time of {zone}" if same else f"SuiteQL does not tell the time of {zone}: set time_zone"
    return [Finding(same, "time zone", words)]


def _record_type(mapping: FieldMapping) -> str:
    return mapping.vendor.partition(".")[0]


def schema_of(client: NetSuite, vendor: str) -> Mapping[str, Any]:
    """The fields of a record type, or of a sublist of it (`salesOrder.item`)."""
    record_type, _, sublist = vendor.partition(".")
    node: Any = client.describe(record_type)
    steps = ("properties", sublist, "properties", "items", "items", "properties") if sublist else ("properties",)
    for step in steps:
        node = node.get(step) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def describe(site: Site, record: str) -> Sequence[Mapping[str, Any]]:
    """The vendor fields of a canonical record, from NetSuite's metadata catalogue, custom fields included.

    The catalogue does not mark required fields: which they are depends on form, features and role.
    """
    return [
        {
            "name": name,
            "type": str(field.get("format") or field.get("type") or ""),
            "required": False,
            "custom": name.startswith(CUSTOM),
            "label": str(field.get("title") or name),
        }
        for name, field in schema_of(site.client, mapping_of(site, record).vendor).items()
        if isinstance(field, dict)
    ]


def read_raw(site: Site, record: str, ref: str) -> Mapping[str, Any]:
    """A record as NetSuite has it, lines included."""
    return site.client.read(_record_type(mapping_of(site, record)), ref, lines=True)


def mapping_of(site: Site, record: str) -> FieldMapping:
    """The mapping of a canonical record, by its own name or the record's."""
    named = site.mappings.get(record) or next((m for m in site.mappings.values() if m.record == record), None)
    if named is None:
        known = ", ".join(sorted(site.mappings))
        raise Rejected(site.connection, f"NetSuite has no mapping for {record}; there are: {known}", kind="mapping")
    return named
