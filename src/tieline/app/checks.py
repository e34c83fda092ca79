"""`tieline check`: what is wrong with a site, without and with asking its systems."""

from collections.abc import Sequence

from tieline.app.assembly import connect_one, connector_folder
from tieline.app.site import Site, SiteError
from tieline.engine.routing import Route
from tieline.mapping import ValueTables, check_mapping
from tieline.mapping.problems import MappingFileError
from tieline.sdk.connector import ConnectionSettings, Finding, load_facts
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable
from tieline.sdk.http import OpenGate


def check_site(site: Site) -> list[Finding]:
    """Mappings, value tables, routes, roles and secrets; the settings themselves were checked when they were read."""
    findings: list[Finding] = []
    for settings in site.connections:
        findings += _mappings(settings)
        try:
            connect_one(settings, OpenGate()).close()
        except SiteError as error:
            findings += [Finding(False, settings.name, defect.message) for defect in error.defects]
        except MappingFileError as error:
            findings += [Finding(False, f"{defect.file}:{defect.line}", defect.message) for defect in error.defects]
        except ValueError as error:
            findings.append(Finding(False, settings.name, str(error)))
        else:
            findings.append(Finding(True, settings.name, "settings, mappings and secrets are in order"))
    return _once(findings + _routes(site))


def _mappings(settings: ConnectionSettings) -> list[Finding]:
    folder = connector_folder(settings.connector)
    if not folder.is_dir():
        return []
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
        folder = connector_folder(connectors[route.connection])
        if folder.is_dir() and route.role not in load_facts(folder).roles:
            message = f"{route.connection} cannot play the role '{route.role}'; change the route"
            findings.append(Finding(False, "site.toml", message))
    return findings + [
        Finding(False, "site.toml", f"no ERP is routed for legal entity '{entity.id}'")
        for entity in site.firm.legal_entities
        if not _routed(site.routes, entity.id)
    ]


def _routed(routes: Sequence[Route], entity: str) -> bool:
    erps = [route for route in routes if route.role == "erp"]
    return not erps or any(route.legal_entity in (None, entity) for route in erps)


def _once(findings: list[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))


def check_live(site: Site) -> list[Finding]:
    """Credentials, rights, custom fields, the pinned account and the calls a day, asked of each system."""
    findings: list[Finding] = []
    for settings in site.connections:
        try:
            connected = connect_one(settings, OpenGate())
        except (SiteError, MappingFileError, ValueError):
            continue  # `check_site` tells it
        try:
            findings += connected.check_live()
        except (Unavailable, Rejected, Unauthorized) as error:
            findings.append(Finding(False, settings.name, error.message))
        finally:
            connected.close()
    return findings
