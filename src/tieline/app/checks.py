"""`tieline check`: what is wrong with a site, without and with asking its systems."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tieline.app.assembly import CONNECTORS, connect_one, connector_folder, unknown_flows
from tieline.app.calls import estimate
from tieline.app.site import Site
from tieline.engine.routing import Route
from tieline.mapping import ValueTables, check_mapping
from tieline.mapping.problems import MappingFileError
from tieline.sdk.connected import Connected
from tieline.sdk.connector import ConnectionSettings, Finding, load_facts
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.http import OpenGate

NAMED = 5
"""So many people a finding names."""


def check_site(site: Site) -> list[Finding]:
    """Mappings, value tables, routes, roles and secrets; the settings themselves were checked when they were read."""
    findings: list[Finding] = []
    for settings in site.connections:
        findings += _mappings(settings)
        try:
            for name in settings.secrets:
                settings.secret(name)
            connect_one(settings, OpenGate()).close()
        except Unauthorized as error:
            findings.append(Finding(False, settings.name, error.message))
        except MappingFileError as error:
            findings += [Finding(False, f"{defect.file}:{defect.line}", defect.message) for defect in error.defects]
        except ValueError as error:
            findings.append(Finding(False, settings.name, str(error)))
        else:
            findings.append(Finding(True, settings.name, "settings, mappings and secrets are in order"))
    unknown = [Finding(False, "site.toml", message) for message in unknown_flows(site)]
    return _once(findings + _routes(site) + unknown)


def _mappings(settings: ConnectionSettings) -> list[Finding]:
    if settings.connector not in CONNECTORS:
        return []
    folder = connector_folder(settings.connector)
    tables = ValueTables([path for path in (settings.values, folder / "values") if path is not None])
    findings = []
    for shipped in sorted((folder / "mappings").glob("*.toml")):
        overrides = settings.mappings / shipped.name if settings.mappings else None
        findings += [
            Finding(False, f"{defect.file}:{defect.line}", defect.message)
            for defect in check_mapping(shipped, overrides=overrides, tables=tables, owners=settings.owners)
        ]
    return findings


def _routes(site: Site) -> list[Finding]:
    findings = []
    connectors = {settings.name: settings.connector for settings in site.connections}
    for route in site.routes:
        connector = connectors[route.connection]
        if connector in CONNECTORS and route.role not in load_facts(connector_folder(connector)).roles:
            message = f"{route.connection} cannot play the role '{route.role}'; change the route"
            findings.append(Finding(False, "site.toml", message))
    return findings + [
        Finding(False, "site.toml", f"no {role.upper()} is routed for legal entity '{entity.id}'")
        for role in ("erp", "psa")
        for entity in site.firm.legal_entities
        if not _routed([route for route in site.routes if route.role == role], entity.id)
    ]


def _routed(routes: Sequence[Route], entity: str) -> bool:
    return not routes or any(route.legal_entity in (None, entity) for route in routes)


def _once(findings: list[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))


def check_live(site: Site) -> list[Finding]:
    """Credentials, rights, custom fields, the pinned account and the calls a day, asked of each system; and whether
    those who book time are known where it is booked.
    """
    findings: list[Finding] = []
    booking: dict[str, set[str]] = {}
    known: dict[str, set[str]] = {}
    for settings in site.connections:
        try:
            connected = connect_one(settings, OpenGate())
        except (Unauthorized, MappingFileError, ValueError):
            continue  # `check_site` tells it
        try:
            findings += [
                replace(found, subject=f"{settings.name}, {found.subject}") for found in connected.check_live()
            ]
            findings.append(estimate(site, settings.name, connected.facts, _allowance(connected)))
            if connected.psa is not None:
                booking[connected.facts.system] = {one.email.lower() for one in connected.psa.list_people()}
            if connected.erp is not None:
                known[connected.facts.system] = set(connected.erp.list_people())
        except (Unavailable, Rejected, Unauthorized) as error:
            findings.append(Finding(False, settings.name, error.message))
        finally:
            connected.close()
    return findings + strangers(booking, known)


def strangers(booking: Mapping[str, set[str]], known: Mapping[str, set[str]]) -> list[Finding]:
    """People are one across systems by their e-mail; time of somebody no ERP knows waits as an exception."""
    if not known:
        return []
    everywhere = set().union(*known.values())
    findings = []
    for system, people in booking.items():
        missing = sorted(people - everywhere)
        told = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED} more" if len(missing) > NAMED else "")
        message = f"{len(missing)} of {len(people)} people have no employee with their e-mail in {', '.join(known)}"
        right = f"all {len(people)} people are employees in {', '.join(known)} by their e-mail"
        findings.append(Finding(not missing, f"people of {system}", f"{message}: {told}" if missing else right))
    return findings


def _allowance(connected: Connected) -> int | None:
    try:
        return connected.allowance()
    except (Unavailable, Rejected, Unauthorized):
        return None  # a finding of the connector tells why
