"""The people of the demo: what sales, delivery and finance do in their own systems, through the vendors' own APIs."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import RSAKey

from tieline.app.example import NETSUITE_CERTIFICATE, NETSUITE_CLIENT, SALESFORCE_CLIENT
from tieline.sdk import jsontext

Row = dict[str, Any]


class NotDone(Exception):
    """A system refused what a person of the demo did there."""


class Browser:
    """A person's HTTP client in one system."""

    def __init__(self, who: str, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._who = who
        self._http = httpx2.Client(base_url=url, headers=dict(headers or {}), timeout=30, trust_env=False)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        """One request that must succeed. Raises NotDone."""
        content = None if body is None else json.dumps(body, default=_json).encode()
        headers = {"content-type": "application/json"} | more.pop("headers", {})
        answer = self._http.request(method, path, content=content, headers=headers, **more)
        if not answer.is_success:
            raise NotDone(f"{self._who} could not {method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer

    def json(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The answer's JSON with exact decimals."""
        answer = self.call(method, path, body, **more)
        return jsontext.loads(answer.content) if answer.content else None

    def sign(self, **headers: str) -> None:
        """Use these headers from now on."""
        self._http.headers.update(headers)

    def close(self) -> None:
        """End the session."""
        self._http.close()


class SalesRep:
    """Sam Ortiz in Salesforce."""

    def __init__(self, url: str, secret: str) -> None:
        self._browser = Browser("Sales", url)
        form = {"grant_type": "client_credentials", "client_id": SALESFORCE_CLIENT, "client_secret": secret}
        answer = self._browser._http.post("/services/oauth2/token", data=form)
        if not answer.is_success:
            raise NotDone(f"Sales could not sign in: {answer.text[:200]}")
        token = answer.json()
        self._browser.sign(authorization=f"Bearer {token['access_token']}")
        self.organisation = str(token["id"].split("/")[-2])

    def create(self, sobject: str, **fields: Any) -> str:
        """A new record; its id."""
        return str(self._browser.json("POST", f"/services/data/v66.0/sobjects/{sobject}", fields)["id"])

    def change(self, sobject: str, identifier: str, **fields: Any) -> None:
        """Edit a record."""
        self._browser.call("PATCH", f"/services/data/v66.0/sobjects/{sobject}/{identifier}", fields)

    def query(self, soql: str) -> list[Row]:
        """Rows of a report."""
        rows: list[Row] = self._browser.json("GET", "/services/data/v66.0/query", params={"q": soql})["records"]
        return rows

    def price_line(self, opportunity: str, product: str, **fields: Any) -> str:
        """A line of an opportunity, from the standard price book."""
        (entry,) = self.query(
            "SELECT Id, Pricebook2Id FROM PricebookEntry"
            f" WHERE Product2.ProductCode = '{product}' AND CurrencyIsoCode = '{fields.pop('currency', 'USD')}' LIMIT 1"
        )
        self.change("Opportunity", opportunity, Pricebook2Id=entry["Pricebook2Id"])
        return self.create("OpportunityLineItem", OpportunityId=opportunity, PricebookEntryId=entry["Id"], **fields)


class Delivery:
    """Project manager and consultants in Kantata."""

    def __init__(self, url: str, token: str) -> None:
        self._browser = Browser("Delivery", url, {"authorization": f"Bearer {token}"})

    def list(self, plural: str, **params: Any) -> list[Row]:
        """Records of a list, in its order."""
        envelope = self._browser.json("GET", f"/api/v1/{plural}", params={"per_page": 200} | params)
        return [envelope[result["key"]][result["id"]] for result in envelope["results"]]

    def create(self, plural: str, singular: str, **fields: Any) -> Row:
        """A new record."""
        envelope = self._browser.json("POST", f"/api/v1/{plural}", {singular: fields})
        result = envelope["results"][0]
        row: Row = envelope[result["key"]][result["id"]]
        return row

    def change(self, plural: str, singular: str, identifier: str, **fields: Any) -> None:
        """Edit a record."""
        self._browser.call("PUT", f"/api/v1/{plural}/{identifier}", {singular: fields})

    def project(self, title: str) -> Row | None:
        """The project of this title."""
        return next((row for row in self.list("workspaces", search=title) if row["title"] == title), None)

    def person(self, email: str) -> Row:
        """Somebody of the firm."""
        return next(row for row in self.list("users") if row["email_address"] == email)

    def staff(self, workspace: str, email: str, start: date, end: date, hours: int) -> str:
        """A confirmed (hard) allocation."""
        user = self.person(email)
        resource = self.create(
            "workspace_resources", "workspace_resource", workspace_id=int(workspace), user_id=int(user["id"])
        )
        allocation = self.create(
            "workspace_allocations",
            "workspace_allocation",
            resource_id=int(resource["id"]),
            start_date=start.isoformat(),
            end_date=end.isoformat(),
            minutes=hours * 60,
            hard=True,
        )
        return str(allocation["id"])

    def book(self, workspace: str, story: str, email: str, days: Sequence[tuple[date, int, str]]) -> str:
        """A week of time entries (day, minutes, note), submitted; the submission's id."""
        user = self.person(email)
        entries = [
            self.create(
                "time_entries",
                "time_entry",
                workspace_id=int(workspace),
                story_id=int(story),
                user_id=int(user["id"]),
                date_performed=day.isoformat(),
                time_in_minutes=minutes,
                billable=True,
                notes=note,
            )["id"]
            for day, minutes, note in days
        ]
        submission = self.create(
            "timesheet_submissions",
            "timesheet_submission",
            workspace_id=int(workspace),
            user_id=int(user["id"]),
            title=f"Week of {days[0][0]:%d %b}",
            line_item_ids=[int(entry) for entry in entries],
        )
        return str(submission["id"])

    def approve(self, submission: str) -> None:
        """The project manager approves a timesheet."""
        self._browser.call("PUT", f"/api/v1/timesheet_submissions/{submission}/approve", {"resolution": {}})


class NetSuiteFinance:
    """Finance in NetSuite."""

    system = "NetSuite"

    def __init__(self, url: str, private_key: str) -> None:
        self._browser = Browser("Finance", url)
        token_url = f"{url}/services/rest/auth/oauth2/v1/token"
        now = int(time.time())
        claims = {"iss": NETSUITE_CLIENT, "scope": "rest_webservices", "aud": token_url, "iat": now, "exp": now + 3000}
        header = {"alg": "PS256", "typ": "JWT", "kid": NETSUITE_CERTIFICATE}
        assertion = jwt.encode(header, claims, RSAKey.import_key(private_key), algorithms=["PS256"])
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        answer = self._browser._http.post("/services/rest/auth/oauth2/v1/token", data=form)
        if not answer.is_success:
            raise NotDone(f"Finance could not sign in: {answer.text[:200]}")
        self._browser.sign(authorization=f"Bearer {answer.json()['access_token']}")

    def create(self, record: str, body: Row) -> None:
        """A new record."""
        self._browser.call("POST", f"/services/rest/record/v1/{record}", body)

    def rows(self, query: str) -> list[Row]:
        """A SuiteQL query."""
        answer = self._browser.json(
            "POST", "/services/rest/query/v1/suiteql", {"q": query}, headers={"prefer": "transient"}
        )
        rows: list[Row] = answer["items"]
        return rows

    def invoice(self, invoice: str) -> Row:
        """An invoice with its lines."""
        row: Row = self._browser.json("GET", f"/services/rest/record/v1/invoice/{invoice}?expandSubResources=true")
        return row

    def draft(self, project: str, worth: Decimal) -> str | None:
        """The draft of a project once its net amount is what was worked."""
        listed = self._browser.json("GET", "/services/rest/record/v1/invoice")
        for item in listed["items"]:
            invoice = self.invoice(str(item["id"]))
            jobs = {str((line.get("job") or {}).get("id")) for line in invoice["item"]["items"]}
            if project in jobs and Decimal(str(invoice["subtotal"])) == worth:
                return str(item["id"])
        return None

    def release(self, invoice: str) -> None:
        """Approve a draft, which posts it."""
        self._browser.call("PATCH", f"/services/rest/record/v1/invoice/{invoice}", {"approvalStatus": {"id": "2"}})

    def total(self, invoice: str) -> Decimal:
        """What the customer owes for it, tax included."""
        return Decimal(str(self.invoice(invoice)["total"]))

    def outstanding(self, invoice: str) -> Decimal:
        """What is still owed."""
        return Decimal(str(self.invoice(invoice)["amountRemaining"]))

    def pay(self, invoice: str, amount: Decimal) -> None:
        """The bank reports money; it is applied to the invoice."""
        customer = self.invoice(invoice)["entity"]["id"]
        lines = {"items": [{"doc": {"id": invoice}, "apply": True, "amount": amount}]}
        body = {"customer": {"id": customer}, "payment": amount, "apply": lines}
        self._browser.call("POST", "/services/rest/record/v1/customerPayment", body)

    def hours(self, project: str) -> Decimal:
        """Hours booked on a project."""
        rows = self.rows(f"SELECT SUM(hours) AS hours FROM timebill WHERE customer = {int(project)}")
        return Decimal(str(rows[0].get("hours") or 0)) if rows else Decimal(0)


def _json(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value) if value % 1 else int(value)  # a person types 12.50; the vendor's form is a JSON number
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def today() -> date:
    """Today in UTC."""
    return datetime.now(UTC).date()
