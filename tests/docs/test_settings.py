"""Every setting of a site and every option of a connector is explained, and no setting that does not exist."""

import importlib
import re
import tomllib
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from tieline.app.site import (
    CatalogTable,
    ConnectionTable,
    FirmTable,
    GuardTable,
    IntakeTable,
    ModeTable,
    ReadinessTable,
    ReconciliationTable,
    RouteTable,
    SiteTables,
    VolumeTable,
)
from tieline.app.site_master_data import MatchingTable, StewardTable
from tieline.app.site_queue import ExceptionOwnerTable, ExceptionSlaTable
from tieline.app.site_service import AlertsTable, EmailChannel, TierTable, WebhookChannel
from tieline.mapping.rows import FieldRow
from tieline.mapping.transforms import TRANSFORMS
from tieline.model.closing import ClosingRules
from tieline.model.collection import CollectionRules
from tieline.model.firm import LegalEntity, ServiceLine
from tieline.model.labor_terms import LaborTermsRule
from tieline.model.outlook import HealthRules, RenewalRules, WarningRules
from tieline.model.working_time import (
    CutOff,
    MissingTimeRules,
    UtilizationTarget,
    WorkingCalendar,
    WorkingDay,
    WorkingTime,
)
from tieline.sdk.connector import Limits

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs/site.md"
CONNECTORS = ROOT / "src/tieline/connectors"
TABLES: dict[str, type[BaseModel]] = {
    "firm": FirmTable,
    "legal_entity": LegalEntity,
    "service_line": ServiceLine,
    "connection": ConnectionTable,
    "route": RouteTable,
    "mode": ModeTable,
    "intake": IntakeTable,
    "reconciliation": ReconciliationTable,
    "volume": VolumeTable,
    "guard": GuardTable,
    "closing": ClosingRules,
    "collections": CollectionRules,
    "health": HealthRules,
    "early_warning": WarningRules,
    "renewal": RenewalRules,
    "working_time": WorkingTime,
    "labor_terms": LaborTermsRule,
    "missing_time": MissingTimeRules,
    "missing_time.cut_off": CutOff,
    "exception_owner": ExceptionOwnerTable,
    "exception_sla": ExceptionSlaTable,
    "sla.<tier>": TierTable,
    "matching": MatchingTable,
    "steward": StewardTable,
    "catalog": CatalogTable,
    "readiness": ReadinessTable,
    "alerts": AlertsTable,
}


def _sections() -> dict[str, str]:
    """Each `[table]` heading of the page with its text."""
    parts = re.split(r"^#{2,3} (.+)$", SITE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _section(table: str) -> str:
    return next(text for heading, text in _sections().items() if f"[{table}]" in heading)


def _explained(text: str) -> set[str]:
    """The names in the first column of the tables of a text."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_setting_of_a_table_is_explained_under_its_heading(table: str) -> None:
    assert set(TABLES[table].model_fields) - _explained(_section(table)) == set()


@pytest.mark.parametrize("table", sorted(set(TABLES) - {"connection"}))
def test_no_setting_is_explained_that_does_not_exist(table: str) -> None:
    assert _explained(_section(table)) - set(TABLES[table].model_fields) == set()


def test_every_setting_of_a_channel_of_alerts_is_explained_and_no_other() -> None:
    wanted = set(WebhookChannel.model_fields) | set(EmailChannel.model_fields)
    assert _explained(_section("[alert_channel]")) == wanted


def test_every_setting_of_calendars_days_and_targets_is_explained_and_no_other() -> None:
    wanted = {name for table in (WorkingCalendar, WorkingDay, UtilizationTarget) for name in table.model_fields}
    assert _explained(_section("[working_time.calendar]")) == wanted


def test_every_table_of_the_site_has_a_heading() -> None:
    headings = " ".join(_sections())
    assert [name for name in SiteTables.model_fields if not re.search(rf"\b{name}\b", headings)] == []


def test_every_limit_is_explained_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\w.]+) \|", _section("connection"), re.MULTILINE))
    wanted = {name: field.default for name, field in Limits.model_fields.items()}
    assert {name: rows.get(name) for name in wanted} == {
        name: "none" if value is None else f"{value:g}" for name, value in wanted.items()
    }


def test_every_transform_and_every_key_of_a_row_is_named() -> None:
    section = _sections()["Mappings"]
    listed = section.partition("Transforms:")[2]
    assert re.findall(r"`(\w+)`(?:,|\.|\s\(with)", listed) == list(TRANSFORMS)
    assert set(FieldRow.model_fields) - {"file", "line"} - _explained(section) == set()


@pytest.mark.parametrize("connector", sorted(path.parent.name for path in CONNECTORS.glob("*/settings.py")))
def test_every_option_of_a_connector_is_explained(connector: str) -> None:
    options = typing.cast(type[BaseModel], importlib.import_module(f"tieline.connectors.{connector}.settings").Options)
    readme = CONNECTORS / connector / "README.md"
    text = SITE.read_text("utf-8") + (readme.read_text("utf-8") if readme.is_file() else "")
    silent = [
        name for name in options.model_fields if not re.search(rf"`{name}`|^(?:# )?{name} = ", text, re.MULTILINE)
    ]
    assert silent == []


@pytest.mark.parametrize("connector", ["kantata", "salesforce", "tryton"])
def test_the_connection_shown_for_a_connector_is_one_a_site_takes(connector: str) -> None:
    page = (CONNECTORS / connector / "README.md").read_text("utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (connection,) = tomllib.loads(shown)["connection"]
    table = ConnectionTable.model_validate(connection)
    assert (table.connector, table.secrets != {}) == (connector, True)
    module = importlib.import_module(f"tieline.connectors.{connector}.settings")
    module.Options.model_validate(table.options)
