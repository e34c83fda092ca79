"""What the tables of a site say about each other: every name is known, unique, and means something."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tieline.app.site_approvals import approval_checks
from tieline.app.site_intercompany import intercompany_checks
from tieline.app.site_master_data import master_data_checks
from tieline.app.site_queue import queue_checks
from tieline.app.site_working_time import working_time_checks
from tieline.model.money import CURRENCIES
from tieline.security.outbound import Denied, target_of

if TYPE_CHECKING:
    from tieline.app.site import SiteTables

Where = tuple[int | str, ...]
Check = Iterator[tuple[Where, str]]
_SERVER = re.compile(r"[A-Za-z0-9.:\[\]-]+:\d{1,5}")


def cross_checks(tables: "SiteTables") -> Check:
    """Where each contradiction is, and what it says."""
    yield from _unique("connection", "name", [table.name for table in tables.connection])
    yield from _unique("legal_entity", "id", [entity.id for entity in tables.legal_entity])
    yield from _unique("service_line", "id", [line.id for line in tables.service_line])
    for number, entity in enumerate(tables.legal_entity):
        for currency in (entity.currency, *entity.currencies):
            if currency not in CURRENCIES:
                key = "currency" if currency == entity.currency else "currencies"
                yield ("legal_entity", number, key), f"'{currency}' is no ISO 4217 currency code such as USD"
    for number, connection in enumerate(tables.connection):
        address = urlsplit(connection.url)
        if address.scheme not in ("http", "https") or not address.netloc:
            yield ("connection", number, "url"), f"'{connection.url}' is no address such as https://example.com"
    yield from _channels(tables)
    yield from _routes(tables)
    yield from _labor_terms(tables)
    yield from _modes(tables)
    yield from _renewal(tables)
    yield from approval_checks(tables.approval, tables.teams, tables.legal_entity)
    yield from queue_checks(tables.exception_owner, tables.exception_sla, tables.legal_entity)
    yield from master_data_checks(tables.matching, tables.steward)
    yield from intercompany_checks(tables.intercompany, tables.legal_entity)
    yield from working_time_checks(tables.working_time, tables.missing_time, tables.legal_entity)


def _unique(table: str, key: str, names: Sequence[str]) -> Check:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield (table, number, key), f"{table.replace('_', ' ')} '{name}' is named twice"


def _renewal(tables: "SiteTables") -> Check:
    """What `[renewal]` creates must be allowed by a connection that is a CRM, or nothing would ever be made."""
    wanted, crms = tables.renewal.creates, {route.connection for route in tables.route if route.role == "crm"}
    allowed = [table.options.get("follow_ups") or () for table in tables.connection if table.name in crms]
    if wanted != "nothing" and not any(wanted in one for one in allowed if isinstance(one, list)):
        yield ("renewal", "creates"), f'no CRM allows it; add follow_ups = ["{wanted}"] to the options of one'


def _routes(tables: "SiteTables") -> Check:
    names = {table.name for table in tables.connection}
    entities = {entity.id for entity in tables.legal_entity}
    for number, route in enumerate(tables.route):
        if route.connection not in names:
            message = f"route names connection '{route.connection}', which the site does not have"
            yield ("route", number, "connection"), message
        if route.legal_entity is not None and route.legal_entity not in entities:
            message = f"route names legal entity '{route.legal_entity}', which the site does not have"
            yield ("route", number, "legal_entity"), message


def _labor_terms(tables: "SiteTables") -> Check:
    """Costs go to a connection that is an ERP, and nowhere else."""
    erps = {route.connection for route in tables.route if route.role == "erp"}
    entities = {entity.id for entity in tables.legal_entity}
    for number, rule in enumerate(tables.labor_terms):
        if rule.connection not in erps:
            message = f"'{rule.connection}' is no ERP of the site; there are {', '.join(sorted(erps)) or 'none'}"
            yield ("labor_terms", number, "connection"), message
        if rule.legal_entity not in ("*", *entities):
            message = f"'{rule.legal_entity}' is no legal entity of the site; there are {', '.join(sorted(entities))}"
            yield ("labor_terms", number, "legal_entity"), message


def _channels(tables: "SiteTables") -> Check:
    """An address that will be refused, said before an alert is lost on it."""
    yield from _unique("alert_channel", "name", [channel.name for channel in tables.alert_channel])
    for number, channel in enumerate(tables.alert_channel):
        if channel.kind == "webhook":
            try:
                target_of(channel.url, channel.allow)
            except Denied as denied:
                yield ("alert_channel", number, "url"), str(denied)
        elif not _SERVER.fullmatch(channel.server):
            yield ("alert_channel", number, "server"), f"'{channel.server}' is no server such as smtp.example.com:587"


def _modes(tables: "SiteTables") -> Check:
    """A rule with a slip of the pen would never fit, and what was meant as shadow would be sent."""
    known = {
        "connection": [table.name for table in tables.connection],
        "legal_entity": [entity.id for entity in tables.legal_entity],
    }
    for number, rule in enumerate(tables.mode):
        for key, names in known.items():
            pattern = getattr(rule, key)
            if pattern != "*" and not any(fnmatchcase(name, pattern) for name in names):
                yield ("mode", number, key), f"'{pattern}' fits no {key.replace('_', ' ')} of the site"
