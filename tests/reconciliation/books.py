"""A firm with books in every system whose worker is at rest, and what people do there behind Tieline's back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from tests.e2e.deals import Deal, Line, money, shown, win, work, workday
from tests.e2e.world import World
from tieline.app.assurance import firm_of
from tieline.app.worker import start
from tieline.lane.pull import feed_of, pull_feed
from tieline.reconciliation.source_lines import KINDS
from tieline.sdk.roles import Psa

TOM = "tom.okafor@haldenmarsh.example"
RECORD = "/services/rest/record/v1"
TIME = f"{RECORD}/timeBill"
WORKED = (60, 90, 120, 150, 180, 210, 240)


@contextmanager
def at_work(here: World) -> Iterator[None]:
    """Tieline's worker runs."""
    stopped = threading.Event()
    worker = start(here.tieline, stopped, threads=4)
    try:
        yield
    finally:
        stopped.set()
        worker.join(40)
        assert not worker.is_alive()


@dataclass
class Books:
    """The projects as sales sees them, by what happens to them."""

    here: World
    deals: dict[str, Deal]
    projects: dict[str, dict[str, Any]]
    released: str
    """The invoice of the neighbour, posted."""
    draft: str
    """The draft of the audited project."""
    billed: str
    """The draft of the billed one."""

    @staticmethod
    def kept(here: World) -> "Books":
        """Let the firm work until all is at rest."""
        with at_work(here):
            deals = {
                name: win(here, f"{name} deal") for name in ("audited", "neighbour", "billed", "spare", "corrected")
            }
            line = Line("Go-live", None, 1, 25_000, description="Go-live")
            deals["fixed"] = win(here, "fixed deal", line, Billing_Method__c="milestone")
            projects = {name: here.until(partial(shown, here, deal), name) for name, deal in deals.items()}
            days = [(workday(), minutes) for minutes in WORKED]
            work(here, projects["audited"], TOM, *days)
            work(here, projects["neighbour"], TOM, (workday(), 30))
            work(here, projects["billed"], TOM, (workday(), 41))
            released = here.until(lambda: here.finance.draft(projects["neighbour"]["ERP_Id__c"], money(105)), "draft")
            draft = here.until(lambda: here.finance.draft(projects["audited"]["ERP_Id__c"], money(3675)), "draft")
            gone = here.until(lambda: here.finance.draft(projects["billed"]["ERP_Id__c"], money("143.50")), "draft")
            here.settled()
            here.finance.release(released)
            here.until(lambda: here.rows("select from invoice where status = 'open'"), "released invoice")
            here.settled()
        return Books(here, deals, projects, released, draft, gone)

    def finance(self, method: str, path: str, body: Any = None) -> Any:
        """What finance does in NetSuite."""
        return self.here.finance._browser.call(method, path, body)

    def record(self, path: str) -> dict[str, Any]:
        """A record in NetSuite."""
        found: dict[str, Any] = self.here.finance._browser.json("GET", f"{RECORD}/{path}")
        return found

    def line(self, minutes: int) -> dict[str, Any]:
        """The time line of so many minutes on the audited project in NetSuite."""
        number = int(self.projects["audited"]["ERP_Id__c"])
        rows = self.here.finance.rows(
            f"SELECT id, externalid, employee, customer, hours FROM timebill WHERE customer = {number}"
        )
        return next(row for row in rows if round(float(row["hours"]) * 60) == minutes and row.get("externalid"))

    def entry(self, minutes: int, project: str = "audited") -> dict[str, Any]:
        """The time entry of so many minutes in Kantata."""
        rows = self.here.delivery.list("time_entries", workspace_id=self.projects[project]["PSA_Id__c"])
        return next(row for row in rows if row["time_in_minutes"] == minutes)

    def expense(self, project: str, cents: int) -> None:
        """Somebody spends money and has it approved."""
        delivery, workspace = self.here.delivery, int(self.projects[project]["PSA_Id__c"])
        user = int(delivery.person(TOM)["id"])
        spent = {
            "workspace_id": workspace,
            "user_id": user,
            "date": workday().isoformat(),
            "category": "Travel",
            "expense_category_id": 1,
        }
        row = delivery.create("expenses", "expense", **spent, amount_in_cents=cents, billable=True)
        report = delivery.create(
            "expense_report_submissions",
            "expense_report_submission",
            workspace_id=workspace,
            user_id=user,
            title="Travel",
            line_item_ids=[int(row["id"])],
        )
        path = f"/api/v1/expense_report_submissions/{report['id']}/approve"
        delivery._browser.call("PUT", path, {"resolution": {}})

    def pulled(self, *quantities: int) -> None:
        """Read the feeds until these lines are here; a source tells a change when its second is over."""

        def here() -> bool:
            for kind in KINDS:
                pull_feed(self.here.tieline.database, feed_of(self.psa, kind), firm_of(self.here.tieline).pricing)
            known = self.here.rows(
                "select quantity from project_transaction where quantity = any (%s)", list(quantities)
            )
            return {int(row["quantity"]) for row in known} == set(quantities)

        self.here.until(here, f"lines of {quantities}")

    @property
    def psa(self) -> Psa:
        """Kantata as Tieline sees it."""
        psa = self.here.tieline.connected["kantata"].psa
        assert psa is not None
        return psa

    @contextmanager
    def skipped(self) -> Iterator[None]:
        """The feeds stand an hour ahead for a while, as after a vendor's clock that jumped."""
        streams = ["kantata:time", "kantata:expense"]
        before = self.here.rows("select stream, position from feed_cursor where stream = any (%s)", streams)
        for row in before:
            cursor = json.loads(row["position"])
            for place in ("lines", "submissions"):
                cursor[place]["after"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            self._stand(row["stream"], json.dumps(cursor))
        yield
        for row in before:
            self._stand(row["stream"], row["position"])

    def _stand(self, stream: str, position: str) -> None:
        self.change("update feed_cursor set position = %s where stream = %s returning stream", position, stream)

    def forget(self, kind: str, quantity: int) -> None:
        """Our row of a line is lost, as if its feed had skipped it."""
        self.change(
            "delete from project_transaction where kind = %s and quantity = %s returning batch_id", kind, quantity
        )

    def rewrite(self, minutes: int, what: str, *values: Any) -> None:
        """Our row of a time entry that was never posted says something else, and leaves its batch."""
        assert self.change(
            f"update project_transaction set {what} where kind = 'time' and quantity = %s returning id",
            *values,
            minutes,
        )

    def change(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """What an administrator might break in our database."""
        return self.here.rows(statement, *values)

    def reference(self, connection: str, target: str, project: str) -> str:
        """The vendor's id of a project's contract."""
        (row,) = self.here.rows(
            "select x.external_id from cross_reference x join project p on x.subject = p.contract_id || ':' ||"
            " p.legal_entity where x.connection = %s and x.target = %s and p.body->>'name' = %s",
            connection,
            target,
            self.deals[project].name,
        )
        return str(row["external_id"])

    def copy_workspace(self, project: str) -> None:
        """Somebody copies a project in Kantata, our reference included."""
        (row,) = self.here.rows("select id from project where body->>'name' = %s", self.deals[project].name)
        reference = {"service_name": "tieline", "service_model": "project", "service_model_ref": row["id"]}
        self.here.delivery.create("workspaces", "workspace", title="Copy", currency="USD", external_reference=reference)

    def amend(self, project: str) -> None:
        """A change order doubles the contract, and nothing carries it out."""
        self.change(
            "insert into contract_version (contract_id, version, engagement_id, schema_version, body, activated_at)"
            " select v.contract_id, 2, v.engagement_id, v.schema_version,"
            " jsonb_set(jsonb_set(v.body, '{version}', '2'), '{lines}', v.body->'lines' || (v.body->'lines')),"
            " now() - interval '1 day'"
            " from contract_version v join project p on p.contract_id = v.contract_id where p.body->>'name' = %s"
            " returning version",
            self.deals[project].name,
        )
