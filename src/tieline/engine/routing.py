"""Routing: which connection plays a role for a record; pinned on the record at first use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tieline.model.firm import Firm
from tieline.model.project import Project
from tieline.sdk.connected import Connected
from tieline.sdk.errors import Rejected
from tieline.sdk.operation import Operation, kept_in_tieline
from tieline.sdk.roles import Crm, Erp, Psa
from tieline.store.database import Connection


@dataclass(frozen=True, slots=True)
class Route:
    """One `[[route]]` of the site. The first that fits decides; `legal_entity` None fits all."""

    role: str
    connection: str
    legal_entity: str | None = None


class NotInUse:
    """A role the firm does not have: its operations are shown as not in use and block nothing."""

    def __init__(self, role: str) -> None:
        self.connection = role
        self.system = role.upper()
        self._role = role

    def __getattr__(self, name: str) -> Operation[Any]:
        if name.startswith(("ensure_", "show_", "link_", "create_", "notify")):
            return kept_in_tieline(self._role, self._role.upper(), name.removeprefix("ensure_"), "not_in_use")
        raise AttributeError(f"the firm has no {self._role}: {name} cannot be asked")


class Systems:
    """The firm's systems, as a flow asks for them."""

    def __init__(self, db: Connection, connected: Mapping[str, Connected], routes: Sequence[Route], firm: Firm) -> None:
        self._db = db
        self._connected = connected
        self._routes = routes
        self.firm = firm

    def crm(self, opportunity_id: str) -> Crm:
        """The CRM an opportunity lives in."""
        row = self._db.execute(
            "select connection from cross_reference where target = 'opportunity' and subject = %s", [opportunity_id]
        ).fetchone()
        if row is None or row["connection"] not in self._connected:
            return cast(Crm, NotInUse("crm"))
        return self._connected[row["connection"]].crm or cast(Crm, NotInUse("crm"))

    def psa(self, project: Project) -> Psa:
        """Where a project is staffed and its time approved."""
        name = self._pinned(project.id, "psa", project.legal_entity)
        if name is None:
            return cast(Psa, NotInUse("psa"))
        return self._connected[name].psa or cast(Psa, NotInUse("psa"))

    def erp(self, project: Project) -> Erp:
        """Where a project is booked."""
        name = self._pinned(project.id, "erp", project.legal_entity)
        if name is None:
            return cast(Erp, NotInUse("erp"))
        return self._connected[name].erp or cast(Erp, NotInUse("erp"))

    def is_closed(self, engagement_id: str) -> bool:
        """Whether the engagement was withdrawn, or its work is done and it was closed."""
        row = self._db.execute(
            "select from engagement e left join engagement_close c on c.engagement_id = e.id"
            " where e.id = %s and (e.closed_at is not null or c.state = 'closed')",
            [engagement_id],
        ).fetchone()
        return row is not None

    def has(self, role: str) -> bool:
        """Whether the firm has this role at all."""
        return any(route.role == role for route in self._routes)

    def connection(self, name: str) -> Connected:
        """A connection by its name in the site."""
        return self._connected[name]

    def _pinned(self, record_id: str, role: str, legal_entity: str) -> str | None:
        pinned = self._db.execute(
            "select connection from route where record_id = %s and role = %s", [record_id, role]
        ).fetchone()
        if pinned is not None:
            name = str(pinned["connection"])
            if name not in self._connected:
                raise Rejected(
                    name,
                    f"This project was booked with '{name}', which the site no longer names; put that connection back",
                    kind="policy",
                    key=name,
                )
            return name
        routes = [route for route in self._routes if route.role == role]
        for route in routes:
            if route.legal_entity in (None, legal_entity):
                self._db.execute(
                    "insert into route (record_id, role, connection) values (%s, %s, %s) on conflict do nothing",
                    [record_id, role, route.connection],
                )
                return route.connection
        if not routes:
            return None
        raise Rejected(
            role,
            f"No {role.upper()} is routed for legal entity '{legal_entity}'; add a [[route]] to the site",
            kind="master_data",
            field="route",
            key=legal_entity,
        )
