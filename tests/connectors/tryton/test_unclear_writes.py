"""Writes to the real Tryton whose end is unclear are found again, and leave one record."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.connectors.tryton.books import Books
from tests.connectors.tryton.proxy import Fault, FaultyProxy
from tests.connectors.tryton.records import Begun, Story, begun, ensured
from tieline.sdk.errors import Unavailable, Unclear
from tieline.sdk.operation import Operation
from tieline.sdk.roles import Erp

Case = Callable[[Erp, Story], tuple[Operation[Any], Any]]
CASES: dict[str, tuple[str, Case]] = {
    "customer": ("party.party", lambda erp, story: (erp.ensure_customer, story.customer())),
    "project": ("project.work", lambda erp, story: (erp.ensure_project, story.project())),
    "task": ("project.work", lambda erp, story: (erp.ensure_wbs_element, story.task(2))),
    "contract": ("sale.sale", lambda erp, story: (erp.ensure_contract, story.contract())),
    "invoice": ("account.invoice", lambda erp, story: (erp.ensure_invoice, story.invoice())),
}
# The contract suite tries each operation; a real Tryton takes a second for a call.
OFTEN = ("customer", "invoice")
SOME = [case if case in OFTEN else pytest.param(case, marks=pytest.mark.torture) for case in CASES]


def prepared(erp: Erp, story: Story, case: str) -> dict[str, str]:
    if case == "customer":
        return {}
    if case == "project":
        return {"customer": ensured(erp.ensure_customer, story.customer())}
    ids: Begun = begun(erp, story)
    return {"customer": ids.customer, "project": ids.project}


def count(books: Books, model: str, story: Story) -> int:
    field = {"party.party": "code", "project.work": "comment"}.get(model, "reference")
    return len(books.rows(model, [[field, "like", f"%{story.tag}%"]], "id"))


@pytest.mark.parametrize("case", SOME)
@pytest.mark.parametrize("fault", [pytest.param("lost_answer", marks=pytest.mark.torture), "lost_request", "502"])
def test_an_unclear_create_is_resolved_to_one_record(
    erp: Erp, behind: Erp, proxy: FaultyProxy, books: Books, story: Story, case: str, fault: Fault
) -> None:
    model, made = CASES[case]
    links = prepared(erp, story, case)
    before = count(books, model, story)
    operation, record = made(behind, story)
    proxy.faults[f"model.{model}.create"] = fault
    with pytest.raises(Unclear):
        ensured(operation, record, **links)
    identifier = ensured(operation, record, **links)
    assert ensured(operation, record, **links) == identifier
    assert count(books, model, story) == before + 1


@pytest.mark.parametrize("case", SOME)
def test_a_create_that_was_asked_to_wait_did_not_happen(
    erp: Erp, behind: Erp, proxy: FaultyProxy, books: Books, story: Story, case: str
) -> None:
    model, made = CASES[case]
    links = prepared(erp, story, case)
    before = count(books, model, story)
    operation, record = made(behind, story)
    proxy.faults[f"model.{model}.create"] = "429"
    with pytest.raises(Unavailable) as raised:
        ensured(operation, record, **links)
    assert not isinstance(raised.value, Unclear)
    assert raised.value.retry_after is not None
    assert raised.value.retry_after.total_seconds() == 7
    assert count(books, model, story) == before


@pytest.mark.parametrize("button", ["quote", "draft", "write"])
def test_a_contract_left_half_changed_converges(
    erp: Erp, behind: Erp, proxy: FaultyProxy, books: Books, story: Story, button: str
) -> None:
    links = prepared(erp, story, "contract")
    identifier = ensured(erp.ensure_contract, story.contract(), **links)
    changed = story.contract(lines=(story.part("Consultant", "8", "150", "1200"),))
    proxy.faults[f"model.sale.sale.{button}"] = "lost_answer"
    with pytest.raises(Unclear):
        ensured(behind.ensure_contract, changed, identifier, **links)
    assert ensured(behind.ensure_contract, changed, identifier, **links) == identifier
    sale = books.row("sale.sale", identifier, "state", "untaxed_amount")
    assert (sale["state"], sale["untaxed_amount"]["decimal"]) == ("quotation", "1200.00")
    assert len(books.rows("sale.line", [["sale", "=", int(identifier)]], "id")) == 1
