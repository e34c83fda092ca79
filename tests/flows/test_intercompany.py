"""Intercompany figures of a month from the books: who worked for another entity, at what price, in and out."""

from datetime import date
from decimal import Decimal

import pytest

from tests.engine.conftest import Bench
from tests.flows.deals import FIRM
from tieline.api.intercompany import IntercompanyFigures
from tieline.app.views.intercompany import NoSuchPeriod, as_json, intercompany_csv, month_named, read_intercompany
from tieline.model.intercompany import TransferRule

LENA, TOM = "lena@haldenmarsh.example", "tom@haldenmarsh.example"


def worked(bench: Bench, source: str, person: str, day: str, minutes: int, state: str = "checked") -> None:
    """A priced time entry at 165 an hour on the American project."""
    with bench.database.transaction() as db:
        db.execute(
            "insert into project_transaction (connection, kind, source_id, source_version, project_id, person, role,"
            " work_date, quantity, unit, currency, rate, amount, disposition, cost_rate, cost_currency, state)"
            " select 'psa', 'time', %s, 1, id, %s, 'Consultant', %s, %s, 'min', 'USD', 165, %s, 'billable', 88,"
            " 'EUR', %s from project",
            [source, person, day, minutes, Decimal(minutes) * 165 / 60, state],
        )


def test_what_people_of_another_entity_did_in_the_month_is_owed(active: Bench) -> None:
    worked(active, "1", LENA, "2026-05-04", 600)
    worked(active, "2", LENA, "2026-05-29", 90)
    worked(active, "3", LENA, "2026-06-01", 480)
    worked(active, "4", LENA, "2026-05-05", 480, "in_exception")
    worked(active, "5", TOM, "2026-05-04", 480)
    worked(active, "6", "stranger@x.example", "2026-05-04", 60)
    firm = FIRM.model_copy(update={"intercompany": (TransferRule(price="cost_plus", percent=Decimal(10)),)})
    [project] = active.rows("select id, code from project")
    with active.database.connection() as db:
        shown = read_intercompany(db, firm, date(2026, 5, 1))
    answer = IntercompanyFigures.model_validate(as_json(shown)).model_dump(mode="json")
    assert answer["pairs"] == [
        {
            "deliverer": "DE",
            "seller": "US",
            "hours": "11.50",
            "currency": "EUR",
            "amount": "1113.20",
            "rules": ["cost + 10 %"],
            "projects": [
                {
                    "project_id": project["id"],
                    "code": project["code"],
                    "engagement_id": "eng_1",
                    "hours": "11.50",
                    "amount": "1113.20",
                }
            ],
        }
    ]
    assert [(one["legal_entity"], one["amount"]) for one in answer["positions"]] == [
        ("DE", "1113.20"),
        ("US", "-1113.20"),
    ]
    assert [(one["hours"], one["deliverer"]) for one in answer["without_price"]] == [("1.00", "?")]
    assert intercompany_csv(shown).splitlines()[1:] == [
        f"2026-05,DE,US,{project['code']},eng_1,11.50,EUR,1113.20,cost + 10 %",
        '2026-05,?,?,,,1.00,,,"these people are not in people.csv, so their entity is unknown"',
    ]


def test_a_month_is_named_or_the_last_one() -> None:
    assert month_named(None, date(2026, 3, 1)) == date(2026, 2, 1)
    assert month_named("2026-10", date(2026, 3, 1)) == date(2026, 10, 1)
    with pytest.raises(NoSuchPeriod, match="no month such as 2026-10"):
        month_named("2026-13", date(2026, 3, 1))
