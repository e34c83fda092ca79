"""Finance in NetSuite: drafts are dated and released at the month's close; customers pay, each in their way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tieline_standins.simulation.agenda import Agenda
from tieline_standins.simulation.chance import chance_of
from tieline_standins.simulation.pipeline import Deal, Payer
from tieline_standins.simulation.roster import Team
from tieline_standins.simulation.wire import NetSuite, Row

DISPUTE = "custbody_dispute_reason"
"""The field of an invoice in which finance notes what a customer objects to."""
_RECORDS = "/services/rest/record/v1"
_HEADS = (
    "SELECT id, tranid, foreigntotal, entity, BUILTIN.DF(entity) AS customer, TO_CHAR(duedate, 'YYYY-MM-DD') AS due"
    " FROM transaction WHERE type = 'CustInvc' AND approvalstatus = "
)
_DRAFTS, _RELEASED = _HEADS + "'1' ORDER BY id", _HEADS + "'2' ORDER BY id"
_REASONS = ("Hours of the last week are not accepted", "The purchase order is used up", "The rate was agreed otherwise")


@dataclass(slots=True)
class Issued:
    """An invoice finance released."""

    id: str
    number: str
    customer: str
    customer_id: str
    issued_on: date
    due_on: date
    total: Decimal
    payer: Payer
    paid: Decimal = Decimal(0)
    paid_on: date | None = None
    disputed_on: date | None = None
    settled_on: date | None = None


@dataclass(slots=True)
class Finance:
    """Everybody in finance, and the bank. `payers` are known by the customer's name."""

    netsuite: NetSuite
    payers: Mapping[str, Payer]
    seed: int
    stopped_from: date
    """From this day on the customers that stop paying do not pay any more."""
    issued: list[Issued] = field(default_factory=list)
    _agenda: Agenda[Callable[[date], None]] = field(default_factory=Agenda)

    def employ(self, teams: Sequence[Team]) -> None:
        """People finance is told of."""
        for one in (one for team in teams for one in team if one.known_in_erp):
            first, last = one.name.split(" ", 1)
            body = {
                "firstName": first,
                "lastName": last,
                "email": one.email,
                "title": one.role,
                "subsidiary": {"externalId": one.entity},
                "laborCost": one.cost_rate,
                "isJobResource": True,
            }
            self.netsuite.call("POST", f"{_RECORDS}/employee", body)

    def act(self, day: date) -> None:
        """What the bank reports and customers say on a day."""
        for due in self._agenda.due(day):
            due(day)

    def hours_booked(self) -> Decimal:
        """All hours on time lines of the ERP."""
        rows = self.netsuite.rows("SELECT SUM(hours) AS hours FROM timebill")
        return Decimal(str(rows[0].get("hours") or 0)) if rows else Decimal(0)

    def drafts(self) -> dict[str, Decimal]:
        """What waits for release: id -> total."""
        return {str(row["id"]): Decimal(str(row["foreigntotal"])) for row in self.netsuite.rows(_DRAFTS)}

    def close_month(self, day: date, last: date) -> int:
        """Release all drafts; they carry the last day of the month that is closed. Returns how many."""
        drafts = [str(row["id"]) for row in self.netsuite.rows(_DRAFTS)]
        for key in drafts:
            body = {"tranDate": last.isoformat(), "approvalStatus": {"id": "2"}}
            self.netsuite.call("PATCH", f"{_RECORDS}/invoice/{key}", body)
        released = {str(row["id"]): row for row in self.netsuite.rows(_RELEASED)} if drafts else {}
        for key in drafts:
            invoice = _issued(released[key], last, self.payers)
            self.issued.append(invoice)
            for on, what in self._fate(invoice):
                self._agenda.note(max(on, day + timedelta(days=1)), what)
        return len(drafts)

    def _fate(self, invoice: Issued) -> Iterator[tuple[date, Callable[[date], None]]]:
        """What will happen to an invoice, and when."""
        chance = chance_of(self.seed, invoice.customer, invoice.issued_on)
        due = invoice.due_on
        match invoice.payer:
            case "on time":
                yield due + timedelta(days=chance.randint(-6, 3)), lambda day: self._pay(invoice, day)
            case "slow":
                yield due + timedelta(days=chance.randint(15, 50)), lambda day: self._pay(invoice, day)
            case "disputes":
                objected = due + timedelta(days=chance.randint(-8, 5))
                settled = objected + timedelta(days=chance.randint(14, 45))
                reason = chance.choice(_REASONS)
                yield objected, lambda day: self._dispute(invoice, day, reason)
                yield settled, lambda day: self._settle(invoice, day)
            case "stops":
                on = due + timedelta(days=chance.randint(5, 20))
                if on < self.stopped_from:
                    yield on, lambda day: self._pay(invoice, day)

    def _pay(self, invoice: Issued, day: date) -> None:
        amount = float(invoice.total)
        body = {
            "customer": {"id": invoice.customer_id},
            "payment": amount,
            "tranDate": day.isoformat(),
            "apply": {"items": [{"doc": {"id": invoice.id}, "apply": True, "amount": amount}]},
        }
        self.netsuite.call("POST", f"{_RECORDS}/customerPayment", body)
        invoice.paid, invoice.paid_on = invoice.total, day

    def _dispute(self, invoice: Issued, day: date, reason: str) -> None:
        self.netsuite.call("PATCH", f"{_RECORDS}/invoice/{invoice.id}", {DISPUTE: reason})
        invoice.disputed_on = day

    def _settle(self, invoice: Issued, day: date) -> None:
        self.netsuite.call("PATCH", f"{_RECORDS}/invoice/{invoice.id}", {DISPUTE: None})
        invoice.settled_on = day
        self._pay(invoice, day)


def payers_of(deals: Sequence[Deal]) -> dict[str, Payer]:
    """How each customer pays; in the ERP a customer's name ends with the entity it belongs to."""
    accounts = {deal.account for deal in deals}
    return {f"{one.name} {one.entity}": one.payer for one in accounts}


def _issued(row: Row, issued_on: date, payers: Mapping[str, Payer]) -> Issued:
    customer = str(row["customer"])
    return Issued(
        id=str(row["id"]),
        number=str(row["tranid"]),
        customer=customer,
        customer_id=str(row["entity"]),
        issued_on=issued_on,
        due_on=date.fromisoformat(row["due"]),
        total=Decimal(str(row["foreigntotal"])),
        payer=payers[customer],
    )
