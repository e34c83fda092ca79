"""What `tieline check --live` asks Salesforce: sign-in, organisation, fields and rights, calls left today."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tieline.connectors.salesforce.client import REFERENCE, Row, Salesforce
from tieline.connectors.salesforce.follow_up import FOLLOW_UPS
from tieline.connectors.salesforce.reading import Reading
from tieline.connectors.salesforce.settings import Options
from tieline.connectors.salesforce.sign_in import SignIn
from tieline.sdk.connector import ConnectorFacts, Finding
from tieline.sdk.errors import Rejected, Unauthorized, Unavailable


@dataclass(frozen=True, slots=True)
class LiveChecks:
    """The checks of one connection; each answers findings and never raises the three errors."""

    salesforce: Salesforce
    sign_in: SignIn
    reading: Reading
    facts: ConnectorFacts
    options: Options
    pinned: str

    def run(self) -> Sequence[Finding]:
        """One finding each."""
        account = self._account()
        if not account.ok:
            return [account]
        return [account, *self._fields(), *self._guarded("calls", self._calls)]

    def _account(self) -> Finding:
        try:
            found = self.sign_in.organisation()
        except (Unauthorized, Unavailable, Rejected) as error:
            return Finding(False, "sign-in", error.message)
        if found != self.pinned:
            message = f"the credentials belong to organisation {found}; the connection is pinned to {self.pinned}"
            return Finding(False, "account", message)
        return Finding(True, "account", f"signed in to organisation {found}")

    def _fields(self) -> Iterator[Finding]:
        for sobject in dict.fromkeys(mapping.vendor for mapping in self.reading.mappings.values()):
            yield from self._guarded(sobject, lambda sobject=sobject: self._object(sobject))  # type: ignore[misc]

    def _object(self, sobject: str) -> Iterator[Finding]:
        known = {str(field.get("name")): field for field in self.salesforce.describe(sobject)}
        mappings = {name: mapping for name, mapping in self.reading.mappings.items() if mapping.vendor == sobject}
        reads = {field for name in mappings for field in self.reading.fields(name) if "." not in field}
        once = [mapping for name, mapping in mappings.items() if name in FOLLOW_UPS.values()]
        writes = {field for each in mappings.values() if each not in once for field in each.vendor_fields("write")}
        made = {field for each in once for field in (*each.vendor_fields("write"), REFERENCE)}
        if self.options.currency:
            writes.discard("CurrencyIsoCode")
            made.discard("CurrencyIsoCode")
        if sobject == "Opportunity" and self.options.committed_field:
            reads.add(self.options.committed_field)
        missing = sorted((reads | writes | made) - known.keys())
        locked = sorted(name for name in writes & known.keys() if known[name].get("updateable") is not True)
        locked += sorted(name for name in made & known.keys() if known[name].get("createable") is not True)
        if missing:
            yield Finding(False, sobject, f"create, or let the integration user see: {', '.join(missing)}")
        if locked:
            yield Finding(False, sobject, f"let the integration user edit: {', '.join(locked)}")
        if not missing and not locked:
            yield Finding(True, sobject, f"{len(reads | writes | made)} fields are there")

    def allowance(self) -> int | None:
        """Calls a day of this organisation, for all its integrations together."""
        daily = self._daily()
        return daily[1] if daily else None

    def _calls(self) -> Iterator[Finding]:
        if daily := self._daily():
            left, most = daily
            yield Finding(left > most * 0.1, "calls", f"{left:,} of {most:,} calls are left today")

    def _daily(self) -> tuple[int, int] | None:
        daily = self.salesforce.limits().get("DailyApiRequests")
        left, most = (daily.get("Remaining"), daily.get("Max")) if isinstance(daily, dict) else (None, None)
        return (left, most) if isinstance(left, int) and isinstance(most, int) else None

    def _guarded(self, subject: str, check: Callable[[], Iterator[Finding]]) -> Sequence[Finding]:
        try:
            return list(check())
        except (Unauthorized, Unavailable, Rejected) as error:
            return [Finding(False, subject, error.message)]


def described(field: Row) -> Mapping[str, Any]:
    """A field of a describe as `tieline discover` wants it."""
    needed = field.get("nillable") is False and field.get("createable") is True
    return {
        "name": field.get("name"),
        "type": field.get("type"),
        "required": needed and field.get("defaultedOnCreate") is not True,
        "custom": field.get("custom") is True,
        "label": field.get("label"),
    }
