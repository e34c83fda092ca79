"""The firm's systems as people know them: names, roles, and where a record opens in the vendor's own screens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tieline.sdk.connected import Connected

RecordUrl = Callable[[str, str], str | None]
"""(target, vendor id) -> address, or None when the vendor has no page for it."""

LONGEST_ID = 200


@dataclass(frozen=True, kw_only=True)
class SystemCard:
    """One connection."""

    connection: str
    system: str
    """The vendor's name for people."""
    connector: str
    account: str
    roles: tuple[str, ...]
    record_url: RecordUrl

    def url(self, target: str | None, external_id: str | None) -> str | None:
        """A web address of a record, never another kind of address; none for an id no address can hold."""
        if target is None or external_id is None or len(external_id) > LONGEST_ID:
            return None
        found = self.record_url(target, external_id)
        return found if found is not None and found.startswith(("https://", "http://")) else None


Cards = Mapping[str, SystemCard]


def cards_of(connected: Mapping[str, Connected]) -> dict[str, SystemCard]:
    """The cards of all connections, in the order of the site."""
    return {name: _card(name, one) for name, one in connected.items()}


def _card(name: str, one: Connected) -> SystemCard:
    roles = {"crm": one.crm, "psa": one.psa, "erp": one.erp}
    played = {role: found for role, found in roles.items() if found is not None}
    first = next(iter(played.values()), None)
    return SystemCard(
        connection=name,
        system=one.facts.system,
        connector=one.settings.connector,
        account=one.settings.account,
        roles=tuple(played),
        record_url=first.record_url if first is not None else lambda target, external_id: None,
    )
