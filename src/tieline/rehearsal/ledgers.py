"""The stand-ins' ledgers, replayed into two books: what the PSA holds as approved, and what the ERP holds as booked.

They know nothing of Tieline's database: a line counts when the vendor committed it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tieline.rehearsal.standins import StandIns

PAGE = 5_000
Entry = dict[str, Any]


@dataclass
class Ledger:
    """What a vendor committed since we last looked."""

    standins: StandIns
    vendor: str
    read: int = 0

    def news(self) -> Iterator[Entry]:
        """New entries, oldest first."""
        while True:
            entries = self.standins.control(self.vendor, f"ledger?since={self.read}&limit={PAGE}", method="GET")[
                "entries"
            ]
            yield from entries
            if not entries:
                return
            self.read = int(entries[-1]["n"])


@dataclass(slots=True)
class Worked:
    """A time entry in the PSA."""

    minutes: int
    workspace: str
    user: str
    day: str
    submission: str | None = None
    approved: bool = False


@dataclass
class Approvals:
    """The PSA's ledger, replayed."""

    entries: dict[str, Worked] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    """Changed after they were approved."""
    unapproved: set[str] = field(default_factory=set)
    pace: list[tuple[datetime, int]] = field(default_factory=list)
    """When how many minutes became approved, or ceased to be."""
    _submitted: dict[str, list[str]] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """One committed write."""
        body, key = entry["body"] or {}, str(entry["key"])
        match entry["operation"]:
            case "time_entries.create":
                workspace, user = str(body["workspace_id"]), str(body["user_id"])
                self.entries[key] = Worked(int(body["time_in_minutes"]), workspace, user, body["date_performed"])
            case "time_entries.update":
                self._change(entry, key, int(body["time_in_minutes"]))
            case "timesheet_submissions.create":
                self._submitted[key] = [str(one) for one in body["line_item_ids"]]
                for one in self._submitted[key]:
                    self.entries[one].submission = key
            case "timesheet_submissions.approve" | "timesheet_submissions.reject" as operation:
                self._decide(entry, key, operation.endswith("approve"))

    def approved(self) -> dict[str, Worked]:
        """What must be in the ERP."""
        return {key: one for key, one in self.entries.items() if one.approved}

    def _change(self, entry: Entry, key: str, minutes: int) -> None:
        worked = self.entries[key]
        if worked.approved:
            self.corrected.add(key)
            self._pace(entry, minutes - worked.minutes)
        worked.minutes = minutes

    def _decide(self, entry: Entry, submission: str, approved: bool) -> None:
        total = 0
        for key in self._submitted[submission]:
            worked = self.entries[key]
            if worked.submission == submission and worked.approved != approved:
                worked.approved = approved
                total += worked.minutes if approved else -worked.minutes
                if not approved:
                    self.unapproved.add(key)
        self._pace(entry, total)

    def _pace(self, entry: Entry, minutes: int) -> None:
        self.pace.append((datetime.fromisoformat(entry["time"]), minutes))


@dataclass(slots=True)
class Booked:
    """A time line in the ERP, under our reference."""

    minutes: int
    job: str
    employee: str
    day: str
    ids: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Billed:
    """An invoice in the ERP: amount by job, and whether finance has released it."""

    amounts: dict[str, Decimal] = field(default_factory=dict)
    released: bool = False


@dataclass
class Books:
    """The ERP's ledger, replayed."""

    lines: dict[str, Booked] = field(default_factory=dict)
    invoices: dict[str, Billed] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    """Employee -> e-mail."""
    ids: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """(kind, our reference) -> the ERP's ids; more than one is a double."""
    pace: list[tuple[datetime, int]] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        """One committed write."""
        body, key = entry["body"] or {}, str(entry["key"])
        kind, _, verb = entry["operation"].partition(".")
        if entry["external_key"]:
            self.ids[kind, str(entry["external_key"])].add(key)
        if kind == "employee" and verb == "create":
            self.emails[key] = body["email"]
        elif kind == "timeBill":
            self._line(entry, body, key, verb)
        elif kind == "invoice":
            self._invoice(body, key, verb)

    def _line(self, entry: Entry, body: Entry, key: str, verb: str) -> None:
        reference, minutes = str(entry["external_key"]), 0
        before = self.lines.get(reference)
        if verb == "delete":
            del self.lines[reference]
        else:
            minutes = minutes_of(body["hours"])
            ids = (before.ids if before else set()) | {key}
            job, employee = str(body["customer"]["id"]), str(body["employee"]["id"])
            self.lines[reference] = Booked(minutes, job, employee, body["tranDate"], ids)
        difference = minutes - (before.minutes if before else 0)
        if difference:
            self.pace.append((datetime.fromisoformat(entry["time"]), difference))

    def _invoice(self, body: Entry, key: str, verb: str) -> None:
        if verb == "delete":
            self.invoices.pop(key, None)
            return
        invoice = self.invoices.setdefault(key, Billed())
        if "item" in body:
            amounts: dict[str, Decimal] = defaultdict(Decimal)
            for line in body["item"]["items"]:
                amounts[str(line["job"]["id"])] += Decimal(str(line["amount"]))
            invoice.amounts = dict(amounts)
        if (body.get("approvalStatus") or {}).get("id") == "2":
            invoice.released = True


@dataclass(frozen=True, slots=True)
class Project:
    """A project as sales sees it: the two systems' ids side by side."""

    workspace: str
    job: str
    opportunity: str
    entity: str
    currency: str


@dataclass
class Sales:
    """The CRM's ledger, replayed: rates as sold, projects as shown."""

    rates: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """(deal, role) -> rate."""
    shown: dict[str, Entry] = field(default_factory=lambda: defaultdict(dict))
    ids: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def take(self, entry: Entry) -> None:
        """One committed write."""
        body, kind = entry["body"] or {}, str(entry["operation"]).partition(".")[0]
        if entry["external_key"]:
            self.ids[kind, str(entry["external_key"])].add(str(entry["key"]))
        if entry["operation"] == "OpportunityLineItem.create":
            self.rates[body["OpportunityId"], body["Role__c"]] = Decimal(str(body["UnitPrice"]))
        elif kind == "Tieline_Project__c":
            self.shown[str(entry["key"])].update(body)

    def projects(self) -> list[Project]:
        """Projects that are in both systems."""
        return [
            Project(
                workspace=str(row["PSA_Id__c"]),
                job=str(row["ERP_Id__c"]),
                opportunity=str(row["Opportunity__c"]),
                entity=str(row["Legal_Entity__c"]),
                currency=str(row["CurrencyIsoCode"]),
            )
            for row in self.shown.values()
            if row.get("PSA_Id__c") and row.get("ERP_Id__c")
        ]


@dataclass
class Ledgers:
    """All three, read further whenever we look."""

    standins: StandIns
    approvals: Approvals = field(default_factory=Approvals)
    books: Books = field(default_factory=Books)
    sales: Sales = field(default_factory=Sales)
    _read: dict[str, Ledger] = field(default_factory=dict)

    def look(self) -> None:
        """Take what was committed since."""
        books: dict[str, Approvals | Books | Sales] = {
            "kantata": self.approvals,
            "netsuite": self.books,
            "salesforce": self.sales,
        }
        for vendor, book in books.items():
            for entry in self._read.setdefault(vendor, Ledger(self.standins, vendor)).news():
                book.take(entry)


def source_of(reference: str) -> tuple[str, int]:
    """(the PSA's id, sequence) of `kantata:time:ID:PART~SEQUENCE`; an odd sequence is a reversal."""
    line, _, sequence = reference.partition("~")
    return line.split(":")[2], int(sequence or 0)


def minutes_of(hours: str) -> int:
    """`7:30` or `-0:15` in minutes."""
    whole, _, rest = hours.lstrip("-").partition(":")
    minutes = int(whole) * 60 + int(rest or 0)
    return -minutes if hours.startswith("-") else minutes
