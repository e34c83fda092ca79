"""`tieline check --live` and `tieline discover`: token, account, rights, custom fields and approvals of Kantata."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tieline.connectors.kantata.client import Row
from tieline.connectors.kantata.records import Account
from tieline.sdk.connector import Finding
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable

FAILED = (Rejected, Unauthorized, Unavailable)
READS = {
    "project": ("workspaces", "custom_field_values,external_references,primary_workspace_group,primary_maven"),
    "wbs_element": ("stories", "workspace,parent,external_references,story_state_changes"),
    "milestone": ("stories", "workspace,external_references,story_state_changes"),
    "resource_request": ("workspace_resources", "workspace,user,role,external_references"),
    "assignment": ("workspace_allocations", "workspace,workspace_resource,external_references"),
    "resource": ("users", "role"),
    "time_entry": ("time_entries", "workspace,user,story,role,recent_submission"),
    "expense": ("expenses", "workspace,user,story,role,recent_submission"),
}
"""Canonical record -> Kantata's record, and what is loaded beside it."""


def account_of(account: Account) -> str:
    """The vendor account of the token's user."""
    found = account.kantata.myself().get("account_id")
    if not isinstance(found, int | str):
        raise Unavailable(account.connection, "did not say to which account the token belongs")
    return str(found)


def check_live(account: Account) -> Sequence[Finding]:
    """One finding per question; stops after the first when the token is refused."""
    try:
        found = account_of(account)
    except FAILED as error:
        return [Finding(False, "token", error.message)]
    if found != account.id:
        message = f"the token belongs to account {found}; the connection is pinned to {account.id}"
        return [Finding(False, "account", message)]
    checks: Sequence[tuple[str, Callable[[], Iterator[Finding]]]] = (
        ("custom fields", lambda: _custom_fields(account)),
        ("rights", lambda: _rights(account)),
        ("approvers", lambda: _approvers(account)),
        ("events", lambda: _events(account)),
        ("approvals", lambda: _approvals(account)),
    )
    findings = [Finding(True, "account", f"signed in to account {found}")]
    for subject, check in checks:
        try:
            findings += check()
        except FAILED as error:
            findings.append(Finding(False, subject, error.message))
    return findings


def _custom_fields(account: Account) -> Iterator[Finding]:
    there = account.directory.custom_field_names("Workspace")
    paths = [path for mapping in account.mappings.values() for path in mapping.vendor_fields("write")]
    wanted = {path.split(".")[1] for path in paths if path.startswith("custom_fields.")}
    missing = sorted(wanted - there.keys())
    words = f"create for projects, or let the integration user see: {', '.join(missing)}"
    yield Finding(not missing, "custom fields", words if missing else f"all {len(wanted)} are there")


def _rights(account: Account) -> Iterator[Finding]:
    for plural in dict.fromkeys(plural for plural, _ in READS.values()):
        account.kantata.page(plural, limit=1, offset=0)
    yield Finding(True, "rights", "all kinds of records may be read; writing shows with the first write")


def _approvers(account: Account) -> Iterator[Finding]:
    for email in account.options.approvers:
        account.directory.user_id(email)
    if account.options.approvers:
        yield Finding(True, "approvers", f"{len(account.options.approvers)} approve resource requests")


def _events(account: Account) -> Iterator[Finding]:
    if account.options.events:
        account.kantata.page("subscribed_events", limit=1, offset=0)
        yield Finding(True, "events", "the Subscribed Events add-on answers")


def _approvals(account: Account) -> Iterator[Finding]:
    """Time of a project that needs no approval is never approved by anybody, so it is never billed."""
    rows = account.kantata.rows("workspaces", require_time_approvals="false", archived="exclude")
    without = sum(row.get("require_time_approvals") is False and not row.get("archived") for row in rows)
    words = f"{without} projects need no approval of time: their time never counts as approved"
    yield Finding(not without, "approvals", words if without else "all projects need approval of time")


def describe(account: Account, record: str) -> Sequence[Mapping[str, Any]]:
    """Fields of a real record of the kind, since Kantata publishes none, and the custom fields of projects."""
    plural, include = _read(account, record)
    rows = account.kantata.page(plural, include=include, limit=1, offset=0).rows
    fields = [
        {"name": name, "type": type(value).__name__, "required": False, "custom": False, "label": name}
        for row in rows
        for name, value in row.items()
    ]
    if plural == "workspaces":
        fields += [
            {
                "name": f"custom_fields.{name}",
                "type": str(row.get("value_type")),
                "required": row.get("required") is True,
                "custom": True,
                "label": name,
            }
            for name, row in account.directory.custom_field_names("Workspace").items()
        ]
    return fields


def read_raw(account: Account, record: str, identifier: str) -> Row:
    """A record as Kantata has it."""
    plural, include = _read(account, record)
    return account.kantata.show(plural, identifier, include=include).rows[0]


def _read(account: Account, record: str) -> tuple[str, str]:
    if record not in READS:
        message = f"'{record}' is nothing this connection holds; it holds {', '.join(sorted(READS))}"
        raise Rejected(account.connection, message)
    return READS[record]
