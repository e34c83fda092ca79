"""A firm's books as they look in the middle of a busy week."""

from datetime import date, timedelta
from decimal import Decimal

from psycopg.types.json import Jsonb

from tests.console.world import CONNECTIONS, World
from tieline.engine.audit import audit
from tieline.engine.problem import Problem
from tieline.store.database import Connection

TWINS = "NetSuite already has 'O'Brien' (id 1207), 'Obrien & Soehne' (id 3304); is it the same customer?"
GRID, TREASURY, ROBOTICS, CLAIMS = "eng_grid", "eng_treasury", "eng_robotics", "eng_claims"


class BusyWeek(World):
    """Four engagements: one in trouble, one paid, one that waits, one with a possible duplicate; and three deals."""

    def fill(self) -> "BusyWeek":
        """All of it."""
        with self.database.transaction() as db:
            for name, (_, connector, account, _) in CONNECTIONS.items():
                db.execute(
                    "insert into connection (name, connector, account) values (%s, %s, %s) on conflict do nothing",
                    [name, connector, account],
                )
            self._grid(db)
            self._treasury(db)
            self._robotics(db)
            self._claims(db)
            self._deals(db)
            self._feeds(db)
        return self

    def _month(self, ago: int) -> date:
        day = self.now.date().replace(day=1)
        for _ in range(ago):
            day = (day - timedelta(days=1)).replace(day=1)
        return day

    def _days(self, ago: int, count: int) -> list[date]:
        return [self._month(ago) + timedelta(days=day) for day in range(count)]

    def _grid(self, db: Connection) -> None:
        self.engagement(db, GRID, "Grid settlement platform, phase 2", "Bluepeak Energy", value="96000.00")
        contract, project = self.engagement(db, GRID, "Grid settlement platform, phase 2", "Bluepeak Energy", version=2)
        won = self.now - timedelta(days=120)
        self.set_up(db, contract, project, won)
        paid = self.lines(db, project, self._days(3, 20), posted=True, prefix="a")
        self.invoice(db, project, "INV-20417", paid, "24750.00", "paid", self._month(3), "24750.00")
        billed = self.lines(db, project, self._days(2, 22), posted=True, prefix="b", rate="190")
        self.invoice(db, project, "INV-20466", billed, "31350.00", "open", self._month(2))
        self.invoice(db, project, None, [], "18562.50", "draft", self._month(1))
        self.lines(db, project, self._days(1, 15), posted=True, prefix="c")
        self.lines(db, project, self._days(0, 3), prefix="d")
        stuck = self.lines(
            db, project, self._days(0, 5), state="in_exception", prefix="77120", role="Sr. Architect", rate="295",
            person="grace.lee@haldenmarsh.example",
        )  # fmt: skip
        row = db.execute(
            "insert into exception_item (kind, cause, connection, field, key, message, suggestion, owner, opened_at)"
            " values ('mapping', 'mapping|netsuite|item|Sr. Architect', 'netsuite', 'item', 'Sr. Architect', %s, %s,"
            " 'finance', %s) returning id",
            [
                "Role 'Sr. Architect' has no service item in NetSuite",
                "Give the role a service item; the entries go out by themselves.",
                self.now - timedelta(hours=4),
            ],
        ).fetchone()
        assert row is not None
        for line in stuck:
            db.execute("insert into exception_line (exception_id, transaction_id) values (%s, %s)", [row["id"], line])
        audit(
            db, "exception.commented", actor="Dana Whitfield", object_=str(row["id"]),
            detail={"text": "SVC-EM is right until the new rate card comes."},
        )  # fmt: skip
        for days, action, label, connection, target, detail in (
            (62, "effect.confirmed", "Draft invoice in ERP", "netsuite", "invoice", {"external_id": "9207"}),
            (60, "invoice.changed", "Invoice INV-20417 issued", "netsuite", "invoice",
             {"value": "USD 24,750.00 still to be paid"}),
            (60, "effect.confirmed", "Invoice shown in CRM", "salesforce", "invoice", {"external_id": "a0Q8d01"}),
            (28, "invoice.changed", "Invoice INV-20417 paid", "netsuite", "invoice", {"value": None}),
            (9, "effect.in_doubt", "Burn and billing in CRM", "salesforce", "project.financials",
             {"problem": "the answer did not arrive in time"}),
            (9, "effect.confirmed", "Burn and billing in CRM", "salesforce", "project.financials",
             {"external_id": "a0P8d07"}),
            (1, "lines.posted", "15 time entries posted", "netsuite", "time", {"value": "USD 18,562.50"}),
        ):  # fmt: skip
            self.event(
                db, action, GRID, self.now - timedelta(days=days), object_=f"{connection}:{target}:x",
                run=7000 + days, label=label, **detail,
            )  # fmt: skip
        self.effect(
            db, "invoice_feedback", "inv_x", GRID, "Invoice shown in CRM", "salesforce", "invoice", "inv_x", None,
            "in_doubt", "the answer did not arrive in time",
        )  # fmt: skip

    def _treasury(self, db: Connection) -> None:
        contract, project = self.engagement(
            db, TREASURY, "Treasury data model", "Orchard Retail Group", "UK", "GBP", "42000.00", days_ago=200
        )
        self.set_up(db, contract, project, self.now - timedelta(days=200))
        lines = self.lines(db, project, self._days(4, 20), posted=True, rate="180", prefix="e")
        self.invoice(db, project, "INV-20311", lines, "27000.00", "paid", self._month(4), "27000.00")

    def _robotics(self, db: Connection) -> None:
        contract, project = self.engagement(
            db, ROBOTICS, "Warehouse robotics roll-out", "Łódź Port Holdings S.A.", "DE", "EUR", "310000.00", days_ago=6
        )
        self.set_up(db, contract, project, self.now - timedelta(days=6))
        self.agenda(
            db, "staffing", project.id, ROBOTICS, "retrying", "Staffing shown in CRM: Salesforce is busy (until 14:36)"
        )

    def _claims(self, db: Connection) -> None:
        contract, _ = self.engagement(
            db, CLAIMS, "Claims triage with O'Brien & Söhne", "O'Brien & Söhne", value="61250.00", days_ago=1
        )
        self.event(
            db, "contract.activated", CLAIMS, self.now - timedelta(minutes=50), label="Contract version 1 active",
            value="USD 61,250.00", object_=contract.id,
        )  # fmt: skip
        subject = f"{contract.customer_id}:US"
        db.execute(
            "insert into run (flow, key, engagement, epoch, started_at, ended_at, state, steps)"
            " values ('contract_to_project', %s, %s, 1, %s, %s, 'blocked', %s)",
            [
                contract.id, CLAIMS, self.now, self.now,
                Jsonb([
                    {"label": "Customer in ERP", "what": "refused", "connection": "netsuite", "target": "customer",
                     "detail": TWINS},
                    {"label": "Project in ERP", "what": "waiting", "connection": "netsuite",
                     "detail": "waits for Customer in ERP"},
                ]),
            ],
        )  # fmt: skip
        self.effect(
            db, "contract_to_project", contract.id, CLAIMS, "Customer in ERP", "netsuite", "customer", subject, None,
            "rejected", "NetSuite has two customers that may be this one",
        )  # fmt: skip
        self.problem(
            db, "contract_to_project", contract.id, CLAIMS,
            Problem(
                kind="duplicate", connection="netsuite", field="customer", key=subject, owner="finance",
                message=TWINS,
                suggestion="Link the right one, or create a new customer.", label="Customer in ERP",
                target="customer", subject=subject, amount=Decimal("61250.00"), currency="USD",
            ),
        )  # fmt: skip

    def _deals(self, db: Connection) -> None:
        self.problem(
            db, "opportunity_to_contract", "opp_lisbon", "opp_lisbon",
            Problem(
                kind="missing_field", field="commercial terms", key="opp_lisbon", owner="sales",
                message="The won deal 'Lisbon metro ticketing' cannot become a contract: it has no legal entity; its"
                " currency XBT is not billed by any legal entity", label="Commercial terms complete",
                suggestion="Complete the opportunity in the CRM; it goes on by itself.",
                amount=Decimal("88000"), currency="EUR",
            ),
        )  # fmt: skip
        self.problem(
            db, "unlinked", "kantata:project:4711", "kantata:project:4711",
            Problem(
                kind="unlinked", connection="kantata", field="project", key="4711", owner="delivery",
                message="Kantata has project 4711, which belongs to no engagement",
                suggestion="Link it to one of our records, or leave it to its system with a reason.",
                label="project made in Kantata", target="project", subject="4711",
            ),
        )  # fmt: skip
        self.approval(db)

    def approval(self, db: Connection) -> int:
        """Non-standard terms that wait for a decision; returns the approval's number."""
        self.problem(
            db, "opportunity_to_contract", "opp_harbour", "opp_harbour",
            Problem(
                kind="approval", key="opp_harbour:Non-standard terms", owner="finance", label="Non-standard terms",
                message="Non-standard terms: payment terms NET60 are not usual for Implementation",
                amount=Decimal("240000"), currency="USD",
            ),
        )  # fmt: skip
        content = {
            "name": "Harbour logistics", "version": 1, "payment_terms": "NET60", "currency": "USD",
            "value": {"amount": "240000.00", "currency": "USD"}, "deviations": ["payment terms NET60 are not usual"],
            "lines": [{"workstream": "Design", "role": "Consultant", "hours": "800", "rate": "300"}],
        }  # fmt: skip
        row = db.execute(
            "insert into approval (flow, key, label, content_hash, content) values ('opportunity_to_contract',"
            " 'opp_harbour', 'Non-standard terms', %s, %s) returning id",
            [b"\x9f\x3c\x51\xe0", Jsonb(content)],
        ).fetchone()
        assert row is not None
        return int(row["id"])

    def _feeds(self, db: Connection) -> None:
        for stream, ago, failures, problem in (
            ("salesforce:opportunities", 4, 0, None),
            ("salesforce:push", 95, 0, None),
            ("kantata:projects", 31, 3, "HTTP 503: Service Unavailable"),
            ("kantata:time", 8, 0, None),
            ("netsuite:invoices", 6, 0, None),
        ):
            db.execute(
                "insert into feed_cursor (stream, position, swept_at, failures, problem) values (%s, 'x', %s, %s, %s)",
                [stream, self.now - timedelta(seconds=ago), failures, problem],
            )
        for number in range(18):
            db.execute(
                "insert into inbox (connection, vendor_event_id, kind) values ('salesforce', %s, 'opportunity')",
                [f"e{number}"],
            )
