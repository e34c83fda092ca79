"""Charges of our own: brought to their totals whatever was invoiced before, and what is on an invoice never changes."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.effort import examples
from tests.lane.world import World, a_project
from tieline.billing.facts import DerivedCharge
from tieline.lane.invoicing import invoiced_lines, mark_invoiced, unbilled_lines
from tieline.lane.own_charges import settle_charges
from tieline.lane.totals import money_differences
from tieline.store.database import Connection

DAY = date(2026, 2, 1)
NUMBERS = count(1)
TOTALS = st.dictionaries(st.sampled_from("abc"), st.integers(-50, 50), max_size=3)


def wanted(project: str, totals: dict[str, int]) -> list[DerivedCharge]:
    return [
        DerivedCharge(
            key=f"{project}:{name}",
            kind="subscription",
            project_id=project,
            day=DAY,
            amount=Decimal(amount),
            text=f"{name} {amount}",
            rule="",
            version=1,
        )
        for name, amount in totals.items()
        if amount
    ]


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(TOTALS, st.booleans(), st.booleans()), min_size=1, max_size=5))
def test_invoices_and_what_is_unbilled_always_add_up_to_what_is_wanted(
    world: World, steps: list[tuple[dict[str, int], bool, bool]]
) -> None:
    number = next(NUMBERS)
    project = a_project(number + 1)
    for totals, invoiced, replaced_before_the_mark in steps:
        with world.database.transaction() as db:
            settle_charges(db, [project], wanted(project.id, totals))
            assert settle_charges(db, [project], wanted(project.id, totals)) == set()
            lines = unbilled_lines(db, project.id, DAY)
            if invoiced and lines:
                invoice = f"inv_{number}_{next(NUMBERS)}"
                _store(db, invoice, project.id)
                if replaced_before_the_mark:  # the draft went out, and its confirmation came late
                    settle_charges(db, [project], wanted(project.id, dict.fromkeys(totals, 7)))
                mark_invoiced(db, invoice, [line.id for line in lines])
                before = _invoiced(db, invoice)
                settle_charges(db, [project], wanted(project.id, totals))
                assert _invoiced(db, invoice) == before
            assert _standing(db, project.id) == {f"{project.id}:{n}": a for n, a in totals.items() if a}
            assert money_differences(db) == []


def _store(db: Connection, invoice: str, project: str) -> None:
    db.execute(
        "insert into invoice (id, engagement_id, project_id, connection, schema_version, body)"
        " values (%s, 'eng_1', %s, 'erp', 1, %s)",
        [invoice, project, Jsonb({})],
    )


def _invoiced(db: Connection, invoice: str) -> list[Decimal]:
    return [line.amount for line in invoiced_lines(db, invoice)]


def _standing(db: Connection, project: str) -> dict[str, Decimal]:
    """Key -> what is invoiced and unbilled of it."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    rows = db.execute(
        "select distinct i.invoice_id from invoice_line i join project_transaction t on t.id = i.transaction_id"
        " where t.project_id = %s",
        [project],
    ).fetchall()
    lines = unbilled_lines(db, project, DAY)
    for row in rows:
        lines += invoiced_lines(db, row["invoice_id"])
    for line in lines:
        found[str(line.charge)] += line.amount
    return {key: amount for key, amount in found.items() if amount}
