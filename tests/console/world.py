"""Writes rows as Tieline leaves them: each method stands for something that happened."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from tieline.app.views.systems import SystemCard
from tieline.engine.audit import audit
from tieline.engine.problem import Problem, settle_problems
from tieline.engine.wake import wake
from tieline.model.contract import BillingSchedule, Budget, ContractLine, ContractVersion
from tieline.model.money import Money
from tieline.model.project import Project, ProjectSummary
from tieline.store.canonical import add_contract_version, open_engagement, put_project, refer
from tieline.store.database import Connection, Database

CONNECTIONS = {
    "salesforce": ("Salesforce", "salesforce", "00D000000000001EAA", ("crm",)),
    "kantata": ("Kantata", "kantata", "1", ("psa",)),
    "netsuite": ("NetSuite", "netsuite", "TSTDRV1234567_SB1", ("erp",)),
}


def cards() -> dict[str, SystemCard]:
    """The three systems of the firm."""
    return {
        name: SystemCard(
            connection=name,
            system=system,
            connector=connector,
            account=account,
            roles=roles,
            record_url=lambda target, external_id, at=name: f"https://{at}.example/{target}/{external_id}",  # type: ignore[misc]
        )
        for name, (system, connector, account, roles) in CONNECTIONS.items()
    }


class World:
    """The books of a firm."""

    def __init__(self, database: Database, now: datetime | None = None) -> None:
        self.database = database
        self.now = now or datetime.now(UTC)

    # ---- engagements ----

    def engagement(
        self,
        db: Connection,
        engagement_id: str,
        name: str,
        customer: str,
        entity: str = "US",
        currency: str = "USD",
        value: str = "128400.00",
        *,
        days_ago: int = 120,
        version: int = 1,
    ) -> tuple[ContractVersion, Project]:
        """An engagement with a contract, a project and their place in every system."""
        opportunity = f"opp_{engagement_id}"
        start = (self.now - timedelta(days=days_ago)).date().replace(day=1)
        contract = _contract(engagement_id, opportunity, name, entity, currency, value, start, version)
        project = self._project(contract, customer, opportunity)
        open_engagement(db, engagement_id, opportunity, name, contract.customer_id, customer)
        if not self._has_contract(db, contract):
            add_contract_version(db, contract)
        put_project(db, project)
        refer(db, "salesforce", "opportunity", opportunity, f"0068d{engagement_id[-4:].upper()}Q4")
        db.execute(
            "update engagement set opened_at = %s where id = %s",
            [self.now - timedelta(days=days_ago), engagement_id],
        )
        return contract, project

    @staticmethod
    def _has_contract(db: Connection, contract: ContractVersion) -> bool:
        row = db.execute(
            "select from contract_version where contract_id = %s and version = %s", [contract.id, contract.version]
        ).fetchone()
        return row is not None

    @staticmethod
    def _project(contract: ContractVersion, customer: str, opportunity: str) -> Project:
        code = f"HM-{sum(map(ord, contract.id)) % 9000 + 1000}"
        dates = {"start_date": contract.start_date, "end_date": contract.end_date}
        return Project(
            id=f"prj_{contract.engagement_id}",
            engagement_id=contract.engagement_id,
            contract_id=contract.id,
            contract_version=contract.version,
            name=contract.name,
            code=code,
            customer_id=contract.customer_id,
            customer_name=customer,
            legal_entity=contract.legal_entity,
            currency=contract.currency,
            billing_method=contract.billing_method,
            revenue_method=contract.revenue_method,
            value=contract.value,
            budget=contract.budget,
            delivery_leads=contract.delivery_leads,
            summary=ProjectSummary(
                id=f"prj_{contract.engagement_id}",
                engagement_id=contract.engagement_id,
                opportunity_id=opportunity,
                opportunity_ref="0068d",
                customer_ref="0018d",
                name=contract.name,
                code=code,
                legal_entity=contract.legal_entity,
                contract_version=contract.version,
                value=contract.value,
                planned_hours=Decimal(700),
                **dates,
            ),
            **dates,
        )

    def set_up(self, db: Connection, contract: ContractVersion, project: Project, at: datetime) -> None:
        """Contract to project, as its run left it."""
        flow, key, engagement = "contract_to_project", contract.id, contract.engagement_id
        self.event(
            db, "contract.activated", engagement, at, label=f"Contract version {contract.version} active",
            value=str(contract.value), object_=contract.id,
        )  # fmt: skip
        number = sum(map(ord, engagement)) * 10
        steps = (
            ("Customer in ERP", "netsuite", "customer", f"{contract.customer_id}:{contract.legal_entity}", 1),
            ("ERP number in CRM", "salesforce", "customer.erp_number", f"{contract.customer_id}:x", 1),
            ("Project in ERP", "netsuite", "project", project.id, 1),
            ("Contract in ERP", "netsuite", "contract", f"{contract.id}:{contract.legal_entity}", 1),
            ("Billing schedule in ERP", "netsuite", "billing_schedule", project.id, 1),
            ("Project in PSA", "kantata", "project", project.id, 1),
            ("Tasks in PSA", "kantata", "wbs_element", f"wbs_{engagement}", 4),
            ("Resource requests in PSA", "kantata", "resource_request", f"req_{engagement}", 2),
            ("Project shown in CRM", "salesforce", "project", project.id, 1),
        )  # fmt: skip
        self.agenda(db, flow, key, engagement, "done")
        for place, (label, connection, target, subject, count) in enumerate(steps):
            for copy in range(count):
                name = subject if count == 1 else f"{subject}_{copy}"
                external = f"{number + place * 10 + copy}"
                self.effect(db, flow, key, engagement, label, connection, target, name, external)
                self.event(
                    db, "effect.confirmed", engagement, at + timedelta(seconds=place + 1), label=label,
                    external_id=external, object_=f"{connection}:{target}:{name}", run=number,
                )  # fmt: skip

    def event(
        self, db: Connection, action: str, engagement: str, at: datetime, *, object_: str | None = None,
        actor: str = "tieline", run: int | None = None, **detail: Any,
    ) -> None:  # fmt: skip
        """A line of the audit trail at a given moment."""
        audit(db, action, engagement=engagement, object_=object_, actor=actor, run_id=run, detail=detail)
        db.execute("update audit_event set at = %s where id = (select max(id) from audit_event)", [at])

    def agenda(self, db: Connection, flow: str, key: str, engagement: str, state: str, note: str | None = None) -> None:
        """A flow instance that ran."""
        wake(db, flow, key, engagement, "event")
        db.execute("delete from procrastinate_jobs")
        db.execute(
            "update agenda set done = wanted, state = %s, note = %s where flow = %s and key = %s",
            [state, note, flow, key],
        )

    def effect(
        self, db: Connection, flow: str, key: str, engagement: str, label: str, connection: str, target: str,
        subject: str, external_id: str | None, state: str = "confirmed", problem: str | None = None,
    ) -> None:  # fmt: skip
        """A write and what became of it."""
        db.execute(
            "insert into effect (connection, target, subject, engagement, flow, key, label, state, epoch, create_key,"
            " content_hash, external_id, problem, retry_at) values (%s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s, %s,"
            " %s, %s)",
            [
                connection, target, subject, engagement, flow, key, label, state,
                f"{connection}/{target}/{subject}#1", b"x", external_id,
                Jsonb({"message": problem}) if problem else None,
                self.now + timedelta(minutes=4) if state != "confirmed" else None,
            ],
        )  # fmt: skip
        if external_id and state == "confirmed":
            refer(db, connection, target, subject, external_id)

    def problem(self, db: Connection, flow: str, key: str, engagement: str, problem: Problem) -> int:
        """A flow instance that waits for a person; returns the exception's number."""
        self.agenda(db, flow, key, engagement, "blocked", problem.message)
        settle_problems(db, flow=flow, key=key, engagement=engagement, problems=[problem], keep_others=True)
        row = db.execute(
            "select id from exception_item where cause = %s and closed_at is null", [problem.cause]
        ).fetchone()
        assert row is not None
        return int(row["id"])

    # ---- transactions and invoices ----

    def lines(
        self, db: Connection, project: Project, days: Iterable[date], *, role: str = "Consultant", rate: str = "165",
        person: str = "marco.silva@haldenmarsh.example", minutes: int = 450, state: str = "checked",
        posted: bool = False, prefix: str = "t",
    ) -> list[int]:  # fmt: skip
        """Approved time; returns the transactions' ids."""
        ids = []
        for number, day in enumerate(days):
            amount = (Decimal(rate) * minutes / 60).quantize(Decimal("0.01"))
            row = db.execute(
                "insert into project_transaction (connection, kind, source_id, source_version, legal_entity,"
                " project_id, person, role, work_date, quantity, unit, currency, rate, amount, contract_version,"
                " disposition, state) values ('kantata', 'time', %s, 1, %s, %s, %s, %s, %s, %s, 'min', %s, %s, %s, 1,"
                " 'billable', %s) returning id",
                [
                    f"{prefix}{project.id[-3:]}{number}", project.legal_entity, project.id, person, role, day,
                    Decimal(minutes), project.currency, Decimal(rate), amount, state,
                ],
            ).fetchone()  # fmt: skip
            assert row is not None
            ids.append(int(row["id"]))
            if posted:
                db.execute(
                    "insert into erp_line (transaction_id, batch_id, connection, erp_id)"
                    " values (%s, 1, 'netsuite', %s)",
                    [row["id"], f"{row['id']}"],
                )
        return ids

    def invoice(
        self, db: Connection, project: Project, number: str | None, lines: list[int], amount: str, status: str,
        month: date, paid: str = "0.00",
    ) -> str:  # fmt: skip
        """An invoice with what the ERP says of it."""
        invoice_id = f"inv_{project.id}_{number or 'draft'}"
        money = {"amount": amount, "currency": project.currency}
        state = {
            "id": invoice_id, "external_id": f"9{len(lines)}7", "tax": {"amount": "0", "currency": project.currency},
            "status": status, "number": number, "due_on": (month + timedelta(days=58)).isoformat(), "net": money,
            "total": money, "paid": {"amount": paid, "currency": project.currency},
        }  # fmt: skip
        body = {
            "period_start": month.isoformat(), "period_end": (month + timedelta(days=27)).isoformat(),
            "currency": project.currency, "net": money, "payment_terms": "NET30",
        }  # fmt: skip
        db.execute(
            "insert into invoice (id, engagement_id, project_id, connection, schema_version, body, external_id, number,"
            " status, state, proposed_at) values (%s, %s, %s, 'netsuite', 1, %s, %s, %s, %s, %s, %s)",
            [
                invoice_id, project.engagement_id, project.id, Jsonb(body), f"9{len(lines)}7", number, status,
                Jsonb(state) if status != "proposed" else None, month + timedelta(days=27),
            ],
        )  # fmt: skip
        for line in lines:
            db.execute("insert into invoice_line (transaction_id, invoice_id) values (%s, %s)", [line, invoice_id])
        return invoice_id


def _contract(
    engagement_id: str, opportunity: str, name: str, entity: str, currency: str, value: str, start: date, version: int
) -> ContractVersion:
    end = start + timedelta(days=300)
    money = Money(amount=Decimal(value), currency=currency)
    return ContractVersion(
        id=f"con_{engagement_id}",
        version=version,
        engagement_id=engagement_id,
        name=name,
        customer_id=f"cus_{engagement_id}",
        opportunity_id=opportunity,
        legal_entity=entity,
        currency=currency,
        contract_type="SOW",
        billing_method="time_and_materials",
        payment_terms="NET30",
        tax_treatment="standard",
        tax_nexus="US-CA",
        po_number="PO-88213",
        start_date=start,
        end_date=end,
        service_line="Implementation",
        sales_owner="Sam Ortiz",
        revenue_method="as_billed",
        value=money,
        lines=(
            ContractLine(
                id=f"line_{engagement_id}",
                workstream="Build",
                role="Consultant",
                hours=Decimal(700),
                rate=Decimal(165),
                amount=money,
                delivering_entity=entity,
            ),
        ),
        rate_card=(),
        billing_schedule=BillingSchedule(
            id=f"bil_{engagement_id}", contract_id=f"con_{engagement_id}", method="time_and_materials"
        ),
        budget=Budget(id=f"bud_{engagement_id}", hours=Decimal(700), revenue=money),
        delivery_leads=("dana.whitfield@haldenmarsh.example",),
    )
