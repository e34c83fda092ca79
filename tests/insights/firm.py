"""The books of a firm so small that every key figure of it can be worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from tests.console.world import World
from tieline.insights.figure import Setting
from tieline.model.contract import RateCardRow
from tieline.model.money import Money
from tieline.model.project import Project
from tieline.store.canonical import add_contract_version, put_project, refer
from tieline.store.database import Connection, Database

TODAY = date(2026, 11, 20)
GRID, CLAIMS = "eng_grid", "eng_claims"


def standard(rate: str, day: date) -> RateCardRow:
    """What the firm's list says an hour of a consultant costs from a day on."""
    return RateCardRow(
        id=f"std_{day}", precedence=5, role="Consultant", currency="USD", rate=Decimal(rate), valid_from=day
    )


SETTING = Setting(
    today=TODAY,
    within=timedelta(hours=6),
    standard_rates=(standard("200", date(2026, 1, 1)), standard("210", date(2026, 10, 1))),
)


def at(text: str) -> datetime:
    """A moment, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class SmallFirm(World):
    """Two engagements: one by the hour in dollars, one of a fixed price in euros."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, at("2026-11-20T12:00"))
        self.count = 0

    def fill(self) -> "SmallFirm":
        """All of it; each line's comment says what it counts for."""
        with self.database.transaction() as db:
            grid = self._engagement(db, GRID, "US", "USD", "100000.00", "Data", "2026-08-01", planned_cost="60000.00")
            claims = self._engagement(db, CLAIMS, "DE", "EUR", "20000.00", None, "2026-09-01")
            self._set_up(db, grid, claims)
            self._work(db, grid, claims)
            self._people(db, grid, claims)
            self._control(db)
        return self

    def _engagement(
        self, db: Connection, name: str, entity: str, currency: str, value: str, practice: str | None, opened: str,
        planned_cost: str | None = None,
    ) -> Project:  # fmt: skip
        contract, project = self.engagement(db, name, name, f"Customer of {name}", entity, currency, value)
        db.execute("delete from contract_version where engagement_id = %s", [name])
        signed = date.fromisoformat(opened) if practice else None
        dimensions = {"practice": practice} if practice else {}
        add_contract_version(db, contract.model_copy(update={"signed_on": signed, "dimensions": dimensions}))
        if planned_cost:
            cost = Money(amount=Decimal(planned_cost), currency=currency)
            project = project.model_copy(update={"budget": project.budget.model_copy(update={"cost": cost})})
            put_project(db, project)
        moment = at(opened)
        db.execute("update engagement set opened_at = %s where id = %s", [moment, name])
        db.execute("update contract_version set activated_at = %s where engagement_id = %s", [moment, name])
        return project

    def _set_up(self, db: Connection, grid: Project, claims: Project) -> None:
        for project in (grid, claims):
            for role, connection in (("psa", "kantata"), ("erp", "netsuite")):
                db.execute("insert into route values (%s, %s, %s)", [project.id, role, connection])
        for project, connection, moment in (
            (grid, "netsuite", "2026-08-03T12:00"),
            (grid, "kantata", "2026-08-03T18:00"),  # 2.75 days after the signature
            (grid, "netsuite", "2026-08-20T12:00"),  # an update
            (claims, "netsuite", "2026-09-02T00:00"),  # not in the PSA yet
        ):
            self.event(
                db, "effect.confirmed", project.engagement_id, at(moment), object_=f"{connection}:project:{project.id}"
            )  # fmt: skip
        self.effect(
            db, "staffing", grid.id, GRID, "Cost forecast in ERP", "netsuite", "cost_forecast", "asg_1", "77"
        )  # fmt: skip
        self.event(
            db, "effect.confirmed", GRID, at("2026-08-11T12:00"), object_="netsuite:cost_forecast:asg_1"
        )  # fmt: skip

    def _work(self, db: Connection, grid: Project, claims: Project) -> None:
        pages = [self._page(db, day) for day in ("2026-09-20T08:00", "2026-10-12T08:00", "2026-11-05T08:00")]
        one = self.line(db, grid, "2026-09-01", 480, "1200.00", page=pages[0])
        two = self.line(db, grid, "2026-09-15", 240, "600.00", live=False, page=pages[0])  # corrected once billed
        self.line(db, grid, "2026-09-15", 240, "600.00", live=False, sign=-1, supersedes=two, page=pages[0])
        self.line(db, grid, "2026-09-15", 180, "450.00", page=pages[1])
        four = self.line(db, grid, "2026-10-10", 480, "1200.00", page=pages[1])
        self.line(db, grid, "2026-11-02", 60, None, state="in_exception", page=pages[2])
        six = self.line(db, grid, "2026-08-20", 120, "300.00", state="written_off", page=pages[0])
        self._given_up(db, six, "2026-09-10T10:00")
        self.line(db, grid, "2026-09-02", 480, "0.00", billable=False, page=pages[0])
        db.execute(
            "insert into submitted_time values ('kantata', '1', 'l@x.example', '2026-11-10', 600, %s)", [grid.id]
        )
        self.line(db, claims, "2026-10-05", 600, "1500.00", disposition="fixed_price", cost=None, page=pages[1])
        nine = self.line(db, claims, "2026-10-31", None, "8000.00", cost=None)
        self.bill(db, grid, "INV-1", [one, two], "1800.00", "paid", "2026-09-30", "2026-10-02", "2026-10-05",
                  paid="1800.00", paid_on="2026-11-04")  # fmt: skip
        self.bill(db, claims, "INV-2", [nine], "8000.00", "partly_paid", "2026-10-31", "2026-11-01", "2026-11-02",
                  total="9520.00", paid="4760.00", paid_on="2026-11-12")  # fmt: skip
        self.bill(db, grid, None, [four], "1200.00", "draft", "2026-10-31", "2026-11-03", None)

    def _page(self, db: Connection, moment: str) -> int:
        row = db.execute(
            "insert into pull_page (stream, lines, quantity, body, pulled_at) values ('kantata:time', 0, 0, '', %s)"
            " returning id",
            [at(moment)],
        ).fetchone()
        assert row is not None
        return int(row["id"])

    def line(
        self, db: Connection, project: Project, day: str, minutes: int | None, amount: str | None, *,
        state: str = "checked", disposition: str | None = None, live: bool = True, sign: int = 1,
        billable: bool = True, cost: str | None = "90", supersedes: int | None = None, page: int | None = None,
    ) -> int:  # fmt: skip
        """One line: time when it has minutes, else a milestone; without an amount it has no price."""
        kind = "milestone" if minutes is None else "time"
        said = disposition or ("written_off" if state == "written_off" else "billable" if billable else "non_billable")
        row = db.execute(
            "insert into project_transaction (connection, kind, source_id, source_version, seq, sign, live,"
            " supersedes_id, page_id, legal_entity, project_id, role, work_date, quantity, unit, billable, currency,"
            " amount, cost_rate, cost_currency, disposition, state) values ('kantata', %(kind)s, %(source)s, 1, 0,"
            " %(sign)s, %(live)s, %(supersedes)s, %(page)s, %(entity)s, %(project)s, 'Consultant', %(day)s,"
            " %(quantity)s, %(unit)s, %(billable)s, %(currency)s, %(amount)s, %(cost)s, %(cost_currency)s,"
            " %(disposition)s, %(state)s) returning id",
            {
                "kind": kind, "source": f"{project.id}:{self._next()}", "sign": sign, "live": live,
                "supersedes": supersedes, "page": page, "entity": project.legal_entity, "project": project.id,
                "day": day, "quantity": minutes or 1, "unit": "each" if minutes is None else "min",
                "billable": billable, "currency": project.currency if amount else None, "amount": amount,
                "cost": cost if minutes else None, "cost_currency": project.currency if cost and minutes else None,
                "disposition": said if amount else None, "state": state,
            },
        ).fetchone()  # fmt: skip
        assert row is not None
        return int(row["id"])

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _given_up(self, db: Connection, line: int, moment: str) -> None:
        row = db.execute(
            "with item as (insert into exception_item (kind, cause, message, owner, opened_at, closed_at, closed_by)"
            " values ('mapping', 'x', 'x', 'finance', %s, %s, 'Dana') returning id)"
            " insert into write_off (exception_id, line_ids, reason, proposed_by, state)"
            " select id, '{}', 'lost', 'Dana', 'confirmed' from item returning id",
            [at("2026-11-01T00:00"), at("2026-11-03T12:00")],  # 2.5 days
        ).fetchone()
        assert row is not None
        db.execute("insert into written_off_line values (%s, %s, %s)", [line, row["id"], at(moment)])

    def bill(
        self, db: Connection, project: Project, number: str | None, lines: list[int], net: str, status: str,
        period_end: str, proposed: str, issued: str | None, *, total: str | None = None, paid: str = "0.00",
        paid_on: str | None = None,
    ) -> None:  # fmt: skip
        """An invoice with what the ERP says of it, and its payment."""
        invoice, external = f"inv_{number or 'draft'}_{project.id}", f"{number or 'draft'}:{project.id}"

        def money(amount: str) -> dict[str, str]:
            return {"amount": amount, "currency": project.currency}

        state: dict[str, Any] = {
            "status": status, "number": number, "issued_on": issued, "net": money(net), "total": money(total or net),
            "paid": money(paid),
        }  # fmt: skip
        body = {"period_end": period_end, "currency": project.currency, "net": money(net)}
        db.execute(
            "insert into invoice (id, engagement_id, project_id, connection, schema_version, body, external_id, number,"
            " status, state, proposed_at) values (%s, %s, %s, 'netsuite', 1, %s, %s, %s, %s, %s, %s)",
            [
                invoice, project.engagement_id, project.id, Jsonb(body), external, number, status, Jsonb(state),
                at(proposed),
            ],
        )  # fmt: skip
        for line in lines:
            db.execute("insert into invoice_line (transaction_id, invoice_id) values (%s, %s)", [line, invoice])
        if paid_on:
            payment = {"id": f"pay_{invoice}", "invoice_ref": external, "amount": money(paid), "paid_on": paid_on}
            db.execute(
                "insert into record (kind, id, engagement_id, schema_version, body) values ('payment', %s, %s, 1, %s)",
                [payment["id"], project.engagement_id, Jsonb(payment)],
            )

    def _people(self, db: Connection, grid: Project, claims: Project) -> None:
        """What customers said, what sales made of it, and what people decided."""
        db.execute(
            "insert into invoice_action (invoice_id, kind, acted_by) values (%s, 'dispute', 'Dana')",
            [f"inv_INV-2_{claims.id}"],
        )
        for score in (80, 90):
            db.execute(
                "insert into satisfaction (engagement_id, score, told_by, told_at) values (%s, %s, 'Dana', %s)",
                [GRID, score, at("2026-11-01T00:00")],
            )
        for number in ("0061", "0062"):
            self.effect(
                db, "outlook", GRID, GRID, "Renewal opportunity in CRM", "salesforce", "opportunity.follow_up",
                f"fup_{number}", number,
            )  # fmt: skip
        refer(db, "salesforce", "opportunity", "opp_won", "0062")
        db.execute("insert into engagement_opportunity values ('opp_won', %s)", [CLAIMS])
        for state in ("approved", "void"):
            db.execute(
                "insert into approval (flow, key, label, content_hash, content, state, decided_by, decided_at) values"
                " ('billing', %s, 'Terms', 'x', '{}', %s, 'Dana', %s)",
                [grid.id, state, at("2026-11-02T00:00")],
            )
        db.execute(
            "insert into match_pair (kind, one, other, probability, reasons, state, decided_by, decided_at) values"
            " ('customer', 'a', 'b', 0.9, '[]', 'same', 'Dana', %s)",
            [at("2026-11-02T00:00")],
        )

    def _control(self, db: Connection) -> None:
        for tier, hours, records in (("transactions", 1, 90), ("transactions", 7, 10), ("project", 1, 1)):
            db.execute(
                "insert into service_fact (tier, connection, engagement, label, started_at, ended_at, records)"
                " values (%s, 'netsuite', %s, 'Something', %s, %s, %s)",
                [tier, GRID, at("2026-11-10T00:00"), at("2026-11-10T00:00") + timedelta(hours=hours), records],
            )
        db.execute(
            "insert into exception_item (kind, cause, message, owner, legal_entity, opened_at) values"
            " ('missing_field', 'y', 'A role has no rate', 'finance', 'US', %s)",
            [at("2026-11-10T00:00")],
        )
