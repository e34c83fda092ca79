"""What people do in a small firm, and what the vendors must hold of it when Tieline has come to rest."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.e2e.deals import Deal, netsuite_record, shown, win, workday
from tests.e2e.oracle import doubled
from tests.e2e.world import World
from tests.faults.firm import Firm
from tests.faults.workload import pass_time, settle
from tieline.app.assembly import Tieline, assemble
from tieline.app.assurance import firm_of
from tieline.app.replay import carry_out
from tieline.app.site import load_site
from tieline.app.transactions import pricing_of, sinks_of
from tieline.engine.controls import pause, resume
from tieline.engine.replay import Scope, ask
from tieline.exception_queue.actions import link, retry
from tieline.exception_queue.write_off import confirm, propose, read_proposal
from tieline.reconciliation.verify import verify

TOM, GRACE = "tom.okafor@haldenmarsh.example", "grace.lee@haldenmarsh.example"
RATE = 210
"""Of Tom, an hour. Nobody has agreed a rate for Grace, so her time waits for a person."""


@dataclass
class Timesheet:
    """One submission."""

    id: str
    person: str
    entries: dict[str, int]
    """Entry -> minutes."""
    approved: bool = True

    @property
    def minutes(self) -> int:
        return sum(self.entries.values()) if self.approved else 0


@dataclass
class Sold:
    """A deal, as the people who made it know it."""

    deal: Deal
    customer: str
    project: dict[str, Any] | None = None
    """As sales sees it, once it is there."""
    sheets: list[Timesheet] = field(default_factory=list)
    edited: bool = False
    """Sold at another price without a change order."""
    billed: int = 0
    """Minutes on released invoices."""
    open_invoices: list[str] = field(default_factory=list)
    by_hand: str = ""
    """The customer as finance made it in the ERP beforehand, by its id there."""
    linked: bool = False
    """A person has said that it is the same customer; until then the deal waits."""

    @property
    def waits(self) -> bool:
        return bool(self.by_hand) and not self.linked

    def minutes(self, person: str) -> int:
        return sum(sheet.minutes for sheet in self.sheets if sheet.person == person)


class Business:
    """A firm at work. Everything said here happens in the vendors' own systems, but for what an operator does."""

    def __init__(self, run: Firm) -> None:
        self.run = run
        self.sold: list[Sold] = []
        self.paused: set[str] = set()
        self.tieline: Tieline = assemble(load_site(run.here.site), run.orders.conninfo, threads=2)

    @property
    def here(self) -> World:
        return self.run.here

    def close(self) -> None:
        self.tieline.close()

    def wins(self, *, by_hand: bool = False) -> None:
        """A deal; its customer is new, or finance has made it in the ERP `by_hand` already."""
        name = f"Deal {len(self.sold) + 1}"
        customer = f"{name} Ltd"
        made = self._make_customer(customer) if by_hand else ""
        self.sold.append(Sold(win(self.here, name), customer, by_hand=made))

    def links(self) -> None:
        """Finance says of each customer that may be there twice that it is the one made by hand."""
        for sold in [sold for sold in self.sold if sold.waits]:
            (item,) = self.run.rows(
                "select id from exception_item where kind = 'duplicate' and closed_at is null and message like %s",
                f"%{sold.customer}%",
            )
            link(self.tieline.database, item["id"], sold.by_hand, "priya")
            sold.linked = True

    def books(self, sold: Sold, person: str, minutes: list[int]) -> None:
        """Somebody works on the first task and has it approved."""
        delivery, workspace = self.here.delivery, self._workspace(sold)
        stories = delivery.list("stories", workspace_id=workspace)
        task = next(str(row["id"]) for row in stories if row["story_type"] == "task")
        days = [(workday(back), time, "work") for back, time in enumerate(minutes)]
        before = {str(row["id"]) for row in delivery.list("time_entries", workspace_id=workspace)}
        submission = delivery.book(workspace, task, person, days)
        delivery.approve(submission)
        after = {str(row["id"]): int(row["time_in_minutes"]) for row in self._entries(sold)}
        entries = {entry: time for entry, time in after.items() if entry not in before}
        sold.sheets.append(Timesheet(submission, person, entries))

    def takes_back(self, sheet: Timesheet) -> None:
        """The project manager rejects what was approved."""
        self.here.delivery._browser.call("PUT", f"/api/v1/timesheet_submissions/{sheet.id}/reject", {"resolution": {}})
        sheet.approved = False

    def corrects(self, sold: Sold, sheet: Timesheet, minutes: int) -> None:
        """Taken back, one entry changed, and approved again."""
        if sheet.approved:
            self.takes_back(sheet)
        entry = next(iter(sheet.entries))
        delivery = self.here.delivery
        delivery.change("time_entries", "time_entry", entry, time_in_minutes=minutes)
        again = delivery.create(
            "timesheet_submissions",
            "timesheet_submission",
            workspace_id=int(self._workspace(sold)),
            user_id=int(delivery.person(sheet.person)["id"]),
            title="Corrected",
            line_item_ids=[int(one) for one in sheet.entries],
        )
        delivery.approve(str(again["id"]))
        sheet.id, sheet.approved = str(again["id"]), True
        sheet.entries[entry] = minutes

    def edits(self, sold: Sold) -> None:
        """Sales changes the price of what is sold, or puts it back."""
        sold.edited = not sold.edited
        price = 260 if sold.edited else RATE
        self.here.sales.change("OpportunityLineItem", sold.deal.lines[0], UnitPrice=price)

    def renames(self, sold: Sold) -> None:
        """The customer has another name."""
        sold.customer += " & Co"
        self.here.sales.change("Account", sold.deal.account, Name=sold.customer)

    def releases(self, sold: Sold) -> None:
        """Finance releases the draft that holds all that is not billed yet."""
        unbilled = sold.minutes(TOM) - sold.billed
        draft = self.here.finance.draft(self._job(sold), _worth(unbilled))
        assert draft is not None, f"no draft over {_worth(unbilled)} for {sold.deal.name}"
        self.here.finance.release(draft)
        sold.billed += unbilled
        sold.open_invoices.append(draft)

    def pays(self, sold: Sold) -> None:
        invoice = sold.open_invoices.pop()
        self.here.finance.pay(invoice, self.here.finance.total(invoice))

    def pauses(self, connection: str) -> None:
        pause(self.tieline.database, "connection", connection, "a test", "dana")
        self.paused.add(connection)

    def resumes(self) -> None:
        for connection in sorted(self.paused):
            resume(self.tieline.database, "connection", connection, "dana")
        self.paused.clear()

    def retries(self) -> None:
        """An operator tries everything once more."""
        for row in self.run.rows("select id from exception_item where closed_at is null order by id"):
            retry(self.tieline.database, row["id"], "dana")

    def writes_off(self) -> None:
        """Two persons give up Grace's time that waits."""
        for row in self._waiting_lines():
            with self.tieline.database.connection() as db:
                proposed = read_proposal(db, row["exception_id"])
            if proposed is None:
                propose(self.tieline.database, row["exception_id"], "priya", "agreed with the customer")
            confirm(self.tieline.database, row["exception_id"], "dana")

    def replays(self, scope: Scope) -> None:
        """Asked for, and carried out by whoever works."""
        number = ask(self.tieline.database, scope, "dana").number
        for _ in range(100):
            carry_out(self.tieline.database, self.tieline.connected, pricing_of(self.tieline, sinks_of(self.tieline)))
            settle(self.run)
            (row,) = self.run.rows("select state from replay where id = %s", number)
            if row["state"] == "done":
                return
        raise AssertionError("the replay does not end")

    def rests(self) -> None:
        """Nobody acts until nothing is left to do."""
        self.resumes()
        settle(self.run)
        for sold in self.sold:
            sold.project = sold.project or shown(self.here, sold.deal)

    def wrong(self) -> list[str]:
        """What the vendors hold and should not, or do not hold and should; asked at rest."""
        found = [f"twice: {record}" for record in doubled(self.here)]
        names = self._customers()
        for sold in [sold for sold in self.sold if not sold.waits]:
            if sold.project is None:
                found.append(f"{sold.deal.name} has no project")
                continue
            if self.here.finance.hours(self._job(sold)) * 60 != sold.minutes(TOM):
                found.append(f"{sold.deal.name}: {self.here.finance.hours(self._job(sold))} hours in NetSuite")
            if sold.by_hand and self._bill_to(sold) != sold.by_hand:
                found.append(f"{sold.deal.name} is billed to {self._bill_to(sold)}, not to the linked {sold.by_hand}")
            unbilled = sold.minutes(TOM) - sold.billed
            if unbilled > 0 and self.here.finance.draft(self._job(sold), _worth(unbilled)) is None:
                found.append(f"{sold.deal.name}: no draft over {_worth(unbilled)}")
            if (
                sold.customer not in names and not sold.edited
            ):  # a deal that waits for its change order waits as a whole
                found.append(f"{sold.customer} is called otherwise in NetSuite: {names}")
        return found + self._queue()

    def holds_for_good(self) -> list[str]:
        """At the very end: the invariants hold, and a replay of everything changes nothing."""
        self._minutes_pass()
        firm = firm_of(self.tieline)
        found = [words for one in verify(firm, "a test", seed=7).checked for words in one.violations]
        before = {vendor: len(self.here.ledger(vendor)) for vendor in self.here.urls}
        for connection in self.here.urls:
            self.replays(Scope(connection=connection))
        new = [entry for vendor, count in before.items() for entry in self.here.ledger(vendor)[count:]]
        return found + [f"a replay wrote {entry['operation']} {entry['key']}: {entry['body']}" for entry in new]

    def _minutes_pass(self) -> None:
        """A record of ours that was seen before its answer was written down is told from a stranger's by then."""
        self.run.rows("update inbox set received_at = received_at - interval '5 minutes' returning id")
        self.run.rows("update agenda set due_at = now() where flow = 'unlinked' and due_at is not null returning key")
        self.rests()

    def _queue(self) -> list[str]:
        """Exactly what must wait for a person does."""
        rows = self.run.rows("select kind, field, message from exception_item where closed_at is null")
        duplicates = [row for row in rows if row["kind"] == "duplicate"]
        rows = [row for row in rows if row not in duplicates]
        edited = sum(sold.edited for sold in self.sold)
        found = [row["message"] for row in rows if row["field"] not in ("change order", "rate", "item", "role")]
        if sum(row["field"] == "change order" for row in rows) != edited:
            found.append(f"{edited} deals were edited, and the queue says: {rows}")
        if len(duplicates) != sum(sold.waits for sold in self.sold):
            found.append(f"these customers are said to be there already: {duplicates}")
        waiting = self.run.rows(
            "select coalesce(sum(quantity), 0) as minutes from project_transaction"
            " where live and state in ('in_exception', 'written_off')"
        )[0]["minutes"]
        if waiting != sum(sold.minutes(GRACE) for sold in self.sold):
            found.append(f"{waiting} minutes of Grace wait")
        return found

    def _waiting_lines(self) -> list[dict[str, Any]]:
        return self.run.rows(
            "select distinct exception_id from exception_line l join exception_item i on i.id = l.exception_id"
            " where transaction_id is not null and closed_at is null order by 1"
        )

    def _customers(self) -> list[str]:
        """Their newest names in NetSuite."""
        names: dict[str, str] = {}
        for entry in self.here.ledger("netsuite", "customer.*"):
            names[str(entry["key"])] = str((entry["body"] or {}).get("companyName", names.get(str(entry["key"]))))
        return sorted(names.values())

    def _make_customer(self, name: str) -> str:
        body = {"companyName": name, "subsidiary": {"id": "1"}, "isPerson": False, "currency": {"id": "1"}}
        answer = self.here.finance._browser.call("POST", "/services/rest/record/v1/customer", body)
        return str(answer.headers["location"]).rpartition("/")[2]

    def _bill_to(self, sold: Sold) -> str:
        return str(netsuite_record(self.here, "job", self._job(sold))["parent"]["id"])

    def _entries(self, sold: Sold) -> list[dict[str, Any]]:
        return self.here.delivery.list("time_entries", workspace_id=self._workspace(sold))

    def _workspace(self, sold: Sold) -> str:
        assert sold.project is not None
        return str(sold.project["PSA_Id__c"])

    def _job(self, sold: Sold) -> str:
        assert sold.project is not None
        return str(sold.project["ERP_Id__c"])


def _worth(minutes: int) -> Decimal:
    return (Decimal(minutes) * RATE / 60).quantize(Decimal("0.01"))


def act_apart(business: Business) -> None:
    """Some seconds go by at the vendors, as between two acts of people."""
    pass_time(business.run, 1)
