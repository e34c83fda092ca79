"""What the API and the console work on: the site, its database, its systems, how events are taken in, and replays."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from tieline import connectors
from tieline.app.deals import Deals
from tieline.app.replay import Replays
from tieline.app.site import Site
from tieline.app.site_mappings import SiteMappings, mappings_of
from tieline.app.views.systems import Cards
from tieline.engine.intake import Concerns
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.errors import Unauthorized
from tieline.store.database import Database

Scope = Literal["connection", "flow", "entity"]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One firm's Tieline, as people and programs reach it."""

    site: Site
    database: Database
    cards: Cards
    flows: tuple[str, ...]
    concerns: Concerns
    replays: Replays

    @cached_property
    def deals(self) -> Deals:
        """Deals before they are contracts."""
        replays = self.replays
        return Deals(database=self.database, engine=replays.engine, connected=replays.connected)

    @cached_property
    def mappings(self) -> SiteMappings:
        """The mappings of the connections, read once: it takes a fifth of a second."""
        return tuple(mappings_of(self.site))

    def settings(self, connection: str) -> ConnectionSettings | None:
        """The settings of a connection, or None when the site has none of that name."""
        return next((one for one in self.site.connections if one.name == connection), None)

    def value_folders(self, connection: str | None) -> list[Path]:
        """Where the value tables of a connection stand, the site's own first."""
        settings = self.settings(connection or "")
        if settings is None or settings.values is None:
            return []
        return [settings.values, Path(connectors.__file__).parent / settings.connector / "values"]

    @property
    def people(self) -> dict[str, str]:
        """Name -> e-mail of the firm's people: whoever gives the one or the other is one person."""
        return {person.name: person.id for person in self.site.firm.people}

    def webhook_secret(self, connection: str) -> str | None:
        """The secret that signs events of this connection, or None when it takes none."""
        settings = self.settings(connection)
        try:
            return settings.secret("webhook") if settings is not None else None
        except Unauthorized:
            return None

    def has(self, scope: Scope, name: str) -> bool:
        """Whether the site has such a connection, flow or legal entity."""
        match scope:
            case "connection":
                return self.settings(name) is not None
            case "flow":
                return name in self.flows
            case "entity":
                return self.site.firm.legal_entity(name) is not None
