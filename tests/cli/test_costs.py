"""Costs of the ERP and intercompany figures on the command line."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.cli.conftest import Command
from tests.console.world import World
from tieline.store.database import Database

RULE = """
[[intercompany]]
deliverer = "UK"
price = "cost_plus"
percent = 10
"""


def test_what_suppliers_and_other_entities_cost_is_told_line_by_line(
    tieline: Command, site: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIELINE_DATABASE_URL", database)
    (site / "site.toml").write_text((site / "site.toml").read_text("utf-8") + RULE, "utf-8")
    rows = (site / "people.csv").read_text("utf-8").splitlines()
    briton = next(row.split(",")[0] for row in rows if ",UK," in row)
    opened = Database(database)
    with opened.transaction() as db:
        _, project = World(opened).engagement(db, "eng_grid", "Grid platform", "Northlight")
        body: dict[str, Any] = {"document_type": "bill", "number": "KA-77", "supplier": "Kestrel", "text": None}
        for number, counted, by in ((1, True, "as booked"), (2, False, "not counted: the PSA tells this kind of cost")):
            body["net_cost"] = {"amount": f"{number}000", "currency": "USD"}
            db.execute(
                "insert into erp_cost (connection, cost_id, document, version, project_ref, kind, day, body, source,"
                " project_id, cost, counted, valued_by) values ('netsuite', %s, '9', 1, '7', 'purchase', '2026-10-05',"
                " %s, '{}', %s, %s, %s, %s)",
                [f"cst_{number}", Jsonb(body), project.id, number * 1000, counted, by],
            )
        db.execute(
            "insert into project_transaction (connection, kind, source_id, source_version, project_id, person, role,"
            " work_date, quantity, unit, currency, rate, amount, disposition, cost_rate, cost_currency, state)"
            " values ('psa', 'time', '1', 1, %s, %s, 'Consultant', %s, 600, 'min', 'USD', 165, 1650, 'billable', 80,"
            " 'GBP', 'checked')",
            [project.id, briton, date(2026, 10, 5)],
        )
    opened.close()
    costs = tieline("costs", "Grid", "--site", site)
    assert "Purchases: USD 1,000.00 in 1 line" in costs.out
    assert "not counted: the PSA tells" in costs.out
    assert tieline("costs", "Grid", "--site", site, "--json").json()["sums"][0]["lines"] == 1
    told = tieline("intercompany", "--period", "2026-10", "--site", site)
    assert "UK is owed GBP 880.00" in told.out
    assert "US owes GBP 880.00" in told.out
    assert (
        f"2026-10,UK,US,{project.code},eng_grid,10.00,GBP,880.00,cost + 10 %"
        in tieline("intercompany", "--period", "2026-10", "--csv", "--site", site).out
    )
    assert "no month such as 2026-10" in tieline("intercompany", "--period", "soon", "--site", site).sentence()
    assert (
        "Nobody worked on a project of another entity"
        in tieline("intercompany", "--period", "2026-09", "--site", site).out
    )
    found = tieline("intercompany", "--period", "2026-10", "--site", site, "--json").json()
    assert [(one["deliverer"], one["seller"], one["amount"], one["currency"]) for one in found["pairs"]] == [
        ("UK", "US", 880, "GBP")
    ]
