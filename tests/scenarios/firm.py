"""A firm that plays all scenarios at once through its systems: deals, time, meters and invoices, each on its day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from time import sleep
from typing import Any

from tests.e2e.world import World
from tests.scenarios.scenario import Scenario
from tieline.app.assembly import Tieline
from tieline.app.intake import Intake
from tieline.app.readings import take_readings
from tieline.app.transactions import Transactions
from tieline.lane.billing_facts import wake_billing_due

TOM = "tom.okafor@haldenmarsh.example"
ENTITIES = {"USD": "US", "EUR": "DE", "JPY": "US", "BHD": "US"}
PLACES = {"US": ("United States", "US-CA"), "DE": ("Germany", "DE")}
ROLES = ("Architect", "Consultant", "Engineer", "Junior", "Senior", "Support", "Technician")
BEFORE_ALL = date(2025, 12, 30)
SITE = """
[[service_line]]
id = "Scenarios"
name = "Scenarios"
negotiable = ["blended_rate", "caps", "expenses", "factors", "methods", "progress", "retainer", "subscriptions",
  "usage"]
dimensions = { department = "Technology" }
delivery_leads = ["dana.whitfield@haldenmarsh.example"]
"""


def furnish(site: Path, items: Mapping[str, str], erp: str, currencies: Mapping[str, str]) -> None:
    """The firm sells in more currencies, has no standard rates, and the roles of the scenarios."""
    text = (site / "site.toml").read_text("utf-8").replace("records_per_hour = 1000", "records_per_hour = 100000")
    text = text.replace('currencies = ["EUR"]', 'currencies = ["EUR", "JPY", "BHD"]')
    (site / "site.toml").write_text(text + SITE, "utf-8")
    (site / "rates.csv").write_text("role,currency,rate,valid_from,valid_to\n", "utf-8")
    people = f"email,name,role,legal_entity,cost_rate\n{TOM},Tom Okafor,Consultant,US,60.00\n"
    people += "dana.whitfield@haldenmarsh.example,Dana Whitfield,Consultant,US,60.00\n"
    (site / "people.csv").write_text(people, "utf-8")
    for table, rows in (("item", items), ("currency", currencies)):
        if rows:
            lines = "".join(f"{ours},{theirs}\n" for ours, theirs in rows.items())
            (site / "values" / erp / f"{table}.csv").write_text(f"ours,theirs\n{lines}", "utf-8")


@dataclass
class Calendar:
    """The day the flows go by."""

    day: date = BEFORE_ALL

    def __call__(self) -> date:
        return self.day


@dataclass
class Drain:
    """Tieline at work on some engagements until nothing is left to do: the flows and the lane as a worker runs them."""

    here: World
    calendar: Calendar = field(default_factory=Calendar)
    tieline: Tieline = field(init=False)
    began: datetime = field(init=False)
    rounds: int = 0

    def __post_init__(self) -> None:
        plain = self.here.tieline
        self.tieline = replace(plain, engine=replace(plain.engine, today=self.calendar))
        self._intake, self._transactions = Intake(self.tieline), Transactions(self.tieline)
        self.here.stack.callback(self._transactions.close)
        self.began = self.here.rows("select clock_timestamp() as now")[0]["now"]

    def on(self, day: date, engagements: Sequence[str] | None = None, *, but: str = "unlinked") -> None:
        """Everything that is due on a day, for these engagements or for all; `but` names a flow that rests."""
        self.calendar.day = day
        with self.tieline.database.transaction() as db:
            wake_billing_due(db, day)
        while True:
            self._a_minute_later()
            for look in (*self._intake.sweeps().values(), *self._transactions.pulls().values()):
                look()
            self._transactions.release()
            self._transactions.post()
            if not self._run_flows(engagements, but) and not self._is_waiting():
                return

    def _run_flows(self, engagements: Sequence[str] | None, but: str) -> int:
        """Run what waits, one after the other; returns how many runs that took."""
        ran = 0
        while rows := self.here.rows(
            "select flow, key from agenda where (behind or due_at <= %s::date or due_at between %s and"
            " clock_timestamp()) and flow <> 'unlinked' and flow <> %s"
            " and (%s::text[] is null or engagement = any (%s)) order by flow = 'billing', flow, key",
            self.calendar.day,
            self.began,
            but,
            engagements,
            engagements,
        ):
            for row in rows:
                self.tieline.engine.run(row["flow"], row["key"])
                ran += 1
        return ran

    def _is_waiting(self) -> bool:
        """Whether something is tried again soon: a batch under way, or a call the machine was too slow for."""
        waits = bool(
            self.here.rows(
                "select from posting_batch where state <> 'done' union all"
                " select from agenda where state = 'retrying' and due_at is not null and flow <> 'unlinked' limit 1"
            )
        )
        if waits:
            sleep(0.1)
        return waits

    def _a_minute_later(self) -> None:
        """Vendors tell of a change only when its second is over: their clocks go on, and nobody waits."""
        self.rounds += 1
        for vendor in self.here.urls:
            if vendor != "kantata":
                self.here.control(vendor, "POST", "clock", {"offset_seconds": self.rounds * 60})
        now = datetime.fromisoformat(self.here.control("kantata", "GET", "clock")["now"])
        set_kantata(self.here, max(now + timedelta(minutes=1), noon(self.calendar.day)))


def noon(day: date) -> datetime:
    """A moment of a day."""
    return datetime.combine(day, time(12)).astimezone()


def set_kantata(here: World, at: datetime) -> None:
    """What is entered there now bears this date."""
    here.control("kantata", "POST", "clock", {"at": at.isoformat()})


@dataclass
class Played:
    """One scenario in the systems."""

    scenario: Scenario
    number: int
    deal: str = ""
    row: dict[str, Any] = field(default_factory=dict)
    """The project as Tieline knows it, with its ids in PSA and ERP."""
    tasks: dict[str, str] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    """Event -> time entry."""

    @property
    def name(self) -> str:
        return f"Scenario {self.number}"

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What is sold: the work of each role on each workstream, and what is due on acceptance."""
        return work_of(self.scenario, self.scenario.agreed[0]) + [
            {"Description": event["milestone"], "Workstream__c": "Acceptance", "Quantity": 1,
             "UnitPrice": event["amount"]}
            for event in self.scenario.events if "milestone" in event
        ]  # fmt: skip


def work_of(scenario: Scenario, agreed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line for each role on each workstream, in the contract or at work."""
    rates, found = agreed.get("rates", {}), {}
    for line in agreed.get("lines", ()):
        hours = line.get("hours", 10)
        price = rates.get(line["role"], Decimal(line.get("amount", 0)) / hours)
        found[line["workstream"], line["role"]] = (hours, price)
    worked = [(event.get("workstream"), event.get("role", "Consultant")) for event in scenario.events
              if "hours" in event]  # fmt: skip
    for workstream, role in (*worked, *((None, role) for role in rates)):
        named = workstream or next((one for one, other in found if other == role), "Delivery")
        found.setdefault((named, role), (agreed.get("hours", 100), rates.get(role, 1)))
    if not found:
        found["Delivery", "Consultant"] = (agreed.get("hours", 100), 1)
    return [
        {"Workstream__c": workstream, "Role__c": role, "Description": f"{workstream} by {role}", "Quantity": hours,
         "UnitPrice": price}
        for (workstream, role), (hours, price) in found.items()
    ]  # fmt: skip


def terms_of(agreed: Mapping[str, Any]) -> str:
    """The billing terms as sales writes them into the deal."""
    methods = {line["workstream"]: line["method"] for line in agreed.get("lines", ()) if "method" in line}
    terms = {**agreed.get("billing", {}), **({"methods": methods} if methods else {})}
    return "\n".join(f"{name} = {toml(value)}" for name, value in terms.items())


def toml(value: Any) -> str:
    """A value of a TOML document, on one line."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case dict():
            return "{ " + ", ".join(f"{name} = {toml(one)}" for name, one in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
    return f"{value}"


def sell(here: World, played: Iterable[Played]) -> None:
    """Sales wins every deal, with its change orders signed already."""
    entries = {row["CurrencyIsoCode"]: row for row in here.sales.query(
        "SELECT Id, Pricebook2Id, Product2Id, CurrencyIsoCode FROM PricebookEntry"
        " WHERE Product2.ProductCode = 'IMP-BUILD'")}  # fmt: skip
    book = entries["USD"]
    for one in played:
        agreed = one.scenario.agreed[0]
        currency = agreed.get("currency", "EUR")
        if currency not in entries:
            price = {"Product2Id": book["Product2Id"], "UnitPrice": 1, "IsActive": True, "CurrencyIsoCode": currency}
            entries[currency] = {"Id": here.sales.create("PricebookEntry", Pricebook2Id=book["Pricebook2Id"], **price)}
        one.deal = _deal(here, one, agreed, currency, book["Pricebook2Id"])
        for line in one.lines:
            entry = {"OpportunityId": one.deal, "PricebookEntryId": entries[currency]["Id"]}
            here.sales.create("OpportunityLineItem", **entry, **line)
        here.sales.change("Opportunity", one.deal, StageName="Closed Won")
        for number, signed in enumerate(one.scenario.signed[1:], 1):
            if signed == date.min:
                change(here, one, number)


def _deal(here: World, one: Played, agreed: Mapping[str, Any], currency: str, book: str) -> str:
    entity = ENTITIES[currency]
    country, nexus = PLACES[entity]
    account = here.sales.create("Account", Name=f"{one.name} {one.scenario.name.replace(':', '')[:40]}",
                                Tax_Nexus__c=nexus, CurrencyIsoCode=currency, BillingCountry=country)  # fmt: skip
    terms = {
        "StageName": "Negotiation/Review", "CloseDate": agreed["start"].isoformat(), "CurrencyIsoCode": currency,
        "Service_Line__c": "Scenarios", "Contract_Type__c": "SOW", "Payment_Terms__c": "NET30",
        "Billing_Method__c": agreed.get("method", "time_and_materials"), "Tax_Treatment__c": "standard",
        "Start_Date__c": agreed["start"].isoformat(), "End_Date__c": agreed["end"].isoformat(),
        "Legal_Entity__c": entity, "Pricebook2Id": book, "Billing_Terms__c": terms_of(agreed) or None,
    }  # fmt: skip
    return here.sales.create("Opportunity", Name=one.name, AccountId=account, **terms)


def change(here: World, one: Played, number: int) -> None:
    """Sales and the customer agree on the contract's next version."""
    before, after = one.scenario.agreed[number - 1 : number + 1]
    terms = {"Billing_Terms__c": terms_of(after)} if terms_of(after) != terms_of(before) else {}
    order = here.sales.create(
        "Tieline_Change_Order__c", Name=f"CO-{number}", Opportunity__c=one.deal, Kind__c="term", Status__c="proposed",
        Effective_From__c=after["from"].isoformat(), CurrencyIsoCode=after.get("currency", "EUR"), **terms,
    )  # fmt: skip
    known = {(line["Workstream__c"], line["Role__c"]) for line in work_of(one.scenario, before)}
    new = [line for line in work_of(one.scenario, after) if (line["Workstream__c"], line["Role__c"]) not in known]
    for place, line in enumerate(new, 1):
        fields = {name: line[name] for name in ("Workstream__c", "Role__c", "Description")}
        fields["Description__c"] = fields.pop("Description")
        here.sales.create("Tieline_Change_Order_Line__c", Name=f"{place}", Change_Order__c=order, Action__c="add",
                          Hours__c=line["Quantity"], Rate__c=line["UnitPrice"], **fields)  # fmt: skip
    for role, rate in after.get("rates", {}).items():
        if rate != before.get("rates", {}).get(role):
            here.sales.create("Tieline_Change_Order_Line__c", Name=role, Change_Order__c=order, Action__c="change",
                              Role__c=role, Rate__c=rate)  # fmt: skip
    here.sales.change("Tieline_Change_Order__c", order, Status__c="approved",
                      Approved_At__c=f"2025-12-{number:02}T00:00:00.000+0000")  # fmt: skip


_PROJECTS = """
select p.body->>'name' as name, p.id, p.engagement_id, p.contract_id,
  (select external_id from cross_reference x where x.subject = p.id and x.connection = 'kantata'
    and x.target = 'project') as psa,
  (select external_id from cross_reference x where x.subject = p.id and x.connection <> 'kantata'
    and x.connection <> 'salesforce' and x.target = 'project') as erp
from project p
"""


def find_projects(here: World, played: Sequence[Played]) -> None:
    """What became of the deals."""
    rows = {row["name"]: row for row in here.rows(_PROJECTS)}
    for one in played:
        one.row = rows[one.name]
        stories = here.delivery.list("stories", workspace_id=one.row["psa"])
        one.tasks = {row["title"]: str(row["id"]) for row in stories if row["story_type"] != "deliverable"}


@dataclass
class Delivered:
    """What consultants and their systems report, put in through Kantata and by tables of readings."""

    here: World
    folder: Path
    roles: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        delivery = self.here.delivery
        self.user = int(delivery.person(TOM)["id"])
        known = {row["name"]: int(row["id"]) for row in delivery.list("roles")}
        self.roles = {role: known.get(role) or int(delivery.create("roles", "role", name=role)["id"]) for role in ROLES}
        self.category = int(delivery.list("expense_categories")[0]["id"])

    def take(self, one: Played, event: dict[str, Any]) -> None:
        """One thing that happens."""
        if "meter" in event:
            self._reading(one, event)
        elif "milestone" in event:
            set_kantata(self.here, noon(event["on"]))
            story = one.tasks[event["milestone"]]
            self.here.delivery.change("stories", "story", story, state="completed")
        elif event["id"] in one.entries:
            minutes = int(Decimal(event["hours"]) * 60)
            self.here.delivery.change("time_entries", "time_entry", one.entries[event["id"]], time_in_minutes=minutes)
        elif "hours" in event:
            self._time(one, event)
        else:
            self._expense(one, event)

    def _time(self, one: Played, event: dict[str, Any]) -> None:
        role = event.get("role", "Consultant")
        wanted = f"{event['workstream']} by {role}" if "workstream" in event else f" by {role}"
        story = next(key for title, key in one.tasks.items() if title.endswith(wanted))
        entry = self.here.delivery.create(
            "time_entries", "time_entry", workspace_id=int(one.row["psa"]), story_id=int(story), user_id=self.user,
            date_performed=event["day"].isoformat(), time_in_minutes=int(Decimal(event["hours"]) * 60), billable=True,
            role_id=self.roles[role], notes="work",
        )  # fmt: skip
        one.entries[event["id"]] = str(entry["id"])
        self._approve(one, "timesheet", entry["id"])

    def _expense(self, one: Played, event: dict[str, Any]) -> None:
        expense = self.here.delivery.create(
            "expenses", "expense", workspace_id=int(one.row["psa"]), user_id=self.user, date=event["day"].isoformat(),
            category=event.get("category", "Travel"), expense_category_id=self.category, billable=True,
            amount_in_cents=int(Decimal(event["expense"]) * 100), notes="receipt",
        )  # fmt: skip
        self._approve(one, "expense_report", expense["id"])

    def _approve(self, one: Played, kind: str, line: str) -> None:
        submission = self.here.delivery.create(
            f"{kind}_submissions", f"{kind}_submission", workspace_id=int(one.row["psa"]), user_id=self.user,
            title="Week", line_item_ids=[int(line)],
        )  # fmt: skip
        path = f"/api/v1/{kind}_submissions/{submission['id']}/approve"
        self.here.delivery._browser.call("PUT", path, {"resolution": {}})

    def _reading(self, one: Played, event: dict[str, Any]) -> None:
        file = self.folder / "readings.csv"
        row = f"{one.row['engagement_id']},{event['meter']},{event['day']},{event['quantity']}"
        file.write_text(f"engagement,meter,date,quantity\n{row}\n", "utf-8")
        take_readings(self.here.tieline.database, file, "a meter")
