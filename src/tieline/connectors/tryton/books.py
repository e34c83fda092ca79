"""What Tryton's own lists say: parties, works, sales, invoices and timesheet lines of the company, in order of ids."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tieline.connectors.tryton.client import Domain, Row
from tieline.connectors.tryton.invoice import INVOICE
from tieline.connectors.tryton.party import PARTY
from tieline.connectors.tryton.records import Site, part
from tieline.connectors.tryton.sale import SALE
from tieline.connectors.tryton.timesheet import LINE
from tieline.connectors.tryton.work import WORK
from tieline.sdk.books import Days, Fact, Held, Listed
from tieline.sdk.errors import Rejected

LOOKED_UP = 200
DEEPEST = 100
"""Steps from a task to its project; a longer way is a circle."""
FIELDS: Mapping[Listed, tuple[str, tuple[str, ...]]] = {
    "customer": (PARTY, ("code", "name")),
    "project": (WORK, ("comment", "name")),
    "contract": (SALE, ("reference", "number", "state", "untaxed_amount", "currency.code")),
    "time": (LINE, ("description", "work", "employee", "date", "duration")),
    "invoice": (
        INVOICE,
        (*("reference", "number", "state", "invoice_date", "currency.code"),
         *("untaxed_amount", "total_amount", "amount_to_pay")),
    ),
}  # fmt: skip
REFERENCE = {
    "customer": "code",
    "project": "comment",
    "contract": "reference",
    "time": "description",
    "invoice": "reference",
}


@dataclass(frozen=True, slots=True)
class TrytonBooks:
    """The books of one company (`sdk.books.Books`). A reversal leaves the line it takes back at zero."""

    site: Site
    zeroes_reversed: bool = True
    whole_amounts: bool = False

    @property
    def shows(self) -> Mapping[Listed, frozenset[Fact]]:
        """A work carries no value, a sale no project."""
        return {
            "customer": frozenset(),
            "project": frozenset(),
            "contract": frozenset({"amount"}),
            "time": frozenset({"project", "day", "quantity"}),
            "invoice": frozenset({"amount"}),
        }

    def list_held(self, record: Listed, days: Days | None = None) -> Iterator[Held]:
        """All of them; of time those of the days."""
        wanted: list[Any] = []
        if record == "time" and days is not None:
            wanted = [["date", ">=", days.first], ["date", "<=", days.last]]
        return self._all(record, wanted)

    def find_held(self, record: Listed, references: Sequence[str]) -> Iterator[Held]:
        """By our reference. A work's stands at the beginning of its comment, so all works are looked through."""
        if record == "project":
            wanted = set(references)
            yield from (one for one in self._all(record, []) if one.reference in wanted)
            return
        for start in range(0, len(references), LOOKED_UP):
            some = list(references[start : start + LOOKED_UP])
            yield from self._all(record, [[REFERENCE[record], "in", some]])

    def _all(self, record: Listed, wanted: Sequence[Any]) -> Iterator[Held]:
        model, fields = FIELDS[record]
        projects = self._projects() if record == "time" else {}
        for row in self.site.client.every(model, [*self._own(record), *wanted], fields):
            try:
                yield self._held(record, row, projects)
            except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
                message = f"a row of its list of {record} cannot be read: {error!r:.200}"
                raise Rejected(self.site.connection, message, kind="schema_drift", field=record) from error

    def _own(self, record: Listed) -> Domain:
        company = [["company", "=", self.site.client.company]]
        match record:
            case "customer":
                return []
            case "project":
                return [*company, ["type", "=", "project"]]
            case "contract":
                return [*company, ["state", "!=", "cancelled"]]
            case "invoice":
                return [*company, ["type", "=", "out"]]
            case _:
                return company

    def _projects(self) -> dict[str, str]:
        """Timesheet work -> the project at the top of its tree."""
        company = [["company", "=", self.site.client.company]]
        rows = {row["id"]: row for row in self.site.client.every(WORK, company, ("parent", "timesheet_works"))}
        found: dict[str, str] = {}
        for row in rows.values():
            top = row
            for _ in range(DEEPEST):
                if top.get("parent") is None or top["parent"] not in rows:
                    break
                top = rows[top["parent"]]
            found |= {str(work): str(top["id"]) for work in row.get("timesheet_works") or ()}
        return found

    def _held(self, record: Listed, row: Row, projects: Mapping[str, str]) -> Held:
        identifier, reference = str(row["id"]), _first_word(row.get(REFERENCE[record]))
        match record:
            case "time":
                duration, day = row["duration"], row["date"]
                if not isinstance(duration, timedelta) or not isinstance(day, date):
                    raise TypeError("a timesheet line has no duration or no date")
                return Held(
                    external_id=identifier,
                    reference=reference if reference and reference.count(":") >= 3 else None,
                    project=projects.get(str(row["work"])),
                    person=str(row["employee"]),
                    day=day,
                    quantity=Decimal(round(duration.total_seconds())) / 60,
                )
            case "customer" | "project":
                project = identifier if record == "project" else None
                return Held(external_id=identifier, reference=reference, project=project, label=row.get("name"))
        void = row.get("state") == "cancelled"
        paid = None
        if record == "invoice":
            booked = row["state"] in ("posted", "paid")
            paid = Decimal(row["total_amount"]) - Decimal(row["amount_to_pay"]) if booked else Decimal(0)
        return Held(
            external_id=identifier,
            reference=reference,
            day=row.get("invoice_date"),
            amount=Decimal(row["untaxed_amount"]),
            paid=paid,
            currency=part(row, "currency.", "code"),
            void=void,
            label=row.get("number"),
        )


def _first_word(text: object) -> str | None:
    """Our reference at the beginning of a field people may write into."""
    words = text.split(None, 1) if isinstance(text, str) else []
    return words[0] if words else None
