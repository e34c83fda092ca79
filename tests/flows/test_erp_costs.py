"""Costs born in the ERP: they count once in the margin of their project, follow corrections, and never get lost."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.connectors.tryton.running import VALUES
from tests.effort import examples
from tests.engine.conftest import Bench
from tests.flows.deals import FIRM
from tieline.app.outlooks import look_ahead
from tieline.billing.costs import worth_of
from tieline.billing.fx import FxRates
from tieline.connectors.tryton import connect
from tieline.engine.routing import Systems
from tieline.exception_queue.actions import adopt
from tieline.flows.erp_costs import erp_costs
from tieline.insights.definition import definitions
from tieline.insights.figure import Scope, Setting, read_figures
from tieline.lane.costs import keep_sources, pull_costs, take_back_costs, wake_all_costs
from tieline.lane.deleted import database_time
from tieline.lane.totals import project_totals
from tieline.model.cost import CostKind, CostRules, ErpCost
from tieline.model.firm import Firm, FxRate
from tieline.model.ids import born_outside
from tieline.model.money import Money
from tieline.sdk.connector import ConnectionSettings
from tieline.sdk.feed import Changes, CostDocument, CostLine
from tieline.sdk.http import OpenGate
from tieline.store.canonical import refer

TODAY, DAY = date(2026, 5, 15), date(2026, 5, 4)
FX = FxRate(id="fx", day=DAY, base="EUR", quote="USD", rate=Decimal("1.10"), source="ECB")


def cost(document: str, amount: str, *, line: str = "1", ref: str = "7", **changed: Any) -> ErpCost:
    currency = changed.pop("currency", "USD")
    usual: dict[str, Any] = {
        "id": born_outside("acme", "erp_cost", f"{document}:{line}"),
        "document_ref": document,
        "document_type": "bill",
        "line": line,
        "number": f"B-{document}",
        "supplier": "Kestrel Analytics",
        "project_ref": ref,
        "kind": "subcontractor",
        "day": DAY,
        "net_cost": Money(amount=Decimal(amount), currency=currency),
    }
    return ErpCost.model_validate(usual | changed)


def document(version: int, *costs: ErpCost, ref: str | None = None) -> CostDocument:
    return CostDocument(ref or costs[0].document_ref, version, [CostLine(one, {"raw": "row"}) for one in costs])


class Feed:
    """A feed that brings what the test says, and the engine that judges it."""

    def __init__(self, bench: Bench, firm: Firm = FIRM) -> None:
        self.bench, self.firm, self.rounds = bench, firm, 0
        account = ConnectionSettings(
            name="tryton",
            connector="tryton",
            account="acme",
            url="http://127.0.0.1:9",
            options={"database": "acme", "user": "tieline"},
            secret=lambda name: name,
            values=VALUES,
        )
        self.connected = {"tryton": connect(account, OpenGate())}
        bench.flows["erp_costs"] = erp_costs
        bench.flows["project_feedback"] = lambda run, key, systems: None
        object.__setattr__(bench.engine, "systems", lambda db: Systems(db, self.connected, (), self.firm))
        with bench.database.transaction() as db:
            keep_sources(db, firm.costs)

    def bring(self, *documents: CostDocument) -> int:
        self.rounds += 1
        page = Changes(documents, str(self.rounds), more=False)
        found = pull_costs(self.bench.database, "tryton", lambda cursor: page)
        self.judge()
        return found

    def judge(self) -> None:
        """Run what is woken, as the worker does."""
        for row in self.bench.rows("select key from agenda where flow = 'erp_costs' and done < wanted order by key"):
            self.bench.engine.run("erp_costs", row["key"])

    def totals(self) -> tuple[Decimal | None, Decimal | None]:
        """(cost, of it born in the ERP)"""
        [project] = self.bench.rows("select id from project")
        with self.bench.database.connection() as db:
            found = project_totals(db, project["id"])
        return found.cost, found.external


@pytest.fixture
def feed(active: Bench) -> Feed:
    [project] = active.rows("select id from project")
    with active.database.transaction() as db:
        refer(db, "tryton", "project", project["id"], "7")
    return Feed(active)


def spend(bench: Bench, category: str, amount: str) -> None:
    """An approved expense of the PSA, priced."""
    [project] = bench.rows("select id from project")
    with bench.database.transaction() as db:
        db.execute(
            "insert into project_transaction (connection, kind, source_id, source_version, project_id, work_date,"
            " quantity, unit, currency, rate, amount, disposition, cost_rate, cost_currency, attributes, state)"
            " values ('psa', 'expense', %s, 1, %s, %s, 1, 'each', 'USD', %s, %s, 'billable', %s, 'USD', %s, 'checked')",
            [category, project["id"], DAY, *[Decimal(amount)] * 3, Jsonb({"category": category})],
        )


def test_a_document_counts_as_it_stands_now_and_its_older_versions_are_kept(feed: Feed) -> None:
    first = document(1, cost("b1", "1000"), cost("b1", "50", line="2"))
    assert feed.bring(first) == 2
    assert feed.bring(first) == 0
    assert feed.totals() == (Decimal(1050), Decimal(1050))
    assert feed.bring(document(2, cost("b1", "900")), document(1, cost("b2", "-100", document_type="credit"))) == 3
    assert feed.totals() == (Decimal(800), Decimal(800))
    assert feed.bring(first) == 0, "an older version changes nothing"
    assert feed.bring(document(3, ref="b1"), document(1, cost("b2", "-100", document_type="credit"))) == 1
    assert feed.totals() == (Decimal(-100), Decimal(-100))
    history = feed.bench.rows("select live, (body->'net_cost'->>'amount')::numeric as n from erp_cost order by 2 desc")
    assert [(row["n"], row["live"]) for row in history] == [(1000, False), (900, False), (50, False), (-100, True)]
    with feed.bench.database.connection() as db:
        listed_at = database_time(feed.bench.database)
        assert db.execute("select count(*) as n from cross_reference where target = 'erp_cost'").fetchone() == {"n": 3}
    assert take_back_costs(feed.bench.database, "tryton", {"b1"}, listed_at) == 1
    feed.judge()
    assert feed.totals() == (Decimal(0), Decimal(0)), "what was shown once is shown as nothing now"


def test_what_both_systems_hold_counts_once_and_reaches_margin_and_health(feed: Feed) -> None:
    spend(feed.bench, "Subcontractor", "1100")  # billed with its mark-up; the supplier's bill is the cost
    spend(feed.bench, "Airfare", "300")
    feed.bring(
        document(1, cost("b1", "1000")),
        document(1, cost("r1", "300", kind="expense", document_type="expense_report")),  # the same flight
    )
    assert feed.totals() == (Decimal(1300), Decimal(1000))
    with feed.bench.database.connection() as db:
        [margin] = read_figures(db, definitions()["margin"], Scope(), Setting(today=TODAY, within=timedelta(hours=6)))
        [outlook] = look_ahead(db, feed.firm, TODAY)
        [facts] = db.execute("select body->'budget' as budget from project").fetchall()
    assert (margin.numerator, margin.denominator) == (Decimal(100), Decimal(1400))
    assert outlook.id == "eng_1"
    assert facts["budget"]["revenue"]
    counted = feed.bench.rows("select kind, counted, valued_by from erp_cost order by id")
    assert [row["counted"] for row in counted] == [True, False]
    assert counted[1]["valued_by"] == "not counted: the PSA tells this kind of cost"
    feed.firm = FIRM.model_copy(update={"costs": CostRules(subcontractor="psa", expense="erp")})
    with feed.bench.database.transaction() as db:
        keep_sources(db, feed.firm.costs)
    wake_all_costs(feed.bench.database)
    feed.judge()
    assert feed.totals() == (Decimal(1400), Decimal(300)), "the site says otherwise: 1100 of the PSA, 300 of the ERP"


def test_a_cost_of_a_project_nobody_knows_asks_once_and_counts_when_it_is_linked(feed: Feed) -> None:
    feed.bring(document(1, cost("b1", "1000", ref="99")), document(1, cost("b2", "500", ref="99")))
    [item] = feed.bench.rows("select * from exception_item")
    assert (item["kind"], item["owner"], item["field"], item["key"]) == ("unlinked", "finance", "project", "99")
    assert item["message"] == (
        "Tryton has booked USD 1,500.00 (2 lines of Kestrel Analytics) on its project 99, which is none of ours:"
        " the cost is in no margin"
    )
    assert feed.totals() == (Decimal(0), None)
    with feed.bench.database.transaction() as db:
        db.execute("delete from cross_reference where target = 'project'")
    [project] = feed.bench.rows("select id, code from project")
    adopt(feed.bench.database, item["id"], project["code"], "fin@x.example")
    feed.judge()
    assert feed.totals() == (Decimal(1500), Decimal(1500))
    assert feed.bench.rows("select from exception_item where closed_at is null") == []


def test_a_currency_without_a_rate_makes_the_margin_unknown_until_finance_adds_it(feed: Feed) -> None:
    [project] = feed.bench.rows("select code from project")
    feed.bring(document(1, cost("b1", "1000")), document(1, cost("b2", "200", currency="EUR", ref=project["code"])))
    assert feed.totals() == (None, None)
    [item] = feed.bench.rows("select message from exception_item where closed_at is null")
    assert "there is no rate of EUR for 2026-05-04, so the project's margin is unknown" in item["message"]
    feed.firm = FIRM.model_copy(update={"fx_rates": (FX,)})
    wake_all_costs(feed.bench.database)
    feed.judge()
    assert feed.totals() == (Decimal(1220), Decimal(1220))
    assert feed.bench.rows("select from exception_item where closed_at is null") == []


amounts = st.decimals(min_value="-99999", max_value="99999", places=2)
kinds = st.sampled_from(["subcontractor", "purchase", "expense"])
sources = st.sampled_from(["erp", "psa"])


@settings(max_examples=examples(60))
@given(amounts, kinds, st.fixed_dictionaries({"subcontractor": sources, "purchase": sources, "expense": sources}))
def test_each_kind_of_cost_counts_in_exactly_one_system(amount: Decimal, kind: CostKind, chosen: Any) -> None:
    rules = CostRules(**chosen)
    worth = worth_of(cost("b", str(amount), kind=kind), "USD", rules, FxRates())
    assert worth.counted == rules.counts(kind, "erp") != rules.counts(kind, "psa")
    assert worth.counted == rules.in_erp()["" if kind == "expense" else kind]
    assert worth.amount == amount


def test_an_amount_is_told_as_booked_else_at_the_erps_rate_else_at_the_sites() -> None:
    base = Money(amount=Decimal("219.30"), currency="USD")
    fx = FxRates([FX])
    told = [
        worth_of(cost("b", "200", currency="EUR", base_cost=base), "EUR", CostRules(), fx),
        worth_of(cost("b", "200", currency="EUR", base_cost=base), "USD", CostRules(), fx),
        worth_of(cost("b", "200", currency="EUR"), "USD", CostRules(), fx),
        worth_of(cost("b", "200", currency="EUR"), "GBP", CostRules(), fx),
    ]
    assert [one.amount for one in told] == [Decimal(200), Decimal("219.30"), Decimal(220), None]
    assert [one.words for one in told] == [
        "as booked",
        "EUR 200.00 at the ERP's rate",
        "EUR 200.00 x 1.10 (ECB 2026-05-04)",
        "no rate of EUR into GBP is known for 2026-05-04",
    ]
