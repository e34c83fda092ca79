"""The site folder: one firm's settings, read and checked; every mistake with its file and line."""

import csv
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tieline.engine.change_guard import ChangeGuard
from tieline.engine.controls import Mode, ModeRule
from tieline.engine.routing import Route
from tieline.model.contract import RateCardRow
from tieline.model.firm import Firm, LegalEntity, Person, ServiceLine
from tieline.model.ids import derived
from tieline.sdk.connector import ConnectionSettings, Limits


@dataclass(frozen=True, slots=True)
class SiteDefect:
    """A mistake in the site folder, where it is and what to do."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class SiteError(Exception):
    """The site cannot be used; carries every defect found."""

    def __init__(self, defects: list[SiteDefect]) -> None:
        self.defects = defects
        super().__init__("\n".join(map(str, defects)))


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FirmTable(_Table):
    """`[firm]`."""

    name: str
    uid: str = Field(min_length=8)
    """Never changed: it is part of every create key."""


class ConnectionTable(_Table):
    """`[[connection]]`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    connector: str
    account: str
    url: str
    options: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    """Name -> `env:VARIABLE` or `file:path in the site`."""
    limits: Limits | None = None


class RouteTable(_Table):
    """`[[route]]`."""

    role: str = Field(pattern="^(crm|psa|erp)$")
    connection: str
    legal_entity: str | None = None


class ModeTable(_Table):
    """`[[mode]]`."""

    mode: Mode
    flow: str = "*"
    connection: str = "*"
    legal_entity: str = "*"


class IntakeTable(_Table):
    """`[intake]`: seconds between sweeps of the feeds."""

    sweep_seconds: float = Field(default=60.0, ge=0.2)
    time_seconds: float = Field(default=300.0, ge=0.2)
    nightly_seconds: float = Field(default=86_400.0, ge=1.0)


class GuardTable(_Table):
    """`[guard]`: above this a flow's writes to a connection wait for a person."""

    records_per_hour: int = Field(default=1000, ge=1)
    """Never asks below this."""
    times_usual: float = Field(default=10.0, ge=1)
    """How many times the usual hour is still normal."""


class SiteTables(_Table):
    """`site.toml`."""

    firm: FirmTable
    legal_entity: tuple[dict[str, Any], ...]
    service_line: tuple[dict[str, Any], ...]
    connection: tuple[ConnectionTable, ...]
    route: tuple[RouteTable, ...]
    mode: tuple[ModeTable, ...] = ()
    default_mode: Mode = "live"
    intake: IntakeTable = IntakeTable()
    guard: GuardTable = GuardTable()
    owners: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Site:
    """A firm's settings."""

    folder: Path
    uid: str
    firm: Firm
    connections: tuple[ConnectionSettings, ...]
    limits: Mapping[str, Limits]
    routes: tuple[Route, ...]
    modes: tuple[ModeRule, ...]
    default_mode: Mode
    intake: IntakeTable
    guard: ChangeGuard

    @property
    def state(self) -> Path:
        """Where this machine keeps the embedded database and caches of the site."""
        return self.folder / ".state"


def load_site(folder: Path) -> Site:
    """Read and check a site folder. Raises SiteError with every defect found."""
    file = folder / "site.toml"
    if not file.is_file():
        message = f"there is no site here; make one with: tieline init {folder}"
        raise SiteError([SiteDefect(file, 1, message)])
    text = file.read_text("utf-8")
    try:
        tables = SiteTables.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SiteError([SiteDefect(file, _toml_line(error), str(error))]) from error
    except ValidationError as error:
        raise SiteError([_defect(file, text, item["loc"], item["msg"]) for item in error.errors()]) from error
    defects: list[SiteDefect] = []
    firm = _firm(folder, file, text, tables, defects)
    defects += _cross_checks(file, text, tables)
    if defects or firm is None:
        raise SiteError(defects)
    return Site(
        folder=folder,
        uid=tables.firm.uid,
        firm=firm,
        connections=tuple(_settings(folder, table, tables.owners) for table in tables.connection),
        limits={table.name: table.limits for table in tables.connection if table.limits is not None},
        routes=tuple(Route(item.role, item.connection, item.legal_entity) for item in tables.route),
        modes=tuple(ModeRule(item.mode, item.flow, item.connection, item.legal_entity) for item in tables.mode),
        default_mode=tables.default_mode,
        intake=tables.intake,
        guard=ChangeGuard(tables.guard.records_per_hour, tables.guard.times_usual),
    )


def _firm(folder: Path, file: Path, text: str, tables: SiteTables, defects: list[SiteDefect]) -> Firm | None:
    entities, lines = [], []
    for number, row in enumerate(tables.legal_entity):
        try:
            entities.append(LegalEntity.model_validate(row))
        except ValidationError as error:
            defects += [_defect(file, text, ("legal_entity", number, *i["loc"]), i["msg"]) for i in error.errors()]
    for number, row in enumerate(tables.service_line):
        try:
            lines.append(ServiceLine.model_validate(row))
        except ValidationError as error:
            defects += [_defect(file, text, ("service_line", number, *i["loc"]), i["msg"]) for i in error.errors()]
    rates = _rates(folder / "rates.csv", defects)
    people = _people(folder / "people.csv", defects)
    if defects:
        return None
    return Firm(
        id="firm",
        name=tables.firm.name,
        legal_entities=tuple(entities),
        service_lines=tuple(lines),
        standard_rates=tuple(rates),
        people=tuple(people),
    )


def _cross_checks(file: Path, text: str, tables: SiteTables) -> list[SiteDefect]:
    defects = []
    names = [table.name for table in tables.connection]
    entities = {row.get("id") for row in tables.legal_entity}
    for number, name in enumerate(names):
        if name in names[:number]:
            defects.append(_defect(file, text, ("connection", number, "name"), f"connection '{name}' is named twice"))
    for number, route in enumerate(tables.route):
        if route.connection not in names:
            message = f"route names connection '{route.connection}', which the site does not have"
            defects.append(_defect(file, text, ("route", number, "connection"), message))
        if route.legal_entity is not None and route.legal_entity not in entities:
            message = f"route names legal entity '{route.legal_entity}', which the site does not have"
            defects.append(_defect(file, text, ("route", number, "legal_entity"), message))
    return defects


def _settings(folder: Path, table: ConnectionTable, owners: Mapping[str, str]) -> ConnectionSettings:
    def secret(name: str) -> str:
        return read_secret(folder, table.name, name, table.secrets.get(name))

    return ConnectionSettings(
        name=table.name,
        connector=table.connector,
        account=table.account,
        url=table.url,
        options=table.options,
        secret=secret,
        mappings=folder / "mappings" / table.name,
        values=folder / "values" / table.name,
        owners=owners,
    )


def read_secret(folder: Path, connection: str, name: str, where: str | None) -> str:
    """A secret from the environment or a file. Raises SiteError that names what is missing, never a value."""
    kind, _, place = (where or "").partition(":")
    if kind == "env" and place in os.environ:
        return os.environ[place]
    if kind == "file" and (folder / place).is_file():
        return (folder / place).read_text("utf-8").strip()
    message = f"connection '{connection}' needs the secret '{name}'"
    told = {
        "env": f"{message}: set the environment variable {place}",
        "file": f"{message}: put it into the file {folder / place}",
    }
    hint = f'{message}: add {name} = "env:VARIABLE" or "file:path" to its secrets'
    raise SiteError([SiteDefect(folder / "site.toml", 1, told.get(kind, hint))])


def _rates(file: Path, defects: list[SiteDefect]) -> list[RateCardRow]:
    rows = []
    for line, row in _csv(file, ("role", "currency", "rate", "valid_from"), defects):
        try:
            rows.append(
                RateCardRow(
                    id=derived("rate_card", "standard", row["role"], row["currency"], row["valid_from"]),
                    precedence=5,
                    role=row["role"],
                    currency=row["currency"],
                    rate=Decimal(row["rate"]),
                    valid_from=date.fromisoformat(row["valid_from"]),
                    valid_to=date.fromisoformat(row["valid_to"]) if row.get("valid_to") else None,
                )
            )
        except (ValueError, InvalidOperation) as error:
            defects.append(SiteDefect(file, line, f"this rate cannot be read: {error}"))
    return rows


def _people(file: Path, defects: list[SiteDefect]) -> list[Person]:
    rows = []
    for line, row in _csv(file, ("email", "name", "role", "legal_entity", "cost_rate"), defects):
        try:
            cost = Decimal(row["cost_rate"]) if row["cost_rate"] else None
            rows.append(
                Person(
                    id=row["email"].lower(),
                    name=row["name"],
                    role=row["role"] or None,
                    legal_entity=row["legal_entity"],
                    cost_rate=cost,
                )
            )
        except (ValueError, InvalidOperation) as error:
            defects.append(SiteDefect(file, line, f"this person cannot be read: {error}"))
    return rows


def _csv(file: Path, columns: tuple[str, ...], defects: list[SiteDefect]) -> list[tuple[int, dict[str, str]]]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            defects.append(SiteDefect(file, 1, f"the header lacks the columns {', '.join(missing)}"))
            return []
        return [(number, dict(row)) for number, row in enumerate(reader, 2)]


def _defect(file: Path, text: str, where: tuple[int | str, ...], message: str) -> SiteDefect:
    path = ".".join(str(part) for part in where if not isinstance(part, int))
    return SiteDefect(file, _line_of(text, where), f"{path}: {message}")


def _line_of(text: str, where: tuple[int | str, ...]) -> int:
    """The line of a setting: its table's header (the n-th, in a list of tables), then its key."""
    table = str(where[0]) if where else ""
    nth = next((part for part in where if isinstance(part, int)), 0)
    key = str(where[-1]) if len(where) > 1 and not isinstance(where[-1], int) else None
    seen, header_line = -1, 1
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            if seen == nth:
                break
            if stripped.strip("[] ").split(".")[0] == table:
                seen += 1
                header_line = number
        elif seen == nth and key is not None and stripped.split("=")[0].strip() == key:
            return number
    return header_line


def _toml_line(error: tomllib.TOMLDecodeError) -> int:
    words = str(error).replace(",", " ").split()
    return int(words[words.index("line") + 1]) if "line" in words else 1
