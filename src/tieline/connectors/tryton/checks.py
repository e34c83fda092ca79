"""`tieline check --live`, `discover` and `try`: what a Tryton connection can do, has and holds."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from tieline.connectors.tryton.client import Row
from tieline.connectors.tryton.erp import MODELS
from tieline.connectors.tryton.receivables import plain, read_raw
from tieline.connectors.tryton.records import Site
from tieline.sdk.connector import Finding
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable

SERIES = "8."
MODULES = ("account_invoice", "project_revenue", "project_plan", "project_invoice", "sale", "timesheet")
RIGHTS = {
    "party.party": ("read", "write", "create"),
    "project.work": ("read", "write", "create"),
    "sale.sale": ("read", "write", "create"),
    "account.invoice": ("read", "write", "create"),
    "account.move.line": ("read",),
    "timesheet.line": ("read", "write", "create"),
    "timesheet.work": ("read", "write"),
    "company.employee": ("read",),
}
RECORDS = {**MODELS, "contract_part": "sale.sale", "invoice_state": "account.invoice", "time_entry": "timesheet.line"}
OMITTED = {"binary", "one2many", "many2many", "dict"}


def check_live(site: Site) -> Sequence[Finding]:
    """One finding per question; stops after the first when the credentials are refused."""
    try:
        found, version = site.client.account(), site.client.version()
    except (Rejected, Unauthorized, Unavailable) as error:
        return [Finding(False, "credentials", str(error))]
    same = found == site.account
    words = f"the credentials work in {found}" + ("" if same else f", but the connection is pinned to {site.account}")
    return [
        Finding(True, "credentials", "Tryton lets us in"),
        Finding(version.startswith(SERIES), "version", f"the server is Tryton {version}"),
        Finding(same, "account", words),
        *_guarded("modules", lambda: _modules(site)),
        *_guarded("rights", lambda: _rights(site)),
        *_guarded("books", lambda: _books(site)),
        *_guarded("value tables", lambda: _values(site)),
    ]


def _guarded(subject: str, look: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
    try:
        return look()
    except (Rejected, Unauthorized, Unavailable) as error:
        return [Finding(False, subject, str(error))]


def _modules(site: Site) -> list[Finding]:
    rows = site.client.rows("ir.module", [["state", "=", "activated"]], ["name"])
    missing = sorted(set(MODULES) - {row["name"] for row in rows})
    words = f"activate {', '.join(missing)} in Tryton" if missing else "all modules we need are activated"
    return [Finding(not missing, "modules", words)]


def _rights(site: Site) -> list[Finding]:
    granted = site.client.call("ir.model.access", "get_access", list(RIGHTS), write=False)
    findings = []
    for model, wanted in RIGHTS.items():
        missing = [right for right in wanted if not granted.get(model, {}).get(right)]
        words = f"the user may not {', '.join(missing)}" if missing else f"the user may {', '.join(wanted)}"
        findings.append(Finding(not missing, model, words))
    return findings


def _books(site: Site) -> list[Finding]:
    site.catalog.journal(site.options.invoice_journal)
    today = site.client.call("ir.date", "today", write=False)
    domain = [["company", "=", site.client.company], ["state", "=", "open"], ["type", "=", "standard"]]
    running = [["start_date", "<=", today], ["end_date", ">=", today]]
    open_ = site.client.search("account.period", [*domain, *running], limit=1)
    words = f"the accounting period of {today} is open" if open_ else f"no accounting period is open for {today}"
    return [Finding(bool(open_), "books", words)]


def _values(site: Site) -> list[Finding]:
    """Every code of the site's value tables must stand for something in Tryton."""
    look_ups: dict[str, Callable[[str], object]] = {
        "payment_terms": site.catalog.payment_term,
        "item": site.catalog.product,
        "tax_code": site.catalog.tax,
    }
    findings: list[Finding] = []
    for name, look_up in look_ups.items():
        codes = list(dict.fromkeys(site.tables.table(name).theirs_of.values()))
        if not codes:
            findings.append(Finding(False, f"value table {name}", f"{name}.csv of the site has no rows"))
        for code in codes:
            findings += _guarded(f"value table {name}", partial(_stands_for, name, code, look_up))
    return findings


def _stands_for(table: str, code: str, look_up: Callable[[str], object]) -> list[Finding]:
    look_up(code)
    return [Finding(True, f"value table {table}", f"Tryton knows '{code}'")]


def describe(site: Site, record: str) -> Sequence[Mapping[str, Any]]:
    """The fields of a canonical record's model in Tryton."""
    fields = site.client.call(_model(site, record), "fields_get", write=False)
    return [
        {
            "name": name,
            "type": str(field.get("type")),
            "required": bool(field.get("required")),
            "custom": False,
            "label": str(field.get("string") or name),
        }
        for name, field in sorted(fields.items())
        if not field.get("readonly")
    ]


def raw(site: Site, record: str, external_id: str) -> Row:
    """A record as it stands, without its lists and files."""
    model, identifier = _model(site, record), site.number(external_id)
    if model == MODELS["invoice"]:
        return read_raw(site, identifier)
    fields = site.client.call(model, "fields_get", write=False)
    names = [name for name, field in fields.items() if field.get("type") not in OMITTED]
    return plain(site.one(model, identifier, names))


def _model(site: Site, record: str) -> str:
    if record not in RECORDS:
        known = ", ".join(sorted(RECORDS))
        raise Rejected(site.connection, f"Tryton holds no {record}; it holds {known}", kind="mapping", field=record)
    return RECORDS[record]
