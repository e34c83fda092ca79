"""A won deal that changes or dies: edits need a change order, a lost deal needs a decision."""

from collections.abc import Sequence
from decimal import Decimal

from tieline.engine.problem import Problem
from tieline.engine.routing import Systems
from tieline.engine.run import Run
from tieline.flows.change_orders import order_of_add_on, take_change_orders
from tieline.flows.close_by_status import follow_stage
from tieline.flows.engagement import join
from tieline.flows.merged_customer import is_merged
from tieline.flows.packages import package_of, with_contract_terms
from tieline.flows.readiness import missing_terms
from tieline.flows.succession import follow_on
from tieline.flows.terms import commercial_differences, draft_contract
from tieline.model.change_order import ChangeOrder
from tieline.model.contract import ContractVersion
from tieline.model.customer import Customer
from tieline.model.opportunity import Opportunity
from tieline.model.project import Project
from tieline.store.canonical import changes_of_contract, first_contract, projects_of_contract, read_record
from tieline.store.database import Connection

WITHDRAW = "Withdraw the engagement"


def guard_commercial_terms(
    run: Run,
    opportunity: Opportunity,
    contract: ContractVersion,
    systems: Systems,
    orders: Sequence[ChangeOrder] = (),
) -> None:
    """From activation on the contract's versions speak; the opportunity writes nothing but by its change orders."""
    if contract.opportunity_id != opportunity.id:
        return _add_on(run, opportunity, contract, systems)
    if not opportunity.is_committed:
        return _close_out(run, opportunity, contract, systems)
    run.withdraw_approval(WITHDRAW)
    _reopen(run, contract)
    follow_stage(run, opportunity, contract, systems)
    # Name, address or tax id of the customer are in no version of the contract, and a deal is told of its customer too.
    run.wake("contract_to_project", contract.id, contract.engagement_id)
    newest = take_change_orders(run, orders, follow_on(run, contract), systems.firm)
    changes, said = _changes(run, opportunity, newest, systems)
    if changes:
        message = f"Commercial change without change order on '{contract.name}': {'; '.join(changes)}"
        amount = None if opportunity.amount is None else opportunity.amount - said.value.amount
        run.require([_without_change_order(opportunity, contract, message, amount)])
    return None


def _changes(
    run: Run, opportunity: Opportunity, newest: ContractVersion, systems: Systems
) -> tuple[list[str], ContractVersion]:
    """What the deal says otherwise, and than which version: sales may keep it as signed, or bring it up to date."""
    firm, moved = systems.firm, opportunity.customer_id != newest.customer_id
    if moved and not is_merged(run, systems.crm(opportunity.id), opportunity, newest):
        return ["the deal belongs to another customer now"], newest
    customer = read_record(run.db, Customer, "customer", newest.customer_id)
    if customer is None:
        return [], newest
    deal = with_contract_terms(opportunity, newest)
    if missing := missing_terms(deal, customer, firm):
        return missing, newest
    draft = draft_contract(deal, customer, newest.engagement_id, firm)
    versions = [newest] if newest.version == 1 else [newest, first_contract(run.db, newest.id) or newest]
    return min(((commercial_differences(one, draft), one) for one in versions), key=lambda told: len(told[0]))


def _add_on(run: Run, opportunity: Opportunity, contract: ContractVersion, systems: Systems) -> None:
    """A further deal of an engagement is a change order of its contract, and never closes it."""
    order = order_of_add_on(opportunity, contract)
    moved = opportunity.customer_id != contract.customer_id
    if moved and is_merged(run, systems.crm(opportunity.id), opportunity, contract):
        order = order.model_copy(update={"customer_id": None})
    if order.status != "approved" and order.id not in changes_of_contract(run.db, contract.id):
        return run.stand_by("The add-on deal is not won")
    if run.author.engagement != contract.engagement_id:
        join(run, opportunity.id, contract.engagement_id)
        return run.stand_by("It goes on in its engagement")
    packages = [str(line.product_code) for line in opportunity.lines if package_of(line, opportunity, systems.firm)]
    if packages:
        message = (
            f"The add-on deal '{opportunity.name}' sells service packages ({', '.join(packages)}), which a running"
            " contract does not take in by itself"
        )
        run.require([_without_change_order(opportunity, contract, message, opportunity.amount)])
    take_change_orders(run, [order], contract, systems.firm)
    return None


def _without_change_order(
    opportunity: Opportunity, contract: ContractVersion, message: str, amount: Decimal | None
) -> Problem:
    return Problem(
        kind="business_rule",
        field="change order",
        key=opportunity.id,
        legal_entity=contract.legal_entity,
        message=message,
        suggestion="Approve a change order, or put the opportunity back to the terms of the contract.",
        owner="sales",
        label="Opportunity agrees with the contract",
        amount=amount,
        currency=contract.currency,
    )


def _close_out(run: Run, opportunity: Opportunity, contract: ContractVersion, systems: Systems) -> None:
    how = "deleted" if opportunity.is_deleted else "lost" if opportunity.is_lost else "re-opened"
    posted = _posted(run, contract)
    if posted:
        run.require(
            [
                Problem(
                    kind="business_rule",
                    field="close-out",
                    key=contract.id,
                    legal_entity=contract.legal_entity,
                    message=f"The deal '{contract.name}' was {how}, but {posted} was posted already",
                    suggestion="Agree a close-out with the customer: credit, final invoice or change order.",
                    owner="finance",
                    label="Deal is still won",
                )
            ]
        )
    shown = {"contract": contract.id, "version": contract.version, "deal": how, "value": str(contract.value)}
    why = f"the deal '{contract.name}' was {how}; withdraw its resource requests, projects and billing schedule?"
    run.approval(
        WITHDRAW,
        shown,
        unless=_is_closed(run, contract),
        why=why,
        worth=contract.value,
        legal_entity=contract.legal_entity,
        proposed_by=contract.sales_owner,
    )
    run.with_commit(lambda db: _set_closed(db, contract, closed=True))
    for project in projects_of_contract(run.db, contract.id):
        withdraw_project(run, project, systems)
    run.note("Engagement withdrawn", f"the deal was {how}")


def withdraw_project(run: Run, project: Project, systems: Systems) -> None:
    """Close in PSA and ERP what was ensured for a project; the customer stays."""
    psa, erp = systems.psa(project), systems.erp(project)
    run.withdraw("Resource requests in PSA", psa.ensure_resource_request, [item.id for item in project.demand])
    run.withdraw("Project in PSA", psa.ensure_project, [project.id])
    run.withdraw("Billing schedule in ERP", erp.ensure_billing_schedule, [project.id])
    run.withdraw("Contract in ERP", erp.ensure_contract, [f"{project.contract_id}:{project.legal_entity}"])
    run.withdraw("Project in ERP", erp.ensure_project, [project.id])


def _posted(run: Run, contract: ContractVersion) -> str | None:
    row = run.db.execute(
        "select count(*) as lines, coalesce(sum(t.amount * t.sign), 0) as amount from project_transaction t"
        " join erp_line l on l.transaction_id = t.id join project p on p.id = t.project_id where p.contract_id = %s",
        [contract.id],
    ).fetchone()
    invoices = run.db.execute(
        "select count(*) as n from invoice i join project p on p.id = i.project_id"
        " where p.contract_id = %s and i.external_id is not null",
        [contract.id],
    ).fetchone()
    assert row is not None
    assert invoices is not None
    if row["lines"] == 0 and invoices["n"] == 0:
        return None
    return f"{row['lines']} time entries ({contract.currency} {row['amount']:,.2f}) and {invoices['n']} invoices"


def _is_closed(run: Run, contract: ContractVersion) -> bool:
    row = run.db.execute("select closed_at from engagement where id = %s", [contract.engagement_id]).fetchone()
    return row is not None and row["closed_at"] is not None


def _set_closed(db: Connection, contract: ContractVersion, *, closed: bool) -> None:
    db.execute(
        "update engagement set closed_at = case when %s then coalesce(closed_at, clock_timestamp()) end where id = %s",
        [closed, contract.engagement_id],
    )


def _reopen(run: Run, contract: ContractVersion) -> None:
    if _is_closed(run, contract):
        run.with_commit(lambda db: _set_closed(db, contract, closed=False))
        run.note("Engagement taken up again", "the deal is won again")
