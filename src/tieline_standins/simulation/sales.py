"""Sales in Salesforce: accounts, opportunities on their way through the stages, and terms that come late."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from tieline_standins.simulation.chance import chance_of
from tieline_standins.simulation.pipeline import Account, Deal
from tieline_standins.simulation.wire import RefusedError, Row, Salesforce, chunks

_ROOT = "/services/data/v66.0"
SATISFACTION = "Satisfaction__c"
"""The field of an account in which sales notes how content a customer is, 0 to 100."""
_BULK = 200
"""Records of one collection request."""
_PLACES = {"US": ("United States", "US-CA"), "UK": ("United Kingdom", "GB"), "DE": ("Germany", "DE")}
_CURRENCIES = {"US": "USD", "UK": "GBP", "DE": "EUR"}


class Sales:
    """Everybody in sales. `opportunities` are the ids by number of the deal, `satisfaction` is by account."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce
        self._accounts: dict[Account, str] = {}
        self._prices: dict[str, Row] = {}
        self._asked: set[tuple[int, int]] = set()
        self.opportunities: dict[int, str] = {}
        self.satisfaction: dict[Account, int] = {}

    def act(self, day: date, deals: Sequence[Deal]) -> None:
        """What sales does on a day. Raises RefusedError."""
        new = [
            deal for deal in deals if deal.moves and deal.moves[0][0] <= day and deal.number not in self.opportunities
        ]
        if new:
            self._open(new)
        moved = [
            {"id": self.opportunities[deal.number], "StageName": stage}
            | ({"CloseDate": day.isoformat()} if stage.startswith("Closed") else {})
            for deal in deals
            if (stage := next((name for at, name in reversed(deal.moves) if at == day), None))
        ]
        self._write("PATCH", "Opportunity", moved)
        mended = [deal for deal in deals if deal.mended_on == day and deal.won_on]
        terms = [{"id": self.opportunities[deal.number], "Payment_Terms__c": deal.payment_terms} for deal in mended]
        self._write("PATCH", "Opportunity", terms)
        for deal in deals:
            if deal.extended_on == day and deal.becomes_work:
                self._extend(deal, day)
        self._ask(day, deals)

    def _ask(self, day: date, deals: Sequence[Deal]) -> None:
        """At the beginning of a quarter customers are asked how content they are with the work; not all answer."""
        if day.month % 3 != 1 or (day.year, day.month) in self._asked:
            return
        self._asked.add((day.year, day.month))
        at_work = [deal for deal in deals if deal.becomes_work and deal.starts_on < day]
        for account in dict.fromkeys(deal.account for deal in at_work):
            score = _content(account, [deal for deal in at_work if deal.account == account], day)
            if score is not None:
                self.satisfaction[account] = score
        said = [{"id": self._accounts[one], SATISFACTION: score} for one, score in self.satisfaction.items()]
        self._write("PATCH", "Account", said)

    def _extend(self, deal: Deal, day: date) -> None:
        """The customer wants more: a change order is written down, and approved when its lines are complete."""
        order = {
            "Name": f"CO-{deal.number:05}",
            "Opportunity__c": self.opportunities[deal.number],
            "Kind__c": "scope",
            "Status__c": "proposed",
            "Effective_From__c": day.isoformat(),
            "Reason__c": "The customer wants more than was sold",
            "CurrencyIsoCode": deal.currency,
        }
        (key,) = self._write("POST", "Tieline_Change_Order__c", [order])
        lines = [
            {
                "Name": f"{number}",
                "Change_Order__c": key,
                "Action__c": "change",
                "Workstream__c": "Build",
                "Role__c": role,
                "Hours__c": hours,
            }
            for number, (role, hours) in enumerate(deal.extra_hours.items(), start=1)
        ]
        self._write("POST", "Tieline_Change_Order_Line__c", lines)
        at = f"{day.isoformat()}T15:00:00.000+0000"
        approved = {"id": key, "Status__c": "approved", "Approved_At__c": at}
        self._write("PATCH", "Tieline_Change_Order__c", [approved])

    def _open(self, deals: Sequence[Deal]) -> None:
        if not self._prices:
            query = "SELECT+Id,Pricebook2Id,CurrencyIsoCode+FROM+PricebookEntry+WHERE+ProductCode='IMP-BUILD'"
            found = self._salesforce.call("GET", f"{_ROOT}/query?q={query}")["records"]
            self._prices = {row["CurrencyIsoCode"]: row for row in found}
        accounts = list(dict.fromkeys(deal.account for deal in deals if deal.account not in self._accounts))
        made = self._write("POST", "Account", [_account(one) for one in accounts])
        self._accounts |= dict(zip(accounts, made, strict=True))
        rows = [self._opportunity(deal) for deal in deals]
        ids = self._write("POST", "Opportunity", rows)
        self.opportunities |= {deal.number: key for deal, key in zip(deals, ids, strict=True)}
        self._write("POST", "OpportunityLineItem", [line for deal in deals for line in self._lines(deal)])

    def _opportunity(self, deal: Deal) -> Row:
        row = {
            "Name": deal.name,
            "AccountId": self._accounts[deal.account],
            "StageName": deal.moves[0][1],
            "CloseDate": (deal.won_on or deal.starts_on).isoformat(),
            "CurrencyIsoCode": deal.currency,
            "Pricebook2Id": self._prices[deal.currency]["Pricebook2Id"],
            "Legal_Entity__c": deal.account.entity,
            "Service_Line__c": "Implementation",
            "Contract_Type__c": "SOW",
            "Billing_Method__c": deal.method,
            "Payment_Terms__c": deal.payment_terms,
            "Tax_Treatment__c": "standard",
            "Start_Date__c": deal.starts_on.isoformat(),
            "End_Date__c": deal.ends_on.isoformat(),
            "PO_Number__c": f"PO-{deal.number:05}",
            "Region__c": "Americas" if deal.account.entity == "US" else "EMEA",
        }
        if "missing terms" in deal.troubles:
            del row["Payment_Terms__c"]
        return row

    def _lines(self, deal: Deal) -> Iterable[Row]:
        base = {
            "OpportunityId": self.opportunities[deal.number],
            "PricebookEntryId": self._prices[deal.currency]["Id"],
        }
        if deal.milestones:
            for one in deal.milestones:
                due = one.due_on.isoformat()
                price = {"Quantity": 1, "UnitPrice": one.amount, "Description": one.name, "Due_Date__c": due}
                yield base | price | {"Workstream__c": "Delivery"}
        else:
            for role, hours in deal.planned_hours.items():
                price = {"Quantity": hours, "UnitPrice": deal.rate(role), "Description": task_of(role)}
                yield base | price | {"Workstream__c": "Build", "Role__c": role}

    def _write(self, method: str, sobject: str, rows: Sequence[Row]) -> list[str]:
        """Collections of records; one that is refused ends the simulation."""
        ids: list[str] = []
        for some in chunks(rows, _BULK):
            body = {"records": [{"attributes": {"type": sobject}, **row} for row in some]}
            results: list[dict[str, Any]] = self._salesforce.call(method, f"{_ROOT}/composite/sobjects", body)
            if refused := [one for one in results if not one["success"]]:
                raise RefusedError(f"sales cannot {method} {sobject}: {refused[0]['errors']}")
            ids += [str(one["id"]) for one in results]
        return ids


def task_of(role: str) -> str:
    """What a line, and the task that comes of it, is called."""
    return f"Build by {role}"


def _content(account: Account, deals: Sequence[Deal], day: date) -> int | None:
    """Who disputes invoices, or whose work runs over or late, is less content."""
    chance = chance_of("content", account.name, day)
    if chance.random() < 0.25:
        return None
    score = chance.randint(72, 98)
    if account.payer == "disputes":
        score -= chance.randint(15, 30)
    if any(deal.troubles & {"overrun", "late milestones"} for deal in deals):
        score -= chance.randint(15, 35)
    return score


def _account(one: Account) -> Row:
    country, nexus = _PLACES[one.entity]
    return {
        "Name": one.name,
        "Tax_Nexus__c": nexus,
        "Legal_Entity__c": one.entity,
        "BillingCountry": country,
        "CurrencyIsoCode": _CURRENCIES[one.entity],
    }
