"""Credit memos: a person agrees once, and who says no leaves the corrections to the next invoice."""

from datetime import date
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from tests.engine.conftest import Bench
from tests.flows.deals import FIRM, contract
from tieline.billing.invoice_proposal import BillableLine, propose_invoice
from tieline.engine.approvals import decide_approval
from tieline.engine.routing import Systems
from tieline.engine.run import EndState, Run
from tieline.flows.credit_memo import credit_at_once, credits_at_once
from tieline.flows.invoices import keep_proposal
from tieline.flows.plan import plan_projects

PROJECT = plan_projects(contract(), "Bluepeak", "006", "001")[0]
WORKED = date(2026, 4, 1)


_AGREED = (
    "insert into approval (flow, key, label, content_hash, content, state)"
    " values ('repricing', %s, 'Credit and rebill', '', %s, 'approved') returning id"
)


def _correction(amount: str) -> BillableLine:
    return BillableLine(
        id="ptx_1",
        kind="time",
        item_code="Consultant",
        person="tom",
        work_date=WORKED,
        quantity=Decimal(-60),
        rate=Decimal(amount),
        amount=-Decimal(amount),
        currency="USD",
    )


def look(bench: Bench, amount: str) -> EndState:
    def flow(run: Run, key: str, systems: Any) -> None:
        credit_at_once(run, Systems(run.db, {}, (), FIRM).erp(PROJECT), PROJECT, contract(), [_correction(amount)])

    bench.flows["billing"] = flow
    return bench.look("billing", PROJECT.id)


def questions(bench: Bench) -> list[dict[str, Any]]:
    return bench.rows("select id, amount from approval where label = 'Credit memo' and state = 'asked'")


def test_only_an_entity_that_says_so_writes_credit_memos() -> None:
    (us, *rest) = FIRM.legal_entities
    memo = FIRM.model_copy(update={"legal_entities": (us.model_copy(update={"credits": "memo"}), *rest)})
    assert (credits_at_once(FIRM, PROJECT), credits_at_once(memo, PROJECT)) == (False, True)


def test_it_is_asked_for_anew_with_each_amount_and_a_no_leaves_it_to_the_next_invoice(active: Bench) -> None:
    assert look(active, "165") == "waiting"
    assert look(active, "330") == "waiting"
    (asked,) = questions(active)
    assert asked["amount"] == 330
    decide_approval(active.database, asked["id"], approve=False, by="finance@haldenmarsh.example")
    assert look(active, "330") == "standing_by"
    assert active.rows("select id from invoice") == []
    assert look(active, "165") == "waiting"


def test_who_agreed_to_credit_and_rebill_with_the_same_net_amount_is_not_asked_again(active: Bench) -> None:
    active.rows(_AGREED, contract().id, Jsonb({"net": "-165.00"}))
    look(active, "165")
    assert questions(active) == []
    assert look(active, "100") == "waiting"


def test_what_was_agreed_once_is_good_for_one_memo(active: Bench) -> None:
    active.rows(_AGREED, contract().id, Jsonb({"net": "-165.00"}))
    booked = propose_invoice(
        contract(), PROJECT, [_correction("165")], invoice_id="inv_1", period_start=WORKED, period_end=WORKED
    )
    assert booked is not None
    with active.database.transaction() as db:
        keep_proposal(db, booked, "netsuite")
    assert look(active, "165") == "waiting"
    assert [asked["amount"] for asked in questions(active)] == [165]
